"""Local times of a door's list as instants, on every night of the year.

As everywhere in the house: a window is one piece. Clocks going back: it starts at the first occurrence and ends at the
last. Clocks going forward: a time that does not exist becomes the first instant that does.
"""

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

_MIDNIGHT = time()
_ONE_DAY = timedelta(days=1)
_ONE_MINUTE = timedelta(minutes=1)


def local_date(at: datetime, zone: ZoneInfo) -> date:
    return at.astimezone(zone).date()


@lru_cache(maxsize=1024)
def instant(day: date, minutes: int, zone: ZoneInfo, *, last: bool = False) -> datetime:
    """A local time so many minutes after that day's midnight, days later too; where it comes twice, first or `last`."""
    wall = datetime.combine(day, _MIDNIGHT) + timedelta(minutes=minutes)
    found = _as_utc(wall, zone, last)
    while found.astimezone(zone).replace(tzinfo=None) != wall:  # in the spring gap: step to its end
        wall += _ONE_MINUTE
        found = _as_utc(wall, zone, last)
    return found


def business_day(at: datetime, zone: ZoneInfo, cut_off_minutes: int) -> date:
    """The day people mean: until the cut-off in the small hours it is still yesterday."""
    today = local_date(at, zone)
    return today if at >= instant(today, cut_off_minutes, zone) else today - _ONE_DAY


def _as_utc(wall: datetime, zone: ZoneInfo, last: bool) -> datetime:
    return wall.replace(tzinfo=zone, fold=int(last)).astimezone(UTC)
