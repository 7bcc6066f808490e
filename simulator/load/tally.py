"""What was said and what came of it, as its senders saw it. No clock and no network: moments come from outside.

A tap has a number, and all that is known of it is found by that: when it was due, when it went out, what came back.
"""

from array import array
from collections import Counter
from dataclasses import dataclass, field
from enum import IntEnum

from devices.messages import Signal
from simulator.load.delays import Delays

# After that a reader gives up, and decides by its own list or asks to try again (rule 8 of the contract).
READER_WAITS_S = 1.0


class Answer(IntEnum):
    """What the reader of a tap was told."""

    NOTHING = 0
    GRANTED = 1
    DENIED = 2
    TRY_AGAIN = 3


_MEANT = {Signal.GRANTED: Answer.GRANTED, Signal.DENIED: Answer.DENIED}


@dataclass(slots=True)
class Said:
    """One kind of message on its way to the broker."""

    said: int = 0  # handed to a connection
    unsaid: int = 0  # no connection took it: down, or too much of it waits for the broker
    confirmed: int = 0  # by the broker
    failed: int = 0  # the connection ended first, or the broker refused
    late: Delays = field(default_factory=Delays)  # behind the moment it was meant for

    @property
    def open(self) -> int:
        """Said, and nothing known of it yet."""
        return self.said - self.confirmed - self.failed


@dataclass(slots=True)
class Times:
    """The same delays twice: from the moment it went out, and from the moment it should have."""

    seen: Delays = field(default_factory=Delays)
    meant: Delays = field(default_factory=Delays)


@dataclass(slots=True)
class _Books:
    """One entry for each tap."""

    due: "array[float]" = field(default_factory=lambda: array("d"))
    went: "array[float]" = field(default_factory=lambda: array("d"))
    answer: bytearray = field(default_factory=bytearray)
    # How often its lock was told to open; for a reader that is no lock itself, two devices hear of one tap.
    unlocks: bytearray = field(default_factory=bytearray)


class Tally:
    """Counts of a whole run."""

    def __init__(self) -> None:
        self.taps = Said()
        self.readings = Said()
        self.granted = Times()
        self.denied = Times()
        self.answers: Counter[Answer] = Counter()
        self.twice = 0  # answers or unlocks beyond the first
        self.too_late = 0  # answered when the reader had given up
        self.rejected: Counter[str] = Counter()  # told by the controller, by reason
        self._books = _Books()
        # Granted at a reader whose lock is another device, and that has not been told yet.
        self._awaiting_lock: set[int] = set()

    @property
    def numbered(self) -> int:
        """The number of the next tap."""
        return len(self._books.answer)

    def tapped(self, due: float, went: float) -> int:
        """A tap goes out now; its number."""
        books = self._books
        books.due.append(due)
        books.went.append(went)
        books.answer.append(Answer.NOTHING)
        books.unlocks.append(0)
        self.taps.said += 1
        self.taps.late.add(went - due)
        return len(books.answer) - 1

    def not_said(self) -> None:
        """The tap just begun found no connection."""
        self.taps.said -= 1
        self.taps.unsaid += 1

    def answered(self, number: int, shown: Signal, at: float, *, lock_apart: bool = False) -> None:
        """The reader hears what to show. `lock_apart`: its lock is another device, and hears of it too."""
        books = self._books
        if not 0 <= number < len(books.answer):
            return
        if books.answer[number]:
            self.twice += 1
            return
        answer = _MEANT.get(shown, Answer.TRY_AGAIN)
        books.answer[number] = answer
        self.answers[answer] += 1
        took = at - books.went[number]
        self.too_late += took > READER_WAITS_S
        times = self.granted if answer is Answer.GRANTED else self.denied
        times.seen.add(took)
        times.meant.add(at - books.due[number])
        if answer is Answer.GRANTED and lock_apart and not books.unlocks[number]:
            self._awaiting_lock.add(number)

    def unlocked(self, number: int) -> None:
        """The lock beside a reader is told to open for this tap."""
        books = self._books
        if not 0 <= number < len(books.unlocks):
            return
        if books.unlocks[number]:
            self.twice += 1
            return
        books.unlocks[number] = 1
        self._awaiting_lock.discard(number)

    @property
    def answered_taps(self) -> int:
        return self.answers.total()

    @property
    def locks_untold(self) -> int:
        """Green at the reader, and nothing said to its lock."""
        return len(self._awaiting_lock)

    @property
    def taps_lost(self) -> int:
        """Meant to be said, and never answered in full, whoever is to blame."""
        return self.taps.unsaid + self.taps.said - self.answered_taps + self.locks_untold

    @property
    def readings_lost(self) -> int:
        """Meant to be said, and never confirmed by the broker."""
        return self.readings.unsaid + self.readings.said - self.readings.confirmed

    @property
    def is_settled(self) -> bool:
        """Nothing is awaited any more."""
        waits = self.answered_taps < self.taps.said or self._awaiting_lock
        return not waits and self.taps.open <= 0 and self.readings.open <= 0

    @property
    def is_whole(self) -> bool:
        """Nothing was lost, and nothing was answered twice."""
        return not self.taps_lost and not self.readings_lost and not self.twice
