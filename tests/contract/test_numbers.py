"""What is remembered of devices' numbers: kept whole, beside the log of readings, and read again with the rows after it."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from controller.adapters.telemetry.numbers import NumberFile
from controller.adapters.telemetry.store import TelemetryStore
from controller.domain.history.sequence import Count, Gap
from controller.domain.ids import DeviceId
from controller.errors import StoreError
from controller.services.history.gaps import NumberStore, Remembered
from controller.services.ports import TelemetryRow
from tests.support.memory import MemoryTelemetryLog
from tests.support.memory_numbers import MemoryNumbers

HALL, ROOF = DeviceId("sensor-hall"), DeviceId("sensor-roof")
FULL = Remembered(
    counts={
        HALL: Count("b1", 1, 90, 7, reborn=True, untold=(Gap(40, 41),), untold_beside=3, told=(Gap(9, 9),), missing=6),
        ROOF: Count(first=0, highest=0, stray=3),
    },
    last=(HALL, "b1-90-0123456789abcdef"),
    dropped={"broker:1883": 4_000},
    sessions=frozenset({"access at broker:1883", "telemetry at broker:1883"}),
    at=datetime(2026, 11, 23, 12, 0, 0, 250, tzinfo=UTC),
)


def row(device: DeviceId, number: int) -> TelemetryRow:
    key = f"b1-{number}-{number:016x}"
    return TelemetryRow(device, key, measured_ms=1_000 + number, received_ms=1_000 + number, values={"count": number})


@pytest.fixture(params=["memory", "file"])
async def log_and_store(request, tmp_path: Path):
    if request.param == "memory":
        log = MemoryTelemetryLog()
        yield log, MemoryNumbers(log)
    else:
        async with await TelemetryStore.open(tmp_path / "telemetry.db") as log:
            yield log, await NumberFile.open(tmp_path / "numbers.json", log=tmp_path / "telemetry.db")


async def test_the_rows_after_one_are_all_that_came_later_in_their_order(log_and_store):
    log, store = log_and_store
    rows = [row(HALL, 1), row(ROOF, 1), row(HALL, 2), row(HALL, 4), row(ROOF, 2)]
    await log.append(rows)

    after: NumberStore = store
    assert await after.rows_after((HALL, rows[0].key)) == [(each.device, each.key) for each in rows[1:]]
    assert await after.rows_after((ROOF, rows[4].key)) == []


@pytest.mark.parametrize("last", [(HALL, "another"), (DeviceId("nobody"), "b1-1-0000000000000001")])
async def test_a_row_that_is_not_there_is_said_to_be_missing(log_and_store, last):
    log, store = log_and_store
    await log.append([row(HALL, 1)])

    assert await store.rows_after(last) is None


# --- the file alone ---------------------------------------------------------------------------------------------------


async def opened(folder: Path) -> NumberFile:
    return await NumberFile.open(folder / "numbers.json", log=folder / "telemetry.db")


async def test_everything_that_is_kept_is_read_again(tmp_path: Path):
    await (await opened(tmp_path)).save(FULL)

    assert (await opened(tmp_path)).before == FULL
    assert [path.name for path in tmp_path.iterdir()] == ["numbers.json"]


async def test_before_the_first_run_nothing_is_known_and_nothing_is_made(tmp_path: Path):
    assert (await opened(tmp_path)).before == Remembered()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="empty"),
        pytest.param('{"format": 1, "counts": {', id="cut off"),
        pytest.param("[]", id="a list"),
        pytest.param('{"format": 2}', id="of a newer program"),
        pytest.param(
            '{"format": 1, "last": null, "at": null, "dropped": {}, "sessions": [], "counts": {"a": 1}}', id="no counts"
        ),
    ],
)
async def test_a_file_that_cannot_be_read_is_named_and_counting_begins_anew(tmp_path: Path, text: str, caplog):
    (tmp_path / "numbers.json").write_text(text)

    assert (await opened(tmp_path)).before == Remembered()
    assert f"{tmp_path / 'numbers.json'} cannot be read" in caplog.text


async def test_what_cannot_be_written_leaves_the_last_one_as_it_is(tmp_path: Path):
    store = await opened(tmp_path)
    await store.save(FULL)
    (tmp_path / "numbers.json.new").mkdir()

    with pytest.raises(StoreError, match=r"numbers\.json: cannot be written"):
        await store.save(Remembered())
    assert json.loads((tmp_path / "numbers.json").read_text())["last"] == [HALL, "b1-90-0123456789abcdef"]


async def test_a_log_that_cannot_be_read_is_told_as_one(tmp_path: Path):
    (tmp_path / "telemetry.db").write_bytes(b"no database, whatever it says it is" * 100)

    with pytest.raises(StoreError, match=r"telemetry\.db"):
        await (await opened(tmp_path)).rows_after((HALL, "b1-1-0000000000000001"))
