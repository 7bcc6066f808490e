"""The calendar as a wall clock tells it: windows, business days, weeks and months, the slow and plain way.

An instant is found by looking at the clock minute by minute, never by reckoning with offsets. Written from the text of
the access rules alone; it shares nothing with the code it judges but the values of a schedule.
"""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from controller.domain.building import Area, Space
from controller.domain.house import HouseState
from controller.domain.schedule import WeeklySchedule

MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)


@lru_cache(maxsize=100_000)
def minutes_around(day: date, minute: int, zone: ZoneInfo) -> tuple[tuple[datetime, datetime], ...]:
    """Every minute within an hour and a half of a local time, as (instant, what the clock on the wall shows)."""
    wall = datetime.combine(day, time()) + minute * MINUTE
    middle = wall.replace(tzinfo=zone).astimezone(UTC)
    instants = (middle + n * MINUTE for n in range(-90, 91))
    return tuple((each, each.astimezone(zone).replace(tzinfo=None)) for each in instants)


@lru_cache(maxsize=100_000)
def occurrence(day: date, minute: int, zone: ZoneInfo, *, last: bool) -> datetime:
    """When the clock shows this local time: the first or the last time; where it never does, as soon as it is past it."""
    wanted = datetime.combine(day, time()) + minute * MINUTE
    shown = [instant for instant, wall in minutes_around(day, minute, zone) if wall == wanted]
    if not shown:
        return next(instant for instant, wall in minutes_around(day, minute, zone) if wall > wanted)
    return shown[-1] if last else shown[0]


def is_open(schedule: WeeklySchedule, at: datetime, zone: ZoneInfo, closed_days: frozenset[date]) -> bool:
    """Whether a window that began today or yesterday is still open; a holiday takes those that begin on it."""
    today = at.astimezone(zone).date()
    for day in (today - DAY, today):
        if day in closed_days and not schedule.on_holidays:
            continue
        for start, end in windows_of(schedule, day):
            opens = occurrence(day, start, zone, last=False)
            closes = occurrence(day, end, zone, last=True)
            if opens <= at < closes:
                return True
    return False


def windows_of(schedule: WeeklySchedule, day: date) -> list[tuple[int, int]]:
    """The windows that begin on this date, in minutes from its midnight; one that ends early ends tomorrow."""
    windows = [(0, 24 * 60)] if schedule.always else []
    for window in schedule.windows:
        if day.weekday() in window.days:
            overnight = window.end <= window.start
            windows.append((window.start, window.end + 24 * 60 if overnight else window.end))
    return windows


def holidays_at(space: Space, house: HouseState, area: Area) -> frozenset[date]:
    """The dates on which plan hours are closed in this area."""
    closed = set()
    for day in space.holidays:
        zones = space.holiday_zones.get(day)
        if zones is None or zones & area.zones:
            closed.add(day)
    for extra in house.holidays:
        if not extra.zones or extra.zones & area.zones:
            closed.add(extra.day)
    return frozenset(closed)


def calendar_day(at: datetime, space: Space) -> date:
    return at.astimezone(space.zone).date()


def business_day(at: datetime, space: Space) -> date:
    """Today, from this morning's cut-off on; before it, still yesterday."""
    today = calendar_day(at, space)
    begun = [
        day for day in (today - DAY, today) if occurrence(day, space.cut_off_minutes, space.zone, last=False) <= at
    ]
    return max(begun)


def days_of_week(day: date) -> list[date]:
    """Monday to Sunday of the week this day is in, over the ends of months and years."""
    monday = day
    while monday.weekday() != 0:
        monday -= DAY
    return [monday + n * DAY for n in range(7)]


def is_same_month(one: date, other: date) -> bool:
    return (one.year, one.month) == (other.year, other.month)


def used_this_week(days: frozenset[date], today: date) -> int:
    return len([day for day in days_of_week(today) if day in days])


def guests_this_month(guest_days: Mapping[date, frozenset[str]], today: date) -> int:
    """Each guest counts once on each day."""
    return sum(len(guests) for day, guests in guest_days.items() if is_same_month(day, today))
