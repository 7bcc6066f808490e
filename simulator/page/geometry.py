"""Plane geometry for drawing floors: outlines, their sides, what lies inside. Nothing of buildings.

Points are (x, y) in metres with y downward; an outline lists its corners once.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

Point = tuple[float, float]
Outline = tuple[Point, ...]

# Outlines are drawn by hand, and two walls that mean to be one may miss each other by a centimetre.
_TOUCHING = 0.01


@dataclass(frozen=True, slots=True)
class Side:
    """A straight piece of wall."""

    a: Point
    b: Point

    @property
    def length(self) -> float:
        return math.dist(self.a, self.b)

    @property
    def along(self) -> Point:
        return (self.b[0] - self.a[0]) / self.length, (self.b[1] - self.a[1]) / self.length

    def nearest(self, point: Point) -> Point:
        (ax, ay), (ux, uy) = self.a, self.along
        step = min(max((point[0] - ax) * ux + (point[1] - ay) * uy, 0.0), self.length)
        return ax + ux * step, ay + uy * step

    def shared_with(self, other: "Side") -> "Side | None":
        """The stretch both cover when they lie on one line."""
        (ax, ay), (ux, uy) = self.a, self.along
        if any(abs((x - ax) * uy - (y - ay) * ux) > _TOUCHING for x, y in (other.a, other.b)):
            return None
        places = [(x - ax) * ux + (y - ay) * uy for x, y in (other.a, other.b)]
        start, end = max(min(places), 0.0), min(max(places), self.length)
        if end - start <= _TOUCHING:
            return None
        return Side((ax + ux * start, ay + uy * start), (ax + ux * end, ay + uy * end))

    def without(self, gaps: Sequence["Side"]) -> Iterator["Side"]:
        """What is left where `gaps` lie on it."""
        (ax, ay), (ux, uy) = self.a, self.along
        shared = [stretch for gap in gaps if (stretch := self.shared_with(gap)) is not None]
        at = 0.0
        for start, end in (
            *sorted((math.dist(self.a, s.a), math.dist(self.a, s.b)) for s in shared),
            (self.length,) * 2,
        ):
            if start - at > _TOUCHING:
                yield Side((ax + ux * at, ay + uy * at), (ax + ux * start, ay + uy * start))
            at = max(at, end)

    def around(self, centre: Point, width: float) -> "Side":
        """The stretch of this side, that wide, around the point of it nearest to `centre`."""
        (x, y), (ux, uy) = self.nearest(centre), self.along
        half = min(width, self.length) / 2
        return Side((x - ux * half, y - uy * half), (x + ux * half, y + uy * half))


def sides(outline: Outline) -> list[Side]:
    """Its walls in order; a corner given twice makes none."""
    pairs = zip(outline, (*outline[1:], *outline[:1]), strict=True)
    return [Side(a, b) for a, b in pairs if math.dist(a, b) > _TOUCHING]


def contains(outline: Outline, point: Point) -> bool:
    """Even-odd; on the edge, either answer."""
    x, y = point
    inside = False
    for side in sides(outline):
        (ax, ay), (bx, by) = side.a, side.b
        if (ay > y) != (by > y) and x < ax + (y - ay) / (by - ay) * (bx - ax):
            inside = not inside
    return inside


def clearance(outline: Outline, point: Point) -> float:
    """How far the nearest wall is."""
    return min((math.dist(point, side.nearest(point)) for side in sides(outline)), default=0.0)


def bounds(outline: Outline) -> tuple[float, float, float, float]:
    """Left, top, right, bottom."""
    xs, ys = [x for x, _ in outline], [y for _, y in outline]
    return min(xs), min(ys), max(xs), max(ys)


def middle(outline: Outline) -> Point:
    """The roomiest of a few points: where a name can be written."""
    left, top, right, bottom = bounds(outline)
    grid = [
        (left + (right - left) * column / 12, top + (bottom - top) * row / 12)
        for row in (6, 5, 7, 4, 8, 3, 9)
        for column in (6, 5, 7, 4, 8, 3, 9)
    ]
    inside = [point for point in grid if contains(outline, point)]
    return max(inside, key=lambda point: round(clearance(outline, point), 1), default=grid[0])
