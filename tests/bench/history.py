"""`python -m tests.bench history`: a year of fifty series, a reading a minute each, merged and asked as the product does.

Figures belong to the machine; what each is compared with is measured beside it.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np

from controller.adapters.telemetry.chunks import ChunkFiles
from controller.adapters.telemetry.codec import pack
from controller.adapters.telemetry.query import Recent, by_step, counts_by_hour, raw
from controller.adapters.telemetry.rollups import WINDOW_MS
from controller.domain.history.steps import edges_of
from controller.domain.history.values import Kind, Series, SeriesId, Span
from controller.domain.ids import DeviceId
from tests.bench import disk
from tests.bench.table import Row, print_table

SERIES = 50
DAYS = 365
MINUTE_MS = 60_000
PER_WINDOW = WINDOW_MS // MINUTE_MS
PARTS = 6  # a turn an hour
START = datetime(2025, 11, 1, tzinfo=UTC)
ZONE = ZoneInfo("America/Los_Angeles")
HALF_HOUR_ZONE = ZoneInfo("Asia/Kolkata")


class Year:
    """The set: what a good sensor says, temperature to a hundredth, its clock off by up to a quarter second."""

    def __init__(self, folder: Path, days: int) -> None:
        self.files = ChunkFiles(folder / "history")
        self.days = days
        self.series = [Series(SeriesId(n + 1), DeviceId(f"s{n}"), "temperature", Kind.NUMBER) for n in range(SERIES)]
        self.end = START + timedelta(days=days)
        self.readings = 0
        self.packing_cpu_s = self.merging_cpu_s = 0.0
        self.merges_s: list[float] = []

    def build(self) -> None:
        rng = np.random.default_rng(11)
        first = int(START.timestamp() * 1000) // WINDOW_MS
        level = 21 + rng.normal(0, 1, SERIES)
        number = 0
        for window in range(first, first + 4 * self.days):
            walk = np.round(level[:, None] + np.cumsum(rng.normal(0, 0.03, (SERIES, PER_WINDOW)), axis=1), 2)
            level = 21 + (walk[:, -1] - 21) * 0.9  # a room is heated
            at = window * WINDOW_MS + np.arange(PER_WINDOW) * MINUTE_MS + 300
            moments = at + rng.integers(-250, 250, (SERIES, PER_WINDOW))
            began = time.process_time()
            parts = {}
            for n, series in enumerate(self.series):
                parts[series.id, window] = own = []
                for start in range(0, PER_WINDOW, PER_WINDOW // PARTS):
                    number += 1
                    piece = slice(start, start + PER_WINDOW // PARTS)
                    own.append((number, pack(moments[n, piece], walk[n, piece], Kind.NUMBER)))
            packed, wall = time.process_time(), time.perf_counter()
            self.files.merge(parts)
            self.merges_s.append(time.perf_counter() - wall)
            self.packing_cpu_s += packed - began
            self.merging_cpu_s += time.process_time() - packed
            self.readings += moments.size

    @property
    def cpu_us(self) -> float:
        return (self.packing_cpu_s + self.merging_cpu_s) / self.readings * 1e6


def medians_ms(what: Callable[[], object], runs: int = 60) -> tuple[float, float]:
    """By the clock, and of this thread's own time: on a machine that does other things only the second says much."""
    times, own = [], []
    for _ in range(runs):
        began, began_own = time.perf_counter(), time.thread_time()
        what()
        own.append(time.thread_time() - began_own)
        times.append(time.perf_counter() - began)
    return statistics.median(times) * 1e3, statistics.median(own) * 1e3


def questions(year: Year) -> list[Row]:
    rng = np.random.default_rng(5)
    end_ms = int(year.end.timestamp() * 1000)

    def any_series() -> list[Series]:
        return [year.series[rng.integers(SERIES)]]

    tails = {
        series.id: Recent((), end_ms - MINUTE_MS * np.arange(60, 0, -1), np.round(rng.normal(21, 1, 60), 2))
        for series in year.series
    }

    def every_series() -> list[Series]:
        return year.series

    def steps(
        days: int, step: timedelta, zone: ZoneInfo = ZONE, wanted: Callable[[], list[Series]] = any_series
    ) -> Callable[[], object]:
        # Until now, as people ask: the first and the last hour are cut.
        span = Span(year.end - timedelta(days=days, minutes=17), year.end - timedelta(minutes=17))
        return lambda: by_step(year.files, wanted(), edges_of(span, step, zone), tails)

    def day_raw(wanted: Callable[[], list[Series]]) -> Callable[[], object]:
        return lambda: raw(year.files, wanted(), end_ms - 86_400_000, end_ms, tails)

    day, hour = timedelta(days=1), timedelta(hours=1)
    rows = [
        ("24 h raw, one series", day_raw(any_series), "≤ 1 ms"),
        ("24 h raw, all 50 series", day_raw(every_series), ""),
        ("30 days by hour, one series", steps(30, hour), "≤ 2 ms"),
        ("30 days by hour, all 50 series", steps(30, hour, wanted=every_series), ""),
        ("30 days by 5 minutes, one series", steps(30, timedelta(minutes=5)), ""),
        ("a year by day, one series", steps(year.days - 1, day), "≤ 5 ms"),
        ("a year by day where days begin at half an hour", steps(year.days - 1, day, HALF_HOUR_ZONE), ""),
        (
            "a year's counts by hour, one series",
            lambda: counts_by_hour(year.files, any_series(), end_ms - 364 * 86_400_000, end_ms, tails),
            "",
        ),
    ]
    found = []
    for name, ask, target in rows:
        ask()
        took, own = medians_ms(ask)
        found.append(Row(name, f"{took:.2f} ms", f"{own:.2f} ms CPU", target))
    return found


def deleted_month(year: Year) -> Row:
    began = time.perf_counter()
    year.files.unlink_month(year.files.months()[0])
    return Row("a month deleted", f"{(time.perf_counter() - began) * 1e3:.1f} ms", "", "milliseconds")


def measure(folder: Path, days: int = DAYS) -> list[Row]:
    """All of them, in the order in which they are shown."""
    folder.mkdir(exist_ok=True)
    year = Year(folder, days)
    try:
        year.build()
        # As after a start: what merges left in the files' own logs is written back.
        year.files.close()
        fsync_ms = disk.fdatasync_us(folder, 0.01, count=100) / 1e3
        merge_ms, longest_ms = (f(year.merges_s) * 1e3 for f in (statistics.median, max))
        rows = [
            Row("history: readings in the set", f"{year.readings:,}", "", ""),
            Row("the disk alone, a write and fdatasync", f"{fsync_ms:.2f} ms", "", "the reference"),
            Row("compaction, CPU a reading", f"{year.cpu_us:.2f} µs", "", "≤ 1.5 µs"),
            Row("a merge of 50 series, median", f"{merge_ms:.1f} ms", f"{merge_ms / fsync_ms:.0f} × fdatasync", ""),
            Row(
                "the longest of them",
                f"{longest_ms:.1f} ms",
                f"{longest_ms / merge_ms:.1f} × median",
                "beside the writer",
            ),
            *questions(year),
        ]
        for name in ("rollup-*", "[0-9]*"):
            size = sum(path.stat().st_size for path in year.files.folder.glob(f"{name}.db"))
            what = "hours" if name.startswith("r") else "points"
            rows.append(Row(f"bytes kept a reading, {what}", f"{size / year.readings:.2f}", "", ""))
        rows.append(Row("bytes kept a reading", f"{year.files.size_bytes() / year.readings:.2f}", "", "≤ 6"))
        rows.append(deleted_month(year))
        return rows
    finally:
        year.files.close()


def main(words: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench history", description=__doc__)
    parser.add_argument("--days", type=int, default=DAYS)
    args = parser.parse_args(words)
    with tempfile.TemporaryDirectory(prefix="natoma-bench-") as name:
        print_table(measure(Path(name), args.days))


if __name__ == "__main__":
    main()
