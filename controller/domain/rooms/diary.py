"""A room's bookings at one moment: the one that is on, the next, and what people at its door are told of them.

Times only: whose they are and what they are for is nobody's business at a door.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from controller.domain.door_mode import is_running
from controller.domain.holdings import HOLDS_ITS_TIME, Booking, BookingState, PublicEvent
from controller.domain.ids import AreaId

AHEAD = timedelta(hours=24)
"""So far ahead somebody at the door wants to know: "free until tomorrow 15:00" is "free"."""


@dataclass(frozen=True, slots=True)
class Slot:
    """A time that is taken. `can_check_in`: it is a booking that was granted, and its people may say that they came."""

    start: datetime  # aware UTC, inclusive
    end: datetime  # exclusive
    checked_in: bool = False
    can_check_in: bool = True


@dataclass(frozen=True, slots=True)
class Diary:
    """What is on in a room, and what comes next within a day."""

    now: Slot | None = None
    next: Slot | None = None


def diary_of(area: AreaId, bookings: Iterable[Booking], events: Iterable[PublicEvent], at: datetime) -> Diary:
    """Bookings that hold their time, and public events; of two at once, the one that began first."""
    slots = [
        Slot(one.start, one.end, one.checked_in_at is not None, one.state is BookingState.BOOKED)
        for one in bookings
        if one.state in HOLDS_ITS_TIME and one.end > at
    ]
    slots += [
        Slot(one.start, one.end, is_running(one, at), can_check_in=False)
        for one in events
        if one.area == area and one.ended_at is None and one.end > at
    ]
    slots.sort(key=lambda slot: (slot.start, slot.end))
    now = next((slot for slot in slots if slot.start <= at), None)
    after = now.end if now is not None else at
    coming = next((slot for slot in slots if slot is not now and slot.start >= after and slot.start < at + AHEAD), None)
    return Diary(now, coming)
