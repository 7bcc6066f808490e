"""What every message of the contract holds, one model each; schemas/ is generated from here.

`up` and `events` are what devices say, `down` and `access` what the controller does, `body` what all share. Bytes,
limits and refusals are `codec`'s; units and classes `channels`'s; topics `topics`'s. A field that holds a badge number,
a PIN or a token is `repr=False`, and no validation error repeats what was sent.
"""

from devices.errors import RefusalReason
from devices.fields import Scalar, Values
from devices.messages.access import MINUTES_A_DAY, MINUTES_A_WEEK, AccessEntry, AccessIssuer, AccessList, AccessRight
from devices.messages.body import Message
from devices.messages.down import (
    HELD_OPEN,
    IN_GRACE,
    SECOND_PERSON_MISSING,
    Command,
    Desired,
    DesiredValue,
    Do,
    Reject,
    Signal,
)
from devices.messages.events import (
    DATA_MODELS,
    BadgeReadData,
    Event,
    EventData,
    EventDetails,
    EventType,
    LocalDecisionData,
    ShownPass,
)
from devices.messages.up import (
    Ack,
    AckPhase,
    AckReason,
    Birth,
    ChannelSpec,
    DeviceState,
    Health,
    Sample,
    State,
    Status,
    Telemetry,
)
from devices.topics import Kind

__all__ = [
    "DATA_MODELS", "HELD_OPEN", "IN_GRACE", "MINUTES_A_DAY", "MINUTES_A_WEEK", "MODELS", "SECOND_PERSON_MISSING",
    "AccessEntry", "AccessIssuer", "AccessList", "AccessRight", "Ack", "AckPhase", "AckReason",
    "BadgeReadData", "Birth", "ChannelSpec", "Command", "Desired", "DesiredValue", "DeviceState", "Do", "Event",
    "EventData", "EventDetails", "EventType", "Health", "LocalDecisionData", "Message", "RefusalReason", "Reject",
    "Sample", "Scalar", "ShownPass", "Signal", "State", "Status", "Telemetry", "Values",
]  # fmt: skip

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
