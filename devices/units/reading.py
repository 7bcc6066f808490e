"""One badge at a time: asked about, answered, or given up after a second.

Shared by a reader on its own and a door unit with a reader built in; moving a lock is not here.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeAlias

from devices.messages import BadgeReadData, Command, EventType, LocalDecisionData, Signal
from devices.units.steps import Effects, Show, StartTimer, StopTimer
from devices.units.voice import Voice

ANSWER_TIMER = "answer"
# The contract's second: longer and people tap again, shorter and a busy Wi-Fi loses answers.
ANSWER_WITHIN_S = 1.0

OfflineDecider: TypeAlias = Callable[[BadgeReadData, datetime], bool]
"""What a reader asks when nobody answers: the door's own access list. Without one it admits nobody."""


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


def decides_alone(
    voice: Voice, data: BadgeReadData, request: str | None, now: datetime, decider: OfflineDecider | None
) -> tuple[bool, Voice, Effects]:
    """Nobody answers: the access list decides, and without one nobody is admitted."""
    admitted = decider is not None and decider(data, now)
    reason = "no_answer" if decider is None else None
    shown = data.model_dump(exclude_none=True)
    voice, told = voice.tell(
        EventType.LOCAL_GRANTED if admitted else EventType.LOCAL_DENIED,
        now,
        LocalDecisionData(**shown, re=request, reason=reason),
    )
    # With no list to ask, "try again" is the truth; "denied" would tell a member that she has no right.
    signal = Signal.GRANTED if admitted else Signal.TRY_AGAIN if decider is None else Signal.DENIED
    return admitted, voice, (*told, Show(signal, reason))
