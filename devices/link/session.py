"""The link: a session with the broker that comes back by itself and never tells a lie about itself.

Here is what happens across connections, and the state. One connection is in `connection.py`, its traffic in
`exchange.py`, its proof of life in `pulse.py`.
"""

import asyncio
import dataclasses
import logging
import random
import time
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Self

from devices.errors import BadCredentials, LinkError, NotConnected
from devices.link.backoff import Backoff
from devices.link.clash import ClashSuspicion
from devices.link.connection import Connection
from devices.link.delivery import Delivery
from devices.link.dial import certificate_ends, dial
from devices.link.errors import IdentityClash
from devices.link.exchange import Exchange
from devices.link.packets import Poison, Puback, pack_publish_properties
from devices.link.pulse import Pulse
from devices.link.settings import MQTT_5, LinkSettings
from devices.link.state import LinkState

logger = logging.getLogger(__name__)

GOODBYE_S = 1.0  # for what is still unconfirmed when the link is closed
TRACEBACK_EVERY_S = 10.0  # a receiver that fails on each message must not fill the disk with one story


class Link:
    """An MQTT session on the running loop. Open it with `async with`; it connects, and reconnects, in the background.

    `on_delivery` gets each message, in the loop; when it raises, the message is dropped and the link goes on.
    `on_connected` is called at each connect, before anything is delivered: publish birth and status there.
    `on_state` is told of each change worth knowing.
    """

    def __init__(
        self,
        settings: LinkSettings,
        on_delivery: Callable[[Delivery], None],
        on_state: Callable[[LinkState], None] | None = None,
        *,
        on_connected: Callable[["Link"], None] | None = None,
        wall: Callable[[], float] = time.time,
        draw: Callable[[], float] = random.random,
    ) -> None:
        self.settings = settings
        self._deliver = on_delivery
        self._tell_state = on_state
        self._tell_connected = on_connected
        self._wall = wall
        self._backoff = Backoff(settings.reconnect_min_s, settings.reconnect_max_s, draw)
        # Twice our own longest wait: the other is likely a link like this one.
        self._suspicion = ClashSuspicion(2 * settings.reconnect_max_s)
        self._warned_of_slow_trips = False
        self._filters = settings.subscriptions
        if settings.heartbeat_topic is not None:
            self._filters = (*settings.subscriptions, (settings.heartbeat_topic, 0))
        self._closing = False
        self._settled = asyncio.Event()  # subscribed, or refused for a reason that only a person can lift
        self._exchange: Exchange | None = None
        self._pulse: Pulse | None = None
        self._state = LinkState(since=wall())  # without what changes with every message: `state` adds it
        self._opened_at = 0.0  # the loop's clock
        self._certificate_ends: float | None = None
        self._received = 0
        self._sent = 0
        self._poisoned = 0
        self._callback_errors = 0
        self._traceback_due_at = 0.0

    async def __aenter__(self) -> Self:
        self._loop = asyncio.get_running_loop()
        self._task = self._loop.create_task(self._supervise(), name=f"link {self.settings.client_id}")
        return self

    async def __aexit__(
        self, _kind: type[BaseException] | None, _exc: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self._closing = True
        try:
            await self._say_goodbye()
        finally:
            self._task.cancel()
            await asyncio.wait({self._task})

    # What callers use.

    @property
    def state(self) -> LinkState:
        exchange = self._exchange
        oldest = exchange.oldest_at if exchange is not None else None
        return dataclasses.replace(
            self._state,
            poisoned=self._poisoned,
            callback_errors=self._callback_errors,
            received=self._received,
            sent=self._sent,
            unacked_in=exchange.unacked_in if exchange is not None else 0,
            oldest_unacked_s=None if oldest is None else self._loop.time() - oldest,
            unacked_out=exchange.unacked_out if exchange is not None else 0,
        )

    async def connected(self, timeout: float | None = None) -> None:
        """Wait until there is a session and the broker has taken the subscriptions.

        After `timeout` seconds raise why not; BadCredentials at once, as waiting will not help.
        """
        try:
            async with asyncio.timeout(timeout):
                await self._settled.wait()
        except TimeoutError:
            raise self._state.last_error or NotConnected(f"{self.settings.address}: no answer yet") from None
        if isinstance(self._state.last_error, BadCredentials):
            raise self._state.last_error

    def publish(
        self,
        topic: str,
        payload: bytes,
        *,
        qos: int = 0,
        retain: bool = False,
        expiry_s: int | None = None,
        content_type: str | None = None,
        response_topic: str | None = None,
        correlation: bytes | None = None,
        user_properties: Mapping[str, str] | None = None,
    ) -> asyncio.Future[None] | None:
        """Send now or raise; a message is never kept for a later connection.

        QoS 1 returns a future: done at the broker's confirmation, failed with NotConnected when the connection dies
        first (publish again if the message must arrive; the receiver drops a repeat by its id) and with PublishRefused
        when the broker will not pass it on. QoS 0 returns None. MQTT 3.1.1 carries topic and payload alone.
        """
        exchange = self._exchange
        if exchange is None:
            raise NotConnected(f"{self.settings.address}: not connected, {topic!r} was not sent")
        if qos not in (0, 1):
            raise ValueError(f"{topic!r} at QoS {qos}: the contract uses 0 and 1")
        properties = None
        if self.settings.protocol == MQTT_5:
            properties = pack_publish_properties(
                expiry_s=expiry_s,
                content_type=content_type,
                response_topic=response_topic,
                correlation=correlation,
                user_properties=user_properties,
            )
        future = None
        if qos:
            future = exchange.publish(topic, payload, retain=retain, properties=properties)
        else:
            exchange.connection.publish(topic, payload, 0, retain=retain, properties=properties)
        self._sent += 1
        return future

    def ack(self, delivery: Delivery) -> None:
        """This message is safe, the broker may forget it. In any order, any time.

        Once its connection is gone this does nothing, and the broker sends the message again on the next: a packet id
        of an old connection may name another message by now.
        """
        exchange = self._exchange
        if delivery.qos and exchange is not None and delivery.generation == exchange.generation:
            exchange.finished(delivery.order)

    def drop(self, why: str = "hung up on purpose") -> None:
        """Hang up without a goodbye, as a power cut does: the broker publishes the will, the link comes back."""
        if self._exchange is not None:
            self._exchange.connection.abort(NotConnected(f"{self.settings.address}: {why}"))

    # The life of the link.

    async def _supervise(self) -> None:
        while not self._closing:
            began = self._loop.time()
            error = await self._one_connection()
            if self._loop.time() - began >= self.settings.reconnect_max_s:
                self._backoff.reset()
            # A person must act, or a second program is kicked out by each of our connects: no hurry in either.
            hopeless = isinstance(error, BadCredentials | IdentityClash)
            await asyncio.sleep(self._backoff.slow_s() if hopeless else self._backoff.next_s())

    async def _one_connection(self) -> LinkError:
        """Connect, stay connected, return why no longer."""
        connection: Connection | None = None
        try:
            async with asyncio.timeout(self.settings.connect_timeout_s):
                sock = await dial(self.settings)
                self._certificate_ends = certificate_ends(sock)
                connection = Connection(self.settings, sock, self._loop, self)
                connection.open()
                await connection.opened
            if self._pulse is not None:
                await self._pulse.watch()
            await connection.over
            return self._state.last_error or NotConnected(f"{self.settings.address}: connection ended")
        except TimeoutError:
            what = f"{self.settings.address}: no answer within {self.settings.connect_timeout_s:g} s"
            if connection is not None:
                what += f"; someone listens there: is it a broker, and one that speaks {self.settings.spoken}?"
            error: LinkError = NotConnected(what)
        except LinkError as exc:
            error = exc
        except Exception as exc:
            # A fault of ours must not leave the doors without a link for the rest of the day.
            logger.exception("link %s failed, trying again", self.settings.client_id)
            error = LinkError(f"{self.settings.address}: {exc!r}")
        except asyncio.CancelledError:
            if connection is not None:
                connection.abort(NotConnected(f"{self.settings.address}: link closed"))
            raise
        if connection is None:
            self.on_over(error)
        else:
            connection.abort(error)
        return error

    async def _say_goodbye(self) -> None:
        exchange = self._exchange
        if exchange is None:
            return
        # What was published last (a device's "disconnected") should still arrive; from a frozen broker nothing comes.
        if self._state.alive and (pending := exchange.unconfirmed()):
            await asyncio.wait(pending, timeout=GOODBYE_S)
        exchange.connection.disconnect()
        await asyncio.wait({exchange.connection.over}, timeout=GOODBYE_S)

    # What the connection reports.

    def on_opened(self, connection: Connection, *, session_present: bool, window: int) -> None:
        self._settled.clear()
        before = self._state
        generation = before.generation + 1
        expected = self.settings.keeps_session and (generation > 1 or self.settings.expect_session)
        lost = expected and not session_present
        self._opened_at = self._loop.time()
        self._exchange = Exchange(self.settings, connection, generation, window)
        self._pulse = Pulse(self.settings, connection, self._traffic, self._on_beat, self._on_slow, self._on_mute)
        logger.log(
            logging.WARNING if lost else logging.INFO,
            "%s: connected as %s%s",
            self.settings.address,
            self.settings.client_id,
            "; the broker has lost our session, messages may be missing" if lost else "",
        )
        self._change(
            connected=True,
            alive=True,
            since=self._wall(),
            session_present=session_present,
            generation=generation,
            last_error=None,
            reconnects=generation - 1,
            session_lost=before.session_lost + lost,
            certificate_ends=self._certificate_ends,
        )
        # At each connect, also into a kept session: a new subscription is what makes the broker send retained state.
        if self._filters:
            connection.subscribe(self._filters)
        else:
            self._settled.set()
        if self._tell_connected is not None:
            try:
                self._tell_connected(self)
            except Exception:
                logger.exception("link %s: on_connected failed", self.settings.client_id)

    def on_subscribed(self, refused: tuple[str, ...]) -> None:
        if refused:
            error = LinkError(f"{self.settings.address} refused subscriptions: {', '.join(refused)}")
            logger.warning("%s", error)
            self._change(refused_subscriptions=refused, last_error=error)
        elif self._state.refused_subscriptions:
            self._change(refused_subscriptions=())
        self._settled.set()

    def on_delivery(self, delivery: Delivery) -> None:
        exchange = self._exchange
        if exchange is None:
            return
        delivery.received_mono = self._loop.time()
        delivery.received_at = self._wall()
        exchange.arrived(delivery)
        if delivery.topic == self.settings.heartbeat_topic:
            if self._pulse is not None:
                self._pulse.on_echo(delivery.payload)
            exchange.finished(delivery.order)
            return
        self._received += 1
        try:
            self._deliver(delivery)
        except Exception:
            self._callback_errors += 1
            if delivery.received_mono >= self._traceback_due_at:
                self._traceback_due_at = delivery.received_mono + TRACEBACK_EVERY_S
                logger.exception("the receiver of %r failed; the message is dropped", delivery.topic)
            # Given back as done: a message that is never acknowledged stops all behind it, at the latest when the
            # broker's window is full, and would fail again after each reconnect.
            self.ack(delivery)

    def on_poison(self, poison: Poison) -> None:
        logger.warning("%s: a message was dropped: %s", self.settings.address, poison)
        if self._exchange is not None:
            self._exchange.arrived_unreadable(poison.mid, poison.qos)
        self._poisoned += 1

    def on_puback(self, puback: Puback) -> None:
        if self._exchange is not None:
            self._exchange.confirmed(puback)

    def on_pong(self) -> None:
        if self._pulse is not None:
            self._pulse.on_pong()

    def on_over(self, error: LinkError) -> None:
        self._settled.clear()
        exchange, self._exchange, self._pulse = self._exchange, None, None
        lived_s = self._loop.time() - self._opened_at
        silently = exchange is not None and exchange.connection.hung_up_silently
        if self._suspicion.ended(opened=exchange is not None, silently=silently, lived_s=lived_s):
            error = IdentityClash(
                f"{self.settings.address} hangs up on {self.settings.client_id!r} soon after each connect, without a "
                "word: another client probably logs in with the same client id"
            )
        if self._closing:
            error = NotConnected(f"{self.settings.address}: link closed")
        elif exchange is not None or type(error) is not type(self._state.last_error):
            logger.warning("%s", error)
        else:
            logger.debug("%s", error)
        if exchange is not None:
            exchange.over(NotConnected(f"{error}; what was not confirmed is not sent again"))
        clashed = isinstance(error, IdentityClash)
        self._change(
            connected=False,
            alive=False,
            since=self._state.since if exchange is None else self._wall(),
            last_error=error,
            identity_clashes=self._state.identity_clashes + clashed,
        )
        if isinstance(error, BadCredentials):
            self._settled.set()

    # Small matters.

    def _traffic(self) -> int:
        return self._received + self._sent

    def _on_beat(self, trip_s: float) -> None:
        if self._state.alive:
            # Too frequent to announce; whoever wants it asks for the state.
            self._state = dataclasses.replace(self._state, rtt_s=trip_s)
        else:
            self._change(rtt_s=trip_s, alive=True, last_error=None)

    def _on_slow(self, trip_s: float) -> None:
        if self._warned_of_slow_trips:
            return
        self._warned_of_slow_trips = True
        logger.warning(
            "%s: an idle round trip takes %.0f ms; unless the network is that slow, the broker holds small packets back: "
            "put `set_tcp_nodelay true` into mosquitto.conf",
            self.settings.address,
            trip_s * 1000,
        )

    def _on_mute(self, error: LinkError) -> None:
        if self._state.alive:
            logger.warning("%s", error)
            self._change(alive=False, last_error=error)

    def _change(self, **changes: object) -> None:
        self._state = dataclasses.replace(self._state, **changes)  # type: ignore[arg-type]  # checked by the tests
        if self._tell_state is not None:
            try:
                self._tell_state(self.state)
            except Exception:
                logger.exception("link %s: on_state failed", self.settings.client_id)
