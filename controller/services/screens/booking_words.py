"""What happened to bookings, in words. A title is its people's own and is in none of them."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Protocol
from zoneinfo import ZoneInfo

from controller.domain.facts import Fact, FactKind
from controller.domain.ids import PersonId
from controller.services.screens.lines import Line, moment


class Names(Protocol):
    """What these words ask of the wording they are part of."""

    @property
    def zone(self) -> ZoneInfo: ...
    def who(self, fact: Fact) -> str: ...
    def area(self, fact: Fact) -> str: ...
    def person(self, id: PersonId) -> str: ...


HOW: Mapping[str, str] = {
    "command": "at the command line",
    "page": "on the page",
    "api": "by another program",
    "panel": "at the room's panel",
    "calendar": "in an outside calendar",
    "door": "by coming in",
    "house": "by itself",
    "booked_late": "booked as it began",
}

_TEXTS: Mapping[FactKind, tuple[str, str]] = {
    FactKind.BOOKING_MADE: ("{who} booked {area}, {span}", "good"),
    FactKind.BOOKING_REQUESTED: ("{who} asks for {area}, {span}: somebody must approve it", "note"),
    FactKind.BOOKING_APPROVED: ("{area} is {who}'s, {span}: approved", "good"),
    FactKind.BOOKING_DECLINED: ("{area} was declined to {who}, {span}", "bad"),
    FactKind.BOOKING_CHANGED: ("{who}'s booking of {area} is {span} now", "note"),
    FactKind.BOOKING_ENDED: ("{who}'s booking of {area} ended early, {span}", "note"),
    FactKind.BOOKING_CANCELLED: ("{who}'s booking of {area} was cancelled, {span}", "note"),
    FactKind.BOOKING_CHECKED_IN: ("{who}'s booking of {area} is checked in, {span}", "good"),
    FactKind.BOOKING_IN_USE: ("{area} is in use, and {who} has not checked in, {span}", "bad"),
    FactKind.BOOKING_RELEASED: ("{area} is free again: nobody came to {who}'s booking, {span}", "note"),
    FactKind.WAITING_OFFERED: ("{area} is offered to {who}, {span}", "note"),
    FactKind.WAITING_WON: ("{who} took {area}, {span}, having waited for it", "good"),
    FactKind.WAITING_LAPSED: ("{who} did not get {area}, {span}", "note"),
    FactKind.SERIES_MISSED: ("{who} has not come to {area} {times} times in a row: the series may end", "bad"),
}


def booking_line(names: Names, fact: Fact) -> Line:
    """What happened to a booking, when it is or was, and why or by whom."""
    text, tone = _TEXTS[fact.kind]
    times = str(fact.detail.get("times", "?"))
    said = text.format(who=names.who(fact), area=names.area(fact), span=_span(names, fact), times=times)
    return Line(said + _more(fact), _why(names, fact), tone)


def _more(fact: Fact) -> str:
    """Of a series, one line is told for all that happened to alike."""
    others = fact.detail.get("others")
    return f", and {len(others)} more of its series" if isinstance(others, list | tuple) and others else ""


def _span(names: Names, fact: Fact) -> str:
    start, end = _moment(fact, "start"), _moment(fact, "end")
    if start is None or end is None:
        return "?"
    there = end.astimezone(names.zone)
    is_same_day = start.astimezone(names.zone).date() == there.date()
    until = f"{there:%H:%M}" if is_same_day else moment(end.isoformat(), names.zone, fact.at)
    return f"{moment(start.isoformat(), names.zone, fact.at)} to {until}"


def _moment(fact: Fact, key: str) -> datetime | None:
    try:
        return datetime.fromisoformat(str(fact.detail[key]))
    except (KeyError, ValueError):
        return None


def _why(names: Names, fact: Fact) -> str | None:
    """A reason where one was given; else who did it, where that was somebody else, and by which way."""
    reason = fact.detail.get("reason")
    by, how = fact.detail.get("by"), fact.detail.get("how")
    said = [str(reason)] if reason else []
    if isinstance(by, str) and by != fact.person:
        said.append(f"by {names.person(PersonId(by))}")
    if isinstance(how, str) and how in HOW:
        said.append(HOW[how])
    return ", ".join(said) or None


BOOKING_LINES: Mapping[FactKind, Callable[[Names, Fact], Line]] = dict.fromkeys(_TEXTS, booking_line)
