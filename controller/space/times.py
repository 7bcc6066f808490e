"""Opening hours as people write them -> windows of a week.

`mon-fri 08:00-20:00`, `sat,sun 10:00-18:00`, `daily 06:30-23:00`, `fri 22:00-06:00+1`. Whether a moment lies
in a window is `controller.domain.schedule`'s affair.
"""

import re

from controller.domain.schedule import DAY_MINUTES, EVERY_DAY, Window
from controller.space.errors import did_you_mean

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
EXAMPLE = "write days and hours like 'mon-fri 08:00-20:00'"

_WINDOW = re.compile(r"(?:(?P<days>\S+(?:\s*,\s*\S+)*)\s+)?(?P<start>\S+?)\s*[-–]\s*(?P<end>[^\s+]+)(?P<next>\+\d+)?")
_CLOCK = re.compile(r"(\d{1,2}):(\d{2})")
_LENGTH = re.compile(r"(?:(?P<hours>\d{1,3})\s*h)?\s*(?:(?P<minutes>\d{1,5})\s*min)?")


class TimeError(ValueError):
    """These hours cannot be meant; `fix` says what could be."""

    def __init__(self, why: str, fix: str) -> None:
        super().__init__(f"{why} — {fix}")
        self.why = why
        self.fix = fix


def parse_window(text: str) -> Window:
    """One stretch of opening hours on some days of the week; raises TimeError."""
    match = _WINDOW.fullmatch(text.strip())
    if match is None:
        raise TimeError("are no opening hours", EXAMPLE)
    days = parse_days(match["days"] or "daily")
    start, end = parse_clock(match["start"]), parse_clock(match["end"])
    shown = f"{match['start']}-{match['end']}"
    if match["next"] not in (None, "+1"):
        raise TimeError("lasts longer than a day", "write +1 for hours that run over one midnight, 'always' for no end")
    overnight = match["next"] is not None
    if start == end:
        raise TimeError("starts when it ends", "write 00:00-24:00 for a whole day")
    if start == DAY_MINUTES:
        raise TimeError("starts at 24:00", "write 00:00 on the next day")
    if overnight and end > start:
        raise TimeError("lasts longer than a day", f"write {shown} if it ends on the same day")
    if not overnight and end < start:
        instead = f"{match['start']}-24:00" if end == 0 else f"{shown}+1"
        raise TimeError("ends before it starts", f"write {instead} if it runs {'to' if end == 0 else 'over'} midnight")
    if overnight and end == 0:
        end = DAY_MINUTES
    return Window(days=days, start=start, end=end)


def parse_clock(text: str) -> int:
    """Minutes from midnight; 24:00 is the end of the day."""
    match = _CLOCK.fullmatch(text)
    if match is None:
        raise TimeError(f"has {text!r} where a time should be", EXAMPLE)
    hours, minutes = int(match[1]), int(match[2])
    if minutes > 59 or hours * 60 + minutes > DAY_MINUTES:
        raise TimeError(f"has {text!r}, which is no time of day", "hours go from 00:00 to 24:00")
    return hours * 60 + minutes


def parse_length(text: str) -> int:
    """Minutes: `4 h`, `90 min`, `1 h 30 min`."""
    match = _LENGTH.fullmatch(text.strip())
    if match is None or match.group("hours", "minutes") == (None, None):
        raise TimeError("is no length of time", "write hours and minutes like '1 h 30 min'")
    return int(match["hours"] or 0) * 60 + int(match["minutes"] or 0)


def parse_days(text: str) -> frozenset[int]:
    """Days of the week, Monday = 0: `mon-fri`, `sat,sun`, `fri-mon`, `daily`."""
    if text.lower() in {"daily", "everyday"}:
        return EVERY_DAY
    found: set[int] = set()
    for part in re.split(r"\s*,\s*", text.lower()):
        first, dash, last = part.partition("-")
        start = _day(first)
        end = _day(last) if dash else start
        found.update((start + step) % 7 for step in range((end - start) % 7 + 1))
    return frozenset(found)


def _day(name: str) -> int:
    for number, day in enumerate(DAYS):
        # "monday" is understood too; "m" or "t" are not.
        if name == day or (len(name) > 3 and _FULL[number].startswith(name)):
            return number
    listed = f"days are {', '.join(DAYS)} and daily"
    raise TimeError(f"has {name!r} where a day should be", did_you_mean(name, [*DAYS, *_FULL], listed))


_FULL = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
