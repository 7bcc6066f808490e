"""How many people are in, on the screens: in the house and in each zone, with how well that is known.

Who went where is followed in `whereabouts`. An estimate and never negative: two may enter on one badge, and an exit
button knows nobody.
"""

from collections.abc import Iterable

from controller.domain.building import Space
from controller.domain.whereabouts import HOUSE
from controller.services.entry.whereabouts import Following
from controller.services.ports import Clock, LoggedFact
from controller.services.screens.live import LiveFeed


class Headcount:
    """Puts the space itself on the feed. Follows people by itself unless it is given who does."""

    def __init__(self, space: Space, feed: LiveFeed, clock: Clock, following: Following | None = None) -> None:
        self._space = space
        self._feed = feed
        self._follows = following is None
        self._following = following or Following(lambda: self._space, clock)
        self._mode = "normal"
        self.show()

    @property
    def people(self) -> int:
        """In the house."""
        return self._following.whereabouts.count().people

    def recall(self, facts: Iterable[LoggedFact]) -> None:
        """After a restart: count again what has happened since the cut-off."""
        if self._follows:
            self._following.recall(facts)
        self.show()

    def took(self, logged: LoggedFact) -> None:
        """One fact, as it happens; whoever follows people hears of it first."""
        if self._follows:
            self._following.took(logged)
        self.show()

    def look(self) -> None:
        """Once a second: a new business day begins with an empty house."""
        if self._follows:
            self._following.look()
        self.show()

    def mode_is(self, word: str) -> None:
        """The house's one word: normal, lockdown or fire."""
        self._mode = word
        self.show()

    def publish(self, space: Space) -> None:
        """Another version of the space counts."""
        self._space = space
        self.show()

    def show(self) -> None:
        """Put the space on the feed; the feed passes on only what changed."""
        space = self._space
        seats = sum(area.room.seats for area in space.areas.values() if area.room is not None)
        count = self._following.whereabouts.count
        house = count(HOUSE)
        self._feed.put(
            "space",
            "",
            {
                "id": space.id,
                "name": space.name,
                "zone": str(space.zone),
                "people_in": house.people,
                "people_quality": str(house.quality),
                "capacity": seats or None,
                "zones": {
                    zone.id: {
                        "name": zone.name or zone.id,
                        "people_in": count(zone.id).people,
                        "quality": str(count(zone.id).quality),
                        "capacity": zone.capacity,
                    }
                    for zone in space.zones.values()
                },
                "mode": self._mode,
                "version": space.version,
            },
        )
