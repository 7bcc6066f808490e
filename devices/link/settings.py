"""What a link must be told: where the broker is, who we are, how we want to be heard and mourned.

Where these values come from (files, environment) is the program's business.
"""

from dataclasses import dataclass, field
from pathlib import Path

MQTT_5 = 5
MQTT_3_1_1 = 4

# Long enough for a fortnight's holiday with the controller off; the broker holds the queue meanwhile.
SESSION_EXPIRY_S = 14 * 24 * 3600

# Twice the largest payload of the contract (1 MiB, a Zigbee2MQTT device list): above it the broker drops, not we.
LARGEST_PACKET = 2 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class TlsSettings:
    """How the broker proves itself, and we ourselves. Read again at every connect, so renewed files need no restart."""

    ca_file: Path | None = None  # None: the system's authorities
    cert_file: Path | None = None
    key_file: Path | None = None
    check_hostname: bool = True
    server_name: str | None = None  # the name in the broker's certificate, when it is not the host we dial

    def __post_init__(self) -> None:
        if self.key_file is not None and self.cert_file is None:
            raise ValueError(f"tls: key_file {self.key_file} without a cert_file; give both or neither")


@dataclass(frozen=True, slots=True)
class Will:
    """What the broker says for us when we vanish."""

    topic: str
    payload: bytes
    qos: int = 1
    retain: bool = True
    delay_s: int = 0  # MQTT 5 only: how long a lost link may take to come back before anyone is told


@dataclass(frozen=True, slots=True)
class LinkSettings:
    """One session with one broker.

    A persistent session (`clean_start=False`) keeps what arrives while we are away for `session_expiry_s`; under
    MQTT 3.1.1 for as long as the broker likes. With `clean_start=True` the session ends with the connection.
    """

    host: str
    client_id: str
    port: int = 1883
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    protocol: int = MQTT_5
    clean_start: bool = False
    session_expiry_s: int = SESSION_EXPIRY_S
    receive_maximum: int = 200  # unacknowledged QoS 1 messages the broker may send us: the bound of our memory
    keepalive_s: int = 15
    tls: TlsSettings | None = None
    will: Will | None = None
    subscriptions: tuple[tuple[str, int], ...] = ()
    # MQTT 5: of these filters a fresh message, too, shows that it was published to be retained. Otherwise a broker tells
    # that only of what it had kept, and an event somebody retained by mistake looks like a live one the first time.
    flagged_if_retained: frozenset[str] = frozenset()
    heartbeat_topic: str | None = None  # None: pings alone prove that the broker lives
    heartbeat_every_s: float = 5.0
    connect_timeout_s: float = 5.0  # name look-up, TCP, TLS and the broker's answer together
    reconnect_min_s: float = 1.0
    reconnect_max_s: float = 10.0
    outbox_limit: int = 1000  # QoS 1 messages of ours without their PUBACK
    packets_per_turn: int = 200  # read from the socket before others on the loop get their turn
    largest_packet: int = LARGEST_PACKET  # MQTT 5: the broker drops what is larger instead of sending it
    expect_session: bool = False  # the first connect, too, should find the session of an earlier run

    def __post_init__(self) -> None:
        if self.protocol not in (MQTT_5, MQTT_3_1_1):
            raise ValueError(f"protocol {self.protocol}: 5 is MQTT 5, 4 is MQTT 3.1.1; nothing else is spoken")
        if not self.host:
            raise ValueError("host is empty: name the machine the broker runs on")
        if not 0 < self.port < 65536:
            raise ValueError(f"port {self.port}: a port is 1 to 65535, and MQTT's own is 1883, or 8883 with TLS")
        if not self.client_id:
            raise ValueError("client_id is empty: without one the broker cannot give us our session back")
        if self.protocol == MQTT_5 and not self.clean_start and self.session_expiry_s <= 0:
            # Measured: such a session is dropped at each disconnect, and every queued message with it.
            raise ValueError(
                f"session_expiry_s {self.session_expiry_s} with clean_start off keeps nothing; "
                "give it at least a day (86400), or say clean_start=True"
            )
        if not 0 < self.receive_maximum < 65536:
            raise ValueError(f"receive_maximum {self.receive_maximum}: MQTT allows 1 to 65535; 100 to 200 serves well")
        if self.packets_per_turn < 1:
            raise ValueError(f"packets_per_turn {self.packets_per_turn}: at least one, or nothing is ever read")
        if not 0 < self.outbox_limit < 65536:
            raise ValueError(f"outbox_limit {self.outbox_limit}: there are 65535 packet ids; 1000 serves well")
        self._check_subscriptions()
        if self.heartbeat_every_s <= 0 or self.connect_timeout_s <= 0 or self.keepalive_s <= 0:
            raise ValueError("heartbeat_every_s, connect_timeout_s and keepalive_s must be above zero")
        if not 0 < self.reconnect_min_s <= self.reconnect_max_s:
            raise ValueError(
                f"reconnect_min_s {self.reconnect_min_s} and reconnect_max_s {self.reconnect_max_s}: "
                "the first must be above zero and no more than the second"
            )

    def _check_subscriptions(self) -> None:
        for topic_filter, qos in self.subscriptions:
            if qos not in (0, 1):
                raise ValueError(f"subscription {topic_filter!r} at QoS {qos}: the contract uses 0 and 1")
        if strange := self.flagged_if_retained - {topic_filter for topic_filter, _ in self.subscriptions}:
            raise ValueError(f"flagged_if_retained names {sorted(strange)}: subscribe to them, or leave them out")

    @property
    def address(self) -> str:
        """The broker as a person would write it."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'mqtts' if self.tls else 'mqtt'}://{host}:{self.port}"

    @property
    def spoken(self) -> str:
        return "MQTT 5" if self.protocol == MQTT_5 else "MQTT 3.1.1"

    @property
    def keeps_session(self) -> bool:
        return not self.clean_start
