"""Whose guest has come in: the host of a guest pass, or the owner of a booking that a guest takes part in."""

from collections.abc import Iterable
from datetime import datetime

from controller.domain.booking_rights import WAY_AFTER, WAY_BEFORE
from controller.domain.holdings import Booking, BookingState, GuestPass
from controller.domain.ids import PersonId
from controller.domain.membership import Person, PersonKind


def host_of(guest: Person, passes: Iterable[GuestPass], bookings: Iterable[Booking], at: datetime) -> PersonId | None:
    """Whom the guest comes to see now: by a booking first, for it says the hour; None for who is nobody's guest."""
    if guest.kind is not PersonKind.GUEST:
        return None
    for one in bookings:
        is_now = one.start - WAY_BEFORE <= at < one.end + WAY_AFTER
        if one.state is BookingState.BOOKED and is_now and guest.id in one.participants:
            return one.owner
    for held in passes:
        if held.guest == guest.id and not held.is_revoked and held.start <= at < held.end:
            return held.host
    return None
