"""Beats over one connection: sent, awaited, judged. What they prove and how is decided in `heartbeat.py`."""

import asyncio
import logging
import secrets
from collections.abc import Callable

from devices.errors import LinkError, NotConnected
from devices.link.connection import Connection
from devices.link.heartbeat import Heartbeat, SlowTripCanary, Verdict
from devices.link.settings import LinkSettings

logger = logging.getLogger(__name__)


class Pulse:
    """`on_beat` hears of each trip in seconds, `on_slow` once of idle ones that are too long, `on_mute` of beats that
    no longer come back though bytes do. `traffic` counts the other messages, which make a trip anything but idle.
    """

    def __init__(
        self,
        settings: LinkSettings,
        connection: Connection,
        traffic: Callable[[], int],
        on_beat: Callable[[float], None],
        on_slow: Callable[[float], None],
        on_mute: Callable[[LinkError], None],
    ) -> None:
        self._settings = settings
        self._connection = connection
        self._canary = SlowTripCanary()
        self._traffic = traffic
        self._traffic_at_beat = 0
        self._on_beat = on_beat
        self._on_slow = on_slow
        self._on_mute = on_mute
        self._loop = asyncio.get_running_loop()
        # A beat at least once per keepalive also keeps the broker content.
        self._every_s = min(settings.heartbeat_every_s, settings.keepalive_s)
        self._heartbeat = Heartbeat(self._every_s)
        # Our own beats of this connection, and nobody else's, on a topic anyone may have written to.
        self._mark = f"{settings.client_id} {secrets.token_hex(4)} ".encode()

    async def watch(self) -> None:
        """Beat, and judge half a beat later, until the connection ends."""
        over = self._connection.over
        while True:
            self._send()
            for _ in range(2):
                await asyncio.wait({over}, timeout=self._every_s / 2)
                if over.done():
                    return
                # A loop that slept sent no beats meanwhile, so none can be missed on its account.
                self._judge()

    def on_pong(self) -> None:
        if self._settings.heartbeat_topic is None:
            trip_s = self._heartbeat.last_returned(self._loop.time())
            if trip_s is not None:
                self._on_beat(trip_s)

    def on_echo(self, payload: bytes) -> None:
        number = payload.removeprefix(self._mark)
        if number == payload or not number.isdigit():
            return
        trip_s = self._heartbeat.returned(int(number), self._loop.time())
        if trip_s is None:
            return
        self._on_beat(trip_s)
        if self._canary.wants_more and self._traffic() == self._traffic_at_beat:
            slow_s = self._canary.idle_trip(trip_s)
            if slow_s is not None:
                self._on_slow(slow_s)
            elif self._canary.wants_more:
                self._send()

    def _send(self) -> None:
        number = self._heartbeat.beat(self._loop.time())
        # The ping goes first, so that its answer is still unacknowledged when the beat's own comes: a broker with
        # Nagle's algorithm on shows itself in the trip.
        self._connection.ping()
        if self._settings.heartbeat_topic is not None:
            try:
                self._connection.publish(
                    self._settings.heartbeat_topic, self._mark + b"%d" % number, 0, retain=False, properties=None
                )
            except LinkError as exc:
                logger.debug("%s: beat not sent: %s", self._settings.address, exc)
        self._traffic_at_beat = self._traffic()

    def _judge(self) -> None:
        now = self._loop.time()
        verdict = self._heartbeat.verdict(now, self._connection.last_byte_at)
        if verdict is Verdict.DEAD:
            silent_s = now - self._connection.last_byte_at
            self._connection.abort(NotConnected(f"{self._settings.address}: no sign of life for {silent_s:.1f} s"))
        elif verdict is Verdict.MUTE:
            self._on_mute(
                LinkError(
                    f"{self._settings.address} answers, but beats on {self._settings.heartbeat_topic!r} do not come "
                    f"back: it is overloaded, or its ACL keeps user {self._settings.username!r} from writing and "
                    "reading that topic"
                )
            )
