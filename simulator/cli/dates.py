"""A day of the calendar as a command is given it; moments of the running simulator are `clock`'s."""

from datetime import date

from simulator.errors import InputError

# Before and after there is no telling what a zone's clocks showed, and at the calendar's ends there is no next day.
_FIRST, _LAST = date(1970, 1, 1), date(2100, 12, 31)


def day_of(written: str) -> date:
    """What --date says; InputError when it is no day, or one that nobody here lives."""
    try:
        day = date.fromisoformat(written)
    except ValueError:
        raise InputError(f"--date {written!r} is no day of the calendar; write it like 2026-11-16") from None
    if not _FIRST <= day <= _LAST:
        raise InputError(f"--date {written} is out of reach; take {_FIRST} to {_LAST}")
    return day
