"""A door after its unlock was sent: what its device says, and what becomes of whoever was let in."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from controller.domain.door import DoorState
from controller.domain.facts import FactKind
from devices.errors import NotConnected
from devices.messages import Ack, AckPhase, AckReason, DeviceState, Do, Event, EventType, Status
from tests.support.doors import a_moment, edge, locks, passages, report, state, unlock_id, warned
from tests.support.services import (
    ALICE,
    LAB_UNIT,
    SPACE,
    STREET,
    STREET_READER,
    STREET_READER_OUT,
    STREET_UNIT,
    House,
    with_door,
)


@pytest.fixture
async def house():
    house = House()
    async with house.working():
        house.bring_up()
        await locks(house)
        house.told.clear()
        yield house


# --- entries ----------------------------------------------------------------------------------------------------------


async def test_an_opening_after_a_grant_is_that_persons_entry(house):
    await house.tap(id="read-1")
    await asyncio.sleep(2)
    report(house, "open", "unlocked")
    await a_moment()

    assert passages(house) == [(FactKind.ENTRY_TAKEN, ALICE.id, "read-1")]
    assert house.shown("door", "street")["state"] == "open"


async def test_whoever_does_not_go_through_has_not_entered(house):
    await house.tap(id="read-1")
    await asyncio.sleep(6.5)  # the release time, and a second for an opening to travel

    assert passages(house) == [(FactKind.ENTRY_NOT_TAKEN, ALICE.id, "read-1")]


async def test_an_opening_in_the_last_moment_of_the_release_time_is_still_an_entry(house):
    await house.tap()
    await asyncio.sleep(5.8)
    report(house, "open")
    await a_moment()

    assert [kind for kind, *_ in passages(house)] == [FactKind.ENTRY_TAKEN]


async def test_two_who_were_let_in_at_once_both_enter_by_one_opening(house):
    await house.tap(id="read-1")
    await house.tap(id="read-2")
    report(house, "open")
    await a_moment()

    assert [correlation for _, _, correlation in passages(house)] == ["read-1", "read-2"]


async def test_an_entry_is_noted_once_and_not_again_with_the_next(house):
    await house.tap(id="read-1")
    report(house, "open")
    await a_moment()
    await locks(house)
    await house.tap(id="read-2")
    report(house, "open")
    await a_moment()

    assert [correlation for _, _, correlation in passages(house)] == ["read-1", "read-2"]


async def test_a_bolt_that_went_in_early_counts_once_the_release_time_is_over(house):
    await house.tap()
    report(house, "closed", "locked")
    await asyncio.sleep(5)
    released = house.shown("door", "street")["state"]
    await asyncio.sleep(4)

    assert (released, house.shown("door", "street")["state"]) == ("released", "locked")
    assert state(house) is DoorState.LOCKED


async def test_a_door_without_a_contact_takes_the_grant_for_the_entry():
    house = House(space=with_door(SPACE, replace(STREET, has_contact=False)))
    async with house.working():
        house.bring_up()
        await house.tap()
        await a_moment()

    assert [kind for kind, *_ in passages(house)] == [FactKind.ENTRY_TAKEN]


async def test_whoever_leaves_by_badge_is_no_entry_and_no_forced_door(house):
    await house.tap(STREET_READER_OUT)
    report(house, "open")
    await a_moment()

    assert passages(house) == []
    assert house.shown("door", "street")["alarm"] is None


# --- alarms -----------------------------------------------------------------------------------------------------------


async def test_a_locked_door_that_opens_by_itself_is_forced_until_it_closes(house):
    report(house, "open")
    await a_moment()
    forced = house.shown("door", "street")
    report(house, "closed")
    await a_moment()

    assert (forced["state"], forced["alarm"]) == ("forced", "forced")
    assert len(house.heard_of(FactKind.DOOR_FORCED)) == 1
    assert house.shown("door", "street")["alarm"] is None


async def test_an_opening_after_the_exit_button_is_not_forced(house):
    edge(house, EventType.REX)
    await a_moment()
    report(house, "open")
    await a_moment()

    assert house.heard_of(FactKind.DOOR_FORCED) == []
    assert len(house.heard_of(FactKind.EXIT_REQUESTED)) == 1


async def test_a_door_left_open_is_warned_of_at_30_s_and_held_at_60_s_once(house):
    await house.tap()
    report(house, "open")
    moments = []
    for second in range(1, 120):
        await asyncio.sleep(1)
        kinds = {fact.kind for fact in house.heard_of(FactKind.DOOR_HELD_WARNING, FactKind.DOOR_HELD)}
        moments += [(second, kind) for kind in kinds if kind not in [known for _, known in moments]]

    assert moments == [(30, FactKind.DOOR_HELD_WARNING), (60, FactKind.DOOR_HELD)]
    assert house.shown("door", "street")["alarm"] == "held"
    assert len(house.heard_of(FactKind.DOOR_HELD)) == 1


async def test_whoever_holds_a_door_open_is_warned_at_it_at_30_s_once(house):
    await house.tap()
    report(house, "open")
    await asyncio.sleep(29)
    early = warned(house)
    await asyncio.sleep(2)
    in_time = warned(house)
    await asyncio.sleep(90)

    assert (early, in_time) == ([], [STREET_UNIT, STREET_READER, STREET_READER_OUT])
    assert warned(house) == in_time
    command = house.outbound.to(STREET_READER)[-1]
    assert (command.do, command.reason, command.re, command.ttl_ms) == (Do.SIGNAL, "held_open", None, 3000)


async def test_a_device_that_is_lost_is_not_warned_and_the_others_are(house):
    house.say(STREET_READER, Status(state=DeviceState.LOST, boot="boot-1"))
    await house.tap(STREET_READER_OUT)
    report(house, "open")
    await asyncio.sleep(31)

    assert warned(house) == [STREET_UNIT, STREET_READER_OUT]


async def test_a_door_whose_unit_is_lost_while_it_is_open_warns_nobody(house):
    await house.tap()
    report(house, "open")
    await asyncio.sleep(10)
    house.say(STREET_UNIT, Status(state=DeviceState.LOST, boot="boot-1"))
    await asyncio.sleep(60)

    assert warned(house) == []


async def test_an_opening_that_is_told_late_warns_nobody(house):
    edge(house, EventType.DOOR_OPENED, age_ms=61_000)
    await asyncio.sleep(60)

    assert warned(house) == []


async def test_a_warning_that_nobody_can_carry_is_not_made_up_for(house):
    await house.tap()
    report(house, "open")
    await asyncio.sleep(29)
    house.outbound.failure = NotConnected("no link")
    await asyncio.sleep(2)
    house.outbound.failure = None
    await asyncio.sleep(20)

    assert warned(house) == []
    assert len(house.heard_of(FactKind.DOOR_HELD_WARNING)) == 1


async def test_closing_ends_a_held_alarm(house):
    await house.tap()
    report(house, "open")
    await asyncio.sleep(61)
    report(house, "closed", "locked")
    await a_moment()

    assert house.shown("door", "street")["alarm"] is None


async def test_a_door_that_closed_in_time_is_never_called_held(house):
    await house.tap()
    report(house, "open")
    await asyncio.sleep(29)
    report(house, "closed", "locked")
    await asyncio.sleep(120)

    assert house.heard_of(FactKind.DOOR_HELD_WARNING, FactKind.DOOR_HELD) == []
    assert state(house) is DoorState.LOCKED


async def test_tampering_is_shown_until_the_device_starts_anew(house):
    edge(house, EventType.TAMPER)
    raised = house.shown("door", "street")["alarm"]
    house.say(STREET_UNIT, Status(state=DeviceState.READY, boot="boot-2"))

    assert raised == "tamper"
    assert house.shown("door", "street")["alarm"] is None


# --- what comes late, twice, or out of order --------------------------------------------------------------------------


@pytest.mark.parametrize("event", [EventType.DOOR_OPENED, EventType.DOOR_CLOSED, EventType.REX])
async def test_an_edge_older_than_a_minute_is_recorded_and_moves_nothing(house, event):
    before = state(house)

    edge(house, event, ts=house.clock.now() - timedelta(seconds=61))
    await a_moment()

    assert state(house) is before
    assert [fact.detail for fact in house.told] == [{"late_s": 61.0}]


async def test_an_edge_a_minute_old_still_counts(house):
    edge(house, EventType.DOOR_OPENED, ts=house.clock.now() - timedelta(seconds=57))
    await asyncio.sleep(1.6)  # a reader beside the lock may still explain it

    assert state(house) is DoorState.FORCED


async def test_an_edge_of_nobody_knows_when_is_history_and_can_be_written_down(house):
    edge(house, EventType.DOOR_OPENED, backlog=True)
    await a_moment()

    assert state(house) is DoorState.LOCKED
    assert [fact.detail for fact in house.told] == [{"late_s": None}]


@pytest.mark.parametrize(("age_s", "alarm"), [(600, "tamper"), (1_000, None)], ids=["late", "history"])
async def test_tampering_told_late_is_an_alarm_and_long_ago_is_none(house, age_s, alarm):
    edge(house, EventType.TAMPER, ts=house.clock.now() - timedelta(seconds=age_s))

    assert house.shown("door", "street")["alarm"] == alarm
    assert len(house.heard_of(FactKind.TAMPERED)) == 1


async def test_the_same_edge_told_twice_is_one_fact(house):
    async with house.journalling():
        edge(house, EventType.REX, id="rex-7")
        edge(house, EventType.REX, id="rex-7")

    assert len(house.heard_of(FactKind.EXIT_REQUESTED)) == 1
    assert house.steps.count(("acknowledged", f"natoma/1/{STREET_UNIT}/up/event")) == 2


async def test_an_older_report_never_replaces_a_newer_one(house):
    now = house.clock.now()
    report(house, "closed", "locked", ts=now)
    report(house, "open", ts=now - timedelta(seconds=1))
    await a_moment()

    assert house.shown("door", "street")["contact"] == "closed"
    assert state(house) is DoorState.LOCKED


async def test_a_device_that_starts_anew_with_another_clock_is_believed_at_once(house):
    report(house, "closed", "locked", ts=house.clock.now() + timedelta(hours=1))
    house.say(STREET_UNIT, Status(state=DeviceState.READY, boot="boot-2"))
    report(house, "open", ts=house.clock.now())
    await a_moment()

    assert house.shown("door", "street")["contact"] == "open"


async def test_a_report_that_leaves_something_out_says_nothing_new_of_it(house):
    report(house, lock="jammed")
    await a_moment()

    shown = house.shown("door", "street")
    assert (shown["contact"], shown["lock"]) == ("closed", "jammed")


# --- the unlock's own fate --------------------------------------------------------------------------------------------


async def test_an_unlock_the_lock_confirmed_is_noted_with_the_time_it_took(house):
    await house.tap(id="read-1")
    await asyncio.sleep(0.25)
    house.say(STREET_UNIT, Ack(re=unlock_id(house), phase=AckPhase.ACCEPTED))
    house.say(STREET_UNIT, Ack(re=unlock_id(house), phase=AckPhase.DONE))
    await asyncio.sleep(10)
    house.doors.sweep()

    (fact,) = house.heard_of(FactKind.UNLOCK_CONFIRMED)
    assert (fact.detail["took_ms"], fact.correlation, fact.person) == (250, "read-1", ALICE.id)
    assert house.heard_of(FactKind.UNLOCK_REFUSED) == []


async def test_an_unlock_nobody_confirms_is_not_taken_for_done(house):
    await house.tap(id="read-1")
    await asyncio.sleep(4)
    house.doors.sweep()
    early = list(house.heard_of(FactKind.UNLOCK_REFUSED))
    await asyncio.sleep(1.5)
    house.doors.sweep()
    house.doors.sweep()
    await a_moment()

    assert early == []
    (fact,) = house.heard_of(FactKind.UNLOCK_REFUSED)
    assert (fact.detail["reason"], fact.correlation) == ("no_answer", "read-1")
    assert passages(house) == [(FactKind.ENTRY_NOT_TAKEN, ALICE.id, "read-1")]


async def test_a_lock_that_refuses_says_why_and_nobody_is_taken_to_have_entered(house):
    await house.tap(id="read-1")
    house.say(STREET_UNIT, Ack(re=unlock_id(house), phase=AckPhase.REFUSED, reason=AckReason.JAMMED))
    await a_moment()

    assert [fact.detail["reason"] for fact in house.heard_of(FactKind.UNLOCK_REFUSED)] == ["jammed"]
    assert [kind for kind, *_ in passages(house)] == [FactKind.ENTRY_NOT_TAKEN]


async def test_another_device_cannot_answer_for_the_lock(house):
    await house.tap()
    house.say(LAB_UNIT, Ack(re=unlock_id(house), phase=AckPhase.DONE))
    house.say(STREET_READER, Ack(re="never-sent", phase=AckPhase.DONE))

    assert house.heard_of(FactKind.UNLOCK_CONFIRMED) == []


# --- when the device is lost ------------------------------------------------------------------------------------------


async def test_a_lost_unit_leaves_its_door_unknown_and_keeps_the_alarm(house):
    report(house, "open")
    await a_moment()
    house.say(STREET_UNIT, Status(state=DeviceState.LOST, boot="boot-1"))
    await a_moment()

    shown = house.shown("door", "street")
    assert (shown["state"], shown["device"], shown["alarm"]) == ("unknown", "lost", "forced")


async def test_a_unit_that_is_lost_while_somebody_goes_in_leaves_them_not_entered(house):
    await house.tap()
    house.say(STREET_UNIT, Status(state=DeviceState.LOST, boot="boot-1"))
    await a_moment()

    assert [kind for kind, *_ in passages(house)] == [FactKind.ENTRY_NOT_TAKEN]


async def test_a_door_is_unknown_until_its_unit_reports():
    house = House()
    async with house.working():
        house.bring_up()
        await a_moment()
        before = house.shown("door", "street")
        await locks(house)

    assert (before["state"], before["contact"], before["reported_at"]) == ("unknown", "unknown", None)
    assert house.shown("door", "street")["state"] == "locked"
    assert house.shown("door", "street")["reported_at"] is not None


# --- the rest ---------------------------------------------------------------------------------------------------------


async def test_a_reader_that_is_tampered_with_is_an_alarm_at_its_door(house):
    house.say(STREET_READER, Event(id="tamper-1", type=EventType.TAMPER))

    (fact,) = house.heard_of(FactKind.TAMPERED)
    assert (fact.device, fact.door) == (STREET_READER, "street")
    assert house.shown("door", "street")["alarm"] == "tamper"


async def test_a_door_that_says_too_much_at_once_drops_and_says_so(house, caplog):
    for _ in range(300):
        report(house, "closed", "locked")

    assert "Street door says more than can be followed" in caplog.text
    await a_moment()
    assert state(house) is DoorState.LOCKED
