"""The writer's side of the store, put together: what its thread does with a batch, between two, and before the first.

Nothing here waits or starts a thread. `store` runs it behind a group commit; tests run it turn by turn.
"""

import logging
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor
from threading import Lock

from controller.adapters.telemetry.chunks import ChunkFiles
from controller.adapters.telemetry.compaction import POINTS_IN_TAIL, TURN_S, Compaction
from controller.adapters.telemetry.log import ROWS, Appender, Batch, landed, legacy_meanings
from controller.adapters.telemetry.seen import RUN, Seen
from controller.adapters.telemetry.series import Registry
from controller.adapters.telemetry.tail import Tails
from controller.adapters.telemetry.trimming import Consumers, Trimming
from controller.services.history.news import StoreNews

logger = logging.getLogger(__name__)

_REPLAYED_AT_ONCE = 5_000


class Writing:
    """One connection's worth of state; `registry` and `tails` may be read from other threads, as they say."""

    def __init__(
        self,
        chunks: ChunkFiles,
        consumers: Consumers,
        tell: Callable[[StoreNews], None],
        *,
        moving: Lock,
        merger: Executor,
        cap_bytes: int,
        turn_s: float = TURN_S,
        run_rows: int = RUN,
    ) -> None:
        self.tails = Tails()
        self.registry = Registry(self.tails)
        self.seen = Seen(merger, run_rows)
        self.appender = Appender(self.registry, self.tails, self.seen, tell)
        self.trimming = Trimming(consumers, tell, self._received_ms, cap_bytes=cap_bytes)
        self.compaction = Compaction(self.tails, chunks, self.trimming, moving, self._received_ms, merger, turn_s)

    def apply(self, connection: sqlite3.Connection, batches: Sequence[Batch]) -> list[list[bool]]:
        """Write them; whether each row was new. Committed by the caller, who then says so, or that it was not."""
        return self.appender.apply(connection, batches)

    def committed(self) -> None:
        self.appender.committed()

    def rolled_back(self) -> None:
        self.appender.forget()

    def turn(self, connection: sqlite3.Connection) -> bool:
        """A few milliseconds of what is done between commits; True while there is more."""
        self.appender.tidy(connection)
        return self.seen.turn(connection, self.trimming.deleted) or self.compaction.turn(connection)

    def load(self, connection: sqlite3.Connection) -> None:
        """Take up what an earlier run left; of the log only what lies behind its last whole pass."""
        self.registry.load(connection)
        self.compaction.load(connection)
        compacted, self.trimming.deleted, received_ms = connection.execute(
            "SELECT compacted, deleted, received_ms FROM place"
        ).fetchone()
        self.seen.load(connection, self.trimming.deleted)
        self.tails.upto = compacted
        last, newest_ms = connection.execute("SELECT n, received_ms FROM log ORDER BY n DESC LIMIT 1").fetchone() or (
            compacted,
            received_ms,
        )
        self.appender.begin_after(max(last, compacted), max(newest_ms, received_ms))
        replayed = 0
        for rows in _pages(connection, compacted):
            legacy_meanings(connection, rows, self.registry)
            self.tails.take(landed(rows, self.registry, self.tails))
            replayed += len(rows)
            if self.tails.points >= POINTS_IN_TAIL:
                # A log that nothing was made of yet, from an older program: all of it does not fit into memory.
                self.compaction.whole_pass(connection)
                logger.info("%s rows of the log of readings read", f"{replayed:,}")
        self.registry.recall_meanings()

    def _received_ms(self) -> int:
        return self.appender.received_ms


def _pages(connection: sqlite3.Connection, after: int) -> Iterator[list[tuple[int, str, int, int, str]]]:
    """The rows of the log behind this one, some thousand at a time; others may write in between."""
    while True:
        rows = connection.execute(
            f"{ROWS} WHERE log.n > ? ORDER BY log.n LIMIT ?", (after, _REPLAYED_AT_ONCE)
        ).fetchall()
        if not rows:
            return
        after = rows[-1][0]
        yield rows
