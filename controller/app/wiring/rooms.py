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
    def __init__(self, ground: Ground, *, spool_limit: int) -> None:
        self._presence = ground.presence
        self._reading_listeners: list[Callable[[Sequence[TelemetryRow]], None]] = []
        space, clock = ground.space(), ground.clock
        self.booths = Booths(space, ground.outbound, ground.presence, ground.note, self._changed, clock)
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
        )
        self.spool = Spool(ground.kept.telemetry, self._kept, ground.meters, clock, waiting_limit=spool_limit)

    def listen_to_readings(self, listener: Callable[[Sequence[TelemetryRow]], None]) -> None:
        """Be told of readings that are kept and were not known before."""
        self._reading_listeners.append(listener)

    async def recall(self, facts: Sequence[LoggedFact], newest: Newest) -> None:
        self.room_doors.recall(facts)
        self.booths.recall(facts)
        self.rooms.recall(newest, facts)

    def lasting(self) -> Lasting:
        yield "spool", self.spool.run()
        yield "rooms", self.rooms.run()

    def device_changed(self, device: DeviceId) -> None:
        self.rooms.device_changed(device)
        self.booths.device_changed(device)

    def took(self, logged: LoggedFact) -> None:
        self.room_doors.took(logged)
        if logged.fact.area is not None:
            self.rooms.look_again(logged.fact.area)

    def look(self) -> None:
        self.room_doors.look()
        self.booths.look()

    def rights_changed(self) -> None:
        self.rooms.look_at_all_again()

    def adopt(self, space: Space) -> None:
        self.rooms.publish(space)

    def _kept(self, rows: Sequence[TelemetryRow]) -> None:
        for row in rows:
            if row.seq is not None:
                self._presence.numbered(row.device, row.seq)
        self.rooms.kept(rows)
        for listener in self._reading_listeners:
            listener(rows)

    def _changed(self, area: AreaId) -> None:
        self.rooms.look_again(area)
