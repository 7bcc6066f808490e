"""A broker's port of our own: what comes in is passed on to the real one, until it is stopped, killed or frozen.

It knows nothing of MQTT. Whoever is to feel it (our devices, a controller, a phone) connects here.
"""

import asyncio
import contextlib
import logging
import socket
import struct
from collections.abc import AsyncIterator
from typing import Self

from simulator.errors import RunError

logger = logging.getLogger(__name__)

_CHUNK = 64 * 1024
_HERE = "127.0.0.1"


class Proxy:
    """Open it with `async with`; `port` is known then. Port 0 takes any that is free."""

    def __init__(self, host: str, port: int, listen: int = 0) -> None:
        self._there = (host, port)
        self.port = listen
        self._server: asyncio.Server | None = None
        self._flows = asyncio.Event()
        self._flows.set()
        self._writers: set[asyncio.StreamWriter] = set()
        self._serving: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        self.kill()
        self.thaw()
        if self._serving:
            # Both ends are gone, so there is nothing left to pass on.
            await asyncio.wait(self._serving)

    async def start(self) -> None:
        """Take connections, again after `stop` or `kill`."""
        if self._server is not None:
            return
        try:
            # A port just closed may be had again at once.
            self._server = await asyncio.start_server(self._take, _HERE, self.port, reuse_address=True)
        except OSError as exc:
            raise RunError(f"{_HERE}:{self.port} cannot be listened on: {exc.strerror or exc}") from exc
        self.port = self._server.sockets[0].getsockname()[1]

    def stop(self) -> None:
        """As a broker that is shut down: what was said still leaves, connections are closed, none is taken."""
        self._refuse()
        for writer in list(self._writers):
            writer.close()

    def kill(self) -> None:
        """As a broker that dies: connections are reset with whatever was under way, none is taken."""
        self._refuse()
        for writer in list(self._writers):
            # Without lingering the kernel sends a reset, where an abort alone would close politely. One that is closed
            # already, and only not yet forgotten, needs neither.
            with contextlib.suppress(OSError):
                writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            writer.transport.abort()

    def freeze(self) -> None:
        """Connections stay, new ones are taken, and nothing comes through either way."""
        self._flows.clear()

    def thaw(self) -> None:
        """What was held back comes through, where its connection still stands."""
        self._flows.set()

    def _refuse(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None

    def _take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        serving = asyncio.get_running_loop().create_task(self._serve(reader, writer), name="proxy connection")
        self._serving.add(serving)
        serving.add_done_callback(self._serving.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async with self._kept(writer):
            try:
                there_reader, there_writer = await asyncio.open_connection(*self._there)
            except OSError as exc:
                logger.debug("the broker behind the proxy takes no connection: %s", exc)
                return
            async with self._kept(there_writer), asyncio.TaskGroup() as both:
                both.create_task(self._pump(reader, there_writer), name="proxy to the broker")
                both.create_task(self._pump(there_reader, writer), name="proxy from the broker")

    async def _pump(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while chunk := await source.read(_CHUNK):
                await self._flows.wait()
                sink.write(chunk)
                await sink.drain()
        # An end, too, does not come through ice.
        await self._flows.wait()
        sink.close()

    @contextlib.asynccontextmanager
    async def _kept(self, writer: asyncio.StreamWriter) -> AsyncIterator[None]:
        self._writers.add(writer)
        try:
            yield
        finally:
            self._writers.discard(writer)
            writer.close()
