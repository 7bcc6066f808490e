"""A door supervised: held, forced, ajar, propped, stuck, flapping, free and on fire, as its device tells it."""

import asyncio
from datetime import timedelta

import pytest

from controller.domain.alarm import AlarmKind, AlarmState
from controller.domain.door import DoorState, Input
from controller.domain.facts import FactKind
from controller.domain.house import HouseState, Override, Scope, ScopeKind, Wanted
from controller.domain.ids import DoorId
from controller.domain.rights import Read
from devices.messages import DeviceState, EventType, Status
from tests.support.doors import a_moment, edge, locks, passages, report, state, warned
from tests.support.services import ALICE, STREET, STREET_READER, STREET_UNIT, House


@pytest.fixture
async def house():
    house = House()
    async with house.working():
        house.bring_up()
        await locks(house)
        house.told.clear()
        yield house


def standing(house: House) -> list[AlarmKind]:
    return [alarm.kind for alarm in house.alarms.standing(STREET.id)]


async def seconds(house: House, count: int) -> None:
    """As the service does it: once a second somebody looks."""
    for _ in range(count):
        await asyncio.sleep(1)
        house.doors.sweep()


# --- ajar and stuck ---------------------------------------------------------------------------------------------------


async def test_a_door_that_closed_and_did_not_lock_is_ajar_after_three_seconds(house):
    await house.tap()
    report(house, "open", "unlocked")
    await a_moment()
    report(house, "closed", "unlocked")
    await asyncio.sleep(2.9)
    early = standing(house)
    await asyncio.sleep(0.2)

    assert (early, standing(house)) == ([], [AlarmKind.DOOR_AJAR])
    assert house.shown("door", "street")["alarm"] == "ajar"
    report(house, "closed", "locked")
    await a_moment()
    assert standing(house) == []


async def test_a_jammed_lock_is_an_alarm_until_the_bolt_moves_again(house):
    report(house, "closed", "jammed")
    report(house, "closed", "jammed")
    await a_moment()

    shown = house.shown("door", "street")
    assert (shown["state"], shown["alarm"], shown["alarms"]) == ("lock_fault", "lock_fault", ["lock_fault"])
    assert [alarm.count for alarm in house.alarms.open] == [1]
    report(house, "closed", "locked")
    await a_moment()
    assert standing(house) == []
    assert [alarm.state for alarm in house.alarms.open] == [AlarmState.CLEARED]


async def test_an_exit_button_active_for_more_than_30_s_is_a_fault(house):
    report(house, button=True)
    await seconds(house, 30)
    early = standing(house)
    await seconds(house, 1)

    assert (early, standing(house)) == ([], [AlarmKind.EXIT_BUTTON_STUCK])
    report(house, button=False)
    assert standing(house) == []


async def test_a_stuck_exit_button_is_not_an_exit(house):
    report(house, "closed", "locked", button=True)
    await seconds(house, 40)
    report(house, "closed", "locked", button=True)
    await asyncio.sleep(3)
    edge(house, EventType.REX)
    report(house, "open")
    await a_moment()

    assert AlarmKind.DOOR_FORCED in standing(house)


async def test_a_hand_that_stays_on_the_exit_button_is_leaving_all_the_while(house):
    edge(house, EventType.REX)
    report(house, button=True)
    await asyncio.sleep(20)
    report(house, "open", button=True)
    await a_moment()

    assert state(house) is DoorState.OPEN
    assert house.heard_of(FactKind.DOOR_FORCED) == []


# --- forced and held --------------------------------------------------------------------------------------------------


async def test_a_forced_door_that_stays_open_is_held_as_well_and_closing_clears_both(house):
    report(house, "open")
    await asyncio.sleep(61)
    both = standing(house)
    report(house, "closed")
    await a_moment()

    assert both == [AlarmKind.DOOR_FORCED, AlarmKind.DOOR_HELD]
    assert standing(house) == []
    assert [alarm.state for alarm in house.alarms.open] == [AlarmState.CLEARED] * 2


async def test_forced_again_before_anybody_looked_is_one_alarm_with_a_count(house):
    for _ in range(2):
        report(house, "open")
        await a_moment()
        await locks(house)

    (alarm,) = house.alarms.open
    assert (alarm.kind, alarm.count) == (AlarmKind.DOOR_FORCED, 2)


async def test_an_opening_within_two_seconds_of_the_relock_is_not_forced_and_a_later_one_is(house):
    await house.tap()
    report(house, "closed", "unlocked")
    await asyncio.sleep(6.5)
    report(house, "closed", "locked")
    await asyncio.sleep(1.9)
    report(house, "open")
    await a_moment()
    early = standing(house)
    await locks(house)
    report(house, "open")
    await a_moment()

    assert (early, standing(house)) == ([], [AlarmKind.DOOR_FORCED])


async def test_a_forced_contact_that_flaps_stays_forced(house):
    for word in ("open", "closed", "open"):
        report(house, word)
        await asyncio.sleep(0.05)
    await a_moment()

    assert state(house) is DoorState.FORCED
    assert len(house.heard_of(FactKind.DOOR_FORCED)) == 1


async def test_a_contact_that_flaps_faster_than_200_ms_is_one_event_with_a_count(house):
    async with house.journalling():
        for number in range(3):
            edge(house, EventType.DOOR_OPENED, id=f"open-{number}")
            await asyncio.sleep(0.05)
            edge(house, EventType.DOOR_CLOSED, id=f"closed-{number}")
            await asyncio.sleep(0.05)

    (fact,) = house.heard_of(FactKind.DOOR_OPENED, FactKind.DOOR_CLOSED)
    assert (fact.kind, fact.message_id) == (FactKind.DOOR_OPENED, "open-0")
    assert fact.detail == {"count": 6, "ended": "closed"}
    assert house.steps.count(("acknowledged", f"natoma/1/{STREET_UNIT}/up/event")) == 6


async def test_an_ordinary_movement_has_no_count_and_an_entry_does_not_wait_for_the_leaf_to_rest(house):
    await house.tap()
    edge(house, EventType.DOOR_OPENED)
    await asyncio.sleep(0.01)
    taken = passages(house)
    await a_moment()

    assert [kind for kind, *_ in taken] == [FactKind.ENTRY_TAKEN]
    assert [fact.detail for fact in house.heard_of(FactKind.DOOR_OPENED)] == [{}]


# --- propped ----------------------------------------------------------------------------------------------------------


def propped(house: House, minutes: float, id: str = "o1") -> HouseState:
    """What `natoma override street propped` leaves in the house."""
    now = house.clock.now()
    scope = Scope(ScopeKind.DOOR, STREET.id)
    until = now + timedelta(minutes=minutes)
    return HouseState(overrides=(Override(id, scope, Wanted.PROPPED, now, until, ALICE.id, "delivery"),))


async def by_leave(house: House, state: HouseState, count: int) -> None:
    for _ in range(count):
        house.doors.follow_props(state)
        await asyncio.sleep(1)


async def opened(house: House, id: str = "read-1") -> None:
    await house.tap(id=id)
    report(house, "open")
    await a_moment()


async def test_a_propped_door_is_not_held_until_its_time_is_over(house):
    await opened(house)
    leave = propped(house, 10)
    await by_leave(house, leave, 599)
    shown = house.shown("door", "street")
    during = (shown["state"], shown["propped_until"], standing(house))
    await by_leave(house, leave, 63)

    assert during == ("propped", leave.overrides[0].until.isoformat(), [])
    assert standing(house) == [AlarmKind.DOOR_HELD]
    assert house.shown("door", "street")["propped_until"] is None


async def test_a_propped_door_warns_nobody_until_its_time_is_over(house):
    await opened(house)
    leave = propped(house, 10)
    await by_leave(house, leave, 599)
    during = warned(house)
    await by_leave(house, leave, 33)

    assert during == []
    assert warned(house)[:1] == [STREET_UNIT]


async def test_leave_given_beforehand_counts_when_the_door_opens_and_a_held_alarm_ends_by_it(house):
    leave = propped(house, 10)
    await by_leave(house, leave, 3)
    closed = state(house)
    await opened(house)
    await by_leave(house, leave, 3)

    assert (closed, state(house)) == (DoorState.LOCKED, DoorState.PROPPED)


async def test_propping_a_held_door_ends_its_alarm(house):
    await opened(house)
    await asyncio.sleep(61)
    held = standing(house)
    await by_leave(house, propped(house, 10), 1)

    assert (held, standing(house)) == ([AlarmKind.DOOR_HELD], [])


async def test_a_prop_ends_when_the_door_closes(house):
    await opened(house)
    leave = propped(house, 10)
    await by_leave(house, leave, 3)
    await locks(house)
    await opened(house, "read-2")
    await by_leave(house, leave, 62)

    assert standing(house) == [AlarmKind.DOOR_HELD]


async def test_leave_that_is_taken_back_ends_at_once(house):
    await opened(house)
    await by_leave(house, propped(house, 10), 2)
    await by_leave(house, HouseState(), 1)

    assert state(house) is DoorState.OPEN


# --- modes ------------------------------------------------------------------------------------------------------------


async def test_a_door_in_an_unlock_mode_is_neither_forced_nor_held(house):
    worker = house.doors.of(STREET.id)
    worker.tell(Input.UNLOCK_BEGAN)
    report(house, "open", "unlocked")
    await asyncio.sleep(100)
    free = (state(house), standing(house))
    worker.tell(Input.UNLOCK_ENDED)
    await asyncio.sleep(61)

    assert free == (DoorState.FREE, [])
    assert standing(house) == [AlarmKind.DOOR_HELD]


async def test_a_door_in_an_unlock_mode_warns_nobody(house):
    worker = house.doors.of(STREET.id)
    worker.tell(Input.UNLOCK_BEGAN)
    report(house, "open", "unlocked")
    await asyncio.sleep(100)
    free = warned(house)
    worker.tell(Input.UNLOCK_ENDED)
    await asyncio.sleep(31)

    assert free == []
    assert warned(house)[:1] == [STREET_UNIT]


async def test_a_mode_told_before_the_door_was_sensed_counts_once_it_is():
    house = House()
    house.doors.of(STREET.id).tell(Input.UNLOCK_BEGAN)
    async with house.working():
        house.bring_up()
        await a_moment()
        before = state(house)
        report(house, "closed", "locked")
        await a_moment()

    assert (before, state(house)) == (DoorState.UNKNOWN, DoorState.FREE)


async def test_while_a_door_is_free_whoever_shows_a_badge_has_entered_once_it_opens(house):
    house.doors.of(STREET.id).tell(Input.UNLOCK_BEGAN)
    await house.tap(id="read-1")
    await asyncio.sleep(1)
    before = passages(house)
    report(house, "open")
    await a_moment()
    await house.tap(id="read-2")  # it stands open: no edge will come
    await a_moment()

    assert before == []
    assert passages(house) == [(FactKind.ENTRY_TAKEN, ALICE.id, "read-1"), (FactKind.ENTRY_TAKEN, ALICE.id, "read-2")]


async def test_a_door_released_for_fire_stays_released_until_the_fire_is_over(house):
    worker = house.doors.of(STREET.id)
    worker.tell(Input.FIRE_BEGAN)
    report(house, "open", "unlocked")
    worker.tell(Input.UNLOCK_ENDED)
    await asyncio.sleep(100)
    burning = (state(house), standing(house))
    worker.tell(Input.FIRE_ENDED)
    await locks(house)
    await asyncio.sleep(3)

    assert burning == (DoorState.FIRE, [])
    assert state(house) is DoorState.LOCKED


async def test_the_mode_and_why_it_is_so_are_on_the_live_feed(house):
    until = house.clock.now() + timedelta(hours=1)
    house.doors.of(STREET.id).set_mode("lockdown", until, "drill")

    shown = house.shown("door", "street")
    assert (shown["mode"], shown["mode_until"], shown["mode_why"]) == ("lockdown", until.isoformat(), "drill")


# --- what a passage carries -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("opened", "kind"), [(True, FactKind.ENTRY_TAKEN), (False, FactKind.ENTRY_NOT_TAKEN)], ids=["taken", "not taken"]
)
async def test_who_went_in_or_not_is_told_with_all_that_the_grant_said_and_where_from(house, opened, kind):
    read = Read(STREET_READER, "read-1", house.clock.now(), house.clock.now(), 0.0)
    charge = {"kind": "quota_day", "holder": "alice", "day": "2026-11-23"}
    house.doors.release(STREET, read, 5.0, ALICE, {"grant": "plan", "via": "full-time", "charge": charge})
    if opened:
        report(house, "open")
    await asyncio.sleep(7)

    (fact,) = house.heard_of(kind)
    assert fact.detail == {"grant": "plan", "via": "full-time", "charge": charge, "from": "outside"}
    assert (fact.area, fact.person, fact.correlation) == ("lobby", "alice", "read-1")


# --- devices ----------------------------------------------------------------------------------------------------------


async def test_a_door_without_its_device_for_a_minute_is_an_alarm_until_it_is_back(house):
    house.say(STREET_UNIT, Status(state=DeviceState.LOST, boot="boot-1"))
    await seconds(house, 60)
    early = standing(house)
    await seconds(house, 2)
    late = standing(house)
    house.say(STREET_UNIT, Status(state=DeviceState.READY, boot="boot-1"))
    await seconds(house, 70)

    assert (early, late, standing(house)) == ([], [AlarmKind.DOOR_DEVICE_LOST], [])


@pytest.mark.parametrize(("age_s", "late"), [(5, [False]), (600, [True]), (1_000, [])], ids=["now", "late", "history"])
async def test_an_alarm_learned_of_late_is_shown_as_late_and_an_older_one_is_recorded_only(house, age_s, late):
    edge(house, EventType.TAMPER, ts=house.clock.now() - timedelta(seconds=age_s))

    assert [alarm.late for alarm in house.alarms.open] == late
    assert len(house.heard_of(FactKind.TAMPERED)) == 1


async def test_an_alarm_of_a_door_that_has_left_the_space_is_over_and_still_waits_for_somebody(house):
    house.alarms.raise_(AlarmKind.DOOR_FORCED, door=DoorId("cellar"))

    assert [alarm.state for alarm in house.alarms.open] == [AlarmState.CLEARED]
