"""What a booking opens, and when: its room for its time, the doors on the way a little before and after.

Who may book what is decided elsewhere; nothing here relocks a room on the people inside.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from controller.domain.building import Door
from controller.domain.grants import Cost, Grant, GrantKind
from controller.domain.holdings import Booking, BookingState
from controller.domain.lease_rights import leads_to
from controller.domain.plan_rights import booking_day, is_holiday
from controller.domain.rights import DenyReason, Rights
from controller.domain.schedule import local_date
from controller.domain.standing import LocalDay

ROOM_BEFORE = timedelta(minutes=10)
WAY_BEFORE = timedelta(minutes=15)
WAY_AFTER = timedelta(minutes=10)


def by_booking(rights: Rights, door: Door, day: LocalDay, at: datetime) -> Grant | DenyReason | None:
    """The room somebody has booked, or is to take part in."""
    too_early = over = on_holiday = False
    for booking in rights.bookings:
        if not opens_sometime(booking, rights, door):
            continue
        if is_closed(booking, rights):
            on_holiday = True
        elif at < begins(booking, door):
            too_early = True
        elif at >= ends(booking, door):
            over = True
        else:
            charge = booking_day(rights, door, day)
            return Grant(GrantKind.BOOKING, booking.area, Cost.BOOKING, charge=charge, ref=booking.id)
    if on_holiday:
        return DenyReason.OUTSIDE_HOURS
    if too_early:
        return DenyReason.BOOKING_TOO_EARLY
    return DenyReason.BOOKING_OVER if over else None


def booking_openings(rights: Rights, door: Door, turn: datetime) -> Iterator[datetime]:
    """When, from `turn` on, each booking first opens this door."""
    for booking in rights.bookings:
        if ends(booking, door) > turn and opens_sometime(booking, rights, door) and not is_closed(booking, rights):
            yield max(turn, begins(booking, door))


def opens_sometime(booking: Booking, rights: Rights, door: Door) -> bool:
    """Whether it is this person's, still stands, and has anything to do with this door."""
    if booking.state is not BookingState.BOOKED or rights.person is None:
        return False
    if rights.person.id != booking.owner and rights.person.id not in booking.participants:
        return False
    return leads_to(door, booking.area, rights.space)


def begins(booking: Booking, door: Door) -> datetime:
    """When it opens this door: the room's never before the booking ahead of it is over and cleared up."""
    if door.inner != booking.area:
        return booking.start - WAY_BEFORE
    early = booking.start - ROOM_BEFORE
    return early if booking.not_before is None else max(early, booking.not_before)


def ends(booking: Booking, door: Door) -> datetime:
    """When it no longer opens this door."""
    return booking.end if door.inner == booking.area else booking.end + WAY_AFTER


def is_closed(booking: Booking, rights: Rights) -> bool:
    """Whether it starts on a holiday of its room, and nobody has confirmed it for that day."""
    if booking.holiday_confirmed:
        return False
    space = rights.space
    return is_holiday(local_date(booking.start, space.zone), booking.area, space, rights.house)
