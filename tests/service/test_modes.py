"""Door modes in a running house: who is told, what is written down, what survives a restart, and what is never locked."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controller.domain.alarm import AlarmKind
from controller.domain.building import Door
from controller.domain.door import DoorState
from controller.domain.facts import Fact, FactKind
from controller.domain.holdings import EventEntry, PublicEvent
from controller.domain.house import Scope, ScopeKind, Wanted
from controller.domain.ids import DeviceId, EventId, PersonId, ZoneId
from controller.domain.membership import Person, PersonKind
from controller.errors import InputError, StoreError
from controller.services.access_index import AccessIndex, refresh
from controller.services.alarms import Alarms
from controller.services.doors import Doors
from controller.services.health import HealthBoard
from controller.services.inbound import Inbound
from controller.services.live import LiveFeed
from controller.services.mode_wishes import COMPONENT
from controller.services.modes import Modes
from controller.services.ports import LoggedFact
from controller.services.presence import Presence
from devices.channels import DOOR_CONTACT, DOOR_LOCK, DOOR_MODE
from devices.errors import NotConnected
from devices.messages import MODELS, Desired, DeviceState, Event, EventType, Message, State, Status
from devices.topics import Address, Topics
from tests.support.leaping import LeapingLoop
from tests.support.memory_registry import MemoryRegistry
from tests.support.memory_stores import MemoryHouse
from tests.support.services import (
    ALICE,
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
        self.forgotten: list[frozenset[ZoneId]] = []
        self.words: list[str] = []
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
            on_forget=self.forgotten.append,
            say_word=self.words.append,
        )
        self.presence.listen(self.modes.device_changed)

    def note(self, fact: Fact, acknowledge: Callable[[], None] | None = None, /) -> None:
        json.dumps(fact.detail, allow_nan=False)  # or no log could keep it
        self.told.append(fact)
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


# --- the week ---------------------------------------------------------------------------------------------------------


async def test_a_device_is_told_its_mode_with_its_end():
    flat = Flat(BY_WEEK).begin()

    assert flat.wishes() == [("unlocked", SIX)]
    assert flat.wishes(LAB_UNIT) == [("locked", None)]
    desired = next(sent.message for sent in flat.outbound.sent if sent.device == STREET_UNIT)
    assert desired.rev > 0


async def test_when_the_window_ends_the_door_is_told_to_lock():
    flat = Flat(BY_WEEK).begin()
    flat.later(6 * 3600 - 1)
    before = flat.wished()
    flat.later(1)

    assert (before, flat.wished()) == (("unlocked", SIX), ("locked", None))
    modes = [(fact.door, fact.detail["mode"], fact.detail["level"]) for fact in flat.facts(FactKind.DOOR_MODE_CHANGED)]
    assert modes == [("street", "unlocked", "schedule"), ("street", "locked", "locked")]


async def test_a_mode_says_why():
    flat = Flat(BY_WEEK).begin()

    [fact] = flat.facts(FactKind.DOOR_MODE_CHANGED)
    assert fact.detail["why"] == "unlock schedule hours"
    assert fact.detail["until"] == SIX.isoformat()


async def test_the_worker_hears_of_it_and_the_page_shows_it():
    flat = Flat(BY_WEEK)
    async with flat.working():
        flat.begin()
        await asyncio.sleep(0.1)

        assert flat.doors.of(STREET.id).state is DoorState.FREE
        assert flat.doors.of(LAB_DOOR.id).state is not DoorState.FREE
        assert flat.feed.snapshot()["doors"][STREET.id]["mode"] == "unlocked"


async def test_it_looks_by_itself_when_a_change_is_due():
    flat = Flat(BY_WEEK, at=SIX - timedelta(seconds=5)).begin()
    looking = asyncio.get_running_loop().create_task(flat.modes.run())
    flat.clock.advance(5)
    await asyncio.sleep(6)
    looking.cancel()

    assert flat.wished() == ("locked", None)


async def test_a_clock_that_goes_back_changes_nothing_for_good():
    flat = Flat(BY_WEEK, at=SIX - timedelta(seconds=10)).begin()
    flat.later(20)
    flat.later(-60)

    assert flat.wished() == ("unlocked", SIX)


async def test_a_door_that_could_not_be_told_is_told_once_there_is_a_line():
    flat = Flat(BY_WEEK)
    flat.outbound.failure = NotConnected("broker:1883: not connected")
    flat.begin()
    flat.later(3)
    flat.outbound.failure = None
    flat.later(1)
    flat.later(1)

    assert flat.wishes() == [("unlocked", SIX)]


@pytest.mark.parametrize("what", ["device lost and back", "device started anew", "link back"])
async def test_a_wish_is_told_again_after(what: str):
    flat = Flat(BY_WEEK).begin()
    told = len(flat.wishes())
    if what == "device lost and back":
        flat.is_(STREET_UNIT, DeviceState.LOST)
        flat.is_(STREET_UNIT, DeviceState.READY)
    elif what == "device started anew":
        flat.is_(STREET_UNIT, DeviceState.READY, "boot-2")
    else:
        flat.modes.link_back()
    flat.later(1)

    assert flat.wishes()[told:] == [("unlocked", SIX)]


async def test_a_door_that_does_not_follow_within_five_seconds_is_named():
    flat = Flat(BY_WEEK).begin()
    flat.later(5)
    in_time = flat.problem()
    flat.later(1)

    assert in_time is None
    assert flat.problem() == "Street door should be unlocked and says locked"
    assert list(flat.modes.problems) == [STREET.id]
    flat.says(STREET_UNIT, "unlocked")
    flat.later(1)
    assert flat.problem() is None


async def test_each_wish_has_its_time_to_be_followed():
    flat = Flat(at=SUNDAY).begin()
    flat.later(60)
    await flat.store.set_override(AT_STREET, Wanted.UNLOCKED, SUNDAY + HOUR, ALICE.id, "delivery", flat.clock.now())
    await flat.changed()
    flat.later(4)
    in_time = flat.problem()
    flat.later(2)

    assert (in_time, flat.problem()) == (None, "Street door should be unlocked and says locked")


async def test_a_later_wish_has_a_greater_revision_whatever_the_clock_says():
    flat = Flat(BY_WEEK, at=SIX - timedelta(seconds=10)).begin()
    flat.later(20)
    flat.later(-60)
    flat.modes.link_back()
    flat.later(0)

    revs = [sent.message.rev for sent in flat.outbound.sent if sent.device == STREET_UNIT]
    assert len(revs) == 4
    assert revs == sorted(set(revs))


async def test_a_door_that_stays_unlocked_after_its_window_is_named():
    flat = Flat(BY_WEEK, at=SIX - HOUR).begin()
    flat.says(STREET_UNIT, "unlocked")
    flat.later(3600)
    flat.later(6)

    assert flat.problem() == "Street door should be locked and says unlocked"


async def test_a_change_of_the_registry_reaches_the_door_at_once():
    flat = Flat(at=SUNDAY).begin()
    await flat.store.set_override(AT_STREET, Wanted.UNLOCKED, SUNDAY + HOUR, ALICE.id, "delivery", SUNDAY)
    await flat.changed()

    assert flat.wished() == ("unlocked", SUNDAY + HOUR)
    [fact] = flat.facts(FactKind.DOOR_OVERRIDDEN)
    assert (fact.person, fact.door, fact.detail["by"], fact.detail["reason"]) == (
        ALICE.id,
        STREET.id,
        "Alice",
        "delivery",
    )
    assert fact.detail["until"] == (SUNDAY + HOUR).isoformat()


async def test_what_is_set_by_hand_ends_by_itself_and_needs_nobody_to_say_so():
    flat = Flat(at=SUNDAY).begin()
    await flat.store.set_override(AT_STREET, Wanted.UNLOCKED, SUNDAY + HOUR, ALICE.id, "delivery", SUNDAY)
    await flat.changed()
    flat.later(3600)

    assert flat.wished() == ("locked", None)
    assert len(flat.facts(FactKind.DOOR_OVERRIDDEN)) == 1


async def test_who_ends_it_early_is_written_down():
    flat = Flat(at=SUNDAY).begin()
    await flat.store.set_override(AT_STREET, Wanted.UNLOCKED, SUNDAY + HOUR, ALICE.id, "delivery", SUNDAY)
    await flat.changed()
    await flat.store.end_override("override-1", BOB.id, "came early", SUNDAY + HOUR / 2)
    await flat.changed()

    ended = flat.facts(FactKind.DOOR_OVERRIDDEN)[1]
    assert (ended.person, ended.at, ended.detail["reason"]) == (BOB.id, SUNDAY + HOUR / 2, "came early")
    assert flat.wished() == ("locked", None)


async def test_setting_a_door_anew_is_told_once_and_not_as_an_end():
    flat = Flat(at=SUNDAY).begin()
    for hours, reason in ((1, "delivery"), (2, "it is late")):
        await flat.store.set_override(AT_STREET, Wanted.UNLOCKED, SUNDAY + hours * HOUR, ALICE.id, reason, SUNDAY)
        await flat.changed()

    told = [(fact.detail["reason"], "ended" in fact.detail) for fact in flat.facts(FactKind.DOOR_OVERRIDDEN)]
    assert told == [("delivery", False), ("it is late", False)]
    assert flat.wished() == ("unlocked", SUNDAY + 2 * HOUR)


async def test_an_open_event_unlocks_its_path_until_it_is_full():
    made = PublicEvent(
        EventId("meetup"), "Meetup", ALICE.id, LOBBY, (STREET.id,), SUNDAY - HOUR, SUNDAY + HOUR, 2, EventEntry.OPEN,
        host_entered_at=SUNDAY - HOUR,
    )  # fmt: skip
    flat = Flat(at=SUNDAY, events={made.id: made}).begin()
    opened = flat.wished()
    flat.full.add(made.id)
    flat.later(1)

    assert (opened, flat.wished()) == (("unlocked", SUNDAY + HOUR), ("locked", None))


# --- lockdown ---------------------------------------------------------------------------------------------------------


async def test_a_lockdown_locks_what_its_hours_unlock_and_is_written_down_with_who_and_why():
    flat = Flat(BY_WEEK).begin()
    await flat.store.begin_lockdown(Scope(), ALICE.id, "a stranger", NOON)
    await flat.changed()

    assert flat.wished() == ("locked", None)
    assert flat.modes.of(STREET.id).blocks_entry
    [began] = flat.facts(FactKind.LOCKDOWN_BEGAN)
    assert (began.at, began.person, began.detail["scope"], began.detail["reason"]) == (
        NOON,
        ALICE.id,
        "the whole house",
        "a stranger",
    )
    assert flat.alarms.stands(AlarmKind.LOCKDOWN)
    assert flat.modes.space_word == "lockdown"
    assert flat.words == ["lockdown"]


async def test_lifting_a_lockdown_gives_the_door_back_to_its_hours_and_is_written_down():
    flat = Flat(BY_WEEK).begin()
    await flat.store.begin_lockdown(Scope(), ALICE.id, "a stranger", NOON)
    await flat.changed()
    await flat.store.lift_lockdown(Scope(), BOB.id, "it was the plumber", NOON)
    await flat.changed()

    [lifted] = flat.facts(FactKind.LOCKDOWN_LIFTED)
    assert (lifted.person, lifted.detail["by"], lifted.detail["reason"]) == (BOB.id, "Bob", "it was the plumber")
    assert flat.wished() == ("unlocked", SIX)
    assert not flat.alarms.stands(AlarmKind.LOCKDOWN)
    assert flat.words == ["lockdown", "normal"]


async def test_a_lockdown_never_tells_a_door_to_keep_anybody_in():
    """A locked mode is all a unit hears of it: its exit button and inside handle are its own."""
    flat = Flat(BY_WEEK).begin()
    told = len(flat.outbound.sent)
    await flat.store.begin_lockdown(Scope(), ALICE.id, "a stranger", NOON)
    await flat.changed()

    assert [type(sent.message) for sent in flat.outbound.sent[told:]] == [Desired]


async def test_a_lockdown_survives_a_restart_and_is_not_told_twice():
    flat = Flat(BY_WEEK).begin()
    await flat.store.begin_lockdown(Scope(), ALICE.id, "a stranger", NOON)
    await flat.changed()
    log = flat.log
    flat.restart(log)
    await flat.written()

    assert flat.modes.of(STREET.id).blocks_entry
    assert flat.facts(FactKind.LOCKDOWN_BEGAN, FactKind.DOOR_MODE_CHANGED) == []
    assert flat.wished() == ("locked", None)


async def test_what_was_done_while_nobody_ran_the_house_is_written_down_at_the_next_start():
    flat = Flat(BY_WEEK).begin()
    await flat.store.begin_lockdown(AT_LAB, ALICE.id, "broken window", NOON)
    await flat.changed()
    log = flat.log
    await flat.store.lift_lockdown(AT_LAB, BOB.id, "mended", NOON + HOUR)
    await flat.store.begin_lockdown(AT_STREET, BOB.id, "riot outside", NOON + 2 * HOUR)
    flat.clock.advance(3 * 3600)
    flat.restart(log)
    await flat.written()

    told = [(fact.kind, fact.at, fact.detail["scope"]) for fact in flat.facts(*LOCKDOWNS)]
    assert told == [
        (FactKind.LOCKDOWN_BEGAN, NOON + 2 * HOUR, "Street door"),
        (FactKind.LOCKDOWN_LIFTED, NOON + HOUR, "Lab door"),
    ]


async def test_a_lockdown_from_before_the_first_start_is_written_down_and_one_from_before_the_recalled_is_not_again():
    flat = Flat(BY_WEEK)
    await flat.store.begin_lockdown(AT_LAB, ALICE.id, "broken window", NOON - HOUR)
    started = Fact(FactKind.SERVICE_STARTED, NOON)
    flat.restart([LoggedFact(5_001, started)])
    of_a_long_log = flat.facts(*LOCKDOWNS)
    flat.restart([LoggedFact(1, started)])

    assert of_a_long_log == []
    assert [fact.at for fact in flat.facts(*LOCKDOWNS)] == [NOON - HOUR]


async def test_what_began_and_ended_while_nobody_ran_the_house_is_written_down_too():
    flat = Flat(BY_WEEK).begin()
    log = flat.log
    await flat.store.begin_lockdown(AT_LAB, ALICE.id, "broken window", NOON + HOUR)
    await flat.store.lift_lockdown(AT_LAB, BOB.id, "mended", NOON + 2 * HOUR)
    flat.clock.advance(3 * 3600)
    flat.restart(log)
    await flat.written()
    first = [(fact.kind, fact.at, fact.detail["by"]) for fact in flat.facts(*LOCKDOWNS)]
    flat.restart([*log, *flat.log])
    await flat.written()

    assert first == [
        (FactKind.LOCKDOWN_BEGAN, NOON + HOUR, "Alice"),
        (FactKind.LOCKDOWN_LIFTED, NOON + 2 * HOUR, "Bob"),
    ]
    assert flat.facts(*LOCKDOWNS) == []


# --- fire -------------------------------------------------------------------------------------------------------------


async def test_fire_releases_doors_flagged_as_egress_even_in_lockdown():
    flat = Flat(EGRESS).begin()
    await flat.store.begin_lockdown(Scope(), ALICE.id, "a stranger", NOON)
    await flat.changed()
    flat.fire()

    assert flat.wished() == ("released", None)
    assert flat.wished(LAB_UNIT) == ("locked", None)
    assert flat.modes.space_word == "fire"
    assert len(flat.facts(FactKind.FIRE_BEGAN)) == 1
    assert flat.alarms.stands(AlarmKind.FIRE)


async def test_the_worker_of_a_released_door_calls_no_opening_forced():
    flat = Flat(EGRESS)
    async with flat.working():
        flat.begin()
        flat.fire()
        await asyncio.sleep(0.1)
        burning = flat.doors.of(STREET.id).state
        flat.says(STREET_UNIT, "released", contact="open")
        await asyncio.sleep(0.1)

    assert burning is DoorState.FIRE
    assert flat.facts(FactKind.DOOR_FORCED) == []
    assert flat.feed.snapshot()["doors"][STREET.id]["mode"] == "fire"


async def test_fire_counts_before_it_can_be_written_down():
    flat = Flat(EGRESS).begin()

    async def fails(*_: object) -> int:
        raise StoreError("natoma.db: the disk is full")

    flat.store.set_fire = fails  # type: ignore[method-assign,assignment]
    flat.fire()
    await flat.written()

    assert flat.modes.of(STREET.id).wanted == "released"
    assert flat.modes.writes.failing


async def test_software_never_relocks_before_the_panel_clears_and_staff_confirm():
    flat = Flat(EGRESS).begin()
    flat.fire()
    await flat.written()
    burning = flat.wished()
    flat.fire(active=False)
    await flat.written()
    cleared = flat.wished()
    flat.later(24 * 3600)
    a_day_later = flat.wished()
    await flat.store.confirm_fire(ALICE.id, "burnt toast", flat.clock.now())
    await flat.changed()

    assert (burning, cleared, a_day_later) == (("released", None),) * 3
    assert flat.wished() == ("locked", None)
    assert len(flat.facts(FactKind.FIRE_CLEARED)) == 1
    [confirmed] = flat.facts(FactKind.FIRE_CONFIRMED)
    assert (confirmed.person, confirmed.detail["reason"]) == (ALICE.id, "burnt toast")
    assert flat.words == ["fire", "normal"]
    assert not flat.alarms.stands(AlarmKind.FIRE)


async def test_a_fire_that_burns_again_before_it_was_confirmed_is_not_over():
    flat = Flat(EGRESS).begin()
    flat.fire()
    await flat.written()
    flat.fire(active=False)
    flat.fire()
    await flat.written()

    assert flat.registry.now.house.fire is not None
    assert flat.registry.now.house.fire.cleared_at is None
    assert flat.wished() == ("released", None)


async def test_a_fire_is_over_when_every_panel_that_said_so_has_taken_it_back():
    flat = Flat(EGRESS).begin()
    flat.fire(PANEL)
    flat.fire(SECOND_PANEL)
    flat.fire(PANEL, active=False)
    still = flat.facts(FactKind.FIRE_CLEARED)
    flat.fire(SECOND_PANEL, active=False)

    assert still == []
    assert len(flat.facts(FactKind.FIRE_CLEARED)) == 1


@pytest.mark.parametrize(
    "late",
    [{"ts": NOON - timedelta(seconds=61)}, {"age_ms": 61_000}, {"backlog": True}],
    ids=["by its stamp", "by its count", "of unknown age"],
)
async def test_a_late_fire_event_is_recorded_and_releases_nothing(late):
    flat = Flat(EGRESS).begin()
    flat.fire(**late)

    assert flat.wished() == ("locked", None)
    [fact] = flat.facts(FactKind.DEVICE_REPORTED)
    assert (fact.detail["type"], "late_s" in fact.detail) == ("fire", True)


async def test_a_panel_may_report_fire_as_a_state_too():
    flat = Flat(EGRESS).begin()
    for said in (False, True, True):
        state = State(ts=flat.clock.now(), v={"fire": said})
        flat.modes.state_reported(flat.arriving(PANEL, state), state)

    assert flat.wished() == ("released", None)
    assert len(flat.facts(FactKind.FIRE_BEGAN)) == 1


async def test_a_lost_panel_takes_nothing_back():
    flat = Flat(EGRESS).begin()
    state = State(ts=flat.clock.now(), v={"fire": True})
    flat.modes.state_reported(flat.arriving(PANEL, state), state)
    flat.is_(PANEL, DeviceState.LOST)
    flat.later(60)

    assert flat.wished() == ("released", None)
    assert flat.facts(FactKind.FIRE_CLEARED) == []


async def test_fire_survives_a_restart_with_every_panel_that_said_so():
    flat = Flat(EGRESS).begin()
    flat.fire(PANEL)
    flat.fire(SECOND_PANEL)
    await flat.written()
    log = flat.log
    flat.restart(log)
    flat.fire(PANEL, active=False)
    after_one = flat.facts(FactKind.FIRE_CLEARED)
    flat.fire(SECOND_PANEL, active=False)

    assert flat.wished() == ("released", None)
    assert after_one == []
    assert len(flat.facts(FactKind.FIRE_CLEARED)) == 1
    assert flat.facts(FactKind.FIRE_BEGAN) == []  # told before


async def test_a_panel_that_was_taken_out_of_the_house_holds_no_door_for_ever():
    flat = Flat(EGRESS).begin()
    flat.fire(PANEL)
    await flat.written()
    log = flat.log
    space = flat.index.space
    flat.index.publish(replace(space, devices={id: one for id, one in space.devices.items() if id != PANEL}))
    flat.restart(log)
    await flat.written()
    cleared = flat.wished()
    await flat.store.confirm_fire(ALICE.id, "the panel was replaced", NOON)
    await flat.changed()

    assert (cleared, flat.wished()) == (("released", None), ("locked", None))


async def test_a_fire_confirmed_while_nobody_ran_the_house_is_written_down():
    flat = Flat(EGRESS).begin()
    flat.fire()
    flat.fire(active=False)
    await flat.written()
    log = flat.log
    await flat.store.confirm_fire(ALICE.id, "false alarm", NOON + HOUR)
    flat.restart(log)
    await flat.written()

    [confirmed] = flat.facts(FactKind.FIRE_CONFIRMED)
    assert confirmed.at == NOON + HOUR
    assert flat.wished() == ("locked", None)


@pytest.mark.parametrize(
    ("lock", "contact", "problem"),
    [
        ("unlocked", "closed", None),
        ("locked", "open", None),
        ("locked", "closed", "Street door is not seen released: its lock says locked"),
        ("jammed", "closed", "Street door is not seen released: its lock says jammed"),
    ],
)
async def test_the_release_is_verified_by_lock_and_contact_and_not_by_a_word(lock, contact, problem):
    flat = Flat(EGRESS).begin()
    flat.fire()
    flat.says(STREET_UNIT, "released", lock, contact)
    flat.later(5.5)

    assert flat.problem() == problem


async def test_a_door_that_is_gone_in_a_fire_is_named():
    flat = Flat(EGRESS).begin()
    flat.fire()
    flat.is_(STREET_UNIT, DeviceState.LOST)
    flat.later(5.5)

    assert flat.problem() == "Street door should be released and does not answer"
    assert not flat.board.verdict().ok


ACTS = ["fire", "fire elsewhere", "clear", "clear elsewhere", "confirm", "lock down", "lift", "restart", "wait"]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(ACTS), max_size=14))
def test_whatever_happens_a_way_out_is_released_until_every_panel_and_staff_say_so(acts: list[str]):
    async def live() -> None:
        flat = Flat(replace(EGRESS, unlock_schedule=HOURS)).begin()
        history: list[LoggedFact] = []
        burning: set[DeviceId] = set()
        is_fire = is_locked_down = False
        for act in acts:
            device = SECOND_PANEL if act.endswith("elsewhere") else PANEL
            if act.startswith("fire"):
                flat.fire(device)
                burning.add(device)
                is_fire = True
            elif act.startswith("clear"):
                flat.fire(device, active=False)
                burning.discard(device)
            elif act == "confirm" and not burning and is_fire:
                await flat.store.confirm_fire(ALICE.id, "toast", flat.clock.now())
                is_fire = False
            elif act == "confirm":
                with pytest.raises(InputError):
                    await flat.store.confirm_fire(ALICE.id, "toast", flat.clock.now())
            elif act == "lock down" and not is_locked_down:
                await flat.store.begin_lockdown(Scope(), ALICE.id, "a stranger", flat.clock.now())
                is_locked_down = True
            elif act == "lift" and is_locked_down:
                await flat.store.lift_lockdown(Scope(), ALICE.id, "the plumber", flat.clock.now())
                is_locked_down = False
            elif act == "restart":
                history += flat.log
                flat.restart(history)
            flat.later(1)
            await flat.changed()

            street = flat.modes.of(STREET.id)
            assert (street.wanted == "released") == is_fire
            assert street.blocks_entry == (is_locked_down and not is_fire)
            assert flat.wished()[0] == street.wanted
            # Of a door that is no way out, fire says nothing.
            assert flat.modes.of(LAB_DOOR.id).blocks_entry == is_locked_down

    with asyncio.Runner(loop_factory=LeapingLoop) as runner:
        runner.run(live())


# --- where people are -------------------------------------------------------------------------------------------------

ZONED = {LOBBY: replace(SPACE.areas[LOBBY], zones=frozenset({ZoneId("house")}))}


def zoned(*doors: Door, at: datetime = NOON) -> Flat:
    flat = Flat(*doors, at=at)
    flat.index.publish(replace(flat.index.space, areas={**SPACE.areas, **ZONED}))
    return flat.begin()


async def test_where_people_are_is_unknown_after_a_fire():
    flat = zoned(EGRESS)
    flat.fire()
    await flat.written()
    flat.fire(active=False)
    await flat.written()
    during = list(flat.forgotten)
    await flat.store.confirm_fire(ALICE.id, "toast", NOON)
    await flat.changed()

    assert during == [frozenset({"house"})]
    assert flat.forgotten == [frozenset({"house"})] * 2


async def test_where_people_are_is_unknown_after_a_zone_unlock():
    flat = zoned(at=SUNDAY)
    zone = Scope(ScopeKind.ZONE, ZoneId("house"))
    await flat.store.set_override(zone, Wanted.UNLOCKED, SUNDAY + HOUR, ALICE.id, "open day", SUNDAY)
    await flat.changed()
    began = list(flat.forgotten)
    flat.later(3600)

    assert began == [frozenset({"house"})]
    assert flat.forgotten == [frozenset({"house"})] * 2


async def test_one_door_unlocked_by_hand_forgets_nobody():
    flat = zoned(at=SUNDAY)
    await flat.store.set_override(AT_STREET, Wanted.UNLOCKED, SUNDAY + HOUR, ALICE.id, "delivery", SUNDAY)
    await flat.changed()

    assert flat.forgotten == []


# --- first in, last out -----------------------------------------------------------------------------------------------

FIRST = replace(BY_WEEK, first_person_in=frozenset({ALICE.id}), last_out=True)
STAFF_FIRST = replace(BY_WEEK, any_staff_first=True)


async def test_first_person_in_delays_the_window_until_a_listed_person_has_opened_the_door():
    flat = Flat(FIRST).begin()
    waiting = flat.wished()
    flat.came_in(BOB)
    not_listed = flat.wished()
    flat.came_in(ALICE)

    assert (waiting, not_listed) == (("locked", None), ("locked", None))
    assert flat.wished() == ("unlocked", SIX)
    await flat.written()
    assert [(one.door, one.by, one.window_start) for one in flat.registry.now.house.windows] == [
        (STREET.id, ALICE.id, MORNING)
    ]


async def test_being_granted_is_not_having_opened():
    flat = Flat(FIRST).begin()
    granted = Fact(FactKind.ENTRY_GRANTED, NOON, door=STREET.id, person=ALICE.id)
    not_taken = Fact(FactKind.ENTRY_NOT_TAKEN, NOON, door=STREET.id, person=ALICE.id)
    for fact in (granted, not_taken):
        flat.modes.took(LoggedFact(1, fact))

    assert flat.wished() == ("locked", None)


async def test_any_staff_may_be_the_first_person_where_the_door_says_so():
    flat = Flat(STAFF_FIRST).begin()
    flat.came_in(ALICE)
    member = flat.wished()
    flat.came_in(BOB)

    assert (member, flat.wished()) == (("locked", None), ("unlocked", SIX))


async def test_a_first_person_a_little_early_opens_the_window_at_its_hour():
    flat = Flat(FIRST, at=MORNING - timedelta(minutes=20)).begin()
    flat.came_in(ALICE)
    before = flat.wished()
    flat.later(20 * 60)

    assert (before, flat.wished()) == (("locked", None), ("unlocked", SIX))


async def test_a_first_person_long_before_the_hour_opens_nothing():
    flat = Flat(FIRST, at=MORNING - timedelta(minutes=31)).begin()
    flat.came_in(ALICE)
    flat.later(31 * 60)

    assert flat.wished() == ("locked", None)


@pytest.mark.parametrize("late", [{"at": NOON - timedelta(seconds=61)}, {"late_s": 70.0}], ids=["old", "marked late"])
async def test_a_late_entry_never_triggers_an_unlock(late):
    flat = Flat(FIRST).begin()
    flat.came_in(ALICE, **late)

    assert flat.wished() == ("locked", None)


async def test_a_window_that_had_its_first_person_stays_open_through_a_restart():
    flat = Flat(FIRST).begin()
    flat.came_in(ALICE)
    await flat.written()
    flat.restart([])

    assert flat.wished() == ("unlocked", SIX)


async def test_last_out_ends_the_window_early_and_the_next_listed_person_opens_it_again():
    flat = Flat(FIRST).begin()
    flat.came_in(ALICE)
    flat.inside = 3
    flat.later(60)
    flat.inside = 0
    flat.later(1)
    left = flat.wished()
    await flat.written()
    written = flat.registry.now.house.windows[0].closed_at
    flat.came_in(ALICE)
    await flat.written()

    assert left == ("locked", None)
    assert written == NOON + timedelta(seconds=61)
    assert flat.wished() == ("unlocked", SIX)


async def test_last_out_ends_a_window_that_nobody_had_to_open():
    flat = Flat(replace(BY_WEEK, last_out=True)).begin()
    flat.inside = 1
    flat.later(1)
    flat.inside = 0
    flat.later(1)
    await flat.written()
    flat.restart([])

    assert flat.wished() == ("locked", None)


@pytest.mark.parametrize("count", [0, None], ids=["nobody was ever in", "nobody can say"])
async def test_a_house_in_which_nobody_was_counted_is_not_closed_for_that(count):
    flat = Flat(FIRST).begin()
    flat.came_in(ALICE)
    flat.inside = count
    flat.later(60)

    assert flat.wished() == ("unlocked", SIX)


async def test_a_count_that_was_forgotten_is_nobodys_leaving():
    flat = zoned(replace(FIRST, fire_egress=False))
    flat.came_in(ALICE)
    flat.inside = 5
    flat.later(1)
    flat.fire()  # everybody is out, and nobody was counted out
    flat.inside = 0
    flat.later(1)

    assert flat.wished() == ("unlocked", SIX)


async def test_a_door_open_when_its_window_ends_is_only_told_and_locks_when_it_closes():
    flat = Flat(BY_WEEK, at=SIX - HOUR)
    async with flat.working():
        flat.begin()
        flat.says(STREET_UNIT, "unlocked", contact="open")
        await asyncio.sleep(0.1)
        flat.later(3600)
        await asyncio.sleep(0.1)

    assert flat.wished() == ("locked", None)
    assert [sent.message for sent in flat.outbound.sent if not isinstance(sent.message, Desired)] == []
    assert flat.facts(FactKind.DOOR_FORCED) == []
