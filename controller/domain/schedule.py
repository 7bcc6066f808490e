"""Weekly windows in a space's own time: is it open now, and when does it open next?

Everything about daylight saving and holidays is decided here. What an open window allows is not:
an access schedule (badge accepted) and an unlock schedule (no badge needed) share this shape.
"""

from collections.abc import Container, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from controller.domain.ids import ScheduleId

DAY_MINUTES = 24 * 60
EVERY_DAY = frozenset(range(7))

# Two weeks: the longest closure a house announces by holidays alone; beyond it "when" is for staff to say.
HORIZON_DAYS = 14

_MIDNIGHT = time()
_ONE_DAY = timedelta(days=1)
_ONE_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Window:
    """Local minutes from midnight, `start` inclusive and `end` exclusive, on the days it *starts* (Monday is 0).

    `end` at or before `start` means the next day; 24:00 is 1440.
    """

    days: frozenset[int]
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class WeeklySchedule:
    """Windows that repeat every week; `always` is every day from 00:00 to 24:00.

    A holiday cancels the windows that start on it, unless `on_holidays`; the tail of the night before stays.
    """

    id: ScheduleId
    windows: tuple[Window, ...] = ()
    always: bool = False
    on_holidays: bool = False

    def __hash__(self) -> int:
        # Asked for at every read, as the key of `spans`: the id says enough, the windows would be hashed one by one.
        return hash(self.id)


def is_open(schedule: WeeklySchedule, at: datetime, zone: ZoneInfo, holidays: Container[date]) -> bool:
    """Whether the schedule is open at this instant."""
    today = at.astimezone(zone).date()
    # The day before too: an overnight window belongs to the day it starts.
    for day in (today, _day_before(today)):
        for start, end in spans(schedule, day, zone):
            if start <= at < end and (schedule.on_holidays or day not in holidays):
                return True
    return False


def next_opening(schedule: WeeklySchedule, at: datetime, zone: ZoneInfo, holidays: Container[date]) -> datetime | None:
    """The first instant from `at` on when the schedule is open (`at` itself if it is), or None within two weeks."""
    today = at.astimezone(zone).date()
    for offset in range(-1, HORIZON_DAYS + 1):
        day = today + timedelta(days=offset)
        if day in holidays and not schedule.on_holidays:
            continue
        # Spans of one day start before those of the next, so the first day with any answer has the earliest.
        openings = [max(start, at) for start, end in spans(schedule, day, zone) if max(start, at) < end]
        if openings:
            return min(openings)
    return None


@lru_cache(maxsize=4096)
def instants(window: Window, day: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """The window that starts on `day`, as UTC instants: one piece on every night of the year.

    Clocks going back: the start is the first occurrence, the end the last. Clocks going forward: a time
    that does not exist becomes the first instant that does (both ends in the gap: an empty window).
    """
    overnight = window.end <= window.start
    last_day = day + _ONE_DAY if overnight else day
    return instant(day, window.start, zone), instant(last_day, window.end, zone, last=True)


@lru_cache(maxsize=4096)
def instant(day: date, minutes: int, zone: ZoneInfo, *, last: bool = False) -> datetime:
    """A local time of day (1440 is the next midnight) as UTC; where it comes twice, the first or the `last`."""
    wall = datetime.combine(day, _MIDNIGHT) + timedelta(minutes=minutes)
    found = _as_utc(wall, zone, last)
    while found.astimezone(zone).replace(tzinfo=None) != wall:  # in the spring gap: step to its end
        wall += _ONE_MINUTE
        found = _as_utc(wall, zone, last)
    return found


@lru_cache(maxsize=8192)
def local_date(at: datetime, zone: ZoneInfo) -> date:
    """The calendar date of an instant that is asked about again and again, as the start of a booking is."""
    return at.astimezone(zone).date()


def business_day(at: datetime, zone: ZoneInfo, cut_off_minutes: int) -> date:
    """The day people mean: until the cut-off in the small hours it is still yesterday."""
    today = at.astimezone(zone).date()
    return today if at >= instant(today, cut_off_minutes, zone) else _day_before(today)


def _as_utc(wall: datetime, zone: ZoneInfo, last: bool) -> datetime:
    return wall.replace(tzinfo=zone, fold=int(last)).astimezone(UTC)


@lru_cache(maxsize=4096)
def spans(schedule: WeeklySchedule, day: date, zone: ZoneInfo) -> tuple[tuple[datetime, datetime], ...]:
    """Every window of the schedule that starts on `day`, holidays not yet considered."""
    return tuple(instants(window, day, zone) for window in _windows(schedule) if day.weekday() in window.days)


def _windows(schedule: WeeklySchedule) -> Iterator[Window]:
    if schedule.always:
        yield Window(EVERY_DAY, 0, DAY_MINUTES)
    yield from schedule.windows


@lru_cache(maxsize=64)
def _day_before(day: date) -> date:
    return day - _ONE_DAY
