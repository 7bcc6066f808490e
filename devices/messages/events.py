"""What happened once: a read, an edge, a button, what a door decided alone."""

from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, TypeAdapter, ValidationInfo, WrapValidator, model_validator

from devices.fields import PIN, ChannelName, Code, Count, Flag, Int, MessageId, Moment, PassId, Scalar
from devices.messages.access import AccessRight
from devices.messages.body import Message


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
