"""The store of everything measured: one facade over the log and what is made of it.

`open` it, and `close` it last of all. It implements `TelemetryLog` (readings become durable), `History` (they are asked
for) and `ReadingsLog` (they are sent on); how each is done is the other files' of this package.
"""

import asyncio
import logging
import sqlite3
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from threading import Lock
from typing import Self

from controller.adapters.ballast import Ballast
from controller.adapters.group_commit import GroupCommit, StoreHealth
from controller.adapters.sqlite_file import damaged, open_writer
from controller.adapters.telemetry import query
from controller.adapters.telemetry.chunks import ChunkFiles
from controller.adapters.telemetry.log import Batch
from controller.adapters.telemetry.reading import Readers, gathered, rows_after
from controller.adapters.telemetry.rollups import WINDOW_MS
from controller.adapters.telemetry.schema import bring_up
from controller.adapters.telemetry.tail import NEVER
from controller.adapters.telemetry.trimming import Consumers
from controller.adapters.telemetry.writing import Writing
from controller.adapters.tidying import ROWS_PER_TIDY, TURN_EVERY_S
from controller.domain.history.values import EVERYTHING, Selection, Series, Span, Value
from controller.domain.ids import DeviceId
from controller.errors import StoreError
from controller.services.history.news import StoreNews
from controller.services.history.ports import Last, LoggedReadings, Points, Steps
from controller.services.ports import RefusedMessage, TelemetryRow

logger = logging.getLogger(__name__)

# Nobody stands waiting for a reading; its sender only keeps it until it is acked.
APPEND_DEADLINE_S = 5.0
WAITING_LIMIT = 50_000
# When busy, at most one commit in 3 ms: it costs a reading nothing and halves the work of a core.
PAUSE_S = 0.003
# Fewer, longer checkpoints than for taps: a fifth less work per row, and nobody minds the stall.
CHECKPOINT_PAGES = 4000
# What the log may take on the disk.
CAP_MB = 2048


class TelemetryStore:
    """The `TelemetryLog`, `History` and `ReadingsLog` ports over the files of one data folder."""

    def __init__(self, path: Path, *, deadline_s: float, cap_mb: int, consumers: Collection[str]) -> None:
        """Use `open`: what an earlier run left is read here, on a thread that may wait."""
        self.path = path
        self.chunks = ChunkFiles(path.parent / "history")
        self._listener: Callable[[StoreNews], None] | None = None
        self._untold: list[StoreNews] = []
        self._loop: asyncio.AbstractEventLoop | None = None
        self._moving = Lock()
        self._consumers = Consumers(consumers)
        self._merger = ThreadPoolExecutor(1, thread_name_prefix="telemetry merger")
        self._writing = Writing(
            self.chunks, self._consumers, self._tell, moving=self._moving, merger=self._merger, cap_bytes=cap_mb << 20
        )
        self._registry, self._tails = self._writing.registry, self._writing.tails
        self._deadline_s = deadline_s
        self._connection = open_writer(path, checkpoint_pages=CHECKPOINT_PAGES)
        try:
            self._writing.load(self._connection)
        except sqlite3.DatabaseError as exc:
            self._connection.close()
            raise damaged(path, exc) from exc
        self._readers = Readers(path)
        self._writer: GroupCommit[Batch, list[bool]]

    @classmethod
    async def open(
        cls,
        path: Path,
        *,
        deadline_s: float = APPEND_DEADLINE_S,
        cap_mb: int = CAP_MB,
        consumers: Collection[str] = (),
    ) -> Self:
        """Create the files where there are none, then open them; StartupError when newer than we are, or damaged.

        `consumers` are those that `release` rows one day; until then the log is kept for them, up to `cap_mb`.
        """
        await asyncio.to_thread(bring_up, path)
        store = await asyncio.to_thread(lambda: cls(path, deadline_s=deadline_s, cap_mb=cap_mb, consumers=consumers))
        store.begin()
        return store

    def begin(self) -> None:
        """Take the loop that runs for the one that is answered, and let the writer's thread begin."""
        self._loop = asyncio.get_running_loop()
        self._writer = GroupCommit(
            "telemetry log",
            self.path,
            self._connection,
            self._writing.apply,
            deadline_s=self._deadline_s,
            limit=WAITING_LIMIT,
            pause_s=PAUSE_S,
            ballast=Ballast(self.path.with_name(self.path.name + ".spare")),
            is_one_statement=lambda batch: len(batch.rows) == 1 and not batch.refused,
            on_rollback=self._writing.rolled_back,
            on_commit=self._writing.committed,
            on_idle=self._writing.turn,
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """What was appended is on the disk; what is in no month yet, the next start finds in the log."""
        await asyncio.to_thread(self._readers.close)
        await self._writer.close()
        await asyncio.to_thread(self._merger.shutdown)
        await asyncio.to_thread(self.chunks.close)

    @property
    def is_writing(self) -> bool:
        return self._writer.is_busy

    def health(self) -> StoreHealth:
        health = self._writer.health()
        trouble = self._writing.compaction.trouble
        return replace(health, ok=False, error=trouble) if trouble and health.ok else health

    def listen(self, listener: Callable[[StoreNews], None]) -> None:
        """Be told, on the loop, what there is to say of the store itself; what came before now at once."""
        self._listener = listener
        untold, self._untold = self._untold, []
        for news in untold:
            listener(news)

    async def compact(self) -> None:
        """Have everything made history that can be, now, instead of within the hour."""
        wanted, failures = self._writing.compaction.demand(), self._writing.compaction.failures
        while self._writing.compaction.met < wanted:
            # Nothing to commit, and as heavy as what is followed by a turn.
            await self._writer.commit(Batch((), ()), ROWS_PER_TIDY)
            await asyncio.sleep(TURN_EVERY_S)
            if self._writing.compaction.failures >= failures + 3:
                raise StoreError(f"{self.path}: {self._writing.compaction.trouble}")

    # --- TelemetryLog -----------------------------------------------------------------------------

    async def append(self, rows: Sequence[TelemetryRow], refused: Sequence[RefusedMessage] = ()) -> list[bool]:
        """Durable when it returns; True for each row that was not there yet. All or nothing.

        After a StoreError try again: what did land is then told apart by its key.
        """
        if not rows and not refused:
            return []
        return await self._writer.commit(Batch(rows, refused), len(rows) + len(refused))

    async def newest(self) -> Mapping[DeviceId, Mapping[str, tuple[int, Value]]]:
        """The value measured last, of every channel ever heard; of two measured at once the one that came last."""
        found: dict[DeviceId, dict[str, tuple[int, int, Value]]] = {}
        for series in self._registry.picked(EVERYTHING):
            last = self._tails[series.id].last
            if last[0] == NEVER:
                continue
            channels = found.setdefault(series.device, {})
            known = channels.get(series.channel)
            if known is None or last[:2] >= known[:2]:
                channels[series.channel] = last
        return {
            device: {channel: (at_ms, value) for channel, (at_ms, _, value) in channels.items()}
            for device, channels in found.items()
        }

    # --- History ----------------------------------------------------------------------------------

    def series(self, selection: Selection) -> list[Series]:
        """All that match, in the order they began."""
        return self._registry.picked(selection)

    def last(self, selection: Selection) -> list[Last]:
        """The value measured last, of each series that has one."""
        found = []
        for series in self._registry.picked(selection):
            at_ms, _, value = self._tails[series.id].last
            if at_ms != NEVER:
                found.append(Last(series, at_ms, value))
        return found

    async def raw(self, selection: Selection, span: Span) -> list[Points]:
        """Every point of each series in the span."""
        wanted, start, end = self._registry.picked(selection), _ms(span.start), _ms(span.end)

        def ask(connection: sqlite3.Connection) -> list[Points]:
            recent = gathered(connection, self._tails, self._moving, wanted, _windows(start, end))
            return query.raw(self.chunks, wanted, start, end, recent)

        return await self._readers.read(ask)

    async def by_step(self, selection: Selection, edges_ms: Sequence[int]) -> list[Steps]:
        """Mean, low, high and count of each step that has points."""
        wanted = self._registry.picked(selection)
        if len(edges_ms) < 2:
            return []

        def ask(connection: sqlite3.Connection) -> list[Steps]:
            windows = _windows(edges_ms[0], edges_ms[-1])
            recent = gathered(connection, self._tails, self._moving, wanted, windows)
            return query.by_step(self.chunks, wanted, edges_ms, recent)

        return await self._readers.read(ask)

    async def counts_by_hour(self, selection: Selection, span: Span) -> Mapping[Series, Mapping[int, int]]:
        """How many points each series has in each epoch hour."""
        wanted, start, end = self._registry.picked(selection), _ms(span.start), _ms(span.end)

        def ask(connection: sqlite3.Connection) -> Mapping[Series, Mapping[int, int]]:
            recent = gathered(connection, self._tails, self._moving, wanted, _windows(start, end))
            return query.counts_by_hour(self.chunks, wanted, start, end, recent)

        return await self._readers.read(ask)

    # --- keeping ----------------------------------------------------------------------------------

    async def refused_before(self, before_ms: int) -> int:
        """How many refused messages are older."""
        return await self._readers.read(
            lambda connection: int(
                connection.execute("SELECT count(*) FROM refused WHERE at_ms < ?", (before_ms,)).fetchone()[0]
            )
        )

    async def forget_refused(self, before_ms: int, limit: int) -> int:
        """Delete so many of them, the oldest first; how many went."""
        return len(await self._writer.commit(Batch((), (), (before_ms, limit))))

    # --- ReadingsLog ------------------------------------------------------------------------------

    @property
    def last_position(self) -> int:
        """The newest row; 0 before the first."""
        return self._tails.upto

    def first_position(self) -> int:
        """The oldest row that may still be there."""
        return self._writing.trimming.deleted + 1

    @property
    def shed(self) -> int:
        """Readings dropped for want of space before every consumer had them, since the start."""
        return self._writing.trimming.shed

    async def after(self, position: int, limit: int) -> list[LoggedReadings]:
        """The rows behind this position, `limit` at most."""
        return await self._readers.read(
            lambda connection: rows_after(connection, self._registry, self._tails, position, limit)
        )

    def release(self, consumer: str, upto: int) -> None:
        """This consumer has no more need of rows up to here."""
        self._consumers.release(consumer, upto)

    # --- what there is to tell --------------------------------------------------------------------

    def _tell(self, news: StoreNews) -> None:
        if self._loop is None:
            self._untold.append(news)
            return
        try:
            self._loop.call_soon_threadsafe(self._told, news)
        except RuntimeError:  # the loop is closed: nobody is left to be told
            logger.debug("%s: not told of %s", self.path, news)

    def _told(self, news: StoreNews) -> None:
        if self._listener is None:
            self._untold.append(news)
        else:
            self._listener(news)


def _windows(start_ms: int, end_ms: int) -> range:
    return range(start_ms // WINDOW_MS, -(-end_ms // WINDOW_MS))


def _ms(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)
