"""Moments and spans as people type them, in the space's own time."""

import re
from calendar import month_name, monthrange
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from controller.domain.schedule import instant
from controller.errors import InputError

_CLOCK = re.compile(r"([01]?\d|2[0-4]):([0-5]\d)")
# Beyond these a moment of one zone has no name in another, and nobody means a door's day.
_YEARS = range(1970, 2101)
_DATE = re.compile(r"(\d{4})-(\d\d)-(\d\d)(?:[T ].*)?")
_SPAN = re.compile(r"(?:(\d{1,3})d)?(?:(\d{1,3})h)?(?:(\d{1,4})m)?")
_SECONDS = re.compile(r"(?:\d+[dhm] ?)*\d+ ?s(?:ec(?:onds?)?)?")


def moment_of(option: str, text: str, zone: ZoneInfo, now: datetime, *, is_end: bool = False) -> datetime:
    """`18:00` on the day of `now`, or `2026-11-23T18:00`; an hour that comes twice is its first occurrence, as an end its last.

    An end of that day that is over by `now` is told how the next day is written: `23:30 00:30` ends tomorrow.
    """
    clock = _CLOCK.fullmatch(text)
    if clock is not None:
        minutes = int(clock[1]) * 60 + int(clock[2])
        if minutes <= 24 * 60:
            day = now.astimezone(zone).date()
            at = instant(day, minutes, zone, last=is_end)
            if is_end and at <= now:
                raise InputError(
                    f"{option}: {text} of {day} is not after {now.astimezone(zone):%H:%M}"
                    f" — for the next day write {day + timedelta(days=1)}T{minutes // 60:02}:{minutes % 60:02}"
                )
            return at
    try:
        said = datetime.fromisoformat(text)
    except ValueError as error:
        raise InputError(
            f"{option}: {text!r} is no moment{_why_no_date(text)} — write it like 18:00 or {now.astimezone(zone):%Y-%m-%d}T18:00"
        ) from error
    check_year(option, text, said.year)
    if said.tzinfo is not None:
        return said
    return instant(said.date(), said.hour * 60 + said.minute, zone, last=is_end)


def is_skipped(text: str, at: datetime, zone: ZoneInfo) -> bool:
    """Whether clocks skip the local time that is written here: `at`, of `moment_of`, is the next that comes."""
    local = at.astimezone(zone)
    if (clock := _CLOCK.fullmatch(text)) is not None:
        return (int(clock[1]) % 24, int(clock[2])) != (local.hour, local.minute)
    said = datetime.fromisoformat(text)
    return said.tzinfo is None and (said.hour, said.minute) != (local.hour, local.minute)


def check_year(option: str, text: str, year: int) -> None:
    """A year that computers can reckon with and people mean."""
    if year not in _YEARS:
        raise InputError(
            f"{option}: {text!r} is in the year {year} — name a moment between {_YEARS.start} and {_YEARS.stop - 1}"
        )


def span_of(option: str, text: str) -> timedelta:
    """`2h`, `45m`, `1h30m` or `1d`."""
    found = _SPAN.fullmatch(text.replace(" ", ""))
    if found is None or not any(found.groups()):
        least = "; a minute is the least" if _SECONDS.fullmatch(text.strip()) else ""
        raise InputError(f"{option}: {text!r} is no span of time{least} — write it like 2h, 45m or 1h30m")
    days, hours, minutes = (int(part or 0) for part in found.groups())
    span = timedelta(days=days, hours=hours, minutes=minutes)
    if not span:
        raise InputError(f"{option}: {text!r} is no time at all — write how long, like 2h")
    return span


def day_of(option: str, text: str) -> date:
    """`2026-12-25`."""
    try:
        said = date.fromisoformat(text)
    except ValueError as error:
        raise InputError(f"{option}: {text!r} is no day{_why_no_date(text)} — write it like 2026-12-25") from error
    check_year(option, text, said.year)
    return said


def _why_no_date(text: str) -> str:
    """Of what is written like a date: which part of it the calendar does not have."""
    found = _DATE.fullmatch(text)
    if found is None:
        return ""
    year, month, day = (int(part) for part in found.groups())
    if not 1 <= month <= 12:
        return f": a year has the months 01 to 12, and none is {found[2]}"
    if year in _YEARS and not 1 <= day <= monthrange(year, month)[1]:
        return f": {month_name[month]} {year} has {monthrange(year, month)[1]} days"
    return ""
