"""The booking desk: everything people ask of it, by command, page, panel, API or calendar, in one place.

Each method judges, stores, notes facts and answers with values. It raises BookingRefused with a reason and a sentence,
InputError for what is not there. The parts are files of their own: `changing`, `series_desk`, `arrivals`, `guests`,
`waiting_desk`.
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING

from controller.domain.booking.values import Part, Recurrence, Series, SkipReason, Waiting
from controller.domain.holdings import Booking
from controller.domain.ids import AreaId, BookingId, PersonId, WaitingId
from controller.services.booking.counter import Counter, GuestToken, How

if TYPE_CHECKING:
    from controller.domain.booking.rules import Edit, Wish


@dataclass(frozen=True, slots=True)
class Skipped:
    """A date of a series that has no booking, or was left as it is, and why."""

    day: date
    reason: SkipReason
    words: str  # without anybody's name


@dataclass(frozen=True, slots=True)
class SeriesMade:
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


class BookingDesk(Counter):
    """`by` is who asks: the owner or staff for most things. None acts for nobody in particular, and only where `how` is
    PANEL (for the people before it: check in, extend, end, a walk-up for somebody named) or CALENDAR and HOUSE (all)."""

    # --- book -------------------------------------------------------------------------------------

    async def book(self, wish: "Wish", by: PersonId | None, how: How = How.COMMAND) -> Booking:
        """Book, or ask for approval where the room wants it: see the state of what comes back."""
        raise NotImplementedError

    async def book_series(
        self, wish: "Wish", rule: Recurrence, by: PersonId | None, how: How = How.COMMAND
    ) -> SeriesMade:
        """Book each date that is free; `wish` has the first date's times, the room and the people."""
        raise NotImplementedError

    # --- change -----------------------------------------------------------------------------------

    async def change(
        self, id: BookingId, edit: "Edit", by: PersonId | None, part: Part = Part.ONE, how: How = How.COMMAND
    ) -> Changed:
        """Move, lengthen, other people, another title; owner and staff."""
        raise NotImplementedError

    async def cancel(
        self, id: BookingId, by: PersonId | None, part: Part = Part.ONE, how: How = How.COMMAND
    ) -> Changed:
        """Take it back before it has begun; one that runs is ended instead, see `end_now`. Owner and staff."""
        raise NotImplementedError

    async def approve(self, id: BookingId, by: PersonId, how: How = How.COMMAND) -> Booking:
        """Staff only."""
        raise NotImplementedError

    async def decline(self, id: BookingId, by: PersonId, reason: str, how: How = How.COMMAND) -> Booking:
        """Staff only."""
        raise NotImplementedError

    # --- while it runs ----------------------------------------------------------------------------

    async def check_in(self, id: BookingId, by: PersonId | None, how: How) -> Booking:
        """Somebody of it is there: owner, participants and staff, or the room's panel."""
        raise NotImplementedError

    async def extend(
        self,
        id: BookingId,
        by: PersonId | None,
        how: How = How.COMMAND,
        *,
        minutes: int | None = None,
        until: datetime | None = None,
    ) -> Booking:
        """Let it last longer, as far as the next booking, the room's hours and its owner's plan allow."""
        raise NotImplementedError

    async def end_now(self, id: BookingId, by: PersonId | None, how: How = How.COMMAND) -> Booking:
        """Give back what is left of one that runs."""
        raise NotImplementedError

    # --- guests -----------------------------------------------------------------------------------

    async def invite_guest(
        self, id: BookingId, name: str, email: str | None, by: PersonId, how: How = How.COMMAND
    ) -> GuestToken:
        """A guest who takes part in it, with a token for its doors; owner and staff."""
        raise NotImplementedError

    # --- waiting ----------------------------------------------------------------------------------

    async def wait_for(self, wish: "Wish", by: PersonId | None, how: How = How.COMMAND) -> Waiting:
        """Wait for a time that is taken."""
        raise NotImplementedError

    async def take(self, id: WaitingId, by: PersonId | None, how: How = How.COMMAND) -> Booking:
        """Book what was offered."""
        raise NotImplementedError

    async def withdraw(self, id: WaitingId, by: PersonId | None, how: How = How.COMMAND) -> Waiting:
        """Wait no longer."""
        raise NotImplementedError

    # --- questions --------------------------------------------------------------------------------

    async def booking(self, id: BookingId) -> Booking:
        """InputError where there is none of this id."""
        raise NotImplementedError

    async def free_slots(self, area: AreaId, day: date) -> list[Slot]:
        """What could still be booked of a room on a local day, buffers and its hours kept."""
        raise NotImplementedError
