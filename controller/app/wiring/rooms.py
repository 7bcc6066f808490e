"""The rooms: readings on their way to the disk, what they say of a room, the booths."""

from collections.abc import Callable, Sequence

from controller.app.wiring.ground import Ground
from controller.app.wiring.wing import Lasting, Newest, Wing
from controller.domain.building import Space
from controller.domain.ids import AreaId, DeviceId
from controller.services.ports import LoggedFact, TelemetryRow
from controller.services.rooms.at_doors import RoomDoors
from controller.services.rooms.booth import Booths
from controller.services.rooms.rooms import Rooms
from controller.services.rooms.spool import Spool


class RoomWing(Wing):
    def __init__(self, ground: Ground, *, spool_limit: int, on_air_changed: Callable[[], None]) -> None:
        """`on_air_changed` hears when a booth goes on air or off: its doors are others' business."""
        self._on_air_changed = on_air_changed
        self._is_recalling = False
        self._reading_listeners: list[Callable[[Sequence[TelemetryRow]], None]] = []
        clock = ground.clock
        self.booths = Booths(
            ground.index,
            ground.outbound,
            ground.presence,
            ground.note,
            clock,
            sensed=lambda area: self.rooms.sensed(area),
            touched=lambda area: self.rooms.touched(area),
            changed=self._changed,
        )
        self.room_doors = RoomDoors(ground.space, clock)
        self.rooms = Rooms(
            ground.index,
            ground.presence,
            ground.feed,
            ground.note,
            clock,
            doors=self.room_doors.of,
            on_air=self.booths.shown,
            on_air_until=self.booths.on_air_until,
            on_air_wanted=lambda area: self.booths.session_of(area) is not None,
            quiet_until=self.booths.held_until,
        )
        self.spool = Spool(ground.kept.telemetry, self._kept, ground.meters, clock, waiting_limit=spool_limit)

    def listen_to_readings(self, listener: Callable[[Sequence[TelemetryRow]], None]) -> None:
        """Be told of readings that are kept and were not known before."""
        self._reading_listeners.append(listener)

    async def recall(self, facts: Sequence[LoggedFact], newest: Newest) -> None:
        self.room_doors.recall(facts)
        self.rooms.recall(newest, facts)
        # Doors are told once their own modes are recalled.
        self._is_recalling = True
        self.booths.recall(facts)
        self._is_recalling = False

    def lasting(self) -> Lasting:
        yield "spool", self.spool.run()
        yield "rooms", self.rooms.run()

    def device_changed(self, device: DeviceId) -> None:
        self.rooms.device_changed(device)
        self.booths.device_changed(device)

    def took(self, logged: LoggedFact) -> None:
        self.room_doors.took(logged)
        self.booths.took(logged)
        if logged.fact.area is not None:
            self.rooms.look_again(logged.fact.area)

    def look(self) -> None:
        self.room_doors.look()
        self.booths.look()

    def rights_changed(self) -> None:
        self.booths.look()
        self.rooms.look_at_all_again()

    def adopt(self, space: Space) -> None:
        self.rooms.publish(space)

    def _kept(self, rows: Sequence[TelemetryRow]) -> None:
        self.rooms.kept(rows)
        for listener in self._reading_listeners:
            listener(rows)

    def _changed(self, area: AreaId) -> None:
        # Its neighbours are asked to be quiet, too.
        self.rooms.look_at_all_again()
        if not self._is_recalling:
            self._on_air_changed()
