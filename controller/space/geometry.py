"""Outlines on a floor: inside or not, how far from a wall, how much two of them overlap, where a name fits.

Pure arithmetic in metres; what a wrong outline means to the person who drew it is told in `rules`.
"""

from collections.abc import Iterator
from itertools import pairwise
from math import hypot, inf
from typing import NamedTuple

from controller.domain.building import Point

Outline = tuple[Point, ...]

# A centimetre: below what anybody measures, above what adding decimals loses.
CLOSE = 0.01
# Enough points to find the widest spot of an L or a U; a rectangle needs none.
_GRID = 24


class Box(NamedTuple):
    """The upright rectangle around something."""

    x0: float
    y0: float
    x1: float
    y1: float

    def meets(self, other: "Box") -> bool:
        """Whether the two have more than a border in common."""
        wide = min(self.x1, other.x1) - max(self.x0, other.x0) > CLOSE
        return wide and min(self.y1, other.y1) - max(self.y0, other.y0) > CLOSE


def box(outline: Outline) -> Box:
    xs, ys = [p[0] for p in outline], [p[1] for p in outline]
    return Box(min(xs), min(ys), max(xs), max(ys))


def edges(outline: Outline) -> Iterator[tuple[Point, Point]]:
    """Each side, the last one closing the outline."""
    yield from pairwise((*outline, outline[0]))


def contains(outline: Outline, point: Point) -> bool:
    """Whether the point lies inside; one on the border (within CLOSE) does."""
    if border_distance(outline, point) <= CLOSE:
        return True
    x, y = point
    inside = False
    for (ax, ay), (bx, by) in edges(outline):
        if (ay > y) != (by > y) and x < (bx - ax) * (y - ay) / (by - ay) + ax:
            inside = not inside
    return inside


def nearest(a: Point, b: Point, point: Point) -> Point:
    """The point of the segment a-b that is nearest."""
    dx, dy = b[0] - a[0], b[1] - a[1]
    square = dx * dx + dy * dy
    t = 0.0 if square == 0 else ((point[0] - a[0]) * dx + (point[1] - a[1]) * dy) / square
    t = min(1.0, max(0.0, t))
    return (a[0] + t * dx, a[1] + t * dy)


def distance(a: Point, b: Point) -> float:
    return hypot(b[0] - a[0], b[1] - a[1])


def border_distance(outline: Outline, point: Point) -> float:
    """How far the point is from the nearest side."""
    return min(distance(point, nearest(a, b, point)) for a, b in edges(outline))


def size_of(outline: Outline) -> float:
    """Square metres."""
    return abs(sum(ax * by - bx * ay for (ax, ay), (bx, by) in edges(outline))) / 2


def overlap(one: Outline, other: Outline) -> float:
    """Square metres that lie in both: exact for right angles, close for slanted sides.

    The corners of both cut the plane into cells, and a cell belongs to whom its middle belongs to.
    """
    a, b = box(one), box(other)
    if not a.meets(b):
        return 0.0
    x0, y0, x1, y1 = max(a.x0, b.x0), max(a.y0, b.y0), min(a.x1, b.x1), min(a.y1, b.y1)
    xs = _cuts((p[0] for p in (*one, *other)), x0, x1)
    ys = _cuts((p[1] for p in (*one, *other)), y0, y1)
    shared = 0.0
    for left, right in pairwise(xs):
        for top, bottom in pairwise(ys):
            cell = ((left + right) / 2, (top + bottom) / 2)
            if contains(one, cell) and contains(other, cell):
                shared += (right - left) * (bottom - top)
    return shared


def middle(outline: Outline) -> Point:
    """Where a name fits: the spot with the most space around it, the centre of a rectangle."""
    x0, y0, x1, y1 = box(outline)
    centre = ((x0 + x1) / 2, (y0 + y1) / 2)
    if len(outline) == 4 and abs(size_of(outline) - (x1 - x0) * (y1 - y0)) <= CLOSE:
        return centre
    best, space = outline[0], -inf
    for column in range(1, _GRID):
        for row in range(1, _GRID):
            spot = (x0 + (x1 - x0) * column / _GRID, y0 + (y1 - y0) * row / _GRID)
            if not contains(outline, spot):
                continue
            # Of two spots with as much space, the one nearer the centre.
            free = border_distance(outline, spot) - 0.01 * distance(spot, centre)
            if free > space:
                best, space = spot, free
    return best


def crosses_itself(outline: Outline) -> bool:
    """Whether two sides that are not neighbours meet: the walls of no room do."""
    sides = list(edges(outline))
    return any(
        _meet(*sides[i], *sides[j])
        for i in range(len(sides))
        for j in range(i + 2, len(sides))
        if not (i == 0 and j == len(sides) - 1)
    )


def _meet(a: Point, b: Point, c: Point, d: Point) -> bool:
    return _side(a, b, c) * _side(a, b, d) < 0 and _side(c, d, a) * _side(c, d, b) < 0


def _side(a: Point, b: Point, p: Point) -> float:
    return (b[0] - a[0]) * (p[1] - a[1]) - (b[1] - a[1]) * (p[0] - a[0])


def _cuts(values: Iterator[float], low: float, high: float) -> list[float]:
    return sorted({low, high, *(value for value in values if low < value < high)})
