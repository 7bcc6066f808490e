"""How many are in a room by its doors: the whereabouts of the house, laid out by room instead of by zone.

A room that one walks into without a door, or through which one walks into another, is counted together with it.
"""

from controller.domain.building import Space
from controller.domain.ids import OUTSIDE, AreaId, ZoneId
from controller.domain.rooms.occupancy import AtDoors
from controller.domain.whereabouts import Gate, Layout, Whereabouts


def by_room(space: Space) -> Layout:
    """Each group of areas without doors between them as if it were a zone."""
    zones = {area: frozenset({_group(area, space)}) for area in space.areas if area != OUTSIDE}
    nowhere: frozenset[ZoneId] = frozenset()
    gates = {}
    for door in space.doors.values():
        outer, inner = zones.get(door.outer, nowhere), zones.get(door.inner, nowhere)
        gates[door.id] = Gate(door.outer, door.inner, inner - outer, outer - inner, door.has_contact)
    return Layout(zones, gates, space.zone, space.cut_off_minutes)


def is_countable(area: AreaId, space: Space) -> bool:
    """Whether this area stands alone behind doors, and they feel whether anybody went through."""
    alone = space.areas[area].within is None and all(other.within != area for other in space.areas.values())
    doors = [door for door in space.doors.values() if area in (door.inner, door.outer)]
    return alone and bool(doors) and all(door.has_contact for door in doors)


def at_doors(area: AreaId, whereabouts: Whereabouts) -> AtDoors:
    """Of a countable area."""
    count = whereabouts.count(ZoneId(area))
    return AtDoors(count.people, count.quality)


def _group(area: AreaId, space: Space) -> ZoneId:
    while (within := space.areas[area].within) is not None:
        area = within
    return ZoneId(area)
