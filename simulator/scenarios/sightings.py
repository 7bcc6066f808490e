"""What a witness saw, as values: moments are seconds since the beginning of the scenario.

No badge number, PIN or token is in any of them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from devices.messages import Scalar


@dataclass(frozen=True, slots=True)
class Turned:
    """From now on `what` of `who` is `to`. `who`: a device; or `door:…`, `room:…`, `house` as the house tells all."""

    at: float
    who: str
    what: str
    to: str


@dataclass(frozen=True, slots=True)
class Tapped:
    """A badge, a token or a PIN at a reader. `tap` names one of the steps; `request`: what the reader asked by."""

    at: float
    device: str
    tap: str = ""
    request: str | None = None


@dataclass(frozen=True, slots=True)
class Showed:
    """Lamp and buzzer. `by_house`: it came of a command, and not of the reader's own mind."""

    at: float
    device: str
    signal: str
    reason: str | None = None
    by_house: bool = True


@dataclass(frozen=True, slots=True)
class Said:
    """An event that it published."""

    at: float
    device: str
    event: str


@dataclass(frozen=True, slots=True)
class Told:
    """A command that it heard. `late_s`: how much older than its time to live; 0 or less is fresh."""

    at: float
    device: str
    command: str
    do: str
    re: str | None = None
    late_s: float = 0.0
    obeyed: bool = True


@dataclass(frozen=True, slots=True)
class Drew:
    """The bolt was sent to unlocked, by this command (`for_request`: the read it answers)."""

    at: float
    device: str
    command: str
    for_request: str | None = None


@dataclass(frozen=True, slots=True)
class Wished:
    """What a light was told to be, and until when."""

    at: float
    device: str
    on: bool
    until: float | None = None


@dataclass(frozen=True, slots=True)
class Measured:
    at: float
    device: str
    values: Mapping[str, Scalar]


@dataclass(frozen=True, slots=True)
class Sent:
    """Readings, by their number; and, the second time, that the broker confirmed them."""

    at: float
    device: str
    number: int
    confirmed: bool = False


@dataclass(frozen=True, slots=True)
class Lived:
    """Somebody of the house's people at a door; `showed` is None while nothing was."""

    at: float
    person: str
    door: str
    direction: str
    entitled: bool
    showed: str | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Ran:
    """A command of the steps ended. `line`: where it is written."""

    at: float
    line: int
    code: int
    prints_it: bool = True  # what it was to print
    ended: str = ""  # the end of what it printed, where that is no secret


Sighting: TypeAlias = Turned | Tapped | Showed | Said | Told | Drew | Wished | Measured | Sent | Lived | Ran


def word_of(value: object) -> str:
    """A value as a scenario names it: YAML takes on and off for truths, and a sensor may say either."""
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "on" if value else "off"
    return f"{value:g}" if isinstance(value, int | float) else str(value)


def in_s(moment: float) -> str:
    """A moment, or a length of time, as it is told."""
    return f"{moment:.2f} s"
