"""Plane geometry for drawing floors: polygons, their sides, and what lies where. Nothing of buildings.

Points are (x, y) with y downward; a polygon lists its corners once.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

Point = tuple[float, float]
Polygon = Sequence[Point]

# A centimetre: outlines are drawn by hand in metres, and two walls that mean to be one may miss by less.
_TOUCHING = 0.01


@dataclass(frozen=True, slots=True)
class Side:
    """A straight piece of wall from `a` to `b`."""

    a: Point
    b: Point

    @property
    def length(self) -> float:
        return math.dist(self.a, self.b)

    @property
    def along(self) -> Point:
        """The unit vector from a to b."""
        return (self.b[0] - self.a[0]) / self.length, (self.b[1] - self.a[1]) / self.length

    def nearest(self, point: Point) -> Point:
        """The point of this side that is closest to `point`."""
        (ax, ay), (ux, uy) = self.a, self.along
        step = min(max((point[0] - ax) * ux + (point[1] - ay) * uy, 0.0), self.length)
        return ax + ux * step, ay + uy * step

    def shared_with(self, other: "Side") -> "Side | None":
        """The stretch both cover when they lie on one line."""
        (ax, ay), (ux, uy) = self.a, self.along
        places = []
        for x, y in (other.a, other.b):
            if abs((x - ax) * uy - (y - ay) * ux) > _TOUCHING:
                return None
            places.append((x - ax) * ux + (y - ay) * uy)
        start, end = max(min(places), 0.0), min(max(places), self.length)
        if end - start <= _TOUCHING:
            return None
        return Side((ax + ux * start, ay + uy * start), (ax + ux * end, ay + uy * end))

    def without(self, gaps: Sequence["Side"]) -> list["Side"]:
        """What is left of this side when the stretches it shares with `gaps` are taken out."""
        (ax, ay), (ux, uy) = self.a, self.along
        cuts = sorted(
            (math.dist(self.a, shared.a), math.dist(self.a, shared.b))
            for gap in gaps
            if (shared := self.shared_with(gap)) is not None
        )
        left, at = [], 0.0
        for start, end in (*cuts, (self.length, self.length)):
            if start - at > _TOUCHING:
                left.append(Side((ax + ux * at, ay + uy * at), (ax + ux * start, ay + uy * start)))
            at = max(at, end)
        return left

    def around(self, centre: Point, width: float) -> "Side":
        """The stretch of this side, `width` long, around a point on it."""
        (x, y), (ux, uy) = self.nearest(centre), self.along
        half = min(width, self.length) / 2
        return Side((x - ux * half, y - uy * half), (x + ux * half, y + uy * half))


@dataclass(frozen=True, slots=True)
class Box:
    x: float
    y: float
    width: float
    height: float

    @property
    def centre(self) -> Point:
        return self.x + self.width / 2, self.y + self.height / 2

    def overlaps(self, other: "Box") -> bool:
        return (
            self.x < other.x + other.width
            and other.x < self.x + self.width
            and self.y < other.y + other.height
            and other.y < self.y + self.height
        )


def box(polygon: Polygon) -> Box:
    """The smallest upright rectangle around it."""
    xs, ys = [x for x, _ in polygon], [y for _, y in polygon]
    return Box(min(xs), min(ys), max(xs) - min(xs), max(ys) - min(ys))


def sides(polygon: Polygon) -> Iterator[Side]:
    """Its walls, in order; a corner given twice makes none."""
    for a, b in zip(polygon, (*polygon[1:], *polygon[:1]), strict=True):
        if math.dist(a, b) > _TOUCHING:
            yield Side(a, b)


def contains(polygon: Polygon, point: Point) -> bool:
    """Whether the point lies inside (even-odd rule; on the edge, either answer)."""
    x, y = point
    inside = False
    for side in sides(polygon):
        (ax, ay), (bx, by) = side.a, side.b
        if (ay > y) != (by > y) and x < ax + (y - ay) / (by - ay) * (bx - ax):
            inside = not inside
    return inside


def width_at(polygon: Polygon, point: Point) -> float:
    """How wide a line of text centred at this point can be inside the polygon."""
    x, y = point
    crossings = [
        side.a[0] + (y - side.a[1]) / (side.b[1] - side.a[1]) * (side.b[0] - side.a[0])
        for side in sides(polygon)
        if (side.a[1] > y) != (side.b[1] > y)
    ]
    left = max((at for at in crossings if at <= x), default=x)
    right = min((at for at in crossings if at >= x), default=x)
    return 2 * min(x - left, right - x)


def roomiest_point(polygon: Polygon, taken: Sequence[Box] = (), across: int = 24) -> Point:
    """Where a label sits best: far from the walls and off what is `taken`, searched on a grid."""
    around = box(polygon)
    walls = list(sides(polygon))
    best, best_score = around.centre, -math.inf
    for row in range(1, across):
        for column in range(1, across):
            point = (around.x + around.width * column / across, around.y + around.height * row / across)
            if not contains(polygon, point):
                continue
            clearance = min(math.dist(point, wall.nearest(point)) for wall in walls)
            # Text is wide and low, so what is left and right counts as much as the nearest wall does.
            score = min(clearance, 1.5) + min(width_at(polygon, point), 5.0) / 2
            if any(Box(point[0] - 1.2, point[1] - 0.6, 2.4, 1.2).overlaps(piece) for piece in taken):
                score -= 4.0
            if score > best_score:
                best, best_score = point, score
    return best
