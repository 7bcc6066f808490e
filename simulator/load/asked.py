"""What somebody asks of a load, read from their words, and held against the space and the people there are.

Wrong words raise InputError and say what would be right; nothing is started here.
"""

import random
import re
import shlex
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from devices.messages import BadgeReadData, Scalar
from simulator.building import Building, Device, Door
from simulator.dialects.names import OWN
from simulator.entitled import guess
from simulator.errors import InputError
from simulator.instruments import CHANNELS, SLOW, RoomTruth, measure
from simulator.load.schedule import Arrival
from simulator.maker.plan import LIMITS
from simulator.people import SimPerson
from simulator.physics import Climate
from simulator.pocket import badge_data

MOST_PER_S = 100_000.0
LONGEST_S = 3600.0
# Of a door's people so many come to it: enough that no two neighbours are the same, few enough to choose quickly.
_COME_TO_A_DOOR = 50
# Whoever is asked in vain for longer is not found: then anybody comes, and is denied.
_ASKED_FOR_A_DOOR = 200
# So many different readings of each kind of sensor, made before the clock runs.
_READINGS_OF_A_KIND = 64
_RATE = re.compile(r"(\d+(?:\.\d+)?)(?:/(s|sec|min|h))?")
_PER = {None: 1.0, "s": 1.0, "sec": 1.0, "min": 60.0, "h": 3600.0}
_TIME = re.compile(r"(\d+(?:\.\d+)?)(s|sec|m|min|h)?")
_LONG = {None: 1.0, "s": 1.0, "sec": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0}


@dataclass(frozen=True, slots=True)
class Wanted:
    """Readers and sensors: None for all there are."""

    taps: float  # a second
    readings: float  # a second
    for_s: float
    readers: int | None = None
    sensors: int | None = None
    arrival: Arrival = Arrival.POISSON
    seed: int = 1


@dataclass(frozen=True, slots=True)
class Gate:
    """A reader, the lock it stands for, and who comes to it."""

    reader: str
    lock: str
    shown: tuple[BadgeReadData, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Probe:
    """A sensor, and what it may read."""

    device: str
    values: tuple[dict[str, Scalar], ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Cast:
    """Who takes part."""

    gates: tuple[Gate, ...]
    probes: tuple[Probe, ...]

    @property
    def devices(self) -> frozenset[str]:
        of_gates = {device for gate in self.gates for device in (gate.reader, gate.lock)}
        return frozenset(of_gates | {probe.device for probe in self.probes})


def rate(option: str, text: str) -> float:
    """How many a second: `500/s`, `30/min`, or a number alone."""
    found = _RATE.fullmatch(text.strip().replace(",", ""))
    if found is None:
        raise InputError(f"{option} {text!r} is no pace; write it like 500/s or 30/min, 0 for none")
    value = float(found[1]) / _PER[found[2]]
    if value > MOST_PER_S:
        raise InputError(f"{option} {text} is out of reach; take {MOST_PER_S:,.0f}/s at most")
    return value


def seconds(option: str, text: str) -> float:
    """How long: `60s`, `5m`, or a number of seconds."""
    found = _TIME.fullmatch(text.strip())
    value = float(found[1]) * _LONG[found[2]] if found is not None else 0.0
    if not 0 < value <= LONGEST_S:
        raise InputError(f"{option} {text!r} is no time to load a house for; write it like 60s or 5m, an hour at most")
    return value


def cast(building: Building, people: Sequence[SimPerson], wanted: Wanted, at: datetime) -> Cast:
    """Who takes part, the same for the same seed. InputError when the space or its people are too few."""
    if not wanted.taps and not wanted.readings:
        raise InputError("--taps 0 and --readings 0 together are no load; give one of them a pace")
    doors = _doors(building) if wanted.taps else []
    sensors = _sensors(building) if wanted.readings else []
    _enough("--readers", wanted.readers, doors, "doors whose reader asks for no PIN", building, wanted)
    _enough("--sensors", wanted.sensors, sensors, "sensors that read something", building, wanted)
    dice = random.Random(f"load/{building.id}/{wanted.seed}")
    holders = [person for person in people if person.badge]
    if doors and not holders:
        raise InputError("nobody in the people file has a badge to show; `natoma-sim people` makes some who have")
    gates = _gates(building, doors[: wanted.readers], holders, at, dice)
    return Cast(tuple(gates), tuple(_probes(sensors[: wanted.sensors], dice)))


def how_to_make(readers: int | None, sensors: int | None) -> str:
    """The commands that make a house of that size, in a folder of its own."""
    doors, rooms = readers or 30, sensors or 100
    rooms = max(rooms, doors // 2)  # each room has walls for two doors
    if doors > LIMITS["doors"] or rooms > LIMITS["rooms"]:
        return f"a space made up has {LIMITS['doors']:,} doors and {LIMITS['rooms']:,} rooms at most"
    # Named after its size: what is there already is not written over.
    data = f"load-{doors}-{rooms}"
    space, people = f"{data}.yaml", f"{data}/people.csv"
    where = f"--space {space} --data {data}"
    return (
        "a house of that size:\n"
        f"  natoma-sim space --doors {doors} --rooms {rooms} --out {space}\n"
        f"  natoma-sim people {where} --count {max(200, doors)} --out {people}\n"
        f"  natoma people import {people} {where} --apply\n"
        f"  natoma run {where}\n"
        f"and in another terminal `natoma-sim load --data {data} …`"
    )


def start_a_house(space: Path, data: Path) -> str:
    """The words for it."""
    command = shlex.join(["natoma", "run", "--space", str(space), "--data", str(data)])
    return f"start `{command}` and wait until it says where its page is"


def _enough(
    option: str, wanted: int | None, there: Sequence[object], what: str, building: Building, load: Wanted
) -> None:
    if not (load.taps if option == "--readers" else load.readings):
        return
    if wanted is not None and wanted < 1:
        raise InputError(f"{option} {wanted} is too few; take at least 1, or leave it out for all there are")
    file, more = building.source.name, how_to_make(load.readers, load.sensors)
    if not there:
        pace = "--taps 0" if option == "--readers" else "--readings 0"
        raise InputError(f"{file} has no {what}; say {pace}, or make {more}")
    if wanted is not None and wanted > len(there):
        raise InputError(
            f"{option} {wanted}: {file} has {len(there)}, counting {what}. Take {len(there)} at most, or make {more}"
        )


def _doors(building: Building) -> list[Door]:
    """Those people use first, then the ways out; devices that speak the contract alone say what a load counts."""
    usable = [
        door
        for door in building.doors.values()
        if door.usable and not door.asks_pin and all(_is_ours(building, id) for id in (door.badge_reader, door.unit))
    ]
    return sorted(usable, key=lambda door: door.is_escape or door.staff_only)


def _sensors(building: Building) -> list[Device]:
    sensing = (device for device in building.devices.values() if device.kind in ("sensor", "probe"))
    return [device for device in sensing if _sampled(device) and _is_ours(building, device.id)]


def _is_ours(building: Building, device_id: str) -> bool:
    return building.devices[device_id].dialect == OWN


def _sampled(device: Device) -> tuple[str, ...]:
    return tuple(name for name in device.channels if name in CHANNELS and name not in SLOW)


def _gates(
    building: Building, doors: Iterable[Door], holders: list[SimPerson], at: datetime, dice: random.Random
) -> Iterable[Gate]:
    admits = guess(building)
    for door in doors:
        asked = dice.sample(holders, min(len(holders), _ASKED_FOR_A_DOOR))
        welcome = [person for person in asked if admits(person, door, at)][:_COME_TO_A_DOOR]
        come = welcome or asked[:_COME_TO_A_DOOR]
        yield Gate(door.badge_reader, door.unit, tuple(badge_data(person, "in") for person in come))


def _probes(sensors: Iterable[Device], dice: random.Random) -> Iterable[Probe]:
    of_kind: dict[tuple[str, ...], tuple[dict[str, Scalar], ...]] = {}
    for device in sensors:
        kind = _sampled(device)
        if kind not in of_kind:
            of_kind[kind] = tuple(measure(kind, _some_room(dice), dice) for _ in range(_READINGS_OF_A_KIND))
        yield Probe(device.id, of_kind[kind])


def _some_room(dice: random.Random) -> RoomTruth:
    people = dice.randrange(8)
    climate = Climate(co2_ppm=dice.uniform(430, 1200), temperature_c=dice.uniform(19, 24))
    return RoomTruth(climate, people, sound_db=dice.uniform(36, 60), light_lx=dice.uniform(50, 500))
