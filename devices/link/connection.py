"""One connection, from CONNECT to its end: paho's client turning on the event loop.

It connects once and dies once; coming back is the session's business.
"""

import asyncio
import logging
import socket
from typing import Any, Protocol

from paho.mqtt.client import ConnectFlags, DisconnectFlags
from paho.mqtt.enums import MQTTErrorCode
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from devices.errors import BadCredentials, LinkError, NotConnected, OutboxFull
from devices.link.client import WireClient, as_paho, will_properties
from devices.link.delivery import Delivery
from devices.link.errors import IdentityClash
from devices.link.packets import Poison, Puback
from devices.link.settings import MQTT_5, LinkSettings
from devices.link.wire import Wire

logger = logging.getLogger(__name__)


# QoS 0 has no window; what has not left the process is bounded by its size.
UNSENT_BYTES = 4 * 1024 * 1024

UNLIMITED = 65535
TAKEN_OVER = 142
_BAD_CREDENTIALS = {134, 135, 138, 140}  # bad user name or password, not authorized, banned, bad method
_WRONG_VERSION = 132


class ConnectionOwner(Protocol):
    """Who a connection reports to. `on_over` comes exactly once, and nothing after it."""

    def on_opened(self, connection: "Connection", *, session_present: bool, window: int) -> None: ...
    def on_subscribed(self, refused: tuple[str, ...]) -> None: ...
    def on_delivery(self, delivery: Delivery) -> None: ...
    def on_poison(self, poison: Poison) -> None: ...
    def on_puback(self, puback: Puback) -> None: ...
    def on_pong(self) -> None: ...
    def on_over(self, error: LinkError) -> None: ...


class Connection:
    """`opened` fails with the reason when the broker refuses us; `over` gives the reason of the end."""

    def __init__(
        self, settings: LinkSettings, sock: socket.socket, loop: asyncio.AbstractEventLoop, owner: ConnectionOwner
    ) -> None:
        self._settings = settings
        self._loop = loop
        self._owner = owner
        self.opened: asyncio.Future[None] = loop.create_future()
        self.over: asyncio.Future[LinkError] = loop.create_future()
        self._last_words: LinkError | None = None  # what the broker said before it hung up
        self.hung_up_silently = False
        self._largest_packet = 0
        self._rest_scheduled = False
        self._unsent = 0  # bytes handed to paho since the wire was last empty
        self._filters: tuple[tuple[str, int], ...] = ()
        self._wire = Wire(sock, loop)
        self._wire.on_drained = self._write
        self._client = self._new_client(settings)

    def _new_client(self, settings: LinkSettings) -> WireClient:
        client = WireClient(settings, self._wire, self)
        if settings.username is not None:
            client.username_pw_set(settings.username, settings.password)
        if (will := settings.will) is not None:
            properties = will_properties(will.delay_s) if settings.protocol == MQTT_5 else None
            client.will_set(will.topic, will.payload, will.qos, will.retain, properties)
        client.on_connect = self._on_connect
        client.on_subscribe = self._on_subscribe
        client.on_disconnect = self._on_disconnect
        client.on_socket_register_write = self._on_register_write
        return client

    # What the session asks for.

    def open(self) -> None:
        """Send CONNECT and listen."""
        self._client.open(self._settings)
        self._wire.watch(self._on_readable)

    @property
    def last_byte_at(self) -> float:
        return self._wire.last_byte_at

    def subscribe(self, filters: tuple[tuple[str, int], ...]) -> None:
        self._filters = filters
        if self._settings.protocol != MQTT_5:
            self._client.subscribe(list(filters))
            return
        flagged = self._settings.flagged_if_retained
        self._client.subscribe(
            [(name, SubscribeOptions(qos, retainAsPublished=name in flagged)) for name, qos in filters]
        )

    def publish(self, topic: str, payload: bytes, qos: int, *, retain: bool, properties: bytes | None) -> int:
        """Hand a message to the wire and return its packet id; raise OutboxFull when the broker does not read."""
        size = len(topic) + len(payload)
        if self._largest_packet and size + len(properties or b"") + 16 > self._largest_packet:
            raise LinkError(
                f"a message of {size} bytes on {topic!r} is larger than the {self._largest_packet} bytes "
                f"{self._settings.address} takes"
            )
        if self._unsent > UNSENT_BYTES:
            raise OutboxFull(f"{self._settings.address} does not read: {self._unsent} bytes wait to be sent")
        info = self._client.publish(topic, payload, qos, retain, as_paho(properties) if properties else None)
        if info.rc is not MQTTErrorCode.MQTT_ERR_SUCCESS:
            raise NotConnected(f"{self._settings.address}: {topic!r} was not sent: {info.rc.name}")
        self._unsent += size
        return info.mid

    def acknowledge(self, mid: int, qos: int) -> None:
        self._client.acknowledge(mid, qos)

    def ping(self) -> None:
        self._client.ping()

    def disconnect(self) -> None:
        """Say goodbye; `over` follows."""
        self._client.disconnect()
        self._write()

    def abort(self, error: LinkError) -> None:
        """Hang up without a word: the broker will publish our will."""
        self._finish(error)

    # What the loop calls.

    def _on_readable(self) -> None:
        if not self._rest_scheduled:
            self._wire.fill()
            self._take_turn()

    def _take_turn(self) -> None:
        self._rest_scheduled = False
        if self.over.done():
            return
        try:
            goes_on = self._client.read_packets(self._settings.packets_per_turn)
        except Exception as exc:
            # Nothing a broker sends may end the reading for good; paho raises on what it did not foresee.
            logger.exception("%s: unreadable packet, connecting anew", self._settings.address)
            self._finish(LinkError(f"{self._settings.address}: unreadable packet: {exc!r}"))
            return
        if not goes_on:
            self._finish(self._why_over())
        elif self._wire.has_news():
            self._rest_scheduled = True
            self._loop.call_soon(self._take_turn)

    def _on_register_write(self, _client: Any, _userdata: Any, _sock: Any) -> None:
        # At the end of this turn instead of through epoll: all packets of a turn leave in one write.
        self._loop.call_soon(self._write)

    def _write(self) -> None:
        if self.over.done():
            return
        while True:
            self._client.loop_write()
            self._wire.flush()
            if self._client.socket() is None:
                break  # over: paho keeps the packet that did not leave, and would be asked to send it for ever
            if self._wire.unsent or not self._client.want_write():
                break  # the kernel is full and calls back, or all is out
        if self._client.socket() is None:
            self._finish(self._why_over())
        elif self._wire.error is not None:
            self._take_turn()
        elif not self._wire.unsent and not self._client.want_write():
            self._unsent = 0

    # What paho calls.

    def _on_connect(
        self, _client: Any, _userdata: Any, flags: ConnectFlags, reason: ReasonCode, properties: Properties | None
    ) -> None:
        if self.opened.done():
            return
        if reason.is_failure:
            self._last_words = refusal(self._settings, reason)
            return
        self._largest_packet = getattr(properties, "MaximumPacketSize", 0)
        self.opened.set_result(None)
        self._owner.on_opened(
            self, session_present=flags.session_present, window=getattr(properties, "ReceiveMaximum", UNLIMITED)
        )

    def _on_subscribe(
        self, _client: Any, _userdata: Any, _mid: int, reasons: list[ReasonCode], _properties: Properties | None
    ) -> None:
        self._owner.on_subscribed(
            tuple(
                f"{topic_filter} ({reason})"
                for (topic_filter, _), reason in zip(self._filters, reasons, strict=False)
                if reason.is_failure
            )
        )

    def _on_disconnect(
        self, _client: Any, _userdata: Any, _flags: DisconnectFlags, reason: ReasonCode, _properties: Properties | None
    ) -> None:
        if self._last_words is None and self._wire.error is None and reason.is_failure:
            self._last_words = NotConnected(f"{self._settings.address}: connection ended: {reason}")

    def on_publish_packet(self, delivery: Delivery) -> None:
        self._owner.on_delivery(delivery)

    def on_poison(self, poison: Poison) -> None:
        self._owner.on_poison(poison)

    def on_puback(self, puback: Puback) -> None:
        self._owner.on_puback(puback)

    def on_pong(self) -> None:
        self._owner.on_pong()

    def on_broker_disconnect(self, reason: int, text: str) -> None:
        if reason == TAKEN_OVER:
            self._last_words = IdentityClash(
                f"{self._settings.address}: another client logged in as {self._settings.client_id!r} and took the "
                "session; two programs share one client id"
            )
        else:
            self._last_words = NotConnected(f"{self._settings.address}: the broker hung up: {text}")

    def _why_over(self) -> LinkError:
        if self._last_words is not None:
            return self._last_words
        end = self._wire.error
        self.hung_up_silently = self.opened.done() and isinstance(end, ConnectionResetError)
        what = "lost" if self.opened.done() else "closed before the broker answered CONNECT"
        return NotConnected(f"{self._settings.address}: connection {what}: {end or 'closed'}")

    def _finish(self, error: LinkError) -> None:
        if self.over.done():
            return
        self.over.set_result(error)
        if not self.opened.done():
            self.opened.set_exception(error)
            self.opened.exception()
        self._client.close_wire()
        self._wire.close()
        self._owner.on_over(error)


def refusal(settings: LinkSettings, reason: ReasonCode) -> LinkError:
    """What a refused CONNECT means for whoever must act on it."""
    if reason.value in _BAD_CREDENTIALS:
        who = f"user {settings.username!r}" if settings.username is not None else "a client without user name"
        return BadCredentials(
            f"{settings.address} refused {who} (client id {settings.client_id!r}): {reason}; "
            "check the user name and password and that the broker knows them"
        )
    hint = (
        f"; this link speaks {settings.spoken}, the broker may want the other" if reason.value == _WRONG_VERSION else ""
    )
    return LinkError(f"{settings.address} refused client {settings.client_id!r}: {reason}{hint}")
