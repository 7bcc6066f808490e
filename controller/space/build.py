"""The file -> one `Space`: each section in turn, names resolved, defaults filled in.

What is wrong between things (overlaps, areas nobody can reach) is judged afterwards, in `rules`.
"""

from collections.abc import Mapping

from controller.domain.building import Area, Plan, Space
from controller.domain.ids import AreaId, FloorId, PlanId, ScheduleId
from controller.domain.schedule import WeeklySchedule
from controller.space.areas import build_areas, build_floor
from controller.space.devices import build_devices
from controller.space.doors import ALWAYS, build_doors
from controller.space.errors import did_you_mean
from controller.space.file import SpaceFile
from controller.space.references import References
from controller.space.walls import sides_of


def build(refs: References, version: str) -> Space:
    """The building as far as it can be told; faulty things are left out and their problems told."""
    file = refs.file
    areas = build_areas(refs)
    sides = {
        FloorId(floor): sides_of(
            {area.id: area.outline for area in areas.values() if area.floor == floor and area.outline}
        )
        for floor in file.floors
    }
    devices, doors = build_devices(refs, areas, build_doors(refs, areas, sides))
    return Space(
        id=file.id,
        name=file.name,
        zone=file.zone,
        version=version,
        root=file.root,
        cut_off_minutes=file.cut_off,
        floors={FloorId(name): build_floor(name, entry) for name, entry in file.floors.items()},
        areas=areas,
        doors=doors,
        devices=devices,
        schedules=_schedules(file, refs),
        holidays=dict(sorted(file.holidays.items())),
        plans=_plans(refs, areas),
        reader_profiles={
            name: entry.model_dump(mode="json", exclude_none=True) for name, entry in file.reader_profiles.items()
        },
    )


def _schedules(file: SpaceFile, refs: References) -> dict[ScheduleId, WeeklySchedule]:
    found = {ALWAYS: WeeklySchedule(ALWAYS, always=True, on_holidays=True)}
    for name, entry in file.schedules.items():
        path = ("schedules", name)
        if name == ALWAYS:
            refs.problems.error(path, None, "is known without being declared", "delete it, or choose another id")
        elif not entry.open and not entry.always:
            fix = "write open: 'mon-fri 08:00-20:00', or always"
            refs.problems.error(path, None, "is never open", fix)
        else:
            found[ScheduleId(name)] = WeeklySchedule(ScheduleId(name), entry.open, entry.always, entry.on_holidays)
    return found


def _plans(refs: References, areas: Mapping[AreaId, Area]) -> dict[PlanId, Plan]:
    zones = {zone for area in areas.values() for zone in area.zones}
    found: dict[PlanId, Plan] = {}
    for name, entry in refs.file.plans.items():
        path = ("plans", name)
        covered: set[AreaId] = set()
        for place, where in enumerate(entry.where):
            covered |= {area.id for area in areas.values() if where == area.id or where in area.zones}
            if where not in zones and not refs.knows("areas", where):
                known = [*areas, *sorted(zones)]
                fix = did_you_mean(where, known, "name an area, or a zone that some area has")
                refs.problems.error((*path, "where", place), where, "is neither an area nor a zone", fix)
        if not entry.where:
            refs.problems.error((*path, "where"), None, "names no area", "name one area or zone at least")
        refs.found("schedules", entry.schedule, (*path, "schedule"), also=(ALWAYS,))
        found[PlanId(name)] = Plan(
            id=PlanId(name),
            name=entry.name or name,
            schedule=ScheduleId(entry.schedule),
            areas=frozenset(area for area in areas if _is_covered(area, covered, areas)),
            days_per_week=entry.days_per_week,
            kind=entry.kind.value,
        )
    return found


def _is_covered(area: AreaId, covered: set[AreaId], areas: Mapping[AreaId, Area]) -> bool:
    """Whether the plan names this area, or one that it lies within."""
    at: AreaId | None = area
    while at is not None:
        if at in covered:
            return True
        around = areas.get(at)
        at = around.within if around is not None else None
    return False
