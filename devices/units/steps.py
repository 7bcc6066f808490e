"""What goes into a device machine and what comes out of it.

The machines themselves are beside this file, one each. Nobody here waits, sends or tells the time:
whoever runs a machine (the simulator's fleet; firmware, in its own language) does what the effects say.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol, Self, TypeAlias

from devices.channels import Bolt
from devices.messages import BadgeReadData, Birth, Event, Message, Scalar, Signal, Status, Telemetry
from devices.topics import Kind

# --- in: what happens to a device -----------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Connected:
    """The session with the broker is up, or up again."""


@dataclass(frozen=True, slots=True)
class Disconnected:
    """The session is gone; nothing said now is heard."""


@dataclass(frozen=True, slots=True)
class Heard:
    """A message from the controller. `waited_s`: how long it lay in the device before its turn came.

    `page`: the last level of its topic, of an access list in several messages.
    """

    message: Message
    retained: bool = False
    waited_s: float = 0.0
    page: int | None = None


@dataclass(frozen=True, slots=True)
class Unheard:
    """An event was said, and the broker never confirmed it: perhaps nobody heard."""

    event: Event


@dataclass(frozen=True, slots=True)
class Unread:
    """Readings were said, and the broker never confirmed them."""

    telemetry: Telemetry


@dataclass(frozen=True, slots=True)
class TimerFired:
    name: str


@dataclass(frozen=True, slots=True)
class BadgeShown:
    """Somebody holds a badge or a pass to the reader."""

    data: BadgeReadData = field(repr=False)


@dataclass(frozen=True, slots=True)
class PinEntered:
    """Somebody typed a PIN to the end: for the badge just shown, or by itself."""

    digits: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class ExitPressed:
    """The button or the handle inside."""


@dataclass(frozen=True, slots=True)
class ExitReleased:
    """The button inside is let go."""


@dataclass(frozen=True, slots=True)
class ReleaseWired:
    """The reader outside says over its own wire to the lock what it decided with nobody to ask.

    `re`: the request of its that was given up by it; whatever answers that one now comes too late.
    """

    hold_s: float | None = None
    re: str | None = None
    admitted: bool = True


@dataclass(frozen=True, slots=True)
class ContactFelt:
    """The door leaf left its frame, or is back in it."""

    is_open: bool


@dataclass(frozen=True, slots=True)
class BoltFelt:
    """Where the bolt's own switch says it is."""

    lock: Bolt


@dataclass(frozen=True, slots=True)
class Tampered:
    """The cover is off, or the reader off the wall."""


@dataclass(frozen=True, slots=True)
class FireFelt:
    """The relay of the fire panel, wired to this device: it says that there is fire, or that it is over."""

    active: bool


@dataclass(frozen=True, slots=True)
class ButtonPressed:
    pressed: str = "short"


@dataclass(frozen=True, slots=True)
class Measured:
    """The answer to `Sample`: what the instruments read. A channel without a reading is absent."""

    values: Mapping[str, Scalar]


Input: TypeAlias = (
    Connected
    | Disconnected
    | Heard
    | Unheard
    | Unread
    | TimerFired
    | BadgeShown
    | PinEntered
    | ExitPressed
    | ExitReleased
    | ReleaseWired
    | ContactFelt
    | BoltFelt
    | Tampered
    | FireFelt
    | ButtonPressed
    | Measured
)

# --- out: what the device does --------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Publish:
    """Say this now; quality of service and retention follow from the kind (`topics.RULES`)."""

    kind: Kind
    message: Message


@dataclass(frozen=True, slots=True)
class StartTimer:
    """A timer already running under this name starts again."""

    name: str
    after_s: float


@dataclass(frozen=True, slots=True)
class StopTimer:
    name: str


@dataclass(frozen=True, slots=True)
class Show:
    """Lamp and buzzer of a reader, as a value. `reason` is for tests and the curious, not for the lamp."""

    signal: Signal
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Identify:
    """Blink, so that a person finds this device among twenty alike."""


@dataclass(frozen=True, slots=True)
class MoveBolt:
    """Drive the bolt; its switch answers with `BoltFelt`."""

    to: Bolt


@dataclass(frozen=True, slots=True)
class ReleaseLock:
    """Tell the lock beside this reader, over their own wire, what was decided alone; it hears `ReleaseWired`."""

    hold_s: float | None = None
    re: str | None = None
    admitted: bool = True


@dataclass(frozen=True, slots=True)
class Shine:
    """Switch the lamp."""

    on: bool


@dataclass(frozen=True, slots=True)
class Sample:
    """Read the instruments now and answer with `Measured`."""


Effect: TypeAlias = Publish | StartTimer | StopTimer | Show | Identify | MoveBolt | ReleaseLock | Shine | Sample
Effects: TypeAlias = tuple[Effect, ...]


class Machine(Protocol):
    """Any of the devices: the same three things are asked of all of them."""

    def step(self, given: Input, now: datetime) -> tuple[Self, Effects]:
        """What comes next and what to do; an input it has no use for changes nothing and never raises."""
        ...

    def birth(self) -> Birth: ...

    def status(self, *, gone: bool = False, lost: bool = False, now: datetime | None = None) -> Status:
        """Ready; or the farewell (`gone`); or the will a broker keeps for us (`lost`)."""
        ...
