"""Areas and floors of the file -> domain values: outlines, what lies within what, furniture set out.

Which of them can be reached and whether they overlap is for `rules`.
"""

from collections.abc import Iterator, Mapping
from math import ceil, cos, pi, sin

from controller.domain.building import Area, Drawing, Floor, Point, Room, RoomKind
from controller.domain.ids import OUTSIDE, AreaId, FloorId, ScheduleId, ZoneId
from controller.space.doors import ALWAYS
from controller.space.errors import Path
from controller.space.file import AreaEntry, DrawingEntry, DrawingKind, FloorEntry, RoomEntry
from controller.space.geometry import Outline
from controller.space.references import References

# Above what people find loud for the purpose: a library whispers, a kitchen does not.
_NOISE_LIMITS_DB = {
    RoomKind.FOCUS: 50.0,
    RoomKind.BOOTH: 45.0,
    RoomKind.OFFICE: 60.0,
    RoomKind.MEETING: 65.0,
    RoomKind.OPEN_SPACE: 65.0,
    RoomKind.CLASSROOM: 75.0,
    RoomKind.KITCHEN: 75.0,
    RoomKind.OTHER: 70.0,
}
_BOOKED_BY_NATURE = frozenset({RoomKind.MEETING, RoomKind.CLASSROOM, RoomKind.BOOTH})
# Not `buffer_minutes`: it may stand in a room that is booked again next week.
_BOOKING_KEYS = ("needs_approval", "longest", "hours")

_CHAIR = 0.45  # metres; and as far as it stands from its table's edge
_CHAIR_GAP = 0.12


def build_areas(refs: References) -> dict[AreaId, Area]:
    """Every area whose floor is known."""
    floors = _floors_of(refs)
    found: dict[AreaId, Area] = {}
    for name, entry in refs.file.areas.items():
        floor, within = floors.get(name), _within(name, entry, refs)
        if name == OUTSIDE:
            refs.problems.error(("areas", name), None, "is there already", "delete it: every space has an outside")
            continue
        if entry.opening is not None and entry.within is None:
            fix = "write within: the area one walks in from, or make it a door"
            refs.problems.error(("areas", name, "opening"), None, "leads nowhere", fix)
        if floor is None:
            continue
        outline = entry.outline or _whole_floor(name, floor, floors, refs)
        found[AreaId(name)] = Area(
            id=AreaId(name),
            name=entry.name or name,
            floor=floor,
            outline=outline,
            within=within,
            room=_room(name, entry.room, refs),
            zones=_zones(name, refs),
            label=entry.label,
            opening=entry.opening,
            counted=entry.counted,
        )
    return found


def build_floor(name: str, entry: FloorEntry) -> Floor:
    """The floor with everything on it set out."""
    drawings = tuple(drawing for written in entry.drawings for drawing in _set_out(written))
    return Floor(FloorId(name), entry.name or name, width=entry.size[0], depth=entry.size[1], drawings=drawings)


def _floors_of(refs: References) -> dict[str, FloorId]:
    """Each area's floor: its own word, else that of the area it lies in, else the only one there is."""
    file, found = refs.file, dict[str, FloorId]()
    for name, entry in file.areas.items():
        at: AreaEntry | None = entry
        seen = {name}
        while at is not None and at.floor is None and at.within is not None and at.within not in seen:
            seen.add(at.within)
            at = file.areas.get(at.within)
        floor = at.floor if at is not None else None
        if floor is None and len(file.floors) == 1:
            floor = next(iter(file.floors))
        if floor is None:
            if file.floors and ("areas", entry.within) not in refs.left_out:
                fix = f"write floor: {' or '.join(file.floors)}"
                refs.problems.error(("areas", name, "floor"), None, "is missing", fix)
        elif at is not entry or refs.found("floors", floor, ("areas", name, "floor")):
            found[name] = FloorId(floor)
    return found


def _within(name: str, entry: AreaEntry, refs: References) -> AreaId | None:
    path = ("areas", name, "within")
    if entry.within is None or not refs.found("areas", entry.within, path):
        return None
    seen, at = [name], entry.within
    while at not in seen:
        seen.append(at)
        around = refs.file.areas.get(at)
        if around is None or around.within is None:
            return AreaId(entry.within)
        at = around.within
    order = list(refs.file.areas)
    if at == name and name == min(seen, key=order.index):  # told once, for the first of the circle
        fix = "one of them must have a door, or lie within something else"
        refs.problems.error(path, entry.within, f"goes round in a circle ({' > '.join([*seen, at])})", fix)
    return None


def _zones(name: str, refs: References) -> frozenset[ZoneId]:
    """Its own, and those of what it lies within: who is in the kitchen corner is in the open space."""
    found, seen, at = set[ZoneId](), set[str](), refs.file.areas.get(name)
    while at is not None:
        found |= {ZoneId(zone) for zone in at.zones}
        if at.within is None or at.within in seen:
            break
        seen.add(at.within)
        at = refs.file.areas.get(at.within)
    return frozenset(found)


def _whole_floor(name: str, floor: FloorId, floors: Mapping[str, FloorId], refs: References) -> Outline:
    entry = refs.file.floors.get(floor)
    if entry is None:
        return ()
    others = [other for other, its in floors.items() if its == floor and other != name]
    if others:
        fix = f"add 'outline: [x, y, width, depth]'; only an area alone on its floor fills it ({others[0]} is here too)"
        refs.problems.error(("areas", name, "outline"), None, "is missing", fix)
        return ()
    width, depth = entry.size
    return ((0.0, 0.0), (width, 0.0), (width, depth), (0.0, depth))


def _room(name: str, entry: RoomEntry | None, refs: References) -> Room | None:
    if entry is None:
        return None
    path: Path = ("areas", name, "room")
    bookable = entry.kind in _BOOKED_BY_NATURE if entry.bookable is None else entry.bookable
    if entry.hours is not None:
        refs.found("schedules", entry.hours, (*path, "hours"), also=(ALWAYS,))
    for key in _BOOKING_KEYS:
        if (*path, key) in refs.problems and not bookable:
            fix = "write bookable: true, or delete it"
            refs.problems.warning((*path, key), None, "says nothing: this room is not booked", fix)
    for place, booth in enumerate(entry.quiet_for):
        _check_booth(name, booth, (*path, "quiet_for", place), refs)
    return Room(
        kind=entry.kind,
        seats=entry.seats,
        bookable=bookable,
        buffer_minutes=entry.buffer_minutes,
        needs_approval=entry.needs_approval,
        longest_minutes=entry.longest,
        hours=ScheduleId(entry.hours) if entry.hours is not None else None,
        quiet_for=frozenset(AreaId(booth) for booth in entry.quiet_for),
        co2_limit_ppm=entry.co2_limit_ppm,
        noise_limit_db=_NOISE_LIMITS_DB[entry.kind] if entry.noise_limit_db is None else entry.noise_limit_db,
        comfort_c=entry.comfort_c,
    )


def _check_booth(name: str, booth: str, path: Path, refs: References) -> None:
    """What a room is to be quiet for: a booth, and another one than itself."""
    if not refs.found("areas", booth, path):
        return
    if booth == name:
        refs.problems.error(path, booth, "is this room itself", "name the booths next to it")
        return
    area = refs.file.areas.get(booth)
    is_booth = area is not None and area.room is not None and area.room.kind is RoomKind.BOOTH
    if not is_booth:
        booths = [
            id for id, each in refs.file.areas.items() if each.room is not None and each.room.kind is RoomKind.BOOTH
        ]
        fix = f"name a booth: {', '.join(booths)}" if booths else "write kind: booth for a room that goes on air"
        refs.problems.error(path, booth, "is no booth", fix)


def _set_out(entry: DrawingEntry) -> Iterator[Drawing]:
    """The thing as often as it is repeated, with its chairs."""
    xs, ys = [p[0] for p in entry.outline], [p[1] for p in entry.outline]
    step = entry.step or (max(xs) - min(xs), max(ys) - min(ys))
    columns, rows = entry.repeat
    for row in range(rows):
        for column in range(columns):
            dx, dy = column * step[0], row * step[1]
            outline = tuple((round(x + dx, 3), round(y + dy, 3)) for x, y in entry.outline)
            for chair in _chairs(entry, outline):
                yield Drawing(DrawingKind.CHAIR.value, chair)
            yield Drawing(entry.kind.value, outline, entry.label)


def _chairs(entry: DrawingEntry, outline: Outline) -> Iterator[Outline]:
    x0, x1 = min(p[0] for p in outline), max(p[0] for p in outline)
    y0, y1 = min(p[1] for p in outline), max(p[1] for p in outline)
    away = _CHAIR_GAP + _CHAIR / 2
    if entry.kind is DrawingKind.ROUND_TABLE:
        radius = (x1 - x0) / 2 + away
        for seat in range(entry.seats):
            angle = 2 * pi * (seat + 0.5) / entry.seats
            yield _square(((x0 + x1) / 2 + radius * cos(angle), (y0 + y1) / 2 + radius * sin(angle)))
        return
    is_wide = x1 - x0 >= y1 - y0
    # Both long sides; of an odd number, one more on the side towards the reader of the plan.
    for count, is_far in ((ceil(entry.seats / 2), True), (entry.seats // 2, False)):
        for seat in range(count):
            part = (seat + 0.5) / count
            if is_wide:
                yield _square((x0 + (x1 - x0) * part, y1 + away if is_far else y0 - away))
            else:
                yield _square((x1 + away if is_far else x0 - away, y0 + (y1 - y0) * part))


def _square(centre: Point) -> Outline:
    x, y = round(centre[0] - _CHAIR / 2, 3), round(centre[1] - _CHAIR / 2, 3)
    return ((x, y), (x + _CHAIR, y), (x + _CHAIR, y + _CHAIR), (x, y + _CHAIR))
