"""What the controller says; the list a door decides by alone is in `access`."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field, StringConstraints

from devices.errors import RefusalReason
from devices.fields import ChannelName, Code, Count, Int, Label, MessageId, Moment, Real, Setting
from devices.messages.body import Message


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


class Reject(Message):
    """What the controller could not take, and what would be right; told to the sender at a limited rate."""

    topic: Annotated[str, StringConstraints(max_length=400)] | None = None
    reason: RefusalReason
    path: Label | None = None
    hint: Annotated[str, StringConstraints(max_length=400)] | None = None
    sample: Annotated[str, StringConstraints(max_length=400)] | None = None
    count: Count | None = None
