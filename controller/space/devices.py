"""Devices of the file, and those its doors imply -> domain values.

A door need not list its unit or its readers twice: what a door names and `devices:` does not describe is there
with every default.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from controller.domain.building import Area, Device, DeviceKind, Door, Point
from controller.domain.ids import AreaId, DeviceId, DoorId
from controller.space.errors import Path
from controller.space.file import RESERVED_IDS, DeviceEntry
from controller.space.geometry import middle
from controller.space.readers import BUILT_IN
from controller.space.references import References

ID_LENGTH = 40
_AT_DOORS = frozenset({DeviceKind.DOOR_UNIT, DeviceKind.READER})
# Seconds between messages that are well within what a battery, a broker and a person watching can bear.
_EVERY_S = {
    DeviceKind.DOOR_UNIT: 60.0,
    DeviceKind.READER: 60.0,
    DeviceKind.SENSOR: 60.0,
    DeviceKind.LIGHT: 60.0,
    DeviceKind.PROBE: 30.0,
}
_CHANNELS = {
    DeviceKind.DOOR_UNIT: ("door.contact", "door.lock"),
    DeviceKind.READER: (),
    DeviceKind.SENSOR: ("temperature", "humidity", "co2", "noise", "presence", "light"),
    DeviceKind.LIGHT: ("onair",),
    DeviceKind.PROBE: ("rssi", "latency", "loss"),
}


def build_devices(
    refs: References, areas: Mapping[AreaId, Area], doors: Mapping[DoorId, Door]
) -> tuple[dict[DeviceId, Device], dict[DoorId, Door]]:
    """Every device there is, and the doors with all their readers."""
    found: dict[DeviceId, Device] = {}
    named = _named_by_doors(refs, doors)
    for name, entry in refs.file.devices.items():
        device = _device(DeviceId(name), entry, refs, areas, doors)
        if device is not None:
            found[device.id] = _checked_against_doors(device, named.get(device.id), refs)
    for implied, (kind, door) in named.items():
        if implied not in found and not refs.knows("devices", implied) and _may_be(implied, door, kind, refs):
            found[implied] = Device(
                implied, kind, door=door, at=doors[door].at, every_s=_EVERY_S[kind], channels=_CHANNELS[kind]
            )
    return found, _with_readers(doors, found)


def _named_by_doors(refs: References, doors: Mapping[DoorId, Door]) -> dict[DeviceId, tuple[DeviceKind, DoorId]]:
    named: dict[DeviceId, tuple[DeviceKind, DoorId]] = {}
    for door in doors.values():
        wanted: list[tuple[DeviceId, DeviceKind, Path]] = [
            (door.unit, DeviceKind.DOOR_UNIT, ("doors", door.id, "unit"))
        ]
        wanted += [
            (reader, DeviceKind.READER, ("doors", door.id, "readers", place))
            for place, reader in enumerate(door.readers)
        ]
        for device, kind, path in wanted:
            if device in named:
                fix = "two devices need two ids: give each door a unit and readers of its own"
                refs.problems.error(path, device, f"belongs to door {named[device][1]} already", fix)
            else:
                named[device] = (kind, door.id)
    return named


def _may_be(device: DeviceId, door: DoorId, kind: DeviceKind, refs: References) -> bool:
    """Whether an id that only a door names can be a device's."""
    key = "unit" if kind is DeviceKind.DOOR_UNIT else "readers"
    path = ("doors", door, key)
    if len(device) > ID_LENGTH:
        fix = f"write unit: with a shorter id, or shorten the door's by {len(device) - ID_LENGTH}"
        refs.problems.error(path, device, f"is too long for a device ({len(device)} of {ID_LENGTH})", fix)
        return False
    return not _is_reserved(device, path, refs)


def _is_reserved(device: str, path: Path, refs: References) -> bool:
    if device not in RESERVED_IDS:
        return False
    refs.problems.error(path, device, "is a name the broker keeps for itself", f"choose another, such as {device}-1")
    return True


def _device(
    name: DeviceId,
    entry: DeviceEntry,
    refs: References,
    areas: Mapping[AreaId, Area],
    doors: Mapping[DoorId, Door],
) -> Device | None:
    path: Path = ("devices", name)
    if _is_reserved(name, path, refs):
        return None
    refs.found("reader_profiles", entry.reader_profile, (*path, "reader_profile"), also=BUILT_IN)
    if not _has_its_place(path, entry, refs):
        return None
    door, area = _place_of(name, entry, refs)
    known_door, known_area = doors.get(DoorId(door or "")), areas.get(AreaId(area or ""))
    if (door and known_door is None) or (area and known_area is None):
        return None  # told where the door or the area is
    at: Point | None = entry.at
    if at is None:
        at = known_door.at if known_door else middle(known_area.outline) if known_area and known_area.outline else None
    return Device(
        id=name,
        kind=entry.kind,
        door=known_door.id if known_door else None,
        area=known_area.id if known_area else None,
        at=at,
        every_s=_EVERY_S[entry.kind] if entry.every_s is None else entry.every_s,
        reader_profile=entry.reader_profile,
        direction=entry.direction,
        dialect=entry.dialect,
        channels=_CHANNELS[entry.kind] if entry.channels is None else entry.channels,
    )


def _place_of(name: str, entry: DeviceEntry, refs: References) -> tuple[str | None, str | None]:
    """Its door and area; a unit or reader may leave the door to the door that names it."""
    if entry.kind in _AT_DOORS and entry.door is None:
        for door, written in refs.file.doors.items():
            if name in (written.unit, f"door-{door}", *written.readers):
                return door, entry.area
    return entry.door, entry.area


def _has_its_place(path: Path, entry: DeviceEntry, refs: References) -> bool:
    """Units and readers stand at a door, all others in an area."""
    ok = True
    if entry.door is not None:
        ok = refs.found("doors", entry.door, (*path, "door"))
    if entry.area is not None:
        ok = refs.found("areas", entry.area, (*path, "area")) and ok
    if not ok:
        return False
    kind = entry.kind.value
    if entry.kind in _AT_DOORS:
        if entry.door is None and _place_of(str(path[1]), entry, refs)[0] is None:
            refs.problems.error((*path, "door"), None, "is missing", f"write door: where this {kind} is")
            return False
    elif entry.area is None:
        refs.problems.error((*path, "area"), None, "is missing", f"write area: where this {kind} is")
        return False
    elif entry.door is not None:
        refs.problems.error((*path, "door"), entry.door, f"is no place for a {kind}", "write area: alone")
        return False
    return True


def _checked_against_doors(device: Device, named: tuple[DeviceKind, DoorId] | None, refs: References) -> Device:
    """Doors and devices must tell the same story of who stands where."""
    path: Path = ("devices", device.id)
    if named is None:
        if device.kind is DeviceKind.DOOR_UNIT:
            unit = next((f"; its unit is {unit}" for unit in _units(refs, device.door)), "")
            fix = f"write unit: {device.id} at door {device.door}, or delete this device"
            refs.problems.error(path, None, f"is a unit that door {device.door} does not name{unit}", fix)
        return device
    kind, door = named
    if device.kind is not kind:
        fix = f"write kind: {kind.value}, or give one of the two another id"
        refs.problems.error((*path, "kind"), device.kind.value, f"is not what door {door} takes this device for", fix)
    elif device.door != door:
        fix = f"write door: {door}, or name another device there"
        refs.problems.error((*path, "door"), device.door, f"is not the door that names this device ({door})", fix)
    return device


def _units(refs: References, door: DoorId | None) -> Iterator[str]:
    entry = refs.file.doors.get(door or "")
    if entry is not None:
        yield entry.unit or f"door-{door}"


def _with_readers(doors: Mapping[DoorId, Door], devices: Mapping[DeviceId, Device]) -> dict[DoorId, Door]:
    """Readers that name their door belong to it, whether or not the door names them."""
    found = dict(doors)
    for device in devices.values():
        if device.kind is DeviceKind.READER and device.door is not None:
            door = found[device.door]
            if device.id not in door.readers:
                found[door.id] = replace(door, readers=(*door.readers, device.id))
    return found
