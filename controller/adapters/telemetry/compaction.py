"""From the tail to the month: points become parts, parts become chunks, and rows of the log nobody needs any more go.

A pass is made in turns, each a few milliseconds on the writer's thread, so that no commit waits long behind one; the
months are written by a thread of their own meanwhile. What a turn wrote counts when its transaction is committed; a
pass that fails or is killed is begun again from there:

* the tail of a series becomes parts, one for each window, and the table says up to which row of the log;
* when all series are that far, so is the log: a start reads only what lies behind;
* the parts of a window that is over, or that are many, are merged into the month's file, and deleted after its commit.
"""

import logging
import sqlite3
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from itertools import pairwise

import numpy as np

from controller.adapters.telemetry.chunks import ChunkFiles, MergeError
from controller.adapters.telemetry.codec import pack
from controller.adapters.telemetry.merging import Part
from controller.adapters.telemetry.rollups import WINDOW_MS
from controller.adapters.telemetry.tail import Tail, Tails
from controller.adapters.telemetry.trimming import Trimming
from controller.adapters.telemetry.windows import Key
from controller.domain.history.values import Kind, SeriesId

# A pass begins when so many points wait, or the oldest has waited so long.
POINTS_IN_TAIL = 200_000
PASS_EVERY_MS = 3_600_000
# A window is over when nothing but late points comes for it any more.
OVER_AFTER_MS = 600_000
# So many parts of one window are merged before it is over: a question would open each of them.
PARTS_OF_WINDOW = 24
# Of making blobs in one turn, and writing them takes as long again; a commit that comes meanwhile waits for both.
TURN_S = 0.001
# Series and windows whose parts are deleted in one turn: a millisecond.
_DELETED_AT_ONCE = 16
# Of series and windows merged at once: as many as take about this long.
MERGE_S = 0.05
_MOST_MERGED = 64

logger = logging.getLogger(__name__)


class Compaction:
    """Whatever happens to points behind the log; all of it on the writer's thread."""

    def __init__(
        self,
        tails: Tails,
        chunks: ChunkFiles,
        trimming: Trimming,
        moving: threading.Lock,
        received_ms: Callable[[], int],
        merger: Executor,
        turn_s: float = TURN_S,
    ) -> None:
        """`moving` is held while points are in a tail and in a part; whoever gathers points holds it as well.

        Months are written by `merger`, which the writer's thread only looks after.
        """
        self._tails = tails
        self._chunks = chunks
        self._trimming = trimming
        self._moving = moving
        self._received_ms = received_ms
        self._parts: Counter[Key] = Counter()
        self._last_part = 0
        self._begun_ms = 0
        self._demanded = 0
        self._met = 0
        self._pass: Iterator[None] | None = None
        self._merged_at_once = 8
        self._merger = merger
        self._turn_s = turn_s
        self._is_merging = False
        self.failures = 0  # passes that were given up
        self.trouble = ""  # why a month could not be written; its parts wait

    def load(self, connection: sqlite3.Connection) -> None:
        """What an earlier run left unmerged."""
        last, self._begun_ms = connection.execute("SELECT part, received_ms FROM place").fetchone()
        # After an older copy of this file was put back, the months know of higher ones.
        self._last_part = max(last, self._chunks.highest_part())
        if self._last_part > last:
            # Whoever looks up a tail compares the months' numbers with this one.
            connection.execute("UPDATE place SET part = ?", (self._last_part,))
        for series, window, count in connection.execute("SELECT series, window, count(*) FROM part GROUP BY 1, 2"):
            self._parts[series, window] = count

    def demand(self) -> int:
        """Have a whole pass made now; it is done when `met` is this much. From any thread, before a commit."""
        self._demanded += 1
        return self._demanded

    @property
    def met(self) -> int:
        return self._met

    def turn(self, connection: sqlite3.Connection) -> bool:
        """A few milliseconds of work; True while there is more to do."""
        if self._pass is None:
            if not self._is_due():
                return False
            self._begun_ms = self._received_ms()
            self._pass = self._one_pass(connection, self._demanded)
        try:
            next(self._pass)
        except StopIteration:
            self._pass = None
            return self._is_due()
        except Exception as exc:
            # Begun again later, from what is committed.
            self._pass = None
            self.failures += 1
            self.trouble = f"readings cannot be put into their months ({exc})"
            raise
        return True

    def whole_pass(self, connection: sqlite3.Connection) -> None:
        """All turns at once, where nobody waits: at a start behind a long log."""
        for _ in self._one_pass(connection, self._demanded):
            if self._is_merging:
                time.sleep(0.001)

    def _is_due(self) -> bool:
        if not self._begun_ms:
            self._begun_ms = self._received_ms()
        return (
            self._demanded > self._met
            or self._tails.points >= POINTS_IN_TAIL
            or abs(self._received_ms() - self._begun_ms) >= PASS_EVERY_MS
        )

    def _one_pass(self, connection: sqlite3.Connection, demand: int) -> Iterator[None]:
        yield from self._empty_tails(connection)
        yield from self._merge_parts(connection)
        yield from self._trimming.turns(connection)
        self._met = demand

    # --- the tail becomes parts -------------------------------------------------------------------

    def _empty_tails(self, connection: sqlite3.Connection) -> Iterator[None]:
        upto, waiting = self._tails.upto, [tail for tail in self._tails if tail.values]
        while True:
            # Seldom this far behind; then it waits, and no longer than a turn takes.
            patience = self._turn_s if self._tails.points >= 2 * POINTS_IN_TAIL else 0.0
            if not self._moving.acquire(timeout=patience):
                yield  # somebody gathers points; this can wait
                continue
            try:
                self._empty_some(connection, waiting, upto)
            finally:
                self._moving.release()
            if not waiting:
                return
            yield

    def _empty_some(self, connection: sqlite3.Connection, waiting: list[Tail], upto: int) -> None:
        ends = time.perf_counter() + self._turn_s
        parts: list[tuple[int, int, int, bytes]] = []
        emptied: list[Tail] = []
        number = self._last_part
        while waiting:
            tail = waiting.pop()
            for window, blob in _parts_of(tail):
                number += 1
                parts.append((number, tail.series.id, window, blob))
            emptied.append(tail)
            if time.perf_counter() >= ends:
                break
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany("INSERT INTO part (number, series, window, blob) VALUES (?,?,?,?)", parts)
        connection.executemany(
            "INSERT OR REPLACE INTO newest (series, measured_ms, n, value, compacted) VALUES (?,?,?,?,?)",
            [(tail.series.id, *tail.last, self._tails.upto) for tail in emptied],
        )
        connection.execute("UPDATE place SET part = ?, received_ms = ?", (number, self._received_ms()))
        if not waiting:
            connection.execute("UPDATE place SET compacted = max(compacted, ?)", (upto,))
        connection.execute("COMMIT")
        self._last_part = number
        self._tails.cut(emptied)
        for _, series, window, _ in parts:
            self._parts[SeriesId(series), window] += 1

    # --- parts become chunks ----------------------------------------------------------------------

    def _merge_parts(self, connection: sqlite3.Connection) -> Iterator[None]:
        over = (self._received_ms() - OVER_AFTER_MS) // WINDOW_MS
        # By window: those of one month are written together.
        waiting = sorted(
            (key for key, count in self._parts.items() if key[1] < over or count >= PARTS_OF_WINDOW),
            key=lambda key: (key[1], key[0]),
            reverse=True,
        )
        trouble = ""
        while waiting:
            keys = [waiting.pop() for _ in range(min(self._merged_at_once, len(waiting)))]
            parts: dict[Key, list[Part]] = {
                key: connection.execute(
                    "SELECT number, blob FROM part WHERE series = ? AND window = ? ORDER BY number", key
                ).fetchall()
                for key in keys
            }
            began = time.perf_counter()
            merging = self._merger.submit(self._chunks.merge, parts)
            self._is_merging = True
            try:
                while not merging.done():
                    yield
            finally:
                self._is_merging = False
            try:
                merging.result()
            except MergeError as exc:
                trouble = str(exc)
                keys = [key for key in keys if key in exc.merged]
            self._pace(time.perf_counter() - began)
            while keys:
                self._delete_parts(connection, keys[:_DELETED_AT_ONCE], parts)
                del keys[:_DELETED_AT_ONCE]
                yield
        if trouble and not self.trouble:
            logger.warning("readings wait to be put into their months: %s", trouble)
        self.trouble = trouble

    def _delete_parts(
        self, connection: sqlite3.Connection, keys: Sequence[Key], parts: Mapping[Key, Sequence[Part]]
    ) -> None:
        # Only those that were handed over: a pass that was begun anew may have made more.
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany("DELETE FROM part WHERE number = ?", [(n,) for key in keys for n, _ in parts[key]])
        connection.execute("COMMIT")
        for key in keys:
            del self._parts[key]

    def _pace(self, took: float) -> None:
        if took > 2 * MERGE_S:
            self._merged_at_once = max(1, self._merged_at_once // 2)
        elif took < MERGE_S:
            self._merged_at_once = min(_MOST_MERGED, self._merged_at_once * 2)


def _parts_of(tail: Tail) -> Iterator[tuple[int, bytes]]:
    """Its points by time, those of one moment as they came: a blob for each window."""
    at_ms = np.array(tail.at_ms, dtype=np.int64)
    kind = tail.series.kind
    texts = [str(text) for text in tail.values] if kind is Kind.TEXT else []
    numbers = np.array(() if kind is Kind.TEXT else tail.values, dtype=np.float64)
    if np.any(at_ms[1:] < at_ms[:-1]):
        order = np.argsort(at_ms, kind="stable")
        at_ms = at_ms[order]
        if kind is Kind.TEXT:
            texts = [texts[place] for place in order]
        else:
            numbers = numbers[order]
    first, last = int(at_ms[0]) // WINDOW_MS, int(at_ms[-1]) // WINDOW_MS
    edges = [0, len(at_ms)]
    if first != last:
        windows = at_ms // WINDOW_MS
        edges = [0, *(np.flatnonzero(windows[1:] != windows[:-1]) + 1).tolist(), len(at_ms)]
    for start, end in pairwise(edges):
        values = texts[start:end] if kind is Kind.TEXT else numbers[start:end]
        yield int(at_ms[start]) // WINDOW_MS, pack(at_ms[start:end], values, kind)
