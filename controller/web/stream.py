"""The live stream to browsers: server-sent events, a snapshot first, then what changes.

Each stream sends at most one batch every `batch_s`, so a busy building costs a browser twenty
messages a second and not a thousand. A browser that reads slowly holds up nobody: its socket's
small buffer fills, the feed coalesces, and it gets a `resync` when facts were missed.
"""

import asyncio
import logging
import socket
from collections.abc import Callable
from datetime import datetime

from aiohttp import web

from controller.services.meters import Meters
from controller.services.screens.live import LiveFeed, Push, Subscription, to_json

logger = logging.getLogger(__name__)

HEARTBEAT_S = 4.0
"""The page in a browser takes ten seconds of silence for a dead stream: two beats may be lost (`static/stream.js`)."""

BATCH_S = 0.05
STREAM_LIMIT = 200
WRITE_LIMIT_S = 30.0
"""A browser that takes nothing for this long is gone, whatever its connection says."""

_SEND_BUFFER = 64 * 1024
"""What the system may hold for one browser: enough for a batch, too little to hide seconds of old news."""


class LiveStreams:
    """Every open stream, counted and bounded."""

    def __init__(
        self,
        feed: LiveFeed,
        now: Callable[[], datetime],
        meters: Meters,
        *,
        heartbeat_s: float = HEARTBEAT_S,
        batch_s: float = BATCH_S,
        limit: int = STREAM_LIMIT,
        write_limit_s: float = WRITE_LIMIT_S,
    ) -> None:
        self._feed = feed
        self._now = now
        self._heartbeat_s = heartbeat_s
        self._batch_s = batch_s
        self._limit = limit
        self._write_limit_s = write_limit_s
        self._open: set[Subscription] = set()
        meters.gauge("natoma_live_streams", "Browsers that watch now", read=lambda: len(self._open))
        self._sent = meters.counter("natoma_live_batches_total", "Batches sent to browsers")
        self._resyncs = meters.counter("natoma_live_resyncs_total", "Browsers that fell behind and started afresh")
        self._refused = meters.counter("natoma_live_refused_total", "Streams refused because too many were open")

    async def serve(self, request: web.Request) -> web.StreamResponse:
        if len(self._open) >= self._limit:
            self._refused.add()
            raise web.HTTPServiceUnavailable(
                text=f"{self._limit} screens are watching already; close one and try again.\n",
                headers={"Retry-After": "10"},
            )
        subscription = self._feed.subscribe(self._resume_place(request))
        self._open.add(subscription)
        try:
            return await self._run(request, subscription)
        finally:
            self._open.discard(subscription)

    async def close(self, _app: web.Application) -> None:
        """End every stream, so that the service can stop; browsers come back by themselves."""
        for subscription in self._open:
            subscription.close()

    def _resume_place(self, request: web.Request) -> int | None:
        """Where the browser was, when that is a place in this feed."""
        text = request.headers.get("Last-Event-ID") or request.query.get("after", "")
        epoch, _, number = text.rpartition("-")
        return int(number) if epoch == self._feed.epoch and number.isascii() and number.isdigit() else None

    async def _run(self, request: web.Request, subscription: Subscription) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream", "X-Accel-Buffering": "no"})
        await response.prepare(request)
        _keep_little_in_flight(request)
        try:
            await self._write(request, response, self._beat())
            while True:
                try:
                    async with asyncio.timeout(self._heartbeat_s):
                        push = await anext(subscription, None)
                except TimeoutError:
                    await self._write(request, response, self._beat())
                    continue
                if push is None:
                    break
                self._sent.add()
                if push.event == "resync":
                    self._resyncs.add()
                await self._write(request, response, self._frame(push))
                await asyncio.sleep(self._batch_s)
        except (ConnectionError, TimeoutError):
            logger.debug("a browser stopped watching")
        return response

    async def _write(self, request: web.Request, response: web.StreamResponse, frame: bytes) -> None:
        try:
            async with asyncio.timeout(self._write_limit_s):
                await response.write(frame)
        except TimeoutError:
            if request.transport is not None:
                request.transport.abort()
            raise

    def _frame(self, push: Push) -> bytes:
        return f"event: {push.event}\nid: {self._feed.epoch}-{push.id}\ndata: {push.text}\n\n".encode("ascii")

    def _beat(self) -> bytes:
        """A sign of life, and our clock, so that ages are right on a tablet whose own clock is not."""
        return f"event: beat\ndata: {to_json({'at': self._now().isoformat()})}\n\n".encode("ascii")


def _keep_little_in_flight(request: web.Request) -> None:
    if request.transport is not None:
        connection = request.transport.get_extra_info("socket")
        if connection is not None:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BUFFER)
