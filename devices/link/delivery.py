"""One message as it arrived, before anyone has asked what it means."""

from dataclasses import dataclass, field


@dataclass(slots=True, eq=False)
class Delivery:
    """Give it back to `Link.ack` once it is safe; a QoS 0 one needs no ack and takes it silently.

    Not frozen because one is made per message and a frozen one costs three times as much; nobody changes it.
    """

    topic: str
    payload: bytes = field(repr=False)  # it may hold a badge number or a PIN
    qos: int
    retain: bool
    dup: bool
    received_at: float = 0.0  # epoch seconds
    received_mono: float = 0.0  # the loop's clock, for ages and deadlines
    response_topic: str | None = None
    correlation: bytes | None = None
    content_type: str | None = None
    user_properties: tuple[tuple[str, str], ...] = ()
    mid: int = 0  # the packet id: names the message only inside one connection
    order: int = 0  # its place among the QoS 1 messages of that connection
    generation: int = 0  # which connection that was
