"""One badge at a time: asked about, answered, or decided alone after a second of silence.

Shared by a reader on its own and a door unit with a reader built in; moving a lock is not here.
"""

from dataclasses import dataclass, field
from datetime import datetime

from devices.accesslist import LocalDecision, Reason
from devices.messages import BadgeReadData, Command, EventType, LocalDecisionData, Signal
from devices.units.own_list import OwnList
from devices.units.steps import Effects, Show, StartTimer, StopTimer
from devices.units.voice import Voice

ANSWER_TIMER = "answer"
# The contract's second: longer and people tap again, shorter and a busy Wi-Fi loses answers.
ANSWER_WITHIN_S = 1.0
NO_ANSWER = "no_answer"
# "Denied" would tell a member that she has no right, when it is the door that does not know.
_NOT_FOR_SURE = frozenset({Reason.LIST_EXPIRED, Reason.CLOCK_UNKNOWN})


@dataclass(frozen=True, slots=True)
class Reading:
    """The request this reader has open, if any; while one is open another badge is not looked at."""

    request: str | None = None
    shown: BadgeReadData | None = field(default=None, repr=False)

    @property
    def is_open(self) -> bool:
        return self.request is not None

    def asks(self, voice: Voice, data: BadgeReadData, now: datetime) -> tuple["Reading", Voice, Effects]:
        """Ask the controller; only while online, because a question kept for later must never open a door."""
        voice, told = voice.tell(EventType.BADGE_READ, now, data)
        return Reading(voice.last_id, data), voice, (*told, StartTimer(ANSWER_TIMER, ANSWER_WITHIN_S))

    def matches(self, command: Command) -> bool:
        return self.request is not None and command.re == self.request

    def answered(self, command: Command) -> tuple["Reading", Effects]:
        """The controller's answer as lamp and buzzer; an unlock says yes by itself."""
        return Reading(), (StopTimer(ANSWER_TIMER), Show(command.shows, command.reason))


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
    # Never what was shown: the hash is enough for whoever made the list, and a queue in a stolen reader tells nothing.
    told_data = LocalDecisionData(
        h=decision.h if decision is not None else None,
        rev=own.rev,
        re=request,
        reason=decision.reason.value if decision is not None else NO_ANSWER,
        direction=data.direction,
        right=decision.right if decision is not None else None,
        uses_day=True if decision is not None and decision.uses_day else None,
    )
    voice, told = voice.tell(EventType.LOCAL_GRANTED if admitted else EventType.LOCAL_DENIED, now, told_data)
    hold_s = decision.hold_s if decision is not None else None
    return Alone(admitted, hold_s, own, voice, (*told, _shows(decision)))


def _shows(decision: LocalDecision | None) -> Show:
    if decision is None:
        return Show(Signal.TRY_AGAIN, NO_ANSWER)
    if decision.admitted:
        return Show(Signal.GRANTED)
    return Show(Signal.TRY_AGAIN if decision.reason in _NOT_FOR_SURE else Signal.DENIED, decision.reason.value)
