"""The rooms as they are now: the newest readings of each, judged together and shown.

What a set of readings says about a room is `domain.room`'s. Readings come by the thousand and people
look a few times a second, so a room is judged at most every LOOK_EVERY.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from controller.domain.booth import OnAir
from controller.domain.building import Area, Device, Room, Space
from controller.domain.ids import AreaId, DeviceId
from controller.domain.room import RoomState, Sensed, assess
from controller.domain.telemetry import Value
from controller.services.inbound import Inbound
from controller.services.ports import Clock, TelemetryRow
from controller.services.presence import Presence
from controller.services.screens.live import LiveFeed
from devices.messages import State

LOOK_EVERY = 0.1
# Ages pass even when nothing is said: a silent sensor shows within this time of its limit.
LOOK_AT_ALL_EVERY = 5.0
WINDOW_CHANNEL = "window"
# Channels whose birth we have not heard, by the names the contract's own sensors use.
USUAL_CLASSES = {
    "temperature": "temperature",
    "humidity": "humidity",
    "co2": "carbon_dioxide",
    "noise": "sound_pressure",
    "light": "illuminance",
    "presence": "occupancy",
    "people": "count",
}


@dataclass(slots=True)
class _Newest:
    device_class: str
    value: Value
    order_ms: int
    measured_ms: int
    every_s: float


@dataclass(slots=True)
class _Watched:
    """One room and what is known of it."""

    area: Area
    room: Room
    sensors: tuple[DeviceId, ...]
    newest: dict[tuple[DeviceId, str], _Newest] = field(default_factory=dict)
    window: dict[DeviceId, str] = field(default_factory=dict)
    state: RoomState | None = None
    is_dirty: bool = True


class Rooms:
    """All rooms of the space. Rows come from the spool once they are durable."""

    def __init__(
        self, space: Space, presence: Presence, on_air: Callable[[AreaId], OnAir | None], feed: LiveFeed, clock: Clock
    ) -> None:
        self._space = space
        self._presence = presence
        self._on_air = on_air
        self._feed = feed
        self._clock = clock
        sensors: dict[AreaId, list[DeviceId]] = {}
        for device in space.devices.values():
            if device.area is not None:
                sensors.setdefault(device.area, []).append(device.id)
        self._rooms = {
            area.id: _Watched(area, area.room, tuple(sensors.get(area.id, ())))
            for area in space.areas.values()
            if area.room is not None
        }
        self._of_device: dict[DeviceId, _Watched] = {
            device: watched for watched in self._rooms.values() for device in watched.sensors
        }

    def publish(self, space: Space) -> None:
        """Take up another version of the space with the same rooms: their names, seats and limits."""
        self._space = space
        for watched in self._rooms.values():
            watched.area = space.areas[watched.area.id]
            watched.room = watched.area.room or watched.room
            watched.is_dirty = True
        for device in self._of_device:
            self.device_changed(device)

    def recall(self, newest: Mapping[DeviceId, Mapping[str, tuple[int, Value]]]) -> None:
        """Start from what the telemetry log knew last, with its true age."""
        for device, channels in newest.items():
            watched = self._of_device.get(device)
            if watched is None:
                continue
            for channel, (measured_ms, value) in channels.items():
                self._take(watched, self._space.devices[device], channel, value, measured_ms, measured_ms)

    def kept(self, rows: Sequence[TelemetryRow]) -> None:
        """Rows that have just become durable. History moves nothing."""
        for row in rows:
            watched = self._of_device.get(row.device)
            if watched is None or "backfill" in row.flags:
                continue
            order_ms = row.received_ms if "clock_skew" in row.flags else row.measured_ms
            device = self._space.devices[row.device]
            for channel, value in row.values.items():
                self._take(watched, device, channel, value, order_ms, row.measured_ms)

    def state_reported(self, inbound: Inbound, state: State) -> None:
        """Slow things of a room's sensor: a window."""
        watched = self._of_device.get(DeviceId(inbound.device))
        window = state.v.get(WINDOW_CHANNEL)
        if watched is not None and isinstance(window, str | bool):
            word = window if isinstance(window, str) else ("open" if window else "closed")
            watched.window[DeviceId(inbound.device)] = word
            watched.is_dirty = True

    def look_again(self, area: AreaId) -> None:
        """Something else about this room has changed."""
        watched = self._rooms.get(area)
        if watched is not None:
            watched.is_dirty = True

    def device_changed(self, device: DeviceId) -> None:
        """A sensor came or went, or said anew what it is."""
        watched = self._of_device.get(device)
        if watched is None:
            return
        for (owner, channel), newest in watched.newest.items():
            if owner == device:  # recalled, perhaps, before its birth could be heard
                newest.device_class = self._class_of(device, channel)
                newest.every_s = self._cadence(self._space.devices[device])
        watched.is_dirty = True

    async def run(self) -> None:
        """Judge what has changed, for ever."""
        all_due = 0.0
        while True:
            now = self._clock.monotonic()
            look_at_all = now >= all_due
            if look_at_all:
                all_due = now + LOOK_AT_ALL_EVERY
            for watched in self._rooms.values():
                if watched.is_dirty or look_at_all:
                    watched.is_dirty = False
                    self._judge(watched)
            await asyncio.sleep(LOOK_EVERY)

    def _take(
        self, watched: _Watched, device: Device, channel: str, value: Value, order_ms: int, measured_ms: int
    ) -> None:
        known = watched.newest.get((device.id, channel))
        if known is not None and order_ms < known.order_ms:
            return
        if known is not None:
            known.value, known.order_ms, known.measured_ms = value, order_ms, measured_ms
        else:
            watched.newest[device.id, channel] = _Newest(
                self._class_of(device.id, channel), value, order_ms, measured_ms, self._cadence(device)
            )
        watched.is_dirty = True

    def _class_of(self, device: DeviceId, channel: str) -> str:
        birth = self._presence.of(device).birth
        spec = birth.channels.get(channel) if birth is not None else None
        return spec.device_class if spec is not None else USUAL_CLASSES.get(channel, channel)

    def _cadence(self, device: Device) -> float:
        birth = self._presence.of(device.id).birth
        return birth.every_s if birth is not None and birth.every_s is not None else device.every_s

    def _judge(self, watched: _Watched) -> None:
        now_ms = self._clock.now().timestamp() * 1000
        sensed = [
            Sensed(newest.device_class, newest.value, max(0.0, (now_ms - newest.measured_ms) / 1000), newest.every_s)
            for newest in watched.newest.values()
        ]
        shown = self._on_air(watched.area.id)
        watched.state = assess(watched.room, sensed, watched.state, on_air=shown is OnAir.ON)
        self._feed.put("room", watched.area.id, self._value(watched, watched.state, shown))

    def _value(self, watched: _Watched, state: RoomState, shown: OnAir | None) -> dict[str, object]:
        youngest = state.age_s
        measured_at = self._clock.now() - timedelta(seconds=youngest) if youngest is not None else None
        light = [newest.value for newest in watched.newest.values() if newest.device_class == "illuminance"]
        heard = "silent" if state.silent else "live"
        return {
            "id": watched.area.id,
            "name": watched.area.name,
            "floor": watched.area.floor,
            "kind": str(watched.room.kind),
            "seats": watched.room.seats,
            "status": str(state.status),
            "occupancy": {
                "occupied": state.occupancy.occupied,
                "count": state.occupancy.people,
                "quality": str(state.occupancy.quality),
                "reason": state.occupancy.reason,
            },
            "temperature": _rounded(state.temperature_c, 1),
            "humidity": _rounded(state.humidity, 0),
            "co2": _rounded(state.co2_ppm, 0),
            "noise": _rounded(state.noise_db, 0),
            "light": _rounded(light[0], 0) if light and not state.silent else None,
            "presence": state.occupancy.occupied,
            "windows": _windows([word for at, word in watched.window.items() if self._presence.is_there(at)]),
            "comfort": str(state.comfort),
            "air": str(state.air),
            "quiet": str(state.quiet),
            "on_air": str(shown) if shown is not None else None,
            "sensor": heard if watched.newest else "never_seen",
            "has_sensor": bool(watched.sensors),
            "measured_at": measured_at.isoformat(timespec="seconds") if measured_at is not None else None,
        }


def _windows(windows: Sequence[str]) -> str | None:
    if not windows:
        return None
    return "open" if "open" in windows else "closed"


def _rounded(value: Value | None, digits: int) -> float | int | None:
    if value is None or isinstance(value, bool | str):
        return None
    return round(float(value), digits) if digits else round(float(value))
