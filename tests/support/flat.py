"""A small house in which door modes are kept: its doors, a registry in memory, and somebody who counts who is inside."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from controller.domain.building import Door
from controller.domain.facts import Fact, FactKind
from controller.domain.house import Scope, ScopeKind
from controller.domain.ids import DeviceId, EventId, PersonId, ZoneId
from controller.domain.membership import Person, PersonKind
from controller.domain.shared import Position
from controller.domain.whereabouts import Layout, Whereabouts
from controller.services.doors.alarms import Alarms
from controller.services.doors.doors import Doors
from controller.services.doors.mode_wishes import COMPONENT
from controller.services.doors.modes import Modes
from controller.services.entry.access_index import AccessIndex, refresh
from controller.services.inbound import Inbound
from controller.services.ports import LoggedFact
from controller.services.presence import Presence
from controller.services.screens.health import HealthBoard
from controller.services.screens.live import LiveFeed
from devices.channels import DOOR_CONTACT, DOOR_LOCK, DOOR_MODE
from devices.messages import MODELS, Desired, DeviceState, Event, EventType, Message, State, Status
from devices.topics import Address, Topics
from tests.support.memory_registry import MemoryRegistry
from tests.support.memory_stores import MemoryHouse
from tests.support.services import (
    HOURS,
    LAB_DOOR,
    LAB_UNIT,
    LOBBY,
    NOON,
    PEOPLE,
    SENSOR,
    SF,
    SPACE,
    STREET,
    STREET_UNIT,
    HandClock,
    RecordingOutbound,
    with_door,
)

TOPICS = Topics()
HOUR = timedelta(hours=1)
SUNDAY = NOON - timedelta(days=1)
SIX = datetime(2026, 11, 23, 18, 0, tzinfo=SF).astimezone(UTC)
MORNING = datetime(2026, 11, 23, 9, 0, tzinfo=SF).astimezone(UTC)
PANEL, SECOND_PANEL = SENSOR, LAB_UNIT  # any device may say that there is fire
AT_STREET, AT_LAB = Scope(ScopeKind.DOOR, STREET.id), Scope(ScopeKind.DOOR, LAB_DOOR.id)
BOB = Person(PersonId("bob"), "Bob", PersonKind.STAFF)

LOCKDOWNS = (FactKind.LOCKDOWN_BEGAN, FactKind.LOCKDOWN_LIFTED)
EGRESS = replace(STREET, fire_egress=True)
BY_WEEK = replace(STREET, unlock_schedule=HOURS)


class Flat:
    """The doors of a small house with their modes, a registry in memory, and somebody who counts who is inside."""

    def __init__(self, *doors: Door, at: datetime = NOON, **more: object) -> None:
        space = SPACE
        for door in doors:
            space = with_door(space, door)
        self.registry = MemoryRegistry(replace(PEOPLE, people={**PEOPLE.people, BOB.id: BOB}, **more))  # type: ignore[arg-type]
        self.store = MemoryHouse(self.registry)
        self.clock = HandClock(at)
        self.inside: int | None = None
        self.full: set[EventId] = set()
        self.words: list[str] = []
        layout = Layout.of(space)
        self.where = Whereabouts(layout, layout.day(at))
        self.told: list[Fact] = []
        self.feed = LiveFeed(epoch="test")
        self.outbound = RecordingOutbound()
        self.index = AccessIndex(space, self.registry.now)
        self.presence = Presence(space, self.note, self.feed, self.clock)
        self.alarms = Alarms(None, self.note, self.feed, self.clock)
        self.doors = Doors(space, self.outbound, self.presence, self.note, self.feed, self.clock, self.alarms)
        self.presence.listen(self.doors.device_changed)
        self.start()

    def start(self) -> None:
        """As the program does; again after a restart."""
        self.board = HealthBoard(self.feed, self.clock.now)
        self.modes = Modes(
            index=self.index,
            store=self.store,
            worker=self.doors.of,
            outbound=self.outbound,
            presence=self.presence,
            board=self.board,
            note=self.note,
            clock=self.clock,
            alarms=self.alarms,
            inside=lambda _: self.inside,
            full=lambda: self.full,
            say_word=self.words.append,
        )
        self.presence.listen(self.modes.device_changed)

    def note(self, fact: Fact, acknowledge: Callable[[], None] | None = None, /) -> None:
        json.dumps(fact.detail, allow_nan=False)  # or no log could keep it
        self.told.append(fact)
        self.where.take(fact)
        if acknowledge is not None:
            acknowledge()

    def begin(self) -> "Flat":
        """Devices are there and say that they are locked."""
        for device in SPACE.devices:
            self.is_(device, DeviceState.READY)
        self.modes.recall([])
        for unit in (STREET_UNIT, LAB_UNIT):
            self.says(unit, "locked")
        return self

    def restart(self, log: list[LoggedFact]) -> None:
        """The registry as it is now, and nothing in memory but what the log recalls."""
        self.index.load(self.registry.now)
        self.told.clear()
        self.start()
        self.modes.recall(log)

    @property
    def log(self) -> list[LoggedFact]:
        return [LoggedFact(position, fact) for position, fact in enumerate(self.told, 1)]

    def arriving(self, device: DeviceId, message: Message, *, backlog: bool = False) -> Inbound:
        kind = next(kind for kind, model in MODELS.items() if type(message) is model)
        address = Address(device, "up", kind)
        now, mono = self.clock.now(), self.clock.monotonic()
        return Inbound(TOPICS.up(device, kind), address, message, b"", now, mono, False, backlog, lambda: None)

    def is_(self, device: DeviceId, state: DeviceState, boot: str = "boot-1") -> None:
        status = Status(state=state, boot=boot)
        self.presence.status_said(self.arriving(device, status), status)

    @asynccontextmanager
    async def working(self) -> AsyncIterator[None]:
        """The workers of the doors run."""
        async with asyncio.TaskGroup() as tasks:
            lasting = [tasks.create_task(worker.run()) for worker in self.doors.workers]
            yield
            for task in lasting:
                task.cancel()

    async def changed(self) -> None:
        """The registry changed, and the house has heard of it."""
        await refresh(self.index, self.registry)
        self.modes.index_changed()
        await self.written()

    async def written(self) -> None:
        """What waited for the store has been done."""
        writing = asyncio.get_running_loop().create_task(self.modes.writes.run())
        await asyncio.sleep(5.0)
        writing.cancel()
        if self.registry.now.version != self.index.version:
            await refresh(self.index, self.registry)
            self.modes.index_changed()

    def later(self, seconds: float) -> None:
        self.clock.advance(seconds)
        self.modes.look()

    def says(self, unit: DeviceId, mode: str, lock: str | None = None, contact: str = "closed") -> None:
        """A door unit reports itself."""
        lock = lock or ("locked" if mode == "locked" else "unlocked")
        state = State(ts=self.clock.now(), v={DOOR_MODE: mode, DOOR_LOCK: lock, DOOR_CONTACT: contact})
        inbound = self.arriving(unit, state)
        self.modes.state_reported(inbound, state)
        self.doors.state_reported(inbound, state)

    def fire(self, device: DeviceId = PANEL, active: bool = True, **more: object) -> None:
        how = {name: bool(more.pop(name)) for name in ("backlog",) if name in more}
        event = Event(id=f"fire-{len(self.told)}", type=EventType.FIRE, data={"active": active}, **more)  # type: ignore[arg-type]
        self.modes.fire_event(self.arriving(device, event, **how), event)

    def came_in(self, person: Person, door: Door = STREET, at: datetime | None = None, **detail: object) -> None:
        taken = Fact(FactKind.ENTRY_TAKEN, at or self.clock.now(), door=door.id, person=person.id, detail=detail)  # type: ignore[arg-type]
        self.modes.took(LoggedFact(1, taken))

    def goes_in(self, person: PersonId, door: Door = STREET) -> None:
        """Somebody goes in by badge, and is seen."""
        self.clock.advance(1)
        self.note(Fact(FactKind.ENTRY_TAKEN, self.clock.now(), door=door.id, person=person))

    def position(self, person: PersonId, zone: str = "house") -> Position:
        return self.where.position(person, ZoneId(zone))

    def wishes(self, unit: DeviceId = STREET_UNIT) -> list[tuple[object, datetime | None]]:
        sent = [message for message in self.outbound.to(unit) if isinstance(message, Desired)]
        return [(one.v[DOOR_MODE].value, one.v[DOOR_MODE].until) for one in sent]

    def wished(self, unit: DeviceId = STREET_UNIT) -> tuple[object, datetime | None]:
        return self.wishes(unit)[-1]

    def facts(self, *kinds: FactKind) -> list[Fact]:
        return [fact for fact in self.told if fact.kind in kinds]

    def problem(self) -> str | None:
        found = next(part for part in self.board.components() if part.name == COMPONENT)
        return None if found.ok else found.text


ZONED = {LOBBY: replace(SPACE.areas[LOBBY], zones=frozenset({ZoneId("house")}))}


def zoned(*doors: Door, at: datetime = NOON) -> Flat:
    flat = Flat(*doors, at=at)
    flat.index.publish(replace(flat.index.space, areas={**SPACE.areas, **ZONED}))
    flat.where = Whereabouts(Layout.of(flat.index.space), flat.where.day)
    return flat.begin()
