"""History read by another process than the one that writes it, or by one alone: for the command line. Nothing is written.

The writer has its newest points in memory; here they are read from its log. When it made parts of them between two
questions, the log is read anew; when it does so in the middle of one, `query` tells by the numbers of the parts.
"""

import asyncio
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from threading import Lock
from typing import Any, Self, TypeVar

from controller.adapters.sqlite_file import examine, open_reader, store_error
from controller.adapters.telemetry import query
from controller.adapters.telemetry.chunks import ChunkFiles
from controller.adapters.telemetry.log import ROWS, landed
from controller.adapters.telemetry.query import Recent
from controller.adapters.telemetry.reading import gathered
from controller.adapters.telemetry.rollups import WINDOW_MS
from controller.adapters.telemetry.schema import SCHEMA
from controller.adapters.telemetry.series import Registry
from controller.adapters.telemetry.tail import NEVER, Tails
from controller.domain.history.values import Selection, Series, SeriesId, Span
from controller.errors import InputError
from controller.services.history.ports import Last, Points, Steps

T = TypeVar("T")

# Grows whenever points of a tail become parts.
_MARK = "SELECT (SELECT coalesce(sum(compacted), 0) FROM newest), (SELECT count(*) FROM newest), compacted FROM place"
_ROWS_AT_ONCE = 5_000


@dataclass(frozen=True, slots=True)
class _Read:
    """What was in the log, as of one moment."""

    mark: tuple[int, ...]
    registry: Registry
    tails: Tails


class HistoryBeside:
    """The `History` port over the files of a data folder, whoever writes them."""

    def __init__(self, path: Path) -> None:
        """Use `open`: reading the log takes a moment."""
        self.path = path
        self._chunks = ChunkFiles(path.parent / "history")
        self._connection = _opened(path)
        self._asking = Lock()
        self._read = self._whole(_load)

    @classmethod
    async def open(cls, path: Path) -> Self:
        """Of a file that is there; InputError says what to do where it is not, or is of another version."""
        return await asyncio.to_thread(cls, path)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await asyncio.to_thread(self._close)

    def _close(self) -> None:
        with self._asking:
            self._connection.close()
            self._chunks.close()

    def series(self, selection: Selection) -> list[Series]:
        """All that match, in the order they began."""
        return self._read.registry.picked(selection)

    def last(self, selection: Selection) -> list[Last]:
        """The value measured last, of each series that has one."""
        lasts = ((series, self._read.tails[series.id].last) for series in self.series(selection))
        return [Last(series, at_ms, value) for series, (at_ms, _, value) in lasts if at_ms != NEVER]

    async def raw(self, selection: Selection, span: Span) -> list[Points]:
        """Every point of each series in the span."""
        start, end = _ms(span.start), _ms(span.end)

        def ask(wanted: Sequence[Series], recent: Mapping[SeriesId, Recent]) -> list[Points]:
            return query.raw(self._chunks, wanted, start, end, recent)

        return await self._asked(selection, start, end, ask)

    async def by_step(self, selection: Selection, edges_ms: Sequence[int]) -> list[Steps]:
        """Mean, low, high and count of each step that has points."""
        if len(edges_ms) < 2:
            return []

        def ask(wanted: Sequence[Series], recent: Mapping[SeriesId, Recent]) -> list[Steps]:
            return query.by_step(self._chunks, wanted, edges_ms, recent)

        return await self._asked(selection, edges_ms[0], edges_ms[-1], ask)

    async def counts_by_hour(self, selection: Selection, span: Span) -> Mapping[Series, Mapping[int, int]]:
        """How many points each series has in each epoch hour."""
        start, end = _ms(span.start), _ms(span.end)

        def ask(wanted: Sequence[Series], recent: Mapping[SeriesId, Recent]) -> Mapping[Series, Mapping[int, int]]:
            return query.counts_by_hour(self._chunks, wanted, start, end, recent)

        return await self._asked(selection, start, end, ask)

    async def _asked(
        self,
        selection: Selection,
        start_ms: int,
        end_ms: int,
        ask: Callable[[Sequence[Series], Mapping[SeriesId, Recent]], T],
    ) -> T:
        windows = range(start_ms // WINDOW_MS, -(-end_ms // WINDOW_MS))

        def answer() -> T:
            with self._asking:
                return ask(*self._gathered(selection, windows))

        return await asyncio.to_thread(answer)

    def _gathered(self, selection: Selection, windows: range) -> tuple[list[Series], dict[SeriesId, Recent]]:
        def gather(connection: sqlite3.Connection) -> tuple[list[Series], dict[SeriesId, Recent]]:
            if _mark(connection) != self._read.mark:
                self._read = _load(connection)
            wanted = self.series(selection)
            return wanted, gathered(connection, self._read.tails, Lock(), wanted, windows)

        return self._whole(gather)

    def _whole(self, question: Callable[[sqlite3.Connection], T]) -> T:
        """Answered as of one moment; no longer held than that, or the writer's own log could not be begun anew."""
        try:
            self._connection.execute("BEGIN")
            try:
                return question(self._connection)
            finally:
                self._connection.execute("ROLLBACK")
        except sqlite3.Error as exc:
            raise (store_error(self.path, exc) or exc) from exc


def _opened(path: Path) -> sqlite3.Connection:
    if not path.exists():
        raise InputError(f"{path}: nothing was measured here yet — name the data folder with --data, or run once first")
    examine(path)
    connection = open_reader(path)
    (found,) = connection.execute("PRAGMA user_version").fetchone()
    if found != SCHEMA:
        connection.close()
        which = "a newer Natoma: ask with that one" if found > SCHEMA else "an older Natoma: run this one once first"
        raise InputError(f"{path} was written by {which} (its schema is {found}, this program reads {SCHEMA})")
    return connection


def _mark(connection: sqlite3.Connection) -> tuple[int, ...]:
    mark: tuple[int, ...] = connection.execute(_MARK).fetchone()
    return mark


def _load(connection: sqlite3.Connection) -> _Read:
    mark = _mark(connection)
    tails = Tails()
    registry = Registry(tails)
    registry.load(connection)
    after = mark[-1]
    while rows := _rows(connection, after):
        tails.take(landed(rows, registry, tails))
        after = rows[-1][0]
    return _Read(mark, registry, tails)


def _rows(connection: sqlite3.Connection, after: int) -> list[tuple[Any, ...]]:
    return connection.execute(f"{ROWS} WHERE log.n > ? ORDER BY log.n LIMIT ?", (after, _ROWS_AT_ONCE)).fetchall()


def _ms(at: datetime) -> int:
    return round(at.timestamp() * 1000)
