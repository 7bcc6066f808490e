"""The world's acts done to a household's devices, and their answers brought back; and what its sensors read.

When it happens is somebody else's: the running simulator's by the clock, the dry day's at full speed.
"""

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
from simulator.instruments import measure
from simulator.people import SimPerson
from simulator.pocket import badge_data
from simulator.world import World

# Six digits by somebody who knows them, and less than the world's people wait at a reader.
_TYPING_S = 1.5


class Instruments:
    """What each sensor reads, from the world's rooms."""

    def __init__(self, building: Building, world: World, seed: int) -> None:
        self._building = building
        self._world = world
        self._dice = {device: random.Random(f"{seed}/{device}") for device in building.devices}

    def read(self, device_id: str) -> dict[str, Scalar]:
        device = self._building.devices[device_id]
        if device.area is None:
            return {}
        return measure(device.channels, self._world.room(device.area), self._dice[device_id])


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

    def perform(self, act: Act) -> None:
        match act:
            case Tap():
                self.story["taps"] += 1
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
        self._world.answered(tap.person.id, show.signal is Signal.GRANTED)
        self._answered()

    def _types(self, tap: Tap) -> None:
        self._house.enter_pin(tap.device, tap.person.pin, lambda show: self._answers(tap, show))
