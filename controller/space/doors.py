"""Doors of the file -> domain values: between which areas, in which wall, moved by which device.

Everything a door needs and the file leaves out is found here. How doors behave is the domain's affair.
"""

from collections.abc import Iterable, Mapping

from controller.domain.building import Area, Door, DoorTimings, FailMode, OnLogFailure, Point
from controller.domain.ids import OUTSIDE, AreaId, DeviceId, DoorId, FloorId, PersonId, ScheduleId
from controller.space.errors import Path
from controller.space.file import STAFF, DoorEntry, Egress, TimingsEntry
from controller.space.geometry import distance
from controller.space.references import References
from controller.space.walls import IN_WALL, Side

ALWAYS = ScheduleId("always")


def unit_of(door: str, entry: DoorEntry) -> DeviceId:
    """The device that moves this door's lock: what the file says, else `door-` and the door's id."""
    return DeviceId(entry.unit or f"door-{door}")


def build_doors(
    refs: References, areas: Mapping[AreaId, Area], sides: Mapping[FloorId, list[Side]]
) -> dict[DoorId, Door]:
    """Every door whose areas are known; its readers are added when the devices are."""
    found: dict[DoorId, Door] = {}
    for name, entry in refs.file.doors.items():
        path: Path = ("doors", name)
        _check_egress(path, entry, refs)
        _check_timings(path, entry.timings, refs)
        if entry.unlock_schedule is not None:
            refs.found("schedules", entry.unlock_schedule, (*path, "unlock_schedule"), also=(ALWAYS,))
        _check_unlocking(path, entry, refs)
        if not _check_ends(path, entry, refs):
            continue
        outer, inner = AreaId(entry.outer), AreaId(entry.inner)
        if any(end not in areas for end in (outer, inner) if end != OUTSIDE):
            continue  # what is wrong with the area is told there
        floor = _floor(path, outer, inner, areas, refs)
        if floor is None:
            continue
        at = _place(path, entry, areas, sides.get(floor, []), refs)
        found[DoorId(name)] = Door(
            id=DoorId(name),
            name=entry.name or name,
            outer=outer,
            inner=inner,
            at=at,
            floor=floor,
            unit=unit_of(name, entry),
            readers=tuple(DeviceId(reader) for reader in entry.readers),
            timings=DoorTimings(**entry.timings.model_dump()),
            fail_mode=entry.fail_mode,
            on_log_failure=_on_log_failure(entry),
            enabled=entry.enabled,
            in_maintenance=entry.maintenance,
            has_contact=entry.contact,
            staff_only=entry.staff_only,
            fire_egress=entry.fire_egress,
            unlock_schedule=ScheduleId(entry.unlock_schedule) if entry.unlock_schedule else None,
            first_person_in=frozenset(PersonId(person) for person in entry.first_person_in if person != STAFF),
            any_staff_first=STAFF in entry.first_person_in,
            last_out=entry.last_out,
            pin=entry.pin,
            two_person=entry.two_person,
            interlock=entry.interlock,
            width=entry.width,
        )
    return found


def _on_log_failure(entry: DoorEntry) -> OnLogFailure:
    if entry.on_log_failure is not None:
        return entry.on_log_failure
    # Members are not locked out by a full disk; what only staff may open is not opened unrecorded.
    return OnLogFailure.DENY if entry.staff_only else OnLogFailure.ADMIT


def _check_ends(path: Path, entry: DoorEntry, refs: References) -> bool:
    if entry.outer == entry.inner == OUTSIDE:
        fix = "write to: the area one enters by this door"
        refs.problems.error((*path, "to"), entry.inner, "is on both sides", fix)
        return False
    if entry.inner == OUTSIDE:
        fix = f"leaving is free: write from: {OUTSIDE}, to: {entry.outer}, and people are let out by hand"
        refs.problems.error((*path, "to"), entry.inner, "would ask for a badge to leave", fix)
        return False
    if entry.outer == entry.inner:
        fix = "a door joins two areas; what lies on its other side?"
        refs.problems.error((*path, "to"), entry.inner, "is on both sides", fix)
        return False
    # Both, so that both are told.
    ends = [
        refs.found("areas", entry.outer, (*path, "from"), also=(OUTSIDE,)),
        refs.found("areas", entry.inner, (*path, "to")),
    ]
    return all(ends)


def _check_egress(path: Path, entry: DoorEntry, refs: References) -> None:
    if entry.egress is Egress.BUTTON and entry.fail_mode is FailMode.SECURE:
        fix = "write fail_mode: safe, or give it a handle or a bar: people must get out without power or software"
        refs.problems.error((*path, "egress"), "button", "lets nobody out of a fail-secure door without power", fix)


def _check_unlocking(path: Path, entry: DoorEntry, refs: References) -> None:
    """Waiting for somebody, and ending with somebody, are about an unlock window."""
    if entry.unlock_schedule is not None:
        return
    fix = "write unlock_schedule: the hours that need no badge, or delete this key"
    if entry.first_person_in:
        refs.problems.error((*path, "first_person_in"), None, "has no unlock window to delay", fix)
    if entry.last_out:
        refs.problems.error((*path, "last_out"), None, "has no unlock window to end", fix)


def _check_timings(path: Path, timings: TimingsEntry, refs: References) -> None:
    if timings.held_alarm < timings.held_warning:
        fix = f"write held_alarm: {timings.held_warning:g} or more, or a shorter held_warning"
        why = f"comes before the warning at {timings.held_warning:g} s"
        refs.problems.error((*path, "timings", "held_alarm"), timings.held_alarm, why, fix)


def _floor(path: Path, outer: AreaId, inner: AreaId, areas: Mapping[AreaId, Area], refs: References) -> FloorId | None:
    floors = [areas[end].floor for end in (outer, inner) if end in areas]
    known = list(dict.fromkeys(floor for floor in floors if floor is not None))
    if len(known) > 1:
        fix = "a door joins areas of one floor; a staircase is one area on each floor, each `within` the one below"
        refs.problems.error(path, None, f"would join two floors, {known[0]} and {known[1]}", fix)
    return known[0] if len(known) == 1 else None


def _place(
    path: Path, entry: DoorEntry, areas: Mapping[AreaId, Area], sides: Iterable[Side], refs: References
) -> Point:
    """Where it is: as the file says, else in the middle of the longest wall between its areas."""
    ends = frozenset(AreaId(end) for end in (entry.outer, entry.inner) if end != OUTSIDE)
    shared = [side for side in sides if side.areas == ends]
    between = f"{entry.outer} and {entry.inner}"
    if not shared:
        if not all(areas[end].outline for end in ends):
            pass  # what is wrong with the outline is told there
        elif entry.at is None:
            fix = "move their outlines together, or write at: [x, y]"
            refs.problems.error((*path, "at"), None, f"is missing, and {between} share no wall", fix)
        else:
            refs.problems.warning(
                (*path, "at"), list(entry.at), f"is in no wall: {between} share none", "check `from`, `to` and outlines"
            )
        return entry.at or (0.0, 0.0)
    if entry.at is None:
        # Of walls of one length, the one nearest the reader of the plan: there the street is drawn.
        side = max(shared, key=lambda one: (round(one.length, 2), one.a[1] + one.b[1]))
        return (round((side.a[0] + side.b[0]) / 2, 3), round((side.a[1] + side.b[1]) / 2, 3))
    at = entry.at
    side = min(shared, key=lambda one: distance(one.nearest(at), at))
    near = side.nearest(at)
    if (off := distance(near, at)) > IN_WALL:
        fix = f"write at: [{near[0]:g}, {near[1]:g}], the nearest point of it"
        refs.problems.warning((*path, "at"), list(at), f"is {off:.1f} m from the wall between {between}", fix)
    return at
