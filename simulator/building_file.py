"""A tolerant reader of space.yaml: what virtual devices and people need of it, as a `Building`.

No more checking than that takes: `natoma check` is the judge of a space file, and this file never imports it. What is
missing gets the format's own default; what stands there and cannot be meant is refused with file and line.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any, TypeVar, get_args
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from devices.errors import TopicError
from devices.topics import Kind, Topics
from simulator.building import (
    EVERY_S,
    GRACE_AMOUNT,
    GRACE_DAYS,
    OUTSIDE,
    Area,
    Building,
    Device,
    DeviceKind,
    Door,
    Plan,
)
from simulator.dialects.names import OWN, why_not
from simulator.errors import InputError, did_you_mean
from simulator.hours import read_hours
from simulator.space_yaml import Keys, read

Thing = TypeVar("Thing")

DEFAULT_CHANNELS: Mapping[str, tuple[str, ...]] = {
    "sensor": ("temperature", "humidity", "co2", "noise", "presence", "light"),
    "probe": ("rssi", "latency", "loss"),
    "light": ("onair",),
}
DEFAULT_EVERY_S = {"probe": 30.0}
_DEVICE_KINDS: Mapping[str, DeviceKind] = {kind: kind for kind in get_args(DeviceKind)}
# An area drawn as the whole of a floor that states no size either: a room of ordinary size.
UNKNOWN_FLOOR_M2 = 40.0
# The longest that still is a cadence or a release; a house of ten thousand seats is none that one controller runs.
_DAY_S, _RELEASE_S, _SEATS = 86_400.0, 600.0, 10_000
_LEAST_EVERY_S = 0.01
_FARTHEST_M = 10_000.0
_MOST_GRACE_DAYS, _MOST_GRACE_AMOUNT = 3650, 1e9


def load(path: Path) -> Building:
    """Read a space file; raises InputError naming file, line, thing and what would be right."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as exc:
        reason = exc.strerror if isinstance(exc, OSError) else "it is not UTF-8 text"
        raise InputError(f"{path}: cannot be read as a space file: {reason}") from exc
    content, lines = read(path, text)
    if not isinstance(content, dict) or "areas" not in content:
        raise InputError(f"{path}:1: this is not a space file: it has no `areas`; `natoma check {path}` explains")
    return _Reader(_File(path, lines), content).building()


@dataclass(frozen=True, slots=True)
class _File:
    """Where things stand: each complaint knows its line."""

    path: Path
    lines: Mapping[Keys, int]

    def at(self, place: Keys) -> str:
        line = next((self.lines[place[:n]] for n in range(len(place), 0, -1) if place[:n] in self.lines), 1)
        return f"{self.path}:{line}"


@dataclass(frozen=True, slots=True)
class _Entry:
    """Named values of the file; each is asked for as what it has to be, and refused at its place as what it is not."""

    file: _File
    place: Keys
    values: Mapping[Any, Any]

    def wrong(self, key: str, why: str) -> InputError:
        """FILE:LINE: area 'hall', room: what is wrong there."""
        words = ", ".join((*self._thing(), *self.place[2:]))
        return InputError(f"{self.file.at((*self.place, key))}: {words}{': ' if words else ''}{why}")

    def _thing(self) -> Iterator[str]:
        match self.place:
            case (section, name, *_):
                yield f"{section.removesuffix('s')} {name!r}"
            case (section,):
                yield section

    def unknown(self, key: str, what: str, name: str, known: list[str]) -> InputError:
        return InputError(
            f"{self.file.at((*self.place, key))}: {', '.join(self._thing())} names {what} {name!r}, which does not exist; "
            f"{did_you_mean(name, known)}"
        )

    def text(self, key: str, default: str) -> str:
        found = self.maybe_text(key)
        return default if found is None else found

    def maybe_text(self, key: str) -> str | None:
        """Numbers are texts too: a floor may be called 1."""
        value = self.values.get(key)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            raise self.wrong(key, f"{key} is words; this is {_shown(value)}")
        return str(value)

    def one_of(self, key: str, known: Mapping[str, Thing], default: str) -> Thing:
        name = self.text(key, default)
        if name not in known:
            raise self.wrong(key, f"there is no {key} {name!r}; {did_you_mean(name, list(known))}")
        return known[name]

    def number(self, key: str, default: float, least: float, most: float) -> float:
        value = self.values.get(key)
        if value is None:
            return default
        if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
            raise self.wrong(key, f"{key} is a number from {least:g} to {most:,g}; this is {_shown(value)}")
        return float(value)

    def whole(self, key: str, default: int, least: int, most: int) -> int:
        found = self.maybe_whole(key, least, most)
        return default if found is None else found

    def maybe_whole(self, key: str, least: int, most: int) -> int | None:
        value = self.values.get(key)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            raise self.wrong(key, f"{key} is a whole number from {least} to {most:,}; this is {_shown(value)}")
        return value

    def truth(self, key: str, default: bool) -> bool:
        value = self.values.get(key)
        if value is None:
            return default
        if not isinstance(value, bool):
            raise self.wrong(key, f"{key} is true or false; this is {_shown(value)}")
        return value

    def names(self, key: str) -> tuple[str, ...]:
        """One name, or a list of them."""
        value = self.values.get(key)
        given = [] if value is None else [value] if isinstance(value, str) else value
        if not isinstance(given, list) or not all(isinstance(name, str | int) for name in given):
            raise self.wrong(key, f"{key} is a name or a list of names; this is {_shown(value)}")
        return tuple(str(name) for name in given)

    def below(self, key: str) -> "_Entry":
        """The values below; none where there are none."""
        value = self.values.get(key)
        if value is None:
            return _Entry(self.file, (*self.place, key), {})
        if not isinstance(value, dict):
            raise self.wrong(key, f"{key} is {{name: value}}; this is {_shown(value)}")
        return _Entry(self.file, (*self.place, key), value)

    def lengths(self, key: str, count: int) -> tuple[float, ...] | None:
        """So many metres, if that is what stands there."""
        return _lengths(self.values.get(key), count)


class _Reader:
    """Walks one file once."""

    def __init__(self, file: _File, content: dict[str, Any]) -> None:
        self._file = file
        self._top = _Entry(file, (), content)
        self._floors = self._section("floors")

    def building(self) -> Building:
        top = self._top
        areas = self._each("areas", self._area)
        self._check_within(areas)
        devices = self._each("devices", self._device)
        doors = {
            door_id: self._door(door_id, entry, areas, devices) for door_id, entry in self._section("doors").items()
        }
        for door in doors.values():
            unit = devices.get(door.unit)
            profile, dialect = (unit.reader_profile, unit.dialect) if unit else ("iso14443a", OWN)
            devices[door.unit] = Device(door.unit, "door_unit", door=door.id, reader_profile=profile, dialect=dialect)
        self._check_devices(devices, areas, doors)
        grace = top.below("grace")
        return Building(
            id=top.text("id", self._file.path.stem),
            name=top.text("name", self._file.path.stem),
            zone=self._zone(),
            root=self._topics().root,
            source=self._file.path.resolve(),
            areas=areas,
            doors=doors,
            devices=devices,
            plans={plan_id: self._plan(plan_id, entry, areas) for plan_id, entry in self._section("plans").items()},
            holidays=frozenset(self._holidays()),
            grace_days=grace.whole("days", GRACE_DAYS, 0, _MOST_GRACE_DAYS),
            grace_amount=grace.number("amount", GRACE_AMOUNT, 0, _MOST_GRACE_AMOUNT),
        )

    def _holidays(self) -> Iterator[date]:
        """Days the whole space is closed; a holiday of some zones keeps nobody at home."""
        for day, entry in self._top.below("holidays").values.items():
            if isinstance(day, date) and not isinstance(day, datetime) and not (
                isinstance(entry, dict) and entry.get("zones")
            ):  # fmt: skip
                yield day

    def _section(self, name: str) -> dict[str, _Entry]:
        section = self._top.values.get(name)
        section = {} if section is None else section
        if not isinstance(section, dict) or not all(one is None or isinstance(one, dict) for one in section.values()):
            raise InputError(
                f"{self._file.at((name,))}: `{name}` is not a list of named things; write `{name}: {{id: {{…}}}}`"
            )
        return {str(key): _Entry(self._file, (name, str(key)), entry or {}) for key, entry in section.items()}

    def _each(self, name: str, read: Callable[[str, _Entry], Thing]) -> dict[str, Thing]:
        return {key: read(key, entry) for key, entry in self._section(name).items()}

    def _area(self, area_id: str, entry: _Entry) -> Area:
        is_word = isinstance(entry.values.get("room"), str)
        room = _Entry(entry.file, entry.place, {"kind": entry.values["room"]}) if is_word else entry.below("room")
        only = next(iter(self._floors)) if len(self._floors) == 1 else None
        floor = entry.maybe_text("floor") or only
        return Area(
            id=area_id,
            name=entry.text("name", area_id),
            floor=floor,
            floor_m2=_outlined_m2(entry) or self._whole_floor_m2(floor),
            within=entry.maybe_text("within"),
            kind=room.text("kind", "other") if room.values else None,
            seats=room.whole("seats", 0, 0, _SEATS),
            zones=frozenset(entry.names("zones")),
        )

    def _whole_floor_m2(self, floor: str | None) -> float:
        entry = self._floors.get(floor or "")
        if entry is None or entry.values.get("size") is None:
            return UNKNOWN_FLOOR_M2
        size = entry.lengths("size", 2)
        if size is None or min(size) <= 0:
            raise entry.wrong("size", f"size is [width, depth] in metres; this is {_shown(entry.values['size'])}")
        return size[0] * size[1]

    def _check_within(self, areas: dict[str, Area]) -> None:
        for area in areas.values():
            if area.within is not None and area.within not in areas:
                raise _Entry(self._file, ("areas", area.id), {}).unknown("within", "area", area.within, list(areas))

    def _device(self, device_id: str, entry: _Entry) -> Device:
        kind = entry.one_of("kind", _DEVICE_KINDS, "sensor")
        door = entry.maybe_text("door")
        if kind == "door_unit" and door is None:
            raise entry.wrong("kind", "a door unit says of which door it is: `door: …`")
        return Device(
            id=device_id,
            kind=kind,
            door=door,
            area=entry.maybe_text("area"),
            channels=entry.names("channels") or DEFAULT_CHANNELS.get(kind, ()),
            every_s=entry.number("every_s", DEFAULT_EVERY_S.get(kind, EVERY_S), _LEAST_EVERY_S, _DAY_S),
            direction=entry.one_of("direction", {"in": "in", "out": "out"}, "in"),
            reader_profile=entry.text("reader_profile", "iso14443a"),
            dialect=entry.text("dialect", OWN),
        )

    def _check_devices(self, devices: dict[str, Device], areas: dict[str, Area], doors: dict[str, Door]) -> None:
        topics = self._topics()
        for device in devices.values():
            entry = _Entry(self._file, ("devices", device.id), {})
            try:
                topics.up(device.id, Kind.BIRTH)
            except TopicError as exc:
                raise entry.wrong("", str(exc)) from exc
            if device.area is not None and device.area not in areas:
                raise entry.unknown("area", "area", device.area, list(areas))
            if device.door is not None and device.door not in doors:
                raise entry.unknown("door", "door", device.door, list(doors))
            if (reason := why_not(device.dialect, device.kind, device.channels)) is not None:
                raise entry.wrong("dialect", reason)

    def _door(self, door_id: str, entry: _Entry, areas: dict[str, Area], devices: dict[str, Device]) -> Door:
        outer, inner = (self._side(entry, side, areas) for side in ("from", "to"))
        named = entry.names("readers")
        readers = [d for d in devices.values() if d.kind == "reader" and (d.door == door_id or d.id in named)]
        unit = entry.maybe_text("unit") or next(
            (d.id for d in devices.values() if d.kind == "door_unit" and d.door == door_id), f"door-{door_id}"
        )
        egress = entry.text("egress", "handle")
        return Door(
            id=door_id,
            name=entry.text("name", door_id),
            outer=outer,
            inner=inner,
            unit=unit,
            reader_in=next((reader.id for reader in readers if reader.direction == "in"), None),
            reader_out=next((reader.id for reader in readers if reader.direction == "out"), None),
            release_s=entry.below("timings").number("release", 5.0, 0.1, _RELEASE_S),
            has_contact=entry.truth("contact", default=True),
            staff_only=entry.truth("staff_only", default=False),
            asks_pin=entry.values.get("pin") == "required",
            is_escape=egress == "bar",
            exit_button=egress == "button",
            usable=entry.truth("enabled", default=True) and not entry.values.get("maintenance", False),
        )

    @staticmethod
    def _side(entry: _Entry, side: str, areas: dict[str, Area]) -> str:
        area = entry.maybe_text(side)
        if area is None:
            raise entry.wrong(side, f"a door says which areas it joins: `{side}: …` is missing")
        if area not in areas and area != OUTSIDE:
            raise entry.unknown(side, "area", area, [*areas, OUTSIDE])
        return area

    def _plan(self, plan_id: str, entry: _Entry, areas: dict[str, Area]) -> Plan:
        wanted = set(entry.names("where"))
        covered = {area.id for area in areas.values() if area.id in wanted or area.zones & wanted}
        # What lies within an area comes with it; again as long as that brings more, because areas nest.
        found = covered
        while found:
            found = {area.id for area in areas.values() if area.within in covered} - covered
            covered |= found
        named = entry.text("schedule", "always")
        schedules = self._top.below("schedules").values
        try:
            hours = read_hours("always" if named == "always" else schedules.get(named, "always"))
        except ValueError as exc:
            raise _Entry(self._file, ("schedules", named), {}).wrong("", str(exc)) from exc
        return Plan(
            id=plan_id,
            name=entry.text("name", plan_id),
            areas=frozenset(covered),
            hours=hours,
            days_per_week=entry.maybe_whole("days_per_week", 1, 7),
            kind=entry.text("kind", "membership"),
        )

    def _topics(self) -> Topics:
        try:
            return Topics(self._top.text("root", "natoma"))
        except TopicError as exc:
            raise self._top.wrong("root", str(exc)) from exc

    def _zone(self) -> ZoneInfo:
        name = self._top.text("zone", "UTC")
        try:
            return ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError) as exc:
            raise self._top.wrong("zone", f"time zone {name!r} is not known; write it like Europe/Paris") from exc


def _outlined_m2(entry: _Entry) -> float:
    """What an outline encloses; 0 without one."""
    outline = entry.values.get("outline")
    if outline is None:
        return 0.0
    if (box := _lengths(outline, 4)) is not None and min(box[2:]) > 0:
        return box[2] * box[3]
    corners = [_lengths(corner, 2) for corner in outline] if isinstance(outline, list) else []
    points = [corner for corner in corners if corner is not None]
    if len(points) < 3 or len(points) < len(corners):
        raise entry.wrong(
            "outline", f"outline {_shown(outline)} is neither [x, y, width, depth] nor a list of three [x, y] or more"
        )
    # The shoelace formula.
    pairs = zip(points, [*points[1:], points[0]], strict=True)
    return abs(sum(x1 * y2 - x2 * y1 for (x1, y1), (x2, y2) in pairs)) / 2


def _lengths(value: Any, count: int) -> tuple[float, ...] | None:
    if not isinstance(value, list) or len(value) != count:
        return None
    if any(isinstance(one, bool) or not isinstance(one, int | float) or not abs(one) <= _FARTHEST_M for one in value):
        return None
    return tuple(float(one) for one in value)


def _shown(value: Any) -> str:
    """A value as an error repeats it: its beginning is enough to find it."""
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}…"
