"""`make bench`: every target measured in one run on one machine, beside the bare C echo.

Absolute times belong to the machine; the ratios are what to compare. Prints a table, and with
`--json FILE` the figures behind it.
"""

import argparse
import json
import secrets
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from tests.bench import building, day, disk, history, mqtt, sending, telemetry
from tests.bench.product import Product
from tests.bench.table import Row, print_table

HERE = Path(__file__).parent
TAP_RATE = 200
SETTLE_S = 1.0


def build_load_tool(folder: Path) -> Path:
    """Compile the C reference; says what to install where that fails."""
    compiler = shutil.which("cc")
    tool = folder / "load"
    if compiler is None:
        sys.exit("bench: no C compiler; Debian: apt install gcc libmosquitto-dev")
    built = subprocess.run(
        [compiler, "-O2", "-o", str(tool), str(HERE / "load.c"), "-lmosquitto"], capture_output=True, text=True
    )
    if built.returncode:
        sys.exit(f"bench: the C reference does not build; Debian: apt install libmosquitto-dev\n{built.stderr}")
    return tool


class Bench:
    """One broker, one load tool, one product; every measurement is a method."""

    def __init__(self, folder: Path, runs: int, count: int) -> None:
        self.folder = folder
        self.runs = runs
        self.count = count
        self.tool = build_load_tool(folder)
        self.rows: list[Row] = []

    def load(self, *words: object) -> dict[str, Any]:
        out = subprocess.run([str(self.tool), *map(str, words)], capture_output=True, text=True, timeout=300)
        if out.returncode:
            raise RuntimeError(f"load {words}: {out.stderr}")
        return dict(json.loads(out.stdout))

    def echo_round_trips(self, port: int, rate: int, count: int) -> dict[str, Any]:
        echo = subprocess.Popen([str(self.tool), "echo", str(port), "1"], stderr=subprocess.PIPE)
        try:
            assert echo.stderr is not None
            echo.stderr.readline()  # "ready"
            return self.load("rtt", port, rate, count, 1, 10)
        finally:
            echo.kill()
            echo.wait()

    def taps(self, product: Product, rate: int, count: int) -> dict[str, Any]:
        run = secrets.token_hex(4)
        return self.load("taps", product.port, rate, count, building.DOORS, product.cards, run, 10)

    # --- the measurements -------------------------------------------------------------------------

    def tap_latency(self, product: Product) -> None:
        """Quiet, then beside 5,000 and 20,000 readings a second; C echo and product in turn."""
        echoes, quiet, beside = [], [], {5_000: [], 20_000: []}  # type: ignore[var-annotated]
        self.taps(product, TAP_RATE, 400)  # warm
        for _ in range(self.runs):
            echoes.append(self.echo_round_trips(product.port, TAP_RATE, self.count))
            time.sleep(SETTLE_S)
            quiet.append(self.taps(product, TAP_RATE, self.count))
            time.sleep(SETTLE_S)
            for rate, results in beside.items():
                seconds = self.count / TAP_RATE + 2
                flood = self._flood(product.port, rate, int(rate * seconds))
                time.sleep(1)
                results.append(self.taps(product, TAP_RATE, self.count))
                flood.wait()
                product.wait_for_quiet()
        echo, tap = _medians(echoes), _medians(quiet)
        bare = disk.fdatasync_us(self.folder, 1 / TAP_RATE)
        self._add(
            "the disk alone, a write and fdatasync 200/s, p50",
            f"{bare:.0f} µs",
            f"{bare / echo['p50']:.2f} × C echo",
            "no way round it",
        )
        self._add("C echo at 200/s", f"{echo['p50']:.0f} / {echo['p99']:.0f} µs", "", "the reference")
        self._add(
            "tap → unlock at 200/s, p50",
            f"{tap['p50']:.0f} µs",
            f"{tap['p50'] / echo['p50']:.2f} × C echo",
            "≤ 3 ×, aim 2 ×",
        )
        self._add(
            "tap → unlock at 200/s, p99",
            f"{tap['p99']:.0f} µs",
            f"{tap['p99'] / echo['p99']:.2f} × C echo",
            "≤ 4 ×, aim 2 ×",
        )
        for rate, results in beside.items():
            busy = _medians(results)
            limit = "≤ 2 ×, aim 1.3 ×" if rate == 5_000 else "≤ 3 ×, aim 1.3 ×"
            self._add(
                f"the same beside {rate:,} readings/s, p99",
                f"{busy['p99']:.0f} µs",
                f"{busy['p99'] / tap['p99']:.2f} × quiet",
                limit,
            )
        lost = sum(r["sent"] - r["got"] for r in (*quiet, *beside[5_000], *beside[20_000]))
        twice = sum(r["twice"] for r in (*quiet, *beside[5_000], *beside[20_000]))
        self._add("taps unanswered / answered twice in all of these", f"{lost} / {twice}", "", "0 / 0")

    def burst(self, product: Product) -> None:
        """50 badges at one instant."""
        ours = [self.taps(product, 0, 50) for _ in range(self.runs)]
        theirs = [self.echo_round_trips(product.port, 1_000_000, 50) for _ in range(self.runs)]
        last, reference = _medians(ours)["max"], _medians(theirs)["max"]
        lost = sum(r["sent"] - r["got"] for r in ours)
        self._add(
            "50 badges at once, last answer",
            f"{last / 1000:.1f} ms, {lost} lost",
            f"{last / reference:.2f} × C echo",
            "≤ 3 ×, aim 2 ×",
        )

    def capacity(self, product: Product) -> None:
        """The highest offered rate whose p99 stays under 5 ms with nothing lost."""
        best = 0
        for rate in (500, 1000, 1500, 2000, 2500, 3000, 4000, 5000, 6000):
            results = [self.taps(product, rate, rate * 3) for _ in range(3)]
            middle = _medians(results)
            if middle["p99"] > 5_000 or any(r["got"] < r["sent"] for r in results):
                break
            best = rate
        self._add("taps a second with p99 under 5 ms", f"{best:,}", "", "≥ 2,000, aim 4,000")

    def ingest(self, product: Product) -> None:
        """Durable readings a second and the controller's CPU for each, contract messages over MQTT."""
        rates, costs = [], []
        for _ in range(3):
            count = 60_000
            before, cpu, started = product.kept(), product.running.cpu_s, time.monotonic()
            flood = self._flood(product.port, 0, count)
            product.wait_for_kept(before + count)
            took = time.monotonic() - started
            flood.wait()
            used = product.running.cpu_s - cpu
            rates.append(count / took)
            costs.append(used / count * 1e6)
        per_core = 1e6 / statistics.median(costs)
        self._add(
            "durable readings a second, controller, broker and sender on 2 cores",
            f"{statistics.median(rates):,.0f}",
            "",
            "≥ 8,000, aim 20,000",
        )
        self._add(
            "controller's CPU a reading",
            f"{statistics.median(costs):.1f} µs",
            f"{per_core:,.0f}/s on one core",
            "≥ 8,000, aim 20,000",
        )

    def memory(self, product: Product, people: int, limit: str) -> None:
        self._add(f"memory with {people:,} people", f"{product.running.memory_mib():.0f} MiB", "", limit)

    def start(self, people: int) -> None:
        """From the program's start to the first unlock, with everything in the database already."""
        times, memory = [], 0.0
        with mqtt.broker(self.folder / "start-broker") as port:
            product = Product(self.folder / "start", port, self.tool, people=people, badges_each=2)
            for _ in range(self.runs):
                product.start(wait=False)
                times.append(product.first_unlock())
                memory = max(memory, product.running.memory_mib())
                product.stop()
        self._add(
            f"start to first decision, {people:,} people, {2 * people:,} badges",
            f"{statistics.median(times):.2f} s",
            "",
            "≤ 2 s, aim 1 s",
        )
        self._add(
            f"memory with {people:,} people, {2 * people:,} badges", f"{memory:.0f} MiB", "", "≤ 150 MiB, aim 120"
        )

    def _flood(self, port: int, rate: int, count: int) -> "subprocess.Popen[bytes]":
        words = ["readings", port, rate, count, building.SENSORS, secrets.token_hex(4)]
        return subprocess.Popen([str(self.tool), *map(str, words)], stdout=subprocess.DEVNULL)

    def _add(self, what: str, figure: str, ratio: str, target: str) -> None:
        self.rows.append(Row(what, figure, ratio, target))
        print(f"  {what}: {figure} {ratio}", file=sys.stderr, flush=True)


def _medians(results: list[dict[str, Any]]) -> dict[str, float]:
    return {key: statistics.median(r[key] for r in results) for key in ("p50", "p99", "max")}


# Measurements with words of their own.
_ALONE = {"day": day.main, "sending": sending.main, "telemetry": telemetry.main, "history": history.main}


def main() -> None:
    if sys.argv[1:2] and (alone := _ALONE.get(sys.argv[1])) is not None:
        alone(sys.argv[2:])
        return
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--runs", type=int, default=5, help="runs of each latency measurement; the median counts")
    parser.add_argument("--count", type=int, default=1600, help="taps in one run")
    parser.add_argument(
        "--only", choices=("taps", "ingest", "start", "history", "telemetry", "sending"), help="one part of it"
    )
    parser.add_argument("--json", type=Path, help="also write the figures here")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="natoma-bench-") as name:
        bench = Bench(Path(name), args.runs, args.count)
        if args.only not in ("start", "history", "telemetry", "sending"):
            with mqtt.broker(bench.folder / "broker") as port:
                product = Product(bench.folder / "product", port, bench.tool, people=200)
                product.start()
                bench.memory(product, 200, "≤ 100 MiB, aim 80")
                if args.only != "ingest":
                    bench.tap_latency(product)
                    bench.burst(product)
                    bench.capacity(product)
                if args.only != "taps":
                    bench.ingest(product)
                product.stop()
        if args.only in (None, "start"):
            bench.start(10_000)
        if args.only in (None, "telemetry"):
            bench.rows += telemetry.measure(bench.folder / "telemetry")
        if args.only in (None, "sending"):
            bench.rows += sending.measure(bench.folder / "sending")
        if args.only in (None, "history"):
            bench.rows += history.measure(bench.folder / "year")
        print_table(bench.rows)
        if args.json:
            args.json.write_text(json.dumps([row.__dict__ for row in bench.rows], indent=1, ensure_ascii=False))


if __name__ == "__main__":
    main()
