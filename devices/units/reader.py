"""A badge reader on its own: it asks, waits a second, and shows yes, no, try again or a wish for a PIN.

The lock beside it is another device and gets its own command; only what a reader decides alone, it tells it by wire.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal

from devices.messages import (
    AccessList,
    Ack,
    AckPhase,
    AckReason,
    BadgeReadData,
    Birth,
    ChannelSpec,
    Command,
    Do,
    EventType,
    Status,
)
from devices.topics import Kind
from devices.units.commands import CommandLog
from devices.units.own_list import OwnList
from devices.units.reading import ANSWER_TIMER, Reading, decides_alone
from devices.units.steps import (
    BadgeShown,
    Connected,
    Effects,
    Heard,
    Input,
    PinEntered,
    Publish,
    ReleaseLock,
    Show,
    StartTimer,
    Tampered,
    TimerFired,
)
from devices.units.voice import HEALTH_EVERY_S, HEALTH_TIMER, Voice


@dataclass(frozen=True, slots=True)
class Reader:
    """State and behaviour of one reader; `step` is the whole of it."""

    voice: Voice
    name: str = ""
    own: OwnList = field(default=OwnList())
    log: CommandLog = field(default=CommandLog())
    reading: Reading = field(default=Reading())
    direction: Literal["in", "out"] = "in"  # which way whoever shows a badge here is going

    def birth(self) -> Birth:
        return Birth(
            contract="1.0",
            rev=1,
            name=self.name or None,
            model="reader",
            vendor="Natoma",
            channels={"badge": ChannelSpec(device_class="badge", momentary=True)},
        )

    def status(self, *, gone: bool = False, lost: bool = False, now: datetime | None = None) -> Status:
        return self.voice.status(gone=gone, lost=lost, now=now)

    def _facing(self, shown: BadgeReadData) -> BadgeReadData:
        """Where it hangs is known to it: whoever leaves needs no list."""
        if shown.direction is not None or self.direction == "in":
            return shown
        return shown.model_copy(update={"direction": self.direction})

    def step(self, given: Input, now: datetime) -> tuple["Reader", Effects]:
        match given:
            case Connected():
                voice, told = self.voice.step(given, now)
                reader = replace(self, voice=voice)
                return reader, (*_presentation(reader, now), *told, *_health(reader))
            case _ if self.voice.concerns(given):
                voice, told = self.voice.step(given, now)
                return replace(self, voice=voice), told
            case BadgeShown(data=shown) if not self.reading.is_open:
                data = self._facing(shown)
                if self.voice.online:
                    reading, voice, effects = self.reading.asks(self.voice, data, now)
                    return replace(self, reading=reading, voice=voice), effects
                return _decides_alone(self, Reading(shown=data), now)
            case PinEntered(digits=digits) if not self.reading.is_open:
                reading, voice, effects = self.reading.enters(self.voice, digits, now)
                return replace(self, reading=reading, voice=voice), effects
            case TimerFired(name=timer):
                return _timer_fired(self, timer, now)
            case Heard(message=AccessList() as page):
                own, said = self.own.takes(given, page)
                reader = replace(self, own=own)
                return reader, (*said, *(_health(reader) if own.rev != self.own.rev else ()))
            case Tampered():
                voice, effects = self.voice.tell(EventType.TAMPER, now)
                return replace(self, voice=voice), effects
            case Heard(message=Command() as command):
                refused = self.log.admits(given, command, now)
                if refused is not None:
                    return replace(self, log=refused[0]), refused[1]
                return _obeys(self, command, now)
            case _:
                return self, ()


def _timer_fired(was: Reader, timer: str, now: datetime) -> tuple[Reader, Effects]:
    if timer == HEALTH_TIMER:
        return was, _health(was)
    if timer == ANSWER_TIMER and was.reading.shown is not None:
        return _decides_alone(was, was.reading, now)
    given_up = was.reading.request if timer == ANSWER_TIMER else None
    reading, effects = was.reading.timed_out(timer)
    told: Effects = (ReleaseLock(re=given_up, admitted=False),) if given_up is not None else ()
    return replace(was, reading=reading), (*effects, *told)


def _presentation(reader: Reader, now: datetime) -> Effects:
    return Publish(Kind.BIRTH, reader.birth()), Publish(Kind.STATUS, reader.status(now=now))


def _health(reader: Reader) -> Effects:
    said = reader.voice.health(access_rev=reader.own.rev)
    return (*said, StartTimer(HEALTH_TIMER, HEALTH_EVERY_S)) if said else ()


def _decides_alone(was: Reader, reading: Reading, now: datetime) -> tuple[Reader, Effects]:
    """The lock beside it has no reader of its own to ask, so it is told over the wire between the two."""
    assert reading.shown is not None  # it is decided about something
    alone = decides_alone(was.voice, was.own, reading.shown, reading.request, now)
    # A refusal only where something could still answer the request.
    is_told = alone.admitted or reading.request is not None
    released: Effects = (ReleaseLock(alone.hold_s, reading.request, alone.admitted),) if is_told else ()
    return replace(was, own=alone.own, voice=alone.voice, reading=Reading()), (*alone.effects, *released)


def _obeys(was: Reader, command: Command, now: datetime) -> tuple[Reader, Effects]:
    match command.do:
        case Do.SIGNAL if was.reading.matches(command):
            reading, shown = was.reading.answered(command)
            return _done(replace(was, reading=reading), command, shown)
        case Do.SIGNAL if command.re is None:
            return _done(was, command, (Show(command.shows, command.reason),))
        case Do.SIGNAL:
            # The answer to a request already given up: showing it now would be about the wrong person.
            log, said = was.log.says(command.id, AckPhase.REFUSED, AckReason.EXPIRED)
            return replace(was, log=log), said
        case _:
            log, effects = was.log.answers_as_any(command, _presentation(was, now))
            return replace(was, log=log), effects


def _done(was: Reader, command: Command, effects: Effects) -> tuple[Reader, Effects]:
    ack = Ack(re=command.id, phase=AckPhase.DONE)
    return replace(was, log=was.log.noting(ack)), (*effects, Publish(Kind.ACK, ack))
