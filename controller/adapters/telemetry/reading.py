"""What is read beside the writer: questions about history, and rows of the log for whoever sends them on.

Each on a thread of a small pool, over connections that only read. What no month has yet is gathered first, in one
moment: parts from the table, tails from memory; `query` explains why the months are read after it.
"""

import asyncio
import queue
import sqlite3
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Lock
from typing import TypeVar

import numpy as np

from controller.adapters.sqlite_file import open_reader, store_error
from controller.adapters.telemetry.log import ROWS, readings_in
from controller.adapters.telemetry.query import Recent
from controller.adapters.telemetry.series import Registry
from controller.adapters.telemetry.tail import Tails
from controller.domain.history.values import Kind, Series, SeriesId
from controller.services.history.ports import LoggedReadings

READERS = 2
# Of more series than this the parts of a window are read all, which is one look instead of many.
_ASKED_ONE_BY_ONE = 200
NS_IN_MS = 1_000_000

T = TypeVar("T")


class Readers:
    """A pool of threads, each with a connection while it reads."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._pool = ThreadPoolExecutor(READERS, thread_name_prefix="telemetry reader")
        self._idle: queue.SimpleQueue[sqlite3.Connection] = queue.SimpleQueue()
        for _ in range(READERS):
            self._idle.put(open_reader(path))

    async def read(self, question: Callable[[sqlite3.Connection], T]) -> T:
        """What the question answers; StoreError where the file does not let itself be read."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, self._ask, question)

    def _ask(self, question: Callable[[sqlite3.Connection], T]) -> T:
        connection = self._idle.get()
        try:
            return question(connection)
        except sqlite3.Error as exc:
            raise (store_error(self._path, exc) or exc) from exc
        finally:
            self._idle.put(connection)

    def close(self) -> None:
        """When those under way are answered."""
        self._pool.shutdown()
        for _ in range(READERS):
            self._idle.get().close()


def gathered(
    connection: sqlite3.Connection,
    tails: Tails,
    moving: Lock,
    wanted: Sequence[Series],
    windows: range,
) -> dict[SeriesId, Recent]:
    """What no month has yet of these series, as of one moment; `windows` bound the parts, not the tails."""
    found: dict[SeriesId, Recent] = {}
    with moving:
        (upto,) = connection.execute("SELECT part FROM place").fetchone()
        parts = _parts(connection, wanted, windows)
        copies = [(series, tails[series.id].copy()) for series in wanted]
    for series, (at_ms, values) in copies:
        own = parts.get(series.id, ())
        if own or len(values):
            moments = np.array(at_ms, dtype=np.int64)
            if series.kind is Kind.TEXT:
                found[series.id] = Recent(own, moments, list(map(str, values)), upto)
            else:
                found[series.id] = Recent(own, moments, np.array(values, dtype=np.float64), upto)
    return found


def _parts(
    connection: sqlite3.Connection, wanted: Sequence[Series], windows: range
) -> dict[SeriesId, list[tuple[int, int, bytes]]]:
    found: dict[SeriesId, list[tuple[int, int, bytes]]] = {}
    bounds = (windows.start, windows.stop)
    if len(wanted) > _ASKED_ONE_BY_ONE:
        ids = {series.id for series in wanted}
        rows = connection.execute(
            "SELECT series, window, number, blob FROM part WHERE window >= ? AND window < ?", bounds
        )
        for series, *part in rows:
            if series in ids:
                found.setdefault(series, []).append((part[0], part[1], part[2]))
        return found
    for one in wanted:
        own = connection.execute(
            "SELECT window, number, blob FROM part WHERE series = ? AND window >= ? AND window < ?", (one.id, *bounds)
        ).fetchall()
        if own:
            found[one.id] = own
    return found


def rows_after(
    connection: sqlite3.Connection, registry: Registry, tails: Tails, position: int, limit: int
) -> list[LoggedReadings]:
    """Rows of the log behind a position, oldest first; those without readings as well, for they have a place."""
    rows = connection.execute(f"{ROWS} WHERE log.n > ? ORDER BY log.n LIMIT ?", (position, limit))

    def series(number: SeriesId) -> Series:
        # Not from the registry: a row may be seen a moment before the series that began with it is told of.
        return tails[number].series

    return [
        LoggedReadings(
            n,
            at_ms * NS_IN_MS + ordinal,
            tuple(readings_in(body, device, series, registry.known)),
        )
        for n, device, at_ms, ordinal, body in rows
    ]
