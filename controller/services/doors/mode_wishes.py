"""What door units are asked to be (`door.mode`), retained and with an end, and whether they follow.

A wish is a state: told again whenever its device was gone or the line was down, for it is as good later. What should be
wished is decided in `domain.door_mode`; a door that stands open when its window ends locks when it closes, by itself.
"""

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from controller.domain.building import Door
from controller.domain.door_mode import DoorMode, Level, Mode
from controller.domain.ids import DeviceId, DoorId
from controller.services.inbound import Inbound
from controller.services.ports import Clock, Outbound
from controller.services.presence import Presence
from controller.services.screens.health import HealthBoard
from devices.channels import DOOR_CONTACT, DOOR_LOCK, DOOR_MODE
from devices.errors import LinkError
from devices.messages import Desired, DesiredValue, State

logger = logging.getLogger(__name__)

COMPONENT = "door modes"
# A bolt needs under a second, a message less; what has not followed by now needs a person.
FOLLOWS_WITHIN = 5.0


@dataclass(slots=True)
class _Unit:
    """One door's device: what it was asked, and what it says it is."""

    door: Door
    mode: DoorMode | None = None
    is_told: bool = False
    asked_mono: float = 0.0
    says: str | None = None
    lock: str | None = None
    contact: str | None = None
    problem: str | None = None

    @property
    def wish(self) -> tuple[Mode, datetime | None] | None:
        if self.mode is None:
            return None
        return self.mode.wanted, self.mode.until if self.mode.wanted is Mode.UNLOCKED else None


class ModeWishes:
    """The wishes for all doors of the space."""

    def __init__(
        self, doors: Iterable[Door], outbound: Outbound, presence: Presence, board: HealthBoard, clock: Clock
    ) -> None:
        self._outbound = outbound
        self._presence = presence
        self._board = board
        self._clock = clock
        self._units: dict[DeviceId, _Unit] = {door.unit: _Unit(door) for door in doors}
        self._rev = 0

    def wish(self, door: Door, mode: DoorMode) -> None:
        """From now on this door should be so."""
        unit = self._units.get(door.unit)
        if unit is None or unit.door.id != door.id:
            unit = self._units[door.unit] = _Unit(door)
        before = unit.wish
        unit.door, unit.mode = door, mode
        if unit.wish != before:
            unit.is_told = False
            if before is None or before[0] is not mode.wanted:
                unit.asked_mono = self._clock.monotonic()
            self._tell(unit)

    def state_reported(self, inbound: Inbound, state: State) -> None:
        """What a door unit says of itself; whoever else hears it acknowledges."""
        unit = self._units.get(DeviceId(inbound.device))
        if unit is not None:
            unit.says = _text(state.v.get(DOOR_MODE), unit.says)
            unit.lock = _text(state.v.get(DOOR_LOCK), unit.lock)
            unit.contact = _text(state.v.get(DOOR_CONTACT), unit.contact)

    def device_changed(self, device: DeviceId) -> None:
        """A unit came, went or started anew: it is told again, and has its time to follow again."""
        unit = self._units.get(device)
        if unit is not None:
            unit.is_told = False
            unit.asked_mono = self._clock.monotonic()

    def link_back(self) -> None:
        """A broker that came back may have forgotten what it retained."""
        for unit in self._units.values():
            unit.is_told = False

    def look(self) -> None:
        """Once a second: who could not be told is told, and who does not follow is named."""
        for unit in self._units.values():
            if unit.mode is not None and not unit.is_told:
                self._tell(unit)
            self._judge(unit)
        self._report()

    @property
    def problems(self) -> dict[DoorId, str]:
        """The doors that are not as they should be, and what is wrong with each."""
        return {unit.door.id: unit.problem for unit in self._units.values() if unit.problem is not None}

    def _tell(self, unit: _Unit) -> None:
        wish = unit.wish
        if wish is None:
            return
        # Later is greater, also when the wall clock went back or two wishes share a millisecond.
        self._rev = max(self._rev + 1, int(self._clock.now().timestamp() * 1000))
        desired = Desired(rev=self._rev, v={DOOR_MODE: DesiredValue(value=str(wish[0]), until=wish[1])})
        try:
            self._outbound.send(unit.door.unit, desired)
        except LinkError as error:
            logger.debug("%s was not told its mode: %s", unit.door.name, error)
        else:
            unit.is_told = True

    def _judge(self, unit: _Unit) -> None:
        before = unit.problem
        waited = self._clock.monotonic() - unit.asked_mono
        wrong = self._wrong(unit) if unit.mode is not None else None
        if wrong is None:
            unit.problem = None
        elif waited > FOLLOWS_WITHIN:
            unit.problem = wrong
        if unit.problem is not None and before is None:
            logger.warning("%s", unit.problem)

    def _wrong(self, unit: _Unit) -> str | None:
        """What is not as it should be, in words; None where the door is as it was asked to be."""
        assert unit.mode is not None
        name, wanted = unit.door.name, unit.mode.wanted
        if not self._presence.is_there(unit.door.unit):
            # A lock without its device is shut or open as its wiring says; that it is gone is told elsewhere.
            return f"{name} should be {wanted} and does not answer" if wanted is not Mode.LOCKED else None
        if wanted is Mode.RELEASED:
            # What counts is the bolt, or the open leaf: a word about a mode saves nobody.
            if unit.lock == "unlocked" or unit.contact == "open":
                return None
            return f"{name} is not seen released: its lock says {unit.lock or 'nothing'}"
        if unit.says == wanted or (unit.says is None and wanted is Mode.LOCKED):
            return None
        return f"{name} should be {wanted} and says {unit.says or 'nothing of its mode'}"

    def _report(self) -> None:
        problems = list(self.problems.values())
        in_fire = any(
            unit.mode is not None and unit.mode.level is Level.FIRE and unit.problem is not None
            for unit in self._units.values()
        )
        text = "; ".join(problems) if problems else "every door is as it should be"
        self._board.report(COMPONENT, ok=not problems, text=text, vital=in_fire)


def _text(value: object, otherwise: str | None) -> str | None:
    return value if isinstance(value, str) else otherwise
