"""Tasks with names that should live for ever: the death of one ends the service, loudly."""

import asyncio
import logging
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager

logger = logging.getLogger(__name__)


class Runners:
    """The tasks of one service."""

    def __init__(self, tasks: asyncio.TaskGroup, stop: asyncio.Event) -> None:
        self._tasks = tasks
        self._stop = stop
        self._lasting: list[asyncio.Task[None]] = []
        self.death: Exception | None = None  # of the first task that should have lived for ever

    def start(self, work: Coroutine[object, object, None], name: str) -> None:
        """Run something that should never end."""
        self._lasting.append(self._tasks.create_task(self._watched(work, name), name=name))

    def stop(self) -> None:
        """Cancel all, newest first."""
        for task in reversed(self._lasting):
            task.cancel()

    async def _watched(self, work: Coroutine[object, object, None], name: str) -> None:
        try:
            await work
            error: Exception = RuntimeError(f"task {name!r} ended by itself")
        except Exception as exc:
            logger.exception("task %r failed; the service stops", name)
            error = exc
        self.death = self.death or error
        self._stop.set()


@asynccontextmanager
async def running(stop: asyncio.Event) -> AsyncIterator[Runners]:
    """Tasks live while the context is open; the death of one that should not die sets `stop`."""
    failure: BaseException | None = None
    async with asyncio.TaskGroup() as tasks:
        runners = Runners(tasks, stop)
        try:
            yield runners
        except BaseException as exc:  # noqa: BLE001 — raised again below, as itself: a group would hide its words
            failure = exc
        finally:
            runners.stop()
    if failure is not None:
        raise failure


async def until(work: Coroutine[object, object, None], stop: asyncio.Event) -> None:
    """Await this, but no longer than until `stop` is set: whoever says Ctrl-C does not wait for a broker."""
    loop = asyncio.get_running_loop()
    working = loop.create_task(work, name="until told to stop")
    told = loop.create_task(stop.wait(), name="told to stop")
    try:
        await asyncio.wait({working, told}, return_when=asyncio.FIRST_COMPLETED)
        if working.done():
            await working
    finally:
        for task in (working, told):
            task.cancel()
