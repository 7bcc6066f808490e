"""How the building is now, as the page shows it: one flat table of small values, and what changed in it.

Keys are `door/<id>`, `device/<id>`, `room/<id>`, `dot/<number>` and `house`. A dot has a place and no name.
"""

import asyncio
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from devices.messages import Signal
from devices.units import DoorUnit, Light
from devices.units.steps import Show
from simulator.building import OUTSIDE, Area, Building, Door
from simulator.fleet import Fleet
from simulator.page.places import Places
from simulator.performing import Instruments
from simulator.world import World

Table = Mapping[str, object]

# How long a lamp shows an answer; the PIN as long as the reader waits for it, the warning as long as one beep and a breath.
SHOWN_S = {
    Signal.GRANTED: 3.0,
    Signal.DENIED: 2.5,
    Signal.TRY_AGAIN: 2.5,
    Signal.ENTER_PIN: 15.0,
    Signal.WARNING: 4.0,
}
# Looked at this often at most, whoever watches; rooms change slowly and cost more.
_FRESH_S = 0.08
_ROOMS_FRESH_S = 1.0


@dataclass(frozen=True, slots=True)
class _Shown:
    signal: Signal
    until: float
    number: int  # so that the same answer twice is two


class Lamps:
    """What each reader's lamp shows, and for how long."""

    def __init__(self, fleet: Fleet, time: Callable[[], float]) -> None:
        self._time = time
        self._shown: dict[str, _Shown] = {}
        self._count = 0
        for device in fleet.devices.values():
            device.on_show = partial(self._shows, device.id)

    def of(self, device_id: str) -> tuple[str, int]:
        """The signal (`idle` is none), and which one of all that were shown."""
        shown = self._shown.get(device_id)
        if shown is None:
            return "idle", 0
        return ("idle" if self._time() >= shown.until else shown.signal.value), shown.number

    def _shows(self, device_id: str, show: Show) -> None:
        self._count += 1
        self._shown[device_id] = _Shown(show.signal, self._time() + SHOWN_S[show.signal], self._count)


class Life:
    """Reads the running simulation; changes nothing of it."""

    def __init__(
        self,
        building: Building,
        world: World,
        fleet: Fleet,
        instruments: Instruments,
        places: Places,
        time: Callable[[], float] | None = None,
    ) -> None:
        self._building = building
        self._world = world
        self._fleet = fleet
        self._instruments = instruments
        self._places = places
        self._lights = {area: fleet.in_area(area, "light") for area in building.areas}
        self._sensors = {area: fleet.in_area(area, "sensor") for area in building.areas}
        self._time = time or asyncio.get_running_loop().time
        self._lamps = Lamps(fleet, self._time)
        self._now: Table = {}
        self._rooms: Table = {}
        self._looked_at = self._rooms_at = -math.inf

    def now(self) -> Table:
        """The table; a moment old at most, however many watch."""
        at = self._time()
        if at - self._looked_at >= _FRESH_S:
            self._looked_at = at
            if at - self._rooms_at >= _ROOMS_FRESH_S:
                self._rooms_at = at
                self._rooms = {f"room/{area.id}": self._room(area) for area in self._building.areas.values()}
            doors = {f"door/{door.id}": self._door(door) for door in self._building.doors.values()}
            self._now = {"house": self._house(), **doors, **self._devices(), **self._rooms, **self._dots()}
        return self._now

    def _house(self) -> object:
        local = datetime.fromtimestamp(self._world.now, self._building.zone)
        return {
            "clock": local.strftime("%H:%M"),
            "day": local.strftime("%A"),
            "inside": sum(self._world.whereabouts().values()),
        }

    def _door(self, door: Door) -> object:
        unit = self._fleet.devices[door.unit]
        assert isinstance(unit.machine, DoorUnit)
        return {
            "open": unit.machine.is_open,
            "bolt": unit.machine.lock.value,
            "stands": unit.machine.mode.value,
            "held": self._fleet.is_held(door),
            "pressed": unit.machine.is_exit_pressed,
            "off": unit.is_off,
            "lamp": self._lamp(door.badge_reader),
            "lamp_out": self._lamp(door.reader_out) if door.reader_out is not None else None,
        }

    def _lamp(self, device_id: str) -> object:
        signal, number = self._lamps.of(device_id)
        return ["off" if self._fleet.devices[device_id].is_off else signal, number]

    def _devices(self) -> Table:
        return {
            f"device/{device.id}": "off" if device.is_off else "on" if device.is_online else "away"
            for device in self._fleet.devices.values()
        }

    def _room(self, area: Area) -> object:
        truth = self._world.room(area.id)
        lights = [d.machine.is_on for d in self._lights[area.id] if isinstance(d.machine, Light)]
        before = ((sensor.id, self._instruments.co2_at(sensor.id)) for sensor in self._sensors[area.id])
        return {
            "people": truth.people,
            "co2": {sensor: round(ppm) for sensor, ppm in before if ppm is not None},
            "temperature": round(truth.climate.temperature_c, 1),
            "noise": round(truth.sound_db),
            "window": truth.window_open,
            "on_air": any(lights) if lights else None,
        }

    def _dots(self) -> Table:
        everyone = list(self._world.everyone())
        places = self._places.of(everyone)
        busy = {one.number for one in everyone if one.at_door is not None or one.area == OUTSIDE}
        return {f"dot/{number}": [dot.floor, dot.x, dot.y, int(number in busy)] for number, dot in places.items()}


def changes(before: Table, after: Table) -> Table:
    """What is new or different, and None for what is gone."""
    different = {key: value for key, value in after.items() if before.get(key) != value}
    return {**different, **{key: None for key in before if key not in after}}
