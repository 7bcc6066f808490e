"""Which doors a scope means: the whole space, a floor, a zone, one door.

A zone is taken cautiously: an area reached without a door counts with the one it opens onto, so that locking down a
kitchen locks the door one comes to it by. Who may set what for a scope is in `house_rights`.
"""

from collections.abc import Iterator
from typing import assert_never

from controller.domain.building import Area, Door, Space
from controller.domain.house import Scope, ScopeKind


def covers(scope: Scope, door: Door, space: Space) -> bool:
    """Whether this door is one of those meant."""
    match scope.kind:
        case ScopeKind.SPACE:
            return True
        case ScopeKind.DOOR:
            return door.id == scope.id
        case ScopeKind.FLOOR:
            # Its own doors, and those that lead onto it from elsewhere. Open stairs join every floor to the street: to
            # count what they reach as behind the street door would make each floor's lockdown that of the whole space.
            inner = space.areas.get(door.inner)
            return door.floor == scope.id or (inner is not None and inner.floor == scope.id)
        case ScopeKind.ZONE:
            return any(scope.id in area.zones for area in _behind(door, space))
        case _:
            assert_never(scope.kind)


def doors_of(scope: Scope, space: Space) -> tuple[Door, ...]:
    """Every door meant, in the order of the space file."""
    return tuple(door for door in space.doors.values() if covers(scope, door, space))


def _behind(door: Door, space: Space) -> Iterator[Area]:
    """The area the door leads into, and all that opens onto the same place without a door."""
    place = _place(space.areas.get(door.inner), space)
    if place is None:  # it leads out of the house
        return
    for area in space.areas.values():
        if _place(area, space) is place:
            yield area


def _place(area: Area | None, space: Space) -> Area | None:
    seen = set()
    while area is not None and area.within is not None and area.id not in seen:
        seen.add(area.id)
        area = space.areas.get(area.within)
    return area
