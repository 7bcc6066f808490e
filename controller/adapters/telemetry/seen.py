"""Which messages came already: a number for each key of the log, in memory, and saved as the log grows.

An index of the keys in SQLite would dirty a page for each row of a commit, for keys come in no order; that took three
times as long as the rows themselves. So the numbers of the newest rows are in a dictionary, those of all others in
sorted arrays, and every few thousand rows a *run* of them is saved in one piece. A number is only a hint: two keys may
share one, so the row itself is looked at before a message is called a repeat.

Only the writer's thread comes here; arrays grow together on another one, which the writer's looks after.
"""

import hashlib
import sqlite3
from collections.abc import Sequence
from concurrent.futures import Executor, Future
from typing import Any, Final, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

# A key names a message this long (contract, rule 6).
KEY_LIFETIME_MS = 24 * 3600 * 1000
# Rows of a run: saved in a good millisecond, while a commit may wait.
RUN: Final = 4096
_HINT, _BEFORE = np.dtype("<u8"), np.dtype("<u4")

_BEHIND = "SELECT n, device_id, key FROM log WHERE n > ? ORDER BY n"
_IS_REPEAT = "SELECT 1 FROM log WHERE n = ? AND device_id = ? AND key = ? AND received_ms > ?"


Hint: TypeAlias = bytes
# What a row of the log begins with: its number, its device, its key, when it came (epoch ms).
Arrived: TypeAlias = tuple[Any, ...]


def hint_of(device_id: int, key: str) -> Hint:
    """The same for the same message in every process; no device can find a key that meets another's."""
    return hashlib.blake2b(f"{device_id} {key}".encode(), digest_size=_HINT.itemsize).digest()


class _Run(NamedTuple):
    upto: int
    hints: "NDArray[np.uint64]"
    before: "NDArray[np.uint32]"

    def rows_of(self, hint: "np.uint64") -> list[int]:
        start, end = np.searchsorted(self.hints, hint, "left"), np.searchsorted(self.hints, hint, "right")
        return [self.upto - int(before) for before in self.before[start:end]]


class Seen:
    """Of one log."""

    def __init__(self, merger: Executor, run_rows: int = RUN) -> None:
        """`merger` makes one run of two."""
        self._merger = merger
        self._run_rows = run_rows
        self._newest: dict[Hint, int] = {}  # the last row that has it
        self._alike: list[tuple[Hint, int]] = []  # rows before that one with the same hint
        self._upto = 0
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

    def _know(self, rows: Sequence[tuple[int, int, str | None]]) -> None:
        self.take(
            [hint_of(device, key) for _, device, key in rows if key is not None],
            [n for n, _, key in rows if key is not None],
        )
        if rows:
            self._upto = rows[-1][0]

    @property
    def known(self) -> int:
        """How many keys are remembered: twelve bytes each, of the newest some two hundred."""
        return self._unsaved + sum(len(run.hints) for run in self._runs)

    @property
    def _unsaved(self) -> int:
        return len(self._newest) + len(self._alike)

    # --- what is new ------------------------------------------------------------------------------

    def are_new(self, connection: sqlite3.Connection, rows: Sequence[Arrived]) -> tuple[list[bool], list[Hint]]:
        """Whether each has not come within the lifetime of its key, nor before it in here; and their hints."""
        hints = [hint_of(row[1], row[2]) for row in rows]
        newest, older = self._newest, self._in_runs(hints)
        here: dict[Hint, list[Arrived]] = {}
        new = []
        for row, hint in zip(rows, hints, strict=True):
            if hint in newest or hint in older or hint in here:
                if self._is_repeat(connection, row, hint, older.get(hint, ()), here.get(hint, ())):
                    new.append(False)
                    continue
                here.setdefault(hint, []).append(row)
            else:
                here[hint] = [row]
            new.append(True)
        return new, hints

    def _is_repeat(
        self, connection: sqlite3.Connection, row: Arrived, hint: Hint, older: Sequence[int], here: Sequence[Arrived]
    ) -> bool:
        _, device_id, key, received_ms, *_ = row
        living = received_ms - KEY_LIFETIME_MS
        may_be = [*older, *(n for alike, n in self._alike if alike == hint)]
        if hint in self._newest:
            may_be.append(self._newest[hint])
        return any(one[1] == device_id and one[2] == key and one[3] > living for one in here) or any(
            connection.execute(_IS_REPEAT, (n, device_id, key, living)).fetchone() for n in may_be
        )

    def take(self, hints: Sequence[Hint], rows: Sequence[int]) -> None:
        """These rows are in the log, in this order."""
        fresh = dict(zip(hints, rows, strict=True))
        if len(fresh) == len(rows) and self._newest.keys().isdisjoint(fresh):
            self._newest.update(fresh)
        else:
            for hint, n in zip(hints, rows, strict=True):
                if hint in self._newest:
                    self._alike.append((hint, self._newest[hint]))
                self._newest[hint] = n
        if rows:
            self._upto = rows[-1]

    def _in_runs(self, hints: Sequence[Hint]) -> dict[Hint, list[int]]:
        found: dict[Hint, list[int]] = {}
        if self._runs:
            wanted = np.frombuffer(b"".join(hints), _HINT)
            for run in self._runs:
                # The last one is met by whatever is larger than all; then it is not equal.
                is_there = run.hints.take(run.hints.searchsorted(wanted), mode="clip") == wanted
                if is_there.any():
                    for hint in np.unique(wanted[is_there]):
                        found.setdefault(hint.tobytes(), []).extend(run.rows_of(hint))
        return found

    # --- between commits --------------------------------------------------------------------------

    def turn(self, connection: sqlite3.Connection, deleted: int) -> bool:
        """Let runs that are alike in size become one; save a run when there are rows enough for one, and then say so."""
        self._merge(deleted)
        if self._unsaved < self._run_rows:
            return False
        self._save(connection)
        return True

    def _merge(self, deleted: int) -> None:
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
        hints = np.frombuffer(b"".join([*self._newest, *(hint for hint, _ in self._alike)]), _HINT)
        rows = np.array([*self._newest.values(), *(n for _, n in self._alike)], dtype=np.int64)
        before = (self._upto - rows).astype(_BEFORE)
        order = np.argsort(hints, kind="stable")
        run = _Run(self._upto, hints[order], before[order])
        connection.execute("BEGIN IMMEDIATE")
        # Of a commit that failed nobody knows whether it did land.
        connection.execute(
            "INSERT OR REPLACE INTO seen (upto, hints, before) VALUES (?,?,?)",
            (run.upto, run.hints.tobytes(), run.before.tobytes()),
        )
        connection.execute("COMMIT")
        self._keep(run, len(self._runs))
        self._newest = {}
        self._alike = []

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
