"""The spool: readings and refused messages become durable here, and only then are they acknowledged.

One writer for both connections. When the store cannot commit, nothing is acknowledged: the broker
keeps what we have not taken, up to its own queue, and the board says so.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from controller.errors import StoreError
from controller.services.meters import Meters
from controller.services.ports import Clock, RefusedMessage, TelemetryLog, TelemetryRow

logger = logging.getLogger(__name__)

# At most one commit in this time once a batch has been waiting; an idle spool commits at once. Readings
# wait a little so that a tap's commit and a tap's turn of the loop never stand behind many small ones.
COMMIT_EVERY = 0.005
# Rows of one commit: some 10 ms of the writer's time.
BATCH_LIMIT = 1_000
# This bounds QoS 0, which nobody can slow down. QoS 1 is bounded by the connection's receive maximum, and never
# dropped: a message that is not acknowledged holds back the acknowledgement of all behind it.
WAITING_LIMIT = 20_000
RETRY_FIRST = 0.2
RETRY_AT_MOST = 5.0


@dataclass(frozen=True, slots=True)
class _Waiting:
    row: TelemetryRow | None
    refused: RefusedMessage | None
    acknowledge: Callable[[], None]


class Spool:
    """Takes rows in arrival order; `on_kept` hears of each row once it is durable, repeats left out."""

    def __init__(
        self,
        log: TelemetryLog,
        on_kept: Callable[[Sequence[TelemetryRow]], None],
        meters: Meters,
        clock: Clock,
        *,
        waiting_limit: int = WAITING_LIMIT,
    ) -> None:
        self._waiting_limit = waiting_limit
        self._log = log
        self._on_kept = on_kept
        self._clock = clock
        self._waiting: list[_Waiting] = []
        self._wake = asyncio.Event()
        self._kept = meters.counter("natoma_readings_kept_total", "Messages with readings made durable.")
        self._repeated = meters.counter("natoma_readings_repeated_total", "Messages that had been kept before.")
        self._dropped = meters.counter("natoma_readings_dropped_total", "Messages dropped because the spool was full.")
        self._commit = meters.histogram("natoma_spool_commit_seconds", "Time to make one batch durable.")
        meters.gauge("natoma_spool_waiting", "Messages waiting for a commit.", lambda: float(len(self._waiting)))
        self.failing: str | None = None

    @property
    def waiting(self) -> int:
        return len(self._waiting)

    @property
    def dropped(self) -> int:
        return self._dropped.value

    def put(self, row: TelemetryRow, acknowledge: Callable[[], None], *, droppable: bool = False) -> None:
        """Make this row durable, then acknowledge it."""
        self._take(_Waiting(row, None, acknowledge), droppable)

    def refuse(self, refused: RefusedMessage, acknowledge: Callable[[], None], *, droppable: bool = False) -> None:
        """Keep a message that broke the contract, then acknowledge it: it would only come again."""
        self._take(_Waiting(None, refused, acknowledge), droppable)

    def _take(self, item: _Waiting, droppable: bool) -> None:
        if droppable and len(self._waiting) >= self._waiting_limit:
            self._dropped.add()
            return
        self._waiting.append(item)
        self._wake.set()

    async def run(self) -> None:
        """Commit for ever. What was not committed when it stops was not acknowledged either."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._waiting:
                started = self._clock.monotonic()
                batch, self._waiting = self._waiting[:BATCH_LIMIT], self._waiting[BATCH_LIMIT:]
                await self._commit_until_done(batch)
                took = self._clock.monotonic() - started
                self._commit.observe(took)
                if self._waiting and len(self._waiting) < BATCH_LIMIT and took < COMMIT_EVERY:
                    await asyncio.sleep(COMMIT_EVERY - took)

    async def _commit_until_done(self, batch: Sequence[_Waiting]) -> None:
        rows = [item.row for item in batch if item.row is not None]
        refused = [item.refused for item in batch if item.refused is not None]
        pause = RETRY_FIRST
        while True:
            try:
                fresh = await self._log.append(rows, refused)
                break
            except StoreError as error:
                level = logging.DEBUG if self.failing else logging.WARNING
                logger.log(
                    level, "telemetry log: %d messages wait unacknowledged: %s", self.waiting + len(batch), error
                )
                self.failing = str(error)
                await asyncio.sleep(pause)
                pause = min(2 * pause, RETRY_AT_MOST)
        if self.failing is not None:
            logger.info("telemetry log: written again")
            self.failing = None
        for item in batch:
            item.acknowledge()
        kept = [row for row, is_new in zip(rows, fresh, strict=True) if is_new]
        self._kept.add(len(kept))
        self._repeated.add(len(rows) - len(kept))
        if kept:
            self._on_kept(kept)
