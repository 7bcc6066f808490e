"""A broker that says what a test tells it to, right or wrong, and remembers every packet it got."""

import asyncio
import contextlib
from dataclasses import dataclass, field
from typing import Self

CONNECT, CONNACK, PUBLISH, PUBACK, PUBREC, PUBREL, PUBCOMP, SUBSCRIBE, SUBACK = range(1, 10)
PINGREQ, PINGRESP, DISCONNECT = 12, 13, 14
PATIENCE_S = 10.0


@dataclass(frozen=True, slots=True)
class Packet:
    kind: int
    flags: int
    body: bytes

    @property
    def mid(self) -> int:
        """The packet id; of a PUBLISH, above QoS 0."""
        if self.kind != PUBLISH:
            return int.from_bytes(self.body[:2], "big")
        at = 2 + int.from_bytes(self.body[:2], "big")
        return int.from_bytes(self.body[at : at + 2], "big")


def packet(kind: int, body: bytes = b"", flags: int = 0) -> bytes:
    assert len(body) < 16384
    length = bytes([len(body)]) if len(body) < 128 else bytes([len(body) & 0x7F | 0x80, len(body) >> 7])
    return bytes([kind << 4 | flags]) + length + body


def publish(topic: bytes, payload: bytes, mid: int, properties: bytes = b"\0", *, qos: int = 1) -> bytes:
    """A PUBLISH of MQTT 5, as wrong as its parts."""
    body = len(topic).to_bytes(2, "big") + topic + mid.to_bytes(2, "big") + properties + payload
    return packet(PUBLISH, body, flags=qos << 1)


@dataclass
class ScriptedBroker:
    """MQTT 5. Answers CONNECT, SUBSCRIBE and PINGREQ by itself; everything else is the test's to send."""

    connack: bytes = b"\0\0\0"
    suback: bytes = b"\1"
    answers_pings: bool = True
    packets: list[Packet] = field(default_factory=list)
    connections: int = 0
    port: int = 0
    _writer: asyncio.StreamWriter | None = None
    _changed: asyncio.Event = field(default_factory=asyncio.Event)

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        self.hang_up()

    def send(self, data: bytes) -> None:
        assert self._writer is not None, "nobody is connected"
        self._writer.write(data)

    def hang_up(self) -> None:
        if self._writer is not None:
            self._writer.close()

    def got(self, kind: int) -> list[Packet]:
        return [packet for packet in self.packets if packet.kind == kind]

    async def until_got(self, kind: int, count: int) -> list[Packet]:
        try:
            async with asyncio.timeout(PATIENCE_S):
                while len(self.got(kind)) < count:
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError:
            raise AssertionError(f"waited for {count} packets of kind {kind}, got {self.packets}") from None
        return self.got(kind)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._writer = writer
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            while True:
                read = await self._read(reader)
                self.packets.append(read)
                if read.kind == CONNECT:
                    writer.write(packet(CONNACK, self.connack))
                elif read.kind == SUBSCRIBE:
                    writer.write(packet(SUBACK, read.body[:2] + b"\0" + self.suback))
                elif read.kind == PINGREQ and self.answers_pings:
                    writer.write(packet(PINGRESP))
                self._changed.set()
        writer.close()

    @staticmethod
    async def _read(reader: asyncio.StreamReader) -> Packet:
        (first,) = await reader.readexactly(1)
        length = shift = 0
        while True:
            (byte,) = await reader.readexactly(1)
            length |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return Packet(first >> 4, first & 0x0F, await reader.readexactly(length))
