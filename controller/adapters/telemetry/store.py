"""The store of everything measured: one facade over the log and what is made of it.

`open` it, and `close` it last of all. It implements `TelemetryLog` (readings become durable), `History` (they are asked
for) and `ReadingsLog` (they are sent on); how each is done is the other files' of this package.
"""

import asyncio
import json
import sqlite3
from array import array
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Self, TypeVar

from controller.adapters.ballast import Ballast
from controller.adapters.group_commit import GroupCommit, StoreHealth
from controller.adapters.sqlite_file import open_reader, open_writer, store_error
from controller.adapters.telemetry.log import NEWEST, Appender, Batch, bring_up, tidy
from controller.domain.history.values import Kind, Selection, Series, SeriesId, Span, Value, kind_of
from controller.domain.ids import DeviceId
from controller.services.history.ports import Last, LoggedReadings, Points, Steps
from controller.services.ports import RefusedMessage, TelemetryRow

# Nobody stands waiting for a reading; its sender only keeps it until it is acked.
APPEND_DEADLINE_S = 5.0
WAITING_LIMIT = 50_000
# When busy, at most one commit in 3 ms: it costs a reading nothing and halves the work of a core.
PAUSE_S = 0.003
# Fewer, longer checkpoints than for taps: a fifth less work per row, and nobody minds the stall.
CHECKPOINT_PAGES = 4000

HOUR_MS = 3_600_000
NS_IN_MS = 1_000_000

T = TypeVar("T")

_ROWS = "SELECT log.n, device.name, measured_ms, body FROM log JOIN device ON device.id = device_id"


class TelemetryStore:
    """The `TelemetryLog`, `History` and `ReadingsLog` ports over the files of one data folder."""

    def __init__(self, path: Path, *, deadline_s: float = APPEND_DEADLINE_S) -> None:
        self.path = path
        self._appender = Appender()
        self._writer: GroupCommit[Batch, list[bool]] = GroupCommit(
            "telemetry log",
            path,
            open_writer(path, checkpoint_pages=CHECKPOINT_PAGES),
            self._appender.apply,
            deadline_s=deadline_s,
            limit=WAITING_LIMIT,
            pause_s=PAUSE_S,
            ballast=Ballast(path.with_name(path.name + ".spare")),
            is_one_statement=lambda batch: len(batch.rows) == 1 and not batch.refused,
            on_rollback=self._appender.forget,
            on_idle=tidy,
        )
        self._reading = open_reader(path)
        self._reader = ThreadPoolExecutor(1, thread_name_prefix="telemetry reader")
        self._series: dict[tuple[str, str, Kind], Series] = {}
        self._released: dict[str, int] = {}

    @classmethod
    async def open(cls, path: Path, *, deadline_s: float = APPEND_DEADLINE_S) -> Self:
        """Create the file where there is none, then open it; StartupError when it is newer than we are, or damaged."""
        await asyncio.to_thread(bring_up, path)
        return cls(path, deadline_s=deadline_s)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        await asyncio.get_running_loop().run_in_executor(self._reader, self._reading.close)
        self._reader.shutdown()
        await self._writer.close()

    def health(self) -> StoreHealth:
        return self._writer.health()

    # --- TelemetryLog -----------------------------------------------------------------------------

    async def append(self, rows: Sequence[TelemetryRow], refused: Sequence[RefusedMessage] = ()) -> list[bool]:
        """Durable when it returns; True for each row that was not there yet. All or nothing.

        After a StoreError try again: what did land is then told apart by its key.
        """
        if not rows and not refused:
            return []
        new = await self._writer.commit(Batch(rows, refused), len(rows) + len(refused))
        for row in rows:
            for channel, value in row.values.items():
                self._series_of(row.device, channel, value)
        return new

    async def newest(self) -> Mapping[DeviceId, Mapping[str, tuple[int, Value]]]:
        """The value measured last, of every channel ever heard; of two measured at once the one that came last."""
        return await self._read(self._read_newest)

    # --- History ----------------------------------------------------------------------------------

    def series(self, selection: Selection) -> list[Series]:
        """All that match, in the order they began."""
        return [series for series in self._series.values() if selection.takes(series)]

    def last(self, selection: Selection) -> list[Last]:
        """The value measured last, of each series that has one."""
        found: dict[SeriesId, Last] = {}
        for _, at_ms, series, value in self._scan(0):
            if selection.takes(series) and (series.id not in found or at_ms >= found[series.id].at_ms):
                found[series.id] = Last(series, at_ms, value)
        return list(found.values())

    async def raw(self, selection: Selection, span: Span) -> list[Points]:
        """Every point of each series in the span."""
        start, end = int(span.start.timestamp() * 1000), int(span.end.timestamp() * 1000)
        return await self._read(lambda: self._points(selection, start, end))

    async def by_step(self, selection: Selection, edges_ms: Sequence[int]) -> list[Steps]:
        """Mean, low, high and count of each step that has points."""
        return await self._read(lambda: self._steps(selection, edges_ms))

    async def counts_by_hour(self, selection: Selection, span: Span) -> Mapping[Series, Mapping[int, int]]:
        """How many points each series has in each epoch hour."""
        counts: dict[Series, dict[int, int]] = {}
        for points in await self.raw(selection, span):
            hours: defaultdict[int, int] = defaultdict(int)
            for at_ms in points.at_ms:
                hours[at_ms // HOUR_MS] += 1
            counts[points.series] = dict(hours)
        return counts

    # --- ReadingsLog ------------------------------------------------------------------------------

    @property
    def last_position(self) -> int:
        """The newest row; 0 before the first."""
        (last,) = self._reading.execute("SELECT coalesce(max(n), 0) FROM log").fetchone()
        return int(last)

    def first_position(self) -> int:
        """The oldest row still there; one more than the last where there is none."""
        (first,) = self._reading.execute("SELECT min(n) FROM log").fetchone()
        return self.last_position + 1 if first is None else int(first)

    async def after(self, position: int, limit: int) -> list[LoggedReadings]:
        """The rows behind this position, `limit` at most."""
        return await self._read(lambda: self._after(position, limit))

    def release(self, consumer: str, upto: int) -> None:
        """This consumer has no more need of rows up to here."""
        self._released[consumer] = upto

    # --- the reader's thread ----------------------------------------------------------------------

    async def _read(self, what: Callable[[], T]) -> T:
        def read() -> T:
            try:
                return what()
            except sqlite3.Error as exc:
                raise (store_error(self.path, exc) or exc) from exc

        return await asyncio.get_running_loop().run_in_executor(self._reader, read)

    def _read_newest(self) -> dict[DeviceId, dict[str, tuple[int, Value]]]:
        found: dict[DeviceId, dict[str, tuple[int, Value]]] = {}
        for device, channel, measured_ms, value, is_bool in self._reading.execute(NEWEST):
            channels = found.setdefault(DeviceId(device), {})
            known = channels.get(channel)
            if known is None or measured_ms >= known[0]:
                channels[channel] = (measured_ms, bool(value) if is_bool else value)
        return found

    def _series_of(self, device: str, channel: str, value: Value) -> Series:
        key = (device, channel, kind_of(value))
        known = self._series.get(key)
        if known is None:
            known = Series(SeriesId(len(self._series) + 1), DeviceId(device), channel, key[2])
            self._series[key] = known
        return known

    def _scan(self, position: int) -> list[tuple[int, int, Series, Value]]:
        found = []
        for n, device, at_ms, body in self._reading.execute(f"{_ROWS} WHERE log.n > ? ORDER BY log.n", (position,)):
            for channel, value in json.loads(body).items():
                found.append((n, at_ms, self._series_of(device, channel, value), value))
        return found

    def _points(self, selection: Selection, start: int, end: int) -> list[Points]:
        found: defaultdict[Series, list[tuple[int, Value]]] = defaultdict(list)
        for _, at_ms, series, value in self._scan(0):
            if selection.takes(series) and start <= at_ms < end:
                found[series].append((at_ms, value))
        points = []
        for series, rows in found.items():
            rows.sort(key=lambda row: row[0])
            values: Any = [value for _, value in rows]
            if series.kind is not Kind.TEXT:
                values = array("d", values)
            points.append(Points(series, array("q", (at_ms for at_ms, _ in rows)), values))
        return points

    def _steps(self, selection: Selection, edges_ms: Sequence[int]) -> list[Steps]:
        found = []
        for points in self._points(selection, edges_ms[0], edges_ms[-1]):
            if points.series.kind is Kind.TEXT:
                continue
            steps: defaultdict[int, list[float]] = defaultdict(list)
            for at_ms, value in zip(points.at_ms, map(float, points.values), strict=True):
                steps[edges_ms[bisect_right(edges_ms, at_ms) - 1]].append(value)
            found.append(
                Steps(
                    points.series,
                    array("q", steps),
                    array("d", (sum(values) / len(values) for values in steps.values())),
                    array("d", map(min, steps.values())),
                    array("d", map(max, steps.values())),
                    array("q", map(len, steps.values())),
                )
            )
        return found

    def _after(self, position: int, limit: int) -> list[LoggedReadings]:
        rows = self._reading.execute(f"{_ROWS} WHERE log.n > ? ORDER BY log.n LIMIT ?", (position, limit)).fetchall()
        return [
            LoggedReadings(
                n,
                at_ms * NS_IN_MS,
                tuple((self._series_of(device, name, value), value) for name, value in json.loads(body).items()),
            )
            for n, device, at_ms, body in rows
        ]
