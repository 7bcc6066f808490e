"""The bookings of one room in their order: from when on the next one may have the door."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from controller.domain.holdings import Booking, BookingState


def with_not_before(bookings: Iterable[Booking], buffer_minutes: int) -> list[Booking]:
    """The same bookings by start, each told when the one before it is over, buffer included.

    A released or cancelled booking keeps nobody waiting: its room is free from then on.
    """
    ordered = sorted(bookings, key=lambda one: (one.start, one.id))
    buffer = timedelta(minutes=buffer_minutes)
    found: list[Booking] = []
    free_from: datetime | None = None
    for one in ordered:
        found.append(replace(one, not_before=free_from))
        if one.state is BookingState.BOOKED:
            over = one.end + buffer
            free_from = over if free_from is None else max(free_from, over)
    return found
