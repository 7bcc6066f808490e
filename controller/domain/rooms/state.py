"""How a room is now, as a pure function of its bookings, its doors and its sensors, and of how it was before.

One word for its door, the strongest first; the levels of what is sensed; and of each, since when it is so. A sensor
that missed its cadence says nothing, and nothing is never "all is well".
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import datetime, timedelta
from enum import StrEnum

from controller.domain.building import Room
from controller.domain.rooms.air import Air, air_of, breath, slope_of
from controller.domain.rooms.comfort import Comfort, comfort_of, is_lit
from controller.domain.rooms.diary import Diary
from controller.domain.rooms.occupancy import AtDoors, Occupancy, occupancy_of
from controller.domain.rooms.quiet import Quiet, quiet_of
from controller.domain.rooms.readings import Reading, live, mean, numbers
from controller.domain.rooms.wifi import Wifi, wifi_of


class RoomStatus(StrEnum):
    """The word on the door, the strongest first in `_status`."""

    FREE = "free"
    BOOKED = "booked"
    IN_USE = "in_use"
    ON_AIR = "on_air"
    UNAVAILABLE = "unavailable"


@dataclass(frozen=True, slots=True)
class Around:
    """What is known of a room beside its sensors."""

    at: datetime  # aware UTC
    diary: Diary = field(default=Diary())
    doors: AtDoors | None = None  # None: it has no door of its own to count at
    window_open: bool = False
    on_air_until: datetime | None = None  # while it is on air
    unavailable: str | None = None  # why nobody can use it now
    volume: float | None = None  # m³


@dataclass(frozen=True, slots=True)
class Since:
    """When each of them became what it is, aware UTC."""

    status: datetime
    occupied: datetime
    comfort: datetime
    air: datetime
    quiet: datetime
    wifi: datetime
    silent: datetime

    @classmethod
    def all_from(cls, at: datetime) -> "Since":
        return cls(**{one.name: at for one in fields(cls)})


@dataclass(frozen=True, slots=True)
class RoomState:
    """How a room is now. A figure is None when nothing live tells it; `age_s` is of the youngest reading."""

    status: RoomStatus
    since: Since
    until: datetime | None = None  # when the word on the door may be another: a booking ends, or the next begins
    now: tuple[datetime, datetime] | None = None  # the time of the booking or event that is on
    next: tuple[datetime, datetime] | None = None  # the time of the next one
    checked_in: bool | None = None  # of the booking that is on; None: there is none to check in to
    in_use_unchecked: bool = False  # somebody is in a booked room, and nobody has checked in
    unavailable: str | None = None
    occupancy: Occupancy = field(default=Occupancy())
    comfort: Comfort = Comfort.UNKNOWN
    air: Air = Air.UNKNOWN
    quiet: Quiet = Quiet.UNKNOWN
    wifi: Wifi = Wifi.UNKNOWN
    temperature_c: float | None = None
    humidity: float | None = None
    co2_ppm: float | None = None
    noise_db: float | None = None
    light_lx: float | None = None
    is_lit: bool | None = None
    latency_s: float | None = None
    loss: float | None = None  # %
    silent: bool = False  # it has sensors, and all of them missed their cadence
    age_s: float | None = None

    @property
    def occupied(self) -> bool | None:
        return self.occupancy.occupied


LEFT_FOR = timedelta(minutes=5)
"""Who checked in and went for coffee has the room still; after this it is shown as booked, and no longer as in use."""


def assess(room: Room, readings: Sequence[Reading], around: Around, previous: RoomState | None = None) -> RoomState:
    """Say how the room is, from what its sensors last said and how it was before."""
    sensors = [reading for reading in readings if reading.device_class not in _OF_PROBES]
    heard = live(readings)
    before = previous or RoomState(RoomStatus.FREE, Since.all_from(around.at))
    # Sensors differ within a room: warmth is felt everywhere, bad air and noise where they are worst.
    temperature = mean(numbers(heard, "temperature"))
    humidity = mean(numbers(heard, "humidity"))
    co2 = max(numbers(heard, "carbon_dioxide"), default=None)
    noise = max(numbers(heard, "sound_pressure"), default=None)
    light = max(numbers(heard, "illuminance"), default=None)
    latency = max(numbers(heard, "latency"), default=None)
    loss = max(numbers(heard, "packet_loss"), default=None)
    silent = bool(sensors) and not live(sensors)
    youngest = min((reading.age_s for reading in sensors), default=None)

    breathed = None
    if co2 is not None:
        breathed = breath(
            room,
            co2,
            slope_of(reading for reading in heard if reading.device_class == "carbon_dioxide"),
            around.volume,
            window_open=around.window_open,
            was=before.occupied is True,
        )
    occupancy = occupancy_of(heard, around.doors, breathed, youngest if silent else None)
    now = RoomState(
        status=RoomStatus.FREE,
        since=before.since,
        occupancy=occupancy,
        comfort=comfort_of(room, temperature, humidity, before.comfort),
        air=air_of(room, co2, before.air),
        quiet=quiet_of(room, noise, before.quiet),
        wifi=wifi_of(latency, loss, before.wifi),
        temperature_c=temperature,
        humidity=humidity,
        co2_ppm=co2,
        noise_db=noise,
        light_lx=light,
        is_lit=is_lit(light, before.is_lit),
        latency_s=latency,
        loss=loss,
        silent=silent,
        age_s=youngest,
        unavailable=around.unavailable,
    )
    return _with_bookings(now, before if previous is not None else None, around)


_OF_PROBES = frozenset({"latency", "packet_loss", "signal_strength"})


def _with_bookings(now: RoomState, before: RoomState | None, around: Around) -> RoomState:
    """The word on the door, and since when everything is as it is."""
    slot, coming = around.diary.now, around.diary.next
    was = before or now
    occupied_since = _since(was.occupied, now.occupied, was.since.occupied, around.at)
    has_left = now.occupied is False and around.at - occupied_since >= LEFT_FOR
    is_here = now.occupied is True or (slot is not None and slot.checked_in and not has_left)
    status = _status(around, is_here=is_here)
    checked_in = slot.checked_in if slot is not None and slot.can_check_in else None
    silent_since = around.at - timedelta(seconds=now.age_s) if now.silent and now.age_s is not None else around.at
    return replace(
        now,
        status=status,
        until=_until(status, around),
        now=(slot.start, slot.end) if slot is not None else None,
        next=(coming.start, coming.end) if coming is not None else None,
        checked_in=checked_in,
        in_use_unchecked=checked_in is False and now.occupied is True,
        since=Since(
            status=_since(before.status if before is not None else None, status, was.since.status, around.at),
            occupied=occupied_since,
            comfort=_since(was.comfort, now.comfort, was.since.comfort, around.at),
            air=_since(was.air, now.air, was.since.air, around.at),
            quiet=_since(was.quiet, now.quiet, was.since.quiet, around.at),
            wifi=_since(was.wifi, now.wifi, was.since.wifi, around.at),
            silent=was.since.silent if before is not None and before.silent is now.silent else silent_since,
        ),
    )


def _status(around: Around, *, is_here: bool) -> RoomStatus:
    if around.unavailable is not None:
        return RoomStatus.UNAVAILABLE
    if around.on_air_until is not None:
        return RoomStatus.ON_AIR
    if is_here:
        return RoomStatus.IN_USE
    return RoomStatus.BOOKED if around.diary.now is not None else RoomStatus.FREE


def _until(status: RoomStatus, around: Around) -> datetime | None:
    if status is RoomStatus.UNAVAILABLE:
        return None
    if status is RoomStatus.ON_AIR:
        return around.on_air_until
    if around.diary.now is not None:
        return around.diary.now.end
    return around.diary.next.start if around.diary.next is not None else None


def _since(was: object, value: object, since: datetime, at: datetime) -> datetime:
    return since if was == value else at
