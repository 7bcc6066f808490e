"""What stands between one device and its link, its instruments, its switches and its clock while a fault lasts.

It does what the plan says of each message and reading, and nothing else; without a fault all passes as it is.
"""

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

Go: TypeAlias = Callable[[bytes, bool], None]
"""Let it pass on, with this body, and said to be retained or not."""

# What a frozen device holds; beyond that the newest is lost, as in any queue of a device.
_HELD_MOST = 10_000


class Feels(Protocol):
    """A device, as far as its switches are concerned."""

    id: str

    def feed(self, given: Input) -> None: ...


@dataclass(slots=True, eq=False)
class Acting:
    """A fault that lasts, and what it has to remember about one device."""

    fault: Fault
    since_s: float
    passed: Counter[str] = field(default_factory=Counter)
    before: dict[str, Scalar] = field(default_factory=dict)  # first readings since it began
    held: list[tuple[Go, Passing]] = field(default_factory=list)


@dataclass(slots=True, eq=False)
class _Behind:
    """A message that waits for the next to overtake it."""

    go: Go
    one: Passing
    timer: Later | None = None


class Meddler:
    """`tell` writes down what was done; `clock` is that of faults, in seconds."""

    def __init__(
        self, device: Feels, clock: Callable[[], float], put_off: PutOff, tell: Callable[[Fault, str, str], None]
    ) -> None:
        self._device = device
        self._clock = clock
        self._put_off = put_off
        self._tell = tell
        self._acting: list[Acting] = []
        self._behind: dict[Way, list[_Behind]] = {"up": [], "down": []}
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
            for go, one in acting.held:
                go(one.payload, one.retain)
        if fault.kind == "stuck-contact" and not self._is("stuck-contact"):
            # Not moved since we look on: as the machine knew it before, which is shut.
            self._device.feed(ContactFelt(bool(self._leaf)))
        if fault.kind == "jammed-lock" and not self._is("jammed-lock"):
            self._device.feed(BoltFelt(self._bolt))

    # --- messages ---------------------------------------------------------------------------------

    def passes(self, way: Way, kind: str, payload: bytes, retain: bool, go: Go) -> None:
        """A message on its way up or down; `go` carries what is left of it, as often as it is told to."""
        if not self._acting:
            self._overtakes(way, go, Passing(kind, payload, retain))
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
            self._carries(way, go, one, holding)

    def _carries(self, way: Way, go: Go, one: Passing, holding: Acting | None) -> None:
        if holding is not None:
            if len(holding.held) < _HELD_MOST:
                holding.held.append((go, one))
        elif one.behind_next and not self._behind[way]:
            behind = _Behind(go, one)
            self._behind[way].append(behind)
            behind.timer = self._put_off(one.wait_s, lambda: self._nobody_came(way, behind))
        elif one.wait_s > 0 and not one.behind_next:
            self._put_off(one.wait_s, lambda: self._overtakes(way, go, one))
        else:
            self._overtakes(way, go, one)

    def _overtakes(self, way: Way, go: Go, one: Passing) -> None:
        go(one.payload, one.retain)
        waiting, self._behind[way] = self._behind[way], []
        for behind in waiting:
            if behind.timer is not None:
                behind.timer.cancel()
            behind.go(behind.one.payload, behind.one.retain)

    def _nobody_came(self, way: Way, behind: _Behind) -> None:
        if behind in self._behind[way]:
            self._behind[way].remove(behind)
            behind.go(behind.one.payload, behind.one.retain)

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
