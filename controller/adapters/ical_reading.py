"""A calendar that somebody else wrote, read as times that are taken (`services.booking.outside`).

Files come from anywhere, so what one may cost is bounded here: its size, how many events it holds, how far and how
finely their rules repeat. One bad event is a problem with a name and never spoils the rest. `icalendar` reads the
file, `recurring_ical_events` repeats; both want to be asked in a thread of their own.
"""

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, TypeAlias
from zoneinfo import ZoneInfo

import icalendar
import recurring_ical_events  # type: ignore[import-untyped]
from dateutil.rrule import rrulestr  # type: ignore[import-untyped]

from controller.domain.schedule import instant
from controller.errors import InputError
from controller.services.booking.outside import Entry, Problem, Reading

# Years of a busy room are some hundred kilobytes.
MAX_BYTES = 5 * 1024 * 1024
MAX_EVENTS = 10_000
MAX_ENTRIES = 5_000
# How many dates all rules of a file may be stepped through, from where each begins: a second or two of work.
MAX_STEPS = 500_000
EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)

_STEPS_A_YEAR = {"DAILY": 366, "WEEKLY": 366, "MONTHLY": 366, "YEARLY": 366}
_TOO_FINE = {"SECONDLY": "second", "MINUTELY": "minute", "HOURLY": "hour"}
_WITHIN_A_DAY = ("BYHOUR", "BYMINUTE", "BYSECOND")
_ONE_DAY = timedelta(days=1)

# What stands in a component may be of a dozen kinds, and is asked for what it has.
_Component: TypeAlias = Any


class _Unreadable(Exception):
    """Why one event is left out."""


def read_calendar(data: bytes, start: datetime, end: datetime, zone: ZoneInfo) -> Reading:
    """What takes time between `start` and `end` (aware UTC). Times without a zone are those of `zone`.

    Cancelled events and those that their calendar shows as free are not there. An event of whole days takes them from
    midnight to midnight in `zone`.

    Raises:
        InputError: it is too large, or no calendar at all; nothing of it was read.
    """
    if len(data) > MAX_BYTES:
        raise InputError(
            f"the calendar is {len(data) / 1024 / 1024:.1f} MB — at most {MAX_BYTES // 1024 // 1024} MB are read; "
            "export a shorter time, or one room alone"
        )
    series = _series(_parsed(data))
    entries: list[Entry] = []
    problems: list[Problem] = []
    steps = itertools.count()
    budget = _Budget(end)
    for uid, events in series.items():
        try:
            budget.take(events)
            for entry in _occurrences(uid, events, start, end, zone):
                entries.append(entry)
                if next(steps) >= MAX_ENTRIES:
                    raise InputError(
                        f"the calendar takes more than {MAX_ENTRIES} times between {start:%Y-%m-%d} and {end:%Y-%m-%d} — "
                        "give each room a calendar of its own"
                    )
        except _Unreadable as why:
            problems.append(Problem(uid, _title(events[0]), str(why)))
    return Reading(tuple(sorted(entries, key=lambda one: (one.start, one.key))), tuple(problems))


def _parsed(data: bytes) -> Sequence[_Component]:
    right = "export it as iCalendar (.ics): such a file begins with BEGIN:VCALENDAR"
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as exc:
        raise InputError(f"the calendar is not UTF-8 (byte {exc.start}) — {right}, in UTF-8") from None
    if "BEGIN:VCALENDAR" not in text[:4096].upper():
        raise InputError(f"this is no calendar — {right}")
    if text.upper().count("BEGIN:VEVENT") > MAX_EVENTS:
        raise InputError(f"the calendar holds more than {MAX_EVENTS} events — export a shorter time")
    try:
        return list(icalendar.Calendar.from_ical(text, multiple=True))
    except (ValueError, IndexError, KeyError, AttributeError, TypeError) as exc:
        raise InputError(f"the calendar cannot be read: {exc} — {right}") from None


def _series(calendars: Iterable[_Component]) -> Mapping[str, list[_Component]]:
    """Events by uid: the first event, its rule, and its exceptions belong together."""
    found: dict[str, list[_Component]] = {}
    for calendar in calendars:
        for number, event in enumerate(calendar.walk("VEVENT")):
            uid = str(event.get("UID") or f"event {number + 1}")
            found.setdefault(uid, []).append(event)
    return found


class _Budget:
    """How far all rules of one file may be stepped through."""

    def __init__(self, end: datetime) -> None:
        self._end = end
        self._left = float(MAX_STEPS)

    def take(self, events: Sequence[_Component]) -> None:
        """Before a series is repeated; _Unreadable when its rule is too fine, too old, or the file's share is used up."""
        for event in events:
            _check_parts(event)
            for rule in _rules(event):
                self._take(event, rule)

    def _take(self, event: _Component, rule: Mapping[str, Any]) -> None:
        frequency = str(_first(rule, "FREQ")).upper()
        if frequency in _TOO_FINE:
            raise _Unreadable(f"it repeats every {_TOO_FINE[frequency]} — the finest that is read is every day")
        if frequency not in _STEPS_A_YEAR:
            raise _Unreadable(f"its rule repeats {frequency!r} — write DAILY, WEEKLY, MONTHLY or YEARLY")
        within_a_day = 1
        for part in _WITHIN_A_DAY:
            within_a_day *= max(1, len(rule.get(part, ())))
        if within_a_day > 24:
            raise _Unreadable(f"its rule comes {within_a_day} times a day — the finest that is read is every hour")
        begins = _utc(event["DTSTART"].dt, ZoneInfo("UTC"))
        if begins < EARLIEST:
            raise _Unreadable(f"it repeats since {begins:%Y-%m-%d} — begin it in 1970 or later")
        # Whatever the interval: a library may look at each day for a rule that names weekdays.
        years = max(0.0, (self._end - begins) / timedelta(days=365.25))
        self._left -= years * _STEPS_A_YEAR[frequency] * within_a_day
        if self._left < 0:
            raise _Unreadable("the rules before it repeat more than a calendar may — begin them later, or end them")


def _check_parts(event: _Component) -> None:
    """What the file says about its time can be read, and its zones exist."""
    for name in ("DTSTART", "DTEND", "DURATION", "RECURRENCE-ID", "RRULE"):
        for found in _all(event, name):
            if isinstance(found, icalendar.vBroken):
                raise _Unreadable(f"{name} {_shown(found)} cannot be read — {_RIGHT[name]}")
    if event.get("DTSTART") is None:
        raise _Unreadable("it has no DTSTART — say when it begins")
    for name in ("DTSTART", "DTEND", "RECURRENCE-ID", "RDATE", "EXDATE"):
        for found in _all(event, name):
            named = getattr(found, "params", {}).get("TZID")
            moments = [found.dt] if hasattr(found, "dt") else [one.dt for one in getattr(found, "dts", ())]
            if named and any(isinstance(one, datetime) and one.tzinfo is None for one in moments):
                raise _Unreadable(
                    f"its zone {str(named)!r} is neither known nor described in the file — write an IANA name such as "
                    "Europe/Paris"
                )


_RIGHT = {
    "DTSTART": "write a date that exists, as 20261122T090000",
    "DTEND": "write a date that exists, as 20261122T100000",
    "DURATION": "write a length such as PT1H30M",
    "RECURRENCE-ID": "write a date that exists, as 20261122T090000",
    "RRULE": "write a rule such as FREQ=WEEKLY;BYDAY=MO",
}


def _rules(event: _Component) -> Iterator[Mapping[str, Any]]:
    for found in _all(event, "RRULE"):
        try:
            rrulestr(found.to_ical().decode(), dtstart=datetime(2000, 1, 1))  # noqa: DTZ001  # only whether it can be read
        except (ValueError, AttributeError, TypeError) as exc:
            if "UNTIL" not in str(exc):  # of another kind than this start: the library sees to that
                raise _Unreadable(f"RRULE {_shown(found)} cannot be read — {_RIGHT['RRULE']}") from None
        yield found


def _occurrences(
    uid: str, events: Sequence[_Component], start: datetime, end: datetime, zone: ZoneInfo
) -> Iterator[Entry]:
    alone = icalendar.Calendar()
    for event in events:
        alone.add_component(event)
    # A day more at either side: a time without a zone, or a whole day, may lie outside by the library's own reckoning.
    try:
        found = recurring_ical_events.of(alone).between(start - _ONE_DAY, end + _ONE_DAY)
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError, ArithmeticError) as exc:
        raise _Unreadable(f"its dates cannot be worked out: {exc}") from None
    for one in found:
        if _is_free(one):
            continue
        begins, ends = _utc(one.start, zone), _utc(one.end, zone, last=True)
        if ends <= begins:
            raise _Unreadable(f"it ends {ends:%Y-%m-%d %H:%M} UTC, not after its beginning {begins:%Y-%m-%d %H:%M} UTC")
        if ends > start and begins < end:
            which = one.get("RECURRENCE-ID")
            of = _utc(which.dt, zone) if which is not None else begins
            key = f"{uid}/{of:%Y%m%dT%H%M%SZ}" if len(events) > 1 or events[0].get("RRULE") else uid
            yield Entry(key, begins, ends, _title(one))


def _is_free(event: Any) -> bool:
    return str(event.get("STATUS", "")).upper() == "CANCELLED" or str(event.get("TRANSP", "")).upper() == "TRANSPARENT"


def _utc(at: date | datetime, zone: ZoneInfo, *, last: bool = False) -> datetime:
    """A whole day begins at its midnight; a time that the clocks skip becomes the first that exists."""
    if not isinstance(at, datetime):
        return instant(at, 0, zone)
    if at.tzinfo is not None:
        return at.astimezone(UTC)
    minutes = at.hour * 60 + at.minute
    return instant(at.date(), minutes, zone, last=last) + timedelta(seconds=at.second)


def _all(event: _Component, name: str) -> Sequence[Any]:
    found = event.get(name)
    if found is None:
        return ()
    return found if isinstance(found, list) else (found,)


def _first(rule: Mapping[str, Any], name: str) -> object:
    found = rule.get(name)
    return found[0] if isinstance(found, list) and found else found


def _title(event: Any) -> str:
    return " ".join(str(event.get("SUMMARY", "")).split())[:200]


def _shown(found: object) -> str:
    return repr(str(found)[:80])
