"""What a group commit's thread does between commits: what its store wants done, the checkpoint, the spare space.

One thing at a time, for a commit that comes meanwhile waits for it: a turn of the store's and a checkpoint never stand
one behind the other. When the thread comes here is `group_commit`'s affair.
"""

import sqlite3
import time
from collections.abc import Callable
from typing import Final

from controller.adapters.ballast import Ballast

# After this long without work, or after so many rows with never a pause, there is something to tidy up.
IDLE_S: Final = 0.25
ROWS_PER_TIDY: Final = 2000
# What is done in turns leaves so much time between two; a commit that met one does not meet the next.
TURN_EVERY_S: Final = 0.005
# Checkpoint after this many commits, so that each is short: a tap that comes meanwhile waits for it.
COMMITS_PER_CHECKPOINT: Final = 100


class Tidying:
    """Of one connection; on the thread that has it in use."""

    def __init__(
        self,
        connection: sqlite3.Connection,
        on_idle: Callable[[sqlite3.Connection], bool | None] | None,
        ballast: Ballast | None,
        commits_per_checkpoint: int,
    ) -> None:
        self._connection = connection
        self._on_idle = on_idle
        self._ballast = ballast
        self._commits_per_checkpoint = commits_per_checkpoint
        self._unchecked = 0  # commits since the last checkpoint
        self._untidied = 0  # rows since the last time
        self._has_more = False  # to do when idle; and since when it waits for its next turn
        self._done_at = 0.0

    def count(self, rows: int) -> bool:
        """A commit brought these; True for the first after all was tidy."""
        was_tidy = not self._untidied
        self._untidied += rows
        self._unchecked += 1
        return was_tidy

    @property
    def patience_s(self) -> float | None:
        """How long the thread may sleep before it comes here; None where there is nothing to do."""
        return TURN_EVERY_S if self._has_more else IDLE_S if self._untidied else None

    @property
    def is_due(self) -> bool:
        """Whether it is time, though there never was a pause."""
        return self._untidied >= ROWS_PER_TIDY or (
            self._has_more and time.perf_counter() - self._done_at >= TURN_EVERY_S
        )

    def tidy(self, *, is_well: bool) -> None:
        """Whatever comes next; `is_well`: the disk has space, so that some of it may be set aside."""
        self._untidied = 0
        self._has_more = False
        try:
            if self._unchecked >= self._commits_per_checkpoint:
                self._unchecked = 0
                self._connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
                self._has_more = self._on_idle is not None
            elif self._on_idle is not None:
                self._has_more = bool(self._on_idle(self._connection))
        finally:
            if self._ballast is not None and is_well:
                self._ballast.restore()
            self._done_at = time.perf_counter()
