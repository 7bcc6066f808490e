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
    "window": ChannelSpec(device_class="window"),
    "rssi": ChannelSpec(device_class="signal_strength", unit="dBm"),
    "latency": ChannelSpec(device_class="duration", unit="ms"),
    "loss": ChannelSpec(device_class="packet_loss", unit="%"),
}
# What a sensor says only when it changes.
SLOW = frozenset({"window"})


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
            # SHT4x: 0.1 K repeatability.
            return round(truth.climate.temperature_c + dice.gauss(0, 0.05), 1)
        case "humidity":
            return round(min(100.0, max(0.0, truth.climate.humidity_percent + dice.gauss(0, 0.4))), 1)
        case "co2":
            # SCD4x: 10 ppm repeatability.
            return round(max(380.0, truth.climate.co2_ppm + dice.gauss(0, 8)))
        case "noise":
            # A level of one second wanders by some decibels where people talk.
            return round(truth.sound_db + dice.gauss(0, 0.8 if truth.people == 0 else 2.0), 1)
        case "light":
            return round(max(0.0, truth.light_lx * dice.gauss(1, 0.02)))
        case "presence":
            # Radar misses somebody who sits still now and then; an empty room is very rarely seen as taken.
            return dice.random() > 0.03**truth.people if truth.people else dice.random() < 0.002
        case "window":
            return "open" if truth.window_open else "closed"
        case "rssi":
            return round(-52 - min(18.0, truth.people * 0.35) + dice.gauss(0, 1.5))
        case "latency":
            return round(max(1.0, 4 + truth.people * 0.35 + dice.expovariate(1 / 3)), 1)
        case "loss":
            # Rare, and more of it where many share the air.
            return round(min(30.0, dice.expovariate(4) + max(0, truth.people - 20) * 0.1), 1)
        case _:
            return None
