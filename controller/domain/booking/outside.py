"""What an outside calendar says, as bookings need it: times that are taken, and what could not be read.

Values only; `adapters.ical_reading` makes them out of a file, `reconcile` compares them with what is booked.
"""

from dataclasses import dataclass
from datetime import datetime

from controller.domain.booking.wishes import Refused
from controller.domain.ids import AreaId, CalendarId, PersonId


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
    """One file, within a window of time; entries by start, each key once."""

    entries: tuple[Entry, ...] = ()
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class Conflict:
    """An entry that is not booked, or not as the calendar has it, and why."""

    entry: Entry
    refused: Refused


@dataclass(frozen=True, slots=True)
class Outside:
    """A calendar kept elsewhere whose entries are bookings of one room."""

    id: CalendarId
    name: str
    area: AreaId
    owner: PersonId  # whose bookings they are

    @property
    def prefix(self) -> str:
        """How the `origin` of its bookings begins."""
        return f"{self.id}/"
