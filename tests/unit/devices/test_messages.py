"""Each message holds what the contract says, keeps secrets out of sight, and cannot be changed."""

import contextlib
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from devices.ids import new_id
from devices.messages import (
    AccessEntry,
    AccessList,
    AccessRight,
    BadgeReadData,
    Birth,
    ChannelSpec,
    Command,
    Do,
    Event,
    EventType,
    Health,
    LocalDecisionData,
    Signal,
    Status,
    Telemetry,
)
from devices.times import parse_time

NOON = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
CARD = "04AF68DACB5A80"


@pytest.mark.parametrize(
    ("sent", "moment"),
    [
        ("2026-05-04T12:00:00Z", NOON),
        ("2026-05-04t12:00:00z", NOON),
        ("2026-05-04 12:00:00Z", NOON),
        ("2026-05-04T14:00:00+02:00", NOON),
        ("2026-05-04T14:00:00+0200", NOON),
        ("2026-05-04T05:00:00.000-07:00", NOON),
        ("2026-05-04T12:00:00.123456789Z", NOON.replace(microsecond=123456)),
        ("2026-05-04T11:59:60Z", NOON),
        (1777896000, NOON),
        (1777896000.25, NOON + timedelta(milliseconds=250)),
        (1777896000250, NOON + timedelta(milliseconds=250)),
        (0, datetime(1970, 1, 1, tzinfo=UTC)),
        (NOON.astimezone(timezone(timedelta(hours=-7))), NOON),
    ],
)
def test_a_moment_is_read_as_utc(sent, moment):
    assert parse_time(sent) == moment
    assert parse_time(sent).tzinfo is UTC


@pytest.mark.parametrize(
    "sent",
    [
        "2026-05-04T12:00:00",
        "2026-05-04T12:00:00.000",
        "2026-05-04",
        "12:00:00Z",
        "2026-W19-1T12:00:00Z",
        "20260504T120000Z",
        "2026-13-04T12:00:00Z",
        "2026-05-04T25:00:00Z",
        "0001-01-01T00:00:00+23:00",
        "9999-12-31T23:59:60Z",
        "1777896000",
        "",
        "yesterday, around half past",
        -1,
        1777896000250000,
        float("nan"),
        float("inf"),
        10**30,
        True,
        None,
        [],
        NOON.replace(tzinfo=None),
    ],
)
def test_what_is_no_moment_is_refused_with_what_would_be_right(sent):
    with pytest.raises(ValueError, match="send RFC 3339 with an offset"):
        parse_time(sent)


@given(st.one_of(st.text(max_size=40), st.integers(), st.floats(), st.booleans(), st.none()))
def test_reading_a_moment_raises_nothing_but_value_error(sent):
    with contextlib.suppress(ValueError):
        assert parse_time(sent).tzinfo is UTC


def test_the_badge_is_typed_by_the_event_and_never_shown():
    event = Event(id="7-1", type=EventType.BADGE_READ, data=BadgeReadData(card=CARD, bits=56))
    assert isinstance(event.data, BadgeReadData)
    assert event.data.card == CARD
    assert CARD not in f"{event} {event!r} {event.data} {event.data!r}"


@pytest.mark.parametrize("secret", ["card", "pin", "token"])
def test_no_secret_is_in_a_repr(secret):
    data = BadgeReadData(**{secret: "123456"})
    assert "123456" not in f"{data!r} {Event(id='a', type=EventType.BADGE_READ, data=data)!r}"


def test_an_error_of_the_model_does_not_repeat_the_card():
    with pytest.raises(ValidationError) as refused:
        Event(id="7-1", type=EventType.BADGE_READ, data={"card": CARD, "pin": "0000"})
    assert CARD not in str(refused.value)


def test_local_decisions_say_from_which_list():
    event = Event.model_validate_json('{"id":"7-1","type":"local.granted","data":{"h":"00ff","rev":41}}')
    assert isinstance(event.data, LocalDecisionData)
    assert event.data.rev == 41


def test_other_events_may_have_flat_details():
    event = Event.model_validate_json('{"id":"7-1","type":"button","data":{"pressed":"long","card":"0A"}}')
    assert event.data == {"pressed": "long", "card": "0A"}
    assert "0A" not in repr(event)


@pytest.mark.parametrize(
    ("event_type", "data"),
    [
        ("badge.read", None),
        ("badge.read", {}),
        ("badge.read", {"card": "0A", "pin": "1"}),
        ("badge.read", {"card": ""}),
        ("badge.read", {"card": 167}),
        ("badge.read", {"card": "0A", "direction": "sideways"}),
        ("badge.read", {"card": "0A", "bits": 0}),
        ("pin.entered", None),
        ("pin.entered", {"card": "0A"}),
        ("pin.entered", {"pin": "twelve"}),
        ("rex", {"nested": {"a": 1}}),
        ("opened", None),
    ],
)
def test_an_event_that_does_not_say_what_its_type_promises_is_refused(event_type, data):
    with pytest.raises(ValidationError):
        Event.model_validate({"id": "7-1", "type": event_type, "data": data})


def test_telemetry_is_now_or_a_backlog():
    assert Telemetry(v={"t": 21.5}).batch is None
    for both_or_none in ({}, {"v": {}, "batch": [{"ts": NOON, "v": {}}]}, {"batch": []}):
        with pytest.raises(ValidationError):
            Telemetry.model_validate(both_or_none)


@pytest.mark.parametrize("value", [[1], {"a": 1}, float("nan"), float("inf")])
def test_a_reading_is_a_number_a_bool_or_a_text(value):
    with pytest.raises(ValidationError):
        Telemetry(v={"t": value})


def test_readings_keep_their_type():
    values = Telemetry.model_validate_json('{"v":{"a":1,"b":1.0,"c":true,"d":"1","e":null}}').v
    assert values is not None
    assert [type(value) for value in values.values()] == [int, float, bool, str, type(None)]


@pytest.mark.parametrize("seq", ["1", 1.5, True, -1, 2**63])
def test_a_number_is_not_guessed_from_something_else(seq):
    with pytest.raises(ValidationError):
        Telemetry.model_validate({"seq": seq, "v": {}})


def test_a_message_is_frozen():
    message = Telemetry(v={"t": 21.5})
    with pytest.raises(ValidationError, match="frozen"):
        message.seq = 2


def test_a_boot_counter_may_be_a_number():
    assert Status.model_validate_json('{"state":"ready","boot":7}').boot == "7"


def test_health_without_a_reading_is_neither_an_error_nor_a_zero():
    health = Health.model_validate_json('{"battery":"unavailable","rssi":"nan","heap":null,"queued":""}')
    assert (health.battery, health.rssi, health.heap, health.queued) == (None, None, None, None)


def test_a_birth_of_another_major_is_refused():
    with pytest.raises(ValidationError):
        Birth(contract="2.0", rev=1, channels={})


def test_a_channels_range_is_in_order():
    with pytest.raises(ValidationError, match="min is greater than max"):
        ChannelSpec(device_class="temperature", min=5, max=1)


@pytest.mark.parametrize(
    ("reason", "shows"),
    [
        (None, Signal.GRANTED),
        ("in_grace", Signal.GRANTED),
        ("outside_hours", Signal.DENIED),
        ("granted", Signal.DENIED),
        ("try_again", Signal.TRY_AGAIN),
        ("enter_pin", Signal.ENTER_PIN),
        ("held_open", Signal.WARNING),
        ("second_person_missing", Signal.TRY_AGAIN),
        ("warning", Signal.DENIED),
    ],
)
def test_a_signal_without_a_reason_is_ok_and_with_one_a_denial_but_for_five(reason, shows):
    assert Command(id="c", ts=NOON, ttl_ms=3000, do=Do.SIGNAL, reason=reason).shows is shows


@pytest.mark.parametrize("reason", [None, "in_grace", "anything_else"])
def test_an_unlock_says_yes_by_itself(reason):
    assert Command(id="c", ts=NOON, ttl_ms=3000, do=Do.UNLOCK, reason=reason).shows is Signal.GRANTED


@pytest.mark.parametrize("ttl_ms", [0, -1, 3_600_001])
def test_a_command_ends(ttl_ms):
    with pytest.raises(ValidationError):
        Command(id="c", ts=NOON, ttl_ms=ttl_ms, do=Do.UNLOCK)


def test_an_access_list_begins_with_the_blocked_and_ends_after_it_began():
    blocked = AccessEntry(h="0" * 16, right=AccessRight.BLOCKED)
    member = AccessEntry(h="1" * 16, weekly=((480, 1200),))
    whole = {"rev": 1, "issued": NOON, "until": NOON + timedelta(hours=24), "salt": "0" * 16, "sig": "0" * 16}
    assert AccessList(entries=(blocked, member), **whole)
    with pytest.raises(ValidationError, match="begin with the blocked"):
        AccessList(entries=(member, blocked), **whole)
    with pytest.raises(ValidationError, match="after issued"):
        AccessList(entries=(), **{**whole, "until": NOON})
    with pytest.raises(ValidationError, match="ends before it starts"):
        AccessEntry(h="1" * 16, weekly=((1200, 480),))
    with pytest.raises(ValidationError, match="ends before it starts"):
        AccessEntry(h="1" * 16, once=((NOON, NOON),))
    # Sunday night belongs to Sunday, and so runs on past the week; a window does not begin there.
    assert AccessEntry(h="1" * 16, weekly=((6 * 1440 + 1320, 7 * 1440 + 360),))
    with pytest.raises(ValidationError, match="ends before it starts"):
        AccessEntry(h="1" * 16, weekly=((7 * 1440, 7 * 1440 + 60),))


@given(st.integers(0, 2**48 - 1), st.binary(min_size=10, max_size=10), st.integers(1, 1000))
def test_ids_are_ulids_that_sort_by_time(now_ms, dice, later):
    first = new_id(now_ms, dice)
    assert len(first) == 26
    if now_ms + later < 2**48:
        assert first < new_id(now_ms + later, bytes(10))
    assert Event(id=first, type=EventType.REX).id == first


def test_a_known_ulid():
    assert new_id(1469918176385, bytes(10)) == "01ARYZ6S410000000000000000"


@pytest.mark.parametrize(("now_ms", "dice"), [(-1, bytes(10)), (2**48, bytes(10)), (0, bytes(9))])
def test_an_id_is_not_made_of_less(now_ms, dice):
    with pytest.raises(ValueError, match="ULID"):
        new_id(now_ms, dice)
