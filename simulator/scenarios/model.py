"""A scenario as values: who, what happens when, and what must be true of it. How it is written is `reading`'s."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TypeAlias

from simulator.building import Building, Door
from simulator.faults import Fault

# --- who ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Wanted:
    """Somebody of the people file who fits all of this; nobody of it for a stranger."""

    line: int
    traits: Mapping[str, str] = field(default_factory=dict)
    is_stranger: bool = False


# --- what happens ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Say:
    """A command of the house, typed by staff. `keeps`: words for later, by a pattern with one group.

    They are looked for in what it printed, or in the file it was to `reads`, in the scenario's own folder.
    """

    words: str
    exits: int = 0
    prints: str | None = None
    keeps: Mapping[str, str] = field(default_factory=dict)
    reads: str | None = None


@dataclass(frozen=True, slots=True)
class TapDoor:
    door: Door
    who: str = ""
    token: str = field(default="", repr=False)
    types_pin: str = ""  # right or wrong, where it is asked for
    direction: str = "in"
    stays: bool = False
    name: str = ""


@dataclass(frozen=True, slots=True)
class PressExit:
    door: Door
    for_s: float | None = None


@dataclass(frozen=True, slots=True)
class HoldOpen:
    door: Door
    for_s: float


@dataclass(frozen=True, slots=True)
class PressButton:
    room: str


@dataclass(frozen=True, slots=True)
class Breathe:
    device: str


@dataclass(frozen=True, slots=True)
class Tamper:
    device: str


@dataclass(frozen=True, slots=True)
class FirePanel:
    """The relay of a fire panel, wired to this sensor."""

    device: str
    active: bool


Deed: TypeAlias = Say | TapDoor | PressExit | HoldOpen | PressButton | Breathe | Tamper | FirePanel


@dataclass(frozen=True, slots=True)
class Step:
    line: int
    at_s: float
    deed: Deed


# --- what must be true ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class When:
    """At a moment, throughout a span, or so often between `after_s` and `by_s`; None is the beginning, or the end."""

    at_s: float | None = None
    throughout: tuple[float, float] | None = None
    after_s: float | None = None
    by_s: float | None = None
    times: int | None = None
    at_least: int = 1


@dataclass(frozen=True, slots=True)
class Answered:
    """What the reader showed for a tap of the steps."""

    tap: str
    shows: str
    reason: str | None
    within_s: float | None


@dataclass(frozen=True, slots=True)
class Stood:
    """How something was: `what` of `who` (a device, or `door:…`, `room:…`, `house` as the house tells it) was `value`."""

    who: str
    what: str
    value: str
    when: When


@dataclass(frozen=True, slots=True)
class Happened:
    """What one of these devices said, showed or was told."""

    devices: frozenset[str]
    how: str  # says, shows, told
    what: str
    reason: str | None
    when: When


@dataclass(frozen=True, slots=True)
class Readings:
    """All that sensors said was confirmed; and, told how many, there were so many."""

    at_least: int = 1


@dataclass(frozen=True, slots=True)
class Life:
    """Of people who live their day: `taps` happened, all were `answered`, all the `entitled` let in."""

    what: str
    at_least: int = 1


@dataclass(frozen=True, slots=True)
class Between:
    """All readings of a channel by these devices lay between the two."""

    devices: frozenset[str]
    channel: str
    low: float
    high: float
    when: When


Claim: TypeAlias = Answered | Stood | Happened | Readings | Life | Between


@dataclass(frozen=True, slots=True)
class Expectation:
    line: int
    words: str  # as it was written
    claim: Claim
    why: str = ""


@dataclass(frozen=True, slots=True)
class Scenario:
    """All of one file, checked against its space; who the people are is known when it is played."""

    name: str
    path: Path
    about: str
    space: Path
    building: Building
    lasts_s: float
    starts: datetime | None = None  # in the zone of the space
    seed: int = 1
    people: Mapping[str, Wanted] = field(default_factory=dict)
    speed: float | None = None  # of life; None: nobody lives there
    given: tuple[Step, ...] = ()
    steps: tuple[Step, ...] = ()
    faults: tuple[Fault, ...] = ()
    expect: tuple[Expectation, ...] = ()
    strikes_broker: bool = False
