"""Any history, written in any order, reads back as the plain list of it would.

Late points, repeats, moments that several share, channels whose unit, room or kind changes; between them turns of the
compaction, restarts, and power cuts after any turn: the files are copied as they lie, and the copy is opened.
"""

import shutil
import tempfile
from collections import defaultdict
from collections.abc import Callable
from concurrent.futures import Executor, Future
from pathlib import Path
from threading import Lock
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from controller.adapters.sqlite_file import open_reader, open_writer
from controller.adapters.telemetry import query
from controller.adapters.telemetry.chunks import ChunkFiles
from controller.adapters.telemetry.log import Batch
from controller.adapters.telemetry.reading import gathered, rows_after
from controller.adapters.telemetry.rollups import HOUR_MS, WINDOW_MS
from controller.adapters.telemetry.schema import bring_up
from controller.adapters.telemetry.trimming import Consumers
from controller.adapters.telemetry.writing import Writing
from controller.domain.history.values import EVERYTHING, Measured, Source, Value, kind_of
from controller.domain.ids import AreaId, DeviceId
from controller.services.ports import TelemetryRow

NOON_MS = 1_772_452_800_000
DAY_MS = 24 * HOUR_MS
START_MS, END_MS = NOON_MS - 40 * DAY_MS, NOON_MS + 40 * DAY_MS
BOOTH, HALL = DeviceId("booth-sensor"), DeviceId("hall-sensor")
SOURCES = (
    None,
    Source(BOOTH, AreaId("booth"), {"t": Measured("temperature", "°C")}),
    Source(BOOTH, AreaId("kitchen"), {"t": Measured("temperature", "°C"), "x": Measured("power", "W")}),
    Source(BOOTH, AreaId("booth"), {"t": Measured("", "mm")}),
)

moments = st.one_of(
    st.integers(NOON_MS, NOON_MS + 3),  # several at one moment
    st.integers(0, 48).map(lambda half_hours: NOON_MS + half_hours * HOUR_MS // 2),
    st.integers(-30, 30).map(lambda days: NOON_MS + days * DAY_MS + 7),  # late, or of another month
)
values = st.one_of(
    st.integers(-400, 400).map(lambda tenths: tenths / 10),
    st.sampled_from([0.0, -0.0, 1e-300, 1.7976931348623157e308, 0.1 + 0.2, 5e-324]),
    st.integers(-5, 5),
    st.booleans(),
    st.sampled_from(["", "good", "é\x00😀", '"],[']),
)
rows = st.builds(
    lambda source, device, measured_ms, readings: (source, device if source is None else BOOTH, measured_ms, readings),
    st.sampled_from(SOURCES),
    st.sampled_from([BOOTH, HALL]),
    moments,
    st.dictionaries(st.sampled_from(["t", "x"]), values, max_size=2),
)
Meant = tuple[Any, ...]


class DoneLater(Future[Any]):
    """Done when it is looked at for the second time: a turn ends between what was done and what follows from it."""

    looks = 0

    def done(self) -> bool:
        self.looks += 1
        return self.looks > 1


class AtOnce(Executor):
    """Does what it is given where it stands."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> "Future[Any]":
        done = DoneLater()
        done.set_result(fn(*args, **kwargs))
        return done


class AnyHistory(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="natoma-history-"))
        self.generation = 0
        self.plain: list[TelemetryRow] = []
        self.received_ms = NOON_MS
        self.open(self.folder / "0")

    def open(self, data: Path) -> None:
        self.data = data
        path = data / "telemetry.db"
        bring_up(path)
        self.chunks = ChunkFiles(data / "history")
        self.moving = Lock()
        # Of no time at all: one series a turn; and few keys saved at once.
        self.writing = Writing(
            self.chunks,
            Consumers(()),
            lambda news: None,
            moving=self.moving,
            merger=AtOnce(),
            cap_bytes=1 << 30,
            turn_s=0.0,
            run_rows=5,
        )
        self.connection = open_writer(path, reserve_bytes=0)
        self.writing.load(self.connection)
        self.reader = open_reader(path)

    def teardown(self) -> None:
        self.close()
        shutil.rmtree(self.folder)

    def close(self) -> None:
        self.reader.close()
        self.connection.close()
        self.chunks.close()

    # --- what happens -----------------------------------------------------------------------------

    @rule(made=st.lists(rows, min_size=1, max_size=6), passes_ms=st.sampled_from([0, 1000, 7 * HOUR_MS]))
    def append(self, made: list[tuple[Any, ...]], passes_ms: int) -> None:
        self.received_ms += passes_ms
        batch = [
            TelemetryRow(device, f"k{len(self.plain) + n}", at_ms, self.received_ms, readings, source=source)
            for n, (source, device, at_ms, readings) in enumerate(made)
        ]
        assert self.written(batch) == [True] * len(batch)
        self.plain += batch

    @rule(data=st.data())
    def repeat(self, data: st.DataObject) -> None:
        recent = self.plain[-20:]
        if recent:
            again = data.draw(st.lists(st.sampled_from(recent), max_size=4))
            assert self.written(again) == [False] * len(again)

    def written(self, batch: list[TelemetryRow]) -> list[bool]:
        if not batch:
            return []
        self.connection.execute("BEGIN IMMEDIATE")
        (fresh,) = self.writing.apply(self.connection, [Batch(batch)])
        self.connection.execute("COMMIT")
        self.writing.committed()
        return fresh

    @rule(batch=st.lists(rows, min_size=1, max_size=3))
    def fail_to_append(self, batch: list[tuple[Any, ...]]) -> None:
        self.connection.execute("BEGIN IMMEDIATE")
        lost = [
            TelemetryRow(device, f"l{n}", at, self.received_ms, v, source=s)
            for n, (s, device, at, v) in enumerate(batch)
        ]
        self.writing.apply(self.connection, [Batch(lost)])
        self.connection.execute("ROLLBACK")
        self.writing.rolled_back()

    @rule()
    def commit_without_hearing_of_it(self) -> None:
        """The disk said no, and had it all the same."""
        row = TelemetryRow(BOOTH, f"k{len(self.plain)}", NOON_MS + 11, self.received_ms, {"t": 1.5})
        self.connection.execute("BEGIN IMMEDIATE")
        self.writing.apply(self.connection, [Batch([row])])
        self.connection.execute("COMMIT")
        self.writing.rolled_back()
        self.plain.append(row)
        assert self.written([row]) == [False]

    @rule(turns=st.integers(1, 12))
    def compact(self, turns: int) -> None:
        self.writing.compaction.demand()
        for _ in range(turns):
            self.writing.turn(self.connection)

    @rule(times=st.integers(1, 6))
    def lose_power_after_each_turn_and_then_make_a_whole_pass(self, times: int) -> None:
        for _ in range(times):
            self.compact(turns=1)
            self.lose_power()
        self.writing.compaction.demand()
        while self.writing.turn(self.connection):
            pass

    @rule()
    def start_again(self) -> None:
        self.close()
        self.open(self.data)

    @rule()
    def lose_power(self) -> None:
        self.generation += 1
        image = self.folder / str(self.generation)
        shutil.copytree(self.data, image, ignore=shutil.ignore_patterns("*-shm"))
        self.close()
        shutil.rmtree(self.data)
        self.open(image)

    # --- what must hold ---------------------------------------------------------------------------

    @invariant()
    def it_reads_back_as_the_plain_list(self) -> None:
        expected: defaultdict[Meant, list[tuple[int, Value]]] = defaultdict(list)
        for row in self.plain:
            for channel, value in row.values.items():
                expected[meant(row, channel)].append((row.measured_ms, value))
        for points in expected.values():
            points.sort(key=lambda point: point[0])

        wanted = self.writing.registry.picked(EVERYTHING)
        found = query.raw(self.chunks, wanted, START_MS, END_MS, self.recent(wanted))

        told = {of(points.series): list(zip(points.at_ms, map(exact, points.values), strict=True)) for points in found}
        assert told == {
            key: [(at_ms, exact(float(value) if not isinstance(value, str) else value)) for at_ms, value in points]
            for key, points in expected.items()
        }
        assert len(told) == len(found)

        counts = query.counts_by_hour(self.chunks, wanted, START_MS, END_MS, self.recent(wanted))
        assert {of(series): sum(hours.values()) for series, hours in counts.items()} == {
            key: len(points) for key, points in expected.items()
        }

        last = {of(s): self.writing.tails[s.id].last for s in wanted if self.writing.tails[s.id].last[1]}
        assert {key: (at_ms, exact(value)) for key, (at_ms, _, value) in last.items()} == {
            key: (points[-1][0], exact(points[-1][1])) for key, points in expected.items()
        }

    @invariant()
    def it_is_sent_on_as_the_plain_list(self) -> None:
        logged = rows_after(
            self.reader, self.writing.registry, self.writing.tails, self.writing.trimming.deleted, 10_000
        )
        told = [
            {of(series): exact(value) for series, value in row.readings} | {"ms": row.at_ns // 1_000_000}
            for row in logged
        ]
        plain = [
            {meant(row, channel): exact(value) for channel, value in row.values.items()} | {"ms": row.measured_ms}
            for row in self.plain
        ]
        assert told == plain[len(plain) - len(told) :]
        moments = [(of(series), row.at_ns) for row in logged for series, _ in row.readings]
        assert len(set(moments)) == len(moments), "two points of one series at one moment"

    def recent(self, wanted: list[Any]) -> Any:
        windows = range(START_MS // WINDOW_MS, END_MS // WINDOW_MS + 1)
        return gathered(self.reader, self.writing.tails, self.moving, wanted, windows)


def meant(row: TelemetryRow, channel: str) -> Meant:
    measured = row.source.channels.get(channel, Measured()) if row.source else Measured()
    kind = kind_of(row.values[channel])
    return row.device, channel, kind, measured.device_class, measured.unit, row.source.room if row.source else None


def of(series: Any) -> Meant:
    return series.device, series.channel, series.kind, series.device_class, series.unit, series.room


def exact(value: Value) -> str:
    """So that -0.0 is not 0.0; an integer is the float it is kept as."""
    return repr(float(value)) if type(value) is int else repr(value)


AnyHistory.TestCase.settings = settings(
    max_examples=30, stateful_step_count=15, deadline=None, suppress_health_check=list(HealthCheck)
)
TestAnyHistory = AnyHistory.TestCase


def test_parts_that_were_merged_when_the_power_went_are_not_merged_again() -> None:
    house = AnyHistory()
    house.append([(None, BOOTH, NOON_MS - 3 * DAY_MS, {"t": 1.0, "x": 2.0})], 0)
    for _ in range(4):  # a series, the other, then the merge; its parts are still there each time
        house.compact(turns=1)
        house.lose_power()
        house.it_reads_back_as_the_plain_list()
    assert house.chunks.months() == ["2026-02"]

    house.compact(turns=12)

    house.it_reads_back_as_the_plain_list()
    assert house.connection.execute("SELECT count(*) FROM part").fetchone() == (0,)
    house.teardown()
