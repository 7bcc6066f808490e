"""The building as the simulator sees it: a tolerant reader of space.yaml.

Only what virtual devices and people need, and no more checking than that takes: `natoma check` is the
judge of a space file, and this file never imports it. What is missing gets the format's own default.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import yaml

from simulator.dialects.names import OWN, why_not
from simulator.errors import InputError, did_you_mean
from simulator.hours import Hours, read_hours

Thing = TypeVar("Thing")
Place = TypeVar("Place", "Door", "Area")

# libyaml where it is there: ten times as fast.
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

OUTSIDE = "outside"
DEFAULT_CHANNELS: dict[str, tuple[str, ...]] = {
    "sensor": ("temperature", "humidity", "co2", "noise", "presence", "light"),
    "probe": ("rssi", "latency", "loss"),
    "light": ("onair",),
}
DEFAULT_EVERY_S = {"probe": 30.0}
_EVERY_S = 60.0
# An area drawn as the whole of a floor that states no size either: a room of ordinary size.
UNKNOWN_FLOOR_M2 = 40.0


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
    kind: str  # door_unit, reader, sensor, light, probe
    door: str | None = None
    area: str | None = None
    channels: tuple[str, ...] = ()
    every_s: float = _EVERY_S
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
    # How late and how large a bill may be while doors still open; both must hold.
    grace_days: int = 7
    grace_amount: float = 200.0

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


def load(path: Path) -> Building:
    """Read a space file; raises InputError naming file, line, thing and what would be right."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as exc:
        reason = exc.strerror if isinstance(exc, OSError) else "it is not UTF-8 text"
        raise InputError(f"{path}: cannot be read as a space file: {reason}") from exc
    try:
        content, lines = _read(text)
    except yaml.MarkedYAMLError as exc:
        line = exc.problem_mark.line + 1 if exc.problem_mark else 1
        raise InputError(f"{path}:{line}: this is not YAML: {exc.problem}") from exc
    if not isinstance(content, dict) or "areas" not in content:
        raise InputError(f"{path}:1: this is not a space file: it has no `areas`; `natoma check {path}` explains")
    return _Reader(path, content, lines).building()


class _Reader:
    """Walks one file once; every complaint knows its line."""

    def __init__(self, path: Path, content: dict[str, Any], lines: dict[tuple[str, ...], int]) -> None:
        self.path = path
        self.content = content
        self.lines = lines

    def building(self) -> Building:
        areas = self._each("areas", self._area)
        self._name_check(areas)
        devices = self._each("devices", self._device)
        doors = {
            door_id: self._door(door_id, entry, areas, devices) for door_id, entry in self._section("doors").items()
        }
        for door in doors.values():
            unit = devices.get(door.unit)
            profile, dialect = (unit.reader_profile, unit.dialect) if unit else ("iso14443a", OWN)
            devices[door.unit] = Device(door.unit, "door_unit", door=door.id, reader_profile=profile, dialect=dialect)
        for device in devices.values():
            place = ("area", device.area, areas) if device.area else ("door", device.door, doors)
            if place[1] is not None and place[1] not in place[2]:
                raise self._wrong(("devices", device.id), f"{place[0]} {place[1]!r}", list(place[2]))
            if (reason := why_not(device.dialect, device.kind, device.channels)) is not None:
                raise InputError(f"{self._at(('devices', device.id, 'dialect'))}: device {device.id!r}: {reason}")
        return Building(
            id=str(self.content.get("id", self.path.stem)),
            name=str(self.content.get("name", self.path.stem)),
            zone=self._zone(),
            root=str(self.content.get("root", "natoma")),
            source=self.path.resolve(),
            areas=areas,
            doors=doors,
            devices=devices,
            plans={plan_id: self._plan(plan_id, entry, areas) for plan_id, entry in self._section("plans").items()},
            holidays=frozenset(self._holidays()),
            **self._grace(),
        )

    def _grace(self) -> dict[str, Any]:
        """As the file says, or as it is without."""
        said = self._section_of_values("grace")
        read = {"days": ("grace_days", int), "amount": ("grace_amount", float)}
        return {name: kind(said[key]) for key, (name, kind) in read.items() if key in said}

    def _section_of_values(self, name: str) -> dict[str, Any]:
        section = self.content.get(name)
        return section if isinstance(section, dict) else {}

    def _holidays(self) -> Iterator[date]:
        """Days the whole space is closed; a holiday of some zones keeps nobody at home."""
        for day, entry in (self.content.get("holidays") or {}).items():
            if isinstance(day, date) and not (isinstance(entry, dict) and entry.get("zones")):
                yield day

    def _section(self, name: str) -> dict[str, dict[str, Any]]:
        section = self.content.get(name) or {}
        if not isinstance(section, dict) or not all(
            entry is None or isinstance(entry, dict) for entry in section.values()
        ):
            raise InputError(
                f"{self._at((name,))}: `{name}` is not a list of named things; write `{name}: {{id: {{…}}}}`"
            )
        return {str(key): entry or {} for key, entry in section.items()}

    def _each(self, name: str, read: Callable[[str, dict[str, Any]], Thing]) -> dict[str, Thing]:
        return {key: read(key, entry) for key, entry in self._section(name).items()}

    def _area(self, area_id: str, entry: dict[str, Any]) -> Area:
        room = entry.get("room")
        room = {"kind": room} if isinstance(room, str) else room or {}
        floors = self._section("floors")
        only = next(iter(floors)) if len(floors) == 1 else None
        floor = entry.get("floor", only)
        size = floors.get(str(floor), {}).get("size")
        whole = float(size[0] * size[1]) if size else UNKNOWN_FLOOR_M2
        return Area(
            id=area_id,
            name=str(entry.get("name", area_id)),
            floor=floor,
            floor_m2=self._size(("areas", area_id, "outline"), entry.get("outline")) or whole,
            within=entry.get("within"),
            kind=room.get("kind", "other") if room else None,
            seats=int(room.get("seats", 0)),
            zones=frozenset(_names(entry.get("zones"))),
        )

    def _name_check(self, areas: dict[str, Area]) -> None:
        for area in areas.values():
            if area.within is not None and area.within not in areas:
                raise self._wrong(("areas", area.id, "within"), f"area {area.within!r}", list(areas))

    def _device(self, device_id: str, entry: dict[str, Any]) -> Device:
        kind = str(entry.get("kind", "sensor"))
        return Device(
            id=device_id,
            kind=kind,
            door=entry.get("door"),
            area=entry.get("area"),
            channels=tuple(entry.get("channels") or DEFAULT_CHANNELS.get(kind, ())),
            every_s=float(entry.get("every_s") or DEFAULT_EVERY_S.get(kind, _EVERY_S)),
            direction=str(entry.get("direction", "in")),
            reader_profile=str(entry.get("reader_profile", "iso14443a")),
            dialect=str(entry.get("dialect", OWN)),
        )

    def _door(self, door_id: str, entry: dict[str, Any], areas: dict[str, Area], devices: dict[str, Device]) -> Door:
        for side in ("from", "to"):
            if entry.get(side) not in areas and entry.get(side) != OUTSIDE:
                raise self._wrong(("doors", door_id, side), f"area {entry.get(side)!r}", [*areas, OUTSIDE])
        named = _names(entry.get("readers"))
        readers = [d for d in devices.values() if d.kind == "reader" and (d.door == door_id or d.id in named)]
        unit = entry.get("unit") or next(
            (d.id for d in devices.values() if d.kind == "door_unit" and d.door == door_id), f"door-{door_id}"
        )
        egress = str(entry.get("egress", "handle"))
        return Door(
            id=door_id,
            name=str(entry.get("name", door_id)),
            outer=str(entry["from"]),
            inner=str(entry["to"]),
            unit=str(unit),
            reader_in=next((reader.id for reader in readers if reader.direction == "in"), None),
            reader_out=next((reader.id for reader in readers if reader.direction == "out"), None),
            release_s=float((entry.get("timings") or {}).get("release", 5.0)),
            has_contact=bool(entry.get("contact", True)),
            staff_only=bool(entry.get("staff_only", False)),
            asks_pin=entry.get("pin") == "required",
            is_escape=egress == "bar",
            exit_button=egress == "button",
            usable=bool(entry.get("enabled", True)) and not entry.get("maintenance", False),
        )

    def _plan(self, plan_id: str, entry: dict[str, Any], areas: dict[str, Area]) -> Plan:
        wanted = set(_names(entry.get("where")))
        covered = {area.id for area in areas.values() if area.id in wanted or area.zones & wanted}
        # What lies within an area comes with it; again as long as that brings more, because areas nest.
        found = covered
        while found:
            found = {area.id for area in areas.values() if area.within in covered} - covered
            covered |= found
        named = entry.get("schedule", "always")
        schedules = self.content.get("schedules") or {}
        try:
            hours = read_hours("always" if named == "always" else schedules.get(named, "always"))
        except ValueError as exc:
            raise InputError(f"{self._at(('schedules', str(named)))}: schedule {named!r}: {exc}") from exc
        return Plan(
            id=plan_id,
            name=str(entry.get("name", plan_id)),
            areas=frozenset(covered),
            hours=hours,
            days_per_week=entry.get("days_per_week"),
            kind=str(entry.get("kind", "membership")),
        )

    def _zone(self) -> ZoneInfo:
        name = str(self.content.get("zone", "UTC"))
        try:
            return ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError) as exc:
            raise InputError(
                f"{self._at(('zone',))}: time zone {name!r} is not known; write it like Europe/Paris"
            ) from exc

    def _size(self, place: tuple[str, ...], outline: Any) -> float:
        if outline is None:
            return 0.0
        try:
            if len(outline) == 4 and not isinstance(outline[0], list):
                return float(outline[2]) * float(outline[3])
            points = [(float(x), float(y)) for x, y in outline]
        except (TypeError, ValueError) as exc:
            raise InputError(
                f"{self._at(place)}: outline {outline!r} is neither [x, y, width, depth] nor a list of [x, y]"
            ) from exc
        # The shoelace formula.
        pairs = zip(points, [*points[1:], points[0]], strict=True)
        return abs(sum(x1 * y2 - x2 * y1 for (x1, y1), (x2, y2) in pairs)) / 2

    def _wrong(self, place: tuple[str, ...], what: str, known: list[str]) -> InputError:
        return InputError(f"{self._at(place)}: {place[0].removesuffix('s')} {place[1]!r} names {what}, which does not "
                          f"exist; {did_you_mean(what.split()[-1].strip(chr(39)), known)}")  # fmt: skip

    def _at(self, place: tuple[str, ...]) -> str:
        line = next((self.lines[place[:n]] for n in range(len(place), 0, -1) if place[:n] in self.lines), 1)
        return f"{self.path}:{line}"


def _names(value: Any) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(str(one) for one in value or ())


def _find(things: Mapping[str, Place], name: str, what: str) -> Place:
    wanted = name.strip().casefold()
    for thing in things.values():
        if wanted in (thing.id.casefold(), thing.name.casefold()):
            return thing
    raise InputError(f"no {what} {name!r}; {did_you_mean(name, [*things, *(t.name for t in things.values())])}")


def _read(text: str) -> tuple[Any, dict[tuple[str, ...], int]]:
    """What the file says, and on which line each of its keys stands; composed once, for that is what takes time."""
    loader = _Loader(text)
    try:
        node = loader.get_single_node()
        return (loader.construct_document(node) if node is not None else None), dict(_lines(node, ()))
    finally:
        loader.dispose()


def _lines(node: yaml.Node | None, place: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], int]]:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            below = (*place, str(key.value))
            yield below, key.start_mark.line + 1
            yield from _lines(value, below)
