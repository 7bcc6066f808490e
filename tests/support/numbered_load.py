"""Numbered readings of one sensor, as fast as a broker takes them, and a record of what it confirmed: the oracle.

It speaks the few packets of MQTT 3.1.1 that it needs by itself, so that nothing of the product judges the product.
Blocking; for a thread of its own.
"""

import json
import socket
import struct
import time
from contextlib import AbstractContextManager
from typing import Self

PATIENCE_S = 60.0
CONNECT, CONNACK, PUBLISH, PUBACK, DISCONNECT = 0x10, 0x20, 0x32, 0x40, 0xE0  # a PUBLISH is of QoS 1 here
AT_ONCE = 2_000  # unconfirmed: far less than there are packet ids, and enough to keep a broker busy


class NumberedLoad(AbstractContextManager["NumberedLoad"]):
    """Use as a context manager; `confirmed` are the numbers that the broker has told it has."""

    def __init__(
        self, port: int, device: str = "sensor-hall", channel: str = "count", *, host: str = "127.0.0.1"
    ) -> None:
        self.confirmed: list[int] = []
        self._device = device
        self._channel = channel
        self._waiting: dict[int, int | None] = {}  # by packet id
        self._next_id = 0
        self._heard = bytearray()
        self._socket = socket.create_connection((host, port), timeout=PATIENCE_S)

    def __enter__(self) -> Self:
        name = f"{self._device}".encode()
        self._send(CONNECT, b"\x00\x04MQTT\x04\x02\x00\x3c" + struct.pack("!H", len(name)) + name)
        while self._packet()[0] & 0xF0 != CONNACK:
            pass
        channels = {self._channel: {"class": "count", "unit": "count"}}
        self._publish("birth", {"contract": "1.0", "rev": 1, "channels": channels}, None, retain=True)
        self._publish("status", {"state": "ready", "boot": "numbered"}, None, retain=True)
        self._settle(0)
        return self

    def __exit__(self, *_: object) -> None:
        self._send(DISCONNECT, b"")
        self._socket.close()

    def send(self, numbers: range, *, at_most_per_s: float | None = None) -> None:
        """Publish a reading for each; return once the broker has confirmed all of them."""
        began = time.monotonic()
        for index, number in enumerate(numbers):
            if at_most_per_s is not None and index % 50 == 0:
                time.sleep(max(0.0, began + index / at_most_per_s - time.monotonic()))
            self._publish("telemetry", {"id": f"r-{number}", "v": {self._channel: number}}, number)
            if len(self._waiting) >= AT_ONCE:
                self._settle(AT_ONCE // 2)
        self._settle(0)

    def _publish(self, kind: str, body: object, number: int | None, *, retain: bool = False) -> None:
        self._next_id = self._next_id % 65_000 + 1
        topic = f"natoma/1/{self._device}/up/{kind}".encode()
        payload = json.dumps(body, separators=(",", ":")).encode()
        head = struct.pack("!H", len(topic)) + topic + struct.pack("!H", self._next_id)
        self._waiting[self._next_id] = number
        self._send(PUBLISH | retain, head + payload)

    def _send(self, kind: int, body: bytes) -> None:
        length, left = bytearray(), len(body)
        while True:
            left, digit = divmod(left, 128)
            length.append(digit | (0x80 if left else 0))
            if not left:
                break
        self._socket.sendall(bytes([kind]) + bytes(length) + body)

    def _settle(self, most: int) -> None:
        """Read until at most so many are unconfirmed."""
        while len(self._waiting) > most:
            kind, body = self._packet()
            if kind & 0xF0 == PUBACK:
                number = self._waiting.pop(struct.unpack("!H", body[:2])[0])
                if number is not None:
                    self.confirmed.append(number)

    def _packet(self) -> tuple[int, bytes]:
        """The next packet; all that we are sent are short."""
        while len(self._heard) < 2 or len(self._heard) < 2 + self._heard[1]:
            more = self._socket.recv(65536)
            assert more, "the broker hung up"
            self._heard += more
        end = 2 + self._heard[1]
        kind, body = self._heard[0], bytes(self._heard[2:end])
        del self._heard[:end]
        return kind, body
