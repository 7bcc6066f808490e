"""paho's client with asyncio's socket under it, and our own hands on the two packets every message meets.

The only file that touches paho's inside. Each override names what it replaces; they hold for paho 2.1 and 2.2.
One client lives as long as one connection: paho keeps unconfirmed messages and would send them again at its next
connect, so an unlock that failed would open the door later [measured]. A client without a next connect cannot.
"""

from typing import TYPE_CHECKING, Any, Protocol, cast

from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from devices.link.delivery import Delivery
from devices.link.packets import Poison, Puback, read_puback, read_publish
from devices.link.settings import MQTT_5, LinkSettings
from devices.link.wire import Wire

if TYPE_CHECKING:
    from paho.mqtt.client import SocketLike  # paho has it for type checkers alone


class PacketReceiver(Protocol):
    """Who hears of the packets that do not go through paho's callbacks. None of these may raise."""

    def on_publish_packet(self, delivery: Delivery) -> None: ...
    def on_poison(self, poison: Poison) -> None: ...
    def on_puback(self, puback: Puback) -> None: ...
    def on_pong(self) -> None: ...
    def on_broker_disconnect(self, reason: int, text: str) -> None: ...


class WireClient(Client):
    """A paho client for one connection over one wire."""

    def __init__(self, settings: LinkSettings, wire: Wire, receiver: PacketReceiver) -> None:
        self._wire = wire
        self._receiver = receiver
        self._mqtt5 = settings.protocol == MQTT_5
        super().__init__(
            CallbackAPIVersion.VERSION2,
            client_id=settings.client_id,
            clean_session=None if self._mqtt5 else settings.clean_start,
            protocol=MQTTProtocolVersion.MQTTv5 if self._mqtt5 else MQTTProtocolVersion.MQTTv311,
            reconnect_on_failure=False,
            manual_ack=True,
        )
        # The window is kept in `outbox.py`: paho's walks all unconfirmed messages at each PUBACK.
        self.max_inflight_messages_set(0)

    def open(self, settings: LinkSettings) -> None:
        """Send CONNECT."""
        if not self._mqtt5:
            self.connect(settings.host, settings.port, settings.keepalive_s)
            return
        # clean_start is given at every connect: paho's default is a clean start at the first, and loses the queue.
        self.connect(
            settings.host,
            settings.port,
            settings.keepalive_s,
            clean_start=settings.clean_start,
            properties=connect_properties(settings),
        )

    def read_packets(self, budget: int) -> bool:
        """Handle at most `budget` packets of what the wire has; False once the connection is over.

        Replaces `loop_read`, whose count of packets follows the number of unconfirmed messages.
        """
        for _ in range(budget):
            if self._sock is None:
                return False
            if not self._wire.has_news():
                return True
            rc = self._packet_read()
            if rc > 0:
                self._loop_rc_handle(rc)
                return False
        return self._sock is not None

    def ping(self) -> None:
        self._send_pingreq()

    def acknowledge(self, mid: int, qos: int) -> None:
        if qos == 1:
            self._send_puback(mid)
        else:
            # QoS 2 is never asked for; what an old subscription still brings is served as at-least-once.
            self._send_pubrec(mid)

    def close_wire(self) -> None:
        self._sock_close()

    # Overrides of paho.

    def _create_socket(self) -> "SocketLike":
        return cast("SocketLike", self._wire)

    def _handle_publish(self) -> MQTTErrorCode:
        try:
            delivery = read_publish(self._in_packet["command"], bytes(self._in_packet["packet"]), mqtt5=self._mqtt5)
        except Poison as poison:
            self._receiver.on_poison(poison)
        except ValueError:
            return MQTTErrorCode.MQTT_ERR_PROTOCOL
        else:
            self._receiver.on_publish_packet(delivery)
        return MQTTErrorCode.MQTT_ERR_SUCCESS

    def _handle_pubackcomp(self, cmd: Any) -> MQTTErrorCode:
        try:
            puback = read_puback(self._in_packet["packet"])
        except ValueError:
            return MQTTErrorCode.MQTT_ERR_PROTOCOL
        if cmd == "PUBACK" and self._out_messages.pop(puback.mid, None) is not None:
            self._inflight_messages -= 1
            self._receiver.on_puback(puback)
        return MQTTErrorCode.MQTT_ERR_SUCCESS

    def _handle_pubrel(self) -> MQTTErrorCode:
        packet = self._in_packet["packet"]
        if len(packet) < 2:
            return MQTTErrorCode.MQTT_ERR_PROTOCOL
        # Always, also for an id of a connection before this one: else the broker keeps that slot for ever.
        return self._send_pubcomp(packet[0] << 8 | packet[1])

    def _handle_pingresp(self) -> MQTTErrorCode:
        rc = super()._handle_pingresp()
        self._receiver.on_pong()
        return rc

    def _handle_disconnect(self) -> None:
        # paho 2.1 reads the reason only when properties follow it, and Mosquitto sends none.
        packet = self._in_packet["packet"]
        reason = packet[0] if packet else 0
        self._receiver.on_broker_disconnect(reason, _reason_text(reason))
        self._sock_close()


def _reason_text(reason: int) -> str:
    try:
        return str(ReasonCode(PacketTypes.DISCONNECT, identifier=reason))
    except KeyError:
        return f"reason {reason}"


def connect_properties(settings: LinkSettings) -> Properties:
    """What an MQTT 5 CONNECT says beyond its flags."""
    properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
    properties.ReceiveMaximum = settings.receive_maximum
    properties.MaximumPacketSize = settings.largest_packet
    if settings.session_expiry_s:
        properties.SessionExpiryInterval = min(settings.session_expiry_s, 0xFFFFFFFF)
    return properties


def will_properties(delay_s: int) -> Properties | None:
    if not delay_s:
        return None
    properties = Properties(PacketTypes.WILLMESSAGE)  # type: ignore[no-untyped-call]
    properties.WillDelayInterval = delay_s
    return properties


class PackedProperties:
    """Properties already in their wire form; paho asks a PUBLISH's only to pack themselves."""

    __slots__ = ("_packed",)

    def __init__(self, packed: bytes) -> None:
        self._packed = packed

    def pack(self) -> bytes:
        return self._packed


def as_paho(packed: bytes) -> Properties:
    return cast("Properties", PackedProperties(packed))
