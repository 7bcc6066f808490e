"""The file -> one `Space`: each section in turn, names resolved, defaults filled in.

What is wrong between things (overlaps, areas nobody can reach) is judged afterwards, in `rules`.
"""

from controller.domain.building import Grace, Space
from controller.domain.ids import FloorId
from controller.space.areas import build_areas, build_floor
from controller.space.devices import build_devices
from controller.space.doors import build_doors
from controller.space.policy import build_holiday_zones, build_partners, build_plans, build_schedules, build_zones
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
        schedules=build_schedules(refs),
        holidays={day: entry.name for day, entry in sorted(file.holidays.items())},
        holiday_zones=build_holiday_zones(refs, areas),
        plans=build_plans(refs, areas),
        zones=build_zones(refs, areas),
        partners=build_partners(refs),
        grace=Grace(file.grace.days, int(file.grace.amount * 100)),
        offline_valid_h=file.offline_valid_h,
        reader_profiles={
            name: entry.model_dump(mode="json", exclude_none=True) for name, entry in file.reader_profiles.items()
        },
    )
