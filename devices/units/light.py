"""The booth's on-air light with its button: it shines because somebody wants it to, and only until then.

The wish carries its own end, so a dead controller cannot leave the light on. Whether the booth is
"on air" is the controller's judgement, from what this light reports.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime

from devices.messages import (
    Birth,
    ChannelSpec,
    Command,
    Desired,
    DesiredValue,
    EventType,
    State,
    Status,
)
from devices.topics import Kind
from devices.units.commands import CommandLog
from devices.units.steps import (
    ButtonPressed,
    Connected,
    Effects,
    Heard,
    Input,
    Publish,
    Shine,
    StartTimer,
    StopTimer,
    Tampered,
    TimerFired,
)
from devices.units.voice import Voice

ONAIR_CHANNEL = "onair"
# Which wish a report answers: its `rev`, so that nobody takes the answer to an earlier one for a confirmation.
ONAIR_REV = "onair.rev"
BUTTON_CHANNEL = "button"
UNTIL_TIMER = "until"
# A wish without an end comes from a controller that breaks the contract; four hours is a long recording.
LONGEST_S = 4 * 3600.0


@dataclass(frozen=True, slots=True)
class Light:
    """State and behaviour of one light; `step` is the whole of it."""

    voice: Voice
    name: str = ""
    has_button: bool = True
    log: CommandLog = field(default=CommandLog())
    is_on: bool = False
    until: datetime | None = None
    rev: int | None = None  # of the newest wish it has heard

    def birth(self) -> Birth:
        channels = {
            ONAIR_CHANNEL: ChannelSpec(device_class="light", settable=True),
            ONAIR_REV: ChannelSpec(device_class="revision"),
        }
        if self.has_button:
            channels[BUTTON_CHANNEL] = ChannelSpec(device_class="button", momentary=True)
        return Birth(
            contract="1.0", rev=1, name=self.name or None, model="on-air light", vendor="Natoma", channels=channels
        )

    def status(self, *, gone: bool = False, lost: bool = False, now: datetime | None = None) -> Status:
        return self.voice.status(gone=gone, lost=lost, now=now)

    def step(self, given: Input, now: datetime) -> tuple["Light", Effects]:
        match given:
            case Connected():
                voice, told = self.voice.step(given, now)
                light = replace(self, voice=voice)
                return light, (*_presentation(light, now), *told)
            case _ if self.voice.concerns(given):
                voice, told = self.voice.step(given, now)
                return replace(self, voice=voice), told
            case Heard(message=Desired() as desired) if ONAIR_CHANNEL in desired.v:
                if self.rev is not None and desired.rev < self.rev:
                    # An older wish that came late, or came again: a newer one has been followed.
                    return self, _reports(self, now)
                return _wishes(replace(self, rev=desired.rev), desired.v[ONAIR_CHANNEL], now)
            case Heard(message=Command() as command):
                refused = self.log.admits(given, command, now)
                if refused is not None:
                    return replace(self, log=refused[0]), refused[1]
                return _obeys(self, command, now)
            case TimerFired(name=timer) if timer == UNTIL_TIMER and self.is_on:
                return _switches(self, False, None, now)
            case ButtonPressed(pressed=pressed) if self.has_button:
                voice, told = self.voice.tell(EventType.BUTTON, now, {"pressed": pressed}, BUTTON_CHANNEL)
                return replace(self, voice=voice), told
            case Tampered():
                voice, told = self.voice.tell(EventType.TAMPER, now)
                return replace(self, voice=voice), told
            case _:
                return self, ()


def _wishes(was: Light, wish: DesiredValue, now: datetime) -> tuple[Light, Effects]:
    if wish.value not in (True, "on"):
        return _switches(was, False, None, now)
    left_s = min((wish.until - now).total_seconds(), LONGEST_S) if wish.until is not None else LONGEST_S
    if left_s <= 0:
        # A retained wish read after its end: the booking is over, and so is the broadcast.
        return _switches(was, False, None, now)
    light, effects = _switches(was, True, wish.until, now)
    return light, (*effects, StartTimer(UNTIL_TIMER, left_s))


def _switches(was: Light, on: bool, until: datetime | None, now: datetime) -> tuple[Light, Effects]:
    """Reported even when nothing changes: the report is the answer to the wish."""
    light = replace(was, is_on=on, until=until)
    stopped: Effects = () if on else (StopTimer(UNTIL_TIMER),)
    shone: Effects = (Shine(on),) if on != was.is_on else ()
    return light, (*stopped, *shone, *_reports(light, now))


def _obeys(was: Light, command: Command, now: datetime) -> tuple[Light, Effects]:
    log, effects = was.log.answers_as_any(command, _presentation(was, now))
    return replace(was, log=log), effects


def _presentation(light: Light, now: datetime) -> Effects:
    return (
        Publish(Kind.BIRTH, light.birth()),
        *_reports(light, now),
        Publish(Kind.STATUS, light.status(now=now)),
    )


def _reports(was: Light, now: datetime) -> Effects:
    if not was.voice.online:
        return ()
    answered = {ONAIR_REV: was.rev} if was.rev is not None else {}
    return (Publish(Kind.STATE, State(ts=now, v={ONAIR_CHANNEL: was.is_on, **answered})),)
