"""Which commands a device obeys: not retained, not repeated, not late.

What an obeyed command does is the machine's affair.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from devices.messages import Ack, AckPhase, AckReason, Command, Do
from devices.topics import Kind
from devices.units.steps import Effects, Heard, Identify, Publish

# The controller dedupes for 24 h; a device sees a few commands a minute and forgets the oldest.
ACKS_REMEMBERED = 64
# A command from further ahead than this says that one of the two clocks is wrong, not how old the command is.
BELIEVABLE_AHEAD = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class CommandLog:
    """The last answer to each recent command, so that a repeat hears the same and moves nothing."""

    answers: tuple[tuple[str, Ack], ...] = ()

    def answer_to(self, command_id: str) -> Ack | None:
        return next((ack for known, ack in reversed(self.answers) if known == command_id), None)

    def noting(self, ack: Ack) -> "CommandLog":
        others = tuple(pair for pair in self.answers if pair[0] != ack.re)
        return replace(self, answers=(*others, (ack.re, ack))[-ACKS_REMEMBERED:])

    def says(
        self, re: str, phase: AckPhase, reason: AckReason | None = None, state: str | None = None
    ) -> tuple["CommandLog", Effects]:
        ack = Ack(re=re, phase=phase, reason=reason, state=state)
        return self.noting(ack), (Publish(Kind.ACK, ack),)

    def answers_as_any(self, command: Command, presentation: Effects) -> tuple["CommandLog", Effects]:
        """What every device does alike: show itself, say anew what it is, refuse what it has no channel for."""
        match command.do:
            case Do.IDENTIFY:
                effects: Effects = (Identify(),)
            case Do.REBIRTH:
                effects = presentation
            case _:
                return self.says(command.id, AckPhase.REFUSED, AckReason.UNKNOWN_CHANNEL)
        log, said = self.says(command.id, AckPhase.DONE)
        return log, (*effects, *said)

    def admits(self, heard: Heard, command: Command, now: datetime) -> tuple["CommandLog", Effects] | None:
        """None: obey it. Otherwise the answer to give instead."""
        if heard.retained:
            return self.says(command.id, AckPhase.REFUSED, AckReason.RETAINED)
        repeated = self.answer_to(command.id)
        if repeated is not None:
            return self, (Publish(Kind.ACK, repeated),)
        if is_late(command, heard.waited_s, now):
            return self.says(command.id, AckPhase.REFUSED, AckReason.EXPIRED)
        return None


def is_late(command: Command, waited_s: float, now: datetime) -> bool:
    """Older than its time to live, by the device's clock or by how long it waited here, whichever is more.

    A device whose clock lags by more than is believable judges by the wait alone: its own clock is the
    likelier to be wrong (it starts in 1970), and clean sessions keep commands from waiting at the broker.
    """
    age = now - command.ts
    age_s = 0.0 if -age > BELIEVABLE_AHEAD else age.total_seconds()
    return max(age_s, waited_s) * 1000 > command.ttl_ms
