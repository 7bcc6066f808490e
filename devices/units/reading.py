"""One badge or PIN at a time: asked about, answered, or given up after a second of silence.

A badge nobody answers for is decided alone, by the list; a PIN never is. Shared by a reader on its own and a door unit
with a reader built in; moving a lock is not here.
"""

import re
from dataclasses import dataclass, field
from datetime import datetime

from devices.accesslist import LocalDecision, Reason
from devices.fields import PIN
from devices.messages import BadgeReadData, Command, EventType, LocalDecisionData, ShownPass, Signal
from devices.passes import Pass
from devices.units.own_list import OwnList
from devices.units.steps import Effects, Show, StartTimer, StopTimer
from devices.units.voice import Voice

ANSWER_TIMER = "answer"
# The contract's second: longer and people tap again, shorter and a busy Wi-Fi loses answers.
ANSWER_WITHIN_S = 1.0
NO_ANSWER = "no_answer"
PIN_TIMER = "pin"
# As long as the controller waits for it.
PIN_WITHIN_S = 15.0
PIN_TIMEOUT = "pin_timeout"
PIN_UNREADABLE = "unreadable_pin"
# "Denied" would tell a member that she has no right, when it is the door that does not know.
_NOT_FOR_SURE = frozenset({Reason.LIST_EXPIRED, Reason.CLOCK_UNKNOWN})


@dataclass(frozen=True, slots=True)
class Reading:
    """The request this reader has open, if any; while one is open nothing else is looked at.

    While it awaits the PIN of a badge none is open: another badge starts over. A PIN is in no state, so nobody finds
    one in a stolen reader.
    """

    request: str | None = None
    shown: BadgeReadData | None = field(default=None, repr=False)
    awaits_pin: bool = False

    @property
    def is_open(self) -> bool:
        return self.request is not None

    def asks(self, voice: Voice, data: BadgeReadData, now: datetime) -> tuple["Reading", Voice, Effects]:
        """Ask the controller; only while online, because a question kept for later must never open a door."""
        voice, told = voice.tell(EventType.BADGE_READ, now, data)
        return Reading(voice.last_id, data), voice, (*self._stops(), *told, StartTimer(ANSWER_TIMER, ANSWER_WITHIN_S))

    def enters(self, voice: Voice, digits: str, now: datetime) -> tuple["Reading", Voice, Effects]:
        """Ask about a PIN, of the badge before it or by itself. Whoever can ask nobody opens nothing with it."""
        if re.fullmatch(PIN, digits) is None:
            return self, voice, (Show(Signal.TRY_AGAIN, PIN_UNREADABLE),)
        if not voice.online:
            return Reading(), voice, (*self._stops(), Show(Signal.TRY_AGAIN, NO_ANSWER))
        voice, told = voice.tell(EventType.PIN_ENTERED, now, BadgeReadData(pin=digits))
        return Reading(voice.last_id), voice, (*self._stops(), *told, StartTimer(ANSWER_TIMER, ANSWER_WITHIN_S))

    def matches(self, command: Command) -> bool:
        """Whether it answers the open question; a warning about the door answers none."""
        return self.request is not None and command.re == self.request and command.shows is not Signal.WARNING

    def answered(self, command: Command) -> tuple["Reading", Effects]:
        """The controller's answer as lamp and buzzer; being asked for the PIN is one too, to the badge."""
        shown = Show(command.shows, command.reason)
        if command.shows is Signal.ENTER_PIN:
            waiting = StartTimer(PIN_TIMER, PIN_WITHIN_S)
            return Reading(awaits_pin=True), (StopTimer(ANSWER_TIMER), waiting, shown)
        return Reading(), (StopTimer(ANSWER_TIMER), shown)

    def timed_out(self, timer: str) -> tuple["Reading", Effects]:
        """Nobody typed a PIN, or nobody answered for it. A badge nobody answers for is `decides_alone`'s."""
        if timer == PIN_TIMER and self.awaits_pin:
            return Reading(), (Show(Signal.TRY_AGAIN, PIN_TIMEOUT),)
        if timer == ANSWER_TIMER and self.is_open and self.shown is None:
            return Reading(), (Show(Signal.TRY_AGAIN, NO_ANSWER),)
        return self, ()

    def _stops(self) -> Effects:
        return (StopTimer(PIN_TIMER),) if self.awaits_pin else ()


@dataclass(frozen=True, slots=True)
class Alone:
    """What became of a badge with nobody to ask: the answer, and the reader's parts after it."""

    admitted: bool
    hold_s: float | None
    own: OwnList
    voice: Voice
    effects: Effects


def decides_alone(voice: Voice, own: OwnList, data: BadgeReadData, request: str | None, now: datetime) -> Alone:
    """Nobody answers: the access list decides, and without one nobody is admitted."""
    own, decision = own.decides(data, now)
    admitted = decision is not None and decision.admitted
    visit = _said_by(decision.visit) if decision is not None and decision.visit is not None else None
    # Never what was shown: the hash is enough for whoever made the list, and a queue in a stolen reader opens nothing.
    told_data = LocalDecisionData(
        h=decision.h if decision is not None and visit is None else None,
        rev=own.rev,
        re=request,
        reason=decision.reason.value if decision is not None else NO_ANSWER,
        direction=data.direction,
        right=decision.right if decision is not None else None,
        uses_day=True if decision is not None and decision.uses_day else None,
        visit=visit,
    )
    voice, told = voice.tell(EventType.LOCAL_GRANTED if admitted else EventType.LOCAL_DENIED, now, told_data)
    hold_s = decision.hold_s if decision is not None else None
    return Alone(admitted, hold_s, own, voice, (*told, _shows(decision)))


def _said_by(found: Pass) -> ShownPass:
    return ShownPass(
        iss=found.issuer, sub=found.subject, id=found.id, since=found.start, until=found.end, days=found.days
    )


def _shows(decision: LocalDecision | None) -> Show:
    if decision is None:
        return Show(Signal.TRY_AGAIN, NO_ANSWER)
    if decision.admitted:
        return Show(Signal.GRANTED)
    return Show(Signal.TRY_AGAIN if decision.reason in _NOT_FOR_SURE else Signal.DENIED, decision.reason.value)
