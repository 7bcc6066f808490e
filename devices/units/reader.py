"""A badge reader on its own: it asks, waits a second, and shows yes, no or try again.

The lock beside it is another device and gets its own command.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime

from devices.messages import Ack, AckPhase, AckReason, Birth, ChannelSpec, Command, Do, EventType, Status
from devices.topics import Kind
from devices.units.commands import CommandLog
from devices.units.reading import ANSWER_TIMER, OfflineDecider, Reading, decides_alone
from devices.units.steps import (
    BadgeShown,
    Connected,
    Disconnected,
    Effects,
    Heard,
    Input,
    Publish,
    Show,
    Tampered,
    TimerFired,
)
from devices.units.voice import Voice


@dataclass(frozen=True, slots=True)
class Reader:
    """State and behaviour of one reader; `step` is the whole of it."""

    voice: Voice
    name: str = ""
    offline_decider: OfflineDecider | None = None
    log: CommandLog = field(default=CommandLog())
    reading: Reading = field(default=Reading())

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

    def step(self, given: Input, now: datetime) -> tuple["Reader", Effects]:
        match given:
            case Connected():
                voice, told = self.voice.connected(now)
                reader = replace(self, voice=voice)
                return reader, (*_presentation(reader, now), *told)
            case Disconnected():
                return replace(self, voice=self.voice.disconnected()), ()
            case BadgeShown(data=data) if not self.reading.is_open:
                if self.voice.online:
                    reading, voice, effects = self.reading.asks(self.voice, data, now)
                    return replace(self, reading=reading, voice=voice), effects
                _, voice, effects = decides_alone(self.voice, data, None, now, self.offline_decider)
                return replace(self, voice=voice), effects
            case TimerFired(name=timer) if timer == ANSWER_TIMER and self.reading.shown is not None:
                _, voice, effects = decides_alone(
                    self.voice, self.reading.shown, self.reading.request, now, self.offline_decider
                )
                return replace(self, voice=voice, reading=Reading()), effects
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


def _presentation(reader: Reader, now: datetime) -> Effects:
    return Publish(Kind.BIRTH, reader.birth()), Publish(Kind.STATUS, reader.status(now=now))


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
