"""What was read in outside calendars, in words; what their entries are called is nobody else's business."""

from collections.abc import Callable, Mapping

from controller.domain.facts import Fact, FactKind
from controller.services.screens.booking_words import Names
from controller.services.screens.lines import Line

_COUNTS = (("made", "new"), ("changed", "changed"), ("gone", "taken back"))


def calendar_line(names: Names, fact: Fact) -> Line:
    """Which calendar, which room, how many; those left out as the reason why to look."""
    counted = [f"{count} {word}" for key, word in _COUNTS if (count := fact.detail.get(key))]
    said = f"The calendar {fact.detail.get('name', '?')} changed {names.area(fact)}: {', '.join(counted) or 'nothing'}"
    conflicts = fact.detail.get("conflicts")
    return Line(said, f"{conflicts} not booked" if conflicts else None, "bad" if conflicts else "note")


CALENDAR_LINES: Mapping[FactKind, Callable[[Names, Fact], Line]] = {FactKind.CALENDAR_READ: calendar_line}
