"""Walls from outlines: every piece of border, with the one or two areas at it.

The file draws rooms, not walls; but a door needs the wall it sits in.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise

from controller.domain.building import Point
from controller.domain.ids import AreaId
from controller.space.geometry import CLOSE, Outline, distance, edges, nearest

# A door drawn this near a wall is in it.
IN_WALL = 0.15

_Direction = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Side:
    """A straight piece of border; two areas have it in common, or one has it to itself."""

    a: Point
    b: Point
    areas: frozenset[AreaId]

    @property
    def length(self) -> float:
        return distance(self.a, self.b)

    def nearest(self, point: Point) -> Point:
        return nearest(self.a, self.b, point)


def sides_of(outlines: Mapping[AreaId, Outline]) -> list[Side]:
    """The borders of one floor, each piece once."""
    lines: dict[tuple[_Direction, int], _Line] = {}
    for area, outline in outlines.items():
        for a, b in edges(outline):
            if distance(a, b) > CLOSE:
                along = _direction(a, b)
                start, end = sorted((_dot(along, a), _dot(along, b)))
                _line_at(lines, along, _cross(along, a)).spans.append((start, end, area))
    return [side for line in lines.values() for side in _pieces(line.along, line.offset, line.spans)]


@dataclass(frozen=True, slots=True)
class _Line:
    """An endless line, and who has which stretch of it."""

    along: _Direction
    offset: float
    spans: list[tuple[float, float, AreaId]]


def _line_at(lines: dict[tuple[_Direction, int], _Line], along: _Direction, offset: float) -> _Line:
    """The line there already is within CLOSE, else a new one: walls that mean to be one may miss by a hair."""
    place = round(offset / CLOSE)
    for near in (place, place - 1, place + 1):
        if (line := lines.get((along, near))) is not None:
            return line
    return lines.setdefault((along, place), _Line(along, offset, []))


def _pieces(along: _Direction, offset: float, spans: list[tuple[float, float, AreaId]]) -> Iterable[Side]:
    cuts = sorted({round(end, 3) for start, stop, _ in spans for end in (start, stop)})
    found: list[tuple[float, float, frozenset[AreaId]]] = []
    for low, high in pairwise(cuts):
        centre = (low + high) / 2
        areas = frozenset(area for start, stop, area in spans if start < centre < stop)
        if not areas or high - low <= CLOSE:
            continue
        if found and found[-1][1] == low and found[-1][2] == areas:
            found[-1] = (found[-1][0], high, areas)
        else:
            found.append((low, high, areas))
    for low, high, areas in found:
        yield Side(_point(along, offset, low), _point(along, offset, high), areas)


def _direction(a: Point, b: Point) -> _Direction:
    """Of the line through both, pointing right, or down when it is upright; so both sides of a wall agree."""
    length = distance(a, b)
    dx, dy = round((b[0] - a[0]) / length, 6), round((b[1] - a[1]) / length, 6)
    return (dx, dy) if (dx, dy) > (0.0, 0.0) else (-dx, -dy)


def _dot(along: Point, point: Point) -> float:
    return along[0] * point[0] + along[1] * point[1]


def _cross(along: Point, point: Point) -> float:
    return along[0] * point[1] - along[1] * point[0]


def _point(along: Point, offset: float, t: float) -> Point:
    return (round(along[0] * t - along[1] * offset, 3) + 0.0, round(along[1] * t + along[0] * offset, 3) + 0.0)
