"""The two packets every message meets, held against paho's own reading of them."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from devices.link.packets import Poison, pack_publish_properties, read_puback, read_publish

TOPICS = st.text(st.characters(exclude_characters="\0+#", exclude_categories=["Cs"]), min_size=1, max_size=60)
# Paho refuses to write a zero-width space or control characters that MQTT allows; what it can write is compared.
WORDS = st.text(st.characters(min_codepoint=32, max_codepoint=0x2FF), max_size=20)
MIDS = st.integers(1, 65535)


def publish(topic: bytes, payload: bytes, *, mid: int = 0, properties: bytes | None = None) -> bytes:
    body = len(topic).to_bytes(2, "big") + topic
    if mid:
        body += mid.to_bytes(2, "big")
    return body + (properties if properties is not None else b"") + payload


def paho_properties(**values: object) -> bytes:
    properties = Properties(PacketTypes.PUBLISH)
    for name, value in values.items():
        setattr(properties, name, value)
    return bytes(properties.pack())


@given(topic=TOPICS, payload=st.binary(max_size=200), mid=MIDS, dup=st.booleans(), retain=st.booleans())
def test_a_plain_message_is_read_whole(topic: str, payload: bytes, mid: int, dup: bool, retain: bool):
    header = 0x32 | dup << 3 | retain

    for mqtt5, properties in ((False, None), (True, b"\0")):
        read = read_publish(header, publish(topic.encode(), payload, mid=mid, properties=properties), mqtt5=mqtt5)

        assert (read.topic, read.payload, read.qos, read.mid) == (topic, payload, 1, mid)
        assert (read.dup, read.retain) == (dup, retain)


def test_qos_0_has_no_packet_id():
    read = read_publish(0x30, publish(b"a/b", b"hello"), mqtt5=False)

    assert (read.qos, read.mid, read.payload) == (0, 0, b"hello")


@given(
    content_type=WORDS,
    response_topic=WORDS.filter(lambda text: "+" not in text and "#" not in text),
    correlation=st.binary(max_size=300),
    user=st.lists(st.tuples(WORDS, WORDS), max_size=4),
    payload=st.binary(max_size=50),
)
def test_properties_written_by_paho_are_read(content_type, response_topic, correlation, user, payload):
    packed = paho_properties(
        ContentType=content_type,
        ResponseTopic=response_topic,
        CorrelationData=correlation,
        UserProperty=user,
        MessageExpiryInterval=77,
        PayloadFormatIndicator=1,
    )

    read = read_publish(0x32, publish(b"t", payload, mid=5, properties=packed), mqtt5=True)

    assert (read.content_type, read.response_topic, read.correlation) == (content_type, response_topic, correlation)
    assert list(read.user_properties) == user
    assert read.payload == payload


@given(
    expiry_s=st.none() | st.integers(0, 2**32 - 1),
    content_type=st.none() | WORDS,
    correlation=st.none() | st.binary(max_size=300),
    user=st.dictionaries(WORDS, WORDS, max_size=4),
)
def test_properties_we_write_are_read_by_paho(expiry_s, content_type, correlation, user):
    packed = pack_publish_properties(
        expiry_s=expiry_s, content_type=content_type, correlation=correlation, user_properties=user
    )

    read = Properties(PacketTypes.PUBLISH)
    read.unpack(packed or b"\0")
    assert getattr(read, "MessageExpiryInterval", None) == expiry_s
    assert getattr(read, "ContentType", None) == content_type
    assert getattr(read, "CorrelationData", None) == correlation
    assert dict(getattr(read, "UserProperty", [])) == user


def test_no_properties_cost_nothing():
    assert pack_publish_properties() is None


def test_a_zero_width_space_in_a_user_property_is_no_reason_to_lose_the_message():
    # paho drops the connection over it, and the message comes again at each reconnect.
    packed = pack_publish_properties(user_properties={"who": "\ufeffAda"})

    read = read_publish(0x32, publish(b"t", b"hello", mid=1, properties=packed), mqtt5=True)

    assert read.user_properties == (("who", "\ufeffAda"),)
    assert read.payload == b"hello"


@pytest.mark.parametrize(
    ("topic", "properties"),
    [
        pytest.param(b"\xff\xfe", b"\0", id="topic-not-utf-8"),
        pytest.param(b"\xed\xa0\x80", b"\0", id="topic-with-a-surrogate"),
        pytest.param(b"a\0b", b"\0", id="topic-with-nul"),
        pytest.param(b"", b"\0", id="no-topic"),
        pytest.param(b"t", b"\x7f", id="properties-longer-than-the-packet"),
        pytest.param(b"t", b"\x02\x55\x00", id="unknown-property"),
        pytest.param(b"t", b"\x03\x03\x00\x09", id="property-longer-than-the-others"),
        pytest.param(b"t", b"\xff\xff\xff\xff\xff", id="endless-length"),
        pytest.param(b"t", b"\x01\x26", id="property-cut-short"),
    ],
)
def test_poison_is_named_with_the_id_it_must_be_acknowledged_by(topic: bytes, properties: bytes):
    with pytest.raises(Poison) as caught:
        read_publish(0x32, publish(topic, b"", mid=513, properties=properties), mqtt5=True)

    assert (caught.value.mid, caught.value.qos) == (513, 1)


@pytest.mark.parametrize(
    ("header", "body"),
    [
        pytest.param(0x32, b"", id="empty"),
        pytest.param(0x32, b"\x00\x01a", id="no-packet-id"),
        pytest.param(0x32, b"\x00\x01a\x00\x00", id="packet-id-zero"),
        pytest.param(0x30, b"\x00\x09a", id="topic-cut-short"),
        pytest.param(0x36, b"\x00\x01a\x00\x01", id="qos-3"),
    ],
)
def test_what_cannot_even_be_acknowledged_breaks_the_connection(header: int, body: bytes):
    with pytest.raises(ValueError, match="cannot be read"):
        read_publish(header, body, mqtt5=False)


@given(header=st.integers(0x30, 0x3F), body=st.binary(max_size=80), mqtt5=st.booleans())
def test_no_bytes_raise_anything_else(header: int, body: bytes, mqtt5: bool):
    with contextlib.suppress(Poison, ValueError):
        read_publish(header, body, mqtt5=mqtt5)


def test_a_puback_of_either_version_is_read():
    assert read_puback(b"\x01\x02") == (258, 0)
    assert read_puback(b"\x01\x02\x10") == (258, 16)
    assert read_puback(b"\x01\x02\x87\x00") == (258, 0x87)
    with pytest.raises(ValueError, match="no packet id"):
        read_puback(b"\x01")
