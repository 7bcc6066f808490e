"""Who is in each room by its doors, followed with what happens. What a fact moves is `domain.whereabouts`'s."""

from collections.abc import Callable, Iterable

from controller.domain.building import Space
from controller.domain.ids import AreaId
from controller.domain.rooms.at_doors import at_doors, by_room, is_countable
from controller.domain.rooms.occupancy import AtDoors
from controller.domain.whereabouts import Whereabouts
from controller.services.ports import Clock, LoggedFact


class RoomDoors:
    """Counts of one business day, by room."""

    def __init__(self, space: Callable[[], Space], clock: Clock) -> None:
        self._space = space
        self._clock = clock
        self._lay_out()
        self._whereabouts = Whereabouts(by_room(self._laid_out), by_room(self._laid_out).day(clock.now()))

    def of(self, area: AreaId) -> AtDoors | None:
        """How many are in by the doors; None where doors cannot tell."""
        return at_doors(area, self._whereabouts) if area in self._countable else None

    def recall(self, facts: Iterable[LoggedFact]) -> None:
        """After a restart: what has happened since the cut-off, oldest first."""
        for logged in facts:
            if self._whereabouts.layout.day(logged.fact.at) == self._whereabouts.day:
                self._whereabouts.take(logged.fact)

    def took(self, logged: LoggedFact) -> None:
        """One fact, as it happens."""
        self._whereabouts.take(logged.fact)

    def look(self) -> None:
        """Once a second: the cut-off, and another version of the space."""
        if self._space() is not self._laid_out:
            self._lay_out()
            self._whereabouts.relayout(by_room(self._laid_out))
        today = self._whereabouts.layout.day(self._clock.now())
        if today != self._whereabouts.day:
            self._whereabouts.new_day(today)

    def _lay_out(self) -> None:
        self._laid_out = space = self._space()
        self._countable = frozenset(area for area in space.areas if is_countable(area, space))
