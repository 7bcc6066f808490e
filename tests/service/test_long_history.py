"""History longer than is kept here: who is asked for what, and the answers as one history that knows each point once."""

from array import array
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.domain.history.values import EVERYTHING, Kind, Selection, Series, SeriesId, Span
from controller.domain.ids import DeviceId
from controller.errors import StoreError
from controller.services.history.beyond import ArchiveAwayError, LongHistory
from controller.services.history.merging import HOUR_MS, KeptHere, Part, folded_steps, parts_of, steps_of
from controller.services.history.ports import Points, Steps
from tests.support.memory_history import MemoryHistory

MINUTE_MS = 60_000
MIDNIGHT_MS = 1_749_945_600_000  # 15 June 2025, UTC
MIDNIGHT = datetime(2025, 6, 15, tzinfo=UTC)
NOON = MIDNIGHT + timedelta(hours=12)


def ms(hour: float) -> int:
    return MIDNIGHT_MS + round(hour * HOUR_MS)


def at(hour: float) -> datetime:
    return MIDNIGHT + timedelta(hours=hour)


POINTS_FROM_NOON = KeptHere(NOON, NOON)
HOURS_FROM_SIX = KeptHere(NOON, at(6))


@dataclass
class MemoryArchive:
    """A database with a history of its own, asked by series; it notes what it was asked."""

    history: MemoryHistory = field(default_factory=MemoryHistory)
    asked: list[tuple[int, ...]] = field(default_factory=list)
    away: bool = False

    odd: dict[str, str] = field(default_factory=dict)  # channels it cannot make sense of, and what it says

    def holds(self, series: Series) -> bool:
        return series.kind is not Kind.TEXT

    def unread(self, series: Series) -> str:
        return self.odd.get(series.channel, "")

    async def raw(self, series: Sequence[Series], span: Span) -> list[Points]:
        self._note(span)
        return [points for points in await self.history.raw(EVERYTHING, span) if points.series in series]

    async def by_step(self, series: Sequence[Series], edges_ms: Sequence[int]) -> list[Steps]:
        self.asked.append(tuple(edges_ms))
        return [steps for steps in await self.history.by_step(EVERYTHING, edges_ms) if steps.series in series]

    async def counts_by_hour(self, series: Sequence[Series], span: Span) -> dict[Series, dict[int, int]]:
        self._note(span)
        counts = await self.history.counts_by_hour(EVERYTHING, span)
        return {one: dict(hours) for one, hours in counts.items() if one in series}

    def _note(self, span: Span) -> None:
        if self.away:
            raise StoreError("the database at http://influx.local does not answer")
        self.asked.append((ms_of(span.start), ms_of(span.end)))


def ms_of(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)


@dataclass
class House:
    """Both have a point each half hour of the day: here 1.0, there 2.0; so whose is whose can be seen."""

    here: MemoryHistory
    there: MemoryArchive
    kept: KeptHere = POINTS_FROM_NOON

    @property
    def long(self) -> LongHistory:
        return LongHistory(self.here, self.there, lambda: self.kept)


@pytest.fixture
def house() -> House:
    here, there = MemoryHistory(), MemoryArchive()
    for history, value in ((here, 1.0), (there.history, 2.0)):
        history.put("air", "temperature", [(ms(half / 2), value) for half in range(48)])
        history.put("air", "mode", [(ms(half / 2), "eco") for half in range(48)])
    return House(here, there)


TEMPERATURE = Selection(channel="temperature")


async def test_what_is_kept_here_is_asked_of_nobody_else(house: House):
    (points,) = await house.long.raw(TEMPERATURE, Span(NOON, at(14)))

    assert list(points.values) == [1.0] * 4
    assert house.there.asked == []


async def test_a_span_that_begins_earlier_gets_the_rest_from_the_database_and_no_point_twice(house: House):
    (points,) = await house.long.raw(TEMPERATURE, Span(at(11), at(13)))

    assert points.at_ms == array("q", [ms(11), ms(11.5), ms(12), ms(12.5)])
    assert list(points.values) == [2.0, 2.0, 1.0, 1.0]
    assert house.there.asked == [(ms(11), ms(12))]


async def test_a_span_that_ends_before_is_the_databases_alone(house: House):
    (points,) = await house.long.raw(TEMPERATURE, Span(at(1), at(2)))

    assert list(points.values) == [2.0, 2.0]
    assert house.here.reads == 0


async def test_what_is_kept_since_the_middle_of_an_hour_counts_from_the_next(house: House):
    house.kept = KeptHere(at(11.25), at(11.25))

    counts = await house.long.counts_by_hour(TEMPERATURE, Span(at(11), at(13)))

    assert list(counts.values()) == [{ms(11) // HOUR_MS: 2, ms(12) // HOUR_MS: 2}]
    assert house.there.asked == [(ms(11), ms(12))]


async def test_counts_of_both_are_one(house: House):
    (hours,) = (await house.long.counts_by_hour(TEMPERATURE, Span(at(10), at(14)))).values()

    assert hours == {ms(hour) // HOUR_MS: 2 for hour in (10, 11, 12, 13)}


async def test_what_the_database_cannot_hold_is_not_asked_of_it(house: House):
    (points,) = await house.long.raw(Selection(channel="mode"), Span(at(11), at(13)))

    assert list(points.at_ms) == [ms(12), ms(12.5)]


async def test_a_step_that_both_have_a_part_of_is_one_step(house: House):
    (steps,) = await house.long.by_step(TEMPERATURE, [ms(10.5), ms(11.5), ms(13.5)])

    assert list(steps.start_ms) == [ms(10.5), ms(11.5)]
    assert list(steps.mean) == [2.0, (2.0 + 3 * 1.0) / 4]
    assert (list(steps.low), list(steps.high), list(steps.count)) == ([2.0, 1.0], [2.0, 2.0], [2, 4])


async def test_steps_of_what_is_kept_here_are_asked_of_nobody_else(house: House):
    (steps,) = await house.long.by_step(TEMPERATURE, [ms(13), ms(14)])

    assert (list(steps.mean), house.there.asked) == ([1.0], [])


async def test_hours_are_taken_from_the_figures_kept_here_long_after_their_points_are_gone(house: House):
    house.kept = HOURS_FROM_SIX

    (steps,) = await house.long.by_step(TEMPERATURE, [ms(4), ms(8), ms(16)])

    assert list(steps.mean) == [1.5, 1.0]
    assert house.there.asked == [(ms(4), ms(6))]


async def test_series_and_last_values_are_known_here(house: House):
    assert [series.channel for series in house.long.series(EVERYTHING)] == ["temperature", "mode"]
    assert [last.at_ms for last in house.long.last(TEMPERATURE)] == [ms(23.5)]


async def test_a_database_that_is_away_is_told_and_not_left_out(house: House):
    house.there.away = True

    with pytest.raises(
        ArchiveAwayError, match="does not answer; what was measured since 2025-06-15T12:00Z is kept"
    ) as told:
        await house.long.raw(TEMPERATURE, Span(at(11), at(13)))

    assert told.value.kept_from == NOON
    assert await house.long.raw(TEMPERATURE, Span(told.value.kept_from, at(13)))


def test_the_ends_of_a_span_of_hours_are_points_and_so_the_databases():
    assert parts_of([ms(7.5), ms(8), ms(9), ms(9.25)], HOURS_FROM_SIX) == [
        Part((ms(7.5), ms(8)), elsewhere=True),
        Part((ms(8), ms(9)), elsewhere=False),
        Part((ms(9), ms(9.25)), elsewhere=True),
    ]


def test_steps_off_the_hour_are_made_of_points():
    assert parts_of([ms(11), ms(11.5), ms(13)], HOURS_FROM_SIX) == [
        Part((ms(11), ms(11.5), ms(12)), elsewhere=True),
        Part((ms(12), ms(13)), elsewhere=False),
    ]


def test_a_span_within_one_hour_whose_points_are_gone_is_the_databases():
    assert parts_of([ms(7.25), ms(7.5)], HOURS_FROM_SIX) == [Part((ms(7.25), ms(7.5)), elsewhere=True)]


MINUTES = st.integers(0, 3 * 24 * 60)


@given(
    st.lists(MINUTES, min_size=2, max_size=12, unique=True).map(sorted),
    MINUTES,
    MINUTES,
    st.lists(st.tuples(MINUTES, st.floats(-50, 50)), max_size=30),
)
def test_whoever_answers_which_part_each_point_is_in_one_step_once(
    edges: list[int], points_from: int, hours_from: int, readings: list[tuple[int, float]]
):
    edges_ms = [MIDNIGHT_MS + minute * MINUTE_MS for minute in edges]
    kept = KeptHere(at(points_from / 60), at(min(points_from, hours_from) / 60))
    series = Series(SeriesId(1), DeviceId("air"), "temperature", Kind.NUMBER)
    readings.sort(key=lambda reading: reading[0])
    points = Points(
        series,
        array("q", [MIDNIGHT_MS + minute * MINUTE_MS for minute, _ in readings]),
        array("d", [value for _, value in readings]),
    )

    parts = parts_of(edges_ms, kept)
    answers = [steps for part in parts if (steps := steps_of(points, part.edges_ms)) is not None]

    ends = [part.edges_ms[0] for part in parts] + [parts[-1].edges_ms[-1]]
    assert (ends[0], ends[-1]) == (edges_ms[0], edges_ms[-1])
    assert ends[1:-1] == [part.edges_ms[-1] for part in parts[:-1]]
    whole = steps_of(points, edges_ms)
    folded = folded_steps(edges_ms, answers)
    if whole is None:
        assert folded == []
        return
    (made,) = folded
    assert (made.start_ms, made.low, made.high, made.count) == (whole.start_ms, whole.low, whole.high, whole.count)
    assert list(made.mean) == pytest.approx(list(whole.mean))


def test_texts_have_no_steps():
    series = Series(SeriesId(1), DeviceId("air"), "mode", Kind.TEXT)

    assert steps_of(Points(series, array("q", [MIDNIGHT_MS]), ["eco"]), [MIDNIGHT_MS, MIDNIGHT_MS + 1]) is None


def test_huge_values_have_a_finite_mean_however_they_are_put_together() -> None:
    series = Series(SeriesId(1), DeviceId("d"), "c", Kind.NUMBER)
    edges = (MIDNIGHT_MS, MIDNIGHT_MS + HOUR_MS)
    moments = array("q", range(MIDNIGHT_MS, MIDNIGHT_MS + 4))

    found = steps_of(Points(series, moments, array("d", [1.7e308, 1.7e308, 1.7e308, 1.6e308])), edges)
    assert found is not None
    (folded,) = folded_steps(edges, [found, found])

    assert list(found.mean) == [pytest.approx(1.675e308)]
    assert list(folded.mean) == [pytest.approx(1.675e308)]
