"""What must hold between the things of a building, beyond each being well written.

A rule looks at the finished space and tells what its writer would want to know. Most only warn: a drawing that
is a little off opens no wrong door.
"""

from collections import defaultdict
from collections.abc import Callable
from functools import partial
from itertools import combinations

from controller.domain.building import Area, Device, Door, Floor, Plan, Point, Space
from controller.domain.ids import OUTSIDE, AreaId
from controller.space.errors import Path, Problems
from controller.space.geometry import CLOSE, Outline, border_distance, box, contains, crosses_itself, overlap
from controller.space.walls import IN_WALL

# Square metres two outlines may share before it is more than a wall's thickness.
_SHARED = 0.05


def outlines_lie_on_their_floor(space: Space, problems: Problems) -> None:
    for area in space.areas.values():
        floor = space.floors.get(area.floor) if area.floor is not None else None
        if floor is None or not area.outline:
            continue
        path: Path = ("areas", area.id, "outline")
        if (out := _outside(area.outline, floor)) is not None:
            why = f"leaves floor {floor.id}, which is {floor.width:g} by {floor.depth:g} m"
            problems.error(path, list(out), why, "keep every corner on the floor, or make the floor larger")
        elif crosses_itself(area.outline):
            problems.error(path, None, "crosses itself", "list the corners in order, once around the room")


def drawings_lie_on_their_floor(space: Space, problems: Problems) -> None:
    for floor in space.floors.values():
        for drawing in floor.drawings:
            if (out := _outside(drawing.outline, floor)) is not None:
                why = f"is where a {drawing.kind} leaves the floor"
                problems.warning(("floors", floor.id, "drawings"), list(out), why, "move it, or repeat it less often")


def areas_do_not_overlap(space: Space, problems: Problems) -> None:
    for floor in space.floors:
        drawn = [(area, box(area.outline)) for area in space.areas.values() if area.floor == floor and area.outline]
        for (one, its_box), (other, other_box) in combinations(drawn, 2):
            if not its_box.meets(other_box) or _is_nested(one, other) or _is_nested(other, one):
                continue
            if (shared := overlap(one.outline, other.outline)) > _SHARED:
                why = f"overlaps area {one.id} by {shared:.1f} m²"
                fix = "let them share a wall, or put one within the other"
                problems.warning(("areas", other.id, "outline"), None, why, fix)


def openings_are_in_a_wall(space: Space, problems: Problems) -> None:
    for area in space.areas.values():
        around = space.areas.get(area.within) if area.within is not None else None
        if area.opening is None or around is None or not area.outline or not around.outline:
            continue
        path: Path = ("areas", area.id, "opening")
        for outline, name in ((area.outline, area.id), (around.outline, around.id)):
            if area.floor == around.floor and border_distance(outline, area.opening) > IN_WALL:
                problems.warning(
                    path, list(area.opening), f"is in no wall of {name}", "put it where the two areas meet"
                )


def devices_are_where_they_say(space: Space, problems: Problems) -> None:
    for device in space.devices.values():
        path: Path = ("devices", device.id, "at")
        area = space.areas.get(device.area) if device.area is not None else None
        if device.at is None:
            continue
        if area is not None and area.outline:
            if not contains(area.outline, device.at):
                problems.warning(path, list(device.at), f"is not in area {area.id}", "move it inside, or name its area")
        elif (floor := _floor_of(device, space)) is not None and not _is_on(floor, device.at):
            problems.warning(path, list(device.at), f"is not on floor {floor.id}", "keep it on the floor")


def everything_can_be_reached(space: Space, problems: Problems) -> None:
    if problems.has_errors:
        return  # a door that is left out as faulty would be missed twice
    reached = _reached(space, lambda door: True)
    for area in space.areas.values():
        if area.id not in reached:
            fix = "give it a door, or put it within an area that has one"
            problems.warning(("areas", area.id), None, "cannot be reached from outside", fix)


def plans_lead_somewhere(space: Space, problems: Problems) -> None:
    """A plan that buys a room without the doors on the way disappoints on the first morning."""
    if problems.has_errors:
        return
    everywhere = _reached(space, lambda door: True)
    for plan in space.plans.values():
        missing = sorted(plan.areas & everywhere - _reached(space, partial(_opens, plan)))
        if missing:
            why = f"covers {', '.join(missing[:4])}{', ...' if len(missing) > 4 else ''} but not the doors on the way"
            problems.warning(("plans", plan.id, "where"), None, why, "add the areas in between")


RULES: tuple[Callable[[Space, Problems], None], ...] = (
    outlines_lie_on_their_floor,
    drawings_lie_on_their_floor,
    areas_do_not_overlap,
    openings_are_in_a_wall,
    devices_are_where_they_say,
    everything_can_be_reached,
    plans_lead_somewhere,
)


def _opens(plan: Plan, door: Door) -> bool:
    return door.unlock_schedule is not None or (door.inner in plan.areas and not door.staff_only)


def _reached(space: Space, opens: Callable[[Door], bool]) -> set[AreaId]:
    """Areas one can get into from outside through the doors that open; out is free, and so is back."""
    next_to: dict[AreaId, list[AreaId]] = defaultdict(list)
    for door in space.doors.values():
        if opens(door):
            next_to[door.outer].append(door.inner)
        next_to[door.inner].append(door.outer)
    for area in space.areas.values():
        if area.within is not None:
            next_to[area.within].append(area.id)
            next_to[area.id].append(area.within)
    reached, edge = {OUTSIDE}, [OUTSIDE]
    while edge:
        new = [area for area in next_to[edge.pop()] if area not in reached]
        reached.update(new)
        edge += new
    return reached


def _outside(outline: Outline, floor: Floor) -> Point | None:
    return next((point for point in outline if not _is_on(floor, point)), None)


def _is_on(floor: Floor, point: Point) -> bool:
    return -CLOSE <= point[0] <= floor.width + CLOSE and -CLOSE <= point[1] <= floor.depth + CLOSE


def _is_nested(area: Area, around: Area) -> bool:
    return area.within == around.id


def _floor_of(device: Device, space: Space) -> Floor | None:
    door = space.doors.get(device.door) if device.door is not None else None
    return space.floors.get(door.floor) if door is not None else None
