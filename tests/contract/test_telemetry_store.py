"""What the store of readings does beyond its ports: bad input, files of an older program, rows that leave the log."""

import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from controller.adapters.telemetry.schema import bring_up
from controller.adapters.telemetry.store import TelemetryStore
from controller.adapters.telemetry.trimming import KEPT_MS, Consumers
from controller.domain.history.budget import OF_A_DEVICE, PER_MINUTE, Bound
from controller.domain.history.values import EVERYTHING, Kind, Measured, Selection, Source, Span
from controller.domain.ids import AreaId, DeviceId
from controller.services.history.news import MeaningChanged, ReadingsShed, SeriesTurnedAway, StoreNews
from controller.services.ports import TelemetryRow

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
NOON_MS = int(NOON.timestamp() * 1000)
HOUR_MS = 3_600_000
BOOTH = DeviceId("booth-sensor")
WARM = Source(BOOTH, AreaId("booth"), {"t": Measured("temperature", "°C")})
ALL_TIME = Span(datetime(1970, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC))


def reading(key: str, values: dict[str, Any], at_ms: int = NOON_MS, source: Source | None = WARM) -> TelemetryRow:
    return TelemetryRow(BOOTH, key, at_ms, at_ms + 40, values, source=source)


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[TelemetryStore]:
    async with await TelemetryStore.open(tmp_path / "telemetry.db", deadline_s=30) as store:
        yield store


@pytest.fixture
def news(store: TelemetryStore) -> list[StoreNews]:
    told: list[StoreNews] = []
    store.listen(told.append)
    return told


def refused(folder: Path) -> dict[str, int]:
    with closing(sqlite3.connect(folder / "telemetry.db")) as connection:
        return dict(connection.execute("SELECT reason, sum(seen) FROM refused_count GROUP BY reason").fetchall())


# --- bad input --------------------------------------------------------------------------------------------------------


async def test_a_channel_whose_type_changes_begins_another_series_and_both_are_asked_for_together(
    store: TelemetryStore, news: list[StoreNews]
) -> None:
    await store.append([reading("1", {"t": 21.5}), reading("2", {"t": "warm"}, NOON_MS + 1)])

    number, text = await store.raw(Selection(BOOTH, "t"), ALL_TIME)
    assert (list(number.values), text.values) == ([21.5], ["warm"])
    assert (number.series.kind, text.series.kind) == (Kind.NUMBER, Kind.TEXT)
    assert news == [MeaningChanged(number.series, text.series)]


async def test_a_unit_that_changes_begins_another_series_and_the_old_points_keep_theirs(
    store: TelemetryStore, news: list[StoreNews]
) -> None:
    fahrenheit = Source(BOOTH, AreaId("booth"), {"t": Measured("temperature", "°F")})
    await store.append([reading("1", {"t": 21.5})])
    await store.append([reading("2", {"t": 70.7}, NOON_MS + 1, fahrenheit)])
    await store.append([reading("3", {"t": 21.6}, NOON_MS + 2)])

    points = {p.series.unit: list(p.values) for p in await store.raw(Selection(BOOTH, "t"), ALL_TIME)}
    assert points == {"°C": [21.5, 21.6], "°F": [70.7]}
    assert [(one.was.unit, one.now.unit) for one in news if isinstance(one, MeaningChanged)] == [
        ("°C", "°F"),
        ("°F", "°C"),
    ]


async def test_a_source_that_says_the_same_again_goes_on_with_its_series(store: TelemetryStore) -> None:
    again = Source(BOOTH, AreaId("booth"), {"t": Measured("temperature", "°C")})
    await store.append([reading("1", {"t": 21.5}), reading("2", {"t": 21.6}, NOON_MS + 1, again)])

    assert len(store.series(EVERYTHING)) == 1


@pytest.mark.parametrize("value", [float("inf"), float("nan"), 10**400])
async def test_a_number_nobody_can_keep_is_refused_and_what_came_with_it_lands(
    value: float, store: TelemetryStore, tmp_path: Path
) -> None:
    assert await store.append([reading("1", {"x": value, "t": 21.5})]) == [True]

    assert [(last.series.channel, last.value) for last in store.last(EVERYTHING)] == [("t", 21.5)]
    assert refused(tmp_path) == {"out_of_range": 1}


@pytest.mark.parametrize("at_ms", [-1, 253_402_300_800_000])
async def test_a_time_no_calendar_has_is_refused_and_the_rest_of_the_batch_lands(
    at_ms: int, store: TelemetryStore, tmp_path: Path
) -> None:
    odd = TelemetryRow(BOOTH, "1", at_ms, NOON_MS, {"t": 1.0, "x": 2.0}, source=WARM)

    assert await store.append([odd, reading("2", {"t": 21.5})]) == [True, True]

    assert [list(points.values) for points in await store.raw(EVERYTHING, ALL_TIME)] == [[21.5]]
    assert refused(tmp_path) == {"stale": 2}


async def test_points_of_1970_and_2090_are_kept_where_they_say_and_go_to_months_of_their_own(
    store: TelemetryStore,
) -> None:
    in_2090 = int(datetime(2090, 6, 1, tzinfo=UTC).timestamp() * 1000)
    await store.append([reading("1", {"t": 1.0}, 5), reading("2", {"t": 2.0}, in_2090), reading("3", {"t": 3.0})])
    await store.compact()

    (points,) = await store.raw(EVERYTHING, ALL_TIME)
    assert list(points.values) == [1.0, 3.0, 2.0]


async def test_half_of_a_surrogate_pair_is_kept_as_a_replacement(store: TelemetryStore) -> None:
    await store.append([reading("1", {"mood": "\ud83d\ude00 \ud800"})])
    await store.compact()

    (points,) = await store.raw(EVERYTHING, ALL_TIME)
    assert points.values == ["😀 �"]


async def test_a_flood_of_new_series_is_refused_beyond_the_bounds_and_what_is_good_in_it_lands(
    store: TelemetryStore, news: list[StoreNews], tmp_path: Path
) -> None:
    await store.append([reading("1", {"t": 21.5})])
    for batch in range(12):
        flood = [
            TelemetryRow(
                DeviceId(f"liar-{batch}"),
                f"{batch}-{n}",
                NOON_MS + n,
                NOON_MS + n,
                {f"c{n}-{channel}": 1.0 for channel in range(100)},
            )
            for n in range(12)
        ]
        good = reading(f"good-{batch}", {"t": 20.0 + batch}, NOON_MS + batch + 1)
        assert all(await store.append([*flood, good]))
    await store.compact()

    series = store.series(EVERYTHING)
    assert len(series) == PER_MINUTE
    assert len([one for one in series if one.device == "liar-0"]) == OF_A_DEVICE
    (points,) = await store.raw(Selection(BOOTH), ALL_TIME)
    assert len(points.values) == 13
    assert refused(tmp_path) == {"rate_limited": 12 * 1200 - (PER_MINUTE - 1)}
    turned_away = [one for one in news if isinstance(one, SeriesTurnedAway)]
    assert {one.bound for one in turned_away} <= {Bound.MINUTE, Bound.DEVICE}
    assert turned_away


# --- a file of an older program ---------------------------------------------------------------------------------------

_SCHEMA_1 = """
CREATE TABLE device (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
CREATE TABLE log (n INTEGER PRIMARY KEY, device_id INTEGER NOT NULL, key TEXT, measured_ms INTEGER NOT NULL,
    received_ms INTEGER NOT NULL, flags TEXT, body TEXT NOT NULL, set_aside TEXT);
CREATE UNIQUE INDEX log_key ON log (device_id, key);
CREATE TABLE newest (device_id INTEGER NOT NULL, channel TEXT NOT NULL, measured_ms INTEGER NOT NULL, value,
    is_bool INTEGER NOT NULL, PRIMARY KEY (device_id, channel)) WITHOUT ROWID;
CREATE TABLE folded (upto INTEGER NOT NULL);
INSERT INTO folded VALUES (0);
CREATE TABLE refused (n INTEGER PRIMARY KEY, at_ms INTEGER NOT NULL, device TEXT, topic TEXT NOT NULL,
    reason TEXT NOT NULL, path TEXT NOT NULL, hint TEXT NOT NULL, sample TEXT NOT NULL);
CREATE TABLE refused_count (minute INTEGER NOT NULL, device TEXT NOT NULL, reason TEXT NOT NULL, seen INTEGER NOT NULL,
    PRIMARY KEY (minute, device, reason)) WITHOUT ROWID;
INSERT INTO device VALUES (1, 'booth-sensor'), (2, 'hall-sensor');
PRAGMA user_version = 1;
"""


@pytest.fixture
def older(tmp_path: Path) -> Path:
    path = tmp_path / "telemetry.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.executescript(_SCHEMA_1)
        connection.executemany(
            "INSERT INTO log VALUES (?,?,?,?,?,NULL,?,NULL)",
            [
                (1, 1, "a", NOON_MS, NOON_MS, '{"t":21.5,"motion":true,"7":3}'),
                (2, 1, "b", NOON_MS, NOON_MS, '{"t":22.30000000000001}'),
                (3, 2, "a", NOON_MS, NOON_MS, '{"t":19.0}'),
                (4, 1, None, NOON_MS - 5, NOON_MS, '{"t":20,"air":"good"}'),
                (5, 1, "c", NOON_MS + 9, NOON_MS, "{}"),
            ],
        )
        connection.execute("INSERT INTO refused VALUES (1, ?, NULL, 'x', 'bad_json', '', '', '')", (NOON_MS,))
        connection.commit()
    return path


OLD_POINTS = {
    ("booth-sensor", "t"): [(NOON_MS - 5, 20.0), (NOON_MS, 21.5), (NOON_MS, 22.30000000000001)],
    ("booth-sensor", "motion"): [(NOON_MS, 1.0)],
    ("booth-sensor", "7"): [(NOON_MS, 3.0)],
    ("booth-sensor", "air"): [(NOON_MS - 5, "good")],
    ("hall-sensor", "t"): [(NOON_MS, 19.0)],
}


async def points_of(store: TelemetryStore) -> dict[tuple[str, str], list[tuple[int, Any]]]:
    return {
        (points.series.device, points.series.channel): list(zip(points.at_ms, points.values, strict=True))
        for points in await store.raw(EVERYTHING, ALL_TIME)
    }


async def test_a_log_of_the_first_schema_is_upgraded_and_nothing_of_it_is_lost(older: Path) -> None:
    async with await TelemetryStore.open(older, deadline_s=30) as store:
        assert await points_of(store) == OLD_POINTS
        await store.compact()
        assert await points_of(store) == OLD_POINTS
        assert (await store.newest())[BOOTH]["motion"] == (NOON_MS, True)
        assert await store.append([reading("b", {"t": 1.0})]) == [False]  # a key it had before
        assert await store.append([reading("d", {"t": 23.0}, NOON_MS + 10, None)]) == [True]
        rows = await store.after(0, 10)
    assert [row.position for row in rows] == [1, 2, 3, 4, 5, 7]  # the repeat took one with it
    assert [row.at_ns for row in rows] == [
        NOON_MS * 1_000_000,
        NOON_MS * 1_000_000 + 3,
        NOON_MS * 1_000_000,
        (NOON_MS - 5) * 1_000_000 + 5,
        (NOON_MS + 9) * 1_000_000,
        (NOON_MS + 10) * 1_000_000,
    ]
    assert [series.channel for series, _ in rows[0].readings] == ["t", "motion", "7"]
    copy = older.with_name("telemetry.db.before-2")
    with closing(sqlite3.connect(copy)) as connection:
        assert connection.execute("SELECT count(*) FROM log").fetchone() == (5,)


async def test_a_log_too_long_for_memory_is_made_history_while_it_is_read(
    older: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("controller.adapters.telemetry.writing.POINTS_IN_TAIL", 3)
    monkeypatch.setattr("controller.adapters.telemetry.writing._REPLAYED_AT_ONCE", 2)

    async with await TelemetryStore.open(older, deadline_s=30) as store:
        assert await points_of(store) == OLD_POINTS
    async with await TelemetryStore.open(older, deadline_s=30) as store:
        assert await points_of(store) == OLD_POINTS


def test_an_upgrade_that_fails_leaves_the_old_file(older: Path) -> None:
    with closing(sqlite3.connect(older)) as connection:
        connection.execute("CREATE TABLE series (id INTEGER)")  # in the way
        connection.commit()

    with pytest.raises(Exception, match=r"telemetry\.db"):
        bring_up(older)

    with closing(sqlite3.connect(older)) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (1,)
        assert connection.execute("SELECT count(*) FROM newest").fetchone() == (0,)


# --- rows leave the log -----------------------------------------------------------------------------------------------


async def filled(store: TelemetryStore, hours: int) -> None:
    await store.append([reading(str(n), {"t": float(n)}, NOON_MS + n * HOUR_MS) for n in range(hours)])
    await store.compact()


async def test_rows_older_than_a_day_leave_the_log_and_stay_in_history(store: TelemetryStore) -> None:
    await filled(store, hours=40)

    assert store.first_position() == 41 - KEPT_MS // HOUR_MS
    assert [row.position for row in await store.after(0, 100)] == list(range(store.first_position(), 41))
    (points,) = await store.raw(EVERYTHING, ALL_TIME)
    assert list(points.values) == [float(n) for n in range(40)]


async def test_the_log_is_kept_for_a_consumer_that_never_said_how_far_it_is(tmp_path: Path) -> None:
    async with await TelemetryStore.open(tmp_path / "t.db", deadline_s=30, consumers=("influxdb",)) as store:
        await filled(store, hours=40)
        assert store.first_position() == 1
        assert len(await store.after(0, 100)) == 40


async def test_a_log_at_its_cap_sheds_the_oldest_and_tells_how_many_a_consumer_never_got(tmp_path: Path) -> None:
    told: list[StoreNews] = []
    async with await TelemetryStore.open(tmp_path / "t.db", deadline_s=30, cap_mb=1, consumers=("influxdb",)) as store:
        store.listen(told.append)
        texts = {f"c{n}": "x" * 500 for n in range(4)}
        for batch in range(10):
            await store.append([reading(f"{batch}-{n}", texts, NOON_MS + batch * 100 + n) for n in range(100)])
            if batch == 0:
                store.release("influxdb", 50)
        await store.compact()
        first = store.first_position()
        assert first > 501
        assert store.shed == (first - 1 - 50) * 4
        assert [(one.count, "1 MiB" in one.why) for one in told if isinstance(one, ReadingsShed)] == [
            (store.shed, True)
        ]
        points = await store.raw(EVERYTHING, ALL_TIME)
        assert sum(len(one.values) for one in points) == 4000
    async with await TelemetryStore.open(tmp_path / "t.db", deadline_s=30) as store:
        assert store.first_position() == first
        assert store.last_position == 1000


def test_what_a_consumer_released_may_go_a_minute_later() -> None:
    now = [100.0]
    consumers = Consumers(("influxdb",), lambda: now[0])
    assert consumers.released_by_all() == 0

    consumers.release("influxdb", 10)
    now[0] = 130.0
    consumers.release("influxdb", 20)
    assert (consumers.had_by_all(), consumers.released_by_all()) == (20, 0)
    now[0] = 161.0
    assert consumers.released_by_all() == 10
    now[0] = 191.0
    assert consumers.released_by_all() == 20


def test_nobody_who_reads_holds_nothing() -> None:
    consumers = Consumers(())

    assert (consumers.had_by_all(), consumers.released_by_all()) == (None, None)


def test_the_slowest_of_two_consumers_holds_the_log() -> None:
    now = [100.0]
    consumers = Consumers(("influxdb", "export"), lambda: now[0])
    consumers.release("influxdb", 10)
    consumers.release("export", 4)
    now[0] = 200.0

    assert consumers.released_by_all() == 4


# --- asked in between -------------------------------------------------------------------------------------------------


async def test_two_rows_of_one_millisecond_and_a_late_one_have_moments_of_their_own(store: TelemetryStore) -> None:
    await store.append([reading("1", {"t": 1.0}), reading("2", {"t": 2.0}), reading("3", {"t": 3.0}, NOON_MS - 1)])
    before = [row.at_ns for row in await store.after(0, 10)]

    assert before[0] == NOON_MS * 1_000_000
    assert len(set(before)) == 3
    assert [ns // 1_000_000 for ns in before] == [NOON_MS, NOON_MS, NOON_MS - 1]


async def test_an_hour_is_counted_the_same_from_the_tail_from_parts_and_from_months(store: TelemetryStore) -> None:
    edges = [NOON_MS, NOON_MS + HOUR_MS, NOON_MS + 8 * HOUR_MS]
    rows = [reading(str(n), {"t": float(n % 7)}, NOON_MS + n * 600_000) for n in range(48)]
    answers = []
    await store.append(rows[:20])
    await store.append(rows[20:])
    answers.append(await store.by_step(EVERYTHING, edges))
    await store.compact()
    answers.append(await store.by_step(EVERYTHING, edges))
    await store.append([reading("later", {"x": 1.0}, NOON_MS + 20 * HOUR_MS)])
    await store.compact()  # by now the windows are over
    answers.append([one for one in await store.by_step(EVERYTHING, edges) if one.series.channel == "t"])

    assert answers[0] == answers[1] == answers[2]
    assert list(answers[0][0].count) == [6, 42]


async def test_a_question_of_no_span_has_no_answer(store: TelemetryStore) -> None:
    await store.append([reading("1", {"t": 1.0})])

    assert await store.by_step(EVERYTHING, [NOON_MS]) == []
    assert await store.raw(EVERYTHING, Span(NOON + timedelta(days=1), NOON + timedelta(days=2))) == []


async def test_what_the_store_has_to_tell_before_anybody_listens_is_told_then(store: TelemetryStore) -> None:
    await store.append([reading("1", {"t": 1.0})])
    await store.append([reading("2", {"t": True}, NOON_MS + 1)])
    told: list[StoreNews] = []
    store.listen(told.append)

    assert [type(one) for one in told] == [MeaningChanged]


async def test_every_series_of_more_than_can_be_asked_one_by_one_is_found(store: TelemetryStore) -> None:
    rows = [replace(reading("1", {"t": 1.0}), device=DeviceId(f"d{n}")) for n in range(300)]
    await store.append(rows)
    await store.compact()

    assert len(await store.raw(EVERYTHING, ALL_TIME)) == 300
    assert len(await store.raw(Selection(DeviceId("d7")), ALL_TIME)) == 1
