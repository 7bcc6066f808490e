"""Where messages from devices come in: decoded, checked for who sent them, handed to the service that knows.

Nothing is decided here but whether a message is one of ours. What cannot be taken goes to `refusals`,
which stores it, tells its sender and only then lets it be acknowledged.
"""

import logging
from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from controller.services.meters import Meters
from controller.services.refusals import Refusals
from devices import codec
from devices.errors import MessageError, RefusalReason
from devices.messages import Message
from devices.topics import SERVER, UP_KINDS, Address, Kind, Topics

logger = logging.getLogger(__name__)

Acknowledge = Callable[[], None]


@dataclass(frozen=True, slots=True)
class Inbound:
    """One valid message of a known device. Whoever handles it acknowledges it, once, when it is safe."""

    topic: str
    address: Address
    message: Message
    payload: bytes = field(repr=False)
    received_at: datetime  # aware UTC
    received_mono: float  # the loop's clock
    retained: bool
    # It was waiting at the broker when we connected, so it may be of any age.
    backlog: bool
    acknowledge: Acknowledge = field(repr=False)
    # QoS 0: nobody waits for its acknowledgement. What is waited for must never be dropped: acknowledgements go
    # out in order, so a single one left out would hold back all that follow.
    droppable: bool = False

    @property
    def device(self) -> str:
        return self.address.device


Handler = Callable[[Inbound], None]


class Router:
    """Sends each message to the handler of its kind; refuses what is no message of ours."""

    def __init__(
        self,
        topics: Topics,
        known: Callable[[], Container[str]],
        handlers: Mapping[Kind, Handler],
        refusals: Refusals,
        meters: Meters,
    ) -> None:
        self._topics = topics
        self._known = known
        self._handlers = handlers
        self._refusals = refusals
        self._received = {
            kind: meters.counter("natoma_messages_received_total", "Messages taken off the wire.", kind=str(kind))
            for kind in UP_KINDS
        }
        self._unknown_fields = meters.counter(
            "natoma_unknown_fields_total", "Members of messages that no contract we know has."
        )

    def deliver(
        self,
        topic: str,
        payload: bytes,
        *,
        retained: bool,
        backlog: bool,
        received_at: datetime,
        received_mono: float,
        acknowledge: Acknowledge,
        droppable: bool = False,
    ) -> None:
        """Take one message off the wire; never raises for what the message says."""
        if not payload and (retained or topic.endswith(("/birth", "/status", "/state"))):
            # Somebody cleared a retained message, as a refusal told them to; a late subscriber would not get it.
            acknowledge()
            return
        try:
            decoded = codec.decode(self._topics, topic, payload, retained=retained)
            if decoded.address.device == SERVER:
                acknowledge()  # our own heartbeat
                return
            if decoded.address.device not in self._known():
                raise MessageError(
                    RefusalReason.UNKNOWN_DEVICE,
                    f"no device {decoded.address.device!r} in this space",
                    topic=topic,
                    hint="add it to the space file under devices:",
                )
        except MessageError as error:
            self._refusals.refuse(error, topic, payload, received_at, acknowledge, droppable=droppable)
            return
        self._received[decoded.address.kind].add()
        if decoded.unknown_fields:
            self._unknown_fields.add(len(decoded.unknown_fields))
        handler = self._handlers.get(decoded.address.kind)
        if handler is None:
            logger.debug("nobody here handles %s", topic)
            acknowledge()
            return
        handler(
            Inbound(
                topic,
                decoded.address,
                decoded.message,
                payload,
                received_at,
                received_mono,
                retained,
                backlog,
                acknowledge,
                droppable,
            )
        )
