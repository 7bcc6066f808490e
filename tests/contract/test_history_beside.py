"""History as another process reads it: the same as the writer's own, whatever the writer does meanwhile."""

import asyncio
import sqlite3
from collections import Counter
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controller.adapters.telemetry.beside import HistoryBeside
from controller.adapters.telemetry.store import TelemetryStore
from controller.domain.history.values import EVERYTHING, Measured, Selection, Source, Span
from controller.domain.ids import AreaId, DeviceId
from controller.errors import InputError, StartupError
from controller.services.ports import TelemetryRow

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
NOON_MS = round(NOON.timestamp() * 1000)
HOUR_MS = 3_600_000
SPAN = Span(NOON - timedelta(days=60), NOON + timedelta(days=60))
BOOTH = Source(DeviceId("booth"), AreaId("booth"), {"co2": Measured("carbon_dioxide", "ppm"), "on": Measured("light")})


def row(number: int, at_ms: int) -> TelemetryRow:
    values: dict[str, float | bool | str] = {"co2": float(number), "on": number % 2 == 0, "mode": f"mode {number % 3}"}
    return TelemetryRow(BOOTH.device, str(number), at_ms, NOON_MS + number, values, source=BOOTH)


async def told(history: HistoryBeside | TelemetryStore) -> list[object]:
    """All of it, as values that compare."""
    edges = range(NOON_MS - 1440 * HOUR_MS, NOON_MS + 1440 * HOUR_MS, 24 * HOUR_MS)
    points = await history.raw(EVERYTHING, SPAN)
    steps = await history.by_step(EVERYTHING, edges)
    counts = await history.counts_by_hour(EVERYTHING, SPAN)
    return [
        history.series(EVERYTHING),
        sorted(history.last(EVERYTHING), key=lambda last: last.series.id),
        sorted((one.series.id, list(one.at_ms), list(one.values)) for one in points),
        sorted((one.series.id, list(one.start_ms), list(one.low), list(one.high), list(one.count)) for one in steps),
        {series.id: dict(hours) for series, hours in counts.items()},
    ]


async def test_what_the_writer_has_only_in_memory_is_there(tmp_path: Path) -> None:
    async with await TelemetryStore.open(tmp_path / "telemetry.db", deadline_s=30) as store:
        await store.append([row(n, NOON_MS + n * 60_000) for n in range(100)])
        async with await HistoryBeside.open(tmp_path / "telemetry.db") as beside:
            assert await told(beside) == await told(store)
            assert [last.value for last in beside.last(Selection(channel="co2"))] == [99.0]


async def test_what_is_merged_while_one_reads_is_there_once(tmp_path: Path) -> None:
    async with await TelemetryStore.open(tmp_path / "telemetry.db", deadline_s=30) as store:
        await store.append([row(n, NOON_MS - n * 4 * HOUR_MS) for n in range(50)])
        async with await HistoryBeside.open(tmp_path / "telemetry.db") as beside:
            before = await told(beside)
            await store.compact()

            assert await told(beside) == before
            assert await told(beside) == await told(store)


async def test_what_is_merged_in_the_middle_of_a_question_is_there_once(tmp_path: Path) -> None:
    async with await TelemetryStore.open(tmp_path / "telemetry.db", deadline_s=30) as store:
        await store.append([row(n, NOON_MS - n * 4 * HOUR_MS) for n in range(50)])
        async with await HistoryBeside.open(tmp_path / "telemetry.db") as beside:
            loop, read = asyncio.get_running_loop(), beside._chunks.read
            merged: list[None] = []

            def read_late(*asked: Any) -> Any:
                """The log is read; before the months are, its points are put into them."""
                if not merged:
                    asyncio.run_coroutine_threadsafe(store.compact(), loop).result()
                    merged.append(None)
                return read(*asked)

            beside._chunks.read = read_late  # type: ignore[method-assign,assignment]
            (co2,) = await beside.raw(Selection(channel="co2"), SPAN)

            assert merged
            assert list(co2.values) == [float(n) for n in range(49, -1, -1)]


async def test_without_a_service_the_files_say_the_same(tmp_path: Path) -> None:
    async with await TelemetryStore.open(tmp_path / "telemetry.db", deadline_s=30) as store:
        await store.append([row(n, NOON_MS - n * HOUR_MS) for n in range(50)])
        await store.compact()
        await store.append([row(n, NOON_MS + n * HOUR_MS) for n in range(50, 60)])
        whole = await told(store)

    async with await HistoryBeside.open(tmp_path / "telemetry.db") as beside:
        assert await told(beside) == whole
        assert await beside.by_step(EVERYTHING, [NOON_MS]) == []


@given(st.lists(st.one_of(st.integers(-200, 200), st.sampled_from(["compact", "look"])), max_size=12))
@settings(max_examples=12, deadline=None)
def test_whatever_the_writer_does_between_two_questions_no_point_is_there_twice(
    done: list[int | str],
) -> None:
    async def live(folder: Path) -> None:
        written: Counter[float] = Counter()
        async with await TelemetryStore.open(folder / "telemetry.db", deadline_s=30) as store:
            await store.append([row(0, NOON_MS)])
            written[0.0] += 1
            async with await HistoryBeside.open(folder / "telemetry.db") as kept:
                for number, what in enumerate(done, 1):
                    if isinstance(what, int):
                        await store.append([row(number, NOON_MS + what * HOUR_MS)])
                        written[float(number)] += 1
                    elif what == "compact":
                        await store.compact()
                    found = Counter(v for one in await kept.raw(Selection(channel="co2"), SPAN) for v in one.values)
                    assert found <= written
                async with await HistoryBeside.open(folder / "telemetry.db") as fresh:
                    assert await told(fresh) == await told(store)

    with TemporaryDirectory() as folder:
        asyncio.run(live(Path(folder)))


async def test_reading_leaves_the_files_as_they_are(tmp_path: Path) -> None:
    async with await TelemetryStore.open(tmp_path / "telemetry.db", deadline_s=30) as store:
        await store.append([row(1, NOON_MS)])
    before = (tmp_path / "telemetry.db").read_bytes()

    async with await HistoryBeside.open(tmp_path / "telemetry.db") as beside:
        await told(beside)

    assert (tmp_path / "telemetry.db").read_bytes() == before


async def test_a_file_that_is_not_there_or_of_another_version_says_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "telemetry.db"
    with pytest.raises(InputError, match="nothing was measured here yet"):
        await HistoryBeside.open(path)

    async with await TelemetryStore.open(path, deadline_s=30):
        pass
    for version, said in ((1, "an older Natoma: run this one once first"), (99, "a newer Natoma: ask with that one")):
        with closing(sqlite3.connect(path)) as connection:
            connection.execute(f"PRAGMA user_version={version}")
        with pytest.raises(InputError, match=said):
            await HistoryBeside.open(path)

    path.write_bytes(b"no database")
    with pytest.raises(StartupError):
        await HistoryBeside.open(path)
