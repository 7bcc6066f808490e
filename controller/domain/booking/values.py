"""What booking is about beside the booking itself (`holdings`): series and how they repeat, who waits for a time.

Values only; what may be booked is judged in `rules`, how a series falls on the calendar in `recurrence`.
"""

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from controller.domain.ids import AreaId, BookingId, PersonId, SeriesId, WaitingId


class Frequency(StrEnum):
    DAILY = "daily"
    WEEKLY = "weekly"
    MONTHLY = "monthly"  # the same day of the month, or the same weekday of it: `Recurrence.nth`


@dataclass(frozen=True, slots=True)
class Recurrence:
    """How a booking repeats, in local days and local hours of its zone; each local date comes once.

    It ends on `until`, or after `count` dates; one of the two is always given.
    """

    frequency: Frequency
    first: date  # local; the first date, whether the weekdays name it or not
    start_minutes: int  # local minutes from midnight
    minutes: int  # how long each is, by the wall: a meeting over a clock change keeps its local hours
    interval: int = 1  # every so many days, weeks or months
    weekdays: frozenset[int] = frozenset()  # of a weekly one, Monday is 0; empty: that of `first`
    nth: int | None = None  # of a monthly one by weekday: 1 to 4, or -1 for the last; None: the day of the month
    until: date | None = None  # local, inclusive
    count: int | None = None


@dataclass(frozen=True, slots=True)
class Series:
    """One wish for many bookings; each of its dates is a booking of its own, or a skipped day with a reason."""

    id: SeriesId
    area: AreaId
    owner: PersonId
    rule: Recurrence
    zone: str  # IANA name
    participants: frozenset[PersonId] = frozenset()
    title: str = ""
    is_live: bool = False
    made_at: datetime | None = None  # aware UTC
    ended_at: datetime | None = None
    skipped: "dict[date, SkipReason]" = field(default_factory=dict)
    holiday_confirmed: bool = False  # of staff: its dates are good on holidays, and outside of the room's hours


class SkipReason(StrEnum):
    """Why a date of a series has no booking: listed, never silently moved."""

    CONFLICT = "conflict"  # the room is taken
    CLOSED = "closed"  # a holiday, or not one of the room's hours
    CANCELLED = "cancelled"
    REFUSED = "refused"  # beyond what the plan allows


class WaitingState(StrEnum):
    WAITING = "waiting"
    OFFERED = "offered"  # the time is free; theirs to take until `offered_until`
    WON = "won"
    LAPSED = "lapsed"  # not taken in time: the next in line was offered it
    WITHDRAWN = "withdrawn"
    OVER = "over"  # the time has come and gone


@dataclass(frozen=True, slots=True)
class Waiting:
    """Somebody who wants a room for a time that is taken. The first to ask is the first to be offered it."""

    id: WaitingId
    area: AreaId
    start: datetime  # aware UTC, inclusive
    end: datetime  # exclusive
    person: PersonId
    made_at: datetime
    participants: frozenset[PersonId] = frozenset()
    title: str = ""
    state: WaitingState = WaitingState.WAITING
    offered_until: datetime | None = None
    booking: BookingId | None = None  # what it became


class Part(StrEnum):
    """How much of a series an edit or a cancellation is about."""

    ONE = "one"
    FOLLOWING = "following"  # this one and all after it
    ALL = "all"  # all that have not begun
