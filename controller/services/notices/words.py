"""A notice as a message in somebody's own language: its template filled with names, and with moments in local time.

Templates are files beside this one, the first line the subject. Whatever people wrote is put in as text: no name or
reason becomes a line of its own, and none is a template itself.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

from controller.domain.community import Language
from controller.domain.ids import AreaId, PersonId
from controller.domain.notices import Notice, NoticeKind

TEXTS = Path(__file__).parent / "texts"

_DAYS: Mapping[Language, tuple[str, ...]] = {
    Language.ENGLISH: ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
    Language.FRENCH: ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche"),
}
_MONTHS: Mapping[Language, tuple[str, ...]] = {
    Language.ENGLISH: (
        *("January", "February", "March", "April", "May", "June", "July"),
        *("August", "September", "October", "November", "December"),
    ),
    Language.FRENCH: (
        *("janvier", "février", "mars", "avril", "mai", "juin", "juillet"),
        *("août", "septembre", "octobre", "novembre", "décembre"),
    ),
}
_SPANS = {
    Language.ENGLISH: ("{day} {start} to {end}", "{day} {start} to {last} {end}", "The reason given: {reason}."),
    Language.FRENCH: ("{day} de {start} à {end}", "du {day} {start} au {last} {end}", "La raison donnée : {reason}."),
}
LONGEST_WORD = 200


@dataclass(frozen=True, slots=True)
class Message:
    """What is sent: one line, and the text."""

    subject: str
    body: str


@dataclass(frozen=True, slots=True)
class Names:
    """How the house calls things and people."""

    zone: ZoneInfo
    room: Callable[[AreaId], str]
    person: Callable[[PersonId], str]


def written(notice: Notice, language: Language, names: Names) -> Message:
    """The message, in this language."""
    subject, body = template(notice.kind, language)
    words = _Words(_words(notice.data, language, names))
    return Message(subject.format_map(words), body.format_map(words))


@cache
def template(kind: NoticeKind, language: Language) -> tuple[str, str]:
    """Subject and body, with their {placeholders}."""
    text = (TEXTS / language.value / f"{kind.value}.txt").read_text(encoding="utf-8")
    subject, _, body = text.partition("\n\n")
    return subject.strip(), body.strip()


class _Words(dict[str, str]):
    """What a fact of another version did not say is left out, and no reason to say nothing."""

    def __missing__(self, key: str) -> str:
        return "?"


def _words(data: Mapping[str, str], language: Language, names: Names) -> dict[str, str]:
    words = {"because": "", **{name: _line(value) for name, value in data.items()}}
    if "room" in data:
        words["room"] = _line(names.room(AreaId(data["room"])))
    if "who" in data:
        words["who"] = _line(names.person(PersonId(data["who"])))
    start, end = _moment(data.get("start"), names.zone), _moment(data.get("end"), names.zone)
    if start is not None and end is not None:
        words["when"] = _span(start, end, language)
    until = _moment(data.get("until"), names.zone)
    if until is not None:
        words["offered_until"] = f"{until:%H:%M}"
    if data.get("reason"):
        words["because"] = " " + _SPANS[language][2].format(reason=words["reason"].rstrip("."))
    return words


def _span(start: datetime, end: datetime, language: Language) -> str:
    on_one_day, over_days, _ = _SPANS[language]
    words = {"day": _day(start, language), "start": f"{start:%H:%M}", "end": f"{end:%H:%M}"}
    if start.date() == end.date():
        return on_one_day.format(**words)
    return over_days.format(**words, last=_day(end, language))


def _day(at: datetime, language: Language) -> str:
    return f"{_DAYS[language][at.weekday()]} {at.day} {_MONTHS[language][at.month - 1]}"


def _moment(text: str | None, zone: ZoneInfo) -> datetime | None:
    if text is None:
        return None
    try:
        return datetime.fromisoformat(text).astimezone(zone)
    except ValueError:
        return None


def _line(text: str) -> str:
    """One line, however it was typed: a name with a line break must not become a header."""
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())[:LONGEST_WORD]
