"""Where points are kept for good: one chunk for each series and window, one file for each month, roll-ups by year.

What is newer lies in the log and its parts; `merge` brings parts here. A month is forgotten by deleting its file, and
its hours stay in the roll-ups, which have files of their own. What is in a chunk is `codec`'s affair.
"""

import contextlib
import logging
import sqlite3
import threading
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from controller.adapters.telemetry.codec import Moments, UnreadablePoints, Values, unpack
from controller.adapters.telemetry.files import OpenFiles, UnusableFile
from controller.adapters.telemetry.merging import Kept, Merged, Part, added, merged
from controller.adapters.telemetry.rollups import ROW_BYTES, Cells, by_hour, from_rows, to_row
from controller.adapters.telemetry.windows import Key, began, by_month, id_of, key_of, months_of, years_of
from controller.domain.history.values import SeriesId
from controller.errors import StoreError

logger = logging.getLogger(__name__)

SCHEMA = 1  # in each file's user_version


_MONTH_TABLES = """
CREATE TABLE chunk (
    id INTEGER PRIMARY KEY,        -- series << 32 | window
    upto INTEGER NOT NULL,         -- the parts up to this number are in it
    points BLOB NOT NULL
);
CREATE TABLE set_aside (           -- what could not be read when something was to be added to it
    n INTEGER PRIMARY KEY,
    id INTEGER NOT NULL,
    was_chunk INTEGER NOT NULL,    -- else a part
    why TEXT NOT NULL,
    points BLOB NOT NULL
);
"""
_YEAR_TABLES = """
CREATE TABLE hours (
    id INTEGER PRIMARY KEY,        -- series << 32 | window
    upto INTEGER NOT NULL,         -- the parts up to this number are counted
    body BLOB NOT NULL             -- six hours, as rollups.py has it
);
CREATE TABLE gone (month TEXT PRIMARY KEY) WITHOUT ROWID;  -- its points were deleted; these hours are what is left
CREATE TABLE merged (upto INTEGER NOT NULL);               -- no part that came here had a higher number
INSERT INTO merged VALUES (0);
"""
# Enough to see what is wrong; a disk that fails would otherwise fill the memory as well.
_MOST_REMEMBERED = 100
# A chunk of a reading a minute takes a tenth of it: of smaller pages more is left empty.
_PAGE_BYTES = 8192

_CHUNK = "SELECT upto, points FROM chunk WHERE id = ?"
_CHUNKS = "SELECT id, upto, points FROM chunk WHERE id >= ? AND id < ?"
_HOURS = "SELECT id, upto, body FROM hours WHERE id >= ? AND id < ?"
_PUT_CHUNK = "INSERT INTO chunk VALUES (?,?,?) ON CONFLICT DO UPDATE SET upto = excluded.upto, points = excluded.points"
_PUT_HOURS = "INSERT INTO hours VALUES (?,?,?) ON CONFLICT DO UPDATE SET upto = excluded.upto, body = excluded.body"


@dataclass(frozen=True, slots=True)
class Chunk:
    """The points of one series and window that were merged."""

    upto: int  # parts up to this number are in it
    points: bytes
    path: Path
    id: int

    @property
    def where(self) -> str:
        return _place(self.path, self.id)


@dataclass(frozen=True, slots=True)
class Hours:
    """The roll-ups of one series: row i is of `windows[i]` and counts the parts up to `upto[i]`."""

    windows: "NDArray[np.int64]"
    upto: "NDArray[np.int64]"
    rows: bytes

    def without(self, windows: Sequence[int]) -> "Hours":
        """The rows of all other windows."""
        if not windows:
            return self
        left = np.flatnonzero(~np.isin(self.windows, windows))
        rows = np.frombuffer(self.rows, np.uint8).reshape(-1, ROW_BYTES)[left].tobytes()
        return Hours(self.windows[left], self.upto[left], rows)

    def cells(self) -> Cells:
        return from_rows(self.windows, self.rows)


class MergeError(StoreError):
    """Some could not be merged now. `merged` were, and are on the disk."""

    def __init__(self, why: str, merged: frozenset[Key]) -> None:
        super().__init__(why)
        self.merged = merged


class ChunkFiles:
    """The months and the roll-ups of one folder. One thread merges at a time; any number read beside it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._files = OpenFiles(SCHEMA)
        self._merging = threading.Lock()
        self._unreadable: dict[str, str] = {}

    def close(self) -> None:
        with self._merging:
            self._files.close()

    def merge(self, parts: Mapping[Key, Sequence[Part]]) -> None:
        """Durable when it returns: the parts' points are in their chunks, and their hours in the roll-ups.

        Repeatable: a part whose number was merged before is not merged again, so numbers must only ever grow, and none
        be used for another part (AUTOINCREMENT, from above `highest_part`). All that can be merged is; when something
        cannot, MergeError says what was.
        """
        done: set[Key] = set()
        failures: list[str] = []
        with self._merging:
            for month, keys in by_month(parts).items():
                try:
                    self._merge_month(month, {key: parts[key] for key in keys})
                except StoreError as exc:
                    failures.append(str(exc))
                else:
                    done.update(keys)
        if failures:
            raise MergeError("; ".join(failures), frozenset(done))

    def highest_part(self) -> int:
        """The highest number of a part that was ever merged into what is here."""
        highest = 0
        for year in self.years():
            path = self._year_file(year)
            try:
                with self._files.reader(path) as connection:
                    if connection is not None:
                        (upto,) = connection.execute("SELECT upto FROM merged").fetchone()
                        highest = max(highest, int(upto))
            except StoreError as exc:
                # Whoever asks knows its own numbers as well; a house must not stay shut over a year's roll-ups.
                self._remember(str(path), str(exc))
        return highest

    # --- reading ----------------------------------------------------------------------------------

    def read(self, series_ids: Iterable[SeriesId], window_from: int, window_to: int) -> dict[Key, Chunk]:
        """The chunks there are, of windows before `window_to`. A file that cannot be read hides no other."""
        found: dict[Key, Chunk] = {}
        ids = list(series_ids)
        for month, start, end in months_of(window_from, window_to):
            path = self._month_file(month)
            for _, rows in self._rows(path, _CHUNKS, ids, start, end):
                found.update((key_of(id_), Chunk(upto, body, path, id_)) for id_, upto, body in rows)
        return found

    def unpacked(self, chunk: Chunk) -> tuple[Moments, Values] | None:
        """Its points; None, and remembered, where they cannot be read."""
        try:
            return unpack(chunk.points, "")
        except UnreadablePoints:
            return self.unpacked_part(chunk.points, chunk.where)

    def unpacked_part(self, points: bytes, where: str) -> tuple[Moments, Values] | None:
        """The same of a part, which lies elsewhere."""
        try:
            return unpack(points, where)
        except UnreadablePoints as exc:
            self._remember(where, str(exc))
            return None

    def hours(self, series_ids: Iterable[SeriesId], window_from: int, window_to: int) -> dict[SeriesId, Hours]:
        """The roll-ups there are, of windows before `window_to`."""
        found: defaultdict[SeriesId, list[tuple[int, int, bytes]]] = defaultdict(list)
        ids = list(series_ids)
        for year, start, end in years_of(window_from, window_to):
            path = self._year_file(year)
            for series, rows in self._rows(path, _HOURS, ids, start, end):
                found[series] += self._whole(path, rows)
        return {series: _hours(rows) for series, rows in found.items() if rows}

    def unreadable(self) -> Mapping[str, str]:
        """What could not be read since the start: the place, and why."""
        return dict(self._unreadable)

    # --- keeping and forgetting -------------------------------------------------------------------

    def months(self) -> list[str]:
        """The months there are points of, "2026-11", the oldest first."""
        return sorted(path.stem for path in self.folder.glob("[0-9][0-9][0-9][0-9]-[0-9][0-9].db"))

    def years(self) -> list[int]:
        """The years there are roll-ups of, the oldest first."""
        return sorted(int(path.stem[-4:]) for path in self.folder.glob("rollup-[0-9][0-9][0-9][0-9].db"))

    def unlink_month(self, month: str) -> None:
        """Forget the points of a month for good; what comes late for it is only counted in its hours."""
        with self._merging:
            # First: a merge that came between would make a month of a few late points, and hours of them alone.
            with self._year(int(month[:4])) as year:
                year.execute("INSERT INTO gone VALUES (?) ON CONFLICT DO NOTHING", (month,))
            self._files.unlink(self._month_file(month))

    def unlink_year(self, year: int) -> None:
        """Forget the roll-ups of a year, and what is left of its months: points without hours are found by no chart."""
        for month in self.months():
            if month.startswith(f"{year:04d}-"):
                self.unlink_month(month)
        with self._merging:
            self._files.unlink(self._year_file(year))

    def size_bytes(self) -> int:
        """What all of it takes on the disk."""
        return sum(path.stat().st_size for path in self.folder.glob("*.db*") if path.exists())

    # --- within -----------------------------------------------------------------------------------

    def _merge_month(self, month: str, parts: Mapping[Key, Sequence[Part]]) -> None:
        number = int(month[:4])
        path, year_path = self._month_file(month), self._year_file(number)
        hours: dict[int, Kept] = {}
        # To hours that know more than their chunk does, points are added.
        add = set(parts) if month in self._gone(year_path) else self._write_chunks(path, parts, hours)
        with self._year(number) as year:
            for key in add:
                id_ = id_of(*key)
                known = year.execute("SELECT upto, body FROM hours WHERE id = ?", (id_,)).fetchone()
                is_whole = known is not None and len(known[1]) == ROW_BYTES
                result = added(Kept(*known) if is_whole else None, parts[key], key[1], _place(year_path, id_))
                self._tell(result, _place(year_path, id_))
                if result.hours is not None:
                    hours[id_] = result.hours
            year.executemany(_PUT_HOURS, [(id_, kept.upto, kept.body) for id_, kept in hours.items()])
            highest = max((number for of_key in parts.values() for number, _ in of_key), default=0)
            year.execute("UPDATE merged SET upto = max(upto, ?)", (highest,))

    def _write_chunks(self, path: Path, parts: Mapping[Key, Sequence[Part]], hours: dict[int, Kept]) -> set[Key]:
        """Put the parts into their chunks and their `hours`; the keys whose hours are to be added to instead."""
        add: set[Key] = set()
        with self._files.transaction(path, _build_month) as month:
            lost_chunks = {id_ for (id_,) in month.execute("SELECT DISTINCT id FROM set_aside WHERE was_chunk")}
            for key, of_key in parts.items():
                id_ = id_of(*key)
                known = month.execute(_CHUNK, (id_,)).fetchone()
                result = merged(Kept(*known) if known else None, of_key, key[1], _place(path, id_))
                self._tell(result, _place(path, id_))
                month.executemany(
                    "INSERT INTO set_aside (id, was_chunk, why, points) VALUES (?,?,?,?)",
                    [(id_, lost.was_chunk, lost.why, lost.points) for lost in result.unreadable],
                )
                if result.chunk is not None:
                    month.execute(_PUT_CHUNK, (id_, result.chunk.upto, result.chunk.body))
                if result.hours is None or id_ in lost_chunks:
                    add.add(key)
                else:
                    hours[id_] = result.hours
        return add

    def _year(self, year: int) -> contextlib.AbstractContextManager[sqlite3.Connection]:
        return self._files.transaction(self._year_file(year), lambda draft: self._build_year(draft, year))

    def _build_year(self, draft: Path, year: int) -> None:
        """A new file of hours, with those of every month that is there already: somebody moved a damaged one aside."""
        _build(draft, _YEAR_TABLES)
        with contextlib.closing(sqlite3.connect(draft)) as connection:
            for month in self.months():
                if month.startswith(f"{year:04d}-"):
                    connection.executemany(_PUT_HOURS, self._hours_of(month))
            connection.execute("UPDATE merged SET upto = (SELECT coalesce(max(upto), 0) FROM hours)")
            connection.commit()

    def _hours_of(self, month: str) -> Iterator[tuple[int, int, bytes]]:
        path = self._month_file(month)
        with self._files.reader(path) as connection:
            if connection is None:
                return
            for id_, upto, points in connection.execute("SELECT id, upto, points FROM chunk"):
                found = self.unpacked(Chunk(upto, points, path, id_))
                if found is not None:
                    yield id_, upto, to_row(by_hour(*found), key_of(id_)[1])

    def _gone(self, year_path: Path) -> set[str]:
        with self._files.reader(year_path) as connection:
            if connection is None:
                return set()
            return {month for (month,) in connection.execute("SELECT month FROM gone")}

    def _rows(
        self, path: Path, query: str, ids: Sequence[SeriesId], start: int, end: int
    ) -> Iterator[tuple[SeriesId, list[tuple[int, int, bytes]]]]:
        for series in ids:
            try:
                with self._files.reader(path) as connection:
                    if connection is None:
                        return
                    found = connection.execute(query, (id_of(series, start), id_of(series, end))).fetchall()
            except UnusableFile as exc:
                self._remember(str(path), str(exc))
                return
            except StoreError as exc:
                self._remember(str(path), str(exc))
                found = self._one_by_one(path, query, series, start, end)
            yield series, found

    def _whole(self, path: Path, rows: list[tuple[int, int, bytes]]) -> list[tuple[int, int, bytes]]:
        if all(len(body) == ROW_BYTES for _, _, body in rows):
            return rows
        for id_, _, body in rows:
            if len(body) != ROW_BYTES:
                self._remember(_place(path, id_), f"{_place(path, id_)}: its hours are damaged")
        return [row for row in rows if len(row[2]) == ROW_BYTES]

    def _one_by_one(
        self, path: Path, query: str, series: SeriesId, start: int, end: int
    ) -> list[tuple[int, int, bytes]]:
        """What a damaged page leaves to be read."""
        found: list[tuple[int, int, bytes]] = []
        for window in range(start, end):
            with contextlib.suppress(StoreError), self._files.reader(path) as connection:
                if connection is not None:
                    found += connection.execute(query, (id_of(series, window), id_of(series, window + 1))).fetchall()
        return found

    def _tell(self, result: Merged, where: str) -> None:
        for lost in result.unreadable:
            self._remember(where, lost.why)

    def _remember(self, where: str, why: str) -> None:
        if where not in self._unreadable and len(self._unreadable) < _MOST_REMEMBERED:
            logger.warning("%s: it is left out, everything else is there", why)
            self._unreadable[where] = why

    def _month_file(self, month: str) -> Path:
        return self.folder / f"{month}.db"

    def _year_file(self, year: int) -> Path:
        return self.folder / f"rollup-{year:04d}.db"


def _place(path: Path, id_: int) -> str:
    series, window = key_of(id_)
    return f"{path}, series {series}, {began(window):%Y-%m-%d %H:%M}"


def _hours(rows: Sequence[tuple[int, int, bytes]]) -> Hours:
    ids, upto, bodies = zip(*rows, strict=True)
    return Hours(np.array(ids, np.int64) & 0xFFFFFFFF, np.array(upto, np.int64), b"".join(bodies))


def _build_month(path: Path) -> None:
    _build(path, _MONTH_TABLES)


def _build(path: Path, tables: str) -> None:
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute(f"PRAGMA page_size={_PAGE_BYTES}")
        connection.execute("PRAGMA journal_mode=WAL")
        connection.executescript(f"BEGIN; {tables} PRAGMA user_version={SCHEMA}; COMMIT;")
