"""The way in: which doors lie between the street and each area.

Whoever may be in an office may pass the doors on the way to it. Which people those are is decided in
`access`; here is only the geometry of doors.
"""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from controller.domain.ids import OUTSIDE, AreaId, DoorId


class Passage(NamedTuple):
    """One door as seen by somebody coming in."""

    door: DoorId
    outer: AreaId
    inner: AreaId


def ways_in(within: Mapping[AreaId, AreaId | None], passages: Iterable[Passage]) -> dict[AreaId, frozenset[DoorId]]:
    """For each area, the doors of every way from outside that has the fewest doors; empty where there is none.

    `within` says of an area which other one it opens onto without a door: both count as one place.
    """
    places = {area: _place(area, within) for area in within}
    doors = [(p.door, places.get(p.outer, p.outer), places.get(p.inner, p.inner)) for p in passages]
    ways: dict[AreaId, frozenset[DoorId]] = {OUTSIDE: frozenset()}
    edge = {OUTSIDE}
    while edge:
        # One more door from every place reached last; several ways of the same length all count.
        reached: dict[AreaId, frozenset[DoorId]] = {}
        for door, outer, inner in doors:
            if outer in edge and inner not in ways:
                reached[inner] = reached.get(inner, frozenset()) | ways[outer] | {door}
        ways |= reached
        edge = set(reached)
    return {area: ways.get(place, frozenset()) for area, place in places.items()}


def _place(area: AreaId, within: Mapping[AreaId, AreaId | None]) -> AreaId:
    seen = {area}
    while (around := within.get(area)) is not None and around not in seen:
        area = around
        seen.add(area)
    return area
