"""What every dialect does: it puts what a machine says into words of its own, and what it hears into the machine's.

Pure: no link, no clock, nothing waits. What the words are is each dialect's, in the files beside this one.
"""

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, tzinfo
from typing import Self, TypeAlias

from devices import strictjson
from devices.channels import is_no_reading
from devices.messages import (
    BadgeReadData,
    Birth,
    Command,
    Desired,
    DesiredValue,
    DeviceState,
    Do,
    Event,
    EventType,
    Health,
    Message,
    Scalar,
    State,
    Status,
    Telemetry,
)
from devices.units import DoorUnit, Input, Machine
from devices.units.light import ONAIR_CHANNEL
from devices.units.steps import Heard, ReleaseLock

# Foreign commands have no time of their own: they are obeyed as they arrive, as by the devices themselves.
_TTL_MS = 60_000
# A relay has no limit of its own: it stays on for as long as it was told to.
LONGEST_HOLD_S = 86_400.0


@dataclass(frozen=True, slots=True)
class Who:
    """The device as its dialect names it. Its MQTT user name is part of every topic, so two never meet on one."""

    id: str
    kind: str
    name: str
    zone: tzinfo
    channels: tuple[str, ...] = ()
    release_s: float = 5.0
    has_contact: bool = True
    has_button: bool = False

    @property
    def mac(self) -> str:
        """Twelve lower-case hex digits, locally administered: no vendor's device has it."""
        return f"02{hashlib.sha256(self.id.encode()).hexdigest()[:10]}"

    @property
    def ip(self) -> str:
        """Where it would be on the network of the space; nothing listens there."""
        first, second = bytes.fromhex(self.mac[-4:])
        return f"10.77.{first}.{second}"


@dataclass(frozen=True, slots=True)
class Say:
    """One message. Small firmware publishes at QoS 0."""

    topic: str
    body: bytes = field(repr=False)  # may hold the number of a badge
    qos: int = 0
    retain: bool = False


@dataclass(frozen=True, slots=True)
class Wait:
    """`ticks` is called so many seconds later; a new one takes the place of the last."""

    after_s: float


Act: TypeAlias = Say | Wait | ReleaseLock | Input
Acts: TypeAlias = tuple[Act, ...]


@dataclass(frozen=True, slots=True)
class Tongue:
    """A device's words. A dialect overrides what it has words for; the rest goes unsaid."""

    who: Who
    heard: int = 0

    @property
    def will(self) -> Say | None:
        """What the broker says when it vanishes; None where the dialect has no last will."""
        return None

    @property
    def filters(self) -> tuple[str, ...]:
        return ()

    def rebooted(self) -> Self:
        """After the power was off: all but what is in its flash is forgotten."""
        return self

    def wakes(self, now: datetime) -> tuple[Self, Acts]:
        """Connected: who it is, before it says how things stand."""
        return self, ()

    def ready(self, now: datetime) -> tuple[Self, Acts]:
        """It has said how things stand."""
        return self, ()

    def leaves(self, now: datetime) -> Acts:
        """A proper goodbye."""
        return ()

    def reads(self, values: Mapping[str, Scalar], now: datetime) -> tuple[Self, Acts]:
        return self, ()

    def stands(self, values: Mapping[str, Scalar], now: datetime) -> tuple[Self, Acts]:
        """The whole of its slow things: bolt, leaf, lamp, window."""
        return self, ()

    def shown(self, badge: BadgeReadData, request: str, now: datetime) -> tuple[Self, Acts]:
        """A badge is held to it; `request` is what the machine calls the question."""
        return self, ()

    def pressed(self, now: datetime) -> tuple[Self, Acts]:
        return self, ()

    def tampered(self, now: datetime) -> tuple[Self, Acts]:
        return self, ()

    def charged(self, percent: float, now: datetime) -> tuple[Self, Acts]:
        """How full its battery is."""
        return self, ()

    def hears(self, topic: str, body: bytes, machine: Machine, now: datetime) -> tuple[Self, Acts]:
        return self, ()

    def ticks(self, machine: Machine, now: datetime) -> tuple[Self, Acts]:
        return self, ()

    # --- hands --------------------------------------------------------------------------------------

    def draws(self, machine: Machine, now: datetime, hold_s: float | None = None) -> tuple[Self, Acts]:
        """Draw the bolt, and shoot it again by itself; to whoever just showed a badge there it is the answer."""
        request = machine.reading.request if isinstance(machine, DoorUnit) else None
        held = None if hold_s is None else min(max(hold_s, 0.1), LONGEST_HOLD_S)
        return self._commands(Do.UNLOCK, now, hold_s=held, re=request)

    def shoots(self, now: datetime) -> tuple[Self, Acts]:
        return self._commands(Do.LOCK, now)

    def shines(self, on: bool) -> tuple[Self, Acts]:
        told = replace(self, heard=self.heard + 1)
        return told, (Heard(Desired(rev=told.heard, v={ONAIR_CHANNEL: DesiredValue(value=on)})),)

    def switches(self, on: bool, machine: Machine, now: datetime, hold_s: float | None = None) -> tuple[Self, Acts]:
        """The relay of the board: a lamp hangs on it, or a strike."""
        if self.who.kind == "light":
            return self.shines(on)
        return self.draws(machine, now, hold_s) if on else self.shoots(now)

    def _commands(self, do: Do, now: datetime, hold_s: float | None = None, re: str | None = None) -> tuple[Self, Acts]:
        told = replace(self, heard=self.heard + 1)
        command = Command(id=f"heard-{told.heard}", ts=now, ttl_ms=_TTL_MS, do=do, hold_s=hold_s, re=re)
        return told, (Heard(command),)


def in_words_of(tongue: Tongue, message: Message, now: datetime) -> tuple[Tongue, Acts]:
    """What a machine says, in this dialect. What happened while nobody listened is not told later: none of them does."""
    match message:
        case Birth():
            return tongue.wakes(now)
        case Status(state=DeviceState.READY):
            return tongue.ready(now)
        case Status():
            return tongue, tongue.leaves(now)
        case State(v=values):
            return tongue.stands(values, now)
        case Telemetry(v=values) if values is not None:
            return tongue.reads(values, now)
        case Health(battery=percent) if percent is not None:
            return tongue.charged(percent, now)
        case Event(age_ms=None, type=EventType.BADGE_READ, data=BadgeReadData() as badge, id=request) if badge.card:
            return tongue.shown(badge, request, now)
        case Event(age_ms=None, type=EventType.BUTTON):
            return tongue.pressed(now)
        case Event(age_ms=None, type=EventType.TAMPER):
            return tongue.tampered(now)
        case _:
            return tongue, ()


def body(content: object) -> bytes:
    """As small firmware writes JSON: no spaces, no NaN."""
    return json.dumps(content, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode(errors="replace")


def parsed(text: bytes) -> dict[str, object] | None:
    """A JSON object, or None for anything else."""
    try:
        content = strictjson.parse(text)
    except strictjson.StrictJsonError:
        return None
    return content if isinstance(content, dict) else None


def number(value: Scalar) -> int | float | None:
    """None for all ways to have no reading."""
    if is_no_reading(value) or isinstance(value, bool | str) or not math.isfinite(value or 0):
        return None
    return value


def numbers(values: Mapping[str, Scalar]) -> dict[str, int | float | None]:
    """The readings that are numbers or ought to be, by channel; None where an instrument has none."""
    return {name: number(value) for name, value in values.items() if not isinstance(value, bool)}


def on_off(on: bool) -> str:
    return "ON" if on else "OFF"


def is_drawn(values: Mapping[str, Scalar]) -> bool:
    """Of what a door unit or a light says of itself: is its relay on?"""
    return values.get("door.lock") == "unlocked" or values.get(ONAIR_CHANNEL) is True


def is_open(values: Mapping[str, Scalar]) -> bool | None:
    """Of a door or a window; None for what has no contact."""
    said = values.get("door.contact", values.get("window"))
    return None if said is None else said == "open"
