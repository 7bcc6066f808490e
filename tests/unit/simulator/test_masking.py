"""What could open a door is in no capture: ours and other makers', whole and broken; the rest stays byte for byte."""

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.capture import Line, masked

NINE = datetime(2026, 11, 16, 9, 0, tzinfo=UTC)
READ = "natoma/1/reader/up/event"
CARD = "04AF68DACB5A80"


def after(topic: str, payload: bytes) -> bytes:
    return masked(Line(NINE, topic, payload)).payload


@pytest.mark.parametrize("name", ["card", "token", "h"])
def test_of_a_badge_the_end_is_left_and_of_the_rest_everything(name):
    body = {"id": "7-1", "data": {name: CARD, "direction": "in"}}
    assert json.loads(after(READ, json.dumps(body).encode())) == {
        "id": "7-1",
        "data": {name: "************80", "direction": "in"},
    }


@pytest.mark.parametrize("pin", ["4711", "471147", 4711, 47114711, ["4711"], {"is": 4711}, 47.5])
def test_of_a_pin_not_even_the_end_is_left(pin):
    assert json.loads(after(READ, json.dumps({"data": {"pin": pin}}).encode())) == {"data": {"pin": "****"}}


@pytest.mark.parametrize(
    ("payload", "left"),
    [
        (b'{"id":"7-1","data":{"card":"04AF68DACB5A80"', b"****"),
        (b'{"data":{"card":"04AF68DACB5A80","x":"\xff"}}', b"****"),
        (b"\xff\xfe04AF68DACB5A80", b"****"),
        (b'["04AF68DACB5A80"]', b"****"),
        (b'"04AF68DACB5A80"', b"****"),
        (b"[" * 100_000, b"****"),
        (b'{"data":"04AF68DACB5A80"}', b'{"data":"****"}'),
        (b'{"data":["04AF68DACB5A80"]}', b'{"data":"****"}'),
        (b'{"data":{"card":["04AF68DACB5A80"]}}', b'{"data":{"card":"****"}}'),
        (b'{"data":{"card":1234567}}', b'{"data":{"card":"*****67"}}'),
        (b'{"data":{"Card":"04AF68DACB5A80"}}', b'{"data":{"Card":"************80"}}'),
        (b'{"card":"04AF68DACB5A80"}', b'{"card":"************80"}'),
        (b'{"data":{"card":"04AF68DACB5A80","card":null}}', b'{"data":{"card":null}}'),
        (b'{"data":{"card":"04AF68DACB5A80"},"data":{}}', b'{"data":{}}'),
        (b'{"id":"\\ud800","data":{"pin":"4711"}}', b'{"id":"\\ud800","data":{"pin":"****"}}'),
    ],
    ids=[
        "cut short", "bad UTF-8", "no text", "a list", "a text", "too deep", "data is a text", "data is a list",
        "card is a list", "card is a number", "other case", "outside of data", "written twice", "data written twice",
        "half a pair of surrogates",
    ],
)  # fmt: skip
def test_a_read_that_breaks_the_contract_hides_its_badge_all_the_same(payload, left):
    assert after(READ, payload) == left


@pytest.mark.parametrize(
    ("topic", "payload", "left"),
    [
        ("reader-street/send", b'{"type":"access","uid":"04af68dacb5a80"}', b'{"type":"access","uid":"************80"}'),
        ("reader-street/send", b'{"type":"access","uid":"04af68da', b"****"),
        ("reader-street/tag", b'{"uid":"04af68dacb5a80","access":"Always"}', b'{"uid":"************80","access":"Always"}'),
        ("reader-street/cmd", b"{cmd:'adduser',uid:'04af68dacb5a80',pincode:4711}", b"****"),
        ("reader-street/cmd", b'{"cmd":"adduser","uid":"04af68dacb5a80","pincode":"471147"}',
         b'{"cmd":"adduser","uid":"************80","pincode":"****"}'),
        ("tele/reader-bar/SENSOR", b'{"PN532":{"UID":"04AF68DACB5A80","DATA":""}}',
         b'{"PN532":{"UID":"************80","DATA":""}}'),
        ("tele/reader-bar/SENSOR", b'{"Wiegand":{"UID":12345678,"Size":34}}', b'{"Wiegand":{"UID":"******78","Size":34}}'),
        ("tele/reader-bar/SENSOR", b'{"PN532":{"UID":"04AF68DA', b"****"),
        ("reader-door/tag_scanned", b"04-AF-68-DA-CB-5A-80", b"******************80"),
        ("reader-door/tag_scanned", b"12345678", b"******78"),
        ("homie/5/reader/door/badge", b"04AF68DACB5A80", b"************80"),
        ("zigbee2mqtt/keypad/pad", b'{"action":"disarm","action_code":"471147"}', b'{"action":"disarm","action_code":"****"}'),
        ("zigbee2mqtt/lock/front", b'{"pin_code":{"user":1,"pin_code":"4711"}}', b'{"pin_code":"****"}'),
        ("ha/scans", b'[{"tag":"04AF68DACB5A80"}]', b'[{"tag":"************80"}]'),
    ],
)  # fmt: skip
def test_badges_and_pins_of_other_makers_are_masked_too(topic, payload, left):
    assert after(topic, payload) == left


@pytest.mark.parametrize(
    ("topic", "payload"),
    [
        (READ, b'{ "id" : "7-1", "type": "door.opened", "data": {"by": null} }'),
        (READ, b'{"data":null}'),
        (READ, b""),
        ("natoma/1/sensor/up/telemetry", b'{"v":{"h":45.5}, "tag":"kitchen"}'),
        ("natoma/paris/1/door/down/command", b'{"uid": "ours"'),
        ("natoma/1/live/room/booth", b'{"tag": "a word"}'),
        ("tele/lamp-bar/SENSOR", b'{"Time": "2026-11-16T09:00:00", "SHT3X": {"Temperature": 21.50}}'),
        ("tele/lamp-bar/LWT", b"Online"),
        ("lamp/light/bar/state", b"21.50"),
        ("stick/photo", b"\xff\xd8\xff"),
    ],
)
def test_what_opens_no_door_stays_byte_for_byte(topic, payload):
    assert after(topic, payload) == payload


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=4),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    ),
    st.sampled_from(["card", "pin", "token", "h"]),
    st.integers(0, 80),
)
def test_however_a_read_is_bent_or_cut_no_badge_comes_through(around, name, cut):
    whole = json.dumps({"around": around, "data": {"more": around, name: CARD}}).encode()
    for payload in (whole, whole[: len(whole) - cut]):
        assert CARD[:8].encode() not in after(READ, payload)
