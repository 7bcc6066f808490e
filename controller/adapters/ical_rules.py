"""What an event of a calendar file says about its time: whether it can be read, and how far its rule repeats."""

import calendar
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, TypeAlias

import icalendar
from dateutil.rrule import rrulestr  # type: ignore[import-untyped]

from controller.adapters.ical_bounds import MAX_STEPS

EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
_LATEST = 9_990  # a year from which on nothing can be added to a date

_STEPS_A_YEAR = {"DAILY": 366, "WEEKLY": 366, "MONTHLY": 366, "YEARLY": 366}
_TOO_FINE = {"SECONDLY": "second", "MINUTELY": "minute", "HOURLY": "hour"}
_WITHIN_A_DAY = ("BYHOUR", "BYMINUTE", "BYSECOND")

_Component: TypeAlias = Any

_RIGHT = {
    "DTSTART": "write a date that exists, as 20261122T090000",
    "DTEND": "write a date that exists, as 20261122T100000",
    "DURATION": "write a length such as PT1H30M",
    "RECURRENCE-ID": "write a date that exists, as 20261122T090000",
    "RRULE": "write a rule such as FREQ=WEEKLY;BYDAY=MO",
    "RDATE": "write dates that exist, as 20261122T090000",
    "EXDATE": "write dates that exist, as 20261122T090000",
}
_ONCE = ("DTSTART", "DTEND", "DURATION", "RECURRENCE-ID")
_DATES = ("RDATE", "EXDATE")


class Unreadable(Exception):
    """Why one event is left out."""


class Budget:
    """How far all rules of one file may be stepped through."""

    def __init__(self, end: datetime) -> None:
        self._end = end
        self._left = MAX_STEPS

    def take(self, events: Sequence[_Component]) -> None:
        """Before a series is repeated; Unreadable when its rule is too fine, too old, or the file's share is used up."""
        for event in events:
            self._spend(sum(len(found.dts) for name in _DATES for found in parts_of(event, name)))
            for rule in _rules(event):
                self._spend(_steps(event, rule, self._end))

    def _spend(self, steps: int) -> None:
        if steps > self._left:
            raise Unreadable("it repeats more than is left of what a calendar may — begin its rule later, or end it")
        self._left -= steps


def check_parts(event: _Component) -> None:
    """What the file says about its time can be read, and its zones exist; what says nothing is taken out."""
    for name in ("RRULE", *_DATES):
        _drop_empty(event, name)
    for name, right in _RIGHT.items():
        for found in parts_of(event, name):
            if isinstance(found, icalendar.vBroken):
                raise Unreadable(f"{name} {_shown(found)} cannot be read — {right}")
    if event.get("DTSTART") is None:
        raise Unreadable("it has no DTSTART — say when it begins")
    for name in _ONCE:
        found = parts_of(event, name)
        if len(found) > 1:
            raise Unreadable(f"it has {len(found)} {name}s — keep one of them")
        if found and not isinstance(found[0].dt, timedelta if name == "DURATION" else date):
            raise Unreadable(f"{name} {_shown(found[0])} is of another kind — {_RIGHT[name]}")
    for name in (*_ONCE, *_DATES):
        for found in parts_of(event, name):
            _check_moments(name, found)


def parts_of(event: _Component, name: str) -> Sequence[Any]:
    """What stands under this name, once or several times."""
    found = event.get(name)
    if found is None:
        return ()
    return found if isinstance(found, list) else (found,)


def _drop_empty(event: _Component, name: str) -> None:
    """`RRULE:` and `EXDATE:` with nothing behind them are written by programs that mean none."""
    kept = [found for found in parts_of(event, name) if _ical(found).strip()]
    if len(kept) == len(parts_of(event, name)):
        return
    del event[name]
    if kept:
        event[name] = kept


def _check_moments(name: str, found: Any) -> None:
    named = getattr(found, "params", {}).get("TZID")
    for moment in _moments(found):
        if isinstance(moment, timedelta):
            continue
        if not isinstance(moment, date):
            raise Unreadable(f"{name} {_shown(found)} is no date — {_RIGHT[name]}")
        if not EARLIEST.year - 1_000 < moment.year < _LATEST:
            raise Unreadable(f"{name} {_shown(found)} is no time of ours — {_RIGHT[name]}")
        if named and isinstance(moment, datetime) and moment.tzinfo is None:
            raise Unreadable(
                f"its zone {str(named)[:80]!r} is neither known nor described in the file — write an IANA name such as "
                "Europe/Paris"
            )


def _moments(found: Any) -> Iterator[Any]:
    for one in getattr(found, "dts", (found,)):
        # A period is two of them, or one and a length.
        yield from one.dt if isinstance(one.dt, tuple) else (one.dt,)


def _rules(event: _Component) -> Iterator[Mapping[str, Any]]:
    for found in parts_of(event, "RRULE"):
        frequency = str(_first(found, "FREQ")).upper()
        if frequency in _TOO_FINE:
            raise Unreadable(f"it repeats every {_TOO_FINE[frequency]} — the finest that is read is every day")
        if any(int(interval) < 1 for interval in found.get("INTERVAL", ())):
            raise Unreadable(f"RRULE {_shown(found)} never goes on — write an INTERVAL of 1 or more")
        try:
            # Whether it can be read is all; when it begins is not in it.
            rrulestr(_ical(found), dtstart=datetime(2000, 1, 1))  # noqa: DTZ001
        except (ValueError, AttributeError, TypeError, KeyError, IndexError) as exc:
            if "UNTIL" not in str(exc):  # of another kind than this start: the library sees to that
                raise Unreadable(f"RRULE {_shown(found)} cannot be read — {_RIGHT['RRULE']}") from None
        if not _comes(found):
            raise Unreadable(f"RRULE {_shown(found)} names no date that exists — {_RIGHT['RRULE']}")
        yield found


def _steps(event: _Component, rule: Mapping[str, Any], end: datetime) -> int:
    frequency = str(_first(rule, "FREQ")).upper()
    if frequency not in _STEPS_A_YEAR:
        raise Unreadable(f"its rule repeats {frequency!r} — write DAILY, WEEKLY, MONTHLY or YEARLY")
    within_a_day = 1
    for part in _WITHIN_A_DAY:
        within_a_day *= max(1, len(rule.get(part, ())))
    if within_a_day > 24:
        raise Unreadable(f"its rule comes {within_a_day} times a day — the finest that is read is every hour")
    begins = event["DTSTART"].dt
    if begins.year < EARLIEST.year:
        raise Unreadable(f"it repeats since {begins:%Y-%m-%d} — begin it in {EARLIEST.year} or later")
    # Whatever the interval: a library may look at each day for a rule that names weekdays.
    years: int = max(0, end.year - begins.year + 1)
    return years * _STEPS_A_YEAR[frequency] * within_a_day


def _comes(rule: Mapping[str, Any]) -> bool:
    """Whether one of the days it names is in one of its months: the thirtieth of February would be looked for for ever."""
    days, months = rule.get("BYMONTHDAY", ()), rule.get("BYMONTH", ())
    if not days or not months:
        return True
    longest = max(calendar.monthrange(2000, int(month))[1] for month in months)
    return any(abs(int(day)) <= longest for day in days)


def _first(rule: Mapping[str, Any], name: str) -> object:
    found = rule.get(name)
    return found[0] if isinstance(found, list) and found else found


def _ical(found: Any) -> str:
    written = found.to_ical()
    return written.decode("utf-8", "replace") if isinstance(written, bytes) else str(written)


def _shown(found: Any) -> str:
    return repr(_ical(found)[:80])
