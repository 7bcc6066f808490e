"""How a booking repeats: its dates, when each of them is, and the rule in words.

Local wall time: a meeting at ten is at ten all year. Both nights of a clock change are decided by `schedule.instant`. What
becomes of each date, and of a series that is changed, is in `series`.
"""

import calendar
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

from controller.domain.booking.clock_words import clock
from controller.domain.booking.values import Frequency, Recurrence
from controller.domain.booking.wishes import Refused, RefuseReason
from controller.domain.schedule import DAY_MINUTES, instant

MOST = 400
"""A series has no more dates."""

LONGEST = timedelta(days=731)
"""Nor does it reach further: two years."""

_WEEK = 7
_WIDEST = 366  # of any unit: what comes less often than once a year is no series
_LAST_YEAR = 9000  # beyond it the calendar ends before two years are over
_LAST = -1
_NTH = {1: "first", 2: "second", 3: "third", 4: "fourth", _LAST: "last"}
_DAYS = tuple(calendar.day_name)
_EACH = {Frequency.DAILY: "day", Frequency.WEEKLY: "week", Frequency.MONTHLY: "month"}


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One date of a series; the moments are aware UTC, `start` inclusive and `end` exclusive."""

    day: date  # local
    start: datetime
    end: datetime


def rule_refusal(rule: Recurrence) -> Refused | None:
    """What is wrong with a rule; None where it says dates, and not too many."""
    for is_wrong, words, right in _faults(rule):
        if is_wrong:
            return Refused(RefuseReason.RULE, words, right)
    # Counted one further than allowed, so that a rule without an end in sight is never followed to it.
    found = list(islice(dates(rule), MOST + 1))
    if len(found) > MOST:
        return Refused(RefuseReason.RULE, f"this is more than {MOST} dates", f"at most {MOST}: until {found[MOST - 1]}")
    if found[-1] - rule.first > LONGEST:
        return Refused(
            RefuseReason.RULE,
            f"{found[-1]} is more than two years after {rule.first}",
            f"until {rule.first + LONGEST} at the latest",
        )
    return None


def dates(rule: Recurrence) -> Iterator[date]:
    """The local dates of a rule, each once, the first before all others whether the rule names it or not.

    A month that has no such day is skipped: a series on the 31st has seven dates a year.
    """
    for count, day in enumerate(_candidates(rule)):
        if (rule.until is not None and day > rule.until) or (rule.count is not None and count >= rule.count):
            return
        yield day


def occurrences(rule: Recurrence, zone: ZoneInfo) -> list[Occurrence]:
    """Each date of a rule as moments; at most 400 of them, whatever the rule says."""
    return [occurrence(rule, day, zone) for day in islice(dates(rule), MOST)]


def occurrence(rule: Recurrence, day: date, zone: ZoneInfo) -> Occurrence:
    """One date by the wall: the repeated hour is in it whole, one that does not exist begins with the first that does."""
    start = instant(day, rule.start_minutes, zone)
    end = instant(day, rule.start_minutes + rule.minutes, zone, last=True)
    # All of it in the hour that does not exist: as long as it would have been, from the first moment that exists.
    return Occurrence(day, start, end if end > start else start + timedelta(minutes=rule.minutes))


def in_words(rule: Recurrence) -> str:
    """ "every Monday and Wednesday, 10:00-11:30, until 2027-03-01"."""
    end = rule.start_minutes + rule.minutes
    over = (end - 1) // DAY_MINUTES
    later = "" if over == 0 else " the next day" if over == 1 else f" {over} days later"
    until = f"until {rule.until}" if rule.until is not None else f"{rule.count} times"
    return f"{_often(rule)}, {clock(rule.start_minutes)}-{_end(end)}{later}, {until}"


def _end(minutes: int) -> str:
    return "24:00" if minutes % DAY_MINUTES == 0 else clock(minutes)


def _often(rule: Recurrence) -> str:
    each = _EACH[rule.frequency]
    every = f"every {each}" if rule.interval == 1 else f"every {rule.interval} {each}s"
    if rule.frequency is Frequency.DAILY:
        return every
    if rule.frequency is Frequency.WEEKLY:
        names = _and([_DAYS[day] for day in sorted(rule.weekdays or {rule.first.weekday()})])
        return f"every {names}" if rule.interval == 1 else f"{every} on {names}"
    if rule.nth is not None:
        return f"{every} on the {_NTH[rule.nth]} {_DAYS[rule.first.weekday()]}"
    skipped = " (not in months without one)" if rule.first.day > 28 else ""
    return f"{every} on the {_ordinal(rule.first.day)}{skipped}"


def _and(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _ordinal(day: int) -> str:
    ending = {1: "st", 2: "nd", 3: "rd"}.get(day % 10, "th") if day // 10 != 1 else "th"
    return f"{day}{ending}"


def _faults(rule: Recurrence) -> tuple[tuple[bool, str, str], ...]:
    is_monthly, is_weekly = rule.frequency is Frequency.MONTHLY, rule.frequency is Frequency.WEEKLY
    return (
        (
            not 1 <= rule.interval <= _WIDEST,
            f"every {rule.interval} {_EACH[rule.frequency]}s does not repeat",
            f"an interval of 1 to {_WIDEST}",
        ),
        (
            not 1 <= rule.minutes <= _WEEK * DAY_MINUTES,
            f"{rule.minutes} minutes is no length of a booking",
            "a minute to a week",
        ),
        (rule.first.year > _LAST_YEAR, f"{rule.first} is too far ahead", "a first date that people will see"),
        (
            not 0 <= rule.start_minutes < DAY_MINUTES,
            f"{rule.start_minutes} minutes after midnight is no time of that day",
            "a start from 00:00 to 23:59",
        ),
        (
            not rule.weekdays <= frozenset(range(_WEEK)),
            f"a weekday is one of 0 to 6, and here is {max(rule.weekdays, default=0)}",
            "0 for Monday to 6 for Sunday",
        ),
        (bool(rule.weekdays) and not is_weekly, "only a weekly series has weekdays", "a weekly one, or no weekdays"),
        (
            rule.nth is not None and not (is_monthly and rule.nth in _NTH),
            f"{rule.nth} is no week of a month to repeat on",
            "of a monthly series, 1 to 4, or -1 for the last",
        ),
        (
            rule.nth is not None and is_monthly and not _is_nth(rule.first, rule.nth),
            f"{rule.first} is not the {_NTH.get(rule.nth or 0, '')} {_DAYS[rule.first.weekday()]} of its month",
            "a first date that is",
        ),
        (rule.until is None and rule.count is None, "it never ends", "the last date, or how many times"),
        (rule.until is not None and rule.until < rule.first, f"it ends on {rule.until}", f"{rule.first} or later"),
        (rule.count is not None and rule.count < 1, f"{rule.count} times is never", "once or more"),
    )


def _candidates(rule: Recurrence) -> Iterator[date]:
    """The dates of a rule without its end, ascending. The calendar's own last year is one."""
    yield rule.first
    for day in _FOLLOWING[rule.frequency](rule):
        if day > rule.first:
            yield day


def _daily(rule: Recurrence) -> Iterator[date]:
    day = rule.first
    while day <= date.max - timedelta(days=rule.interval):
        day += timedelta(days=rule.interval)
        yield day


def _weekly(rule: Recurrence) -> Iterator[date]:
    weekdays = sorted(rule.weekdays or {rule.first.weekday()})
    monday = rule.first.toordinal() - rule.first.weekday()
    while monday + _WEEK <= date.max.toordinal():
        for weekday in weekdays:
            yield date.fromordinal(monday + weekday)
        monday += _WEEK * rule.interval


def _monthly(rule: Recurrence) -> Iterator[date]:
    months = rule.first.year * 12 + rule.first.month - 1
    while months < date.max.year * 12:
        year, month = divmod(months, 12)
        day = _day_of(rule, year, month + 1)
        if day is not None:
            yield day
        months += rule.interval


_FOLLOWING = {Frequency.DAILY: _daily, Frequency.WEEKLY: _weekly, Frequency.MONTHLY: _monthly}


def _day_of(rule: Recurrence, year: int, month: int) -> date | None:
    weekday, length = calendar.monthrange(year, month)
    if rule.nth is None:
        return date(year, month, rule.first.day) if rule.first.day <= length else None
    first = (rule.first.weekday() - weekday) % _WEEK + 1
    if rule.nth == _LAST:
        return date(year, month, first + (length - first) // _WEEK * _WEEK)
    return date(year, month, first + (rule.nth - 1) * _WEEK)


def _is_nth(day: date, nth: int) -> bool:
    if nth == _LAST:
        return day.day + _WEEK > calendar.monthrange(day.year, day.month)[1]
    return (day.day - 1) // _WEEK + 1 == nth
