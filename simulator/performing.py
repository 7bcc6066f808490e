"""The world's acts done to a household's devices, and their answers brought back; and what its sensors read.

When it happens is somebody else's: the running simulator's by the clock, the dry day's at full speed.
"""

import math
import random
from collections import Counter
from collections.abc import Callable
from typing import Any

from devices.messages import Scalar, Signal
from devices.units.steps import ButtonPressed, Show
from simulator.acts import Act, MoveLeaf, PressButton, PressExit, Tap
from simulator.building import Building, Door
from simulator.hardware import PutOff
from simulator.household import Household
from simulator.instruments import battery_percent, breathed_on, measure
from simulator.people import SimPerson
from simulator.pocket import badge_data
from simulator.world import World

# Six digits by somebody who knows them, and less than the world's people wait at a reader.
_TYPING_S = 1.5
_CELLS_ARE_OLD_S = 60 * 86400.0


class Instruments:
    """What each sensor reads, from the world's rooms."""

    def __init__(self, building: Building, world: World, seed: int) -> None:
        self._building = building
        self._world = world
        self._dice = {device: random.Random(f"{seed}/{device}") for device in building.devices}
        self._breaths: dict[str, float] = {}
        # Cells were put in on many a day of the last two months.
        self._fresh_cells_at = {
            device: world.now - random.Random(f"{seed}/{device}/cells").uniform(0, _CELLS_ARE_OLD_S)
            for device in building.devices
        }

    def read(self, device_id: str) -> dict[str, Scalar]:
        device = self._building.devices[device_id]
        if device.area is None:
            return {}
        values = measure(device.channels, self._world.room(device.area), self._dice[device_id])
        if device.kind == "sensor":
            fresh_at = self._fresh_cells_at[device_id]
            values["battery"] = battery_percent(device.channels, device.every_s, self._world.now, fresh_at)
        return breathed_on(values, self._since_breath(device_id))

    def breathe_on(self, device_id: str) -> None:
        """Somebody breathes on this sensor; it fades by the world's own clock."""
        self._breaths[device_id] = self._world.now

    def co2_at(self, device_id: str) -> float | None:
        """What is true before this sensor, for who looks on: no dice are thrown, so its own readings stay as they are."""
        device = self._building.devices[device_id]
        if device.area is None or "co2" not in device.channels:
            return None
        true = self._world.room(device.area).climate.co2_ppm
        return float(str(breathed_on({"co2": true}, self._since_breath(device_id))["co2"]))

    def _since_breath(self, device_id: str) -> float:
        breath = self._breaths.get(device_id)
        return math.inf if breath is None else self._world.now - breath


class Performer:
    """`answered` is called when the world has heard an answer, and may have something to do next."""

    def __init__(
        self, world: World, house: Household[Any], put_off: PutOff, answered: Callable[[], None] = lambda: None
    ) -> None:
        self._world = world
        self._house = house
        self._put_off = put_off
        self._answered = answered
        self.story: Counter[str] = Counter()  # taps, and what readers showed
        # Told of each tap when it begins, and of what the reader showed for it in the end.
        self.on_tap: Callable[[Tap, Show | None], None] | None = None

    def perform(self, act: Act) -> None:
        match act:
            case Tap():
                self.story["taps"] += 1
                if self.on_tap is not None:
                    self.on_tap(act, None)
                self._house.tap(
                    act.device, badge_data(act.person, act.direction), lambda show: self._answers(act, show)
                )
            case PressExit(door=door):
                self._house.press_exit(door)
            case MoveLeaf(door=door, is_open=True, person=SimPerson() as person) if act.inward and self._is_shut(door):
                # Green, but the bolt did not draw: she stands there and tries again.
                self._world.answered(person.id, False)
            case MoveLeaf(door=door, is_open=is_open):
                self._house.move_leaf(door, is_open)
            case PressButton(area=area):
                for device in self._house.in_area(area, "light"):
                    device.feed(ButtonPressed())

    def _is_shut(self, door: Door) -> bool:
        return not self._house.can_push(door)

    def _answers(self, tap: Tap, show: Show) -> None:
        self.story[show.signal.value] += 1
        if show.signal is Signal.ENTER_PIN and tap.person.pin:
            self._put_off(_TYPING_S, lambda: self._types(tap))
            return
        if self.on_tap is not None:
            self.on_tap(tap, show)
        self._world.answered(tap.person.id, show.signal is Signal.GRANTED)
        self._answered()

    def _types(self, tap: Tap) -> None:
        self._house.enter_pin(tap.device, tap.person.pin, lambda show: self._answers(tap, show))
