"""What every wording is made of: a line for a person, a moment as the desk would say it."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True)
class Line:
    """One line for a person. `tone`: good, bad, note or alarm."""

    text: str
    why: str | None = None
    tone: str = "note"


def moment(iso: str, zone: ZoneInfo, seen_from: datetime) -> str:
    """A time as the desk would say it: 'today 14:00', 'tomorrow 08:00', 'Mon 08:00', or with its date."""
    at, today = datetime.fromisoformat(iso).astimezone(zone), seen_from.astimezone(zone)
    days = (at.date() - today.date()).days
    day = {0: "today", 1: "tomorrow"}.get(days) or at.strftime("%a" if 0 < days < 7 else "%a %d %b %Y")
    return f"{day} {at:%H:%M}"
