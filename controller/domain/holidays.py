"""Which days are holidays for a door or a plan: those of the space file and those announced since, each for its zones.

What a holiday closes is not decided here: `schedule` lets a window say that it does not care.
"""

from collections.abc import Container
from dataclasses import dataclass
from datetime import date

from controller.domain.building import Space
from controller.domain.house import HouseState
from controller.domain.ids import AreaId, ZoneId


@dataclass(frozen=True, slots=True)
class Holidays(Container[date]):
    """The holidays of some zones; one without zones of its own closes everything."""

    space: Space
    house: HouseState
    zones: frozenset[ZoneId]

    def __contains__(self, day: object) -> bool:
        return isinstance(day, date) and self.name_of(day) is not None

    def name_of(self, day: date) -> str | None:
        """What this day is called, or None where it is a day like any other."""
        name = self.space.holidays.get(day)
        if name is not None and self._concerns(self.space.holiday_zones.get(day, frozenset())):
            return name
        for extra in self.house.holidays:
            if extra.day == day and self._concerns(extra.zones):
                return extra.name
        return None

    def _concerns(self, closed: frozenset[ZoneId]) -> bool:
        return not closed or not closed.isdisjoint(self.zones)


def holidays_of(area: AreaId, space: Space, house: HouseState) -> Holidays:
    """The holidays of whoever wants into this area; of the street, those that close everything."""
    known = space.areas.get(area)
    return Holidays(space, house, known.zones if known is not None else frozenset())
