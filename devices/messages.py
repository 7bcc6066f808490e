"""What every message of the contract holds, one model each; schemas/ is generated from here.

Bytes, limits and refusals are `codec`'s; units and classes `channels`'s; topics `topics`'s. A field that holds a
badge number, a PIN or a token is `repr=False`, and no validation error repeats what was sent.
"""

from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    TypeAdapter,
    ValidationInfo,
    WrapValidator,
    model_validator,
)

from devices.errors import RefusalReason
from devices.fields import (
    DATE,
    HASH,
    MINOR,
    PIN,
    Boot,
    ChannelName,
    Code,
    Count,
    Flag,
    Int,
    IntOrNone,
    Label,
    MessageId,
    Moment,
    NumberOrNone,
    PassId,
    PublicKey,
    Real,
    Scalar,
    Setting,
    Values,
)
from devices.topics import Kind

__all__ = [
    "DATA_MODELS", "HELD_OPEN", "IN_GRACE", "MODELS", "AccessEntry", "AccessIssuer", "AccessList", "AccessRight", "Ack", "AckPhase", "AckReason",
    "BadgeReadData", "Birth", "ChannelSpec", "Command", "Desired", "DesiredValue", "DeviceState", "Do", "Event",
    "EventData", "EventDetails", "EventType", "Health", "LocalDecisionData", "Message", "RefusalReason", "Reject",
    "Sample", "Scalar", "ShownPass", "Signal", "State", "Status", "Telemetry", "Values",
]  # fmt: skip

MINUTES_A_DAY = 24 * 60
MINUTES_A_WEEK = 7 * MINUTES_A_DAY


class Message(BaseModel):
    """What all bodies share: frozen, finite, tolerant of fields a later minor version adds."""

    model_config = ConfigDict(
        frozen=True,
        extra="ignore",
        allow_inf_nan=False,
        validate_by_name=True,
        validate_by_alias=True,
        serialize_by_alias=True,
        # An input repeated in an error would carry a badge number into a log.
        hide_input_in_errors=True,
    )


# --- up: what a device says -------------------------------------------------------------------------------------------


class ChannelSpec(Message):
    """One thing a device measures or does. No `unit` means the canonical one of its class."""

    device_class: Label = Field(validation_alias="class", serialization_alias="class")
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


class EventType(StrEnum):
    BADGE_READ = "badge.read"
    PIN_ENTERED = "pin.entered"
    DOOR_OPENED = "door.opened"
    DOOR_CLOSED = "door.closed"
    REX = "rex"
    TAMPER = "tamper"
    FIRE = "fire"
    BUTTON = "button"
    LOCAL_GRANTED = "local.granted"
    LOCAL_DENIED = "local.denied"


Secret = Annotated[str, StringConstraints(min_length=1, max_length=256)]


class _Shown(Message):
    card: Annotated[Secret, StringConstraints(max_length=64)] | None = Field(default=None, repr=False)
    bits: Annotated[Int, Field(ge=1, le=256)] | None = None
    format: Code | None = None
    direction: Literal["in", "out"] | None = None
    pin: Annotated[Secret, StringConstraints(pattern=PIN)] | None = Field(default=None, repr=False)
    token: Secret | None = Field(default=None, repr=False)


class BadgeReadData(_Shown):
    """What was shown to a reader: a card as this reader spells it, or a PIN, or the token of a QR or visitor pass."""

    @model_validator(mode="after")
    def _one_of_three(self) -> Self:
        if sum(part is not None for part in (self.card, self.pin, self.token)) != 1:
            raise ValueError("needs card, pin or token, exactly one of them")
        return self


class AccessRight(StrEnum):
    BLOCKED = "blocked"
    EMERGENCY = "emergency"
    STAFF = "staff"
    MEMBER = "member"


class ShownPass(Message):
    """What a visiting pass says that a door verified alone; without its signature it opens nothing anywhere."""

    iss: PassId
    sub: PassId
    id: PassId
    since: Moment
    until: Moment
    days: Annotated[Int, Field(ge=1, le=366)] | None = None


class LocalDecisionData(_Shown):
    """What a door decided alone, and from which revision (`rev`) of its access list."""

    # The keyed hash under which the list knows the badge, when the device no longer has the number.
    h: Secret | None = Field(default=None, repr=False)
    rev: Count | None = None
    re: MessageId | None = None
    reason: Code | None = None
    # By which kind of entry, and whether a day of its quota was used: for whoever keeps the ledger.
    right: AccessRight | None = None
    uses_day: Flag | None = None
    # Instead of `h`, of a partner's pass that the list knew nothing of.
    visit: ShownPass | None = None


# Details of the other events, as flat as readings are: {"pressed": "long"}, {"zone": "2"}.
EventDetails = dict[ChannelName, Scalar]
EventData = BadgeReadData | LocalDecisionData | EventDetails
DATA_MODELS: dict[EventType, type[BadgeReadData] | type[LocalDecisionData]] = {
    EventType.BADGE_READ: BadgeReadData,
    EventType.PIN_ENTERED: BadgeReadData,
    EventType.LOCAL_GRANTED: LocalDecisionData,
    EventType.LOCAL_DENIED: LocalDecisionData,
}
_DETAILS: TypeAdapter[EventDetails] = TypeAdapter(EventDetails, config=Message.model_config)


def _data_of_its_type(value: object, _: object, info: ValidationInfo) -> EventData | None:
    """The shape of `data` is said by `type`, never guessed from its fields: a guess could read a PIN as plain text."""
    event_type = info.data.get("type")
    if value is None or event_type is None:
        return None
    model = DATA_MODELS.get(event_type)
    if model is None:
        return _DETAILS.validate_python(value)
    # On the wire a name is a name; what Python builds may be the model itself.
    return model.model_validate(value, by_name=True)


class Event(Message):
    """Something happened once. Never retained, always with an id, because a repeat must not open a door twice."""

    id: MessageId
    type: EventType
    ts: Moment | None = None
    age_ms: Count | None = None
    channel: ChannelName | None = None
    # Not in repr: a sloppy device may put a number anywhere in it.
    data: Annotated[EventData, WrapValidator(_data_of_its_type)] | None = Field(default=None, repr=False)

    @model_validator(mode="after")
    def _has_what_was_shown(self) -> Self:
        if self.type in (EventType.BADGE_READ, EventType.PIN_ENTERED) and self.data is None:
            raise ValueError(f"{self.type} needs data with what was shown")
        if self.type is EventType.PIN_ENTERED and not (isinstance(self.data, BadgeReadData) and self.data.pin):
            raise ValueError("pin.entered needs data with a pin")
        return self


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


# --- down: what the controller says -----------------------------------------------------------------------------------


class Do(StrEnum):
    UNLOCK = "unlock"
    LOCK = "lock"
    SIGNAL = "signal"
    REBIRTH = "rebirth"
    IDENTIFY = "identify"


class Signal(StrEnum):
    """What a reader shows the person: nothing more than this, whatever the reason was; a warning answers nobody."""

    GRANTED = "granted"
    DENIED = "denied"
    TRY_AGAIN = "try_again"
    ENTER_PIN = "enter_pin"  # not an answer yet: the PIN that belongs to this badge, please
    WARNING = "warning"  # to whoever keeps the door open: close it, or it is an alarm


# Granted, and the member is told that a payment is late.
IN_GRACE = "in_grace"
# The door has stood open too long; said by itself, never of a badge.
HELD_OPEN = "held_open"
# The first of two at a door that opens for two together: no refusal, wait for the other and show the badge again.
SECOND_PERSON_MISSING = "second_person_missing"
_MEANT = {
    None: Signal.GRANTED,
    IN_GRACE: Signal.GRANTED,
    HELD_OPEN: Signal.WARNING,
    SECOND_PERSON_MISSING: Signal.TRY_AGAIN,
} | {str(signal): signal for signal in (Signal.TRY_AGAIN, Signal.ENTER_PIN)}


class Command(Message):
    """Please do, once, before `ts` + `ttl_ms`. Never retained; a repeated id re-sends the old ack and does nothing.

    The `reason` of a signal: none or `in_grace` (a payment is late) is a yes, `try_again` says so, `enter_pin` asks for
    the PIN of this badge within 15 s, sent as `pin.entered`, `second_person_missing` is no refusal but asks the first of
    two to wait for the other; any other is a no. An unlock may carry `in_grace` too. `held_open`, with no `re`, warns whoever keeps the door open; it answers no badge and ends no question.
    """

    id: MessageId
    ts: Moment
    ttl_ms: Annotated[Int, Field(ge=1, le=3_600_000)]
    do: Do
    channel: ChannelName | None = None
    hold_s: Annotated[Real, Field(gt=0, le=86_400)] | None = None
    re: MessageId | None = None
    reason: Code | None = None

    @property
    def shows(self) -> Signal:
        """What it says to the person: ok carries no reason or `in_grace`; any reason that is no other is a denial."""
        if self.do is Do.UNLOCK:
            return Signal.GRANTED
        return _MEANT.get(self.reason, Signal.DENIED)


class DesiredValue(Message):
    """What a channel should be, and until when, so that a dead controller cannot leave it on."""

    value: Setting
    until: Moment | None = None


class Desired(Message):
    """What the stateful channels should be. Retained, so it never names a momentary channel."""

    rev: Count
    v: dict[ChannelName, DesiredValue]


Minute = Annotated[Int, Field(ge=0, le=MINUTES_A_WEEK + MINUTES_A_DAY)]
Period = tuple[Moment, Moment]
Day = Annotated[str, StringConstraints(pattern=DATE)]


class AccessEntry(Message):
    """One right of one badge in the offline list; a badge may have several, and any one suffices.

    `weekly` are [from, to) minutes after Monday 00:00 in the space's zone; a window belongs to the day it starts, so
    that of Sunday night runs past the end of the week. `once` are [from, to) moments: a booking, an event, a visit.
    """

    h: Annotated[str, StringConstraints(pattern=HASH)] = Field(repr=False)
    right: AccessRight = AccessRight.MEMBER
    weekly: tuple[tuple[Minute, Minute], ...] = ()
    once: tuple[Period, ...] | None = None
    since: Moment | None = None
    until: Moment | None = None
    # How many different business days were left when the list was issued; none stated: no quota.
    days: Annotated[Int, Field(ge=0, le=366)] | None = None
    # Open on the list's closed dates too.
    holidays: Flag | None = None
    # How long the door stays released for this holder, where that is not the door's own time.
    hold_s: Annotated[Real, Field(gt=0, le=86_400)] | None = None

    @model_validator(mode="after")
    def _windows_go_forward(self) -> Self:
        if any(start >= end or start >= MINUTES_A_WEEK for start, end in self.weekly):
            raise ValueError("weekly has a window that ends before it starts; one over midnight ends after 1440 more")
        if any(start >= end for start, end in self.once or ()):
            raise ValueError("once has a period that ends before it starts; exchange its moments")
        return self


class AccessIssuer(Message):
    """A partner space: the door verifies its visiting passes itself, and the entries of `h` say what one opens.

    Any of its passes is good, never seen before or not, that is not among `revoked` and began after its holder's `subs`.
    """

    iss: PassId
    key: PublicKey
    h: Annotated[str, StringConstraints(pattern=HASH)]
    revoked: tuple[PassId, ...] | None = None
    subs: dict[PassId, Moment] | None = None


class AccessList(Message):
    """Whom a door admits when the controller is gone. Blocked first, so that a cut-off transfer blocks too much.

    What it means, and what is signed, is in `accesslist`.
    """

    rev: Count
    issued: Moment
    until: Moment
    salt: Annotated[str, StringConstraints(pattern=HASH)] = Field(repr=False)
    entries: tuple[AccessEntry, ...]
    sig: Annotated[str, StringConstraints(min_length=16, max_length=512)] = Field(repr=False)
    # Of a list in several messages: how many there are; the topic says which one this is.
    pages: Annotated[Int, Field(ge=1, le=10_000)] | None = None
    # In which `weekly` is meant, like Europe/Paris; none stated: UTC.
    zone: Label | None = None
    # Minutes after midnight at which a business day begins.
    cut_off: Annotated[Int, Field(ge=0, lt=MINUTES_A_DAY)] | None = None
    # Local dates on which only entries with `holidays` are good.
    closed: tuple[Day, ...] | None = None
    # On the first page only.
    issuers: tuple[AccessIssuer, ...] | None = None

    @model_validator(mode="after")
    def _blocked_first(self) -> Self:
        blocked = [entry.right is AccessRight.BLOCKED for entry in self.entries]
        if blocked != sorted(blocked, reverse=True):
            raise ValueError("entries must begin with the blocked ones")
        if self.until <= self.issued:
            raise ValueError("until must be after issued")
        return self


class Reject(Message):
    """What the controller could not take, and what would be right; told to the sender at a limited rate."""

    topic: Annotated[str, StringConstraints(max_length=400)] | None = None
    reason: RefusalReason
    path: Label | None = None
    hint: Annotated[str, StringConstraints(max_length=400)] | None = None
    sample: Annotated[str, StringConstraints(max_length=400)] | None = None
    count: Count | None = None


MODELS: dict[Kind, type[Message]] = {
    Kind.BIRTH: Birth,
    Kind.STATUS: Status,
    Kind.TELEMETRY: Telemetry,
    Kind.STATE: State,
    Kind.EVENT: Event,
    Kind.ACK: Ack,
    Kind.HEALTH: Health,
    Kind.COMMAND: Command,
    Kind.DESIRED: Desired,
    Kind.ACCESS: AccessList,
    Kind.REJECT: Reject,
}
