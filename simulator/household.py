"""The devices of a building under the hands of its people: which one a tap, a push or a press reaches.

How the devices are connected, if at all, is not its affair.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Generic, TypeVar

from devices.channels import Bolt
from devices.messages import BadgeReadData
from devices.units import DoorUnit
from devices.units.steps import ContactFelt, ExitPressed, ExitReleased, ReleaseLock, ReleaseWired, Show
from simulator.building import Building, Door
from simulator.hardware import Hardware

D = TypeVar("D", bound=Hardware)


class Household(Generic[D]):
    """All devices, or those that were chosen."""

    def __init__(self, building: Building, devices: Mapping[str, D]) -> None:
        self._building = building
        self.devices = devices
        self._lay_wires()
        # How many hands hold each door open on purpose.
        self._holding: Counter[str] = Counter()

    def tap(self, device_id: str, shown: BadgeReadData, answer: Callable[[Show], None]) -> None:
        """Hold a badge or a pass to a reader; `answer` hears what the reader shows."""
        self.devices[device_id].tap(shown, answer)

    def enter_pin(self, device_id: str, digits: str, answer: Callable[[Show], None]) -> None:
        """Type a PIN at a reader; `answer` hears what the reader shows then."""
        self.devices[device_id].enter_pin(digits, answer)

    def press_exit(self, door: Door) -> None:
        self.devices[door.unit].press_exit()

    @contextmanager
    def exit_held(self, door: Door) -> Iterator[None]:
        """A hand that stays on the button, or a button that stays in by itself."""
        self.devices[door.unit].feed(ExitPressed())
        try:
            yield
        finally:
            self.devices[door.unit].feed(ExitReleased())

    def can_push(self, door: Door) -> bool:
        """Would the door give if somebody pushed it from outside?"""
        unit = self.devices[door.unit].machine
        return isinstance(unit, DoorUnit) and (unit.lock is Bolt.UNLOCKED or unit.is_open)

    def move_leaf(self, door: Door, is_open: bool) -> None:
        """With whatever force it takes: a closed bolt makes it a break-in. A door that is held does not fall shut."""
        if not is_open and self.is_held(door):
            return
        self.devices[door.unit].feed(ContactFelt(is_open))

    def is_held(self, door: Door) -> bool:
        return self._holding[door.id] > 0

    @contextmanager
    def held_open(self, door: Door) -> Iterator[None]:
        """Hands on the leaf: whoever walks through meanwhile leaves it open, and it falls shut after the last hand."""
        self._holding[door.id] += 1
        self.move_leaf(door, True)
        try:
            yield
        finally:
            self._holding[door.id] -= 1
            self.move_leaf(door, False)

    def in_area(self, area: str, kind: str) -> list[D]:
        """The devices of a kind in an area."""
        wanted = (device.id for device in self._building.devices.values() if (device.area, device.kind) == (area, kind))
        return [self.devices[device_id] for device_id in wanted if device_id in self.devices]

    def _lay_wires(self) -> None:
        """From each reader to the lock beside it: what a reader decides alone goes no other way."""
        for door in self._building.doors.values():
            unit = self.devices.get(door.unit)
            for reader in (self.devices.get(name) for name in (door.reader_in, door.reader_out) if name):
                if unit is not None and reader is not None:
                    reader.wire = partial(_release, unit)


def _release(unit: Hardware, said: ReleaseLock) -> None:
    unit.feed(ReleaseWired(said.hold_s, said.re, said.admitted))
