"""What is old of the readings, by file, and letting go of it: the `PastReadings` port.

Over the store of a running service; or over the files alone, for a look from the command line.
"""

import asyncio
import contextlib
import sqlite3
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from controller.adapters.sqlite_file import open_reader, store_error
from controller.adapters.telemetry.chunks import ChunkFiles
from controller.services.keeping.ports import HistoryFile, Measured

if TYPE_CHECKING:
    from controller.adapters.telemetry.store import TelemetryStore

_REFUSED = "SELECT count(*) FROM refused WHERE at_ms < ?"


class KeptReadings:
    """The months and years of one folder, and its refused messages."""

    def __init__(
        self,
        chunks: ChunkFiles,
        count_refused: Callable[[int], Awaitable[int]],
        forget_refused: Callable[[int, int], Awaitable[int]],
    ) -> None:
        """`forget_refused` of before a moment (epoch ms), so many at most; both answer how many."""
        self._chunks = chunks
        self._count_refused = count_refused
        self._forget_refused = forget_refused

    @classmethod
    def of(cls, store: "TelemetryStore") -> "KeptReadings":
        return cls(store.chunks, store.refused_before, store.forget_refused)

    @classmethod
    def beside(cls, folder: Path) -> "KeptReadings":
        """Only to be looked at; the service may be writing there."""

        async def count(before_ms: int) -> int:
            return await asyncio.to_thread(_count, folder / "telemetry.db", before_ms)

        async def never(_before_ms: int, _limit: int) -> int:
            return 0

        return cls(ChunkFiles(folder / "history"), count, never)

    async def files(self) -> list[HistoryFile]:
        return await asyncio.to_thread(self._files)

    async def drop(self, file: HistoryFile) -> None:
        if file.holds is Measured.READINGS:
            await asyncio.to_thread(self._chunks.unlink_month, Path(file.name).stem)
        else:
            await asyncio.to_thread(self._chunks.unlink_year, file.end.year - 1)

    async def refused_before(self, before: datetime) -> int:
        return await self._count_refused(_ms(before))

    async def forget_refused(self, before: datetime, limit: int) -> int:
        return await self._forget_refused(_ms(before), limit)

    def _files(self) -> list[HistoryFile]:
        found = []
        for month in self._chunks.months():
            year, number = map(int, month.split("-"))
            end = datetime(year + number // 12, number % 12 + 1, 1, tzinfo=UTC)
            found.append(HistoryFile(f"{month}.db", Measured.READINGS, end, self._size(f"{month}.db")))
        for year in self._chunks.years():
            name = f"rollup-{year:04d}.db"
            found.append(HistoryFile(name, Measured.HOURLY, datetime(year + 1, 1, 1, tzinfo=UTC), self._size(name)))
        return sorted(found, key=lambda file: file.end)

    def _size(self, name: str) -> int:
        with contextlib.suppress(FileNotFoundError):
            return (self._chunks.folder / name).stat().st_size
        return 0


def _count(path: Path, before_ms: int) -> int:
    if not path.exists():
        return 0
    with contextlib.closing(open_reader(path)) as connection:
        try:
            (count,) = connection.execute(_REFUSED, (before_ms,)).fetchone()
        except sqlite3.Error as exc:
            raise (store_error(path, exc) or exc) from exc
    return int(count)


def _ms(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)
