"""One reading, one verdict: kept, or set aside with its reason; and which of two readings is the newer.

Units are converted before, by the channel's birth. What is set aside is stored all the same, with the reason:
a broken sensor is found by what it said.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from math import inf
from typing import TypeAlias

from controller.domain.times import Stamp

Value: TypeAlias = float | bool | str


class SetAside(StrEnum):
    """Why a reading is not believed, in the contract's words for refusals."""

    SCHEMA = "schema"  # words, or yes and no, where a number belongs
    UNKNOWN_CHANNEL = "unknown_channel"  # not in the device's birth
    UNIT = "unit"  # a unit we cannot convert, a class that is no name: the channel is quarantined, not the device
    OUT_OF_RANGE = "out_of_range"
    STALE = "stale"  # from a clock that was never set


PLAUSIBLE: dict[str, tuple[float, float]] = {
    # What a room or its sensor can be; nature allows more, and a channel may declare less.
    "temperature": (-40.0, 85.0),
    "humidity": (0.0, 100.0),
    # The air outside has 420 ppm: less is a sensor warming up (it says 0), not a very fresh room.
    "carbon_dioxide": (300.0, 40_000.0),
    "sound_pressure": (0.0, 140.0),
    "illuminance": (0.0, 200_000.0),
    "atmospheric_pressure": (300.0, 1100.0),
    "pm25": (0.0, 5_000.0),
    "battery": (0.0, 100.0),
    "signal_strength": (-130.0, 20.0),
    "count": (0.0, 100_000.0),
}
"""Limits by class, in canonical units; a class that is not here is believed within what its channel declares."""


@dataclass(frozen=True, slots=True)
class Channel:
    """One thing a device measures, as its birth said, limits in the canonical unit of its class."""

    device_class: str
    low: float = -inf
    high: float = inf
    quarantined: bool = False  # its unit is unknown to us, or its class is no name
    is_number: bool = False  # its class is a quantity


@dataclass(frozen=True, slots=True)
class Judged:
    """One message sorted out. `is_live`: it may change how a room stands now; history may not."""

    kept: Mapping[str, Value] = field(default_factory=dict)
    set_aside: Mapping[str, SetAside] = field(default_factory=dict)
    flags: tuple[str, ...] = ()
    is_live: bool = True


def judge(values: Mapping[str, Value], channels: Mapping[str, Channel], stamp: Stamp) -> Judged:
    """Sort out one message's readings."""
    flags = (stamp.flag.value,) if stamp.flag is not None else ()
    if stamp.is_unset:
        return Judged({}, dict.fromkeys(values, SetAside.STALE), flags, is_live=False)
    kept: dict[str, Value] = {}
    set_aside: dict[str, SetAside] = {}
    for name, value in values.items():
        reason = doubt(value, channels.get(name))
        if reason is None:
            kept[name] = value
        else:
            set_aside[name] = reason
    return Judged(kept, set_aside, flags, is_live=not stamp.is_backfill)


def doubt(value: Value, channel: Channel | None) -> SetAside | None:
    """Why this reading cannot be, or None. Only numbers have a range."""
    if channel is None:
        return SetAside.UNKNOWN_CHANNEL
    if channel.quarantined:
        return SetAside.UNIT
    if isinstance(value, bool | str):
        return SetAside.SCHEMA if channel.is_number else None
    low, high = PLAUSIBLE.get(channel.device_class, (-inf, inf))
    if low <= value <= high and channel.low <= value <= channel.high:
        return None
    return SetAside.OUT_OF_RANGE


@dataclass(frozen=True, slots=True)
class Place:
    """A reading's place among its device's others."""

    stamp: Stamp
    boot: str | None = None
    seq: int | None = None


def is_newer(reading: Place, known: Place | None) -> bool:
    """Whether a reading replaces the newest one known of its channel. Within a boot the numbers decide, not the time.

    Boots have no order of their own, so across them time decides; of two at one moment, the one that came last.
    """
    if known is None:
        return True
    if reading.boot == known.boot and reading.seq is not None and known.seq is not None:
        return reading.seq > known.seq
    return reading.stamp.order_at >= known.stamp.order_at
