"""What the booking desk answers with beside bookings themselves."""

from dataclasses import dataclass, field
from datetime import date, datetime

from controller.domain.booking.values import Series, SkipReason
from controller.domain.holdings import Booking
from controller.domain.ids import AreaId, PersonId


@dataclass(frozen=True, slots=True)
class Skipped:
    """A date of a series that has no booking, or was left as it was, and why."""

    day: date
    reason: SkipReason
    words: str  # without anybody's name


@dataclass(frozen=True, slots=True)
class SeriesMade:
    """A series with the bookings it came to, by their days."""

    series: Series
    made: tuple[Booking, ...]
    skipped: tuple[Skipped, ...]


@dataclass(frozen=True, slots=True)
class Changed:
    """What an edit or a cancellation came to; of one booking `bookings` has one, and nothing is skipped."""

    bookings: tuple[Booking, ...]
    skipped: tuple[Skipped, ...] = ()

    @property
    def one(self) -> Booking:
        return self.bookings[0]


@dataclass(frozen=True, slots=True)
class Slot:
    """A free time of a room, half-open."""

    area: AreaId
    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class GuestToken:
    """A guest who is part of a booking; the token is told this once, to be made a QR code of."""

    person: PersonId
    token: str = field(repr=False)
    opens_from: datetime  # the doors on the way, and the room a little later
    opens_until: datetime
