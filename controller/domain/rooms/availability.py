"""Whether a room can be used at all: not in a fire, not behind a lockdown, not behind doors that are out of order."""

from collections.abc import Sequence

from controller.domain.building import Door, Space
from controller.domain.door_mode import lockdown_of
from controller.domain.house import HouseState
from controller.domain.ids import AreaId


def why_unavailable(area: AreaId, space: Space, house: HouseState) -> str | None:
    """In words; None where nothing keeps people out."""
    if house.fire is not None:
        return "fire"
    doors = doors_into(area, space)
    if not doors:
        return None
    lockdowns = [lockdown_of(door, space, house) for door in doors]
    if all(lockdown is not None for lockdown in lockdowns):
        return "lockdown"
    usable = [door for door in doors if door.enabled and not door.in_maintenance]
    return None if usable else "its door is out of order"


def doors_into(area: AreaId, space: Space) -> Sequence[Door]:
    """The doors one comes in by; of an open part of another area, that one's."""
    while True:
        doors = [door for door in space.doors.values() if door.inner == area]
        within = space.areas[area].within
        if doors or within is None:
            return doors
        area = within
