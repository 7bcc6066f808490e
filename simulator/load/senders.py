"""The devices of a load: taps and readings straight onto their links, all else left to their machines.

A reader asks one thing at a time, a load asks many; so what answers a tap of ours is taken before the machine hears it,
and confirmed as a door does whose bolt is drawn already. Lists, rebirths and goodbyes are the machines' own.
"""

import asyncio
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Literal, Protocol

from devices import codec
from devices.errors import LinkError, MessageError
from devices.link import Link
from devices.messages import (
    Ack,
    AckPhase,
    Command,
    Do,
    Event,
    EventType,
    Reject,
    Scalar,
    Signal,
    Telemetry,
)
from devices.topics import Kind, Topics
from simulator.device import Between, Untouched
from simulator.load.asked import Cast, Gate
from simulator.load.tally import Said, Tally

# As a virtual reader has it: one that old never unlocks.
_READ_EXPIRES_S = 5
_KNOCK = "knock"


class Device(Protocol):
    """What a load needs of a virtual device."""

    link: Link

    def meddled(self, between: Between) -> None: ...


@dataclass(slots=True)
class _Sensor:
    link: Link
    topic: str
    values: tuple[dict[str, Scalar], ...]
    seq: int = 0


class Senders:
    """`run` names this load: ids of another one are not ours."""

    def __init__(
        self,
        cast: Cast,
        devices: Mapping[str, Device],
        topics: Topics,
        tally: Tally,
        *,
        run: str,
        seed: int,
        now: Callable[[], datetime],
    ) -> None:
        self._cast = cast
        self._devices = devices
        self._topics = topics
        self._tally = tally
        self._run = run
        self._now = now
        self._loop = asyncio.get_running_loop()
        # The same seed sends the same people to the same doors.
        self._dice = random.Random(f"load/who/{seed}")
        self._sensors = [
            _Sensor(devices[probe.device].link, topics.up(probe.device, Kind.TELEMETRY), probe.values)
            for probe in cast.probes
        ]
        self._next_sensor = 0
        apart = [gate for gate in cast.gates if gate.reader != gate.lock]
        self._locks_apart = frozenset(gate.lock for gate in apart)
        self._readers_apart = frozenset(gate.reader for gate in apart)
        self._knocked: asyncio.Future[Signal] | None = None
        self._knocks = 0
        for device_id, device in devices.items():
            device.meddled(_Ear(partial(self._takes, device_id)))

    # --- what is said -----------------------------------------------------------------------------

    def tap(self, due: float) -> None:
        """Somebody holds a badge to some reader; it was meant to happen at `due`."""
        gate = self._dice.choice(self._cast.gates)
        body = self._read(gate, f"{self._run}-{self._tally.numbered}")
        self._tally.tapped(due, self._loop.time())
        if not self._say(gate.reader, Kind.EVENT, body, self._tally.taps, expiry_s=_READ_EXPIRES_S):
            self._tally.not_said()

    def reading(self, due: float) -> None:
        """The next sensor in turn says what it reads; it was meant to at `due`."""
        sensor = self._sensors[self._next_sensor]
        self._next_sensor = (self._next_sensor + 1) % len(self._sensors)
        sensor.seq += 1
        values = sensor.values[sensor.seq % len(sensor.values)]
        body = codec.encode(Telemetry(seq=sensor.seq, ts=self._now(), v=values))
        said = self._tally.readings
        said.late.add(self._loop.time() - due)
        try:
            future = sensor.link.publish(sensor.topic, body, qos=1, content_type="application/json")
        except LinkError:
            said.unsaid += 1
            return
        said.said += 1
        if future is not None:
            future.add_done_callback(partial(_confirmed, said))

    async def knock(self, within_s: float) -> Signal | None:
        """One tap that is not counted, at the last reader; what it was told, None when nobody answered."""
        self._knocks += 1
        self._knocked = self._loop.create_future()
        gate = self._cast.gates[-1]
        body = self._read(gate, f"{self._run}-{_KNOCK}-{self._knocks}")
        self._say(gate.reader, Kind.EVENT, body, None, expiry_s=_READ_EXPIRES_S)
        try:
            async with asyncio.timeout(within_s):
                return await self._knocked
        except TimeoutError:
            return None
        finally:
            self._knocked = None

    def _read(self, gate: Gate, message_id: str) -> bytes:
        shown = self._dice.choice(gate.shown)
        return codec.encode(Event(id=message_id, type=EventType.BADGE_READ, ts=self._now(), data=shown))

    def _say(self, device: str, kind: Kind, body: bytes, said: Said | None, expiry_s: int | None = None) -> bool:
        try:
            future = self._devices[device].link.publish(
                self._topics.up(device, kind), body, qos=1, expiry_s=expiry_s, content_type="application/json"
            )
        except LinkError:
            return False
        if said is not None and future is not None:
            future.add_done_callback(partial(_confirmed, said))
        return True

    # --- what is heard ----------------------------------------------------------------------------

    def _takes(self, device: str, kind: str, payload: bytes) -> bool:
        """Whether this was about a tap of ours, and the machine need not hear it."""
        if kind not in (Kind.COMMAND, Kind.REJECT):
            return False
        try:
            message = codec.decode(self._topics, self._topics.down(device, Kind(kind)), payload).message
        except MessageError:
            return False
        if isinstance(message, Reject):
            self._tally.rejected[message.reason.value] += message.count or 1
            return False
        if not isinstance(message, Command) or message.re is None:
            return False
        head, _, number = message.re.rpartition("-")
        if head == f"{self._run}-{_KNOCK}":
            if self._knocked is not None and not self._knocked.done():
                self._knocked.set_result(message.shows)
        elif head == self._run and number.isdecimal():
            self._counts(device, message, int(number))
        else:
            return False
        self._obeys(device, message)
        return True

    def _counts(self, device: str, command: Command, number: int) -> None:
        if command.do is Do.UNLOCK and device in self._locks_apart:
            self._tally.unlocked(number)
        elif command.do in (Do.UNLOCK, Do.SIGNAL):
            at = self._loop.time()
            self._tally.answered(number, command.shows, at, lock_apart=device in self._readers_apart)

    def _obeys(self, device: str, command: Command) -> None:
        phases = (AckPhase.ACCEPTED, AckPhase.DONE) if command.do is Do.UNLOCK else (AckPhase.DONE,)
        for phase in phases:
            self._say(device, Kind.ACK, codec.encode(Ack(re=command.id, phase=phase)), None)


class _Ear(Untouched):
    """Between a device and its link: what concerns the load is taken out, the rest passes as it is."""

    def __init__(self, takes: Callable[[str, bytes], bool]) -> None:
        self._takes = takes

    def passes(
        self,
        way: Literal["up", "down"],
        kind: str,
        payload: bytes,
        retain: bool,
        go: Callable[[bytes, bool], None],
        _lost: object = None,
    ) -> None:
        # A retained command is none of ours, whatever it answers: the machine refuses it and says so.
        if way == "up" or retain or not self._takes(kind, payload):
            go(payload, retain)


def _confirmed(said: Said, done: asyncio.Future[None]) -> None:
    if done.cancelled() or done.exception() is not None:
        said.failed += 1
    else:
        said.confirmed += 1
