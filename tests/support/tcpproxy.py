"""A bad network between a client and a server: slow, cut, or silent with the cable still in."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Self

CHUNK = 64 * 1024


class TcpProxy:
    """Forwards a loopback port of its own to another; use as an async context manager."""

    def __init__(self, target_port: int, *, target_host: str = "127.0.0.1") -> None:
        self._target = (target_host, target_port)
        self._up, self._down = asyncio.Event(), asyncio.Event()  # to the server, and back
        self.thaw()
        self._accepts = True
        self.delay_s = 0.0  # added to each chunk, in each direction
        self.port = 0
        self.accepted = 0  # connections taken so far
        self._writers: set[asyncio.StreamWriter] = set()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        self.cut()
        self.thaw()

    def cut(self) -> None:
        """Reset every connection; new ones are taken."""
        for writer in list(self._writers):
            writer.transport.abort()

    def freeze(self) -> None:
        """Nothing comes through, either way, and nobody is told: a half-open link."""
        self._up.clear()
        self._down.clear()

    def freeze_up(self) -> None:
        """Nothing more reaches the server; the client goes on hearing it, and believes that it is heard."""
        self._up.clear()

    def thaw(self) -> None:
        """What was held back comes through now, if its connection still stands."""
        self._up.set()
        self._down.set()

    def refuse(self, refuse: bool = True) -> None:
        """Hang up on each new connection."""
        self._accepts = not refuse

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async with self._kept(writer):
            if not self._accepts:
                return
            self.accepted += 1
            with contextlib.suppress(OSError):
                there_reader, there_writer = await asyncio.open_connection(*self._target)
                async with self._kept(there_writer), asyncio.TaskGroup() as both:
                    both.create_task(self._pump(reader, there_writer, self._up), name="client to server")
                    both.create_task(self._pump(there_reader, writer, self._down), name="server to client")

    async def _pump(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, flows: asyncio.Event) -> None:
        with contextlib.suppress(OSError):
            while chunk := await source.read(CHUNK):
                await flows.wait()
                if self.delay_s:
                    await asyncio.sleep(self.delay_s)
                sink.write(chunk)
                await sink.drain()
        sink.close()

    @contextlib.asynccontextmanager
    async def _kept(self, writer: asyncio.StreamWriter) -> AsyncIterator[None]:
        self._writers.add(writer)
        try:
            yield
        finally:
            self._writers.discard(writer)
            writer.close()
