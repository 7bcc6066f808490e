"""Moments on the wire: RFC 3339 with offset, or epoch seconds or milliseconds; aware UTC inside.

Whether a moment is too old or too far ahead is the receiver's question, not asked here.
"""

import re
from datetime import UTC, datetime, timedelta

# 1e11 seconds is the year 5138, 1e11 milliseconds is March 1973: no device means either, so the magnitude decides.
_MILLISECONDS_FROM = 100_000_000_000
# The end of year 9999 in milliseconds; above it lie the micro- and nanoseconds of some other clock.
_MILLISECONDS_TO = 253_402_300_800_000
# fromisoformat alone also takes week dates, basic forms and times without a zone, which the contract does not.
_RFC3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:(\d\d)(?:\.\d+)?(?:[Zz]|[+-]\d\d:\d\d)", re.ASCII)
_ANSWER = "RFC 3339 with an offset (2026-05-04T10:11:12Z) or epoch seconds or milliseconds"


def parse_time(value: object) -> datetime:
    """Read one moment; raises ValueError saying what would be right, without repeating the value."""
    if isinstance(value, str):
        return _parse_text(value)
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise ValueError(f"has no zone; send {_ANSWER}")
        return value.astimezone(UTC)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"is not a time; send {_ANSWER}")
    # Written so that NaN fails too.
    if not 0 <= value < _MILLISECONDS_TO:
        raise ValueError(f"is outside the years 1970 to 9999; send {_ANSWER}")
    if value < _MILLISECONDS_FROM:
        return datetime.fromtimestamp(value, UTC)
    # Whole and fractional parts apart: a float of seconds loses the last microseconds.
    seconds, milliseconds = divmod(value, 1000)
    return datetime.fromtimestamp(seconds, UTC) + timedelta(milliseconds=milliseconds)


def _parse_text(text: str) -> datetime:
    match = _RFC3339.fullmatch(text)
    if match is None:
        raise ValueError(f"is not a time with an offset; send {_ANSWER}")
    leap = match[1] == "60"
    if leap:
        # RFC 3339 allows a leap second, datetime does not: it is the first instant of the next minute.
        text = f"{text[:17]}59{text[19:]}"
    try:
        moment = datetime.fromisoformat(text.upper()).astimezone(UTC)
        return moment.replace(microsecond=0) + timedelta(seconds=1) if leap else moment
    except (ValueError, OverflowError) as exc:
        raise ValueError(f"is not a possible date and time; send {_ANSWER}") from exc
