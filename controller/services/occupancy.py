"""How many people are in: confirmed entries at the doors to the street, less those who left, since the cut-off.

An estimate and never negative: two may enter on one badge, and an exit button knows nobody.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from controller.domain.building import Door, Space
from controller.domain.facts import Fact, FactKind
from controller.domain.grants import GrantKind
from controller.domain.ids import OUTSIDE, DoorId
from controller.domain.schedule import business_day
from controller.services.live import LiveFeed
from controller.services.ports import Clock, LoggedFact

# The longest release time, and what the clocks of a reader and its door may differ by. Who turns round at the exit
# button must not be counted as leaving when somebody comes in an hour later.
LEAVES_WITHIN = timedelta(seconds=60)


def _is_way_out(fact: Fact) -> bool:
    return fact.kind is FactKind.ENTRY_GRANTED and fact.detail.get("grant") == GrantKind.EXIT


class Headcount:
    """Counts facts of the street's doors; puts the space itself on the feed."""

    def __init__(self, space: Space, feed: LiveFeed, clock: Clock) -> None:
        self._space = space
        self._feed = feed
        self._clock = clock
        self._street = _street(space)
        self._day = self._business_day(clock.now())
        self._leaving: dict[DoorId, datetime] = {}
        self.people = 0
        self._mode = "normal"
        self.show()

    def mode_is(self, word: str) -> None:
        """How the house is in one word: normal, lockdown or fire."""
        self._mode = word
        self.show()

    def publish(self, space: Space) -> None:
        """Take up another version of the space with the same doors."""
        self._space, self._street = space, _street(space)
        self.show()

    def recall(self, facts: Iterable[LoggedFact]) -> None:
        """After a restart: count again what has happened since the cut-off."""
        for logged in facts:
            if self._business_day(logged.fact.at) == self._day:
                self._count(logged.fact)
        self.show()

    def took(self, logged: LoggedFact) -> None:
        """One fact, as it happens."""
        before = self.people
        self._count(logged.fact)
        if self.people != before:
            self.show()

    def look(self) -> None:
        """Once a second: a new business day begins with an empty house."""
        today = self._business_day(self._clock.now())
        if today != self._day:
            self._day, self.people = today, 0
            self.show()

    def show(self) -> None:
        """Put the space on the feed."""
        space = self._space
        seats = sum(area.room.seats for area in space.areas.values() if area.room is not None)
        self._feed.put(
            "space",
            "",
            {
                "id": space.id,
                "name": space.name,
                "zone": str(space.zone),
                "people_in": self.people,
                "capacity": seats or None,
                "mode": self._mode,
                "version": space.version,
            },
        )

    def _count(self, fact: Fact) -> None:
        door = self._street.get(fact.door) if fact.door is not None else None
        if door is None or "late_s" in fact.detail:  # history moves nothing
            return
        if fact.kind is FactKind.ENTRY_TAKEN:
            self.people += 1
        elif fact.kind is FactKind.EXIT_REQUESTED or _is_way_out(fact):
            self._leaving[door.id] = fact.at
            if not door.has_contact:
                self._left(door)
        elif fact.kind is FactKind.DOOR_OPENED and door.id in self._leaving:
            if fact.at - self._leaving[door.id] <= LEAVES_WITHIN:
                self._left(door)
            else:
                del self._leaving[door.id]

    def _left(self, door: Door) -> None:
        del self._leaving[door.id]
        self.people = max(0, self.people - 1)

    def _business_day(self, at: datetime) -> object:
        return business_day(at, self._space.zone, self._space.cut_off_minutes)


def _street(space: Space) -> dict[DoorId, Door]:
    return {door.id: door for door in space.doors.values() if OUTSIDE in (door.outer, door.inner)}
