"""Door modes in a running house: who is told, what is written down, what survives a restart, and what is never locked."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from controller.domain.alarm import AlarmKind
from controller.domain.door import DoorState, Input
from controller.domain.facts import Fact, FactKind
from controller.domain.holdings import EventEntry, PublicEvent
from controller.domain.house import Scope, ScopeKind, Wanted
from controller.domain.ids import EventId
from controller.services.ports import LoggedFact
from devices.errors import NotConnected
from devices.messages import Command, Desired, DeviceState, Do
from tests.support.flat import (
    AT_LAB,
    AT_STREET,
    BOB,
    BY_WEEK,
    EGRESS,
    HOUR,
    LOCKDOWNS,
    SIX,
    SUNDAY,
    Flat,
)
from tests.support.services import (
    ALICE,
    HOURS,
    LAB_DOOR,
    LAB_UNIT,
    LOBBY,
    NOON,
    STREET,
    STREET_UNIT,
)

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


async def test_whatever_happens_no_door_is_ever_sent_a_command_to_lock():
    """With people in the lab through a lockdown, hours that end, a fire and its end: a bolt is thrown by the lock itself."""
    flat = Flat(replace(EGRESS, unlock_schedule=HOURS), replace(LAB_DOOR, unlock_schedule=HOURS, fire_egress=True))
    flat.inside = 3
    async with flat.working():
        flat.begin()
        street = flat.doors.of(STREET.id)
        for event in Input:  # each that a door can be told, whatever state it is in by then
            street.tell(event)
            await asyncio.sleep(0.1)
        for mode, contact in (("unlocked", "open"), ("unlocked", "closed"), ("locked", "open"), ("locked", "closed")):
            for unit in (STREET_UNIT, LAB_UNIT):
                flat.says(unit, mode, contact=contact)
            await asyncio.sleep(60)
        await flat.store.begin_lockdown(Scope(), BOB.id, "a stranger", NOON)
        await flat.changed()
        await flat.store.lift_lockdown(Scope(), BOB.id, "the plumber", NOON)
        await flat.changed()
        flat.fire()
        await flat.written()
        flat.fire(active=False)
        await flat.written()
        await flat.store.confirm_fire(BOB.id, "toast", NOON)
        await flat.changed()
        flat.later(12 * 3600)  # beyond the hours
        await asyncio.sleep(60)

    assert {"unlocked", "released", "locked"} <= {
        value for value, _ in flat.wishes()
    }  # all that was really gone through
    commands = [sent.message for sent in flat.outbound.sent if isinstance(sent.message, Command)]
    assert [command for command in commands if command.do is Do.LOCK] == []


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


async def test_the_alarm_of_a_lockdown_says_what_is_locked_down_now_and_is_one_alarm():
    flat = Flat(BY_WEEK).begin()
    said = []

    def scopes() -> str:
        [alarm] = [one for one in flat.alarms.open if one.kind is AlarmKind.LOCKDOWN]
        return str(alarm.detail["scope"])

    for scope in (Scope(ScopeKind.DOOR, STREET.id), Scope(ScopeKind.FLOOR, "attic"), Scope()):
        await flat.store.begin_lockdown(scope, ALICE.id, "a stranger", NOON)
        await flat.changed()
        said.append(scopes())
    await flat.store.lift_lockdown(Scope(), BOB.id, "it was the plumber", NOON)
    await flat.changed()
    said.append(scopes())

    both = f"{STREET.name} and floor attic"
    assert said == [STREET.name, both, "the whole house", both]
    assert [alarm.count for alarm in flat.alarms.open if alarm.kind is AlarmKind.LOCKDOWN] == [1]


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
