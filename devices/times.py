"""Moments on the wire: RFC 3339 with offset, or epoch seconds or milliseconds; aware UTC inside.

Whether a moment is too old or too far ahead is the receiver's question, not asked here.
"""

from datetime import UTC, datetime, timedelta

# 1e11 seconds is the year 5138, 1e11 milliseconds is March 1973: no device means either, so the magnitude decides.
_MILLISECONDS_FROM = 100_000_000_000
# Clocks that were never set start in 1970 or 2000; nothing of ours ran before this.
_SET_FROM = datetime(2025, 1, 1, tzinfo=UTC)
# The end of year 9999 in milliseconds; above it lie the micro- and nanoseconds of some other clock.
_MILLISECONDS_TO = 253_402_300_800_000
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


def clock_is_set(now: datetime) -> bool:
    """Whether a device's clock can be right at all."""
    return now >= _SET_FROM


def _parse_text(text: str) -> datetime:
    # fromisoformat alone also takes week dates and the basic form, which the contract does not. Looking at five places
    # costs a third of a regular expression. An offset as strftime writes it (+0100) is understood, being unmistakable.
    if len(text) < 20 or not (text[4] == text[7] == "-" and text[13] == text[16] == ":" and text[10] in "Tt "):
        raise ValueError(f"is not a date and time with an offset; send {_ANSWER}")
    leap = text[17:19] == "60"
    if leap:
        # RFC 3339 allows a leap second, datetime does not: it is the first instant of the next minute.
        text = f"{text[:17]}59{text[19:]}"
    try:
        moment = datetime.fromisoformat(text if text[-1] != "z" else text.upper())
        if leap:
            moment = moment.replace(microsecond=0) + timedelta(seconds=1)
        if moment.tzinfo is not None:
            return moment if moment.tzinfo is UTC else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError(f"is not a possible date and time; send {_ANSWER}") from None
    raise ValueError(f"has no offset; send {_ANSWER}")
