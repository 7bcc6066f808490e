"""PUBLISH and PUBACK, the two packets every message meets, read and written without paho's general machinery.

Two reasons. paho builds several tables per packet for its properties, which is half of a message's cost. And it
refuses a whole packet, and so the connection, for things a broker rightly passes on (a zero-width space in a user
property); the message would come again at every reconnect, for ever. Here such a message is `Poison`: it is named,
acknowledged and dropped, and the next one is served.
"""

from collections.abc import Mapping
from typing import NamedTuple

from devices.link.delivery import Delivery

PUBACK_FAILED = 0x80  # reason codes from here on mean "not passed on"

CONTENT_TYPE = 0x03
RESPONSE_TOPIC = 0x08
CORRELATION = 0x09
EXPIRY = 0x02
USER_PROPERTY = 0x26

# The properties a PUBLISH may carry and that we only step over, with their size (MQTT 5, 2.2.2.2).
_FIXED_SIZE = {0x01: 1, EXPIRY: 4, 0x23: 2}
_SUBSCRIPTION_ID = 0x0B


class Poison(Exception):
    """This message cannot be what MQTT allows, but where it ends and how to acknowledge it is known."""

    def __init__(self, mid: int, qos: int, why: str) -> None:
        super().__init__(why)
        self.mid = mid
        self.qos = qos


class Puback(NamedTuple):
    mid: int
    reason: int  # 0 passed on, 16 passed on but nobody listens, from 0x80 not passed on


def read_publish(header: int, body: bytes, *, mqtt5: bool) -> Delivery:
    """Read a PUBLISH; raise Poison, or ValueError when not even its packet id can be found."""
    qos = (header >> 1) & 3
    topic_end = 2 + (body[0] << 8 | body[1]) if len(body) >= 2 else 2
    mid = 0
    start = topic_end
    if qos:
        start += 2
        mid = int.from_bytes(body[topic_end:start], "big")
    if qos == 3 or start > len(body) or (qos and mid == 0):
        raise ValueError(f"PUBLISH of {len(body)} bytes cannot be read: header {header:#04x}, topic up to {topic_end}")
    try:
        topic = str(body[2:topic_end], "utf-8")
    except UnicodeDecodeError:
        raise Poison(mid, qos, f"the topic is not UTF-8: {body[2:topic_end][:80]!r}") from None
    if not topic or "\0" in topic:
        raise Poison(mid, qos, f"no such topic can be: {topic[:80]!r}")
    if not mqtt5 or (start < len(body) and body[start] == 0):
        payload = body[start + mqtt5 :]
        return Delivery(topic, payload, qos, header & 1 == 1, header & 8 == 8, mid=mid)
    delivery = Delivery(topic, b"", qos, header & 1 == 1, header & 8 == 8, mid=mid)
    try:
        payload_at = _read_properties(body, start, delivery)
    except (IndexError, ValueError) as exc:
        raise Poison(mid, qos, f"the properties of a message on {topic[:80]!r} cannot be read: {exc}") from None
    delivery.payload = body[payload_at:]
    return delivery


def _read_properties(body: bytes, at: int, into: Delivery) -> int:
    """Fill in the properties we use and return where the payload starts."""
    length, at = _read_varint(body, at)
    end = at + length
    if end > len(body):
        raise ValueError("they end behind the packet")
    user: list[tuple[str, str]] = []
    while at < end:
        kind = body[at]
        at += 1
        if kind in _FIXED_SIZE:
            at += _FIXED_SIZE[kind]
        elif kind == _SUBSCRIPTION_ID:
            _, at = _read_varint(body, at)
        elif kind == USER_PROPERTY:
            name, at = _read_field(body, at, end)
            value, at = _read_field(body, at, end)
            user.append((_text(name), _text(value)))
        elif kind in (CONTENT_TYPE, RESPONSE_TOPIC, CORRELATION):
            value, at = _read_field(body, at, end)
            if kind == CORRELATION:
                into.correlation = value
            elif kind == RESPONSE_TOPIC:
                into.response_topic = str(value, "utf-8")
            else:
                into.content_type = _text(value)
        else:
            raise ValueError(f"unknown property {kind:#04x}")
    if at != end:
        raise ValueError("the last one ends behind the others")
    into.user_properties = tuple(user)
    return end


def _read_varint(body: bytes, at: int) -> tuple[int, int]:
    value = 0
    for shift in (0, 7, 14, 21):
        byte = body[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
    raise ValueError("a length of more than four bytes")


def _read_field(body: bytes, at: int, end: int) -> tuple[bytes, int]:
    start = at + 2
    stop = start + (body[at] << 8 | body[at + 1])
    if stop > end:
        raise ValueError("one ends behind the others")
    return body[start:stop], stop


def _text(value: bytes) -> str:
    # Advice for people and tracing; a spoilt one must not cost the message.
    return str(value, "utf-8", "replace")


def read_puback(body: bytes | bytearray) -> Puback:
    """Read a PUBACK of either version; raise ValueError when it is cut short."""
    if len(body) < 2:
        raise ValueError(f"PUBACK of {len(body)} bytes has no packet id")
    return Puback(body[0] << 8 | body[1], body[2] if len(body) > 2 else 0)


def pack_publish_properties(
    *,
    expiry_s: int | None = None,
    content_type: str | None = None,
    response_topic: str | None = None,
    correlation: bytes | None = None,
    user_properties: Mapping[str, str] | None = None,
) -> bytes | None:
    """Write the property block of an MQTT 5 PUBLISH, its length included; None if it has no properties."""
    block = bytearray()
    if expiry_s is not None:
        block.append(EXPIRY)
        block += expiry_s.to_bytes(4, "big")
    if content_type is not None:
        block.append(CONTENT_TYPE)
        _pack_field(block, content_type.encode())
    if response_topic is not None:
        block.append(RESPONSE_TOPIC)
        _pack_field(block, response_topic.encode())
    if correlation is not None:
        block.append(CORRELATION)
        _pack_field(block, correlation)
    for name, value in (user_properties or {}).items():
        block.append(USER_PROPERTY)
        _pack_field(block, name.encode())
        _pack_field(block, value.encode())
    if not block:
        return None
    length = len(block)
    head = bytearray()
    while length > 0x7F:
        head.append(length & 0x7F | 0x80)
        length >>= 7
    head.append(length)
    return bytes(head + block)


def _pack_field(block: bytearray, value: bytes) -> None:
    if len(value) > 0xFFFF:
        raise ValueError(f"a property of {len(value)} bytes: MQTT allows 65535")
    block += len(value).to_bytes(2, "big")
    block += value
