"""At the booking desk: one booking moved, cancelled, approved, declined."""

from datetime import datetime

from controller.domain.booking import rules
from controller.domain.booking.rules import Edit
from controller.domain.booking.series import day_of
from controller.domain.booking.values import SkipReason
from controller.domain.facts import FactKind, Plain
from controller.domain.holdings import Booking, BookingState
from controller.domain.ids import BookingId, PersonId
from controller.errors import InputError
from controller.services.booking.counter import Counter, How
from controller.services.booking.stores import OpenBook


class Changing(Counter):
    """Owner and staff; staff alone approve and decline."""

    async def change_one(self, booking: Booking, edit: Edit, by: PersonId | None, how: How) -> Booking:
        """One booking, whatever series it is of."""
        known = await self.known_for_edit(booking, edit, by, how)
        before, after = await self.edit(booking.id, edit, known)
        self.tell_changed(before, after, by, how)
        return after

    async def cancel_one(self, booking: Booking, by: PersonId | None, how: How) -> Booking:
        """Before it has begun as if it had not been; after that it ends now."""
        known = await self.known_of(booking, by, how)

        def cancelled(book: OpenBook) -> tuple[Booking, Booking]:
            before, after = self.rewrite_in(book, booking.id, lambda standing: rules.cancel(standing, known))
            if after.state is BookingState.CANCELLED and after.series is not None:
                book.skip_days(after.series, {day_of(after): SkipReason.CANCELLED})
            return before, after

        before, after = await self.together(cancelled)
        if after.state is not BookingState.CANCELLED:
            self.tell(FactKind.BOOKING_ENDED, after, by, how, was={"end": before.end.isoformat()})
            return after
        self.tell(FactKind.BOOKING_CANCELLED, after, by, how)
        return after

    async def approve(self, id: BookingId, by: PersonId, how: How = How.COMMAND) -> Booking:
        """Staff say yes: from now on it opens doors."""
        known = await self.known_of(await self.found(id), by, how)
        _, after = await self.rewrite(id, lambda booking: rules.approve(booking, known))
        self.tell(FactKind.BOOKING_APPROVED, after, by, how)
        if after.checked_in_at is not None:
            self.tell(FactKind.BOOKING_CHECKED_IN, after, by, "booked_late")
        return after

    async def decline(self, id: BookingId, by: PersonId, reason: str, how: How = How.COMMAND) -> Booking:
        """Staff say no, and why."""
        said = " ".join(reason.split())
        if not said:
            raise InputError("the reason is empty — say why, for whoever asked")
        known = await self.known_of(await self.found(id), by, how)
        _, after = await self.rewrite(id, lambda booking: rules.decline(booking, known))
        self.tell(FactKind.BOOKING_DECLINED, after, by, how, reason=said)
        return after

    async def known_for_edit(self, booking: Booking, edit: Edit, by: PersonId | None, how: How) -> rules.Circumstances:
        """What an edit is judged by: the room and the time it moves to."""
        return await self.known(
            edit.area or booking.area,
            edit.start or booking.start,
            edit.end or booking.end,
            booking.owner,
            by,
            how,
            participants=booking.participants | (edit.participants or frozenset()),
        )

    def tell_changed(self, before: Booking, after: Booking, by: PersonId | None, how: How, **more: Plain) -> None:
        """What was otherwise; an edit that changes nothing is no news."""
        if after == before:
            return
        self.tell(FactKind.BOOKING_CHANGED, after, by, how, was=_was(before, after), **more)
        if after.state is BookingState.REQUESTED and before.state is BookingState.BOOKED:
            self.tell(FactKind.BOOKING_REQUESTED, after, by, how)
        if after.checked_in_at is not None and before.checked_in_at is None:
            self.tell(FactKind.BOOKING_CHECKED_IN, after, by, how)


def _was(before: Booking, after: Booking) -> dict[str, Plain]:
    """Of room, times and people, what the edit has changed; a title is nobody's but its people's."""
    was: dict[str, Plain] = {}
    if before.area != after.area:
        was["area"] = before.area
    for name, old, new in (("start", before.start, after.start), ("end", before.end, after.end)):
        if old != new:
            was[name] = _iso(old)
    if before.participants != after.participants:
        was["participants"] = tuple(sorted(before.participants))
    return was


def _iso(at: datetime) -> str:
    return at.isoformat()
