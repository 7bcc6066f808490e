"""Who is where, who comes in with whom, and what an entry uses."""

from collections.abc import Callable, Sequence

from controller.app.wiring.ground import Ground
from controller.app.wiring.wing import Lasting, Newest, Wing
from controller.domain.building import Space
from controller.domain.ids import AreaId, DoorId
from controller.domain.rooms.on_air import Hold
from controller.services.entry.shared_state import SharedState
from controller.services.entry.usage import UsageBook
from controller.services.entry.whereabouts import Following
from controller.services.ports import LoggedFact
from controller.services.rooms.occupancy import Headcount


class InsideWing(Wing):
    def __init__(
        self, ground: Ground, *, is_shut: Callable[[DoorId], bool], on_air: Callable[[AreaId], Hold | None]
    ) -> None:
        self._ground = ground
        clock = ground.clock
        self.following = Following(ground.space, clock)
        self.shared = SharedState(
            ground.space,
            self.following.whereabouts,
            is_online=ground.presence.is_ready,
            is_shut=is_shut,
            clock=clock,
            on_air=on_air,
        )
        self.usage = UsageBook(ground.kept.ledger, ground.kept.events, ground.space, clock)
        self.headcount = Headcount(ground.space(), ground.feed, clock, self.following)

    def behind(self, door: DoorId) -> int | None:
        """How many people are behind this door, as far as anybody can say: in the zones it leads into."""
        space = self._ground.space()
        known = space.doors.get(door)
        area = space.areas.get(known.inner) if known is not None else None
        if area is None or not area.zones:
            return None
        return max(self.following.whereabouts.count(zone).people for zone in area.zones)

    async def recall(self, facts: Sequence[LoggedFact], newest: Newest) -> None:
        self.following.recall(facts)
        self.headcount.recall(facts)
        await self.usage.load()

    def lasting(self) -> Lasting:
        yield "usage", self.usage.run()
        yield "whereabouts", self.following.run(self._ground.kept.events, self._ground.journal.tell)

    def took(self, logged: LoggedFact) -> None:
        # Who went in is counted before heads are: the one is asked by the other.
        self.usage.took(logged)
        self.shared.took(logged)
        self.following.took(logged)
        self.headcount.took(logged)

    def look(self) -> None:
        self.following.look()
        self.headcount.look()
        self.usage.look()
        self.shared.look()

    def adopt(self, space: Space) -> None:
        self.headcount.publish(space)
