"""When a room may be booked: in its hours, and not on its holidays.

A time that staff have confirmed is not asked about here. Who may book is in `rules`.
"""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import NamedTuple

from controller.domain.booking.clock_words import moment
from controller.domain.booking.wishes import Circumstances, Refused, RefuseReason
from controller.domain.building import Area, Space
from controller.domain.holidays import holidays_of
from controller.domain.house import HouseState
from controller.domain.ids import ScheduleId
from controller.domain.schedule import WeeklySchedule, business_day, local_date, spans

_ONE_DAY = timedelta(days=1)
_ALWAYS = WeeklySchedule(ScheduleId("always"), always=True)


class Span(NamedTuple):
    """A half-open time, aware UTC."""

    start: datetime
    end: datetime


def hours_of(area: Area, space: Space) -> WeeklySchedule | None:
    """The hours in which a room may be booked; None: at any time."""
    room = area.room
    return space.schedules.get(room.hours) if room is not None and room.hours is not None else None


def open_spans(area: Area, space: Space, house: HouseState, first: date, last: date) -> list[Span]:
    """When a room is open from `first` to `last`, both included, windows that touch made one.

    Without hours of its own it is open around the clock; either way a holiday closes what begins on it.
    """
    hours = hours_of(area, space) or _ALWAYS
    closed = holidays_of(area.id, space, house)
    found: list[Span] = []
    for day in _days(first, last):
        if day in closed and not hours.on_holidays:
            continue
        for start, end in sorted(spans(hours, day, space.zone)):
            if found and start <= found[-1].end:
                found[-1] = Span(found[-1].start, max(found[-1].end, end))
            else:
                found.append(Span(start, end))
    return found


def closed_refusal(area: Area, start: datetime, end: datetime, known: Circumstances) -> Refused | None:
    """Why the room is closed at some moment of this time; None where it is open all the while."""
    space = known.space
    holiday = holiday_within(area, start, end, space, known.house)
    if holiday is not None:
        name = holidays_of(area.id, space, known.house).name_of(holiday)
        return Refused(
            RefuseReason.HOLIDAY,
            f"{area.name} is closed on {holiday.isoformat()}: {name}",
            "another day, or staff confirm it for that day",
        )
    hours = hours_of(area, space)
    if hours is None:
        return None
    day = local_date(start, space.zone)
    around = open_spans(area, space, known.house, day - _ONE_DAY, local_date(end, space.zone))
    if any(span.start <= start and end <= span.end for span in around):
        return None
    wished = f"{moment(start, space.zone, day)} to {moment(end, space.zone, day)}"
    return Refused(
        RefuseReason.CLOSED,
        f"{area.name} cannot be booked from {wished} on {day.isoformat()}",
        _hours_in_words(area, known, day),
    )


def holiday_within(area: Area, start: datetime, end: datetime, space: Space, house: HouseState) -> date | None:
    """The first holiday this time is on. A night belongs to the day it began, until the cut-off."""
    closed = holidays_of(area.id, space, house)
    hours = hours_of(area, space)
    if hours is not None and hours.on_holidays:
        return None
    first = local_date(start, space.zone)
    last = business_day(end - timedelta.resolution, space.zone, space.cut_off_minutes)
    return next((day for day in _days(first, max(first, last)) if day in closed), None)


def _hours_in_words(area: Area, known: Circumstances, day: date) -> str:
    zone = known.space.zone
    that_day = [
        f"{moment(start, zone, day)} to {moment(end, zone, day)}"
        for start, end in open_spans(area, known.space, known.house, day, day)
    ]
    return f"it is open {' and '.join(that_day)}" if that_day else "it is closed all that day"


def _days(first: date, last: date) -> Iterator[date]:
    for offset in range((last - first).days + 1):
        yield first + timedelta(days=offset)
