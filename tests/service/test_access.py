"""One badge tap: read, decided, recorded, acted on, in this order and once."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from controller.domain.facts import FactKind
from controller.domain.membership import Standing
from controller.errors import StoreError
from controller.services.ports import RegistrySnapshot
from devices.errors import NotConnected
from devices.messages import BadgeReadData, Command, Do, Event, EventType, Signal
from tests.support.services import (
    ALICE,
    CARD,
    LAB_UNIT,
    NOON,
    STRANGE_CARD,
    STREET_READER,
    STREET_READER_OUT,
    STREET_UNIT,
    House,
)

DISK_FULL = StoreError("events.db: the disk is full")
EVENTS = f"natoma/1/{STREET_READER}/up/event"


@pytest.fixture
async def house():
    house = House()
    house.bring_up()
    house.steps.clear()
    return house


def unlocks(house: House) -> list[Command]:
    return [
        sent.message
        for sent in house.outbound.sent
        if isinstance(sent.message, Command) and sent.message.do is Do.UNLOCK
    ]


def signals(house: House) -> list[tuple[str, Signal]]:
    return [
        (sent.device, sent.message.shows)
        for sent in house.outbound.sent
        if isinstance(sent.message, Command) and sent.message.do is Do.SIGNAL
    ]


# --- granted ----------------------------------------------------------------------------------------------------------


async def test_a_grant_is_recorded_before_the_unlock_is_sent_and_acknowledged_after_it(house):
    await house.tap()

    assert house.steps == [
        ("recorded", "entry_granted"),
        ("sent", STREET_UNIT, "unlock"),
        ("sent", STREET_READER, "signal"),
        ("acknowledged", EVENTS),
    ]


async def test_the_unlock_carries_the_reads_id_a_short_life_and_the_hold_time(house):
    await house.tap(id="read-9")

    (sent,) = [sent for sent in house.outbound.sent if sent.device == STREET_UNIT]
    command = sent.message
    assert (command.re, command.ttl_ms, command.hold_s, command.channel) == ("read-9", 3_000, 5.0, "door.lock")
    assert (sent.expiry_s, sent.correlation) == (3, "read-9")
    assert command.ts == house.clock.now()


async def test_the_screens_hear_of_a_tap_once(house):
    await house.tap(id="read-1")
    await house.tap(id="read-1")
    await house.tap(id="read-2", card=STRANGE_CARD)

    decided = house.heard_of(FactKind.ENTRY_GRANTED, FactKind.ENTRY_DENIED)
    assert [(fact.kind, fact.message_id) for fact in decided] == [
        (FactKind.ENTRY_GRANTED, "read-1"),
        (FactKind.ENTRY_DENIED, "read-2"),
    ]


async def test_whoever_needs_time_is_given_three_times_as_much():
    slow = replace(ALICE, needs_time=True)
    house = House(people=replace(House().index.people, people={slow.id: slow}))
    house.bring_up()

    await house.tap()

    assert unlocks(house)[0].hold_s == 15.0


async def test_a_reader_apart_from_the_lock_is_told_ok_and_a_unit_that_reads_needs_no_second_message(house):
    await house.tap()
    await house.tap(LAB_UNIT, id="read-2")

    assert signals(house) == [(STREET_READER, Signal.GRANTED)]
    assert [sent.device for sent in house.outbound.sent] == [STREET_UNIT, STREET_READER, LAB_UNIT]


async def test_in_grace_the_member_enters_and_is_told_at_a_reader_apart_and_at_a_unit_that_reads():
    known = House().index.people
    (held,) = known.memberships[ALICE.id]
    house = House(people=replace(known, memberships={ALICE.id: (replace(held, standing=Standing.GRACE),)}))
    house.bring_up()

    await house.tap()
    await house.tap(LAB_UNIT, id="read-2")

    assert [command.reason for command in unlocks(house)] == ["in_grace", "in_grace"]
    assert signals(house) == [(STREET_READER, Signal.GRANTED)]
    assert [sent.message.reason for sent in house.outbound.sent if sent.device == STREET_READER] == ["in_grace"]


async def test_whoever_owes_nothing_is_told_nothing(house):
    await house.tap()

    assert [sent.message.reason for sent in house.outbound.sent] == [None, None]


async def test_the_record_holds_what_the_decision_was_made_from_and_no_badge_number(house):
    await house.tap(ts=NOON)

    (logged,) = house.log.facts
    fact = logged.fact
    assert (fact.person, fact.door, fact.message_id, fact.correlation) == (ALICE.id, "street", "read-1", "read-1")
    assert set(fact.detail["inputs"]) == {"credential", "person", "memberships"}
    assert {key: value for key, value in fact.detail.items() if key != "inputs"} == {
        "policy": "v1",
        "registry": 7,
        "credential": "badge-alice",
        "last_two": CARD[-2:],
        "reader": STREET_READER,
        "read_at": NOON.isoformat(),
        "age_s": 0.0,
        "direction": "in",
        "failed": (),
        "grant": "plan",
        "via": "full-time",
        "hold_s": 5.0,
    }
    assert CARD not in repr(fact)


async def test_whoever_leaves_is_let_out_whatever_they_show(house):
    await house.tap(STREET_READER_OUT, STRANGE_CARD)

    assert len(unlocks(house)) == 1
    assert house.log.facts[0].fact.detail["grant"] == "exit"


async def test_a_reader_outside_that_says_out_lets_nobody_in(house):
    await house.tap(STREET_READER, STRANGE_CARD, direction="out")

    assert unlocks(house) == []
    assert house.log.facts[0].fact.detail["direction"] == "in"


async def test_a_unit_that_reads_on_both_sides_says_itself_which_it_was(house):
    await house.tap(LAB_UNIT, STRANGE_CARD, direction="out")

    assert len(unlocks(house)) == 1


# --- denied -----------------------------------------------------------------------------------------------------------


async def test_a_refused_badge_is_recorded_and_signalled_with_its_reason_and_opens_nothing(house):
    await house.tap(card=STRANGE_CARD)

    assert house.steps == [
        ("recorded", "entry_denied"),
        ("sent", STREET_READER, "signal"),
        ("acknowledged", EVENTS),
    ]
    assert house.outbound.to(STREET_READER)[0].reason == "unknown_credential"
    assert signals(house) == [(STREET_READER, Signal.DENIED)]


async def test_a_read_without_a_card_is_nobodys_badge(house):
    house.say(STREET_READER, Event(id="pin-1", type=EventType.PIN_ENTERED, data=BadgeReadData(pin="123456")))
    await house.settled()

    assert house.log.kinds() == [FactKind.ENTRY_DENIED]
    assert house.log.facts[0].fact.detail["reason"] == "unknown_credential"
    assert "123456" not in repr(house.log.facts)


async def test_a_reader_at_no_door_is_answered_no_and_not_left_waiting(house):
    bare = replace(house.index.space.devices[STREET_READER], door=None)
    house.index.publish(replace(house.index.space, devices={**house.index.space.devices, STREET_READER: bare}))

    await house.tap()

    assert house.outbound.to(STREET_READER)[0].reason == "unknown_door"
    assert unlocks(house) == []


# --- reads that never unlock ------------------------------------------------------------------------------------------


async def test_a_repeat_of_a_read_opens_nothing_a_second_time(house):
    await house.tap(id="read-1")
    await house.tap(id="read-1")

    assert len(unlocks(house)) == 1
    assert house.log.kinds() == [FactKind.ENTRY_GRANTED]
    (refused,) = [item.refused for item in house.spool._waiting]
    assert (refused.reason, refused.path) == ("duplicate", "id")
    assert CARD not in refused.sample
    async with house.working():
        await asyncio.sleep(0.1)
    assert house.steps.count(("acknowledged", EVENTS)) == 2


async def test_a_read_dated_ahead_of_us_is_recorded_at_its_arrival_with_how_far_it_was_off(house):
    await house.tap(id="read-1", ts=NOON + timedelta(minutes=10))

    (logged,) = house.log.facts
    assert logged.fact.detail["read_at"] == NOON.isoformat()
    assert logged.fact.detail["clock_ahead_s"] == 600


@pytest.mark.parametrize("failure", [None, DISK_FULL], ids=["that writes", "that fails"])
async def test_two_repeats_that_wait_for_a_log_together_open_once(house, failure):
    house.log.failure = failure
    event = Event(id="read-1", type=EventType.BADGE_READ, data=BadgeReadData(card=CARD, bits=56, format="iso14443a"))
    house.say(STREET_READER, event)
    house.say(STREET_READER, event)
    await house.settled()

    assert len(unlocks(house)) == 1


async def test_the_same_id_from_another_reader_is_another_read(house):
    await house.tap(STREET_READER, id="read-1")
    await house.tap(LAB_UNIT, id="read-1")

    assert [sent.device for sent in house.outbound.sent if sent.message.do is Do.UNLOCK] == [STREET_UNIT, LAB_UNIT]


async def test_a_retained_read_is_refused_with_its_reason_and_decides_nothing(house):
    async with house.working():
        await house.tap(retained=True)
        await asyncio.sleep(0.1)

    assert house.log.facts == []
    assert unlocks(house) == []
    assert [refused.reason for refused in house.telemetry_log.refused] == ["retained_event"]


@pytest.mark.parametrize(("age_s", "opens"), [(4.9, True), (6.0, False)], ids=["4.9 s old opens", "6 s old does not"])
async def test_a_read_unlocks_for_five_seconds(house, age_s, opens):
    await house.tap(ts=NOON - timedelta(seconds=age_s))

    assert bool(unlocks(house)) is opens
    assert house.log.kinds() == [FactKind.ENTRY_GRANTED if opens else FactKind.READ_IGNORED]


async def test_a_read_that_was_nobody_at_the_door_is_answered_to_nobody(house):
    await house.tap(ts=NOON - timedelta(seconds=6))

    assert house.outbound.sent == []


async def test_a_clockless_reader_counts_the_age_of_its_reads_itself(house):
    await house.tap(age_ms=6_000)

    assert unlocks(house) == []
    assert house.log.facts[0].fact.detail["reason"] == "stale_read"


async def test_a_read_that_waited_at_the_broker_and_has_no_time_never_unlocks(house):
    await house.tap(backlog=True)

    assert unlocks(house) == []
    assert house.log.kinds() == [FactKind.READ_IGNORED]


async def test_a_read_that_waited_at_the_broker_a_moment_and_says_so_unlocks(house):
    await house.tap(backlog=True, ts=NOON - timedelta(seconds=1))

    assert len(unlocks(house)) == 1


@pytest.mark.parametrize("card", ["04AF6", "not-hex"], ids=["odd digits", "no digits"])
async def test_a_badge_that_cannot_be_read_is_refused_as_schema_and_told_so(house, card):
    async with house.working():
        await house.tap(card=card)
        await asyncio.sleep(0.1)

    assert house.log.facts == []
    (refused,) = house.telemetry_log.refused
    assert (refused.reason, refused.path, refused.device) == ("schema", "data.card", STREET_READER)
    assert [message.reason for message in house.outbound.to(STREET_READER)] == ["schema"]
    assert unlocks(house) == []


# --- when something is broken -----------------------------------------------------------------------------------------


async def test_a_door_that_admits_without_the_log_writes_to_the_reserve_and_opens(house):
    house.log.failure = DISK_FULL

    await house.tap()

    assert [fact.kind for fact in house.reserve.facts] == [FactKind.ENTRY_GRANTED]
    assert len(unlocks(house)) == 1


async def test_a_door_that_admits_without_the_log_stays_shut_without_the_reserve_too(house):
    house.log.failure = DISK_FULL
    house.reserve.failure = StoreError("reserve.jsonl: full")

    await house.tap()

    assert unlocks(house) == []
    assert house.outbound.to(STREET_READER)[0].reason == "log_unavailable"


async def test_a_restricted_door_stays_shut_without_the_log(house):
    house.log.failure = DISK_FULL

    await house.tap(LAB_UNIT)

    assert unlocks(house) == []
    assert house.reserve.facts == []
    assert house.outbound.to(LAB_UNIT)[0].reason == "log_unavailable"


async def test_a_refusal_stays_the_same_refusal_without_the_log(house):
    house.log.failure = DISK_FULL

    await house.tap(card=STRANGE_CARD)

    assert house.outbound.to(STREET_READER)[0].reason == "unknown_credential"
    assert house.reserve.facts == []


async def test_a_repeat_opens_nothing_a_second_time_without_the_log_either(house):
    house.log.failure = DISK_FULL

    await house.tap(id="read-1")
    await house.tap(id="read-1")

    assert len(unlocks(house)) == 1
    assert len(house.reserve.facts) == 1


async def test_a_repeat_of_a_read_answered_from_the_reserve_opens_nothing_once_the_log_is_back(house):
    house.log.failure = DISK_FULL
    await house.tap(id="read-1")
    house.log.failure = None

    await house.tap(id="read-1")

    assert len(unlocks(house)) == 1


@pytest.mark.parametrize(
    ("reader", "card", "reason"),
    [(LAB_UNIT, CARD, "log_unavailable"), (STREET_READER, STRANGE_CARD, "unknown_credential")],
    ids=["at a restricted door", "of an unknown badge"],
)
async def test_what_was_refused_without_the_log_is_in_it_once_it_is_back(house, reader, card, reason):
    house.log.failure = DISK_FULL
    await house.tap(reader, card)

    async with house.journalling():
        house.log.failure = None

    (logged,) = [logged for logged in house.log.facts if logged.fact.kind is FactKind.ENTRY_DENIED]
    assert (logged.fact.detail["reason"], logged.fact.message_id) == (reason, "read-1")


async def test_a_lock_that_is_offline_is_sent_nothing_and_the_reader_says_try_again():
    house = House()
    house.bring_up(STREET_READER)

    await house.tap()

    assert house.outbound.to(STREET_UNIT) == []
    assert signals(house) == [(STREET_READER, Signal.TRY_AGAIN)]
    assert [fact.detail for fact in house.heard_of(FactKind.UNLOCK_NOT_SENT)] == [{"reason": "door_offline"}]


async def test_a_unit_that_is_not_ready_is_sent_nothing_at_all():
    house = House()

    await house.tap(LAB_UNIT)

    assert house.outbound.sent == []
    assert house.log.kinds() == [FactKind.ENTRY_GRANTED]


async def test_without_a_connection_nothing_is_sent_now_or_later(house):
    house.outbound.failure = NotConnected("broker:1883: not connected")
    await house.tap()
    house.outbound.failure = None
    house.doors.sweep()

    assert house.outbound.sent == []
    assert [fact.detail for fact in house.heard_of(FactKind.UNLOCK_NOT_SENT)] == [{"reason": "not_connected"}]
    assert ("acknowledged", EVENTS) in house.steps


async def test_what_a_reader_says_is_counted_by_its_answer(house):
    await house.tap(id="read-1")
    await house.tap(id="read-1")
    await house.tap(id="read-2", card=STRANGE_CARD)

    counts = {
        family.name: {dict(labels).get("answer", ""): series.value for labels, series in family.series.items()}
        for family in house.meters.families()
        if family.name in ("natoma_decisions_total", "natoma_reads_repeated_total")
    }
    assert counts == {"natoma_decisions_total": {"granted": 1, "denied": 1}, "natoma_reads_repeated_total": {"": 1}}


async def test_a_house_without_people_refuses_everybody():
    house = House(people=RegistrySnapshot(0))
    house.bring_up()

    await house.tap()

    assert unlocks(house) == []
