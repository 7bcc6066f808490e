"""The floors as the page draws them, from the space file: walls, furniture, doors in their walls, chairs to sit on.

As tolerant as `simulator.building`: what cannot be drawn is left out, and a space without a drawing has none. Who
sits on which chair is in `places`.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import yaml

from simulator.building import Building
from simulator.building import Door as BuildingDoor
from simulator.page.geometry import Outline, Point, Side, bounds, clearance, contains, middle, sides

# libyaml where it is there: ten times as fast.
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_OPENING_M = 1.2
_CHAIR_AWAY_M = 0.35  # from the edge of its table to where somebody sits
_BEFORE_DOOR_M = 0.75
_ROUND = frozenset({"round_table", "plant", "basin"})
_CHAIR_M = 0.45
_SOFA_SEAT_M = 0.8
# How far a name reaches left and right, up and down; below that of a room stands how many people, in what air.
_NAME_M, _NAME_AND_WORDS_M = (0.7, 0.45, 0.15), (1.8, 0.5, 0.75)
_READER_M = (0.3, 0.4)  # half of one, and a hand's breadth
_STEP_ASIDE_M, _STEPS_ASIDE = 0.2, 12
_MOST_OF_ONE = 100  # chairs about a table, columns or rows of a thing
_BESIDE_DOOR_M = 0.34  # where its reader hangs: off the wall, and off the frame


@dataclass(frozen=True, slots=True)
class Piece:
    kind: str
    outline: Outline
    is_round: bool
    label: str = ""


@dataclass(frozen=True, slots=True)
class Drawn:
    """An area with its outline."""

    id: str
    name: str
    kind: str | None
    outline: Outline
    label: Point


@dataclass(frozen=True, slots=True)
class Mark:
    """A door in its wall: `angle` turns its own x along the wall and its own y inward.

    `before` and `behind` are where people stand, `reader` is where the badge is held.
    """

    id: str
    at: Point
    angle: float
    width: float
    before: Point
    behind: Point
    reader: Point


@dataclass(frozen=True, slots=True)
class Floor:
    id: str
    name: str
    width: float
    depth: float
    areas: tuple[Drawn, ...] = ()
    walls: tuple[Side, ...] = ()
    openings: tuple[Side, ...] = ()
    pieces: tuple[Piece, ...] = ()
    marks: tuple[Mark, ...] = ()
    chairs: Mapping[str, tuple[Point, ...]] = field(default_factory=dict)  # by area


def draw(building: Building) -> tuple[Floor, ...]:
    """Every floor that has a size, in the file's order."""
    content = yaml.load(building.source.read_text(encoding="utf-8"), _Loader)  # noqa: S506 — the safe one, see above
    written = content.get("floors") or {}
    return tuple(
        _Drawer(building, content, str(floor_id), entry).floor()
        for floor_id, entry in written.items()
        if isinstance(entry, dict) and _numbers(entry.get("size"), 2) is not None
    )


class _Drawer:
    """One floor."""

    def __init__(self, building: Building, content: dict[str, Any], floor_id: str, entry: dict[str, Any]) -> None:
        self._building = building
        self._id = floor_id
        self._entry = entry
        self._size = _numbers(entry["size"], 2) or (1.0, 1.0)
        self._areas_written: dict[str, dict[str, Any]] = {
            str(key): value or {} for key, value in (content.get("areas") or {}).items()
        }
        self._doors_written: dict[str, dict[str, Any]] = content.get("doors") or {}
        here = [area for area in building.areas.values() if area.floor == floor_id]
        self._outlines: dict[str, Outline] = {}
        for area in here:
            outline = outline_of(self._areas_written[area.id].get("outline"))
            if not outline and len(here) == 1:
                width, depth = self._size
                outline = ((0.0, 0.0), (width, 0.0), (width, depth), (0.0, depth))
            if len(outline) > 2:
                self._outlines[area.id] = outline

    def floor(self) -> Floor:
        pieces, chairs = self._furniture()
        marks = tuple(mark for door in self._building.doors.values() if (mark := self._mark(door)) is not None)
        openings = [side for area in self._outlines for side in self._open_to_parent(area)]
        gaps = [*openings, *(_gap(mark) for mark in marks)]
        return Floor(
            id=self._id,
            name=str(self._entry.get("name", self._id)),
            width=self._size[0],
            depth=self._size[1],
            # The larger first, so that an area drawn inside another can be pointed at.
            areas=tuple(
                sorted((self._drawn(area, marks) for area in self._outlines), key=lambda area: -_extent(area.outline))
            ),
            walls=tuple(
                left for outline in self._outlines.values() for side in sides(outline) for left in side.without(gaps)
            ),
            openings=tuple(openings),
            pieces=tuple(pieces),
            marks=marks,
            chairs=self._by_area(chairs),
        )

    def _drawn(self, area_id: str, marks: Sequence[Mark]) -> Drawn:
        area = self._building.areas[area_id]
        label = _numbers(self._areas_written[area_id].get("label"), 2)
        outline = self._outlines[area_id]
        wanted = (label[0], label[1]) if label else middle(outline)
        size = _NAME_M if area.kind is None else _NAME_AND_WORDS_M
        return Drawn(area_id, area.name, area.kind, outline, _beside_readers(wanted, size, outline, marks))

    def _open_to_parent(self, area_id: str) -> Sequence[Side]:
        """Where one walks in without a door: at its opening, or along the whole side they share."""
        parent = self._outlines.get(self._building.areas[area_id].within or "")
        if parent is None:
            return ()
        shared = [
            stretch
            for own in sides(self._outlines[area_id])
            for theirs in sides(parent)
            if (stretch := own.shared_with(theirs)) is not None
        ]
        at = _numbers(self._areas_written[area_id].get("opening"), 2)
        if at is None or not shared:
            return shared
        point = (at[0], at[1])
        return (min(shared, key=lambda side: math.dist(point, side.nearest(point))).around(point, _OPENING_M),)

    def _mark(self, door: BuildingDoor) -> Mark | None:
        inner, outer = (self._outlines.get(area, ()) for area in (door.inner, door.outer))
        if not inner and (not outer or door.inner in self._building.areas):
            return None
        written = self._doors_written.get(door.id) or {}
        at = _numbers(written.get("at"), 2)
        walls = [*sides(inner), *sides(outer)]
        point = (at[0], at[1]) if at is not None else _between(inner, outer)
        wall = min(walls, key=lambda side: math.dist(point, side.nearest(point)))
        (x, y), (ux, uy) = wall.nearest(point), wall.along
        (nx, ny) = next(
            (n for n in ((-uy, ux), (uy, -ux)) if contains(inner or outer, (x + n[0] * 0.2, y + n[1] * 0.2))),
            (-uy, ux),
        )
        if not inner:
            nx, ny = -nx, -ny
        width = written.get("width", 1.0)
        width = float(width) if isinstance(width, int | float) else 1.0
        reach, aside = _BEFORE_DOOR_M, width / 2 + _BESIDE_DOOR_M
        # Two walls to hang a reader on; the one with more room around it.
        beside = [
            (x - nx * _BESIDE_DOOR_M + way * ux * aside, y - ny * _BESIDE_DOOR_M + way * uy * aside) for way in (1, -1)
        ]
        return Mark(
            id=door.id,
            at=(x, y),
            # A turn without mirroring: its own x is the wall, its own y points inward.
            angle=math.degrees(math.atan2(-nx, ny)),
            width=width,
            before=(x - nx * reach, y - ny * reach),
            behind=(x + nx * reach, y + ny * reach),
            reader=max(beside, key=lambda place: round(clearance(outer or inner, place), 1)),
        )

    def _furniture(self) -> tuple[list[Piece], list[Point]]:
        pieces: list[Piece] = []
        chairs: list[Point] = []
        drawings = self._entry.get("drawings")
        for entry in drawings if isinstance(drawings, list) else ():
            if not isinstance(entry, dict):
                continue
            kind, seats = str(entry.get("kind", "")), _count(entry.get("seats"), 0)
            for outline in _set_out(entry):
                pieces.append(Piece(kind, outline, kind in _ROUND, str(entry.get("label", ""))))
                left, top, right, bottom = bounds(outline)
                if kind == "chair":
                    chairs.append(((left + right) / 2, (top + bottom) / 2))
                elif kind == "sofa":
                    chairs.extend(_along(left, top, right, bottom))
                around = list(_around(left, top, right, bottom, seats, is_round=kind in _ROUND))
                chairs.extend(around)
                pieces.extend(Piece("chair", _square(chair), False) for chair in around)
        return pieces, chairs

    def _by_area(self, chairs: Sequence[Point]) -> Mapping[str, tuple[Point, ...]]:
        """Each chair in the smallest area around it; one in a wall is nobody's."""
        found: dict[str, list[Point]] = {}
        by_size = sorted(self._outlines.items(), key=lambda item: _extent(item[1]))
        for chair in chairs:
            for area, outline in by_size:
                if contains(outline, chair):
                    if clearance(outline, chair) > 0.15:
                        found.setdefault(area, []).append(chair)
                    break
        return {area: tuple(points) for area, points in found.items()}


def outline_of(written: Any) -> Outline:
    """`[x, y, width, depth]` or corners; nothing where it is neither, for the building's reader has complained already."""
    rectangle = _numbers(written, 4)
    if rectangle is not None:
        x, y, width, depth = rectangle
        return ((x, y), (x + width, y), (x + width, y + depth), (x, y + depth))
    if isinstance(written, list) and all(_numbers(corner, 2) is not None for corner in written):
        return tuple((float(x), float(y)) for x, y in written)
    return ()


def _set_out(entry: dict[str, Any]) -> Iterator[Outline]:
    """The thing as often as it is repeated, columns and rows."""
    outline = outline_of(entry.get("outline"))
    if len(outline) < 2:
        return
    left, top, right, bottom = bounds(outline)
    columns, rows = (_count(many, 1) for many in _numbers(entry.get("repeat"), 2) or (1, 1))
    step = _numbers(entry.get("step"), 2) or (right - left, bottom - top)
    for row in range(rows):
        for column in range(columns):
            yield tuple((x + column * step[0], y + row * step[1]) for x, y in outline)


def _around(left: float, top: float, right: float, bottom: float, seats: int, *, is_round: bool) -> Iterator[Point]:
    """Chairs about a table: in a ring, or along both long sides with the odd one below."""
    if is_round:
        radius = (right - left) / 2 + _CHAIR_AWAY_M
        for seat in range(seats):
            turn = 2 * math.pi * (seat + 0.5) / seats
            yield (left + right) / 2 + radius * math.cos(turn), (top + bottom) / 2 + radius * math.sin(turn)
        return
    for count, is_far in ((math.ceil(seats / 2), True), (seats // 2, False)):
        for seat in range(count):
            part = (seat + 0.5) / count
            if right - left >= bottom - top:
                yield left + (right - left) * part, bottom + _CHAIR_AWAY_M if is_far else top - _CHAIR_AWAY_M
            else:
                yield right + _CHAIR_AWAY_M if is_far else left - _CHAIR_AWAY_M, top + (bottom - top) * part


def _along(left: float, top: float, right: float, bottom: float) -> Iterator[Point]:
    """Seats of a sofa, side by side."""
    is_wide = right - left >= bottom - top
    count = max(1, int(max(right - left, bottom - top) / _SOFA_SEAT_M))
    for seat in range(count):
        part = (seat + 0.5) / count
        across, down = (part, 0.5) if is_wide else (0.5, part)
        yield left + (right - left) * across, top + (bottom - top) * down


def _square(centre: Point) -> Outline:
    left, top = centre[0] - _CHAIR_M / 2, centre[1] - _CHAIR_M / 2
    return ((left, top), (left + _CHAIR_M, top), (left + _CHAIR_M, top + _CHAIR_M), (left, top + _CHAIR_M))


def _between(inner: Outline, outer: Outline) -> Point:
    """The middle of the longest wall both share; of the inner one's lowest where there is none."""
    shared = [s for one in sides(inner) for other in sides(outer) if (s := one.shared_with(other)) is not None]
    candidates = shared or sides(inner or outer)
    longest = max(candidates, key=lambda side: (round(side.length, 2), side.a[1] + side.b[1]))
    return (longest.a[0] + longest.b[0]) / 2, (longest.a[1] + longest.b[1]) / 2


def _beside_readers(wanted: Point, size: tuple[float, float, float], outline: Outline, marks: Sequence[Mark]) -> Point:
    """Where the words of an area lie behind no reader: as near as can be to where they were wanted."""
    half, above, below = size

    def is_free(at: Point) -> bool:
        return not any(
            abs(mark.reader[0] - at[0]) < half + _READER_M[0]
            and -above - _READER_M[1] < mark.reader[1] - at[1] < below + _READER_M[1]
            for mark in marks
        )

    def is_inside(at: Point) -> bool:
        return all(contains(outline, (at[0] + side, at[1])) for side in (-half, half))

    if is_free(wanted):
        return wanted
    steps = range(-_STEPS_ASIDE, _STEPS_ASIDE + 1)
    near = [(wanted[0] + column * _STEP_ASIDE_M, wanted[1] + row * _STEP_ASIDE_M) for row in steps for column in steps]
    near.sort(key=lambda at: round(math.dist(at, wanted), 3))
    # A small room has no better place: its words stay in the middle.
    return next((at for at in near if is_free(at) and is_inside(at)), wanted)


def _gap(mark: Mark) -> Side:
    turn = math.radians(mark.angle)
    dx, dy = math.cos(turn) * mark.width / 2, math.sin(turn) * mark.width / 2
    return Side((mark.at[0] - dx, mark.at[1] - dy), (mark.at[0] + dx, mark.at[1] + dy))


def _extent(outline: Outline) -> float:
    left, top, right, bottom = bounds(outline)
    return (right - left) * (bottom - top)


def _numbers(written: Any, count: int) -> tuple[float, ...] | None:
    if not isinstance(written, list) or len(written) != count:
        return None
    if not all(isinstance(number, int | float) and math.isfinite(number) for number in written):
        return None
    return tuple(float(number) for number in written)


def _count(written: Any, otherwise: int) -> int:
    """Nonsense in a drawing is left out, as its whole entry would be: nothing but the picture follows from it."""
    return int(written) if isinstance(written, int | float) and 0 <= written <= _MOST_OF_ONE else otherwise
