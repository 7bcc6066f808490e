"""How a room is: who seems to be in it, its comfort, air and quiet, and the one word on its door.

Everything sensed is an estimate with its reason. Levels have hysteresis, so a value on a limit does not
flicker; a sensor that missed its cadence says nothing, and nothing is never "all is well". Bookings come
in as a plain yes or no.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from controller.domain.building import Room
from controller.domain.device import silence_limit
from controller.domain.telemetry import Value


class RoomStatus(StrEnum):
    """The word on the door, the strongest first in `_status`."""

    FREE = "free"
    BOOKED = "booked"
    IN_USE = "in_use"
    ON_AIR = "on_air"
    UNAVAILABLE = "unavailable"


class Quality(StrEnum):
    """How an occupancy is known."""

    COUNTED = "counted"  # a sensor that counts heads
    SENSED = "sensed"  # a sensor that feels somebody; how many is a guess
    ESTIMATED = "estimated"  # from the air alone
    UNKNOWN = "unknown"


class Comfort(StrEnum):
    GOOD = "good"
    COLD = "cold"
    WARM = "warm"
    DRY = "dry"
    HUMID = "humid"
    UNKNOWN = "unknown"


class Air(StrEnum):
    GOOD = "good"
    STUFFY = "stuffy"
    BAD = "bad"
    UNKNOWN = "unknown"


class Quiet(StrEnum):
    QUIET = "quiet"
    LOUD = "loud"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Sensed:
    """The newest live reading of one channel in the room; `age_s` since it was measured, `every_s` its cadence."""

    device_class: str
    value: Value
    age_s: float
    every_s: float


@dataclass(frozen=True, slots=True)
class Occupancy:
    """An estimate, never negative. `occupied` may be known where the number of people is not."""

    occupied: bool | None = None
    people: int | None = None
    quality: Quality = Quality.UNKNOWN
    reason: str = "no sensor here feels people"


@dataclass(frozen=True, slots=True)
class RoomState:
    """How a room is now. A figure is None when nothing live tells it; `age_s` is of the youngest reading."""

    status: RoomStatus
    occupancy: Occupancy = Occupancy()
    comfort: Comfort = Comfort.UNKNOWN
    air: Air = Air.UNKNOWN
    quiet: Quiet = Quiet.UNKNOWN
    temperature_c: float | None = None
    humidity: float | None = None
    co2_ppm: float | None = None
    noise_db: float | None = None
    silent: bool = False  # it has sensors, and all of them missed their cadence
    age_s: float | None = None


# How far a value must fall back below its limit before the level changes again.
TEMPERATURE_MARGIN = 0.5
HUMIDITY_MARGIN = 3.0
CO2_MARGIN_PPM = 75.0
NOISE_MARGIN_DB = 3.0

# Dry and humid after what people call so indoors; temperatures and the other limits are the room's own.
HUMIDITY_COMFORT = (30.0, 65.0)
BAD_AIR_FACTOR = 1.5
CO2_OUTSIDE_PPM = 420.0
# Below this the difference may be the street's traffic or the sensor's drift.
CO2_OCCUPIED_PPM = 200.0

_PRESENCE = frozenset({"occupancy", "presence", "motion"})


def assess(
    room: Room,
    sensed: Sequence[Sensed],
    previous: RoomState | None = None,
    *,
    booked: bool = False,
    on_air: bool = False,
    available: bool = True,
) -> RoomState:
    """Say how the room is, from what its sensors last said and how it was before."""
    live = [reading for reading in sensed if reading.age_s <= silence_limit(reading.every_s)]
    before = previous or RoomState(RoomStatus.FREE)
    # Sensors differ within a room: warmth is felt everywhere, bad air and noise where they are worst.
    temperature = _mean(_numbers(live, "temperature"))
    humidity = _mean(_numbers(live, "humidity"))
    co2 = max(_numbers(live, "carbon_dioxide"), default=None)
    noise = max(_numbers(live, "sound_pressure"), default=None)
    occupancy = _occupancy(room, live, co2, before.occupancy)
    if sensed and not live:
        youngest = min(reading.age_s for reading in sensed)
        occupancy = Occupancy(reason=f"no sensor has spoken for {_duration(youngest)}")
    return RoomState(
        status=_status(occupancy, booked=booked, on_air=on_air, available=available),
        occupancy=occupancy,
        comfort=_comfort(room, temperature, humidity, before.comfort),
        air=_air(room, co2, before.air),
        quiet=_quiet(room, noise, before.quiet),
        temperature_c=temperature,
        humidity=humidity,
        co2_ppm=co2,
        noise_db=noise,
        silent=bool(sensed) and not live,
        age_s=min((reading.age_s for reading in sensed), default=None),
    )


def _status(occupancy: Occupancy, *, booked: bool, on_air: bool, available: bool) -> RoomStatus:
    if not available:
        return RoomStatus.UNAVAILABLE
    if on_air:
        return RoomStatus.ON_AIR
    if occupancy.occupied:
        return RoomStatus.IN_USE
    return RoomStatus.BOOKED if booked else RoomStatus.FREE


def _occupancy(room: Room, live: Sequence[Sensed], co2: float | None, before: Occupancy) -> Occupancy:
    """The best sensor speaks; the air fills in how many, and is mentioned where it disagrees."""
    counts = _numbers(live, "count")
    if counts:
        people = max(0, round(sum(counts)))
        return Occupancy(people > 0, people, Quality.COUNTED, "people counted")
    excess = co2 - CO2_OUTSIDE_PPM if co2 is not None else 0.0
    breathing = _over(excess, CO2_OCCUPIED_PPM, CO2_MARGIN_PPM, was=before.occupied is True)
    air = f"CO₂ is {excess:.0f} ppm above the air outside"
    presences = [bool(reading.value) for reading in live if reading.device_class in _PRESENCE]
    if any(presences):
        return Occupancy(True, _breathers(room, excess), Quality.SENSED, "somebody is sensed")
    if presences:
        return Occupancy(
            False, 0, Quality.SENSED, f"nobody is sensed, though {air}" if breathing else "nobody is sensed"
        )
    if co2 is None:
        return Occupancy()
    return Occupancy(breathing, _breathers(room, excess) if breathing else 0, Quality.ESTIMATED, air)


def _breathers(room: Room, excess: float) -> int | None:
    """How many people the air speaks of: a room at its own CO2 limit is taken to be full."""
    if room.seats <= 0:
        return None
    per_seat = max(room.co2_limit_ppm - CO2_OUTSIDE_PPM, 1.0) / room.seats
    return max(1, round(excess / per_seat))


def _comfort(room: Room, temperature: float | None, humidity: float | None, before: Comfort) -> Comfort:
    coldest, warmest = room.comfort_c
    if temperature is not None:
        if _over(coldest, temperature, TEMPERATURE_MARGIN, was=before is Comfort.COLD):
            return Comfort.COLD
        if _over(temperature, warmest, TEMPERATURE_MARGIN, was=before is Comfort.WARM):
            return Comfort.WARM
    if humidity is not None:
        driest, dampest = HUMIDITY_COMFORT
        if _over(driest, humidity, HUMIDITY_MARGIN, was=before is Comfort.DRY):
            return Comfort.DRY
        if _over(humidity, dampest, HUMIDITY_MARGIN, was=before is Comfort.HUMID):
            return Comfort.HUMID
    return Comfort.UNKNOWN if temperature is None and humidity is None else Comfort.GOOD


def _air(room: Room, co2: float | None, before: Air) -> Air:
    if co2 is None:
        return Air.UNKNOWN
    if _over(co2, room.co2_limit_ppm * BAD_AIR_FACTOR, CO2_MARGIN_PPM, was=before is Air.BAD):
        return Air.BAD
    return (
        Air.STUFFY if _over(co2, room.co2_limit_ppm, CO2_MARGIN_PPM, was=before in (Air.STUFFY, Air.BAD)) else Air.GOOD
    )


def _quiet(room: Room, noise: float | None, before: Quiet) -> Quiet:
    if noise is None:
        return Quiet.UNKNOWN
    return Quiet.LOUD if _over(noise, room.noise_limit_db, NOISE_MARGIN_DB, was=before is Quiet.LOUD) else Quiet.QUIET


def _over(value: float, limit: float, margin: float, *, was: bool) -> bool:
    """Whether `value` is over `limit`; once it was, it stays so until it is `margin` below."""
    return value > limit - margin if was else value > limit


def _numbers(live: Sequence[Sensed], device_class: str) -> list[float]:
    return [
        float(reading.value)
        for reading in live
        if reading.device_class == device_class and not isinstance(reading.value, bool | str)
    ]


def _mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None


def _duration(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"
