"""Rows leave the log: when they are old, in parts, and had by every consumer; or when the log is full, and then counted.

What leaves the log stays in history. A consumer that had not got it will never get it, so the house is told.
"""

import sqlite3
import time
from collections import deque
from collections.abc import Callable, Collection, Iterator
from threading import Lock

from controller.services.history.news import ReadingsShed, StoreNews

# A key names a message for 24 h, so for so long its row must be there to be met; and an hour more.
KEPT_MS = 25 * 3600 * 1000
# A database may forget what it confirmed last when it is killed: some say yes before they have written.
RELEASED_FOR_S = 60.0
ROWS_A_TURN = 500


class Consumers:
    """How far each of those has read that the log is kept for. From any thread."""

    def __init__(self, names: Collection[str], monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._lock = Lock()
        self._upto: dict[str, int] = dict.fromkeys(names, 0)
        self._told: dict[str, deque[tuple[float, int]]] = {name: deque() for name in names}

    def release(self, name: str, upto: int) -> None:
        """It has all rows up to here."""
        now = self._monotonic()
        with self._lock:
            self._upto[name] = upto
            told = self._told.setdefault(name, deque())
            # One a second is enough to know how far it was a minute ago.
            if told and now - told[-1][0] < 1.0 and len(told) > 1:
                told.pop()
            told.append((now, upto))
            while len(told) > 1 and told[1][0] <= now - RELEASED_FOR_S:
                told.popleft()

    def had_by_all(self) -> int | None:
        """The row up to which all have read; None where nobody reads."""
        with self._lock:
            return min(self._upto.values(), default=None)

    def released_by_all(self) -> int | None:
        """The same, as it was long enough ago to delete what lies before."""
        then = self._monotonic() - RELEASED_FOR_S
        with self._lock:
            if not self._upto:
                return None
            return min(max((upto for at, upto in told if at <= then), default=0) for told in self._told.values())


class Trimming:
    """Deletes from the beginning of the log, a few rows a turn; on the writer's thread."""

    def __init__(
        self,
        consumers: Consumers,
        tell: Callable[[StoreNews], None],
        received_ms: Callable[[], int],
        *,
        cap_bytes: int,
    ) -> None:
        self._consumers = consumers
        self._tell = tell
        self._received_ms = received_ms
        self._cap_bytes = cap_bytes
        self.deleted = 0  # all rows up to this one are gone
        self.shed = 0  # readings dropped before every consumer had them, since the start

    def turns(self, connection: sqlite3.Connection) -> Iterator[None]:
        """One `next` is one transaction."""
        before = self._received_ms() - KEPT_MS
        (compacted,) = connection.execute("SELECT compacted FROM place").fetchone()
        released = self._consumers.released_by_all()
        upto = compacted if released is None else min(compacted, released)
        while self._delete_old(connection, before, upto):
            yield
        shed = 0
        while _used_bytes(connection) > self._cap_bytes:
            went = self._shed(connection, compacted)
            if went is None:
                break
            shed += went
            yield
        if shed:
            self.shed += shed
            mib = self._cap_bytes >> 20
            self._tell(ReadingsShed(shed, f"the log of readings may take {mib:,} MiB and whoever reads it is behind"))

    def _delete_old(self, connection: sqlite3.Connection, before_ms: int, upto: int) -> bool:
        last = self.deleted
        rows = connection.execute(
            "SELECT n, received_ms FROM log WHERE n > ? AND n <= ? ORDER BY n LIMIT ?", (last, upto, ROWS_A_TURN)
        ).fetchall()
        for n, received_ms in rows:
            if received_ms > before_ms:
                break
            last = n
        if last > self.deleted:
            self._delete(connection, last)
        return bool(rows) and last == rows[-1][0]

    def _shed(self, connection: sqlite3.Connection, compacted: int) -> int | None:
        """The oldest rows, whoever needs them; how many readings somebody had not got. None: there is nothing left."""
        (last,) = connection.execute(
            "SELECT max(n) FROM (SELECT n FROM log WHERE n > ? AND n <= ? ORDER BY n LIMIT ?)",
            (self.deleted, compacted, ROWS_A_TURN),
        ).fetchone()
        if last is None:
            return None
        had = self._consumers.had_by_all()
        count = 0
        if had is not None and had < last:
            (count,) = connection.execute(
                "SELECT coalesce(sum(CASE json_type(body) WHEN 'array' THEN json_array_length(body) / 2 ELSE 1 END), 0) "
                "FROM log WHERE n > ? AND n <= ?",
                (max(had, self.deleted), last),
            ).fetchone()
        self._delete(connection, last)
        return int(count)

    def _delete(self, connection: sqlite3.Connection, last: int) -> None:
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("DELETE FROM log WHERE n <= ?", (last,))
        connection.execute("DELETE FROM seen WHERE upto <= ?", (last,))
        connection.execute("UPDATE place SET deleted = ?", (last,))
        connection.execute("COMMIT")
        self.deleted = last


def _used_bytes(connection: sqlite3.Connection) -> int:
    ((pages,), (free,), (size,)) = (
        connection.execute(f"PRAGMA {name}").fetchone() for name in ("page_count", "freelist_count", "page_size")
    )
    return int((pages - free) * size)
