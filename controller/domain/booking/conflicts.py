"""Whether a room is free for a time, the minutes to clear up after it included; and if not, from when on it is.

The store refuses an overlap by itself, whoever asks; here it is told in words beforehand.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from controller.domain.booking.clock_words import length, moment
from controller.domain.booking.wishes import Refused, RefuseReason
from controller.domain.building import Area, Space
from controller.domain.holdings import HOLDS_ITS_TIME, Booking
from controller.domain.ids import AreaId, BookingId
from controller.domain.schedule import local_date


def buffer_of(area: Area) -> timedelta:
    """How long after a booking of this room nobody else may begin."""
    return timedelta(minutes=area.room.buffer_minutes if area.room is not None else 0)


def held_until(booking: Booking) -> datetime:
    """Until when nobody else may have the room."""
    return booking.held_until or booking.end


def standing_in(area: AreaId, bookings: Iterable[Booking], but: BookingId | None = None) -> list[Booking]:
    """What holds its time in a room, by start; without the one that is being changed."""
    return sorted(
        (one for one in bookings if one.area == area and one.id != but and one.state in HOLDS_ITS_TIME),
        key=lambda one: (one.start, one.id),
    )


def free_from(wished: datetime, time: timedelta, standing: Sequence[Booking], buffer: timedelta) -> datetime:
    """The first moment from `wished` on at which the room is free for so long, cleared up after included."""
    found = wished
    for one in standing:
        if one.start < found + time + buffer and found < held_until(one):
            found = held_until(one)
    return found


def conflict_refusal(
    area: Area, start: datetime, end: datetime, standing: Sequence[Booking], space: Space
) -> Refused | None:
    """Who is in the way; never named, for whose booking it is is nobody else's."""
    buffer = buffer_of(area)
    day = local_date(start, space.zone)
    for one in standing:
        if not (start < held_until(one) and one.start < end + buffer):
            continue
        again = free_from(start, end - start, standing, buffer)
        free = f"free from {moment(again, space.zone, day)}"
        if one.start < end and start < one.end:
            until = moment(one.end, space.zone, day)
            return Refused(RefuseReason.OVERLAP, f"{area.name} is booked until {until}", free)
        if start < held_until(one) and one.end <= start:
            until = moment(held_until(one), space.zone, day)
            return Refused(RefuseReason.BUFFER, f"{area.name} is cleared up until {until}", free)
        begins = moment(one.start, space.zone, day)
        before = one.start - buffer
        right = f"end by {moment(before, space.zone, day)}" if before > start else free
        return Refused(
            RefuseReason.BUFFER,
            f"{area.name} is booked again from {begins}, and {length(buffer)} before that are for clearing up",
            right,
        )
    return None
