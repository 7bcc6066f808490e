"""From the building to what a floor plan draws: shapes, labels and door marks in drawing units.

Pure: a Space in, plain values out, no markup; the template `plan.html` gives them form and the
page's script gives them life. The same space always gives the same drawing.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from controller.domain.building import Area, Door, Drawing, Floor, RoomKind, Space
from controller.web.geometry import Box, Point, Polygon, Side, box, contains, roomiest_point, sides, width_at

DRAWING_WIDTH = 960.0
"""Units across the widest floor: about the pixels it gets on a desk, so that text sizes mean what they say."""

MARGIN_M = 1.8
NAME_SIZE = 13.0
CHAR_WIDTH = 6.1  # of the live line, set at 11 units
OPENING_M = 1.2
MARK_BELOW_M = 0.62
MARK_BESIDE_M = 0.85  # its word stands below it and needs to clear the wall
ROUND = frozenset({"round_table", "plant", "basin"})


@dataclass(frozen=True, slots=True)
class RoomShape:
    """An area. `chars` is how long the live line below the name may be; `lines` how many of them fit."""

    id: str
    name: str
    kind: str  # a RoomKind, or "area" for what is neither booked nor sensed
    path: str
    x: float
    y: float
    written: str  # the name as it fits
    chars: int
    lines: int
    sign: Point | None = None  # where a booth's light is drawn


@dataclass(frozen=True, slots=True)
class DoorMark:
    """A door in its wall: `angle` turns its own x along the wall and its own y into the inner area."""

    id: str
    name: str
    leads: str
    x: float
    y: float
    angle: float
    width: float
    mark: Point
    word: Point
    anchor: str  # of the word: start (beside the mark) or middle (below it)


@dataclass(frozen=True, slots=True)
class Piece:
    """A drawing: furniture, stairs, a void. `inner` are the lines that tell what it is."""

    kind: str
    path: str
    round: Box | None
    inner: str
    label: str
    centre: Point


@dataclass(frozen=True, slots=True)
class FloorPlan:
    id: str
    name: str
    width: float
    height: float
    shapes: tuple[RoomShape, ...]
    walls: str
    openings: str
    pieces: tuple[Piece, ...]
    doors: tuple[DoorMark, ...]


def draw(space: Space) -> tuple[FloorPlan, ...]:
    """Every floor of the space, in its order, all at one scale."""
    if not space.floors:
        return ()
    scale = DRAWING_WIDTH / (max(floor.width for floor in space.floors.values()) + 2 * MARGIN_M)
    return tuple(_Drawer(space, floor, scale).plan() for floor in space.floors.values())


class _Drawer:
    """One floor at one scale."""

    def __init__(self, space: Space, floor: Floor, scale: float) -> None:
        self.space = space
        self.floor = floor
        self.scale = scale
        self.areas = [area for area in space.areas.values() if area.floor == floor.id and len(area.outline) > 2]
        self.doors = [door for door in space.doors.values() if door.floor == floor.id]

    def plan(self) -> FloorPlan:
        return FloorPlan(
            id=self.floor.id,
            name=self.floor.name,
            width=round((self.floor.width + 2 * MARGIN_M) * self.scale, 1),
            height=round((self.floor.depth + 2 * MARGIN_M) * self.scale, 1),
            # The larger first, so that an area drawn inside another stays on top of it and can be pointed at.
            shapes=tuple(self._shape(area) for area in sorted(self.areas, key=_size, reverse=True)),
            walls="".join(map(self._line, self._walls())),
            openings="".join(self._line(side) for area in self.areas for side in self._openings(area)),
            pieces=tuple(self._piece(drawing) for drawing in self.floor.drawings if len(drawing.outline) > 1),
            doors=tuple(self._door(door) for door in self.doors),
        )

    def _shape(self, area: Area) -> RoomShape:
        taken = self._taken(area)
        at = area.label or roomiest_point(area.outline, taken)
        free = width_at(area.outline, at) * self.scale - 8
        x, y = self._units(at)
        return RoomShape(
            id=area.id,
            name=area.name,
            kind=area.room.kind if area.room is not None else "area",
            path=self._closed(area.outline),
            x=x,
            y=y,
            written=_fitted(area.name, free / (NAME_SIZE * 0.56)),
            chars=max(int(free / CHAR_WIDTH), 4),
            lines=self._lines_that_fit(area, at, taken),
            sign=self._sign(area) if area.room is not None and area.room.kind is RoomKind.BOOTH else None,
        )

    def _taken(self, area: Area) -> list[Box]:
        """What a label should not cover: furniture, doors, and areas drawn inside this one."""
        pieces = [box(piece.outline) for piece in self.floor.drawings if len(piece.outline) > 1]
        doors = [Box(door.at[0] - 0.9, door.at[1] - 0.9, 1.8, 1.8) for door in self.doors]
        inside = [box(other.outline) for other in self.areas if other.within == area.id]
        return [*pieces, *doors, *inside]

    def _lines_that_fit(self, area: Area, at: Point, taken: Sequence[Box]) -> int:
        """Two live lines below the name where nothing is in their way, else one."""
        above, below = 17 / self.scale, 28 / self.scale  # from the name's top to the second line's foot
        width, height = 14 * CHAR_WIDTH / self.scale, above + below
        block = Box(at[0] - width / 2, at[1] - above, width, height)
        corners = ((block.x, block.y), (block.x, block.y + height), (block.x + width, block.y + height))
        fits = all(contains(area.outline, corner) for corner in corners)
        return 2 if fits and not any(block.overlaps(piece) for piece in taken) else 1

    def _sign(self, area: Area) -> Point:
        around = box(area.outline)
        return self._units((around.x + around.width / 2, around.y + min(0.85, around.height / 4)))

    def _walls(self) -> Iterator[Side]:
        """Every side of every area, less where one walks through."""
        gaps = [side for area in self.areas for side in self._openings(area)]
        for door in self.doors:
            at, (nx, ny) = self._place(door)
            half = door.width / 2
            gaps.append(Side((at[0] - ny * half, at[1] + nx * half), (at[0] + ny * half, at[1] - nx * half)))
        for area in self.areas:
            for side in sides(area.outline):
                yield from side.without(gaps)

    def _openings(self, area: Area) -> Sequence[Side]:
        """Where one walks from the parent into this area: at its opening, or along the whole side they share."""
        parent = self.space.areas.get(area.within) if area.within is not None else None
        if parent is None or parent.floor != area.floor or len(parent.outline) < 3:
            return []
        shared = [
            stretch
            for own in sides(area.outline)
            for theirs in sides(parent.outline)
            if (stretch := own.shared_with(theirs)) is not None
        ]
        if area.opening is None or not shared:
            return shared
        at = area.opening
        wall = min(shared, key=lambda side: math.dist(at, side.nearest(at)))
        return [wall.around(at, OPENING_M)]

    def _door(self, door: Door) -> DoorMark:
        at, normal = self._place(door)
        # The door's own x axis is its wall, its own y points inward: a turn without mirroring.
        angle = math.degrees(math.atan2(-normal[0], normal[1]))
        mark = self._clearer_side(at, normal)
        x, y = self._units(at)
        mark_x, mark_y = self._units(mark)
        upright = abs(normal[0]) > abs(normal[1])
        outer, inner = (self.space.areas.get(side) for side in (door.outer, door.inner))
        return DoorMark(
            id=door.id,
            name=door.name,
            leads=f"{outer.name if outer else door.outer} → {inner.name if inner else door.inner}",
            x=x,
            y=y,
            angle=round(angle, 1),
            width=round(door.width * self.scale, 1),
            mark=(mark_x, mark_y),
            # Beside the mark along a wall that runs across, below it along one that runs down: off the wall, both.
            word=(mark_x, round(mark_y + 19, 1)) if upright else (round(mark_x + 12, 1), round(mark_y + 3.6, 1)),
            anchor="middle" if upright else "start",
        )

    def _place(self, door: Door) -> tuple[Point, Point]:
        """Where on its wall a door sits, and which way is in."""
        inner, outer = (self._outline(side) for side in (door.inner, door.outer))
        walls = [*sides(inner), *sides(outer)]
        if not walls:
            return door.at, (0.0, -1.0)
        wall = min(walls, key=lambda side: math.dist(door.at, side.nearest(door.at)))
        at, (ux, uy) = wall.nearest(door.at), wall.along
        for normal in ((-uy, ux), (uy, -ux)):
            step = (at[0] + normal[0] * 0.2, at[1] + normal[1] * 0.2)
            if inner and contains(inner, step):
                return at, normal
            if not inner and outer and not contains(outer, step):
                return at, normal
        return at, (-uy, ux)

    def _clearer_side(self, at: Point, normal: Point) -> Point:
        """Before the door, where one shows a badge; behind it when a label is in the way there and not here."""
        distance = MARK_BESIDE_M if abs(normal[0]) > abs(normal[1]) else MARK_BELOW_M
        before, behind = (
            (at[0] + normal[0] * step * distance, at[1] + normal[1] * step * distance) for step in (-1, 1)
        )
        reach = (-0.7, 1.4) if distance == MARK_BESIDE_M else (-0.5, 2.1)
        covers = [self._covers_a_label(Box(x + reach[0], y - 0.4, reach[1], 1.2)) for x, y in (before, behind)]
        return behind if covers == [True, False] else before

    def _covers_a_label(self, reach: Box) -> bool:
        for area in self.areas:
            if area.label is not None:
                half = max(len(area.name) * 0.12, 2.0 if area.room is not None else 0.0)
                if reach.overlaps(Box(area.label[0] - half, area.label[1] - 0.5, 2 * half, 1.1)):
                    return True
        return False

    def _outline(self, area_id: str) -> Polygon:
        return next((area.outline for area in self.areas if area.id == area_id), ())

    def _piece(self, drawing: Drawing) -> Piece:
        around = box(drawing.outline)
        x, y = self._units((around.x, around.y))
        scaled = Box(x, y, round(around.width * self.scale, 1), round(around.height * self.scale, 1))
        return Piece(
            kind=drawing.kind,
            path=self._closed(drawing.outline),
            round=scaled if drawing.kind in ROUND else None,
            inner=_inner_lines(drawing.kind, scaled),
            label=drawing.label,
            centre=self._units(around.centre),
        )

    def _units(self, point: Point) -> Point:
        return round((point[0] + MARGIN_M) * self.scale, 1), round((point[1] + MARGIN_M) * self.scale, 1)

    def _closed(self, outline: Polygon) -> str:
        return "M" + "L".join("{:g},{:g}".format(*self._units(point)) for point in outline) + "Z"

    def _line(self, side: Side) -> str:
        return "M{:g},{:g}L{:g},{:g}".format(*self._units(side.a), *self._units(side.b))


def _size(area: Area) -> float:
    around = box(area.outline)
    return around.width * around.height


def _fitted(name: str, chars: float) -> str:
    """The name as far as there is room for it; the whole is in the accessible name and the card."""
    return name if len(name) <= chars or chars < 3 else name[: int(chars) - 1].rstrip() + "…"


def _inner_lines(kind: str, at: Box) -> str:
    """The few strokes that make a rectangle stairs, a lift, a void or a ping-pong table."""
    x, y, right, bottom = at.x, at.y, at.x + at.width, at.y + at.height
    wide = at.width >= at.height
    if kind == "stairs":
        count = max(int(max(at.width, at.height) / 8), 3)
        steps = [n / count for n in range(1, count)]
        if wide:
            return "".join(f"M{x + at.width * step:.1f},{y:g}V{bottom:g}" for step in steps)
        return "".join(f"M{x:g},{y + at.height * step:.1f}H{right:g}" for step in steps)
    if kind in ("void", "lift"):
        return f"M{x:g},{y:g}L{right:.1f},{bottom:.1f}M{right:.1f},{y:g}L{x:g},{bottom:.1f}"
    if kind == "ping_pong":
        middle_x, middle_y = at.centre
        across = f"M{middle_x:.1f},{y - 2:.1f}V{bottom + 2:.1f}"
        down = f"M{x - 2:.1f},{middle_y:.1f}H{right + 2:.1f}"
        return across if wide else down
    return ""
