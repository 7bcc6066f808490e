"""What stands between one device and its link, its instruments, its switches and its clock while a fault lasts.

It does what the plan says of each message and reading, and nothing else; without a fault all passes as it is.
"""

import logging
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol, TypeAlias

from devices.channels import Bolt
from devices.messages import Scalar
from devices.units import Input
from devices.units.steps import BoltFelt, ContactFelt
from simulator.faults.fault import Fault
from simulator.faults.plan import Passing, Way, harmed, read_as, told_time
from simulator.hardware import Later, PutOff

logger = logging.getLogger(__name__)

Go: TypeAlias = Callable[[bytes, bool], None]
"""Let it pass on, with this body, and said to be retained or not."""

# What waits in one device; beyond that the newest is lost, as in any queue of a device.
_WAITS_MOST = 10_000


def _forgotten() -> None:
    """Nobody asks what became of it."""


class Feels(Protocol):
    """A device, as far as its switches are concerned."""

    id: str

    def feed(self, given: Input) -> None: ...


@dataclass(slots=True, eq=False)
class Room:
    """For the messages that wait, in all devices together: some fifty megabytes, full of the longest."""

    left: int = 50_000
    is_told: bool = False

    def is_found_by(self, device_id: str, waits: int) -> bool:
        """Whether one more may wait in this device, where so many do; the first that may not is told of."""
        if self.left > 0 and waits < _WAITS_MOST:
            self.left -= 1
            return True
        if not self.is_told:
            self.is_told = True
            logger.warning("%s: too many messages wait, %d in it; from now on the newest are lost", device_id, waits)
        return False


@dataclass(slots=True, eq=False)
class _Waiting:
    """A message that goes on later; it is `lost` where the device loses power before."""

    go: Go
    one: Passing
    lost: Callable[[], None]
    timer: Later | None = None

    def goes_on(self) -> None:
        self.go(self.one.payload, self.one.retain)


@dataclass(slots=True, eq=False)
class Acting:
    """A fault that lasts, and what it has to remember about one device."""

    fault: Fault
    since_s: float
    passed: Counter[str] = field(default_factory=Counter)
    before: dict[str, Scalar] = field(default_factory=dict)  # first readings since it began
    held: list[_Waiting] = field(default_factory=list)


class Meddler:
    """`tell` writes down what was done; `clock` is that of faults, in seconds; `room` is shared by all devices."""

    def __init__(
        self,
        device: Feels,
        clock: Callable[[], float],
        put_off: PutOff,
        tell: Callable[[Fault, str, str], None],
        room: Room | None = None,
    ) -> None:
        self._device = device
        self._clock = clock
        self._put_off = put_off
        self._tell = tell
        self._acting: list[Acting] = []
        self._room = room if room is not None else Room()
        self._waits = 0  # in this device, of what takes room
        self._late: list[_Waiting] = []
        self._behind: dict[Way, list[_Waiting]] = {"up": [], "down": []}  # each waits for the next to overtake it
        self._leaf: bool | None = None  # where the leaf really is, once it has moved
        self._bolt = Bolt.LOCKED  # where the bolt really is

    def begins(self, fault: Fault) -> None:
        if fault.kind == "stuck-contact" and fault.word("at") != "as-it-is":
            leaf = self._leaf
            self._device.feed(ContactFelt(fault.word("at") == "open"))
            self._leaf = leaf
        self._acting.append(Acting(fault, self._clock()))

    def ends(self, fault: Fault) -> None:
        """What was held goes on its way, and switches tell the truth again."""
        for acting in [one for one in self._acting if one.fault is fault]:
            self._acting.remove(acting)
            self._makes_room(len(acting.held))
            for waiting in acting.held:
                waiting.goes_on()
        if fault.kind == "stuck-contact" and not self._is("stuck-contact"):
            # Not moved since we look on: as the machine knew it before, which is shut.
            self._device.feed(ContactFelt(bool(self._leaf)))
        if fault.kind == "jammed-lock" and not self._is("jammed-lock"):
            self._device.feed(BoltFelt(self._bolt))

    def loses_power(self) -> None:
        """What waits is forgotten, and a strike without power is locked."""
        self._bolt = Bolt.LOCKED
        held = [waiting for acting in self._acting for waiting in acting.held]
        behind = [waiting for those in self._behind.values() for waiting in those]
        gone = [*held, *self._late, *behind]
        self._makes_room(len(held) + len(self._late))
        self._late.clear()
        for acting in self._acting:
            acting.held.clear()
        for those in self._behind.values():
            those.clear()
        for waiting in gone:
            if waiting.timer is not None:
                waiting.timer.cancel()
        # Said twice, it is lost once.
        for lost in dict.fromkeys(waiting.lost for waiting in gone):
            lost()

    # --- messages ---------------------------------------------------------------------------------

    def passes(
        self, way: Way, kind: str, payload: bytes, retain: bool, go: Go, lost: Callable[[], None] = _forgotten
    ) -> None:
        """A message on its way up or down; `go` carries what is left of it, as often as it is told to.

        `lost` is told where the device loses power while it waits; of what a fault drops nobody is told.
        """
        if not self._acting:
            self._overtakes(way, _Waiting(go, Passing(kind, payload, retain), lost))
            return
        out: list[Passing] = [Passing(kind, payload, retain)]
        holding: Acting | None = None
        for acting in self._acting:
            acting.passed[way] += 1
            done = [harmed(acting.fault, self._device.id, way, acting.passed[way], one) for one in out]
            if what := next((harm.what for harm in done if harm.what is not None), None):
                self._tell(acting.fault, self._device.id, what)
            out = [one for harm in done for one in harm.passing]
            if holding is None and any(one.until_over for one in out):
                holding = acting
        for one in out:
            self._carries(way, _Waiting(go, one, lost), holding)

    def _carries(self, way: Way, waiting: _Waiting, holding: Acting | None) -> None:
        one = waiting.one
        if holding is not None:
            if self._finds_room():
                holding.held.append(waiting)
        elif one.behind_next and not self._behind[way]:
            self._behind[way].append(waiting)
            waiting.timer = self._put_off(one.wait_s, lambda: self._nobody_came(way, waiting))
        elif one.wait_s > 0 and not one.behind_next:
            if self._finds_room():
                self._late.append(waiting)
                waiting.timer = self._put_off(one.wait_s, lambda: self._comes_late(way, waiting))
        else:
            self._overtakes(way, waiting)

    def _comes_late(self, way: Way, waiting: _Waiting) -> None:
        self._late.remove(waiting)
        self._makes_room(1)
        self._overtakes(way, waiting)

    def _overtakes(self, way: Way, first: _Waiting) -> None:
        first.goes_on()
        overtaken, self._behind[way] = self._behind[way], []
        for waiting in overtaken:
            if waiting.timer is not None:
                waiting.timer.cancel()
            waiting.goes_on()

    def _nobody_came(self, way: Way, waiting: _Waiting) -> None:
        if waiting in self._behind[way]:
            self._behind[way].remove(waiting)
            waiting.goes_on()

    def _finds_room(self) -> bool:
        found = self._room.is_found_by(self._device.id, self._waits)
        self._waits += found
        return found

    def _makes_room(self, count: int) -> None:
        self._waits -= count
        self._room.left += count

    # --- instruments, switches and clock ----------------------------------------------------------

    def reads(self, values: Mapping[str, Scalar]) -> dict[str, Scalar]:
        shown = dict(values)
        for acting in self._acting:
            acting.passed["reading"] += 1
            acting.before = {**shown, **acting.before}
            number, since_s = acting.passed["reading"], self._clock() - acting.since_s
            shown, what = read_as(acting.fault, self._device.id, number, since_s, acting.before, shown)
            if what is not None:
                self._tell(acting.fault, self._device.id, what)
        return shown

    def feels(self, given: Input) -> bool:
        """Is this switch felt? A stuck one is not, and where things really are is remembered for later."""
        if isinstance(given, ContactFelt):
            self._leaf = given.is_open
            return not self._swallows("stuck-contact", f"the leaf is {'open' if given.is_open else 'shut'}, not felt")
        if isinstance(given, BoltFelt) and given.lock is not Bolt.JAMMED:
            if self._swallows("jammed-lock", f"the bolt does not become {given.lock.value}"):
                return False
            self._bolt = given.lock
        return True

    def now(self, true: datetime) -> datetime:
        for acting in self._acting:
            true = told_time(acting.fault, self._clock() - acting.since_s, true)
        return true

    def _is(self, kind: str) -> bool:
        return any(acting.fault.kind == kind for acting in self._acting)

    def _swallows(self, kind: str, what: str) -> bool:
        acting = next((one for one in self._acting if one.fault.kind == kind), None)
        if acting is not None:
            self._tell(acting.fault, self._device.id, what)
        return acting is not None
