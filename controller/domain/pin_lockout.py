"""Guessing PINs: five wrong ones within five minutes lock PINs on that reader for five minutes.

Badges go on working there; other readers are not concerned. Times are seconds of a clock that only runs forward.
"""

from dataclasses import dataclass

WRONG_AT_MOST = 5
WITHIN = 300.0
LOCKED_FOR = 300.0


@dataclass(frozen=True, slots=True)
class Lockout:
    """What is held against one reader. A right PIN takes nothing back: whoever guesses may have one of their own."""

    wrong: tuple[float, ...] = ()  # when, oldest first
    until: float | None = None  # locked until then, exclusive

    def is_locked(self, at: float) -> bool:
        return self.until is not None and at < self.until

    def after_wrong(self, at: float) -> "Lockout":
        """One more wrong PIN. While locked nothing is held against anybody: no PIN is even looked at."""
        if self.is_locked(at):
            return self
        wrong = (*(earlier for earlier in self.wrong if at - earlier < WITHIN), at)
        # A lock that is over begins with a clean slate.
        return Lockout((), at + LOCKED_FOR) if len(wrong) >= WRONG_AT_MOST else Lockout(wrong)

    def is_spent(self, at: float) -> bool:
        """Whether nothing of it matters any more."""
        return not self.is_locked(at) and all(at - earlier >= WITHIN for earlier in self.wrong)


OPEN = Lockout()
