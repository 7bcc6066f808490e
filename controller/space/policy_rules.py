"""What must hold between the policy of a building and the building: plans and doors, zones and readers, PINs.

Rules like those of `rules`, which are about its shape; what one section says of itself is judged where it is built.
"""

from collections import defaultdict
from collections.abc import Callable

from controller.domain.building import Door, Passback, PinMode, Space, Zone
from controller.domain.ids import OUTSIDE, AreaId, DeviceId, DoorId, ZoneId
from controller.space.errors import Problems

# Of the doors of a warning, as many as one line can name.
_NAMED = 4
READS_BADGES = "badge"
"""Among the `channels` of a door unit that states them: it reads badges itself."""


def plans_open_doors(space: Space, problems: Problems) -> None:
    if problems.has_errors:
        return  # a door that is left out as faulty would be missed twice
    opened = {door.inner for door in space.doors.values() if not door.staff_only}
    for plan in space.plans.values():
        if plan.areas and plan.areas.isdisjoint(opened):
            fix = "name an area that a door leads to which is not for staff alone"
            problems.error(("plans", plan.id, "where"), None, "opens no door", fix)


def interlocks_have_two_doors(space: Space, problems: Problems) -> None:
    doors: dict[str, list[Door]] = defaultdict(list)
    for door in space.doors.values():
        if door.interlock is not None:
            doors[door.interlock].append(door)
    for name, its in doors.items():
        path = ("doors", its[0].id, "interlock")
        if len(its) == 1 and not problems.has_errors:
            fix = "write the same interlock at the other door, or delete this one"
            problems.error(path, name, "has this one door only", fix)
        for door in its:
            if not door.has_contact:
                why = "needs a contact: without one nobody knows whether this door is shut"
                problems.error(("doors", door.id, "interlock"), name, why, "fit one, or take the door out of it")


def pins_can_be_typed(space: Space, problems: Problems) -> None:
    for door in space.doors.values():
        if door.pin is PinMode.NEVER or any(space.devices[name].direction == "in" for name in _readers(space, door)):
            continue
        unit = space.devices.get(door.unit)
        if unit is not None and READS_BADGES not in unit.channels and ("devices", unit.id, "channels") in problems:
            fix = f"give the door a reader, or write {READS_BADGES} among the channels of its unit"
            why = "is asked for where nothing reads badges or PINs"
            problems.error(("doors", door.id, "pin"), str(door.pin), why, fix)


def hard_passback_knows_who_leaves(space: Space, problems: Problems) -> None:
    """A zone that is left unseen holds its people for ever, and refuses them at the door the next time."""
    for zone in space.zones.values():
        if zone.passback is not Passback.HARD:
            continue
        blind = [door.id for door in _borders(space, zone) if not _sees_leaving(space, door)]
        if blind:
            why = f"cannot tell who leaves by {_listed(blind)}"
            fix = "give each a reader with direction: out, or write passback: soft or timed"
            problems.warning(("zones", zone.id, "passback"), "hard", why, fix)


POLICY_RULES: tuple[Callable[[Space, Problems], None], ...] = (
    plans_open_doors,
    interlocks_have_two_doors,
    pins_can_be_typed,
    hard_passback_knows_who_leaves,
)


def _borders(space: Space, zone: Zone) -> list[Door]:
    """The doors by which one leaves the zone: one side in it, the other not. Either side may be the inner one."""
    return [
        door
        for door in space.doors.values()
        if (zone.id in _zones(space, door.outer)) != (zone.id in _zones(space, door.inner))
    ]


def _sees_leaving(space: Space, door: Door) -> bool:
    return any(space.devices[name].direction == "out" for name in _readers(space, door))


def _readers(space: Space, door: Door) -> list[DeviceId]:
    return [name for name in door.readers if name in space.devices]


def _zones(space: Space, area: AreaId) -> frozenset[ZoneId]:
    return space.areas[area].zones if area != OUTSIDE and area in space.areas else frozenset()


def _listed(doors: list[DoorId]) -> str:
    more = len(doors) - _NAMED
    return ", ".join(doors[:_NAMED]) + (f" and {more} more" if more > 0 else "")
