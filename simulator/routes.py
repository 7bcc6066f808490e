"""Which doors lie between two areas.

Walls and stairs follow from the space file: areas are joined by doors, or open into one another
(`within`). Who may pass a door is not asked here.
"""

import heapq
from dataclasses import dataclass
from itertools import count

from simulator.building import OUTSIDE, Building, Door


@dataclass(frozen=True, slots=True)
class Passage:
    """One move to a neighbouring area; `door` is None where one simply walks."""

    into: str
    door: Door | None = None
    inward: bool = True  # the way a badge is asked for


def _cost(passage: Passage) -> int:
    """Steps are cheap, doors are not, and a badge is in the other pocket."""
    if passage.door is None:
        return 1
    return 4 if passage.inward else 3


class Routes:
    """The easiest ways, found once and remembered."""

    def __init__(self, building: Building) -> None:
        self._neighbours: dict[str, list[Passage]] = {area: [] for area in (*building.areas, OUTSIDE)}
        for area in building.areas.values():
            if area.within is not None:
                self._neighbours[area.id].append(Passage(area.within))
                self._neighbours[area.within].append(Passage(area.id))
        for door in building.doors.values():
            # An escape is for emergencies: its alarm would sound.
            if door.usable and not door.is_escape:
                self._neighbours[door.outer].append(Passage(door.inner, door, inward=True))
                self._neighbours[door.inner].append(Passage(door.outer, door, inward=False))
        self._known: dict[tuple[str, str, bool], tuple[Passage, ...] | None] = {}

    def find(self, start: str, goal: str, *, is_staff: bool = False) -> tuple[Passage, ...] | None:
        """The way, or None where there is none; only staff consider doors for staff."""
        key = (start, goal, is_staff)
        if key not in self._known:
            self._known[key] = self._search(start, goal, is_staff)
        return self._known[key]

    def _search(self, start: str, goal: str, is_staff: bool) -> tuple[Passage, ...] | None:
        came: dict[str, tuple[str, Passage] | None] = {}
        # Of two doors between the same areas, equally easy, the file's first.
        order = count()
        ahead: list[tuple[int, str, str, int, tuple[str, Passage] | None]] = [(0, start, "", next(order), None)]
        while ahead:
            cost, here, _, _, step = heapq.heappop(ahead)
            if here in came:
                continue
            came[here] = step
            if here == goal:
                return self._unwind(came, goal)
            for passage in self._neighbours.get(here, ()):
                barred = passage.door is not None and passage.door.staff_only and not is_staff
                # Nobody takes a short cut through the street.
                if passage.into not in came and not barred and (here != OUTSIDE or start == OUTSIDE):
                    moved = cost + _cost(passage), passage.into, here, next(order), (here, passage)
                    heapq.heappush(ahead, moved)
        return None

    @staticmethod
    def _unwind(came: dict[str, tuple[str, Passage] | None], goal: str) -> tuple[Passage, ...]:
        moves: list[Passage] = []
        step = came[goal]
        while step is not None:
            moves.append(step[1])
            step = came[step[0]]
        return tuple(reversed(moves))
