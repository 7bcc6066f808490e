"""Whether a room is free for a time, the minutes to clear up after it included; and if not, from when on it is.

Bookings and public events take it alike. The store refuses an overlap of bookings by itself, whoever asks; here it is
told in words beforehand.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from controller.domain.booking.clock_words import length, moment
from controller.domain.booking.wishes import Refused, RefuseReason
from controller.domain.building import Area, Space
from controller.domain.holdings import HOLDS_ITS_TIME, Booking, PublicEvent
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


class Taken(NamedTuple):
    """A time that a room has something else to do, and until when it is cleared up after that."""

    start: datetime
    end: datetime
    until: datetime
    event: PublicEvent | None = None  # None: somebody's booking


def taken_in(area: Area, standing: Iterable[Booking], events: Iterable[PublicEvent]) -> list[Taken]:
    """What takes a room, by start: these bookings of it, and the public events that are in it.

    An event has its room until its end, whether or not its host has come, and clearing up after it like any booking.
    """
    buffer = buffer_of(area)
    found = [Taken(one.start, one.end, held_until(one)) for one in standing]
    for event in events:
        end = event_over(event)
        if event.area == area.id and event.start < end:
            found.append(Taken(event.start, end, end + buffer, event))
    return sorted(found, key=lambda one: one.start)


def event_over(event: PublicEvent) -> datetime:
    """When an event gives its room back."""
    return event.end if event.ended_at is None else min(event.end, event.ended_at)


def free_from(wished: datetime, time: timedelta, taken: Sequence[Taken], buffer: timedelta) -> datetime:
    """The first moment from `wished` on at which the room is free for so long, cleared up after included."""
    found = wished
    for one in taken:
        if one.start < found + time + buffer and found < one.until:
            found = one.until
    return found


def conflict_refusal(
    area: Area,
    start: datetime,
    end: datetime,
    standing: Sequence[Booking],
    space: Space,
    events: Sequence[PublicEvent] = (),
) -> Refused | None:
    """Who is in the way; never named, for whose booking it is is nobody else's, and an event only where it is public."""
    buffer = buffer_of(area)
    day = local_date(start, space.zone)
    taken = taken_in(area, standing, events)
    for one in taken:
        if not (start < one.until and one.start < end + buffer):
            continue
        again = free_from(start, end - start, taken, buffer)
        free = f"free from {moment(again, space.zone, day)}"
        if one.start < end and start < one.end:
            reason = RefuseReason.OVERLAP if one.event is None else RefuseReason.EVENT
            return Refused(reason, f"{area.name} is {_by_whom(one)} until {moment(one.end, space.zone, day)}", free)
        if start < one.until and one.end <= start:
            until = moment(one.until, space.zone, day)
            return Refused(RefuseReason.BUFFER, f"{area.name} is cleared up until {until}", free)
        begins = moment(one.start, space.zone, day)
        before = one.start - buffer
        right = f"end by {moment(before, space.zone, day)}" if before > start else free
        again_from = "booked again" if one.event is None else _by_whom(one)
        return Refused(
            RefuseReason.BUFFER,
            f"{area.name} is {again_from} from {begins}, and {length(buffer)} before that are for clearing up",
            right,
        )
    return None


def _by_whom(one: Taken) -> str:
    if one.event is None:
        return "booked"
    return f"taken by {one.event.name if one.event.is_public else 'an event'}"
