"""The building as the simulator sees it: its areas, doors, devices and plans, and how to name one of them.

Only what virtual devices and people need. How it is read from a space file is in `building_file`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Literal, TypeAlias, TypeVar
from zoneinfo import ZoneInfo

from simulator.dialects.names import OWN
from simulator.errors import InputError, did_you_mean
from simulator.hours import Hours

Place = TypeVar("Place", "Door", "Area")
DeviceKind: TypeAlias = Literal["door_unit", "reader", "sensor", "light", "probe"]

OUTSIDE = "outside"
EVERY_S = 60.0
# How late and how large a bill may be while doors still open; both must hold.
GRACE_DAYS, GRACE_AMOUNT = 7, 200.0


@dataclass(frozen=True, slots=True)
class Area:
    id: str
    name: str
    floor: str | None
    floor_m2: float
    within: str | None = None  # reached without a door from there
    kind: str | None = None  # of room; None for a passage
    seats: int = 0
    zones: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Door:
    """Badges ask to pass from `outer` into `inner`; the way back is free."""

    id: str
    name: str
    outer: str
    inner: str
    unit: str
    reader_in: str | None = None  # a reader apart from the unit; without one the unit reads badges
    reader_out: str | None = None
    release_s: float = 5.0
    has_contact: bool = True
    staff_only: bool = False
    asks_pin: bool = False
    is_escape: bool = False  # a bar for emergencies: nobody goes out through it on an ordinary day
    exit_button: bool = False  # wired to the lock; otherwise the handle or bar opens by hand
    usable: bool = True

    @property
    def badge_reader(self) -> str:
        """The device a badge is held to on the way in."""
        return self.reader_in or self.unit


@dataclass(frozen=True, slots=True)
class Device:
    id: str
    kind: DeviceKind
    door: str | None = None
    area: str | None = None
    channels: tuple[str, ...] = ()
    every_s: float = EVERY_S
    direction: str = "in"
    reader_profile: str = "iso14443a"
    dialect: str = OWN  # what it speaks on MQTT: the contract, or one of `dialects.names`


@dataclass(frozen=True, slots=True)
class Plan:
    id: str
    name: str
    areas: frozenset[str]
    hours: Hours
    days_per_week: int | None = None
    kind: str = "membership"


@dataclass(frozen=True, slots=True)
class Building:
    id: str
    name: str
    zone: ZoneInfo
    root: str
    source: Path
    areas: Mapping[str, Area] = field(default_factory=dict)
    doors: Mapping[str, Door] = field(default_factory=dict)
    devices: Mapping[str, Device] = field(default_factory=dict)
    plans: Mapping[str, Plan] = field(default_factory=dict)
    holidays: frozenset[date] = frozenset()
    grace_days: int = GRACE_DAYS
    grace_amount: float = GRACE_AMOUNT

    def rooms(self, *kinds: str) -> list[Area]:
        """Rooms of these kinds in the file's order; of every kind without an argument."""
        return [area for area in self.areas.values() if area.kind and (not kinds or area.kind in kinds)]

    def door(self, name: str) -> Door:
        """By id or by name; raises InputError with what was meant."""
        return _find(self.doors, name, "door")

    def room(self, name: str) -> Area:
        """By id or by name; raises InputError with what was meant."""
        return _find({area.id: area for area in self.rooms()}, name, "room")

    @property
    def badge_format(self) -> tuple[str, int]:
        """Format and bits of badges that every reader here can read: a short reader shortens them for all."""
        profiles = {device.reader_profile for device in self.devices.values() if device.kind in ("reader", "door_unit")}
        return ("wiegand26", 24) if any(profile.startswith("wiegand") for profile in profiles) else ("iso14443a", 56)


def _find(things: Mapping[str, Place], name: str, what: str) -> Place:
    wanted = name.strip().casefold()
    for thing in things.values():
        if wanted in (thing.id.casefold(), thing.name.casefold()):
            return thing
    raise InputError(f"no {what} {name!r}; {did_you_mean(name, [*things, *(t.name for t in things.values())])}")
