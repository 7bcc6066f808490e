"""Months of chunks and years of hours on a disk: merged once, forgotten whole, damage hiding nothing else."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from controller.adapters.telemetry.chunks import ChunkFiles, MergeError
from controller.adapters.telemetry.codec import pack, pack_dense
from controller.adapters.telemetry.query import by_step, raw
from controller.adapters.telemetry.rollups import HOUR_MS, WINDOW_MS
from controller.domain.history.values import Kind, Series, SeriesId
from controller.domain.ids import DeviceId
from controller.errors import StoreError

TEMPERATURE = Series(SeriesId(1), DeviceId("booth-sensor"), "temperature", Kind.NUMBER)
CO2 = Series(SeriesId(2), DeviceId("booth-sensor"), "co2", Kind.NUMBER)
NOON_MS = int(datetime(2026, 3, 2, 12, tzinfo=UTC).timestamp() * 1000)
MARCH = NOON_MS // WINDOW_MS
APRIL = MARCH + 31 * 4


@pytest.fixture
def files(tmp_path: Path) -> Iterator[ChunkFiles]:
    with closing(ChunkFiles(tmp_path / "history")) as opened:
        yield opened


def part(window: int, *points: tuple[int, float]) -> bytes:
    """Minutes of the window, and values."""
    at = np.array([window * WINDOW_MS + minute * 60_000 for minute, _ in points], np.int64)
    return pack(at, np.array([value for _, value in points]), Kind.NUMBER)


def points_of(files: ChunkFiles, series: Series = TEMPERATURE, window: int = MARCH) -> list[tuple[int, float]]:
    found = raw(files, [series], window * WINDOW_MS, (window + 1) * WINDOW_MS, {})
    return [
        ((at - window * WINDOW_MS) // 60_000, value)
        for points in found
        for at, value in zip(points.at_ms, points.values, strict=True)
    ]


def counts_of(files: ChunkFiles, series: Series = TEMPERATURE, window: int = MARCH) -> list[int]:
    """Points of each hour that has some."""
    edges = [window * WINDOW_MS + hour * HOUR_MS for hour in range(7)]
    return [count for steps in by_step(files, [series], edges, {}) for count in steps.count]


# --- merging ----------------------------------------------------------------------------------------------------------


def test_parts_become_one_chunk_by_time_and_the_later_of_two_at_one_moment_comes_last(files: ChunkFiles):
    files.merge(
        {(TEMPERATURE.id, MARCH): [(2, part(MARCH, (1, 20.5), (0, 20.0))), (1, part(MARCH, (5, 21.0), (1, 19.0)))]}
    )

    assert points_of(files) == [(0, 20.0), (1, 19.0), (1, 20.5), (5, 21.0)]
    assert len(files.read([TEMPERATURE.id], MARCH, MARCH + 1)) == 1


def test_a_part_that_is_merged_again_is_there_once(files: ChunkFiles):
    parts = {(TEMPERATURE.id, MARCH): [(1, part(MARCH, (0, 20.0))), (2, part(MARCH, (70, 21.0)))]}

    files.merge(parts)
    files.merge(parts)

    assert points_of(files) == [(0, 20.0), (70, 21.0)]
    assert counts_of(files) == [1, 1]


def test_late_points_are_merged_into_the_chunk_and_their_hour(files: ChunkFiles):
    files.merge({(TEMPERATURE.id, MARCH): [(1, part(MARCH, (0, 20.0), (90, 24.0)))]})
    files.merge({(TEMPERATURE.id, MARCH): [(9, part(MARCH, (30, 22.0)))]})

    assert points_of(files) == [(0, 20.0), (30, 22.0), (90, 24.0)]
    (steps,) = by_step(files, [TEMPERATURE], [NOON_MS, NOON_MS + HOUR_MS], {})
    assert (*steps.mean, *steps.low, *steps.high, *steps.count) == (21.0, 20.0, 22.0, 2)


def test_hours_that_were_not_written_after_their_chunk_are_written_by_the_next_try(files: ChunkFiles):
    """As after a kill between the two files' commits: the parts are there still, and come again."""
    parts = {(TEMPERATURE.id, MARCH): [(1, part(MARCH, (0, 20.0)))]}
    files.merge(parts)
    with closing(sqlite3.connect(files.folder / "rollup-2026.db")) as connection:
        connection.execute("DELETE FROM hours")
        connection.commit()

    files.merge(parts)

    assert counts_of(files) == [1]


def test_a_merge_of_two_months_writes_a_file_for_each(files: ChunkFiles):
    files.merge({(TEMPERATURE.id, window): [(1, part(window, (0, 20.0)))] for window in (MARCH, APRIL)})

    assert files.months() == ["2026-03", "2026-04"]
    assert files.years() == [2026]


def test_the_highest_number_ever_merged_outlives_a_start(files: ChunkFiles):
    assert files.highest_part() == 0
    files.merge(
        {(TEMPERATURE.id, MARCH): [(41, part(MARCH, (0, 20.0)))], (CO2.id, APRIL): [(7, part(APRIL, (0, 600.0)))]}
    )
    files.close()

    assert ChunkFiles(files.folder).highest_part() == 41


def test_texts_and_switches_are_merged_as_what_they_are(files: ChunkFiles):
    at = np.array([NOON_MS, NOON_MS + 1], np.int64)
    mode = Series(SeriesId(3), DeviceId("hvac"), "mode", Kind.TEXT)
    motion = Series(SeriesId(4), DeviceId("hvac"), "motion", Kind.SWITCH)
    files.merge({
        (mode.id, MARCH): [(1, pack(at, ["heat", "off"], Kind.TEXT)), (2, pack(at + 5, ["cool", "off"], Kind.TEXT))],
        (motion.id, MARCH): [(3, pack(at, np.array([1.0, 0.0]), Kind.SWITCH))],
    })  # fmt: skip

    assert [value for _, value in points_of(files, mode)] == ["heat", "off", "cool", "off"]
    assert [value for _, value in points_of(files, motion)] == [1.0, 0.0]
    assert by_step(files, [mode], [NOON_MS, NOON_MS + HOUR_MS], {}) == []
    assert list(by_step(files, [motion], [NOON_MS, NOON_MS + HOUR_MS], {})[0].mean) == [0.5]


# --- forgetting -------------------------------------------------------------------------------------------------------


def test_a_month_is_forgotten_with_its_file_and_its_hours_stay(files: ChunkFiles):
    files.merge(
        {(TEMPERATURE.id, MARCH): [(1, part(MARCH, (0, 20.0)))], (TEMPERATURE.id, APRIL): [(2, part(APRIL, (0, 21.0)))]}
    )
    points_of(files)  # a reader has it open

    files.unlink_month("2026-03")

    assert [path.name for path in files.folder.glob("2026-03*")] == []
    assert points_of(files) == []
    assert counts_of(files) == [1]
    assert points_of(files, window=APRIL) == [(0, 21.0)]


def test_what_comes_late_for_a_forgotten_month_is_counted_once_in_its_hours(files: ChunkFiles):
    files.merge({(TEMPERATURE.id, MARCH): [(1, part(MARCH, (0, 20.0), (1, 21.0)))]})
    files.unlink_month("2026-03")
    late = {(TEMPERATURE.id, MARCH): [(2, part(MARCH, (2, 25.0)))], (CO2.id, MARCH): [(3, part(MARCH, (2, 600.0)))]}

    files.merge(late)
    files.merge(late)

    (steps,) = by_step(files, [TEMPERATURE], [NOON_MS, NOON_MS + HOUR_MS], {})
    assert (*steps.mean, *steps.low, *steps.high, *steps.count) == (22.0, 20.0, 25.0, 3)
    assert counts_of(files, CO2) == [1]
    assert files.months() == []


def test_where_only_hours_are_left_each_counts_to_the_step_it_begins_in(files: ChunkFiles):
    files.merge({(TEMPERATURE.id, MARCH): [(1, part(MARCH, (5, 20.0), (55, 22.0)))]})
    half_hours = [NOON_MS, NOON_MS + HOUR_MS // 2, NOON_MS + HOUR_MS]
    (with_points,) = by_step(files, [TEMPERATURE], half_hours, {})

    files.unlink_month("2026-03")

    (with_hours,) = by_step(files, [TEMPERATURE], half_hours, {})
    assert list(with_points.count) == [1, 1]
    assert (list(with_hours.start_ms), list(with_hours.count), list(with_hours.mean)) == ([NOON_MS], [2], [21.0])


def test_a_year_is_forgotten_with_the_months_that_are_left_of_it(files: ChunkFiles):
    files.merge({(TEMPERATURE.id, MARCH): [(1, part(MARCH, (0, 20.0)))]})

    files.unlink_year(2026)

    assert (files.months(), files.years(), files.size_bytes()) == ([], [], 0)


def test_a_year_that_was_forgotten_may_begin_again(files: ChunkFiles):
    files.merge({(TEMPERATURE.id, MARCH): [(1, part(MARCH, (0, 20.0)))]})
    files.unlink_year(2026)

    files.merge({(TEMPERATURE.id, MARCH): [(2, part(MARCH, (0, 23.0)))]})

    assert points_of(files) == [(0, 23.0)]


def test_hours_that_were_moved_aside_are_counted_anew_from_the_points(files: ChunkFiles):
    files.merge({(TEMPERATURE.id, window): [(window, part(window, (0, 20.0)))] for window in (MARCH, APRIL)})
    files.close()
    for path in files.folder.glob("rollup-2026.db*"):
        path.unlink()
    again = ChunkFiles(files.folder)

    again.merge({(CO2.id, MARCH): [(1, part(MARCH, (0, 600.0)))]})

    assert [counts_of(again, window=window) for window in (MARCH, APRIL)] == [[1], [1]]
    assert again.highest_part() == APRIL


# --- damage -----------------------------------------------------------------------------------------------------------


def set_points(files: ChunkFiles, window: int, blob: bytes) -> None:
    with closing(sqlite3.connect(files.folder / "2026-03.db")) as connection:
        connection.execute("UPDATE chunk SET points = ? WHERE id = ?", (blob, TEMPERATURE.id << 32 | window))
        connection.commit()


@pytest.mark.parametrize("blob", [b"", b"\x4d\1\0\0\0new", b"\1\1\0\0\0damaged"], ids=["empty", "newer", "damaged"])
def test_a_chunk_that_cannot_be_read_hides_no_other(files: ChunkFiles, blob: bytes):
    files.merge({(TEMPERATURE.id, window): [(1, part(window, (0, 20.0)))] for window in (MARCH, MARCH + 1)})
    set_points(files, MARCH, blob)

    assert points_of(files) == []
    assert points_of(files, window=MARCH + 1) == [(0, 20.0)]
    assert list(files.unreadable()) == [f"{files.folder}/2026-03.db, series 1, 2026-03-02 12:00"]


def test_hours_that_were_cut_off_hide_no_other(files: ChunkFiles):
    files.merge({(TEMPERATURE.id, window): [(1, part(window, (0, 20.0)))] for window in (MARCH, MARCH + 1)})
    with closing(sqlite3.connect(files.folder / "rollup-2026.db")) as connection:
        connection.execute("UPDATE hours SET body = x'00' WHERE id = ?", (TEMPERATURE.id << 32 | MARCH,))
        connection.commit()

    assert (counts_of(files), counts_of(files, window=MARCH + 1)) == ([], [1])
    assert list(files.unreadable()) == [f"{files.folder}/rollup-2026.db, series 1, 2026-03-02 12:00"]

    files.unlink_month("2026-03")
    files.merge({(TEMPERATURE.id, MARCH): [(2, part(MARCH, (0, 20.0)))]})
    assert counts_of(files) == [1]


def test_late_points_for_a_damaged_chunk_land_and_its_bytes_are_set_aside(files: ChunkFiles):
    files.merge({(TEMPERATURE.id, MARCH): [(1, part(MARCH, (0, 20.0), (1, 22.0)))]})
    set_points(files, MARCH, b"\1 damaged")

    for late in ((2, part(MARCH, (2, 24.0))), (3, part(MARCH, (3, 26.0)))):
        files.merge({(TEMPERATURE.id, MARCH): [late]})
        files.merge({(TEMPERATURE.id, MARCH): [late]})

    assert points_of(files) == [(2, 24.0), (3, 26.0)]
    (steps,) = by_step(files, [TEMPERATURE], [NOON_MS, NOON_MS + HOUR_MS], {})
    assert (*steps.mean, *steps.count) == (23.0, 4)
    with closing(sqlite3.connect(files.folder / "2026-03.db")) as connection:
        assert connection.execute("SELECT was_chunk, points FROM set_aside").fetchall() == [(1, b"\1 damaged")]


def test_a_damaged_part_is_set_aside_and_the_others_are_merged(files: ChunkFiles):
    files.merge({(TEMPERATURE.id, MARCH): [(1, b"\6 damaged"), (2, part(MARCH, (2, 24.0)))]})
    files.merge({(TEMPERATURE.id, MARCH): [(3, part(MARCH, (3, 25.0)))]})

    assert points_of(files) == [(2, 24.0), (3, 25.0)]
    assert counts_of(files) == [2]
    with closing(sqlite3.connect(files.folder / "2026-03.db")) as connection:
        assert connection.execute("SELECT was_chunk, points FROM set_aside").fetchall() == [(0, b"\6 damaged")]


def test_a_page_that_is_damaged_hides_no_other(files: ChunkFiles):
    noise = np.random.default_rng(3).normal(size=(40, 360))
    minutes = np.arange(360) * 60_000
    files.merge({
        (TEMPERATURE.id, window): [(1, pack(window * WINDOW_MS + minutes, noise[window - MARCH], Kind.NUMBER))]
        for window in range(MARCH, MARCH + 40)
    })  # fmt: skip
    files.close()
    path = files.folder / "2026-03.db"
    with closing(sqlite3.connect(path)) as connection:
        (page,) = (
            connection.execute(
                "SELECT pageno FROM dbstat WHERE name = 'chunk' AND pagetype = 'leaf' ORDER BY pageno LIMIT 1 OFFSET 3"
            ).fetchone()
            if _has_dbstat(connection)
            else (6,)
        )
    with path.open("r+b") as file:
        file.seek((page - 1) * 8192)
        file.write(b"\xff" * 100)

    found = raw(again := ChunkFiles(files.folder), [TEMPERATURE], MARCH * WINDOW_MS, (MARCH + 40) * WINDOW_MS, {})

    assert 36 * 360 <= len(found[0].at_ms) < 40 * 360
    assert any("2026-03.db" in place for place in again.unreadable())


def _has_dbstat(connection: sqlite3.Connection) -> bool:
    try:
        connection.execute("SELECT 1 FROM dbstat LIMIT 1")
    except sqlite3.OperationalError:
        return False
    return True


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:9000])


def _overwrite(path: Path) -> None:
    path.write_bytes(b"no database" * 1000)


@pytest.mark.parametrize("ruin", [_cut, _overwrite], ids=["cut off", "overwritten"])
def test_a_month_whose_file_is_ruined_stops_no_other(files: ChunkFiles, ruin: Callable[[Path], None]):
    files.merge({(TEMPERATURE.id, window): [(1, part(window, (0, 20.0)))] for window in (MARCH, APRIL)})
    files.close()
    ruin(files.folder / "2026-03.db")
    again = ChunkFiles(files.folder)

    with pytest.raises(MergeError, match=r"2026-03\.db") as failed:
        again.merge({(TEMPERATURE.id, window): [(2, part(window, (1, 21.0)))] for window in (MARCH, APRIL)})

    assert failed.value.merged == {(TEMPERATURE.id, APRIL)}
    assert points_of(again, window=APRIL) == [(0, 20.0), (1, 21.0)]
    assert points_of(again) == []


def test_a_year_whose_file_is_ruined_keeps_nothing_from_starting(files: ChunkFiles):
    files.merge({(TEMPERATURE.id, MARCH): [(1, part(MARCH, (0, 20.0)))]})
    files.close()
    _overwrite(files.folder / "rollup-2026.db")
    again = ChunkFiles(files.folder)

    assert again.highest_part() == 0
    assert points_of(again) == [(0, 20.0)]
    assert counts_of(again) == []
    assert list(again.unreadable()) == [f"{files.folder}/rollup-2026.db"]


# --- beside each other ------------------------------------------------------------------------------------------------


def test_who_reads_holds_up_no_merge_and_sees_the_one_before(files: ChunkFiles):
    files.merge({(TEMPERATURE.id, MARCH): [(1, part(MARCH, (0, 20.0)))]})
    with closing(sqlite3.connect(files.folder / "2026-03.db", isolation_level=None)) as reading:
        reading.execute("BEGIN")
        reading.execute("SELECT * FROM chunk").fetchall()

        files.merge({(TEMPERATURE.id, MARCH): [(2, part(MARCH, (1, 21.0)))]})
        files.close()  # writes back what it may

        assert reading.execute("SELECT upto FROM chunk").fetchone() == (1,)
    assert points_of(files) == [(0, 20.0), (1, 21.0)]


def test_a_connection_that_reads_cannot_write(files: ChunkFiles):
    files.merge({(TEMPERATURE.id, MARCH): [(1, part(MARCH, (0, 20.0)))]})

    def write() -> None:
        with files._files.reader(files.folder / "2026-03.db") as connection:
            assert connection is not None
            connection.execute("DELETE FROM chunk")

    with pytest.raises(StoreError, match="it is read-only"):
        write()
    assert points_of(files) == [(0, 20.0)]


def test_files_are_nobody_elses_to_read_and_of_pages_that_fit_chunks(files: ChunkFiles):
    files.merge({(TEMPERATURE.id, MARCH): [(1, part(MARCH, (0, 20.0)))]})

    for path in files.folder.glob("*.db"):
        assert path.stat().st_mode & 0o077 == 0
        with closing(sqlite3.connect(path)) as connection:
            assert connection.execute("PRAGMA page_size").fetchone() == (8192,)
            assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_a_chunk_of_nothing_is_no_chunk_of_points(files: ChunkFiles):
    set_aside = pack_dense(np.empty(0, np.int64), [], Kind.TEXT)

    files.merge({(TEMPERATURE.id, MARCH): [(1, set_aside), (2, part(MARCH, (0, 20.0)))]})

    assert points_of(files) == [(0, 20.0)]
