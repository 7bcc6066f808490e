"""Which messages came already: a number for each key of the log, in memory, and saved as the log grows.

An index of the keys in SQLite would dirty a page for each row of a commit, for keys come in no order; that took three
times as long as the rows themselves. So the numbers of the newest rows are in a dictionary, those of all others in
sorted arrays, and every few thousand rows a *run* of them is saved in one piece. A number is only a hint: two keys may
share one, so the row itself is looked at before a message is called a repeat.

Only the writer's thread comes here; arrays grow together on another one, which the writer's looks after.
"""

import hashlib
import sqlite3
from collections.abc import Iterable, Sequence
from concurrent.futures import Executor, Future
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

# A key names a message this long (contract, rule 6).
KEY_LIFETIME_MS = 24 * 3600 * 1000
# Rows of a run: saved in a millisecond or two, while a commit may wait.
RUN: Final = 8192
_HINT, _BEFORE = np.dtype("<u8"), np.dtype("<u4")

_BEHIND = "SELECT n, device_id, key FROM log WHERE n > ? ORDER BY n"
_IS_REPEAT = "SELECT 1 FROM log WHERE n = ? AND device_id = ? AND key = ? AND received_ms > ?"


def hint_of(device_id: int, key: str) -> int:
    """The same for the same message in every process; no device can find a key that meets another's."""
    return int.from_bytes(hashlib.blake2b(f"{device_id} {key}".encode(), digest_size=8).digest(), "little")


class Arrived(NamedTuple):
    """What a row is known by."""

    n: int
    device_id: int
    key: str
    received_ms: int


class _Run(NamedTuple):
    upto: int
    hints: "NDArray[np.uint64]"
    before: "NDArray[np.uint32]"

    def rows_of(self, hint: "np.uint64") -> list[int]:
        start, end = (int(np.searchsorted(self.hints, hint, side)) for side in ("left", "right"))
        return [self.upto - int(before) for before in self.before[start:end]]


class Seen:
    """Of one log."""

    def __init__(self, merger: Executor, run_rows: int = RUN) -> None:
        """`merger` makes one run of two."""
        self._merger = merger
        self._run_rows = run_rows
        self._newest: dict[int, tuple[int, ...]] = {}  # hint -> the rows that have it
        self._upto = 0
        self._unsaved = 0  # how many rows are in `_newest`
        self._runs: list[_Run] = []  # oldest and largest first
        self._merging: tuple[int, Future[_Run]] | None = None  # which two, by the place of the first

    def load(self, connection: sqlite3.Connection, deleted: int) -> None:
        """What an earlier run saved, and the rows behind that, where nobody waits. Rows up to `deleted` are gone."""
        saved = [
            _Run(upto, np.frombuffer(hints, _HINT), np.frombuffer(before, _BEFORE))
            for upto, hints, before in connection.execute("SELECT upto, hints, before FROM seen ORDER BY upto")
        ]
        if saved:
            self._upto = saved[-1].upto
            self._keep(_merged(saved, deleted))
        while True:
            rows = connection.execute(f"{_BEHIND} LIMIT ?", (self._upto, self._run_rows)).fetchall()
            self._know(rows)
            if len(rows) < self._run_rows:
                return
            self._save(connection)  # a log of an older program has none: all of them do not fit into memory

    def catch_up(self, connection: sqlite3.Connection) -> None:
        """The rows of the log behind the last one known."""
        self._know(connection.execute(_BEHIND, (self._upto,)).fetchall())

    def _know(self, rows: Iterable[tuple[int, int, str | None]]) -> None:
        for n, device_id, key in rows:
            self._upto = n
            if key is not None:
                self._add(hint_of(device_id, key), n)

    @property
    def known(self) -> int:
        """How many keys are remembered: twelve bytes each, of the newest some two hundred."""
        return self._unsaved + sum(len(run.hints) for run in self._runs)

    # --- what is new ------------------------------------------------------------------------------

    def are_new(self, connection: sqlite3.Connection, rows: Sequence[Arrived]) -> tuple[list[bool], list[int]]:
        """Whether each has not come within the lifetime of its key, nor before it in here; and their hints."""
        hints = [hint_of(row.device_id, row.key) for row in rows]
        older = self._in_runs(hints)
        here: dict[int, list[Arrived]] = {}
        new = []
        for row, hint in zip(rows, hints, strict=True):
            living = row.received_ms - KEY_LIFETIME_MS
            may_be = (*self._newest.get(hint, ()), *older.get(hint, ()))
            is_repeat = any(
                connection.execute(_IS_REPEAT, (n, row.device_id, row.key, living)).fetchone() for n in may_be
            ) or any(
                one.device_id == row.device_id and one.key == row.key and one.received_ms > living
                for one in here.get(hint, ())
            )
            new.append(not is_repeat)
            if not is_repeat:
                here.setdefault(hint, []).append(row)
        return new, hints

    def take(self, rows: Iterable[tuple[int, int]]) -> None:
        """These rows are in the log: the hint and the number of each, in their order."""
        for hint, n in rows:
            self._add(hint, n)
            self._upto = n

    def _add(self, hint: int, n: int) -> None:
        self._unsaved += 1
        same = self._newest.get(hint)
        self._newest[hint] = (n,) if same is None else (*same, n)

    def _in_runs(self, hints: Sequence[int]) -> dict[int, list[int]]:
        found: dict[int, list[int]] = {}
        if self._runs:
            wanted = np.array(hints, dtype=np.uint64)
            for run in self._runs:
                # The last one is met by whatever is larger than all; then it is not equal.
                places = np.minimum(np.searchsorted(run.hints, wanted), len(run.hints) - 1)
                for hint in wanted[run.hints[places] == wanted]:
                    found.setdefault(int(hint), []).extend(run.rows_of(hint))
        return found

    # --- between commits --------------------------------------------------------------------------

    def turn(self, connection: sqlite3.Connection, deleted: int) -> None:
        """Save a run when there are rows enough for one; let runs that are alike in size become one."""
        if self._unsaved >= self._run_rows:
            self._save(connection)
        if self._merging is not None:
            if not self._merging[1].done():
                return
            place, merging = self._merging
            self._merging = None
            # None came or went before it; whatever was saved meanwhile is behind the two.
            self._runs[place : place + 2] = []
            self._keep(merging.result(), place)
        for place in range(len(self._runs) - 2, -1, -1):
            two = self._runs[place : place + 2]
            if len(two[0].hints) < 2 * len(two[1].hints):
                self._merging = (place, self._merger.submit(_merged, two, deleted))
                return

    def _save(self, connection: sqlite3.Connection) -> None:
        count = self._unsaved
        hints = np.fromiter((hint for hint, rows in self._newest.items() for _ in rows), np.uint64, count)
        before = np.fromiter((self._upto - n for rows in self._newest.values() for n in rows), np.uint32, count)
        order = np.argsort(hints, kind="stable")
        run = _Run(self._upto, hints[order], before[order])
        connection.execute("BEGIN IMMEDIATE")
        # Of a commit that failed nobody knows whether it did land.
        connection.execute(
            "INSERT OR REPLACE INTO seen (upto, hints, before) VALUES (?,?,?)",
            (run.upto, run.hints.astype(_HINT).tobytes(), run.before.astype(_BEFORE).tobytes()),
        )
        connection.execute("COMMIT")
        self._keep(run, len(self._runs))
        self._newest = {}
        self._unsaved = 0

    def _keep(self, run: _Run, place: int = 0) -> None:
        if len(run.hints):
            self._runs.insert(place, run)


def _merged(runs: Sequence[_Run], deleted: int) -> _Run:
    """All of them as one, without the rows that are gone."""
    upto = runs[-1].upto
    hints = np.concatenate([run.hints for run in runs])
    before = np.concatenate([run.before + np.uint32(upto - run.upto) for run in runs])
    if upto - deleted <= int(before.max(initial=0)):
        stays = before < upto - deleted
        hints, before = hints[stays], before[stays]
    order = np.argsort(hints, kind="stable")
    return _Run(upto, hints[order], before[order])
