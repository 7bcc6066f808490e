"""Which machine each device of a space file is: `devices.units`, with the numbers of its door or room."""

import random
from typing import Literal

from devices.units import DoorKeys, DoorProfile, DoorUnit, Light, Machine, OwnList, Reader, Sensor, SensorProfile, Voice
from simulator.building import Building, Device, Door
from simulator.instruments import CHANNELS, SLOW


def machine_of(device: Device, building: Building, dice: random.Random, boot: str, keys: DoorKeys | None) -> Machine:
    """A new machine, powered on under this boot id. `dice` spread the cadence of sensors."""
    voice = Voice(boot=boot)
    match device.kind:
        case "door_unit":
            assert device.door is not None  # the reader of the space file refuses one without
            return _door_unit(building.doors[device.door], voice, OwnList(device.id, keys))
        case "reader":
            faces: Literal["in", "out"] = "out" if device.direction == "out" else "in"
            return Reader(voice, name=_place_name(device, building), own=OwnList(device.id, keys), direction=faces)
        case "light":
            return Light(voice, name=_place_name(device, building), has_button="button" in device.channels)
        case "sensor" | "probe":
            return Sensor(voice, _sensor_profile(device, building, dice))


def _door_unit(door: Door, voice: Voice, own: OwnList) -> DoorUnit:
    return DoorUnit(
        voice,
        DoorProfile(
            name=door.name,
            reads_badges=True,
            other_readers=door.reader_in is not None or door.reader_out is not None,
            has_contact=door.has_contact,
            default_hold_s=door.release_s,
            # Otherwise the handle opens by hand and the bolt stays where it is.
            exit_release_s=door.release_s if door.exit_button else 0.0,
        ),
        own,
    )


def _sensor_profile(device: Device, building: Building, dice: random.Random) -> SensorProfile:
    return SensorProfile(
        channels={name: CHANNELS[name] for name in device.channels if name in CHANNELS},
        name=_place_name(device, building),
        every_s=device.every_s,
        states=SLOW & frozenset(device.channels),
        on_battery=device.kind == "sensor",
        first_after_s=dice.uniform(0.1, 1.0) * device.every_s,
    )


def _place_name(device: Device, building: Building) -> str:
    if device.area is not None:
        return building.areas[device.area].name
    door = building.doors.get(device.door or "")
    return door.name if door is not None else device.id
