"""Where the dot of each person stands: on a chair of their area while they sit, before a door while they wait.

Somebody keeps a place as long as they stay in an area, so dots move when people do, and only then.
"""

import math
import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from simulator.building import OUTSIDE
from simulator.page.floors import Floor
from simulator.page.geometry import Outline, Point, bounds, clearance, contains
from simulator.world import Seen

_SITTING = frozenset({"desk", "meeting", "podcast", "talk"})
_ELBOW_M = 0.9
_LEAST_CLEAR_M = 0.35
_MOST_STANDING = 160
_QUEUE_M = 0.55


@dataclass(frozen=True, slots=True)
class Dot:
    floor: str
    x: float
    y: float


@dataclass(frozen=True, slots=True)
class _Area:
    floor: str
    outline: Outline
    chairs: Sequence[Point]
    standing: Sequence[Point]


class Places:
    """Remembers who took which place, and gives it up when they leave."""

    def __init__(self, floors: Sequence[Floor]) -> None:
        self._areas = {area.id: _laid_out(floor, area.id, area.outline) for floor in floors for area in floor.areas}
        self._doors = {mark.id: (floor.id, mark) for floor in floors for mark in floor.marks}
        # By area: whose is which of its places, the chairs first; and whether they wanted to sit.
        self._taken: dict[str, dict[int, tuple[int, bool]]] = {}

    def of(self, everyone: Iterable[Seen]) -> Mapping[int, Dot]:
        """Who is drawn, and where; areas without an outline show nobody."""
        seen = list(everyone)
        here = {one.number: (one.area, one.doing in _SITTING) for one in seen}
        for area, places in self._taken.items():
            for number in [number for number, (_, sits) in places.items() if here.get(number) != (area, sits)]:
                del places[number]
        dots = {one.number: self._dot(one) for one in seen}
        return {number: dot for number, dot in dots.items() if dot is not None}

    def _dot(self, one: Seen) -> Dot | None:
        if one.at_door is not None and one.at_door.id in self._doors:
            floor, mark = self._doors[one.at_door.id]
            is_before = one.area == OUTSIDE or one.area != one.at_door.inner
            if one.area in self._areas and self._areas[one.area].floor != floor:
                return self._stands(one)
            return _queued(floor, mark.before if is_before else mark.behind, mark.at, one.place)
        return self._stands(one)

    def _stands(self, one: Seen) -> Dot | None:
        area = self._areas.get(one.area)
        if area is None:
            return None
        x, y = self._place(one, area)
        return Dot(area.floor, round(x, 2), round(y, 2))

    def _place(self, one: Seen, area: _Area) -> Point:
        spots, sits = (*area.chairs, *area.standing), one.doing in _SITTING
        taken = self._taken.setdefault(one.area, {})
        if one.number not in taken:
            used = {spot for spot, _ in taken.values()}
            chairs, floor = range(len(area.chairs)), range(len(area.chairs), len(spots))
            # Where all chairs are taken people stand about, and where it is crowded they sit.
            wanted = [*_from_their_own(one, chairs), *_from_their_own(one, floor)]
            if not sits:
                wanted = [*_from_their_own(one, floor), *chairs]
            taken[one.number] = next((spot for spot in wanted if spot not in used), wanted[0] + len(spots)), sits
        spot, _ = taken[one.number]
        x, y = spots[spot % len(spots)]
        # More people than places: they stand close.
        return (x, y) if spot < len(spots) else (x + 0.25, y + 0.25)


def _from_their_own(one: Seen, spots: range) -> Sequence[int]:
    """Each begins to look at a place of their own, so that a half-empty room is not filled from one corner."""
    if not spots:
        return ()
    start = random.Random(f"{one.number}/{one.area}").randrange(len(spots))
    return (*spots[start:], *spots[:start])


def _queued(floor: str, spot: Point, door: Point, place: int) -> Dot:
    """One behind the other, away from the door, in rows of four along the wall."""
    dx, dy = spot[0] - door[0], spot[1] - door[1]
    length = math.hypot(dx, dy) or 1.0
    back, aside = place % 4 * _QUEUE_M, place // 4 * _QUEUE_M
    x = spot[0] + dx / length * back - dy / length * aside
    y = spot[1] + dy / length * back + dx / length * aside
    return Dot(floor, round(x, 2), round(y, 2))


def _laid_out(floor: Floor, area_id: str, outline: Outline) -> _Area:
    """Chairs as drawn, and places to stand: off the walls, off what is drawn inside, none on a chair."""
    inside = [a.outline for a in floor.areas if a.id != area_id and contains(outline, _centre(a.outline))]
    in_the_way = [bounds(piece.outline) for piece in floor.pieces if piece.kind != "chair"]
    left, top, right, bottom = bounds(outline)
    pace = max(_ELBOW_M, math.sqrt((right - left) * (bottom - top) / _MOST_STANDING))
    dice = random.Random(area_id)
    columns, rows = max(1, int((right - left) / pace)), max(1, int((bottom - top) / pace))
    standing = []
    for row in range(rows):
        for column in range(columns):
            x = left + (column + 0.5 + dice.uniform(-0.2, 0.2)) * (right - left) / columns
            y = top + (row + 0.5 + dice.uniform(-0.2, 0.2)) * (bottom - top) / rows
            free = not any(l0 <= x <= r0 and t0 <= y <= b0 for l0, t0, r0, b0 in in_the_way)
            if free and _is_clear(outline, (x, y)) and not any(contains(other, (x, y)) for other in inside):
                standing.append((x, y))
    chairs = floor.chairs.get(area_id, ())
    return _Area(floor.id, outline, chairs, standing or [_centre(outline)])


def _is_clear(outline: Outline, point: Point) -> bool:
    return contains(outline, point) and clearance(outline, point) >= _LEAST_CLEAR_M


def _centre(outline: Outline) -> Point:
    left, top, right, bottom = bounds(outline)
    return (left + right) / 2, (top + bottom) / 2
