"""How a link is doing, as one value that can be shown, compared and kept."""

from dataclasses import dataclass

from devices.errors import LinkError


@dataclass(frozen=True, slots=True)
class LinkState:
    """A snapshot; the counters run since the link was opened.

    `connected` is the broker's word that we have a session; `alive` is proof: our own beat came back through the
    broker not long ago. A link can be connected and not alive (frozen broker, cut cable), never the other way round.
    """

    connected: bool = False
    alive: bool = False
    since: float = 0.0  # epoch seconds of the last change of `connected`
    session_present: bool = False  # the broker had kept our session
    generation: int = 0  # connections made so far; 0 is "never yet"
    last_error: LinkError | None = None  # why it is down, or what is wrong though it is up; None when all is well
    rtt_s: float | None = None  # the last beat's way through the broker and back
    reconnects: int = 0
    session_lost: int = 0  # times the broker had no session where it should have: messages may be missing
    identity_clashes: int = 0  # times another client with our id took the session
    refused_subscriptions: tuple[str, ...] = ()
    certificate_ends: float | None = (
        None  # epoch seconds until which the broker's certificate is good; None without TLS
    )
    poisoned: int = 0  # messages that could not be read as MQTT says and were dropped
    callback_errors: int = 0  # messages whose receiver raised; dropped, with a traceback in the log
    received: int = 0
    sent: int = 0
    unacked_in: int = 0  # handed over, not yet given back
    oldest_unacked_s: float | None = None  # how long the first of them has been waiting: acks behind it wait too
    unacked_out: int = 0  # published at QoS 1, not yet confirmed
