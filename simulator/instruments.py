"""What a sensor reads of a room: the truth, with the faults of real instruments.

The truth is the world's (`physics`); each instrument here has the noise and the steps of its data sheet.
"""

import math
import random
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from devices.messages import ChannelSpec, Scalar
from simulator.physics import Climate

CHANNELS = {
    "temperature": ChannelSpec(device_class="temperature", unit="°C"),
    "humidity": ChannelSpec(device_class="humidity", unit="%"),
    "co2": ChannelSpec(device_class="carbon_dioxide", unit="ppm"),
    "noise": ChannelSpec(device_class="sound_pressure", unit="dB"),
    "light": ChannelSpec(device_class="illuminance", unit="lx"),
    "presence": ChannelSpec(device_class="occupancy"),
    "motion": ChannelSpec(device_class="motion"),
    "window": ChannelSpec(device_class="window"),
    "rssi": ChannelSpec(device_class="signal_strength", unit="dBm"),
    "latency": ChannelSpec(device_class="duration", unit="ms"),
    "loss": ChannelSpec(device_class="packet_loss", unit="%"),
    "clients": ChannelSpec(device_class="wifi_clients"),
    "airtime": ChannelSpec(device_class="airtime", unit="%"),
}
# What a sensor says only when it changes.
SLOW = frozenset({"window"})


# Repeatability, as data sheets give it, read as one standard deviation of a single reading.
_TEMPERATURE_K = 0.05  # Sensirion SHT4x: 0.04 K at high repeatability
_HUMIDITY_PERCENT = 0.25  # SHT4x: 0.08 to 0.25 %
_CO2_PPM = 10.0  # Sensirion SCD4x: 10 ppm
_LIGHT_SHARE = 0.02  # Vishay VEML7700 and the like
# A sound level meter of class 2 may be off by 1.4 dB at 1 kHz (IEC 61672-1); a level of one second wanders besides
# where people talk.
_NOISE_QUIET_DB, _NOISE_TALK_DB = 0.8, 2.0

# What sensors of people miss of one person in one reading. Makers state an area and no rate: NEMA WD 7 tests "major
# motion", a walk, and "minor motion", an arm that moves, and a person who sits still is the known hole of infrared.
# A radar of 60 GHz sees breathing and loses a few. Estimates on that ground.
_RADAR_MISSES = 0.03
_INFRARED_MISSES_WALKING = 0.02
_INFRARED_MISSES_SITTING = 0.45
# And how often an empty room looks taken: curtains and fans to a radar, the sun and radiators to infrared.
_RADAR_INVENTS = 0.002
_INFRARED_INVENTS = 0.004

# The air one device takes on its access point, and what the point says of itself: beacons ten times a second
# (IEEE 802.11) with the low rates that offices still offer. Planners count on 25 to 30 clients in use on one, which
# is where the air is half gone; above three quarters nobody is served in time.
_AIRTIME_A_CLIENT = 0.016
_AIRTIME_IDLE = 0.03
_AIRTIME_FULL = 0.92
_LATENCY_MS = 3.0
_LOSS_IDLE_PERCENT = 0.2

# Four lithium cells FR6 of IEC 60086, as Energizer's L91: 3 000 mAh at 1.5 V down to the end, 16 kJ each.
_BATTERY_J = 4 * 16_200.0
# To wake, measure and say it over wifi, joule: a second at some 100 mA and 3.3 V; and CO2 on top, which the SCD4x
# measures for five seconds at 15 mA when it is asked for one.
_A_READING_J = 0.30
_A_CO2_READING_J = 0.25
# Asleep, watt.
_ASLEEP_W = 100e-6
# New cells are put in when the old ones say this.
_CHANGED_AT_PERCENT = 8.0

# Breath has 4 % of CO2 at body warmth, saturated. Before the opening of a sensor some twentieth of it arrives, and the
# room's own draught takes it away in about a minute.
BREATH_PPM = 2000.0
_BREATH_HUMIDITY = 14.0
_BREATH_FADES_S = 60.0
_BREATH_GONE_S = 8 * _BREATH_FADES_S


@dataclass(frozen=True, slots=True)
class RoomTruth:
    """One room at one moment."""

    climate: Climate
    people: int
    sound_db: float
    light_lx: float
    window_open: bool = False
    moving: int = 0  # of the people
    clients: int = 0  # devices on its access point

    @property
    def airtime(self) -> float:
        """Share of the time that the access point's air is taken."""
        return min(_AIRTIME_FULL, _AIRTIME_IDLE + _AIRTIME_A_CLIENT * self.clients)


def battery_percent(channels: Iterable[str], every_s: float, at: float, fresh_at: float) -> float:
    """What is left in the cells of a sensor at this moment, when they were new at that one; changed in good time."""
    reading_j = _A_READING_J + (_A_CO2_READING_J if "co2" in channels else 0.0)
    lasts_s = _BATTERY_J / (reading_j / every_s + _ASLEEP_W)
    worn = ((at - fresh_at) / lasts_s) % (1 - _CHANGED_AT_PERCENT / 100)
    return 100.0 * (1 - worn)


def measure(channels: Iterable[str], truth: RoomTruth, dice: random.Random) -> dict[str, Scalar]:
    """One reading of each of these channels; a channel nobody knows reads nothing."""
    return {channel: value for channel in channels if (value := _one(channel, truth, dice)) is not None}


def breathed_on(read: Mapping[str, Scalar], ago_s: float) -> dict[str, Scalar]:
    """What the same instruments read where somebody breathed on them so long ago."""
    if not 0 <= ago_s < _BREATH_GONE_S:
        return dict(read)
    left = math.exp(-ago_s / _BREATH_FADES_S)
    values = dict(read)
    if isinstance(co2 := read.get("co2"), int | float):
        values["co2"] = round(co2 + BREATH_PPM * left)
    if isinstance(humidity := read.get("humidity"), int | float):
        values["humidity"] = round(min(100.0, humidity + _BREATH_HUMIDITY * left), 1)
    return values


def _one(channel: str, truth: RoomTruth, dice: random.Random) -> Scalar:
    match channel:
        case "temperature":
            return round(truth.climate.temperature_c + dice.gauss(0, _TEMPERATURE_K), 1)
        case "humidity":
            return round(min(100.0, max(0.0, truth.climate.humidity_percent + dice.gauss(0, _HUMIDITY_PERCENT))), 1)
        case "co2":
            return round(max(380.0, truth.climate.co2_ppm + dice.gauss(0, _CO2_PPM)))
        case "noise":
            return round(truth.sound_db + dice.gauss(0, _NOISE_TALK_DB if truth.people else _NOISE_QUIET_DB), 1)
        case "light":
            return round(max(0.0, truth.light_lx * dice.gauss(1, _LIGHT_SHARE)))
        case "presence" if truth.people:
            return dice.random() > _RADAR_MISSES**truth.people
        case "presence":
            return dice.random() < _RADAR_INVENTS
        case "motion" if truth.people:
            sitting = max(0, truth.people - truth.moving)
            return dice.random() > _INFRARED_MISSES_WALKING**truth.moving * _INFRARED_MISSES_SITTING**sitting
        case "motion":
            return dice.random() < _INFRARED_INVENTS
        case "window":
            return "open" if truth.window_open else "closed"
        case _:
            return _of_wifi(channel, truth, dice)


def _of_wifi(channel: str, truth: RoomTruth, dice: random.Random) -> Scalar:
    match channel:
        case "rssi":
            # People between the two absorb some decibels: a body at 2.4 GHz, a room full of them.
            return round(-52 - min(18.0, truth.people * 0.35) + dice.gauss(0, 1.5))
        case "latency":
            # A queue that is served at random (M/M/1): the time in it grows as the air runs out.
            return round(1.0 + dice.expovariate((1 - truth.airtime) / _LATENCY_MS), 1)
        case "loss":
            return round(min(30.0, dice.expovariate(1 / (_LOSS_IDLE_PERCENT + 6 * truth.airtime**4))), 1)
        case "clients":
            return truth.clients
        case "airtime":
            return round(min(100.0, max(0.0, 100 * truth.airtime + dice.gauss(0, 1.5))), 1)
        case _:
            return None
