"""When a room is free: of a day, for who stands in front of it now, for who wants to stay longer.

What somebody's plan allows is not asked here but when they book (`rules`).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from controller.domain.booking.clock_words import minute_of
from controller.domain.booking.conflicts import buffer_of, standing_in, taken_in
from controller.domain.booking.open_times import Span, open_spans
from controller.domain.building import Area, Space
from controller.domain.holdings import Booking, PublicEvent
from controller.domain.house import HouseState
from controller.domain.schedule import DAY_MINUTES, instant, local_date

SHORTEST = timedelta(minutes=15)
"""A shorter gap is shown to nobody: by the time they sit down it is over."""

WALK_UPS = (15, 30, 60)
"""Minutes that a room's panel offers."""

FAR = timedelta(days=1)
"""How far ahead a panel looks for the end of a free room."""

_ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Rooms:
    """What stands in the rooms of a house, as far as it is asked about."""

    space: Space
    house: HouseState
    bookings: Sequence[Booking]
    events: Sequence[PublicEvent] = ()  # public ones: they take their rooms as bookings do


def free_slots(area: Area, day: date, rooms: Rooms, now: datetime) -> list[Span]:
    """What is left of a local day, clearing up considered; a gap of less than a quarter of an hour is none."""
    zone = rooms.space.zone
    start, end = instant(day, 0, zone), instant(day, DAY_MINUTES, zone)
    return [
        free for free in _free(area, Span(max(start, minute_of(now)), end), rooms) if free.end - free.start >= SHORTEST
    ]


def walk_ups(area: Area, rooms: Rooms, now: datetime) -> list[Span]:
    """What the panel offers somebody who stands there: from this minute on, for as long as fits."""
    start = minute_of(now)
    until = free_until(area, start, rooms)
    room = area.room
    longest = room.longest_minutes if room is not None else None
    return [
        Span(start, start + timedelta(minutes=minutes))
        for minutes in WALK_UPS
        if until is not None and start + timedelta(minutes=minutes) <= until and (longest is None or minutes <= longest)
    ]


def free_until(area: Area, at: datetime, rooms: Rooms) -> datetime | None:
    """Until when the room could be booked from this moment on, a day at most; None where it could not."""
    for free in _free(area, Span(at, at + FAR), rooms):
        if free.start == at:
            return free.end
    return None


def extend_until(booking: Booking, area: Area, rooms: Rooms) -> datetime:
    """The latest end a booking can be given: before the next one's clearing up, closing time, and its longest."""
    others = replace(rooms, bookings=[one for one in rooms.bookings if one.id != booking.id])
    latest = free_until(area, booking.start, others) or booking.end
    room = area.room
    if room is not None and room.longest_minutes is not None:
        latest = min(latest, booking.start + timedelta(minutes=room.longest_minutes))
    return max(latest, booking.end)


def _free(area: Area, within: Span, rooms: Rooms) -> list[Span]:
    """The pieces of a time that could be booked, by start."""
    buffer = buffer_of(area)
    taken = taken_in(area, standing_in(area.id, rooms.bookings), rooms.events)
    found: list[Span] = []
    for opens, closes in _open(area, within, rooms):
        start = max(opens, within.start)
        end = min(closes, within.end)
        for one in taken:
            if one.start - buffer < end and start < one.until:
                found.append(Span(start, min(end, one.start - buffer)))
                start = max(start, one.until)
        found.append(Span(start, end))
    return [free for free in found if free.start < free.end]


def _open(area: Area, within: Span, rooms: Rooms) -> list[Span]:
    space = rooms.space
    first, last = (local_date(at, space.zone) for at in within)
    spans = open_spans(area, space, rooms.house, first - _ONE_DAY, last)
    return [span for span in spans if span.end > within.start and span.start < within.end]
