"""`python -m tests.bench telemetry`: readings made durable and made history, beside the bare log engine.

The bare engine is SQLite alone with the log's own table and a unique index of the keys: rows that are ready, commits of
the same size, one thread. The store tells repeats by its own means and keeps series, tails, parts, chunks and roll-ups. Figures belong to the
machine; the ratios are what to compare.
"""

import argparse
import asyncio
import gc
import itertools
import json
import os
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from controller.adapters.clock import HouseClock
from controller.adapters.sqlite_file import open_writer
from controller.adapters.telemetry.log import insert
from controller.adapters.telemetry.schema import bring_up
from controller.adapters.telemetry.store import CHECKPOINT_PAGES, TelemetryStore
from controller.domain.history.values import Measured, Source
from controller.domain.ids import AreaId, DeviceId
from controller.services.meters import Meters
from controller.services.ports import TelemetryRow
from controller.services.rooms.spool import Spool
from tests.bench import disk
from tests.bench.table import Row, print_table

T = TypeVar("T")

DEVICES = 500
CHANNELS = ("temperature", "humidity", "carbon_dioxide", "sound_pressure")
SERIES = DEVICES * len(CHANNELS)
MINUTES = 400  # each device says one thing a minute: past the end of a window of six hours
START_MS = 1_772_452_800_000
# What the spool hands over at 50,000 readings a second, one commit in 5 ms.
BATCH = 64
STEADY_PER_S = 5_000
STEADY_S = 10


@dataclass
class Took:
    wall_s: float
    cpu_s: float
    readings: int

    @property
    def rate(self) -> float:
        return self.readings / self.wall_s

    @property
    def cpu_us(self) -> float:
        return self.cpu_s / self.readings * 1e6


def sources() -> list[Source]:
    measured = {channel: Measured(channel, "u") for channel in CHANNELS}
    return [Source(DeviceId(f"sensor-{n}"), AreaId(f"room-{n % 40}"), measured) for n in range(DEVICES)]


def messages(channels: Sequence[str], minutes: int, run: str) -> list[TelemetryRow]:
    """Minute by minute, all devices; values with one or two decimals, as sensors say them."""
    made = []
    for minute in range(minutes):
        for number, source in enumerate(SOURCES):
            at_ms = START_MS + minute * 60_000 + number * 117
            wave = (minute * 7 + number * 13) % 500
            readings = (20 + wave / 100, 40 + wave / 50, 400.0 + wave, 30 + wave / 10)
            values = dict(zip(channels, readings, strict=False))
            made.append(
                TelemetryRow(source.device, f"{run}-{minute}-{number}", at_ms, at_ms + 40, values, source=source)
            )
    return made


SOURCES = sources()


@contextmanager
def one_core() -> Iterator[None]:
    """All threads of this process on one core, so that a second is a second of one."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(before)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def bare(folder: Path, rows: list[TelemetryRow]) -> Took:
    """The log engine by itself."""
    path = folder / "bare.db"
    bring_up(path)
    ready = [
        (n, int(row.device[7:]), row.key, row.received_ms, row.measured_ms, 0, None, _body(row), None)
        for n, row in enumerate(rows, 1)
    ]
    with closing(open_writer(path, checkpoint_pages=CHECKPOINT_PAGES)) as connection, one_core():
        connection.execute("CREATE UNIQUE INDEX bare_key ON log (device_id, key)")
        began, cpu = time.perf_counter(), time.process_time()
        for batch in _batches(ready):
            connection.execute("BEGIN IMMEDIATE")
            insert(connection, batch)
            connection.execute("COMMIT")
        return Took(time.perf_counter() - began, time.process_time() - cpu, _readings(rows))


def _body(row: TelemetryRow) -> str:
    return json.dumps([word for place, value in enumerate(row.values.values()) for word in (place, value)])


async def through_the_store(folder: Path, rows: list[TelemetryRow]) -> tuple[Took, Took, float]:
    """Appended, with whatever is made of it meanwhile; the same with the rest of it; bytes kept for each reading."""
    async with await TelemetryStore.open(folder / "telemetry.db") as store:
        with one_core():
            began, cpu = time.perf_counter(), time.process_time()
            # Two at once, as a spool that hands over the next while one is acknowledged.
            batches = iter(list(_batches(rows)))

            async def lane() -> None:
                for batch in batches:
                    await store.append(batch)

            await asyncio.gather(lane(), lane())
            appended = Took(time.perf_counter() - began, time.process_time() - cpu, _readings(rows))
            await store.compact()
            whole = Took(time.perf_counter() - began, time.process_time() - cpu, _readings(rows))
        kept = store.chunks.size_bytes() / _readings(rows)
    return appended, whole, kept


async def steadily(folder: Path, readings_a_second: int, seconds: float, pass_every_s: float) -> dict[str, float]:
    """Through the spool at an even pace, a pass now and then: each message's wait for its ack."""
    folder.mkdir()
    waits: list[float] = []
    store = await TelemetryStore.open(folder / "steady.db")
    spool = Spool(store, lambda rows: None, Meters(), HouseClock())
    per_tick = readings_a_second // len(CHANNELS) // 200
    rows = iter(messages(CHANNELS, int(readings_a_second * seconds / SERIES) + 2, "s"))
    gc.collect()
    gc.freeze()
    async with store:
        spooling = asyncio.get_running_loop().create_task(spool.run(), name="spool")
        compacting = asyncio.get_running_loop().create_task(_again_and_again(store, pass_every_s), name="passes")
        began = time.perf_counter()
        for tick in range(int(seconds * 200)):
            await asyncio.sleep(max(0.0, began + tick / 200 - time.perf_counter()))
            for row in itertools.islice(rows, per_tick):
                put = time.perf_counter()
                spool.put(row, lambda put=put: waits.append(time.perf_counter() - put))  # type: ignore[misc]
        while spool.waiting:
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.1)
        spooling.cancel()
        compacting.cancel()
        await asyncio.gather(spooling, compacting, return_exceptions=True)
    waits.sort()
    return {"p50": statistics.median(waits) * 1e3, "p99": waits[int(len(waits) * 0.99)] * 1e3, "max": waits[-1] * 1e3}


async def _again_and_again(store: TelemetryStore, every_s: float) -> None:
    while True:
        await asyncio.sleep(every_s)
        await store.compact()


def _batches(rows: Sequence[T]) -> Iterator[Sequence[T]]:
    for start in range(0, len(rows), BATCH):
        yield rows[start : start + BATCH]


def _readings(rows: Sequence[TelemetryRow]) -> int:
    return sum(len(row.values) for row in rows)


def measure(folder: Path) -> list[Row]:
    """All rows of the table; a minute."""
    folder.mkdir(parents=True, exist_ok=True)
    sys.setswitchinterval(0.0005)  # as the service has it
    found: list[Row] = []

    def add(what: str, figure: str, ratio: str, target: str) -> None:
        found.append(Row(what, figure, ratio, target))
        print(f"  {what}: {figure} {ratio}", file=sys.stderr, flush=True)

    for channels, minutes in ((CHANNELS, MINUTES), (CHANNELS[:1], MINUTES)):
        name = f"messages of {len(channels)}"
        rows = messages(channels, minutes, "r")
        gc.collect()
        gc.freeze()
        here = folder / str(len(channels))
        here.mkdir()
        alone = bare(here, rows)
        before = _rss_mib()
        appended, whole, kept = asyncio.run(through_the_store(here, rows))
        grew = _rss_mib() - before
        add(f"bare log engine, {name}", f"{alone.rate:,.0f} readings/s, {alone.cpu_us:.1f} µs", "", "the reference")
        target = ("≥ 0.5 ×, ≥ 50,000/s", "≤ 5 µs") if len(channels) > 1 else ("", "")
        add(
            f"through the store on one core, {name}",
            f"{appended.rate:,.0f} readings/s",
            f"{appended.rate / alone.rate:.2f} × bare",
            target[0],
        )
        add(
            f"CPU of a reading, parts, chunks and roll-ups included, {name}",
            f"{whole.cpu_us:.1f} µs",
            f"{whole.cpu_us / alone.cpu_us:.2f} × bare",
            target[1],
        )
        add(f"memory more after {len(rows):,} {name}", f"+{grew:.0f} MiB", "", "flat")
        if len(channels) > 1:
            add("kept of a reading, chunks and hours", f"{kept:.1f} bytes", "", "≤ 6")
        gc.unfreeze()
        del rows
    # Here, beside what is compared with it: a disk that others use is another disk a minute later.
    fsync_us = disk.fdatasync_us(folder, 0.005)
    fsync_ms = fsync_us / 1000
    add("the disk alone, a write and fdatasync 200/s, p50", f"{fsync_us:.0f} µs", "", "no way round it")
    # In earnest a pass is made each 40 s at this pace.
    steady = asyncio.run(steadily(folder / "steady", STEADY_PER_S, STEADY_S, STEADY_S / 2))
    add(
        f"spool to ack at {STEADY_PER_S:,} readings/s, p50 / p99",
        f"{steady['p50']:.1f} / {steady['p99']:.1f} ms",
        _over(steady["p99"], 5, fsync_ms),
        "p99 ≤ 5 ms + 2.5 fsync",
    )
    stalled = asyncio.run(steadily(folder / "stalled", STEADY_PER_S, STEADY_S, 0.2))
    add(
        "the longest wait with passes all the while: the writer's worst stall, and the spool's 5 ms",
        f"{stalled['max']:.1f} ms",
        _over(stalled["max"], 30, fsync_ms),
        "≤ 5 + 25 ms + 2 fsync",
    )
    return found


def _over(took_ms: float, base_ms: float, fsync_ms: float) -> str:
    """A time as so many milliseconds and the rest in the disk's own time."""
    return f"{base_ms:.0f} ms + {max(0.0, took_ms - base_ms) / fsync_ms:.1f} fsync"


def _rss_mib() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / (1 << 20)


def main(words: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench telemetry", description=__doc__)
    parser.parse_args(words)
    with tempfile.TemporaryDirectory(prefix="natoma-bench-") as name:
        print_table(measure(Path(name)))
