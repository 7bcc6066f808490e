"""The two MQTT connections, as the services see them.

`access` carries what a member waits for, `telemetry` what may wait; they never share a queue. What
a session does when the network fails is `devices.link`'s.
"""

import asyncio
import json
import logging
import secrets
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

from controller.domain.ids import DeviceId
from controller.services.inbound import Router
from devices import codec
from devices.errors import MessageError, NotConnected
from devices.link import Delivery, Link, LinkSettings, TlsSettings, Will
from devices.messages import MODELS, AccessList, DeviceState, Message, Status
from devices.topics import RULES, Kind, Topics

logger = logging.getLogger(__name__)

# Names of their own even where both log in as one user, or they would push each other off the broker.
ACCESS_CLIENT = "server-access"
TELEMETRY_CLIENT = "server-telemetry"
# A reading takes some 25 µs of the loop: a tap stands behind a quarter of a millisecond of them at most.
TELEMETRY_TURN = 10
ACCESS_KINDS = (Kind.BIRTH, Kind.STATUS, Kind.STATE, Kind.EVENT, Kind.ACK)
# A read older than 5 s never unlocks, so the access session has no use for a long memory; door events do.
ACCESS_SESSION_S = 24 * 3600
# However long a broker was away, both links are back within 5 s of it: a building's only controller is no herd.
RECONNECT_MAX_S = 3.0
# Cleared above the first list of a run: 2,000 badges more than now, in case there were so many before.
_PAGES_UNKNOWN = 8
# Of Mosquitto and those that follow it: how many messages it did not pass on since its start, said when it changes.
DROPPED_TOPIC = "$SYS/broker/publish/messages/dropped"
_KIND_OF = {model: kind for kind, model in MODELS.items()}


@dataclass(frozen=True, slots=True)
class Broker:
    """Where a broker answers and how it knows us."""

    host: str
    port: int
    version: int = 5  # 5, or 4 for MQTT 3.1.1
    access_user: str | None = None
    access_password: str | None = field(default=None, repr=False)
    telemetry_user: str | None = None
    telemetry_password: str | None = field(default=None, repr=False)
    tls: TlsSettings | None = None


def access_settings(broker: Broker, topics: Topics, boot: str, *, expect_session: bool = False) -> LinkSettings:
    """Small window: what waits behind a tap must stay little. Its will tells listeners that the controller is gone."""
    lost = codec.encode(Status(state=DeviceState.LOST, boot=boot))
    return LinkSettings(
        host=broker.host,
        port=broker.port,
        client_id=client_id(ACCESS_CLIENT, topics),
        username=broker.access_user,
        password=broker.access_password,
        protocol=broker.version,
        session_expiry_s=ACCESS_SESSION_S,
        receive_maximum=100,
        keepalive_s=10,
        reconnect_max_s=RECONNECT_MAX_S,
        tls=broker.tls,
        will=Will(topics.server_status, lost),
        subscriptions=_subscriptions(topics, ACCESS_CLIENT, ACCESS_KINDS),
        expect_session=expect_session,
        # A retained event is refused from its first moment on, not only when it comes again.
        flagged_if_retained=frozenset({topics.up_filter(Kind.EVENT)}),
        heartbeat_topic=_beat_topic(topics, ACCESS_CLIENT),
    )


def telemetry_settings(broker: Broker, topics: Topics, *, expect_session: bool = False) -> LinkSettings:
    """A fortnight's session and a large window: readings wait at the broker while we are away.

    What the broker dropped of them is heard here too, by its own count.
    """
    return LinkSettings(
        host=broker.host,
        port=broker.port,
        client_id=client_id(TELEMETRY_CLIENT, topics),
        username=broker.telemetry_user,
        password=broker.telemetry_password,
        protocol=broker.version,
        receive_maximum=200,
        packets_per_turn=TELEMETRY_TURN,
        keepalive_s=15,
        reconnect_max_s=RECONNECT_MAX_S,
        tls=broker.tls,
        # All that anybody says: what is no kind of the contract is refused with a reason, not lost.
        expect_session=expect_session,
        subscriptions=(*_subscriptions(topics, TELEMETRY_CLIENT, (None,)), (DROPPED_TOPIC, 0)),
        heartbeat_topic=_beat_topic(topics, TELEMETRY_CLIENT),
    )


def client_id(name: str, topics: Topics) -> str:
    """One connection's name at the broker: another for each root, so that several spaces share one broker.

    Below the usual root it is the plain name, by which the broker keeps our session over an upgrade. No root holds a
    colon, so two roots never make one id.
    """
    return name if topics.root == Topics().root else f"{name}-{topics.root.replace('/', ':')}"


def _beat_topic(topics: Topics, name: str) -> str:
    """By the user's name, not by the client's id: the broker's rights name users."""
    return f"{topics.root}/1/server/beat/{name}"


def _marker_topic(settings: LinkSettings) -> str:
    return f"{settings.heartbeat_topic}/marker"


def _subscriptions(topics: Topics, name: str, kinds: Iterable[Kind | None]) -> tuple[tuple[str, int], ...]:
    return (*((topics.up_filter(kind), 1) for kind in kinds), (f"{_beat_topic(topics, name)}/marker", 1))


class MqttInbound:
    """Hands one link's deliveries to the router, with the moment and whether they had been waiting.

    What the broker had queued for us may be of any age. So each connection begins with a marker: a QoS 1
    message to ourselves, which the broker queues behind all of that. Until it comes back, whatever
    arrives is backlog. (A QoS 0 heartbeat would overtake the queue and prove nothing.)
    """

    def __init__(
        self,
        router: Router,
        topics: Topics,
        settings: LinkSettings,
        on_connected: Callable[[], None] | None = None,
        *,
        on_session: Callable[[bool], None] | None = None,
        on_dropped: Callable[[int, bool], None] | None = None,
        elsewhere: Collection[Kind] = (),
        now: Callable[[], datetime],
    ) -> None:
        """Wire one link to the router.

        `on_session` hears at each connect whether the broker lost the session it should have kept, `on_dropped` how
        many messages the broker has dropped since its start, and whether it had said so before we came; `elsewhere`
        are kinds that the other link hands over; `now` is the house's time, by which messages came in.
        """
        self._router = router
        self._topics = topics
        self._elsewhere = elsewhere
        self._tell_connected = on_connected
        self._tell_session = on_session
        self._tell_dropped = on_dropped
        self._now = now
        self._sessions_lost = 0
        self._marker_topic = _marker_topic(settings)
        self._marker = b""
        self._caught_up = False
        self._caught_up_once = asyncio.Event()
        self.link = Link(settings, self._on_delivery, on_connected=self._on_connected)

    async def caught_up(self, seconds: float) -> bool:
        """Wait until everything that was waiting at the broker has been handed over; False when it takes longer."""
        try:
            async with asyncio.timeout(seconds):
                await self._caught_up_once.wait()
        except TimeoutError:
            return False
        return True

    def _on_connected(self, link: Link) -> None:
        self._caught_up = False
        self._marker = secrets.token_bytes(8)
        link.publish(self._marker_topic, self._marker, qos=1)
        before, self._sessions_lost = self._sessions_lost, link.state.session_lost
        if self._tell_session is not None:
            self._tell_session(self._sessions_lost > before)
        if self._tell_connected is not None:
            self._tell_connected()

    def _on_delivery(self, delivery: Delivery) -> None:
        if delivery.topic == self._marker_topic:
            if delivery.payload == self._marker:
                self._caught_up = True
                self._caught_up_once.set()
            self.link.ack(delivery)
            return
        if delivery.topic == DROPPED_TOPIC:
            # Another broker may say something else there.
            if self._tell_dropped is not None and delivery.payload.isdigit():
                self._tell_dropped(int(delivery.payload), delivery.retain)
            self.link.ack(delivery)
            return
        if self._elsewhere and self._is_elsewhere(delivery.topic):
            self.link.ack(delivery)
            return
        self._router.deliver(
            delivery.topic,
            delivery.payload,
            retained=delivery.retain,
            backlog=not self._caught_up,
            received_at=self._now(),
            received_mono=delivery.received_mono,
            acknowledge=partial(self.link.ack, delivery),
            droppable=delivery.qos == 0,
        )

    def _is_elsewhere(self, topic: str) -> bool:
        try:
            return self._topics.parse(topic).kind in self._elsewhere
        except MessageError:
            return False  # for the router to refuse


class MqttOutbound:
    """Commands and retained states to devices and displays, on the access link."""

    def __init__(self, topics: Topics) -> None:
        self._topics = topics
        self.link: Link | None = None
        # How many pages the broker keeps of each door's list; 0 is one message without a page.
        self._pages: dict[DeviceId, int] = {}
        self._revs: dict[DeviceId, int] = {}

    @property
    def is_live(self) -> bool:
        return self.link is not None and self.link.state.alive

    def send(
        self,
        device: DeviceId,
        message: Message,
        *,
        expiry_s: int | None = None,
        correlation: str | None = None,
    ) -> None:
        """Publish once, now or never.

        Raises:
            NotConnected: there is no live link; nothing was kept for later.
            OutboxFull: the broker confirms too slowly.
        """
        kind = _KIND_OF[type(message)]
        rule = RULES[kind]
        self._open_link().publish(
            self._topics.down(device, kind),
            codec.encode(message),
            qos=rule.qos,
            retain=rule.retained,
            expiry_s=expiry_s,
            content_type="application/json",
            correlation=correlation.encode() if correlation is not None else None,
        )

    async def publish_access(self, device: DeviceId, pages: Sequence[AccessList]) -> None:
        """A door's list, page after page; what the broker keeps of a longer one before is cleared after it.

        Raises:
            LinkError: it did not arrive whole; the door keeps its older list.
        """
        count = len(pages) if len(pages) > 1 else 0
        for number, page in enumerate(pages):
            await self._retain(self._topics.down(device, Kind.ACCESS, number if count else None), codec.encode(page))
        before = self._pages.get(device)
        if pages and self._revs.get(device) == pages[0].rev:
            before = None
        self._pages[device] = count
        if pages:
            self._revs[device] = pages[0].rev
        # After a start nobody knows how long the last one was; nor what stands beside one that has to be said again.
        gone = range(count, _PAGES_UNKNOWN + count if before is None else before)
        for topic in [self._topics.down(device, Kind.ACCESS, number) for number in gone]:
            await self._retain(topic, b"")
        if count and not before:
            await self._retain(self._topics.down(device, Kind.ACCESS), b"")

    async def _retain(self, topic: str, payload: bytes) -> None:
        confirmed = self._open_link().publish(
            topic, payload, qos=1, retain=True, content_type="application/json" if payload else None
        )
        if confirmed is not None:
            await confirmed

    def show(self, path: str, body: Mapping[str, object] | None) -> None:
        """Publish a retained value for whoever listens, or clear it."""
        payload = json.dumps(body, separators=(",", ":"), ensure_ascii=False).encode() if body is not None else b""
        self._open_link().publish(path, payload, qos=1, retain=True)

    def _open_link(self) -> Link:
        if self.link is None:
            raise NotConnected("the access link is not open yet")
        return self.link
