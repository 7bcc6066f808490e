"""The booking desk: everything people ask of it, by command, page, panel, API or calendar, in one place.

Each method judges, stores, notes facts and answers with values. It raises BookingRefused with a reason and a sentence,
InputError for what is not there. Its parts are next door: `changing`, `series_desk`, `arrivals`, `guests`,
`waiting_desk`.
"""

from datetime import date, timedelta

from controller.domain.booking import free
from controller.domain.booking.open_times import Span
from controller.domain.booking.rules import Edit, Refused, RefuseReason, Wish
from controller.domain.booking.values import Part
from controller.domain.building import Area
from controller.domain.holdings import Booking
from controller.domain.ids import AreaId, BookingId, PersonId
from controller.domain.schedule import DAY_MINUTES, instant
from controller.services.booking.answers import Changed, GuestToken, SeriesMade, Skipped, Slot
from controller.services.booking.arrivals import Arrivals
from controller.services.booking.counter import (
    BookingRefused,
    BookingStores,
    How,
)
from controller.services.booking.guests import Guests
from controller.services.booking.series_desk import SeriesDesk
from controller.services.booking.waiting_desk import WaitingDesk

__all__ = [
    "BookingDesk",
    "BookingRefused",
    "BookingStores",
    "Changed",
    "GuestToken",
    "How",
    "SeriesMade",
    "Skipped",
    "Slot",
]

PANEL_LONGEST = timedelta(minutes=free.WALK_UPS[-1])
"""Of a walk-up at a room's panel, which takes people at their word: whoever is named is told, and may cancel it."""

# A hand and a network between the question and the answer.
_WALK_UP_WITHIN = timedelta(minutes=5)


class BookingDesk(SeriesDesk, Arrivals, Guests, WaitingDesk):
    """`by` is who asks: the owner or staff for most things. None acts for nobody in particular, and only where `how` is
    PANEL (for the people before it: check in, extend, end, a walk-up for somebody named) or CALENDAR and HOUSE (all)."""

    async def book(self, wish: Wish, by: PersonId | None, how: How = How.COMMAND) -> Booking:
        """Book, or ask for approval where the room wants it: see the state of what comes back.

        A room's panel books for whoever is named there, from now on and an hour at most; their plan must allow it.
        """
        is_panel = by is None and how is How.PANEL
        known = await self.known(
            wish.area,
            wish.start,
            wish.end,
            wish.owner,
            by,
            how,
            participants=wish.participants,
            speaks_for_owner=is_panel and wish.walk_up,
        )
        if is_panel and (wish.end - wish.start > PANEL_LONGEST or abs(wish.start - known.now) > _WALK_UP_WITHIN):
            raise BookingRefused(
                Refused(
                    RefuseReason.TOO_LONG,
                    "at the panel a room is booked from now on, for an hour at most",
                    "book more by the page, by the command or at the desk",
                )
            )
        booking = await self.make(wish, known)
        self.tell_made(booking, by, how)
        return booking

    async def change(
        self, id: BookingId, edit: Edit, by: PersonId | None, part: Part = Part.ONE, how: How = How.COMMAND
    ) -> Changed:
        """Move, lengthen, other people, another title; owner and staff."""
        booking = await self.found(id)
        if part is not Part.ONE:
            return await self.change_many(booking, edit, by, part, how)
        return Changed((await self.change_one(booking, edit, by, how),))

    async def cancel(
        self, id: BookingId, by: PersonId | None, part: Part = Part.ONE, how: How = How.COMMAND
    ) -> Changed:
        """Take it back; one that runs ends now. Owner and staff."""
        booking = await self.found(id)
        if part is not Part.ONE:
            return await self.cancel_many(booking, by, part, how)
        return Changed((await self.cancel_one(booking, by, how),))

    # --- questions --------------------------------------------------------------------------------

    async def booking(self, id: BookingId) -> Booking:
        """InputError where there is none of this id."""
        return await self.found(id)

    async def free_slots(self, area: AreaId, day: date) -> list[Slot]:
        """What could still be booked of a room on a local day, buffers and its hours kept."""
        zone = self.space().zone
        start, end = instant(day, 0, zone), instant(day, DAY_MINUTES, zone)
        rooms = await self._rooms(area, Span(start, end))
        return _slots(area, free.free_slots(self.room(area), day, rooms, self.now()))

    async def walk_ups(self, area: AreaId) -> list[Slot]:
        """What a room's panel offers whoever stands before it."""
        now = self.now()
        rooms = await self._rooms(area, Span(now, now + free.FAR))
        return _slots(area, free.walk_ups(self.room(area), rooms, now))

    def room(self, area: AreaId) -> Area:
        """A room that is booked; BookingRefused for what is none."""
        known = self.space().areas
        found = known.get(area)
        if found is None or found.room is None or not found.room.bookable:
            rooms = sorted(one.id for one in known.values() if one.room is not None and one.room.bookable)
            reason = RefuseReason.UNKNOWN_ROOM if found is None else RefuseReason.NOT_BOOKABLE
            raise BookingRefused(Refused(reason, f"{area!r} is no room that is booked", f"one of: {', '.join(rooms)}"))
        return found

    async def _rooms(self, area: AreaId, span: Span) -> free.Rooms:
        day = timedelta(days=1)  # what is cleared up after may reach into it
        bookings = await self.stores.bookings.bookings_between(span.start - day, span.end + day, area)
        people = self.people()
        return free.Rooms(self.space(), people.house, bookings, tuple(people.events.values()))


def _slots(area: AreaId, spans: list[Span]) -> list[Slot]:
    return [Slot(area, one.start, one.end) for one in spans]
