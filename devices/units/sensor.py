"""A room sensor: it samples at its cadence, numbers what it says, and keeps readings while offline.

Slow things it senses (a window) go out as state when they change; all else is telemetry. A wifi probe
is a sensor with other channels.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from devices.messages import (
    Birth,
    ChannelSpec,
    Command,
    EventType,
    Health,
    Scalar,
    State,
    Status,
    Telemetry,
)
from devices.messages import Sample as KeptSample
from devices.topics import Kind
from devices.units.commands import CommandLog
from devices.units.steps import (
    Connected,
    Effects,
    FireFelt,
    Heard,
    Input,
    Measured,
    Publish,
    Sample,
    StartTimer,
    Tampered,
    TimerFired,
    Unread,
)
from devices.units.voice import HEALTH_EVERY_S, HEALTH_TIMER, SAY_AGAIN_S, Voice

SAMPLE_TIMER = "sample"
AGAIN_TIMER = "again"
# Four hours at one reading a minute: what 16 KiB of a microcontroller holds. The oldest give way.
SAMPLES_KEPT = 240
# A batch of this size stays far below the contract's 64 KiB.
BATCH = 60


@dataclass(frozen=True, slots=True)
class SensorProfile:
    """What this sensor has and how often it speaks. `states`: channels that are said when they change."""

    channels: Mapping[str, ChannelSpec]
    name: str = ""
    every_s: float = 60.0
    states: frozenset[str] = frozenset()
    on_battery: bool = True
    # After the reading at power-on: spreads a building's sensors over their cadence.
    first_after_s: float | None = None


@dataclass(frozen=True, slots=True)
class Sensor:
    """State and behaviour of one sensor; `step` is the whole of it."""

    voice: Voice
    profile: SensorProfile
    log: CommandLog = field(default=CommandLog())
    is_sampling: bool = False
    seq: int = 0
    kept: tuple[KeptSample, ...] = ()
    # Said and never confirmed: said again word for word, for whoever heard it knows it by its number.
    unread: tuple[Telemetry, ...] = ()
    slow: Mapping[str, Scalar] = field(default_factory=dict)
    battery: float = 100.0

    def birth(self) -> Birth:
        return Birth(
            contract="1.0",
            rev=1,
            name=self.profile.name or None,
            model="room sensor",
            vendor="Natoma",
            every_s=self.profile.every_s,
            channels=dict(self.profile.channels),
        )

    def status(self, *, gone: bool = False, lost: bool = False, now: datetime | None = None) -> Status:
        return self.voice.status(gone=gone, lost=lost, now=now)

    def step(self, given: Input, now: datetime) -> tuple["Sensor", Effects]:
        match given:
            case Connected():
                return _connects(self, now)
            case _ if self.voice.concerns(given):
                voice, told = self.voice.step(given, now)
                return replace(self, voice=voice), told
            case TimerFired(name=timer) if timer == SAMPLE_TIMER:
                return self, (Sample(), StartTimer(SAMPLE_TIMER, self.profile.every_s))
            case Unread(telemetry=telemetry):
                unread = (*self.unread, telemetry)[-SAMPLES_KEPT:]
                return replace(self, unread=unread), (StartTimer(AGAIN_TIMER, SAY_AGAIN_S),)
            case TimerFired(name=timer) if timer == AGAIN_TIMER and self.voice.online:
                return _says_again(self)
            case TimerFired(name=timer) if timer == HEALTH_TIMER:
                return self, (*_health(self), StartTimer(HEALTH_TIMER, HEALTH_EVERY_S))
            case Measured(values=values):
                return _measured(self, values, now)
            case Tampered():
                voice, told = self.voice.tell(EventType.TAMPER, now)
                return replace(self, voice=voice), told
            case FireFelt(active=active):
                voice, told = self.voice.tell(EventType.FIRE, now, {"active": active})
                return replace(self, voice=voice), told
            case Heard(message=Command() as command):
                refused = self.log.admits(given, command, now)
                if refused is not None:
                    return replace(self, log=refused[0]), refused[1]
                return _obeys(self, command, now)
            case _:
                return self, ()


def _connects(was: Sensor, now: datetime) -> tuple[Sensor, Effects]:
    voice, told = was.voice.step(Connected(), now)
    sensor, again = _says_again(replace(was, voice=voice))
    sensor, batches = _sends_kept(sensor)
    effects = (*_presentation(sensor, now), *told, *again, *batches)
    if was.is_sampling:
        return sensor, effects
    first_s = was.profile.every_s if was.profile.first_after_s is None else was.profile.first_after_s
    timers = StartTimer(SAMPLE_TIMER, first_s), StartTimer(HEALTH_TIMER, HEALTH_EVERY_S)
    return replace(sensor, is_sampling=True), (*effects, *_health(sensor), Sample(), *timers)


def _measured(was: Sensor, values: Mapping[str, Scalar], now: datetime) -> tuple[Sensor, Effects]:
    known = {name: value for name, value in values.items() if name in was.profile.channels}
    slow = {**was.slow, **{name: value for name, value in known.items() if name in was.profile.states}}
    sampled = {name: value for name, value in known.items() if name not in was.profile.states}
    # Its own cells are one of the things it measures; of them it speaks by its health alone.
    left = values.get("battery")
    battery = float(left) if isinstance(left, int | float) and "battery" not in known else was.battery
    tells = bool(sampled) and was.voice.online
    sensor = replace(was, slow=slow, battery=battery, seq=was.seq + tells)
    effects: Effects = ()
    if slow != was.slow:
        effects = _reports(sensor, now)
    if not sampled:
        return sensor, effects
    if not tells:
        return replace(sensor, kept=(*was.kept, KeptSample(ts=now, v=sampled))[-SAMPLES_KEPT:]), effects
    telemetry = Telemetry(seq=sensor.seq, ts=now, v=sampled)
    return sensor, (*effects, Publish(Kind.TELEMETRY, telemetry))


def _says_again(was: Sensor) -> tuple[Sensor, Effects]:
    return replace(was, unread=()), tuple(Publish(Kind.TELEMETRY, telemetry) for telemetry in was.unread)


def _sends_kept(was: Sensor) -> tuple[Sensor, Effects]:
    seq, told = was.seq, []
    for start in range(0, len(was.kept), BATCH):
        seq += 1
        told.append(Publish(Kind.TELEMETRY, Telemetry(seq=seq, batch=was.kept[start : start + BATCH])))
    return replace(was, seq=seq, kept=()), tuple(told)


def _obeys(was: Sensor, command: Command, now: datetime) -> tuple[Sensor, Effects]:
    log, effects = was.log.answers_as_any(command, _presentation(was, now))
    return replace(was, log=log), effects


def _presentation(sensor: Sensor, now: datetime) -> Effects:
    return (
        Publish(Kind.BIRTH, sensor.birth()),
        *_reports(sensor, now),
        Publish(Kind.STATUS, sensor.status(now=now)),
    )


def _reports(was: Sensor, now: datetime) -> Effects:
    if not was.voice.online or not was.slow:
        return ()
    return (Publish(Kind.STATE, State(ts=now, v=dict(was.slow))),)


def _health(was: Sensor) -> Effects:
    if not was.voice.online:
        return ()
    battery = round(was.battery, 1) if was.profile.on_battery else None
    return (Publish(Kind.HEALTH, Health(battery=battery, queued=len(was.kept))),)
