"""Opening hours as a space file writes them, just well enough to guess whom a door would admit.

The controller decides who may enter; people here only need a feeling for it, so that most of those
who come are let in.
"""

import re
from collections.abc import Container
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_WINDOW = re.compile(r"([a-z, -]+?)\s+(\d\d?):(\d\d)\s*-\s*(\d\d?):(\d\d)(\+1)?")


@dataclass(frozen=True, slots=True)
class Hours:
    """Windows of (weekday it starts, from minute, to minute); past 1440 a window runs into the next day."""

    windows: tuple[tuple[int, int, int], ...] = ()
    always: bool = False
    on_holidays: bool = False

    def is_open(self, at: datetime, holidays: Container[date] = frozenset()) -> bool:
        """`at` in the building's own zone."""
        if self.always:
            return True
        minute = at.hour * 60 + at.minute
        for back in (0, 1):
            day = at.date() - timedelta(days=back)
            if day in holidays and not self.on_holidays:
                continue
            if any(start <= minute + back * 1440 < end for on, start, end in self.windows if on == day.weekday()):
                return True
        return False


def read_hours(value: Any) -> Hours:
    """Read one schedule's value; raises ValueError saying what would be right."""
    if isinstance(value, dict):
        if value.get("always"):
            return Hours(always=True)
        return Hours(_windows(value.get("open")), on_holidays=bool(value.get("on_holidays", False)))
    return Hours(always=True) if value == "always" else Hours(_windows(value))


def _windows(value: Any) -> tuple[tuple[int, int, int], ...]:
    texts = [value] if isinstance(value, str) else value or ()
    if not isinstance(texts, list | tuple):
        raise ValueError(f"{value!r} is not days and hours; write 'mon-fri 08:00-20:00'")
    return tuple(window for text in texts for window in _window(str(text)))


def _window(text: str) -> list[tuple[int, int, int]]:
    match = _WINDOW.fullmatch(text.strip().lower())
    if match is None:
        raise ValueError(f"{text!r} is not days and hours; write 'mon-fri 08:00-20:00'")
    start = int(match[2]) * 60 + int(match[3])
    end = int(match[4]) * 60 + int(match[5])
    if match[6] or end <= start:
        end += 1440
    return [(day, start, end) for day in _days(match[1])]


def _days(text: str) -> list[int]:
    if text.strip() == "daily":
        return list(range(7))
    days: list[int] = []
    for part in text.replace(" ", "").split(","):
        first, _, last = part.partition("-")
        if first not in DAYS or (last and last not in DAYS):
            raise ValueError(f"{part!r} is not a day; days are {', '.join(DAYS)}, spans like mon-fri, or daily")
        start, end = DAYS.index(first), DAYS.index(last or first)
        days += [day % 7 for day in range(start, end + 1 if end >= start else end + 8)]
    return days
