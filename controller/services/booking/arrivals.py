"""At the booking desk: who has come, who stays longer, who leaves early."""

from datetime import datetime, timedelta

from controller.domain.booking import no_show
from controller.domain.booking.rules import Edit, Refused, RefuseReason, end_early
from controller.domain.facts import FactKind
from controller.domain.holdings import Booking, BookingState
from controller.domain.ids import BookingId, PersonId
from controller.errors import InputError
from controller.services.booking.counter import BookingRefused, Counter, How

MOST_MINUTES = 24 * 60
"""So much is added at once, at most."""


class Arrivals(Counter):
    """Owner, participants and staff; the room's panel for whoever stands before it."""

    async def check_in(self, id: BookingId, by: PersonId | None, how: How) -> Booking:
        """Somebody of it is there. Checked in already: nothing happens."""
        known = await self.known_of(await self.found(id), by, how)
        before, after = await self.rewrite(
            id, lambda booking: no_show.check_in(booking, known, at_panel=_at_panel(by, how))
        )
        self._tell_of_coming(before, after, by, how)
        return after

    async def extend(
        self,
        id: BookingId,
        by: PersonId | None,
        how: How = How.COMMAND,
        *,
        minutes: int | None = None,
        until: datetime | None = None,
    ) -> Booking:
        """Let it last longer, or less long, as far as the next booking, the room's hours and its owner's plan allow."""
        if (minutes is None) == (until is None):
            raise InputError("an extension needs minutes or an end, one of the two")
        if minutes is not None and not 1 <= minutes <= MOST_MINUTES:
            raise BookingRefused(
                Refused(
                    RefuseReason.LENGTH,
                    f"by {minutes} minutes nothing is extended",
                    f"by 1 to {MOST_MINUTES} minutes, or until a moment",
                )
            )
        booking = await self.found(id)
        end = until if until is not None else booking.end + timedelta(minutes=minutes or 0)
        edit = Edit(end=end, at_panel=_at_panel(by, how))
        known = await self.known(
            booking.area, booking.start, end, booking.owner, by, how, participants=booking.participants
        )
        before, after = await self.edit(id, edit, known)
        if after.end != before.end:
            self.tell(FactKind.BOOKING_CHANGED, after, by, how, was={"end": before.end.isoformat()})
        self._tell_of_coming(before, after, by, how)
        return after

    async def end_now(self, id: BookingId, by: PersonId | None, how: How = How.COMMAND) -> Booking:
        """Give back what is left of one that runs."""
        known = await self.known_of(await self.found(id), by, how)
        before, after = await self.rewrite(id, lambda booking: end_early(booking, known, at_panel=_at_panel(by, how)))
        if after.state is BookingState.CANCELLED:  # in the minute it began
            self.tell(FactKind.BOOKING_CANCELLED, after, by, how)
        else:
            self.tell(FactKind.BOOKING_ENDED, after, by, how, was={"end": before.end.isoformat()})
        return after

    def _tell_of_coming(self, before: Booking, after: Booking, by: PersonId | None, how: How) -> None:
        if before.checked_in_at is None and after.checked_in_at is not None:
            self.tell(FactKind.BOOKING_CHECKED_IN, after, by, how)


def _at_panel(by: PersonId | None, how: How) -> bool:
    return by is None and how is How.PANEL
