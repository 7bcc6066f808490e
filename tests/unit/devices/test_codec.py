"""Whatever bytes come, the answer is a valid message or a refusal with a reason, and no refusal tells a secret."""

import contextlib
import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from devices.codec import (
    PAYLOAD_LIMIT,
    Decoded,
    _decode_fast,
    _decode_read_fast,
    _decode_strictly,
    check_desired,
    decode,
    encode,
    message_key,
    sample,
)
from devices.errors import MessageError, RefusalReason
from devices.fields import MAX_INT, MIN_INT
from devices.messages import (
    AccessEntry,
    AccessList,
    AccessRight,
    Ack,
    AckPhase,
    BadgeReadData,
    Birth,
    ChannelSpec,
    Command,
    Desired,
    DesiredValue,
    DeviceState,
    Do,
    Event,
    EventType,
    Health,
    LocalDecisionData,
    Reject,
    Sample,
    State,
    Status,
    Telemetry,
)
from devices.topics import RULES, Kind, Topics

TOPICS = Topics()
NOON = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
CARD = "04AF68DACB5A80"


def topic(kind: Kind) -> str:
    return (TOPICS.up if RULES[kind].direction == "up" else TOPICS.down)("front", kind)


def read(kind: Kind, payload: bytes | str, **how: bool) -> Decoded:
    return decode(TOPICS, topic(kind), payload if isinstance(payload, bytes) else payload.encode(), **how)


def refused(kind: Kind, payload: bytes | str, **how: bool) -> MessageError:
    with pytest.raises(MessageError) as caught:
        read(kind, payload, **how)
    return caught.value


# --- every message there and back -------------------------------------------------------------------------------------

MOMENTS = st.datetimes(datetime(1970, 1, 1), datetime(9998, 1, 1), timezones=st.just(UTC))
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
IDS = st.from_regex(r"[!-~]{1,80}", fullmatch=True)
NAMES = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_.:-]{0,20}", fullmatch=True)
CODES = st.from_regex(r"[a-z0-9][a-z0-9_.-]{0,20}", fullmatch=True)
COUNTS = st.integers(0, MAX_INT)
REALS = st.floats(allow_nan=False, allow_infinity=False)
SETTINGS = st.one_of(st.integers(MIN_INT, MAX_INT), REALS, st.booleans(), TEXTS)
SCALARS = st.none() | SETTINGS
VALUES = st.dictionaries(NAMES, SCALARS, max_size=5)
HASHES = st.from_regex(r"[0-9a-f]{16,64}", fullmatch=True)


def maybe(strategy):
    return st.none() | strategy


SHOWN = {
    "bits": maybe(st.integers(1, 256)),
    "format": maybe(CODES),
    "direction": maybe(st.sampled_from(["in", "out"])),
}
BADGE_DATA = st.one_of(
    st.builds(BadgeReadData, card=st.text("0123456789ABCDEF", min_size=1, max_size=64), **SHOWN),
    st.builds(BadgeReadData, token=TEXTS.filter(bool)),
)
PIN_DATA = st.builds(BadgeReadData, pin=st.from_regex(r"[0-9]{4,8}", fullmatch=True))
LOCAL_DATA = st.builds(LocalDecisionData, h=HASHES, rev=maybe(COUNTS), re=maybe(IDS), reason=maybe(CODES), **SHOWN)
PLAIN_EVENTS = [t for t in EventType if t.value.split(".")[0] not in ("badge", "pin", "local")]
EVENT = {"id": IDS, "ts": maybe(MOMENTS), "age_ms": maybe(COUNTS), "channel": maybe(NAMES)}
WINDOWS = st.tuples(st.integers(0, 5000), st.integers(5001, 10080))

MESSAGES = {
    Kind.BIRTH: st.builds(
        Birth,
        contract=st.from_regex(r"1\.[0-9]{1,4}", fullmatch=True),
        rev=COUNTS,
        name=maybe(TEXTS),
        every_s=maybe(st.floats(0.1, 1e6)),
        sleeps=st.booleans(),
        channels=st.dictionaries(
            NAMES,
            st.builds(
                ChannelSpec,
                device_class=TEXTS,
                unit=maybe(TEXTS),
                min=maybe(st.floats(-10, 0)),
                max=maybe(st.floats(0, 10)),
                settable=st.booleans(),
                momentary=st.booleans(),
            ),
            max_size=4,
        ),
    ),
    Kind.STATUS: st.builds(
        Status, state=st.sampled_from(DeviceState), boot=IDS, ts=maybe(MOMENTS), epoch_ms=maybe(COUNTS)
    ),
    Kind.TELEMETRY: st.one_of(
        st.builds(Telemetry, id=maybe(IDS), seq=maybe(COUNTS), ts=maybe(MOMENTS), v=VALUES),
        st.builds(
            Telemetry,
            id=maybe(IDS),
            batch=st.lists(st.builds(Sample, ts=MOMENTS, v=VALUES), min_size=1, max_size=3).map(tuple),
        ),
    ),
    Kind.STATE: st.builds(State, id=maybe(IDS), ts=MOMENTS, v=VALUES),
    Kind.EVENT: st.one_of(
        st.builds(Event, type=st.just(EventType.BADGE_READ), data=BADGE_DATA, **EVENT),
        st.builds(Event, type=st.just(EventType.PIN_ENTERED), data=PIN_DATA, **EVENT),
        st.builds(
            Event,
            type=st.sampled_from([EventType.LOCAL_GRANTED, EventType.LOCAL_DENIED]),
            data=maybe(LOCAL_DATA),
            **EVENT,
        ),
        st.builds(Event, type=st.sampled_from(PLAIN_EVENTS), data=maybe(VALUES), **EVENT),
    ),
    Kind.ACK: st.builds(
        Ack, re=IDS, phase=st.sampled_from(AckPhase), reason=maybe(CODES), state=st.one_of(st.none(), TEXTS, VALUES)
    ),
    Kind.HEALTH: st.builds(
        Health,
        battery=maybe(st.floats(0, 100)),
        rssi=maybe(REALS),
        uptime_s=maybe(st.floats(0, 1e12)),
        reset=maybe(TEXTS),
        heap=maybe(COUNTS),
        clock_offset_ms=maybe(REALS),
        queued=maybe(COUNTS),
        access_rev=maybe(COUNTS),
    ),
    Kind.COMMAND: st.builds(
        Command,
        id=IDS,
        ts=MOMENTS,
        ttl_ms=st.integers(1, 3_600_000),
        do=st.sampled_from(Do),
        channel=maybe(NAMES),
        hold_s=maybe(st.floats(0.5, 60)),
        re=maybe(IDS),
        reason=maybe(CODES),
    ),
    Kind.DESIRED: st.builds(
        Desired,
        rev=COUNTS,
        v=st.dictionaries(NAMES, st.builds(DesiredValue, value=SETTINGS, until=maybe(MOMENTS)), max_size=3),
    ),
    Kind.ACCESS: st.builds(
        AccessList,
        rev=COUNTS,
        issued=st.just(NOON),
        until=st.just(NOON + timedelta(hours=24)),
        salt=HASHES,
        entries=st.lists(
            st.builds(
                AccessEntry,
                h=HASHES,
                right=st.sampled_from(AccessRight),
                weekly=st.lists(WINDOWS, max_size=2).map(tuple),
                once=maybe(st.just(((NOON, NOON + timedelta(hours=1)),))),
                since=maybe(MOMENTS),
                until=maybe(MOMENTS),
                days=maybe(st.integers(0, 366)),
                holidays=maybe(st.booleans()),
                hold_s=maybe(st.floats(0.5, 60)),
            ),
            max_size=3,
        ).map(lambda entries: tuple(sorted(entries, key=lambda entry: entry.right is not AccessRight.BLOCKED))),
        sig=HASHES,
        pages=maybe(st.integers(1, 99)),
        zone=maybe(st.sampled_from(["Europe/Paris", "UTC"])),
        cut_off=maybe(st.integers(0, 1439)),
        closed=maybe(st.just(("2026-05-08", "2026-12-25"))),
    ),
    Kind.REJECT: st.builds(
        Reject,
        topic=maybe(TEXTS),
        reason=st.sampled_from(RefusalReason),
        path=maybe(TEXTS),
        hint=maybe(TEXTS),
        sample=maybe(TEXTS),
        count=maybe(COUNTS),
    ),
}


@pytest.mark.parametrize("kind", Kind)
@given(data=st.data())
def test_what_is_encoded_is_decoded_to_the_same(kind, data):
    message = data.draw(MESSAGES[kind])
    decoded = read(kind, encode(message))
    assert decoded.message == message
    assert decoded.unknown_fields == ()
    assert decoded.address.kind is kind


def test_encoding_is_compact_and_keeps_no_reading():
    telemetry = Telemetry(seq=1, ts=NOON, v={"t": 21.5, "co2": None})
    assert encode(telemetry) == b'{"seq":1,"ts":"2026-05-04T12:00:00Z","v":{"t":21.5,"co2":null}}'
    spec = ChannelSpec(device_class="lock", settable=True, momentary=True)
    assert b'"class":"lock","set":true,"momentary":true' in encode(Birth(contract="1.0", rev=1, channels={"l": spec}))


def test_nothing_too_large_is_sent():
    with pytest.raises(MessageError) as caught:
        encode(State(ts=NOON, v={"text": "x" * PAYLOAD_LIMIT}))
    assert caught.value.reason is RefusalReason.TOO_LARGE


# --- what is refused, and how -----------------------------------------------------------------------------------------

DEEP = b'{"ts":1,"v":{},"x":' + b"[" * 16 + b"]" * 16 + b"}"
JUST_DEEP_ENOUGH = b'{"ts":1,"v":{},"x":' + b"[" * 15 + b"]" * 15 + b"}"


@pytest.mark.parametrize(
    ("payload", "says"),
    [
        (b"", "is not JSON"),
        (b"{", "is not JSON"),
        (b"nonsense", "is not JSON"),
        (b'{"ts":1,"v":{}} {}', "is not JSON"),
        (b"{'ts':1}", "is not JSON"),
        (b'{"ts":1,"v":{},}', "is not JSON"),
        (b'{"ts":1,"v":{"a":"\n"}}', "is not JSON"),
        (b'{"ts":1,"v":{"a":01}}', "is not JSON"),
        (b'{"ts":1,"v":{"a":"\\ud800"}}', "is not JSON"),
        (b'\xef\xbb\xbf{"ts":1,"v":{}}', "byte order mark"),
        (b'{"ts":1,"v":{"a":"\xff"}}', "not UTF-8 at byte 18"),
        ('{"ts":1,"v":{}}'.encode("utf-16"), "not UTF-8"),
        (b'{"ts":1,"v":{"a":NaN}}', "NaN"),
        (b'{"ts":1,"v":{"a":Infinity}}', "Infinity"),
        (b'{"ts":1,"v":{"a":-Infinity}}', "-Infinity"),
        (b'{"ts":1,"v":{},"x":NaN}', "NaN"),
        (b'{"ts":1,"v":{"a":1e999}}', "too large for a double"),
        (b'{"ts":1,"v":{"a":9223372036854775808}}', "beyond 64 bits"),
        (b'{"ts":1,"v":{"a":-9223372036854775809}}', "beyond 64 bits"),
        (b'{"ts":1,"v":{},"x":' + b"9" * 5000 + b"}", "beyond 64 bits"),
        (b'{"ts":1,"ts":2,"v":{}}', "same member twice"),
        (b'{"ts":1,"v":{"a":1,"\\u0061":2}}', "same member twice"),
        (b'{"ts":1,"v":{},"x":{"a":1,"a":1}}', "same member twice"),
        (DEEP, "nested deeper than 16"),
        (b"[" * PAYLOAD_LIMIT, "nested deeper than 16"),
        (b'{"a":' * 10000, "nested deeper than 16"),
    ],
)
def test_bad_json_is_refused_wherever_it_is(payload, says):
    for kind in (Kind.STATE, Kind.TELEMETRY):
        error = refused(kind, payload)
        assert error.reason is RefusalReason.BAD_JSON
        assert says in str(error) or says == "is not JSON"
        assert error.hint


def test_brackets_in_a_text_are_not_nesting():
    assert read(Kind.STATE, b'{"ts":1,"v":{"a":"' + b"[{" * 40 + b'\\"[["}}').message
    assert read(Kind.STATE, JUST_DEEP_ENOUGH).unknown_fields == ("x",)


def test_the_longest_integers_are_taken():
    state = read(Kind.STATE, '{"ts":1,"v":{"a":9223372036854775807,"b":-9223372036854775808}}').message
    assert isinstance(state, State)
    assert state.v == {"a": MAX_INT, "b": MIN_INT}


def test_a_body_has_at_most_64_kib():
    start = b'{"ts":1,"v":{"a":"'
    fits = start + b"x" * (PAYLOAD_LIMIT - len(start) - 3) + b'"}}'
    assert len(fits) == PAYLOAD_LIMIT
    assert read(Kind.STATE, fits).message
    error = refused(Kind.STATE, fits + b" ")
    assert (error.reason, error.hint) == (RefusalReason.TOO_LARGE, "at most 65536; split it")


@pytest.mark.parametrize("kind", [Kind.EVENT, Kind.COMMAND])
def test_a_retained_action_is_refused_before_it_is_read(kind):
    error = refused(kind, b"whatever", retained=True)
    assert error.reason is RefusalReason.RETAINED_EVENT
    assert "without the retain flag" in error.hint


@pytest.mark.parametrize("kind", [Kind.BIRTH, Kind.STATUS, Kind.STATE, Kind.DESIRED, Kind.ACCESS])
def test_state_may_be_retained(kind):
    assert refused(kind, b"{}", retained=True).reason is RefusalReason.SCHEMA


def test_an_unknown_topic_is_refused():
    with pytest.raises(MessageError) as caught:
        decode(TOPICS, "natoma/1/front/up/events", b"{}")
    assert caught.value.reason is RefusalReason.UNKNOWN_TOPIC


@pytest.mark.parametrize(
    ("kind", "payload", "reason", "path", "text"),
    [
        (Kind.STATE, "[]", "schema", "", "not an object (send {...})"),
        (Kind.STATE, "null", "schema", "", "not an object"),
        (Kind.STATE, '{"v":{}}', "schema", "ts", "ts: is missing (add it)"),
        (Kind.STATE, '{"ts":"2026-05-04","v":{}}', "schema", "ts", 'is "2026-05-04", which is not a date and time'),
        (Kind.STATE, '{"ts":1,"v":{"a b":1}}', "schema", "v.a b", "a channel name of letters"),
        (Kind.TELEMETRY, '{"v":{"co2":[612]}}', "schema", "v.co2", "is a list (send a number, true or false"),
        (Kind.TELEMETRY, '{"v":{"co2":{"ppm":1}}}', "schema", "v.co2", "is an object (send a number"),
        (Kind.TELEMETRY, '{"seq":"1","v":{}}', "schema", "seq", 'is "1" (send a whole number, without quotes)'),
        (Kind.TELEMETRY, "{}", "schema", "", "needs either v or batch"),
        (Kind.TELEMETRY, '{"batch":[{"v":{}}]}', "schema", "batch.0.ts", "is missing"),
        (Kind.BIRTH, '{"contract":"2.0","rev":1,"channels":{}}', "schema", "contract", "like \"1.0\""),
        (Kind.BIRTH, '{"contract":"1.0","rev":1,"channels":{"t":{}}}', "schema", "channels.t.class", "is missing"),
        (Kind.BIRTH, '{"contract":"1.0","rev":1,"channels":{"t":{"class":"x","min":2,"max":1}}}', "schema",
         "channels.t", "min is greater than max (exchange them)"),
        (Kind.ACK, '{"re":"1","phase":"finished"}', "schema", "phase", "'accepted', 'done' or 'refused'"),
        (Kind.HEALTH, '{"battery":120}', "out_of_range", "battery", "is 120 (it should be less than or equal to 100)"),
        (Kind.EVENT, '{"id":"1","type":"badge.red"}', "schema", "type", "'badge.read', 'pin.entered'"),
        (Kind.EVENT, '{"type":"rex"}', "schema", "id", "is missing"),
    ],
)  # fmt: skip
def test_a_refusal_names_the_place_the_value_and_what_would_be_right(kind, payload, reason, path, text):
    error = refused(kind, payload)
    assert (error.reason, error.path, error.topic) == (reason, path, topic(kind))
    assert text in str(error)


def test_what_a_later_minor_version_adds_is_ignored_and_counted():
    decoded = read(Kind.TELEMETRY, '{"v":{"t":1},"mood":"fine","seq":1}')
    assert decoded.message == Telemetry(v={"t": 1}, seq=1)
    assert decoded.unknown_fields == ("mood",)
    birth = '{"contract":"1.7","rev":1,"channels":{"t":{"class":"x","settable":true,"step":1}},"area":{}}'
    assert read(Kind.BIRTH, birth).unknown_fields == ("channels.t.settable", "channels.t.step", "area")
    batch = read(Kind.TELEMETRY, '{"batch":[{"ts":1,"v":{}},{"ts":1,"v":{},"q":1}]}')
    assert batch.unknown_fields == ("batch.1.q",)


# --- any bytes at all -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", Kind)
@given(payload=st.binary(max_size=200))
@example(payload=b"\x00")
@example(payload=b'{"a":' * 2000)
def test_no_bytes_raise_anything_but_a_refusal(kind, payload):
    with contextlib.suppress(MessageError):
        read(kind, payload)
    assert sample(kind, payload).isprintable()


MEMBERS = sorted({"id", "type", "ts", "v", "batch", "data", "card", "re", "phase", "state", "boot", "channels", "rev",
                  "contract", "do", "ttl_ms", "entries", "h", "weekly", "salt", "sig", "issued", "until", "x"})  # fmt: skip
ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(MEMBERS), inner, max_size=6),
    max_leaves=12,
)


@pytest.mark.parametrize("kind", Kind)
@given(body=st.dictionaries(st.sampled_from(MEMBERS), ANY_JSON, max_size=8))
def test_no_json_raises_anything_but_a_refusal(kind, body):
    with contextlib.suppress(MessageError):
        read(kind, json.dumps(body).encode())


# --- the fast path and the careful one --------------------------------------------------------------------------------

SPACE = st.sampled_from(["", "", "", " ", "\n", "\t", "\r"])
NUMBERS = st.sampled_from(
    ["1", "-2.5", "1e3", "9223372036854775807", "9223372036854775808", "-9223372036854775809", "1e19", "1e999", "NaN",
     "Infinity", "123456789012345678901234567890", "0.1", "-0", "01"]
)  # fmt: skip
STRINGS = st.sampled_from(
    ['"x"', '""', '":"', '" :"', '"\\":"', '"a\\" :b"', '"2026-05-04T12:00:00Z"', '"\\u0061"', '"nan"', '"\\ud800"']
)
KEYS = st.sampled_from(['"a"', '"b"', '"\\u0061"', '"a:b"', '"v"', '"ts"'])


@st.composite
def an_object(draw, keys, values):
    members = draw(st.lists(st.tuples(keys, values), max_size=4))
    parts = [f"{draw(SPACE)}{key}{draw(SPACE)}:{draw(SPACE)}{value}{draw(SPACE)}" for key, value in members]
    return "{" + ",".join(parts) + "}"


LEAVES = st.one_of(NUMBERS, STRINGS, st.sampled_from(["true", "null"]))
READINGS = an_object(KEYS, st.one_of(LEAVES, LEAVES, an_object(KEYS, LEAVES)))
MOMENT_TEXTS = st.sampled_from(["1777896000", '"2026-05-04T12:00:00Z"', '"2026-05-04T12:00:00.5+02:00"', "NaN", "true"])
SAMPLES = an_object(st.sampled_from(['"ts"', '"v"', '"x"']), st.one_of(MOMENT_TEXTS, READINGS))


@st.composite
def telemetry_like(draw):
    values = {"v": READINGS, "ts": MOMENT_TEXTS, "seq": NUMBERS, "id": STRINGS, "x": LEAVES,
              "batch": st.lists(SAMPLES, max_size=2).map(lambda parts: f"[{','.join(parts)}]")}  # fmt: skip
    names = draw(st.lists(st.sampled_from(["v", "v", "ts", "seq", "id", "batch", "x"]), min_size=1, max_size=4))
    members = [f'"{name}"{draw(SPACE)}:{draw(SPACE)}{draw(values[name])}' for name in names]
    return ("{" + ",".join(members) + "}").encode()


@given(telemetry_like())
@example(b'{"v":{"a" :1,"a" :2,"t":":"}}')
@example(b'{"v":{"a" :1,"a" :2,"t":"\\":"}}')
@example(b'{"v":{"a":1,"a":1}}')
@example(b'{"v":{"a":1},"v":{"a":1}}')
@example(b'{"v":{"a":1e19}}')
def test_the_fast_path_takes_nothing_that_the_careful_one_refuses(payload):
    fast = _decode_fast(payload)
    if fast is not None:
        careful = _decode_strictly(TOPICS.parse(topic(Kind.TELEMETRY)), topic(Kind.TELEMETRY), payload)
        assert careful.message == fast
        assert careful.unknown_fields == ()


@pytest.mark.parametrize(
    "payload",
    [
        b'{"seq":1234,"ts":"2026-05-04T10:11:12.345Z","v":{"temperature":21.53,"co2":612,"occupancy":true}}',
        b'{ "ts" : 1777896000250, "v" : { "temperature" : 21.5, "state" : "open" } }',
        b'{"id":"7-1","batch":[{"ts":1777896000,"v":{"t":1}},{"ts":1777896060,"v":{"t":2}}]}',
    ],
)
def test_what_devices_usually_send_takes_the_fast_path(payload):
    assert _decode_fast(payload) is not None


SHOWN = an_object(
    st.sampled_from(['"card"', '"card"', '"bits"', '"format"', '"pin"', '"\\u0063ard"', '"x"']),
    st.one_of(NUMBERS, STRINGS, st.sampled_from(['"04AABBCC"', '"iso14443a"', "56", '"in"'])),
)


@st.composite
def read_like(draw):
    values = {"id": STRINGS, "type": st.sampled_from(['"badge.read"', '"badge.read"', '"rex"']), "ts": MOMENT_TEXTS,
              "age_ms": NUMBERS, "data": SHOWN, "x": LEAVES}  # fmt: skip
    names = draw(st.lists(st.sampled_from(["id", "type", "data", "ts", "age_ms", "x"]), min_size=3, max_size=6))
    members = [f'"{name}"{draw(SPACE)}:{draw(SPACE)}{draw(values[name])}' for name in names]
    return ("{" + ",".join(members) + "}").encode()


@given(read_like())
@example(b'{"id":"1","type":"badge.read","data":{"card":"04AA","card":"04BB"}}')
@example(b'{"id":"1","type":"badge.read","data":{"card":"04AA","x":1}}')
@example(b'{"id":"1","id":"2","type":"badge.read","data":{"card":"04AA"}}')
def test_the_fast_path_of_reads_takes_nothing_that_the_careful_one_refuses(payload):
    fast = _decode_read_fast(payload)
    if fast is not None:
        careful = _decode_strictly(TOPICS.parse(topic(Kind.EVENT)), topic(Kind.EVENT), payload)
        assert careful.message == fast
        assert careful.unknown_fields == ()


def test_a_badge_read_takes_the_fast_path():
    data = b'{"card":"04AF68DACB5A80","bits":56,"format":"iso14443a","direction":"in"}'
    assert _decode_read_fast(b'{"id":"b-7","type":"badge.read","ts":1777896000250,"data":' + data + b"}") is not None


# --- one key for one message ------------------------------------------------------------------------------------------


def key(kind: Kind, payload: bytes, received_at: datetime = NOON, boot: str = "7") -> str:
    decoded = read(kind, payload)
    return message_key(decoded.address, decoded.message, payload, boot, received_at)


def test_the_id_is_the_key_whenever_there_is_one():
    assert key(Kind.TELEMETRY, b'{"id":"a-1","seq":5,"v":{}}') == "a-1"
    assert key(Kind.EVENT, b'{"id":"a-1","type":"rex"}') == "a-1"
    assert key(Kind.STATE, b'{"id":"a-1","ts":1,"v":{}}') == "a-1"
    assert key(Kind.COMMAND, b'{"id":"a-1","ts":1,"ttl_ms":1,"do":"lock"}') == "a-1"


def test_without_an_id_boot_and_seq_are_the_key():
    payload = b'{"seq":5,"v":{"t":1}}'
    assert key(Kind.TELEMETRY, payload).startswith("7-5-")
    assert key(Kind.TELEMETRY, payload) == key(Kind.TELEMETRY, payload, NOON + timedelta(hours=1))
    assert key(Kind.TELEMETRY, payload) != key(Kind.TELEMETRY, payload, boot="8")
    assert key(Kind.TELEMETRY, payload) != key(Kind.TELEMETRY, b'{"seq":5,"v":{"t":2}}')


def test_without_either_time_and_content_are_the_key():
    payload = b'{"ts":1777896000,"v":{"t":1}}'
    assert key(Kind.TELEMETRY, payload) == key(Kind.TELEMETRY, payload, NOON + timedelta(hours=1))
    assert key(Kind.TELEMETRY, payload) != key(Kind.STATE, payload)


def test_two_equal_readings_without_any_identity_stay_two():
    payload = b'{"v":{"t":1}}'
    assert key(Kind.TELEMETRY, payload) != key(Kind.TELEMETRY, payload, NOON + timedelta(minutes=1))


def test_both_answers_to_one_command_are_kept():
    assert key(Kind.ACK, b'{"re":"c","phase":"accepted"}') != key(Kind.ACK, b'{"re":"c","phase":"done"}')


# --- what may be desired ----------------------------------------------------------------------------------------------

CHANNELS = {
    "onair": ChannelSpec(device_class="light", settable=True),
    "door.lock": ChannelSpec(device_class="lock", settable=True, momentary=True),
    "temperature": ChannelSpec(device_class="temperature"),
}


def test_a_stateful_channel_may_be_desired():
    check_desired(topic(Kind.DESIRED), Desired(rev=1, v={"onair": DesiredValue(value=True, until=NOON)}), CHANNELS)


@pytest.mark.parametrize(
    ("channel", "reason", "says"),
    [
        ("door.lock", RefusalReason.SCHEMA, "momentary (send a command)"),
        ("temperature", RefusalReason.SCHEMA, "cannot be set"),
        ("window", RefusalReason.UNKNOWN_CHANNEL, "its birth names door.lock, onair, temperature"),
    ],
)
def test_a_wish_that_would_act_again_at_every_reconnect_is_refused(channel, reason, says):
    with pytest.raises(MessageError) as caught:
        check_desired(topic(Kind.DESIRED), Desired(rev=1, v={channel: DesiredValue(value=True)}), CHANNELS)
    assert caught.value.reason is reason
    assert says in str(caught.value)


# --- secrets ----------------------------------------------------------------------------------------------------------

LEAKY = [
    '{"id":"1","type":"badge.read","data":{"card":"%s"',
    '{"id":"1","type":"badge.read","data":{"card":["%s"]}}',
    '{"id":"1","type":"badge.read","data":{"card":"%s","pin":"%s"}}',
    '{"id":"1","type":"badge.read","data":"%s"}',
    '{"id":"1","type":"badge.read","%s":1,"%s":2}',
    '{"id":"1","type":"%s"}',
    '{"id":"%s with spaces","type":"rex"}',
    '{"id":"1","type":"rex","data":{"%s":[1]}}',
    '{"id":"1","type":"rex","data":{"%s":1,"%s":1}}',
    '{"id":"1","type":"rex","ts":"%s"}',
    '{"id":"1","type":"rex","channel":"a %s"}',
    '{"id":"1","type":"pin.entered","data":{"pin":"%sx"}}',
    '"%s"',
    "%s",
]


@pytest.mark.parametrize("template", LEAKY)
@pytest.mark.parametrize("secret", [CARD, "1432822573", "04:AF:68:DA:CB:5A:80", "077,30211"])
def test_no_refusal_of_an_event_tells_what_was_shown_to_the_reader(template, secret):
    payload = template.replace("%s", secret)
    error = refused(Kind.EVENT, payload)
    told = f"{error} {error!r} {error.why} {error.hint} {error.path} {error.__cause__}"
    assert secret not in told
    for source in (Kind.EVENT, topic(Kind.EVENT), "natoma/1/front/up/events", "event", ""):
        assert secret not in sample(source, payload.encode())


def test_an_ignored_member_of_an_event_is_not_named_by_a_number():
    decoded = read(Kind.EVENT, '{"id":"1","type":"badge.read","data":{"card":"%s","%s":1}}' % (CARD, CARD))  # noqa: UP031
    assert CARD not in repr(decoded)
    payload = '{"id":"1","type":"rex","%s":1}' % CARD  # noqa: UP031
    assert read(Kind.EVENT, payload).unknown_fields == ("…",)


def test_a_sample_shows_the_shape_of_an_event_and_its_words_but_no_value():
    payload = b'{"id":"7-1","type":"badge.read","ts":1777896000,"data":{"card":"04AF68DACB5A80","direction":"in"}}'
    assert sample(Kind.EVENT, payload) == ('{"id":"…","type":"badge.read","ts":…,"data":{"card":"…","direction":"in"}}')


def test_a_sample_of_anything_else_is_what_was_sent_made_printable():
    assert sample(Kind.TELEMETRY, b'{"v":{"t":\x00\x1b[31m1}}') == '{"v":{"t":  [31m1}}'
    assert sample(topic(Kind.TELEMETRY), b'{"v":{"t":21.5}}') == '{"v":{"t":21.5}}'
    assert len(sample(Kind.STATE, b"x" * 1000)) == 120


@given(st.from_regex(r"[0-9A-F]{6,20}", fullmatch=True), st.integers(0, 140))
def test_a_sample_cut_anywhere_tells_no_part_of_a_card(card, length):
    payload = f'{{"id":"1","type":"badge.read","data":{{"bits":56,"format":"iso14443a","card":"{card}"}}}}'.encode()
    shown = sample(Kind.EVENT, payload[:length])
    assert not any(card[start : start + 4] in shown for start in range(len(card) - 3))
