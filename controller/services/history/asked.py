"""A question about history as people type it, read: which span of time, in steps of what.

Which series are meant is the desk's to find. Whatever cannot be asked is an AskedError that names what was typed and
what would be right; its field is what the command line writes as an option, and a program as a parameter.
"""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from controller.domain.history.values import Span
from controller.domain.schedule import instant, local_date
from controller.errors import InputError
from controller.services.desk.moments import day_of, moment_of

USUAL = timedelta(days=1)
_DAY_MINUTES = 24 * 60
_UNITS = {
    "s": timedelta(seconds=1),
    "m": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
    "w": timedelta(weeks=1),
    "y": timedelta(days=365),
}
_PARTS = re.compile(r"(\d{1,6})([smhdwy])")
_WHOLE = re.compile(r"(?:\d{1,6}[smhdwy])+")
# What a moment of one zone still has a name for in another, and nobody's sensor is older.
_LONGEST = timedelta(days=365 * 50)
_DAYS = {"today": 0, "yesterday": 1}


class AskedError(InputError):
    """A question that has no answer as it was put."""

    def __init__(self, field: str, why: str) -> None:
        super().__init__(f"{field}: {why}")
        self.field = field
        self.why = why


@dataclass(frozen=True, slots=True)
class Question:
    """All as it was typed; None where nothing was."""

    device: str | None = None
    channel: str | None = None
    room: str | None = None
    device_class: str | None = None
    last: str | None = None
    since: str | None = None
    until: str | None = None
    step: str | None = None


def length_of(field: str, text: str) -> timedelta:
    """`90s`, `24h`, `7d`, `2w`, `1y`, `1h30m`; a day is 24 hours here, a year 365 of them."""
    plain = text.replace(" ", "").lower()
    if not _WHOLE.fullmatch(plain):
        raise AskedError(field, f"{text[:40]!r} is no length of time — write it like 90s, 15m, 24h, 7d or 1y")
    length = sum((int(count) * _UNITS[unit] for count, unit in _PARTS.findall(plain)), timedelta())
    if not length:
        raise AskedError(field, f"{text[:40]!r} is no time at all — the least is 1s")
    if length > _LONGEST:
        raise AskedError(field, f"{text[:40]!r} is longer than anything that was measured — 50y is the most")
    return length


def span_of(asked: Question, zone: ZoneInfo, now: datetime) -> Span:
    """The span that is meant: the last 24 hours where nothing is said, until now where no end is."""
    if asked.last is not None and asked.since is not None:
        raise AskedError("last", "says how long before the end, and from says since when — leave one of them away")
    end = _end(asked.until, zone, now) if asked.until is not None else now
    if asked.since is not None:
        start = _moment("from", asked.since, zone, now)
    else:
        start = end - (length_of("last", asked.last) if asked.last is not None else USUAL)
    if start >= now:
        field = "from" if asked.since is not None else "to"
        raise AskedError(field, f"{_said(start, zone)} is still to come, and nothing was measured then")
    if end <= start:
        raise AskedError("to", f"the span ends at {_said(end, zone)}, and it begins only at {_said(start, zone)}")
    return Span(start, end)


def in_words(length: timedelta) -> str:
    """`15m`, `1h30m`, `1d`: as it is typed."""
    left, said = round(length.total_seconds()), ""
    for unit, seconds in (("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1)):
        count, left = divmod(left, seconds)
        said += f"{count}{unit}" if count else ""
    return said or "0s"


def _moment(field: str, text: str, zone: ZoneInfo, now: datetime) -> datetime:
    day = _day(field, text, zone, now)
    if day is not None:
        return instant(day, 0, zone)
    if text.lower() == "now":
        return now
    try:
        return moment_of(field, text, zone, now).astimezone(UTC)
    except InputError as error:
        raise AskedError(field, str(error).removeprefix(f"{field}: ")) from error


def _end(text: str, zone: ZoneInfo, now: datetime) -> datetime:
    """A day as an end is all of that day."""
    day = _day("to", text, zone, now)
    return instant(day, _DAY_MINUTES, zone, last=True) if day is not None else _moment("to", text, zone, now)


def _day(field: str, text: str, zone: ZoneInfo, now: datetime) -> date | None:
    if text.lower() in _DAYS:
        return local_date(now, zone) - timedelta(days=_DAYS[text.lower()])
    if not re.fullmatch(r"\d{4}-\d\d-\d\d", text):
        return None
    try:
        return day_of(field, text)
    except InputError as error:
        raise AskedError(field, str(error).removeprefix(f"{field}: ")) from error


def _said(at: datetime, zone: ZoneInfo) -> str:
    return f"{at.astimezone(zone):%Y-%m-%d %H:%M:%S}".removesuffix(":00")
