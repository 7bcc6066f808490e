"""How moments, lengths and months are said in the sentences about bookings: in the space's own time."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from controller.domain.schedule import DAY_MINUTES

_ONE_MINUTE = timedelta(minutes=1)


def moment(at: datetime, zone: ZoneInfo, day: date) -> str:
    """ "15:00" on the day that is talked about, "2026-12-22 15:00" on any other."""
    there = at.astimezone(zone)
    return f"{there:%H:%M}" if there.date() == day else f"{there:%Y-%m-%d %H:%M}"


def length(time: timedelta) -> str:
    """ "45 min", "2 h", "2 h 30 min"; what is left over of a minute is not told."""
    hours, minutes = divmod(int(time / _ONE_MINUTE), 60)
    if not hours:
        return f"{minutes} min"
    return f"{hours} h {minutes} min" if minutes else f"{hours} h"


def clock(minutes: int) -> str:
    """Local minutes from midnight as "09:30"; beyond the day, as the next day's."""
    return f"{minutes % DAY_MINUTES // 60:02d}:{minutes % 60:02d}"


def minute_of(at: datetime) -> datetime:
    """The minute that has started: what begins "now" begins with it."""
    return at.replace(second=0, microsecond=0)


def by_the_wall(start: datetime, end: datetime, zone: ZoneInfo) -> timedelta:
    """How long something is, over a clock change in its favour: by the wall or by the hour, whichever is less."""
    wall = end.astimezone(zone).replace(tzinfo=None) - start.astimezone(zone).replace(tzinfo=None)
    return max(min(wall, end - start), timedelta())
