"""What every TelemetryLog promises, on the in-memory twin and on SQLite."""

import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controller.adapters.telemetry.log import REFUSED_COUNTS_PER_MINUTE, REFUSED_PER_DEVICE, REFUSED_PER_MINUTE
from controller.adapters.telemetry.store import TelemetryStore
from controller.domain.ids import DeviceId
from controller.errors import StartupError
from controller.services.ports import RefusedMessage, TelemetryLog, TelemetryRow
from tests.support.memory import MemoryTelemetryLog

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
NOON_MS = int(NOON.timestamp() * 1000)
DAY_MS = 24 * 3600 * 1000
BOOTH = DeviceId("booth-sensor")
READING = TelemetryRow(BOOTH, "7-1", NOON_MS, NOON_MS + 40, {"temperature": 21.5, "co2": 612.0})
REFUSED = RefusedMessage(NOON, "natoma/1/booth-sensor/up/telemetry", BOOTH, "bad_json", hint="a comma too many")


@pytest.fixture(params=["memory", "sqlite"])
async def log(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[TelemetryLog]:
    async with AsyncExitStack() as stack:
        if request.param == "memory":
            yield MemoryTelemetryLog()
        else:
            yield await stack.enter_async_context(await TelemetryStore.open(tmp_path / "t.db", deadline_s=30))


async def test_a_reading_is_new_once(log: TelemetryLog) -> None:
    assert await log.append([READING]) == [True]
    assert await log.append([READING]) == [False]


async def test_a_group_tells_which_of_its_rows_were_new(log: TelemetryLog) -> None:
    await log.append([READING])
    other = replace(READING, key="7-2")

    assert await log.append([other, READING, other, replace(READING, key="7-3")]) == [True, False, False, True]


async def test_two_devices_may_use_one_key(log: TelemetryLog) -> None:
    await log.append([READING])

    assert await log.append([replace(READING, device=DeviceId("classroom-sensor"))]) == [True]


async def test_a_key_used_again_after_a_day_is_another_message(log: TelemetryLog) -> None:
    await log.append([READING])
    next_day = replace(READING, received_ms=READING.received_ms + DAY_MS, measured_ms=NOON_MS + DAY_MS)

    assert await log.append([next_day]) == [True]
    assert await log.append([next_day]) == [False]


async def test_newest_is_what_was_measured_last_however_it_arrived(log: TelemetryLog) -> None:
    late = TelemetryRow(BOOTH, "7-0", NOON_MS - 60_000, NOON_MS + 90, {"temperature": 19.0, "sound": 40.5})

    await log.append([READING])
    await log.append([late])

    assert await log.newest() == {
        BOOTH: {"temperature": (NOON_MS, 21.5), "co2": (NOON_MS, 612.0), "sound": (NOON_MS - 60_000, 40.5)}
    }


async def test_of_two_values_measured_at_once_the_later_arrival_is_newest(log: TelemetryLog) -> None:
    await log.append([READING, replace(READING, key="7-2", values={"temperature": 22.5})])

    assert (await log.newest())[BOOTH]["temperature"] == (NOON_MS, 22.5)


async def test_newest_keeps_what_kind_of_value_it_is(log: TelemetryLog) -> None:
    await log.append([replace(READING, values={"motion": True, "quiet": False, "air": "good", "count": 1.0})])

    newest = (await log.newest())[BOOTH]

    assert newest["motion"][1] is True
    assert newest["quiet"][1] is False
    assert newest["air"][1] == "good"
    assert isinstance(newest["count"][1], float)


async def test_no_reading_yet_is_no_newest_value(log: TelemetryLog) -> None:
    assert await log.append([]) == []
    assert await log.newest() == {}


async def test_refused_messages_are_taken_with_and_without_readings(log: TelemetryLog) -> None:
    assert await log.append([], [REFUSED]) == []
    assert await log.append([READING], [REFUSED]) == [True]


rows = st.builds(
    TelemetryRow,
    device=st.sampled_from([BOOTH, DeviceId("classroom-sensor")]),
    key=st.sampled_from(["a", "b", "c", "d"]),
    measured_ms=st.integers(NOON_MS, NOON_MS + 3),
    received_ms=st.integers(0, 3).map(lambda days: NOON_MS + days * DAY_MS // 2),
    values=st.dictionaries(
        st.sampled_from(["temperature", "motion"]),
        st.one_of(st.integers(-400, 400).map(lambda tenths: tenths / 10), st.booleans(), st.sampled_from(["", "é"])),
    ),
)


@settings(max_examples=20, deadline=None)  # each opens files, and several when it starts again
@given(groups=st.lists(st.lists(rows, max_size=5), max_size=5), restart=st.booleans())
async def test_whatever_arrives_twin_and_sqlite_agree(
    groups: list[list[TelemetryRow]], restart: bool, tmp_path_factory: pytest.TempPathFactory
) -> None:
    twin = MemoryTelemetryLog()
    path = tmp_path_factory.mktemp("log") / "telemetry.db"
    real = await TelemetryStore.open(path, deadline_s=30)
    for group in groups:
        assert await real.append(group) == await twin.append(group)
        if restart:  # closing folds what is new into the table that a start reads
            await real.close()
            real = await TelemetryStore.open(path, deadline_s=30)
    expected = {device: dict(channels) for device, channels in (await twin.newest()).items() if channels}
    assert await real.newest() == expected
    await real.close()


async def test_a_flood_of_refusals_is_counted_whole_and_kept_in_part(tmp_path: Path) -> None:
    def ask(question: str) -> object:
        with closing(sqlite3.connect(tmp_path / "t.db")) as connection:
            return connection.execute(question).fetchone()[0]

    async with await TelemetryStore.open(tmp_path / "t.db", deadline_s=30) as log:
        for _ in range(10):
            await log.append([], [REFUSED] * 100)
        assert ask("SELECT count(*) FROM refused") == REFUSED_PER_DEVICE
        assert ask("SELECT sum(seen) FROM refused_count") == 1000

        await log.append([], [replace(REFUSED, device=DeviceId(f"d-{n}")) for n in range(1000)])
        assert ask("SELECT count(*) FROM refused") == REFUSED_PER_MINUTE

        await log.append([], [replace(REFUSED, at=NOON + timedelta(minutes=1))])
        assert ask("SELECT count(*) FROM refused") == REFUSED_PER_MINUTE + 1
        assert ask("SELECT sum(seen) FROM refused_count") == 2001


async def test_invented_names_of_any_length_grow_the_counts_by_so_many_rows_a_minute(tmp_path: Path) -> None:
    def ask(question: str) -> list[tuple[object, ...]]:
        with closing(sqlite3.connect(tmp_path / "t.db")) as connection:
            return connection.execute(question).fetchall()

    names = [DeviceId(f"{n}-{'x' * 2000}") for n in range(1000)]
    async with await TelemetryStore.open(tmp_path / "t.db", deadline_s=30) as log:
        for minute in range(3):
            at = NOON + timedelta(minutes=minute)
            await log.append([], [replace(REFUSED, at=at, device=name) for name in names])

    assert ask("SELECT count(*), sum(seen) FROM refused_count") == [(3 * (REFUSED_COUNTS_PER_MINUTE + 1), 3000)]
    assert ask("SELECT sum(seen) FROM refused_count WHERE device = 'others'") == [
        (3 * (1000 - REFUSED_COUNTS_PER_MINUTE),)
    ]
    assert ask("SELECT max(length(device)) FROM refused_count UNION SELECT max(length(device)) FROM refused") == [(80,)]


@pytest.mark.parametrize("rows", [1, 3000])
async def test_a_start_finds_the_newest_values_without_the_whole_log(
    rows: int, tmp_path: Path, many: Callable[[int], list[TelemetryRow]]
) -> None:
    async with await TelemetryStore.open(tmp_path / "t.db", deadline_s=30) as log:
        await log.append(many(rows))
        await log.compact()
        before = await log.newest()

    with closing(sqlite3.connect(tmp_path / "t.db")) as connection:
        behind = connection.execute("SELECT count(*) FROM log WHERE n > (SELECT compacted FROM place)").fetchone()
    assert behind == (0,)
    async with await TelemetryStore.open(tmp_path / "t.db", deadline_s=30) as log:
        assert await log.newest() == before


@pytest.fixture
def many() -> Callable[[int], list[TelemetryRow]]:
    return lambda count: [
        replace(READING, key=f"7-{n}", measured_ms=NOON_MS + n, values={"temperature": n / 10}) for n in range(count)
    ]


async def test_a_file_with_damage_in_it_is_not_started_on(tmp_path: Path) -> None:
    path = tmp_path / "t.db"
    async with await TelemetryStore.open(path) as log:
        await log.append([replace(READING, key=str(n)) for n in range(200)])
    with path.open("r+b") as file:
        file.seek(4096 * 2)
        file.write(b"\xa5" * 4096)

    with pytest.raises(StartupError, match="is damaged"):
        await TelemetryStore.open(path)
