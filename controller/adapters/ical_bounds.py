"""What a calendar file that somebody else wrote may cost, and what is seen of it before a library reads it.

A file says how long it is, how deep it nests and how finely it repeats before anything is worked out; beyond these
bounds it is refused. What stands in its events is `ical_reading`'s.
"""

import re
from collections.abc import Iterator

from controller.errors import InputError

# Years of a busy room are some hundred kilobytes.
MAX_BYTES = 5 * 1024 * 1024
MAX_EVENTS = 10_000
MAX_COMPONENTS = 50_000  # events, alarms, zones and what else there is
# An alarm within an event within a calendar is three deep.
MAX_DEPTH = 10
MAX_ENTRIES = 5_000
# How many dates all rules of a file may be stepped through, from where each begins: a second or two of work.
MAX_STEPS = 500_000

RIGHT = "export it as iCalendar (.ics): such a file begins with BEGIN:VCALENDAR and ends with END:VCALENDAR"

# Folded by bytes, as some programs do, a letter may stand on both sides of the fold.
_FOLD = re.compile(rb"(?:\r?\n)+[ \t]")
_COARSE = ("YEARLY", "MONTHLY")
_WITHIN_A_DAY = ("BYHOUR", "BYMINUTE", "BYSECOND")


def text_of(data: bytes) -> str:
    """The file, unfolded.

    Raises:
        InputError: it is too large, not UTF-8, no calendar, cut short, or built to cost more than any calendar does.
    """
    if len(data) > MAX_BYTES:
        raise InputError(
            f"the calendar is {len(data) / 1024 / 1024:.1f} MB — at most {MAX_BYTES // 1024 // 1024} MB are read; "
            "export a shorter time, or one room alone"
        )
    try:
        text = _FOLD.sub(b"", data).decode("utf-8-sig")
    except UnicodeDecodeError as exc:
        raise InputError(f"the calendar is not UTF-8 (byte {exc.start}) — export it in UTF-8") from None
    if "BEGIN:VCALENDAR" not in text[:4096].upper():
        raise InputError(f"this is no calendar — {RIGHT}")
    if text.upper().count("BEGIN:VEVENT") > MAX_EVENTS:
        raise InputError(f"the calendar holds more than {MAX_EVENTS} events — export a shorter time")
    return "\r\n".join(_checked(text))


def _checked(text: str) -> Iterator[str]:
    open_: list[str] = []
    components = 0
    for line in re.split(r"\r\n|\n|\r", text):
        name, _, value = line.partition(":")
        name, inner = name.strip().upper(), value.strip().upper()
        if name == "BEGIN":
            open_.append(inner)
            components += 1
            if len(open_) > MAX_DEPTH or components > MAX_COMPONENTS:
                much = f"nests {len(open_)} deep" if len(open_) > MAX_DEPTH else f"has over {MAX_COMPONENTS} parts"
                raise InputError(f"the calendar {much}, as no calendar does — {RIGHT}")
        elif name == "END" and open_:
            open_.pop()
        elif name == "RRULE":
            # Some write `BYDAY=MO, TU`.
            line = line.replace(" ", "")
            if "VTIMEZONE" in open_:
                _check_zone(inner)
        yield line
    if open_:
        # Half a file is no shorter calendar: what is missing would be taken for cancelled.
        raise InputError(f"the calendar ends in the middle of {open_[-1][:20]} — read all of it, or {RIGHT}")


def _check_zone(rule: str) -> None:
    """A library steps through a zone's rule for each time it is asked about."""
    parts = dict(part.strip().split("=", 1) for part in rule.split(";") if "=" in part)
    is_fine = any("," in parts.get(name, "") for name in _WITHIN_A_DAY)
    if parts.get("FREQ", "YEARLY").strip() not in _COARSE or is_fine:
        raise InputError(
            f"a zone of the calendar changes by {rule[:80]!r} — a zone's clocks change once or twice a year"
        )
