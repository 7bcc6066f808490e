"""What a device says of itself and of what it measures; what happened once is in `events`."""

from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field, StringConstraints, model_validator

from devices.fields import (
    CLASS,
    MINOR,
    PATTERN_WORDS,
    Boot,
    ChannelName,
    Code,
    Count,
    DeviceClass,
    Flag,
    IntOrNone,
    Label,
    MessageId,
    Moment,
    NumberOrNone,
    Real,
    Values,
    is_class,
)
from devices.messages.body import Message


class ChannelSpec(Message):
    """One thing a device measures or does. No `unit` means the canonical one of its class."""

    device_class: DeviceClass = Field(validation_alias="class", serialization_alias="class")
    unit: Label | None = None
    min: Real | None = None
    max: Real | None = None
    settable: Flag = Field(default=False, validation_alias="set", serialization_alias="set")
    momentary: Flag = False

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.min is not None and self.max is not None and self.min > self.max:
            raise ValueError("min is greater than max; exchange them")
        return self

    @property
    def fault(self) -> str | None:
        """Why nothing of this channel can be kept, in words for its maker; the device's other channels are none the worse."""
        if is_class(self.device_class):
            return None
        return f"its class is {self.device_class!r}; it should be {PATTERN_WORDS[CLASS]}"


class Birth(Message):
    """Who I am and what I have. Retained; a new `rev` replaces the whole."""

    contract: Annotated[str, StringConstraints(pattern=MINOR)]
    rev: Count
    name: Label | None = None
    model: Label | None = None
    vendor: Label | None = None
    sw: Label | None = None
    hw: Label | None = None
    every_s: Annotated[Real, Field(gt=0)] | None = None
    sleeps: Flag = False
    channels: dict[ChannelName, ChannelSpec]


class DeviceState(StrEnum):
    READY = "ready"
    SLEEPING = "sleeping"
    DISCONNECTED = "disconnected"
    LOST = "lost"


class Status(Message):
    """Am I there. `lost` is the will; a will of an older `boot` than the device's last is ignored.

    The controller's own heartbeat is a Status too, with `epoch_ms` for devices that have no other clock.
    """

    state: DeviceState
    boot: Boot
    ts: Moment | None = None
    epoch_ms: Count | None = None


class Sample(Message):
    """One moment of a backlog."""

    ts: Moment
    v: Values


class Telemetry(Message):
    """Sampled values: `v` for now, or `batch` for what was kept while offline."""

    id: MessageId | None = None
    seq: Count | None = None
    ts: Moment | None = None
    v: Values | None = None
    batch: tuple[Sample, ...] | None = Field(default=None, min_length=1)

    @model_validator(mode="after")
    def _one_of_two(self) -> Self:
        if (self.v is None) == (self.batch is None):
            raise ValueError("needs either v or batch, one of the two")
        return self


class State(Message):
    """The whole snapshot of slow things: `door.contact`, `door.lock`, `onair`, `window`."""

    id: MessageId | None = None
    ts: Moment
    v: Values


class AckPhase(StrEnum):
    ACCEPTED = "accepted"
    DONE = "done"
    REFUSED = "refused"


class AckReason(StrEnum):
    """Why a device refused a command. A device may say another code; these are the contract's."""

    EXPIRED = "expired"
    RETAINED = "retained"
    DUPLICATE = "duplicate"
    UNKNOWN_CHANNEL = "unknown_channel"
    JAMMED = "jammed"
    BUSY = "busy"


class Ack(Message):
    """What became of the command `re`, or of the access list of that revision."""

    re: MessageId
    phase: AckPhase
    reason: Code | None = None
    state: Label | Values | None = None


class Health(Message):
    """How the device itself is; all of it optional, `access_rev` says which access list it holds."""

    battery: NumberOrNone = Field(default=None, ge=0, le=100)
    rssi: NumberOrNone = None
    uptime_s: NumberOrNone = Field(default=None, ge=0)
    reset: Label | None = None
    heap: IntOrNone = Field(default=None, ge=0)
    clock_offset_ms: NumberOrNone = None
    queued: IntOrNone = Field(default=None, ge=0)
    # Events that gave way to newer ones while nobody listened, since the device started.
    dropped: IntOrNone = Field(default=None, ge=0)
    access_rev: IntOrNone = Field(default=None, ge=0)
