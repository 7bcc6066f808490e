"""One cell of a people file: its text to a value, or `BadCell` with what would be right; the caller knows where it was.

No badge number and no PIN leaves this file in a message: two last characters of a number at most.
"""

import difflib
import re
from collections.abc import Collection, Iterable
from datetime import UTC, date, datetime, time, timedelta
from enum import Enum
from typing import TypeVar
from zoneinfo import ZoneInfo

from controller.domain.ids import CredentialId
from controller.domain.membership import Right
from controller.services.people.people import why_not_a_pin
from devices.badges import CONTRACT, Badge, Base, ReaderProfile, read, refuse_at_enrolment
from devices.errors import BadgeError

E = TypeVar("E", bound=Enum)

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,63}")
_FACILITY_AND_CARD = re.compile(r"\d{1,3}\D\d{1,5}")
_HELD_BADGE = re.compile(r"…(?P<last_two>\S{0,2}) \((?P<id>[^()\s]+)\)")
_DAY = re.compile(r"\d{4}-\d")
_MONEY = re.compile(r"(\d{1,7})(?:[.,](\d{2}))?")
# A row that slipped by a column has its number where another value belongs; it is not shown there either.
_MAYBE_A_SECRET = re.compile(r"(?=.*\d)(?:[0-9A-Fa-f][ :,-]?){7,}|\d{6}")
# What a spreadsheet takes for a formula, and runs.
_FORMULA = re.compile(r"'*[=+\-@\t\r]")
_NAME_LENGTH = 120
_CELL_SHOWN = 40

PIN_KEPT = "kept"
"""What stands for a PIN that somebody has: nobody knows it but they."""


class BadCell(Exception):
    """What would be right."""


def held_badge(id: CredentialId, last_two: str) -> str:
    """A badge that somebody holds already, as an export writes it: its number is known to nobody."""
    return f"…{last_two} ({id})"


def escaped(text: str) -> str:
    """Safe to open in a spreadsheet; `unescaped` takes it back."""
    return f"'{text}" if _FORMULA.match(text) else text


def unescaped(text: str) -> str:
    return text[1:] if text.startswith("'") and _FORMULA.match(text) else text


def shown(column: str, value: str) -> str:
    """A value as far as it may be shown."""
    if not value:
        return "empty"
    if column not in ("badge", "pin") and (_DAY.match(value) or not _MAYBE_A_SECRET.fullmatch(value)):
        return repr(value if len(value) <= _CELL_SHOWN else value[:_CELL_SHOWN] + "…")
    # Of a PIN nothing: two of six would be a third of it.
    return f"{len(value)} characters ending in {value[-2:]!r}" if len(value) > 6 else f"{len(value)} characters"


def plain_cell(text: str) -> str:
    return text.casefold()


def id_cell(text: str) -> str:
    if not _ID.fullmatch(text):
        raise BadCell(
            "an id is up to 64 letters, digits, dots, dashes, underscores or @, and begins with a letter or digit"
        )
    return text


def name_cell(text: str) -> str:
    if len(text) > _NAME_LENGTH:
        raise BadCell(f"at most {_NAME_LENGTH} characters, these are {len(text)}")
    if not text.isprintable():
        raise BadCell("there is a line break or a control character in it")
    return text


def team_cell(text: str) -> str:
    if not any(char.isalnum() for char in text):
        raise BadCell("a team's name has a letter or a digit in it")
    return name_cell(text)


def one_of_cell(kind: type[E], text: str, also: Iterable[str] = ()) -> E:
    try:
        return kind(text.casefold())
    except ValueError:
        raise BadCell(f"one of {', '.join([*(str(one.value) for one in kind), *also])}") from None


def yes_or_no_cell(text: str) -> bool:
    known = {"yes": True, "true": True, "1": True, "no": False, "false": False, "0": False}
    if text.casefold() not in known:
        raise BadCell("yes or no")
    return known[text.casefold()]


def known_cell(text: str, known: Collection[str], what: str) -> str:
    if text in known:
        return text
    names = [str(name) for name in known]
    close = difflib.get_close_matches(text, names, n=1)
    hint = f"did you mean {close[0]!r}?" if close else f"it has {', '.join(sorted(names)) or 'none'}"
    raise BadCell(f"the space has no such {what}; {hint}")


def date_cell(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise BadCell("a day is written year-month-day, like 2026-03-01") from None


def moment_cell(text: str, zone: ZoneInfo, *, end: bool) -> datetime:
    """A moment with its offset, or a day in the space's zone: from its beginning, until its end."""
    try:
        if len(text) <= len("2026-03-01"):
            day = date.fromisoformat(text) + timedelta(days=end)
            return datetime.combine(day, time.min, tzinfo=zone).astimezone(UTC)
        moment = datetime.fromisoformat(text)
    except (ValueError, OverflowError):
        raise BadCell("a day like 2026-03-01, or a moment like 2026-03-01T09:00:00Z") from None
    if moment.tzinfo is None:
        raise BadCell("a moment needs its offset: Z, or +01:00")
    # The registry keeps milliseconds.
    return moment.astimezone(UTC).replace(microsecond=moment.microsecond // 1000 * 1000)


def badge_cell(text: str, badge_format: str | None) -> Badge | CredentialId:
    """A number, or the credential that an export named instead of one."""
    held = _HELD_BADGE.fullmatch(text)
    if held is not None:
        return CredentialId(held["id"])
    profile = CONTRACT
    if badge_format is not None and badge_format.startswith("wiegand") and _FACILITY_AND_CARD.fullmatch(text):
        profile = ReaderProfile(base=Base.FACILITY, format=badge_format)
    try:
        badge = read(text, profile, format=badge_format)
    except BadgeError as exc:
        raise BadCell(str(exc)) from exc
    why_not = refuse_at_enrolment(badge)
    if why_not is not None:
        raise BadCell(why_not)
    return badge


def rights_cell(text: str) -> frozenset[Right]:
    return frozenset(one_of_cell(Right, word) for word in words_cell(text))


def words_cell(text: str) -> tuple[str, ...]:
    return tuple(sorted(set(re.split(r"[\s,;]+", text))))


def cents_cell(text: str) -> int:
    found = _MONEY.fullmatch(text)
    if found is None:
        raise BadCell("an amount is written like 120 or 120.50, without a currency")
    return int(found[1]) * 100 + int(found[2] or 0)


def pin_cell(text: str) -> str:
    """Six digits, or `PIN_KEPT`."""
    if text.casefold() == PIN_KEPT:
        return PIN_KEPT
    why_not = why_not_a_pin(text)
    if why_not is not None:
        raise BadCell(f"{why_not}; {PIN_KEPT!r} leaves the one they have")
    return text
