"""The web part over a fake building: a small space, the services it shows, and a way to listen to its stream."""

import asyncio
import json
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import aiohttp

from controller.domain.building import (
    Area,
    Device,
    DeviceKind,
    Door,
    Drawing,
    Floor,
    Room,
    RoomKind,
    Space,
)
from controller.domain.ids import OUTSIDE, AreaId, DeviceId, DoorId, FloorId
from controller.services.meters import Meters
from controller.services.screens.health import HealthBoard
from controller.services.screens.live import LiveFeed
from controller.web.app import create_app, serve

NOON = datetime(2026, 3, 2, 20, 0, tzinfo=UTC)  # noon on Natoma street
GROUND = FloorId("ground")
LOBBY, BOOTH = AreaId("lobby"), AreaId("booth")
STREET, BOOTH_DOOR = DoorId("street"), DoorId("booth")


def two_rooms(name: str = "Small house", version: str = "v1") -> Space:
    """A lobby below, a booth above it on the left and a store room on the right; the street is at the bottom."""
    return Space(
        id="small",
        name=name,
        zone=ZoneInfo("America/Los_Angeles"),
        version=version,
        floors={
            GROUND: Floor(
                GROUND, "Ground floor", 10, 8, (Drawing("desk", ((1, 5), (3, 5), (3, 6), (1, 6)), "Welcome"),)
            )
        },
        areas={
            LOBBY: Area(
                LOBBY, "Lobby", GROUND, ((0, 4), (10, 4), (10, 8), (0, 8)), room=Room(RoomKind.OPEN_SPACE, seats=6)
            ),
            BOOTH: Area(
                BOOTH, "Podcast booth", GROUND, ((0, 0), (5, 0), (5, 4), (0, 4)), room=Room(RoomKind.BOOTH, seats=4)
            ),
            AreaId("store"): Area(AreaId("store"), "Store", GROUND, ((5, 0), (10, 0), (10, 4), (5, 4)), within=LOBBY),
        },
        doors={
            STREET: Door(STREET, "Street door", OUTSIDE, LOBBY, (4, 8), GROUND, DeviceId("door-street"), width=1.2),
            BOOTH_DOOR: Door(BOOTH_DOOR, "Booth door", LOBBY, BOOTH, (2, 4), GROUND, DeviceId("door-booth")),
        },
        devices={DeviceId("door-street"): Device(DeviceId("door-street"), DeviceKind.DOOR_UNIT, door=STREET)},
    )


def door(id: str = "street", **changes: object) -> dict[str, object]:
    """What the feed says of a door that is locked and well."""
    at = NOON.isoformat()
    return {
        "id": id,
        "name": {"street": "Street door", "booth": "Booth door"}.get(id, id),
        "floor": "ground",
        "at": [4, 8],
        "state": "locked",
        "lock": "locked",
        "contact": "closed",
        "mode": "locked",
        "device": "ready",
        "since": at,
        "reported_at": at,
        "alarm": None,
        "access": {"rev": 3, "newest": 4, "issued": at, "until": at, "device": f"door-{id}"},
    } | changes


def room(id: str = "lobby", **changes: object) -> dict[str, object]:
    """What the feed says of a room that two people use."""
    return {
        "id": id,
        "name": {"lobby": "Lobby", "booth": "Podcast booth"}.get(id, id),
        "floor": "ground",
        "kind": "open_space",
        "seats": 6,
        "status": "in_use",
        "occupancy": {"count": 2, "quality": "measured", "reason": "counted"},
        "temperature": 21.5,
        "humidity": 44,
        "co2": 640,
        "noise": 41,
        "light": 300,
        "presence": True,
        "windows": "closed",
        "comfort": "good",
        "air": "good",
        "quiet": "quiet",
        "on_air": None,
        "sensor": "live",
        "measured_at": NOON.isoformat(),
    } | changes


def alarm(**changes: object) -> dict[str, object]:
    """What the feed says of an alarm nobody has looked at yet."""
    at = NOON.isoformat()
    return {
        "id": "k7m2qx",
        "kind": "door_forced",
        "state": "raised",
        "text": "Street door was forced open",
        "door": "street",
        "room": None,
        "device": "door-street",
        "since": at,
        "last_at": at,
        "count": 1,
        "late": False,
        "cleared_at": None,
        "by": None,
        "note": None,
    } | changes


def fact(position: int, text: str = "Anna Weber was let in at Street door", **changes: object) -> dict[str, object]:
    return {
        "position": position,
        "at": NOON.isoformat(),
        "kind": "entry_granted",
        "tone": "good",
        "text": text,
        "why": "plan Full-time",
        "door": "street",
        "room": None,
    } | changes


@dataclass
class Site:
    """Everything the web part is given; `url` once it is served."""

    space: Space = field(default_factory=two_rooms)
    feed: LiveFeed = field(default_factory=LiveFeed)
    meters: Meters = field(default_factory=Meters)
    options: dict[str, object] = field(default_factory=dict)
    url: str = ""

    def __post_init__(self) -> None:
        self.health = HealthBoard(self.feed, lambda: NOON)

    def fill(self) -> None:
        """A quiet building, as it stands before a test changes something."""
        zone = str(self.space.zone)
        self.feed.put(
            "space",
            "",
            {
                "id": self.space.id,
                "name": self.space.name,
                "zone": zone,
                "people_in": 2,
                "capacity": 20,
                "mode": "normal",
                "version": self.space.version,
            },
        )
        for id in self.space.doors:
            self.feed.put("door", id, door(id))
        self.feed.put("room", "lobby", room("lobby"))
        self.feed.put("room", "booth", room("booth", kind="booth", status="free", on_air="off"))
        self.health.report("broker", ok=True, text="connected")

    @asynccontextmanager
    async def served(self, port: int = 0) -> AsyncIterator["Site"]:
        app = create_app(
            space=lambda: self.space,
            feed=self.feed,
            health=self.health,
            meters=self.meters,
            now=lambda: datetime.now(UTC),
            **({"batch_s": 0.0} | self.options),  # type: ignore[arg-type]
        )
        async with serve(app, "127.0.0.1", port) as self.url:
            yield self

    def renamed(self, **doors: str) -> None:
        """Give doors other names, as a careless or hostile hand would."""
        changed = {id: replace(known, name=doors.get(id, known.name)) for id, known in self.space.doors.items()}
        self.space = replace(self.space, doors=changed)


@dataclass(frozen=True)
class Told:
    """One server-sent event."""

    event: str
    id: str
    data: dict[str, object]


async def listen(
    session: aiohttp.ClientSession, url: str, headers: dict[str, str] | None = None
) -> AsyncIterator[Told]:
    """The events of a stream, as a browser would see them."""
    async with session.get(url, headers=headers) as response:
        assert response.status == 200, await response.text()
        fields: dict[str, str] = {}
        async for line in response.content:
            text = line.decode().rstrip("\n")
            if text:
                name, _, value = text.partition(": ")
                fields[name] = value
            elif fields:
                yield Told(fields.get("event", "message"), fields.get("id", ""), json.loads(fields["data"]))
                fields = {}


class SiteInAThread:
    """A site that a blocking test can start, stop, and change while a real browser watches it."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="site", daemon=True)
        self._thread.start()
        self._stop: asyncio.Event | None = None
        self._running: object = None

    def start(self, port: int = 0) -> str:
        started = threading.Event()

        async def run() -> None:
            self._stop = asyncio.Event()
            async with self.site.served(port):
                started.set()
                await self._stop.wait()

        self._running = asyncio.run_coroutine_threadsafe(run(), self._loop)
        assert started.wait(10), "the site did not start"
        return self.site.url

    def stop(self) -> None:
        assert self._stop is not None
        self._loop.call_soon_threadsafe(self._stop.set)
        self._running.result(10)  # type: ignore[attr-defined]

    def put(self, topic: str, key: str, value: dict[str, object]) -> None:
        self._loop.call_soon_threadsafe(self.site.feed.put, topic, key, value)

    def forget(self, topic: str, key: str) -> None:
        self._loop.call_soon_threadsafe(self.site.feed.forget, topic, key)

    def tell(self, line: dict[str, object]) -> None:
        self._loop.call_soon_threadsafe(self.site.feed.tell, line)

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
