"""The services of a small house on memory stores: wired as `controller.app` wires them, every step written down.

A house of two doors, a meeting room and a booth. Messages go in as bytes, through the router, as they come off the
wire; what goes out, and what is acknowledged when, is in `steps`.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from controller.adapters.sealing import AesSealer
from controller.app.wiring import Kept, Services
from controller.domain.building import (
    Area,
    Device,
    DeviceKind,
    Door,
    DoorTimings,
    Floor,
    OnLogFailure,
    Plan,
    Room,
    RoomKind,
    Space,
)
from controller.domain.facts import Fact, FactKind
from controller.domain.ids import (
    OUTSIDE,
    AreaId,
    CredentialId,
    DeviceId,
    DoorId,
    FloorId,
    PersonId,
    PlanId,
    ScheduleId,
)
from controller.domain.membership import Credential, Membership, Person
from controller.domain.schedule import WeeklySchedule, Window
from controller.errors import StoreError
from controller.services.entry.access_index import refresh
from controller.services.inbound import Inbound
from controller.services.meters import Meters
from controller.services.ports import (
    Appended,
    Clock,
    LoggedFact,
    RefusedMessage,
    RegistrySnapshot,
    TelemetryRow,
)
from controller.services.rooms.spool import WAITING_LIMIT
from controller.services.screens.health import HealthBoard
from controller.services.screens.live import LiveFeed
from controller.space.readers import BUILT_IN
from devices import codec
from devices.accesslist import list_digest
from devices.badges import Badge
from devices.errors import LinkError
from devices.messages import (
    MODELS,
    AccessList,
    BadgeReadData,
    Birth,
    ChannelSpec,
    DeviceState,
    Event,
    EventType,
    Message,
    Status,
)
from devices.topics import Address, Kind, Topics
from tests.support.memory import MemoryAlarmStore, MemoryEventLog, MemoryTelemetryLog
from tests.support.memory_answers import MemoryAnswers
from tests.support.memory_bookings import MemoryBookings, MemorySeries, MemoryWaiting
from tests.support.memory_calendars import MemoryCalendars
from tests.support.memory_notices import Mailbox, MemoryNotices
from tests.support.memory_numbers import MemoryNumbers
from tests.support.memory_profiles import MemoryProfiles
from tests.support.memory_registry import MemoryRegistry
from tests.support.memory_stores import MemoryGuests, MemoryHouse, MemoryLedger, MemoryLists, MemoryPublicEvents
from tests.support.memory_tokens import MemoryTokens

# --- the house --------------------------------------------------------------------------------------------------------

SF = ZoneInfo("America/Los_Angeles")
NOON = datetime(2026, 11, 23, 12, 0, tzinfo=SF).astimezone(UTC)  # a Monday
GROUND = FloorId("ground")
LOBBY, LAB, STUDY, BOOTH = (AreaId(name) for name in ("lobby", "lab", "study", "booth"))
STREET_UNIT, STREET_READER, STREET_READER_OUT, LAB_UNIT = (
    DeviceId(name) for name in ("door-street", "reader-street", "reader-street-out", "door-lab")
)
SENSOR, LIGHT = DeviceId("sensor-study"), DeviceId("light-booth")
FULL, HOURS = PlanId("full-time"), ScheduleId("hours")

# Its reader stands apart from its unit; whoever leaves has a reader too.
STREET = Door(
    DoorId("street"),
    "Street door",
    OUTSIDE,
    LOBBY,
    (0.0, 1.0),
    GROUND,
    STREET_UNIT,
    readers=(STREET_READER, STREET_READER_OUT),
    timings=DoorTimings(),
)
# Its unit reads badges itself, and it stays shut while nothing can be written down.
LAB_DOOR = Door(DoorId("lab"), "Lab door", LOBBY, LAB, (4.0, 1.0), GROUND, LAB_UNIT, on_log_failure=OnLogFailure.DENY)

SPACE = Space(
    id="house",
    name="House",
    zone=SF,
    version="v1",
    floors={GROUND: Floor(GROUND, "Ground", 10.0, 8.0)},
    areas={
        LOBBY: Area(LOBBY, "Lobby", GROUND),
        LAB: Area(LAB, "Lab", GROUND),
        STUDY: Area(STUDY, "Study", GROUND, within=LOBBY, room=Room(RoomKind.MEETING, seats=4)),
        BOOTH: Area(BOOTH, "Podcast booth", GROUND, within=LOBBY, room=Room(RoomKind.BOOTH, seats=2)),
    },
    doors={door.id: door for door in (STREET, LAB_DOOR)},
    devices={
        device.id: device
        for device in (
            Device(STREET_UNIT, DeviceKind.DOOR_UNIT, door=STREET.id),
            Device(STREET_READER, DeviceKind.READER, door=STREET.id),
            Device(STREET_READER_OUT, DeviceKind.READER, door=STREET.id, direction="out"),
            Device(LAB_UNIT, DeviceKind.DOOR_UNIT, door=LAB_DOOR.id),
            Device(SENSOR, DeviceKind.SENSOR, area=STUDY),
            Device(LIGHT, DeviceKind.LIGHT, area=BOOTH),
        )
    },
    schedules={HOURS: WeeklySchedule(HOURS, (Window(frozenset(range(5)), 9 * 60, 18 * 60),))},
    plans={FULL: Plan(FULL, "Full-time", HOURS, frozenset({LOBBY, LAB}))},
)

# The contract's own test vector, nobody's card.
CARD = "04AF68DACB5A80"
STRANGE_CARD = "04AF68DACB5A81"
ALICE = Person(PersonId("alice"), "Alice")
ALICES_BADGE = Credential(CredentialId("badge-alice"), ALICE.id, last_two=CARD[-2:])


LIST_SIGNING_KEY, LIST_KEY = bytes(range(32)), bytes(range(32, 64))


class PlainDigests:
    """The Digests port without a key."""

    def of(self, badge: Badge) -> bytes:
        return b"digest of " + badge.canonical.encode()

    def of_pin(self, pin: str) -> bytes:
        return b"digest of pin " + pin.encode()

    def of_token(self, token: str) -> bytes:
        return b"digest of token " + token.encode()


async def list_digest_of_token(token: str) -> bytes:
    return b"list digest of token " + token.encode()


PEOPLE = RegistrySnapshot(
    version=7,
    people={ALICE.id: ALICE},
    memberships={ALICE.id: (Membership(ALICE.id, FULL, date(2026, 1, 1)),)},
    credentials={ALICES_BADGE.id: ALICES_BADGE},
    digests={PlainDigests().of(Badge(CARD, 56, "iso14443a")): ALICES_BADGE.id},
)


# --- time, links, stores ----------------------------------------------------------------------------------------------


class HandClock:
    """Both clocks stand still until somebody advances them."""

    def __init__(self, at: datetime = NOON) -> None:
        self._at = at
        self._passed = 0.0

    def now(self) -> datetime:
        return self._at + timedelta(seconds=self._passed)

    def monotonic(self) -> float:
        return 1_000.0 + self._passed

    def advance(self, seconds: float) -> None:
        self._passed += seconds


class LoopClock:
    """Both clocks follow the running loop: a test on a leaping loop advances them by sleeping."""

    def __init__(self, at: datetime = NOON) -> None:
        self._at = at
        self._began = asyncio.get_running_loop().time()

    def now(self) -> datetime:
        return self._at + timedelta(seconds=self.monotonic() - self._began)

    def monotonic(self) -> float:
        return asyncio.get_running_loop().time()


@dataclass(frozen=True, slots=True)
class Sent:
    """One message that left for a device."""

    device: DeviceId
    message: Message
    expiry_s: int | None
    correlation: str | None


class RecordingOutbound:
    """The Outbound port: writes down what it is given, or fails as a dead link does."""

    def __init__(self, steps: list[tuple[str, ...]] | None = None) -> None:
        self.sent: list[Sent] = []
        self.shown: list[tuple[str, Mapping[str, object]]] = []
        self.failure: LinkError | None = None
        self._steps = steps if steps is not None else []

    @property
    def is_live(self) -> bool:
        return self.failure is None

    def send(
        self, device: DeviceId, message: Message, *, expiry_s: int | None = None, correlation: str | None = None
    ) -> None:
        if self.failure is not None:
            raise self.failure
        self.sent.append(Sent(device, message, expiry_s, correlation))
        self._steps.append(("sent", device, str(getattr(message, "do", type(message).__name__.lower()))))

    async def publish_access(self, device: DeviceId, pages: Sequence[AccessList]) -> None:
        if self.failure is not None:
            raise self.failure
        for page in pages:
            self.send(device, page)

    def show(self, path: str, body: Mapping[str, object]) -> None:
        if self.failure is not None:
            raise self.failure
        self.shown.append((path, body))

    def to(self, device: DeviceId) -> list[Message]:
        """What one device was told, oldest first."""
        return [sent.message for sent in self.sent if sent.device == device]


DISK_S = 0.001


class SteppingLog(MemoryEventLog):
    """A log that says when it has recorded, and can fail as a full disk does."""

    def __init__(self, steps: list[tuple[str, ...]]) -> None:
        super().__init__()
        self.failure: StoreError | None = None
        self.in_hand = 0  # handed over, not answered yet
        self._steps = steps

    def append(self, fact: Fact) -> "asyncio.Future[Appended]":
        # Whoever does not wait for the disk is found out.
        loop = asyncio.get_running_loop()
        appended: asyncio.Future[Appended] = loop.create_future()
        self.in_hand += 1
        loop.call_later(DISK_S, self._answer, fact, self.failure, appended)
        return appended

    async def append_all(self, facts: Sequence[Fact]) -> None:
        # What was handed over is written, whether or not the caller waits for it to the end: as in the real one.
        loop = asyncio.get_running_loop()
        done: asyncio.Future[None] = loop.create_future()
        loop.call_later(DISK_S, self._answer_all, facts, self.failure, done)
        await done

    def _answer_all(self, facts: Sequence[Fact], failure: StoreError | None, done: "asyncio.Future[None]") -> None:
        if failure is None:
            for fact in facts:
                self._add(fact)
        if done.cancelled():
            return
        if failure is not None:
            done.set_exception(failure)
        else:
            done.set_result(None)

    def _answer(self, fact: Fact, failure: StoreError | None, appended: "asyncio.Future[Appended]") -> None:
        self.in_hand -= 1
        if failure is not None:
            appended.set_exception(failure)
            return
        answer = self._add(fact)
        if not answer.duplicate:
            self._steps.append(("recorded", str(fact.kind)))
        appended.set_result(answer)

    def kinds(self) -> list[FactKind]:
        return [logged.fact.kind for logged in self.facts]


class SteppingTelemetryLog(MemoryTelemetryLog):
    """The same for readings; `commits` holds the size of each."""

    def __init__(self, steps: list[tuple[str, ...]]) -> None:
        super().__init__()
        self.failure: StoreError | None = None
        self.commits: list[int] = []
        self._steps = steps

    async def append(self, rows: Sequence[TelemetryRow], refused: Sequence[RefusedMessage] = ()) -> list[bool]:
        await asyncio.sleep(DISK_S)
        if self.failure is not None:
            raise self.failure
        self.commits.append(len(rows) + len(refused))
        self._steps.append(("committed", str(len(rows) + len(refused))))
        return await super().append(rows, refused)


class MemoryReserve:
    """The Reserve port over a list."""

    def __init__(self) -> None:
        self.facts: list[Fact] = []
        self.failure: StoreError | None = None

    def write(self, fact: Fact) -> None:
        if self.failure is not None:
            raise self.failure
        self.facts.append(fact)


# --- the services together --------------------------------------------------------------------------------------------


# What outlives a stop of the service.
_LASTS = (
    "log", "telemetry_log", "numbers", "registry", "house", "public_events", "guests", "bookings", "series", "waiting", "tokens",
    "calendars", "answers", "profiles", "notices", "ledger", "lists", "alarm_store",
)  # fmt: skip


class House:
    """All services but the page, the links and the databases."""

    def __init__(
        self,
        *,
        space: Space = SPACE,
        people: RegistrySnapshot = PEOPLE,
        clock: Clock | None = None,
        outbound: RecordingOutbound | None = None,
        before: "House | None" = None,
        spool_limit: int = WAITING_LIMIT,
    ) -> None:
        """`before`: the house whose service was stopped; this one is started over what it kept."""
        self.clock = clock or LoopClock()
        self.steps: list[tuple[str, ...]] = []
        self.told: list[Fact] = []  # what the journal told its listener, recorded or noted
        self.kept: list[TelemetryRow] = []
        self.topics = Topics(space.root)
        self.feed = LiveFeed(epoch="test")
        self.meters = Meters()
        self.outbound = outbound or RecordingOutbound(self.steps)
        self.log = SteppingLog(self.steps)
        self.telemetry_log = SteppingTelemetryLog(self.steps)
        self.numbers = MemoryNumbers(self.telemetry_log)
        self.reserve = MemoryReserve()
        self.registry = MemoryRegistry(people)
        self.house = MemoryHouse(self.registry)
        self.public_events = MemoryPublicEvents(self.registry)
        self.guests = MemoryGuests(self.registry)
        self.series = MemorySeries(self.registry)
        self.bookings = MemoryBookings(self.registry, self.series)
        self.waiting = MemoryWaiting(self.registry)
        self.calendars = MemoryCalendars()
        self.tokens = MemoryTokens()
        self.answers = MemoryAnswers()
        self.profiles = MemoryProfiles(people.people)
        self.notices = MemoryNotices(people.people)
        self.mailbox = Mailbox()
        self.ledger = MemoryLedger()
        self.lists = MemoryLists()
        self.alarm_store = MemoryAlarmStore()
        if before is not None:
            vars(self).update({name: vars(before)[name] for name in _LASTS})
        kept = Kept(
            people=self.registry.now,
            events=self.log,
            telemetry=self.telemetry_log,
            numbers=self.numbers,
            reserve=self.reserve,
            digests=PlainDigests(),
            house=self.house,
            ledger=self.ledger,
            alarms=self.alarm_store,
            lists=self.lists,
            public_events=self.public_events,
            guests=self.guests,
            bookings=self.bookings,
            series=self.series,
            waiting=self.waiting,
            calendars=self.calendars,
            links=self.calendars,
            tokens=self.tokens,
            answers=self.answers,
            profiles=self.profiles,
            notices=self.notices,
            sealer=AesSealer(),
            credentials=self.registry,
            list_digest_of_token=list_digest_of_token,
            list_digest_of=lambda badge: list_digest(LIST_KEY, badge.canonical),
            list_signing_key=LIST_SIGNING_KEY,
            people_store=self.registry,
        )
        self.services = services = Services(
            space,
            kept,
            self.outbound,
            self.clock,
            feed=self.feed,
            meters=self.meters,
            board=HealthBoard(self.feed, self.clock.now),
            notifier=self.mailbox,
            profiles=lambda device: BUILT_IN[device.reader_profile],
            spool_limit=spool_limit,
        )
        services.listen(self._listened)
        services.listen_to_readings(self.kept.extend)
        self.index = services.index
        self.journal = services.journal
        self.presence = services.presence
        self.booths = services.booths
        self.rooms = services.rooms
        self.spool = services.spool
        self.alarms = services.alarms
        self.doors = services.doors
        self.modes = services.modes
        self.refusals = services.refusals
        self.access = services.access
        self.router = services.router

    async def rights_changed(self) -> None:
        """What was written into the registry counts now, as it does within a second of the service's life."""
        await refresh(self.index, self.registry)
        self.services.rights_changed()

    # --- in -------------------------------------------------------------------------------------------

    def say(self, device: str, message: Message, **how: bool) -> None:
        """A device says something, as bytes on its own topic."""
        self.deliver(self.topics.up(device, _kind_of(message)), codec.encode(message), **how)

    def deliver(
        self,
        topic: str,
        payload: bytes,
        *,
        retained: bool = False,
        backlog: bool = False,
        droppable: bool = False,
    ) -> None:
        """Bytes come off the wire now."""
        self.router.deliver(
            topic,
            payload,
            retained=retained,
            backlog=backlog,
            received_at=self.clock.now(),
            received_mono=self.clock.monotonic(),
            acknowledge=lambda: self.steps.append(("acknowledged", topic)),
            droppable=droppable,
        )

    def arriving(self, device: str, message: Message, *, retained: bool = False, backlog: bool = False) -> Inbound:
        """The same as a handler gets it, for asking a service about it alone."""
        kind = _kind_of(message)
        topic = self.topics.up(device, kind)
        return Inbound(
            topic=topic,
            address=Address(device, "up", kind),
            message=message,
            payload=codec.encode(message),
            received_at=self.clock.now(),
            received_mono=self.clock.monotonic(),
            retained=retained,
            backlog=backlog,
            acknowledge=lambda: self.steps.append(("acknowledged", topic)),
        )

    async def tap(self, reader: DeviceId = STREET_READER, card: str = CARD, id: str = "read-1", **more: object) -> None:
        """Somebody shows a badge; returns when it has been answered for. `more` may hold ts, age_ms, and how it came."""
        how = {name: bool(more.pop(name)) for name in ("retained", "backlog") if name in more}
        data = BadgeReadData(card=card, bits=56, format="iso14443a", direction=more.pop("direction", None))  # type: ignore[arg-type]
        self.say(reader, Event(id=id, type=EventType.BADGE_READ, data=data, **more), **how)  # type: ignore[arg-type]
        await self.settled()

    async def settled(self) -> None:
        """Wait until every read that was shown has been answered for, and told."""
        while self.log.in_hand:
            await asyncio.sleep(DISK_S)
        for _ in range(3):  # the answer, its callback, the screens
            await asyncio.sleep(0)

    def bring_up(self, *devices: DeviceId) -> None:
        """Devices say that they are there; without names, all of them."""
        for device in devices or tuple(self.index.space.devices):
            self.say(device, Status(state=DeviceState.READY, boot="boot-1"))

    # --- out ------------------------------------------------------------------------------------------

    def heard_of(self, *kinds: FactKind) -> list[Fact]:
        """The facts of these kinds, in the order they were told."""
        return [fact for fact in self.told if fact.kind in kinds]

    def shown(self, topic: str, key: str) -> Mapping[str, object]:
        """What the screens show of one thing now."""
        plural = {"door": "doors", "room": "rooms", "device": "devices"}[topic]
        return self.feed.snapshot()[plural][key]  # type: ignore[index]

    @asynccontextmanager
    async def working(self) -> AsyncIterator[None]:
        """The door workers and the spool run while the context is open."""
        async with asyncio.TaskGroup() as tasks:
            lasting = [tasks.create_task(worker.run()) for worker in self.doors.workers]
            lasting.append(tasks.create_task(self.spool.run()))
            try:
                yield
            finally:
                for task in lasting:
                    task.cancel()

    @asynccontextmanager
    async def journalling(self) -> AsyncIterator[None]:
        """The journal writes what was noted; on leaving, it has had the time for it."""
        writing = asyncio.get_running_loop().create_task(self.journal.run())
        try:
            yield
            await asyncio.sleep(10.0)
        finally:
            writing.cancel()
            await asyncio.wait({writing})

    # --- wiring ---------------------------------------------------------------------------------------

    def _listened(self, logged: LoggedFact) -> None:
        json.dumps(logged.fact.detail, allow_nan=False)  # or no log could keep it
        self.told.append(logged.fact)


# --- small things tests say again and again ---------------------------------------------------------------------------

SENSOR_CHANNELS = {
    "temperature": ChannelSpec(device_class="temperature", unit="°C"),
    "co2": ChannelSpec(device_class="carbon_dioxide", unit="ppm"),
    "presence": ChannelSpec(device_class="occupancy"),
}


def birth(every_s: float | None = 60.0, rev: int = 1, **channels: ChannelSpec) -> Birth:
    """A sensor's birth, with the usual channels unless others are named."""
    return Birth(contract="1.0", rev=rev, every_s=every_s, channels=channels or SENSOR_CHANNELS)


def with_door(space: Space, door: Door) -> Space:
    """The same space with one door changed."""
    return replace(space, doors={**space.doors, door.id: door})


def _kind_of(message: Message) -> Kind:
    return next(kind for kind, model in MODELS.items() if type(message) is model)
