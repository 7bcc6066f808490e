"""What an outside calendar says, as bookings need it: times that are taken, and what could not be read.

Values only; `adapters.ical_reading` makes them out of a file, whoever compares them with what is booked lives elsewhere.
"""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Entry:
    """One occurrence of one event: a half-open time, aware UTC."""

    key: str  # the event's uid and which occurrence: the same at every reading, wherever it was moved
    start: datetime
    end: datetime
    title: str = ""


@dataclass(frozen=True, slots=True)
class Problem:
    """Something in the file that is not booked, in words for whoever keeps that calendar."""

    uid: str
    title: str
    what: str  # names the value and what would be right


@dataclass(frozen=True, slots=True)
class Reading:
    """One file, within a window of time; entries by start."""

    entries: tuple[Entry, ...] = ()
    problems: tuple[Problem, ...] = ()
