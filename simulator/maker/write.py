"""A plan as a space file: what people would have written, line by line. What lies where is `plan`'s."""

import re
from collections.abc import Iterator, Mapping
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from simulator.errors import InputError
from simulator.maker.plan import Floor, Plan, Room

_SENSED = {
    "office": "[temperature, humidity, co2, presence, window]",
    "focus": "[temperature, co2, presence]",
}
_SCHEDULES = """\
schedules:
  opening: [mon-fri 08:30-19:00, sat 10:00-18:00]
  members: daily 06:30-23:00
"""
# Where each plan leads, by zone; and the rest of it.
_PLANS: dict[str, tuple[tuple[str, ...], dict[str, str]]] = {
    "day-pass": (("house",), {"name": "Day pass", "schedule": "opening", "kind": "day_pass"}),
    "two-days": (("house", "rooms"), {"name": "Two days a week", "schedule": "members", "days_per_week": "2"}),
    "full-time": (("house", "rooms"), {"name": "Full-time", "schedule": "members"}),
    "team": (("house", "rooms", "offices"), {"name": "Team", "schedule": "always"}),
}


# Faster than a sensor measures, and slower than anybody would wait for.
_EVERY_S = (1.0, 3600.0)


def written(plan: Plan, *, name: str, zone: str, seed: int, every_s: float | None = None) -> str:
    """The file's text, ending in a line break; InputError when the zone or the name is none.

    `every_s`: how often sensors and probes speak, where that is not what they do by themselves.
    """
    if every_s is not None and not _EVERY_S[0] <= every_s <= _EVERY_S[1]:
        raise InputError(f"--every {every_s:g} is out of reach; take {_EVERY_S[0]:g} to {_EVERY_S[1]:g} seconds")
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as exc:
        raise InputError(f"--zone {zone!r} is not known; write it like Europe/Paris") from exc
    id = "-".join(re.findall(r"[a-z0-9]+", name.lower()))[:40].strip("-")
    if not id or '"' in name or "\\" in name or not name.isprintable():
        raise InputError(f"--name {name!r} is no name for a space; write letters, digits and spaces")
    cadence = {"every_s": f"{every_s:g}"} if every_s is not None else {}
    return "\n".join(_lines(plan, id=id, name=name, zone=zone, seed=seed, cadence=cadence)) + "\n"


def _lines(plan: Plan, *, id: str, name: str, zone: str, seed: int, cadence: Mapping[str, str]) -> Iterator[str]:
    rooms = sum(len(floor.rooms) for floor in plan.floors)
    numbers = f"--floors {len(plan.floors)} --doors {len(plan.doors)} --rooms {rooms} --seed {seed}"
    numbers += f" --every {cadence['every_s']}" if cadence else ""
    yield f"# Made up: natoma-sim space {numbers}"
    yield from ("natoma: 1", f"id: {id}", f'name: "{name}"', f"zone: {zone}", "", "floors:")
    for floor in plan.floors:
        words = "Ground floor" if not floor.number else f"Floor {floor.number}"
        yield f"  {floor.id}: {{name: {words}, size: [{_m(floor.width_m)}, {_m(floor.depth_m)}]}}"
    yield from ("", "areas:")
    for floor in plan.floors:
        yield from _areas(plan, floor)
    yield from ("", "doors:")
    for door in plan.doors:
        more: dict[str, str] = {"name": f'"{door.name}"', "from": door.outer, "to": door.inner}
        more["at"] = f"[{_m(door.at[0])}, {_m(door.at[1])}]"
        if door.is_escape:
            more |= {"egress": "bar", "fire_egress": "true", "staff_only": "true"}
        elif door.outer == "outside":
            more |= {"fire_egress": "true", "unlock_schedule": "opening", "first_person_in": "staff"}
        yield f"  {door.id}: {_flow(more)}"
    yield from ("", "devices:")
    yield "  reader-street: {kind: reader, door: street}"
    for floor in plan.floors:
        for kind, called in (("sensor", "sensor"), ("probe", "wifi")):
            yield f"  {called}-{floor.hall}: {_flow({'kind': kind, 'area': floor.hall, **cadence})}"
        for room in floor.rooms:
            yield from _devices(room, cadence)
    yield ""
    yield from _SCHEDULES.splitlines()
    yield from ("", "plans:")
    zones = {"house", *(_zone(room) for floor in plan.floors for room in floor.rooms if plan.has_door(room.id))}
    for plan_id, (where, rest) in _PLANS.items():
        covered = ", ".join(zone for zone in where if zone in zones)
        yield f"  {plan_id}: {_flow({'where': f'[{covered}]', **rest})}"


def _areas(plan: Plan, floor: Floor) -> Iterator[str]:
    stairs: dict[str, str] = {"name": "Lobby" if not floor.number else f"Stairs {floor.number}", "floor": floor.id}
    stairs["outline"] = _outline(floor.stairs_outline)
    if floor.number:
        stairs["within"] = plan.floors[floor.number - 1].stairs
    else:
        stairs["zones"] = "[house]"
    yield f"  {floor.stairs}: {_flow(stairs)}"
    hall: dict[str, str] = {"name": f"Open floor {floor.number}", "floor": floor.id}
    hall["outline"] = _outline(floor.hall_outline)
    hall |= {"zones": "[house]"} if plan.has_door(floor.hall) else {"within": floor.stairs}
    seats = max(4, round((floor.width_m - floor.stairs_outline[2]) * floor.hall_outline[3] / 6))
    hall["room"] = f"{{kind: open_space, seats: {seats}}}"
    yield f"  {floor.hall}: {_flow(hall)}"
    for room in floor.rooms:
        area: dict[str, str] = {"name": f'"{room.name}"', "floor": floor.id, "outline": _outline(room.outline)}
        if plan.has_door(room.id):
            area["zones"] = f"[{_zone(room)}]"
        else:
            area["within"] = floor.hall
        area["room"] = f"{{kind: {room.kind}, seats: {room.seats}}}"
        yield f"  {room.id}: {_flow(area)}"


def _zone(room: Room) -> str:
    return "offices" if room.kind == "office" else "rooms"


def _devices(room: Room, cadence: Mapping[str, str]) -> Iterator[str]:
    channels = _SENSED.get(room.kind)
    senses = {"channels": channels} if channels is not None else {}
    yield f"  sensor-{room.id}: {_flow({'kind': 'sensor', 'area': room.id, **senses, **cadence})}"
    if room.kind == "booth":
        yield f"  light-{room.id}: {{kind: light, area: {room.id}, channels: [onair, button]}}"


def _flow(entry: Mapping[str, str]) -> str:
    return "{" + ", ".join(f"{key}: {value}" for key, value in entry.items()) + "}"


def _outline(box: tuple[float, float, float, float]) -> str:
    return f"[{', '.join(_m(length) for length in box)}]"


def _m(metres: float) -> str:
    return f"{metres:.1f}".removesuffix(".0")
