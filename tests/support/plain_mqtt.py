"""A plain MQTT 5 client for tests that must do what the link refuses to do: forge, spy, take another's name.

Blocking, on paho's own thread; everything waits with a deadline.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import paho.mqtt.client as paho
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

PATIENCE = 10.0


@dataclass
class PlainClient:
    """One connection; `heard` holds (topic, payload) in the order of arrival."""

    client: paho.Client
    heard: list[tuple[str, bytes]] = field(default_factory=list)
    _answers: dict[int, ReasonCode] = field(default_factory=dict)
    _changed: threading.Condition = field(default_factory=threading.Condition)
    welcome: ReasonCode | None = None
    session_present: bool = False
    goodbye: ReasonCode | None = None

    def publish(self, topic: str, payload: bytes = b"{}", *, retain: bool = False) -> str:
        """Publish at QoS 1; the broker's verdict in words."""
        return self._answer_to(self.client.publish(topic, payload, qos=1, retain=retain).mid)

    def subscribe(self, topic_filter: str) -> str:
        """Subscribe at QoS 1. Whatever the broker had for us before is in `heard` when this returns."""
        mid = self.client.subscribe(topic_filter, qos=1)[1]
        assert mid is not None
        return self._answer_to(mid)

    def wait_until_gone(self) -> None:
        """Return when the broker has ended the connection."""
        self._wait(lambda: self.goodbye is not None, "the broker never ended the connection")

    def wait_until_heard(self, topic: str) -> bytes:
        """The payload of the first message on this topic, once it is here."""
        self._wait(lambda: any(heard == topic for heard, _ in self.heard), f"nothing came on {topic}")
        return next(payload for heard, payload in self.heard if heard == topic)

    def _answer_to(self, mid: int) -> str:
        self._wait(lambda: mid in self._answers or self.goodbye is not None, f"no answer to packet {mid}")
        answer = self._answers.pop(mid, self.goodbye)
        return str(answer)

    def _wait(self, predicate, complaint: str) -> None:
        with self._changed:
            assert self._changed.wait_for(predicate, PATIENCE), complaint


@contextmanager
def plain_client(
    port: int, user: str | None, password: str | None, *, client_id: str = "", keep_session: bool = False
) -> Iterator[PlainClient]:
    """Connect, hand over the client whatever the broker said (see `welcome`), and disconnect."""
    raw = paho.Client(
        paho.CallbackAPIVersion.VERSION2, client_id=client_id, protocol=paho.MQTTv5, reconnect_on_failure=False
    )
    if user is not None:
        raw.username_pw_set(user, password)
    plain = PlainClient(raw)

    def note(**changes) -> None:
        with plain._changed:
            for name, value in changes.items():
                setattr(plain, name, value)
            plain._changed.notify_all()

    def answered(mid: int, reason: ReasonCode) -> None:
        with plain._changed:
            plain._answers[mid] = reason
            plain._changed.notify_all()

    def heard(message: paho.MQTTMessage) -> None:
        with plain._changed:
            plain.heard.append((message.topic, message.payload))
            plain._changed.notify_all()

    raw.on_connect = lambda client, data, flags, reason, props: note(
        welcome=reason, session_present=flags.session_present
    )
    raw.on_disconnect = lambda client, data, flags, reason, props: note(goodbye=reason)
    raw.on_publish = lambda client, data, mid, reason, props: answered(mid, reason)
    raw.on_subscribe = lambda client, data, mid, reasons, props: answered(mid, reasons[0])
    raw.on_message = lambda client, data, message: heard(message)

    properties = Properties(PacketTypes.CONNECT)
    if keep_session:
        properties.SessionExpiryInterval = 3600
    raw.connect("127.0.0.1", port, keepalive=30, clean_start=not keep_session, properties=properties)
    raw.loop_start()
    try:
        plain._wait(lambda: plain.welcome is not None, "the broker never answered CONNECT")
        yield plain
    finally:
        raw.disconnect()
        raw.loop_stop()
