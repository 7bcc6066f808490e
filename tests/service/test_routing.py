"""Off the wire: who hears what, what is refused before anybody hears it, and that a repeat does nothing."""

from datetime import timedelta

import pytest

from controller.app.routing import handlers
from controller.domain.facts import FactKind
from controller.errors import StoreError
from controller.services.inbound import Router
from controller.services.repeats import LIFETIME, Repeats
from devices.messages import (
    Ack,
    AckPhase,
    Birth,
    ChannelSpec,
    DeviceState,
    Event,
    EventType,
    Health,
    State,
    Status,
    Telemetry,
)
from devices.topics import UP_KINDS, Kind
from tests.support.services import LAB_UNIT, NOON, SENSOR, STREET_UNIT, HandClock, House

MESSAGES = {
    Kind.BIRTH: Birth(contract="1.0", rev=1, every_s=60, channels={"t": ChannelSpec(device_class="temperature")}),
    Kind.STATUS: Status(state=DeviceState.READY, boot="boot-1"),
    Kind.TELEMETRY: Telemetry(v={"t": 21.5}),
    Kind.STATE: State(ts=NOON, v={"window": "open"}),
    Kind.EVENT: Event(id="e-1", type=EventType.REX),
    Kind.ACK: Ack(re="c-1", phase=AckPhase.DONE),
    Kind.HEALTH: Health(battery=80),
}


@pytest.fixture
def house():
    return House(clock=HandClock())


def acknowledged(house: House) -> list[str]:
    return [step[1] for step in house.steps if step[0] == "acknowledged"]


def refused(house: House) -> list[str]:
    """Reasons of what waits in the spool to be stored as refused; nothing is acknowledged before that."""
    return [item.refused.reason for item in house.spool._waiting if item.refused is not None]


def test_every_kind_a_device_can_say_has_a_handler(house):
    table = handlers(
        house.services.reads,
        house.doors,
        house.modes,
        house.booths,
        house.rooms,
        house.presence,
        None,
        house.services.lists,
        house.services.local,
    )

    assert set(table) == set(MESSAGES) == set(UP_KINDS)


@pytest.mark.parametrize("kind", sorted(set(MESSAGES) - {Kind.TELEMETRY, Kind.EVENT}))
def test_what_needs_no_store_is_acknowledged_once_when_it_was_taken(house, kind):
    house.say(SENSOR, MESSAGES[kind])

    assert acknowledged(house) == [f"natoma/1/{SENSOR}/up/{kind}"]


async def test_an_event_is_not_acknowledged_before_it_is_in_the_log(house):
    async with house.journalling():
        house.say(STREET_UNIT, MESSAGES[Kind.EVENT])
        assert acknowledged(house) == []

    assert acknowledged(house) == [f"natoma/1/{STREET_UNIT}/up/event"]


async def test_while_the_log_fails_events_are_not_held_back_in_front_of_the_reads_behind_them(house):
    house.log.failure = StoreError("events.db: the disk is full")
    async with house.journalling():
        house.say(STREET_UNIT, MESSAGES[Kind.EVENT])

    assert acknowledged(house) == [f"natoma/1/{STREET_UNIT}/up/event"]
    assert len(house.journal._notes) == 1


def test_readings_are_not_acknowledged_before_they_are_stored(house):
    house.say(SENSOR, MESSAGES[Kind.TELEMETRY])

    assert acknowledged(house) == []
    assert house.spool.waiting == 1


def test_a_message_of_a_kind_nobody_handles_is_taken_and_forgotten(house):
    deaf = Router(house.topics, lambda: house.index.space.devices, {}, house.refusals, house.meters)
    house.router = deaf

    house.say(SENSOR, MESSAGES[Kind.HEALTH])

    assert acknowledged(house) == [f"natoma/1/{SENSOR}/up/health"]


@pytest.mark.parametrize(
    ("topic", "payload", "reason"),
    [
        (f"natoma/1/{SENSOR}/up/telemetry", b"{", "bad_json"),
        (f"natoma/1/{SENSOR}/up/telemetry", b'{"v":{"t":NaN}}', "bad_json"),
        (f"natoma/1/{SENSOR}/up/event", b"", "bad_json"),
        (f"natoma/1/{SENSOR}/up/status", b'{"state":"fine","boot":"1"}', "schema"),
        (f"natoma/1/{SENSOR}/up/telemetry", b" " * (64 * 1024 + 1), "too_large"),
        (f"natoma/1/{SENSOR}/up/opinion", b"{}", "unknown_topic"),
        (f"natoma/2/{SENSOR}/up/telemetry", b"{}", "unknown_topic"),
        ("natoma/1/stranger/up/telemetry", b'{"v":{"t":1}}', "unknown_device"),
    ],
    ids=["no JSON", "NaN", "empty event", "unknown word", "too large", "unknown kind", "other major", "stranger"],
)
def test_what_breaks_the_contract_is_kept_with_its_reason_and_heard_by_nobody(house, topic, payload, reason):
    house.deliver(topic, payload)

    assert refused(house) == [reason]
    assert acknowledged(house) == []
    assert [fact.kind for fact in house.told] == [FactKind.MESSAGE_REFUSED]


def test_a_retained_message_that_was_cleared_is_no_message(house):
    for kind in (Kind.BIRTH, Kind.STATUS, Kind.STATE):
        house.deliver(f"natoma/1/{SENSOR}/up/{kind}", b"")

    assert len(acknowledged(house)) == 3
    assert refused(house) == []


def test_our_own_heartbeat_is_not_a_device(house):
    house.deliver("natoma/1/server/up/status", b'{"state":"ready","boot":"1"}')

    assert acknowledged(house) == ["natoma/1/server/up/status"]
    assert house.told == []


def test_messages_are_counted_by_kind(house):
    house.say(SENSOR, MESSAGES[Kind.HEALTH])
    house.say(SENSOR, MESSAGES[Kind.HEALTH])
    house.deliver(f"natoma/1/{SENSOR}/up/health", b"{")

    (family,) = [family for family in house.meters.families() if family.name == "natoma_messages_received_total"]
    assert family.series[("kind", "health"),].value == 2


def test_fields_of_a_later_minor_version_are_ignored_and_counted(house):
    house.deliver(f"natoma/1/{SENSOR}/up/health", b'{"battery": 80, "mood": "fine", "plans": {"x": 1}}')

    (family,) = [family for family in house.meters.families() if family.name == "natoma_unknown_fields_total"]
    assert family.series[()].value == 2
    assert house.shown("device", SENSOR)["battery"] == 80


# --- signs of life ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [Kind.EVENT, Kind.STATE, Kind.ACK, Kind.HEALTH, Kind.TELEMETRY])
def test_whatever_a_silent_device_says_ends_its_silence(house, kind):
    house.say(SENSOR, MESSAGES[Kind.STATUS])
    house.say(SENSOR, MESSAGES[Kind.BIRTH])
    house.clock.advance(200)
    house.presence.sweep()
    before = house.presence.word(SENSOR)

    house.say(SENSOR, MESSAGES[kind])

    assert (before, house.presence.word(SENSOR)) == ("silent", "ready")


@pytest.mark.parametrize("how", ["retained", "backlog"])
def test_what_was_waiting_for_us_proves_no_life(house, how):
    house.say(SENSOR, MESSAGES[Kind.STATUS])
    house.say(SENSOR, MESSAGES[Kind.BIRTH])
    house.clock.advance(200)
    house.presence.sweep()

    house.say(SENSOR, MESSAGES[Kind.STATE], **{how: True})

    assert house.presence.word(SENSOR) == "silent"


# --- repeats ----------------------------------------------------------------------------------------------------------


async def test_an_event_told_twice_happens_once_and_is_acknowledged_twice(house):
    async with house.journalling():
        house.say(STREET_UNIT, MESSAGES[Kind.EVENT])
        house.say(STREET_UNIT, MESSAGES[Kind.EVENT])

    assert len(house.heard_of(FactKind.EXIT_REQUESTED)) == 1
    assert len(acknowledged(house)) == 2


def test_ids_belong_to_their_device(house):
    house.say(STREET_UNIT, MESSAGES[Kind.EVENT])
    house.say(LAB_UNIT, MESSAGES[Kind.EVENT])

    assert [fact.device for fact in house.heard_of(FactKind.EXIT_REQUESTED)] == [STREET_UNIT, LAB_UNIT]


def test_an_id_may_be_used_again_after_a_day(house):
    house.say(STREET_UNIT, MESSAGES[Kind.EVENT])
    house.clock.advance(timedelta(days=1).total_seconds())
    house.say(STREET_UNIT, MESSAGES[Kind.EVENT])

    assert len(house.heard_of(FactKind.EXIT_REQUESTED)) == 2


def test_a_repeat_does_not_make_an_id_younger():
    repeats = Repeats()
    repeats.is_repeat("door", "1", 0.0)
    repeats.is_repeat("door", "1", LIFETIME - 1)

    assert not repeats.is_repeat("door", "1", LIFETIME + 1)


def test_the_oldest_ids_are_forgotten_first():
    repeats = Repeats(limit=2)
    for id in ("1", "2", "3"):
        repeats.is_repeat("door", id, 0.0)

    assert [repeats.is_repeat("door", id, 1.0) for id in ("3", "2", "1")] == [True, True, False]
