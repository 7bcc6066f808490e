"""What was written to real databases is read back as it was: points, steps, counts by hour."""

from array import array
from datetime import UTC, datetime, timedelta

import pytest

from controller.adapters.influx.asking import ReadSettings
from controller.adapters.influx.lines import Lines
from controller.adapters.influx.readback import ReadBack
from controller.domain.history.values import Kind, Series, SeriesId, Span, Value
from controller.domain.ids import AreaId, DeviceId
from controller.services.history.merging import folded_steps
from controller.services.history.ports import LoggedReadings
from tests.e2e.influx.test_servers import write
from tests.support.influxd import InfluxServer
from tests.support.victoria import VictoriaServer

NOON = datetime(2025, 6, 15, 12, tzinfo=UTC)
NOON_MS = 1_749_988_800_000
DAY = Span(NOON - timedelta(hours=12), NOON + timedelta(hours=12))
MINUTE_MS, HOUR_MS = 60_000, 3_600_000

AIR = Series(SeriesId(1), DeviceId("air"), "temperature", Kind.NUMBER, "temperature", "°C", AreaId("hall"))
MOVED = Series(SeriesId(2), DeviceId("air"), "temperature", Kind.NUMBER, "temperature", "°C", AreaId("kitchen"))
PLAIN = Series(SeriesId(3), DeviceId("air"), "odd, \"name\"='x'", Kind.NUMBER)
LIGHT = Series(SeriesId(4), DeviceId("light"), "onair", Kind.SWITCH)
MODE = Series(SeriesId(5), DeviceId("air"), "mode", Kind.TEXT)


def line(series: Series, at_ms: int, value: Value, ordinal: int = 0) -> str:
    (made,) = Lines().of([LoggedReadings(1, at_ms * 1_000_000 + ordinal, ((series, value),))])
    return made


@pytest.fixture
async def reading(influx: InfluxServer) -> ReadBack:
    """A database with some of everything, read in pages of three."""
    bucket = influx.new_bucket()
    await write(
        influx,
        bucket,
        *(line(AIR, NOON_MS + minute * MINUTE_MS, 20 + minute / 10) for minute in range(90)),
        line(AIR, NOON_MS, -0.0, ordinal=1),
        line(MOVED, NOON_MS, 5e-324),
        line(PLAIN, NOON_MS, 1.7976931348623157e308),
        line(LIGHT, NOON_MS, True),
        line(LIGHT, NOON_MS + MINUTE_MS, False),
        line(MODE, NOON_MS, 'he said "eco\\boost"'),
    )
    return ReadBack(ReadSettings(influx.url, bucket, influx.token), page=3)


async def test_every_point_comes_back_as_it_was(reading: ReadBack):
    found = {points.series: points for points in await reading.raw([AIR, MOVED, PLAIN, LIGHT, MODE], DAY)}

    assert found[AIR].at_ms[:3] == array("q", [NOON_MS, NOON_MS, NOON_MS + MINUTE_MS])
    assert [str(value) for value in found[AIR].values[:3]] == ["20.0", "-0.0", "20.1"]
    assert len(found[AIR].at_ms) == 91
    assert list(found[MOVED].values) == [5e-324]
    assert list(found[PLAIN].values) == [1.7976931348623157e308]
    assert list(found[LIGHT].values) == [1.0, 0.0]
    assert found[MODE].values == ['he said "eco\\boost"']


async def test_steps_are_made_by_the_database_and_fit_uneven_edges(reading: ReadBack):
    edges = [NOON_MS + 30 * MINUTE_MS, NOON_MS + HOUR_MS, NOON_MS + 75 * MINUTE_MS, NOON_MS + 3 * HOUR_MS]

    (steps,) = folded_steps(edges, await reading.by_step([AIR], edges))

    assert list(steps.start_ms) == edges[:-1]
    assert list(steps.count) == [30, 15, 15]
    assert list(steps.low) == [23.0, 26.0, 27.5]
    assert list(steps.high) == [25.9, 27.4, 28.9]
    assert list(steps.mean) == pytest.approx([24.45, 26.7, 28.2])


async def test_steps_of_a_switch_are_shares_and_texts_have_none(reading: ReadBack):
    (steps,) = await reading.by_step([LIGHT, MODE], [NOON_MS, NOON_MS + HOUR_MS])

    assert (steps.series, list(steps.mean), list(steps.count)) == (LIGHT, [0.5], [2])


async def test_counts_are_by_hour_of_every_kind(reading: ReadBack):
    hour = NOON_MS // HOUR_MS

    assert await reading.counts_by_hour([AIR, MOVED, LIGHT, MODE], DAY) == {
        AIR: {hour: 61, hour + 1: 30},
        MOVED: {hour: 1},
        LIGHT: {hour: 2},
        MODE: {hour: 1},
    }


async def test_a_span_that_begins_within_an_hour_counts_only_what_is_in_it(reading: ReadBack):
    span = Span(NOON + timedelta(minutes=50), NOON + timedelta(minutes=70))

    assert await reading.counts_by_hour([AIR], span) == {AIR: {NOON_MS // HOUR_MS: 10, NOON_MS // HOUR_MS + 1: 10}}


async def test_victoria_is_read_by_its_export(victoria: VictoriaServer):
    bucket = victoria.new_bucket()
    await write(
        victoria,
        bucket,
        *(line(AIR, NOON_MS + minute * MINUTE_MS, 20 + minute / 10) for minute in range(90)),
        line(LIGHT, NOON_MS, True),
        line(MODE, NOON_MS, "eco"),
    )
    victoria.points()  # what was just taken is not found before it is flushed
    reading = ReadBack(ReadSettings(victoria.url, bucket))

    counts = await reading.counts_by_hour([AIR, LIGHT, MODE], DAY)
    (points,) = await reading.raw([AIR], Span(NOON, NOON + timedelta(minutes=2)))

    hour = NOON_MS // HOUR_MS
    assert counts == {AIR: {hour: 60, hour + 1: 30}, LIGHT: {hour: 1}}
    assert (list(points.at_ms), list(points.values)) == ([NOON_MS, NOON_MS + MINUTE_MS], [20.0, 20.1])
    assert not reading.holds(MODE)
