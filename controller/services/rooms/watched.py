"""One room and the newest its devices have said: what goes into judging it. Nothing is judged here."""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

from controller.domain.building import Area, Device, DeviceKind, Room
from controller.domain.ids import DeviceId
from controller.domain.rooms.air import TRAIL_S
from controller.domain.rooms.changes import Of
from controller.domain.rooms.occupancy import FEELS_PEOPLE
from controller.domain.rooms.readings import Reading
from controller.domain.rooms.state import RoomState
from controller.domain.telemetry import Value
from controller.services.presence import Presence

# Channels whose birth we have not heard, by the names the contract's own sensors use.
USUAL_CLASSES = {
    "temperature": "temperature",
    "humidity": "humidity",
    "co2": "carbon_dioxide",
    "noise": "sound_pressure",
    "light": "illuminance",
    "presence": "occupancy",
    "people": "count",
    "loss": "packet_loss",
}
# A probe's only duration is how long an answer took.
_OF_A_PROBE = {"duration": "latency"}
_CO2 = "carbon_dioxide"
# Some ten minutes of the quickest sensor; of a slower one, fewer are young enough.
_TRAIL_POINTS = 60


@dataclass(slots=True)
class Newest:
    """The newest value of one channel."""

    device_class: str
    value: Value
    order_ms: int
    measured_ms: int
    every_s: float
    yes_ms: int | None = None  # when it last said yes
    trail: deque[tuple[int, float]] = field(default_factory=lambda: deque(maxlen=_TRAIL_POINTS))

    def taken(self, value: Value, order_ms: int, measured_ms: int) -> None:
        self.value, self.order_ms, self.measured_ms = value, order_ms, measured_ms
        if self.device_class in FEELS_PEOPLE and value:
            self.yes_ms = measured_ms
        if self.device_class == _CO2 and not isinstance(value, bool | str):
            self.trail.append((measured_ms, float(value)))

    def reading(self, now_ms: float) -> Reading:
        return Reading(
            self.device_class,
            self.value,
            _age(now_ms, self.measured_ms),
            self.every_s,
            _age(now_ms, self.yes_ms) if self.yes_ms is not None else None,
            tuple((age, value) for at, value in self.trail if (age := _age(now_ms, at)) <= TRAIL_S),
        )


@dataclass(slots=True)
class Watched:
    """One room and what is known of it."""

    area: Area
    room: Room
    sensors: tuple[DeviceId, ...]
    volume: float | None
    newest: dict[tuple[DeviceId, str], Newest] = field(default_factory=dict)
    window: dict[DeviceId, str] = field(default_factory=dict)
    windows_shown: tuple[str, datetime] | None = None  # what was last shown of them, and since when it is so
    state: RoomState | None = None
    told: dict[Of, tuple[str, datetime]] = field(default_factory=dict)  # what the log was told, and since when it is so
    edge: datetime | None = None  # when its bookings next say something else
    touched_at: datetime | None = None  # when somebody last pressed something in there
    is_dirty: bool = True

    def take(
        self, device: Device, channel: str, value: Value, order_ms: int, measured_ms: int, presence: Presence
    ) -> None:
        """One reading, unless a newer one is known."""
        newest = self.newest.get((device.id, channel))
        if newest is None:
            class_, every_s = class_of(device, channel, presence), cadence(device, presence)
            newest = self.newest[device.id, channel] = Newest(class_, value, order_ms, measured_ms, every_s)
        elif order_ms < newest.order_ms:
            return
        newest.taken(value, order_ms, measured_ms)
        self.is_dirty = True

    def born(self, device: Device, presence: Presence) -> None:
        """A device said what it is; what was recalled before gets its class and cadence from it."""
        for (owner, channel), newest in self.newest.items():
            if owner == device.id:
                newest.device_class = class_of(device, channel, presence)
                newest.every_s = cadence(device, presence)
        self.is_dirty = True

    def readings(self, now_ms: float) -> list[Reading]:
        return [newest.reading(now_ms) for newest in self.newest.values()]

    def windows(self, presence: Presence) -> str | None:
        """One open window is an open room; what nobody feels any more is neither open nor closed."""
        felt = [word for device, word in self.window.items() if presence.is_there(device)]
        if not felt:
            return None
        return "open" if "open" in felt else "closed"

    def windows_since(self, windows: str | None, at: datetime) -> datetime | None:
        """Since when they are as they are now shown; after a restart, since then."""
        if windows is None:
            self.windows_shown = None
        elif self.windows_shown is None or self.windows_shown[0] != windows:
            self.windows_shown = (windows, at)
        return self.windows_shown[1] if self.windows_shown is not None else None

    def last_motion(self) -> datetime | None:
        """When any of its sensors last felt somebody, or somebody pressed something."""
        return max(self._felt(), default=None)

    def _felt(self) -> Iterator[datetime]:
        if self.touched_at is not None:
            yield self.touched_at
        for newest in self.newest.values():
            if newest.yes_ms is not None:
                yield datetime.fromtimestamp(newest.yes_ms / 1000, UTC)


def class_of(device: Device, channel: str, presence: Presence) -> str:
    birth = presence.of(device.id).birth
    spec = birth.channels.get(channel) if birth is not None else None
    found = spec.device_class if spec is not None else USUAL_CLASSES.get(channel, channel)
    return _OF_A_PROBE.get(found, found) if device.kind is DeviceKind.PROBE else found


def cadence(device: Device, presence: Presence) -> float:
    birth = presence.of(device.id).birth
    return birth.every_s if birth is not None and birth.every_s is not None else device.every_s


def _age(now_ms: float, at_ms: int) -> float:
    return max(0.0, (now_ms - at_ms) / 1000)
