"""`python -m tests.bench sending`: what sending readings on costs this process, beside posting lines that are ready.

The log, the sender and the client are the product's own; who takes the lines is a process beside, which reads and says
204. CPU is counted, of all threads, never time.
"""

import argparse
import asyncio
import gc
import logging
import multiprocessing
import socket
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random

from aiohttp import ClientSession

from controller.adapters.clock import SystemClock
from controller.adapters.influx import InfluxSettings
from controller.adapters.influx.client import open_database
from controller.adapters.influx.lines import Lines
from controller.adapters.influx.state import SendingFile
from controller.adapters.telemetry.store import TelemetryStore
from controller.app.compose import SWITCH_INTERVAL
from controller.domain.history.values import Measured, Source
from controller.domain.ids import AreaId, DeviceId
from controller.services.doors.alarms import Alarms
from controller.services.history.courier import Courier
from controller.services.history.outgoing import Outgoing
from controller.services.history.sender import House, Sender
from controller.services.meters import Meters
from controller.services.ports import TelemetryRow
from controller.services.screens.health import HealthBoard
from controller.services.screens.live import LiveFeed
from tests.bench.table import Row, print_table

# A large house: 300 sensors with four channels, each heard twice a minute.
DEVICES = 300
CHANNELS = ("temperature", "humidity", "carbon_dioxide", "illuminance")
PLACES = {"temperature": 2, "humidity": 1, "carbon_dioxide": 0, "illuminance": 0}
NOMINAL = DEVICES * len(CHANNELS) / 30
BATCH = 5000
SOURCES = [
    Source(DeviceId(f"sensor-{n}"), AreaId(f"room-{n % 40}"), {name: Measured(name, "°C") for name in CHANNELS})
    for n in range(DEVICES)
]


def sink(listener: socket.socket) -> None:
    """Reads requests and says 204, for ever."""

    async def taken(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).lower()
                await reader.readexactly(int(head.split(b"content-length: ")[1].split(b"\r\n")[0]))
                writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    async def serve() -> None:
        server = await asyncio.start_server(taken, sock=listener, limit=1 << 20)
        await server.serve_forever()

    asyncio.run(serve())


@contextmanager
def running_sink() -> Iterator[str]:
    listener = socket.create_server(("127.0.0.1", 0))
    process = multiprocessing.Process(target=sink, args=(listener,), daemon=True)
    process.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        process.kill()
        process.join()


def messages(count: int) -> list[TelemetryRow]:
    dice, began = Random(11), 1_795_392_000_000
    rows = []
    for n in range(count):
        source = SOURCES[n % DEVICES]
        values = {name: round(dice.gauss(21, 2), places) for name, places in PLACES.items()}
        rows.append(TelemetryRow(source.device, f"k{n}", began + n * 25, began + n * 25, values, source=source))
    return rows


class Cost:
    """CPU seconds of this process while the context is open."""

    def __enter__(self) -> "Cost":
        self._began, self._at = time.process_time(), time.perf_counter()
        return self

    def __exit__(self, *_: object) -> None:
        self.cpu_s, self.wall_s = time.process_time() - self._began, time.perf_counter() - self._at


async def post_ready(url: str, batches: list[list[str]]) -> float:
    """One plain client, one POST for each batch of lines; CPU seconds."""
    headers = {"Authorization": "Token none", "Content-Type": "text/plain; charset=utf-8"}
    async with ClientSession(headers=headers) as session:
        with Cost() as cost:
            for lines in batches:
                body = "\n".join(lines).encode()
                async with session.post(f"{url}/api/v2/write?org=o&bucket=b&precision=ns", data=body) as answer:
                    assert answer.status == 204
    return cost.cpu_s


class _Quiet:
    """Nobody is told anything."""

    def stopped(self, why: str) -> None:
        raise AssertionError(why)

    def resumed(self) -> None: ...

    async def is_wished(self) -> bool:
        return False


async def deliver_ready(url: str, batches: list[list[str]]) -> float:
    """The same by the sender's courier and client."""
    clock = SystemClock()
    async with open_database(InfluxSettings(url, token="none"), clock) as database:
        courier = Courier(database, _Quiet(), Meters(), clock)
        with Cost() as cost:
            for lines in batches:
                await courier.deliver(lines)
    return cost.cpu_s


async def send_all(
    url: str, log: TelemetryStore, folder: Path, at_once: int, *, gzip: bool = False, watch: bool = False
) -> tuple[float, float, float]:
    """All of the log, by the sender: CPU seconds, seconds, the loop's worst stall where it is watched."""
    clock, feed, worst = SystemClock(), LiveFeed(), 0.0

    async def stalls() -> None:
        nonlocal worst
        while True:
            due = time.perf_counter() + 0.002
            await asyncio.sleep(0.002)
            worst = max(worst, time.perf_counter() - due)

    folder.mkdir()
    settings = InfluxSettings(url, token="none", gzip=gzip, lines=at_once)
    async with (
        await SendingFile.open(folder / "sending.db") as store,
        open_database(settings, clock) as database,
        asyncio.TaskGroup() as tasks,
    ):
        alarms = Alarms(None, lambda _: None, feed, clock)
        house = House(lambda _: None, alarms, HealthBoard(feed, clock.now), Meters(), clock)
        sender = Sender(Outgoing(log, database, store, at_once), house)
        watching = tasks.create_task(stalls()) if watch else None
        with Cost() as cost:
            await sender.look()
        assert sender.behind == 0
        if watching is not None:
            watching.cancel()
    return cost.cpu_s, cost.wall_s, worst


async def measured(folder: Path, url: str, runs: int, count: int) -> list[Row]:
    sys.setswitchinterval(SWITCH_INTERVAL)  # as the product has it
    logging.getLogger("controller").setLevel(logging.WARNING)
    readings = count * len(CHANNELS)
    table: list[Row] = []
    full = 0.0  # CPU of a plain post of a full request
    async with await TelemetryStore.open(folder / "telemetry.db") as log:
        rows = messages(count)
        for start in range(0, count, 1000):
            await log.append(rows[start : start + 1000])
        del rows
        lines = Lines().of(await log.after(0, count))
        assert len(lines) == readings
        gc.collect()
        gc.freeze()

        for at_once, name in ((BATCH, "full requests"), (int(NOMINAL), "a second of a large house each")):
            batches = [lines[n : n + at_once] for n in range(0, min(readings, 500 * at_once), at_once)]
            plain, delivered = [], []
            for _ in range(runs):
                plain.append(await post_ready(url, batches) / len(batches))
                delivered.append(await deliver_ready(url, batches) / len(batches))
            ours, theirs = statistics.median(delivered), statistics.median(plain)
            if at_once == BATCH:
                full = theirs
            table.append(
                Row(
                    f"sender, ready lines, {name} ({at_once})",
                    f"{ours * 1e6:.0f} µs of CPU a request, a plain post {theirs * 1e6:.0f} µs",
                    f"{ours / theirs:.2f} × plain post",
                    "≤ 1.5 ×",
                )
            )

        runs_of_all = [await send_all(url, log, folder / f"all-{n}", BATCH) for n in range(runs)]
        cpu, wall = (statistics.median(run[n] for run in runs_of_all) for n in (0, 1))
        whole = cpu / readings
        table.append(
            Row(
                "sender, all of it: log read, lines made, sent, noted",
                f"{whole * 1e6:.2f} µs of CPU a reading",
                f"{whole * BATCH / full:.1f} × a plain post of lines that are ready",
                "",
            )
        )
        zipped, _, _ = await send_all(url, log, folder / "gzip", BATCH, gzip=True)
        table.append(Row("the same with gzip", f"{zipped / readings * 1e6:.2f} µs of CPU a reading", "", ""))
        speed = readings / wall
        table.append(Row("catching up", f"{speed:,.0f} readings/s", f"{speed / NOMINAL:,.0f} × nominal", "≥ 50 ×"))
        _, _, stall = await send_all(url, log, folder / "watched", BATCH, watch=True)
        table.append(Row("worst stall of the loop meanwhile", f"{stall * 1000:.1f} ms", "", ""))
    return table


def measure(folder: Path, runs: int = 3, count: int = 50_000) -> list[Row]:
    folder.mkdir(parents=True, exist_ok=True)
    with running_sink() as url:
        return asyncio.run(measured(folder, url, runs, count))


def main(words: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench sending", description=__doc__)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--count", type=int, default=50_000, help="messages of four readings")
    args = parser.parse_args(words)
    with tempfile.TemporaryDirectory(prefix="natoma-bench-") as name:
        print_table(measure(Path(name) / "sending", args.runs, args.count))
