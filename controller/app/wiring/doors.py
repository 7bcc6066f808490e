"""The doors, and what their modes are."""

from collections.abc import Callable, Sequence

from controller.app.wiring.ground import Ground
from controller.app.wiring.inside import InsideWing
from controller.app.wiring.visitors import VisitorWing
from controller.app.wiring.wing import Lasting, Newest, Wing
from controller.domain.building import Space
from controller.domain.door import CLOSED_STATES
from controller.domain.ids import AreaId, DeviceId, DoorId
from controller.services.doors.door_tile import AccessOf
from controller.services.doors.doors import Doors
from controller.services.doors.modes import Modes
from controller.services.ports import LoggedFact


class DoorWing(Wing):
    """Every door's worker."""

    def __init__(self, ground: Ground, *, access_of: AccessOf, is_on_air: Callable[[AreaId], bool]) -> None:
        """`access_of`: what a screen says of a door's own access list; `is_on_air`: whether a recording goes on there."""
        self._people = ground.people
        self.doors = Doors(
            ground.space(),
            ground.outbound,
            ground.presence,
            ground.note,
            ground.feed,
            ground.clock,
            ground.alarms,
            access_of=access_of,
            is_on_air=is_on_air,
        )

    def is_shut(self, door: DoorId) -> bool:
        return self.doors.of(door).state in CLOSED_STATES

    def show(self, door: DoorId) -> None:
        """What a screen says of this door is another now."""
        self.doors.of(door).show()

    def lasting(self) -> Lasting:
        for worker in self.doors.workers:
            yield f"door {worker.door.id}", worker.run()

    def device_changed(self, device: DeviceId) -> None:
        self.doors.device_changed(device)

    def look(self) -> None:
        self.doors.sweep()
        self.doors.follow_props(self._people().house)

    def adopt(self, space: Space) -> None:
        self.doors.publish(space)


class ModeWing(Wing):
    """Which mode each door is in, by hours, hand, event, lockdown and fire: it looks at what all others know."""

    def __init__(
        self,
        ground: Ground,
        doors: DoorWing,
        inside: InsideWing,
        visitors: VisitorWing,
        *,
        is_on_air: Callable[[AreaId], bool],
    ) -> None:
        self.modes = Modes(
            index=ground.index,
            store=ground.kept.house,
            worker=doors.doors.of,
            outbound=ground.outbound,
            presence=ground.presence,
            board=ground.board,
            note=ground.note,
            clock=ground.clock,
            alarms=ground.alarms,
            inside=inside.behind,
            events=visitors.public_events.known,
            full=visitors.public_events.full,
            say_word=inside.headcount.mode_is,
            is_on_air=is_on_air,
        )

    async def recall(self, facts: Sequence[LoggedFact], newest: Newest) -> None:
        self.modes.recall(facts)

    def lasting(self) -> Lasting:
        yield "door modes", self.modes.run()
        yield "the house", self.modes.writes.run()

    def took(self, logged: LoggedFact) -> None:
        self.modes.took(logged)

    def device_changed(self, device: DeviceId) -> None:
        self.modes.device_changed(device)

    def look(self) -> None:
        self.modes.look()

    def rights_changed(self) -> None:
        self.modes.index_changed()

    def link_back(self) -> None:
        self.modes.link_back()
