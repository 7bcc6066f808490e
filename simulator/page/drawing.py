"""What the page is told once, because it does not change while the building runs: floors, doors, rooms, devices.

In JSON, made beside the loop: a tower of forty floors takes a second.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict

from simulator.building import Building, Door
from simulator.page.floors import Floor


def told_once(building: Building, floors: Sequence[Floor], *, are_strangers: bool = False) -> str:
    """`are_strangers`: no door has been told of these people's badges."""
    return json.dumps(_plan(building, floors, are_strangers=are_strangers), ensure_ascii=False)


def _plan(building: Building, floors: Sequence[Floor], *, are_strangers: bool) -> Mapping[str, object]:
    drawn = {mark.id: floor.id for floor in floors for mark in floor.marks}
    places = {area.id: area.name for area in building.areas.values()} | {"outside": "outside"}
    return {
        "name": building.name,
        "strangers": are_strangers,
        "floors": [asdict(floor) | {"chairs": None} for floor in floors],
        "doors": {door.id: _door(door, places, drawn.get(door.id)) for door in building.doors.values()},
        "rooms": {area.id: _room(building, area.id) for area in building.areas.values()},
        "devices": {
            device.id: {"kind": device.kind, "door": device.door, "area": device.area}
            for device in building.devices.values()
        },
    }


def _door(door: Door, places: Mapping[str, str], floor: str | None) -> Mapping[str, object]:
    return {
        "name": door.name,
        "floor": floor,
        "outer": places[door.outer],
        "inner": places[door.inner],
        "unit": door.unit,
        "reader_in": door.reader_in,
        "reader_out": door.reader_out,
        "exit": "button" if door.exit_button else "bar" if door.is_escape else "handle",
        "staff_only": door.staff_only,
        "asks_pin": door.asks_pin,
    }


def _room(building: Building, area_id: str) -> Mapping[str, object]:
    area = building.areas[area_id]
    here = [device for device in building.devices.values() if device.area == area_id]
    return {
        "name": area.name,
        "kind": area.kind,
        "floor": area.floor,
        "seats": area.seats,
        "devices": [device.id for device in here],
        "breathe": [device.id for device in here if "co2" in device.channels],
        "button": any(device.kind == "light" and "button" in device.channels for device in here),
        "light": any(device.kind == "light" for device in here),
    }
