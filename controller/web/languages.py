"""Which language a page for visitors speaks, and how it says a day: by its address, else by what the browser asks for."""

from datetime import datetime
from typing import Literal

from aiohttp import hdrs, web

Language = Literal["en", "fr"]

_DAYS = {
    "en": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
    "fr": ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche"),
}
_MONTHS = {
    "en": (
        *("January", "February", "March", "April", "May", "June"),
        *("July", "August", "September", "October", "November", "December"),
    ),
    "fr": (
        *("janvier", "février", "mars", "avril", "mai", "juin"),
        *("juillet", "août", "septembre", "octobre", "novembre", "décembre"),
    ),
}


def language_of(request: web.Request) -> Language:
    """`?lang=fr` before the browser's own wish; English where neither is one of ours."""
    asked = request.query.get("lang", "")
    wished = [asked, *_by_preference(request.headers.get(hdrs.ACCEPT_LANGUAGE, ""))]
    for tag in wished:
        if tag.casefold().startswith("fr"):
            return "fr"
        if tag.casefold().startswith("en"):
            return "en"
    return "en"


def day_said(at: datetime, language: Language) -> str:
    """`Saturday 28 November`, `samedi 1er décembre`; `at` in the zone it is to be told in."""
    number = "1er" if language == "fr" and at.day == 1 else str(at.day)
    return f"{_DAYS[language][at.weekday()]} {number} {_MONTHS[language][at.month - 1]}"


def _by_preference(header: str) -> list[str]:
    wished: list[tuple[float, int, str]] = []
    for place, part in enumerate(header[:500].split(",")):
        tag, _, quality = part.strip().partition(";q=")
        try:
            wished.append((-float(quality or 1), place, tag))
        except ValueError:
            continue
    return [tag for _, _, tag in sorted(wished)]
