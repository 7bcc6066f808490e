"""One registry database, open: a thread and a connection to read, another to write, shared by every store in it.

What is read and written is each store's own affair; here is only how a transaction runs and what its errors mean.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from controller.adapters.sql.places import Place

T = TypeVar("T")


class Database:
    """Runs work in transactions; `close` it last."""

    def __init__(self, place: Place) -> None:
        self.place = place
        # One thread and one connection each: a long import never delays a look at the version.
        self._reading = (place.reading(), ThreadPoolExecutor(1, thread_name_prefix="registry reader"))
        self._writing = (place.writing(), ThreadPoolExecutor(1, thread_name_prefix="registry writer"))

    async def read(self, work: Callable[[Connection], T]) -> T:
        """One moment of the database."""
        return await self._run(self._reading, work)

    async def write(self, work: Callable[[Connection], T]) -> T:
        """One transaction that holds the write lock from its beginning; an exception leaves nothing of it."""
        return await self._run(self._writing, work)

    async def close(self) -> None:
        for engine, thread in (self._reading, self._writing):
            await asyncio.get_running_loop().run_in_executor(thread, engine.dispose)
            thread.shutdown()

    async def _run(self, where: tuple[Engine, ThreadPoolExecutor], work: Callable[[Connection], T]) -> T:
        engine, thread = where
        return await asyncio.get_running_loop().run_in_executor(thread, self._in_transaction, engine, work)

    def _in_transaction(self, engine: Engine, work: Callable[[Connection], T]) -> T:
        try:
            with engine.begin() as connection:
                return work(connection)
        except DBAPIError as exc:
            error = self.place.error(exc)
            if error is None:
                raise
            raise error from exc
