"""Whatever was merged, whatever is a part still or only in memory: the answers are those of a plain list."""

from array import array
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from fractions import Fraction
from itertools import count
from pathlib import Path
from threading import Thread

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controller.adapters.telemetry.chunks import ChunkFiles
from controller.adapters.telemetry.codec import Values, pack
from controller.adapters.telemetry.query import Recent, by_step, counts_by_hour, raw
from controller.adapters.telemetry.rollups import HOUR_MS, WINDOW_MS
from controller.domain.history.values import Kind, Series, SeriesId
from controller.domain.ids import DeviceId

# The last hours of a year: windows, months and years end in it.
START_MS = int(datetime(2026, 12, 31, 18, tzinfo=UTC).timestamp() * 1000)
END_MS = START_MS + 3 * WINDOW_MS
KINDS = (Kind.NUMBER, Kind.SWITCH, Kind.TEXT, Kind.NUMBER)


def series_from(first: int) -> list[Series]:
    """One of each kind, and another number."""
    return [Series(SeriesId(first + n), DeviceId("hvac"), f"channel-{n}", kind) for n, kind in enumerate(KINDS)]


SERIES = series_from(1)
TEMPERATURE = SERIES[0]

Point = tuple[int, float | str]


@dataclass
class House:
    """A store of readings as the product has it, and the plain list beside it."""

    files: ChunkFiles
    series: list[Series] = field(default_factory=lambda: SERIES)
    said: defaultdict[SeriesId, list[Point]] = field(default_factory=lambda: defaultdict(list))
    tail: defaultdict[SeriesId, list[Point]] = field(default_factory=lambda: defaultdict(list))
    parts: defaultdict[SeriesId, list[tuple[int, int, bytes]]] = field(default_factory=lambda: defaultdict(list))
    number: int = 0

    def append(self, series: SeriesId, points: Sequence[Point]) -> None:
        self.said[series] += points
        self.tail[series] += points

    def empty_tail(self, series: SeriesId) -> None:
        kind = self.kind(series)
        for window in sorted({at // WINDOW_MS for at, _ in self.tail[series]}):
            self.number += 1
            own = [point for point in self.tail[series] if point[0] // WINDOW_MS == window]
            self.parts[series].append((window, self.number, pack(*columns(own, kind), kind)))
        self.tail[series] = []

    def merge(self, series: SeriesId, keep_parts: bool) -> None:
        """As a kill would: the parts may still be there after they were merged."""
        parts: dict[tuple[SeriesId, int], list[tuple[int, bytes]]] = {}
        for window, number, blob in self.parts[series]:
            parts.setdefault((series, window), []).append((number, blob))
        self.files.merge(parts)
        if not keep_parts:
            self.parts[series] = []

    def recent(self) -> dict[SeriesId, Recent]:
        return {
            one.id: Recent(list(self.parts[one.id]), *columns(self.tail[one.id], one.kind), self.number)
            for one in self.series
        }

    def kind(self, series: SeriesId) -> Kind:
        return next(one.kind for one in self.series if one.id == series)

    def move(self, what: str, series: SeriesId) -> None:
        if what == "tail":
            self.empty_tail(series)
        else:
            self.merge(series, keep_parts=what == "crash")


def columns(points: Sequence[Point], kind: Kind) -> tuple["np.ndarray", Values]:
    at = np.array([at for at, _ in points], np.int64)
    values = [value for _, value in points]
    return at, [str(value) for value in values] if kind is Kind.TEXT else np.array(values, np.float64)


def plain_steps(points: list[Point], edges: list[int]) -> dict[int, list[float]]:
    steps: dict[int, list[float]] = {}
    for at, value in sorted(points, key=lambda point: point[0]):
        place = bisect_right(edges, at) - 1
        if 0 <= place < len(edges) - 1:
            steps.setdefault(edges[place], []).append(0.0 if isinstance(value, str) else value)
    return steps


def plain_mean(values: list[float]) -> float:
    return float(sum(map(Fraction, values)) / len(values))  # of the largest floats no sum is one


# Few moments, so that they meet; and any at all.
moments = st.integers(0, 18).map(lambda hour: START_MS + hour * HOUR_MS - 1) | st.integers(START_MS, END_MS - 1)
numbers = st.integers(-5000, 5000).map(lambda n: n / 100) | st.floats(allow_nan=False, allow_infinity=False)
values = {
    Kind.NUMBER: numbers,
    Kind.SWITCH: st.sampled_from([0.0, 1.0]),
    Kind.TEXT: st.sampled_from(["heat", "cool", "", "näß"]),
}


@st.composite
def happenings(draw: st.DrawFn) -> tuple[int, list[tuple[str, list[Point]]]]:
    """Of one series, or nothing would often happen twice to the same points."""
    which = draw(st.integers(0, len(KINDS) - 1))
    appended = st.lists(st.tuples(moments, values[KINDS[which]]), min_size=1, max_size=8)
    found = [("append", draw(appended))]
    for _ in range(draw(st.integers(0, 10))):
        what = draw(st.sampled_from(["append", "tail", "merge", "crash"]))
        found.append((what, draw(appended) if what == "append" else []))
    return which, found


edges_of_steps = st.lists(
    st.integers(-2, 20).map(lambda hour: START_MS + hour * HOUR_MS) | st.integers(START_MS - 1000, END_MS + 1000),
    min_size=2, max_size=9, unique=True,
).map(sorted)  # fmt: skip


@pytest.fixture(scope="module")
def used_files(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ChunkFiles]:
    """For many histories, each of series of its own: making files takes longer than asking them."""
    with closing(ChunkFiles(tmp_path_factory.mktemp("data") / "history")) as files:
        yield files


numbers_of_series = count(1, len(KINDS))


@settings(max_examples=150, deadline=None)
@given(happenings(), st.lists(st.sampled_from(["tail", "merge", "crash"]), max_size=3), edges_of_steps)
def test_any_history_is_answered_as_a_plain_list_would(
    used_files: ChunkFiles, happened: tuple[int, list[tuple[str, list[Point]]]], meanwhile: list[str], edges: list[int]
):
    """`meanwhile`: after what is new was looked up, and before the chunks are."""
    files, house = used_files, House(used_files, series_from(next(numbers_of_series)))
    which, events = happened
    series = house.series[which]
    for what, points in events:
        if what == "append":
            house.append(series.id, points)
        else:
            house.move(what, series.id)

    recent = house.recent()
    for what in meanwhile:
        house.move(what, series.id)

    said = sorted(house.said[series.id], key=lambda point: point[0])
    start, end = edges[0], edges[-1]
    inside = [point for point in said if start <= point[0] < end]

    found = raw(files, house.series, start, end, recent)
    assert [(at, value) for points in found for at, value in zip(points.at_ms, points.values, strict=True)] == inside

    counted = counts_by_hour(files, house.series, start, end, recent)
    assert counted == ({series: dict(Counter(at // HOUR_MS for at, _ in inside))} if inside else {})

    steps = plain_steps(said, edges) if series.kind is not Kind.TEXT else {}
    assert_steps(by_step(files, house.series, edges, recent), steps)


def assert_steps(found: list, steps: dict[int, list[float]]) -> None:  # type: ignore[type-arg]
    if not steps:
        assert found == []
        return
    (answer,) = found
    assert list(answer.start_ms) == list(steps)
    assert list(answer.count) == [len(values) for values in steps.values()]
    assert list(answer.low) == [min(values) for values in steps.values()]
    assert list(answer.high) == [max(values) for values in steps.values()]
    for mean, values in zip(answer.mean, steps.values(), strict=True):
        # Sums of values that nearly cancel keep the error of their largest.
        largest = max(map(abs, values))
        assert mean == pytest.approx(plain_mean(values), rel=1e-12, abs=largest * 1e-15 * len(values))


# --- what the law is too broad to say -----------------------------------------------------------------------------------


@pytest.fixture
def house(tmp_path: Path):
    with closing(ChunkFiles(tmp_path / "history")) as files:
        yield House(files)


def minutes(count: int, first_ms: int = START_MS) -> list[Point]:
    return [(first_ms + n * 60_000, 20.0 + n % 50 / 100) for n in range(count)]


def test_answers_are_arrays_and_texts_a_list(house: House):
    house.append(SeriesId(1), [(START_MS, 20.5)])
    house.append(SeriesId(3), [(START_MS, "heat")])

    number, text = raw(house.files, [SERIES[0], SERIES[2]], START_MS, END_MS, house.recent())

    assert (number.at_ms, number.values) == (array("q", [START_MS]), array("d", [20.5]))
    assert (text.at_ms, text.values) == (array("q", [START_MS]), ["heat"])


def test_a_part_that_was_merged_between_two_looks_is_counted_once(house: House):
    """Who asks has looked up the parts first; the merge came between."""
    house.append(TEMPERATURE.id, minutes(10))
    house.empty_tail(TEMPERATURE.id)
    looked_up = house.recent()
    house.merge(TEMPERATURE.id, keep_parts=False)

    assert len(raw(house.files, [TEMPERATURE], START_MS, END_MS, looked_up)[0].at_ms) == 10
    assert counts_by_hour(house.files, [TEMPERATURE], START_MS, END_MS, looked_up) == {
        TEMPERATURE: {START_MS // HOUR_MS: 10}
    }


def test_a_tail_that_was_merged_between_two_looks_is_counted_once(house: House):
    house.append(TEMPERATURE.id, minutes(10))
    looked_up = house.recent()
    house.empty_tail(TEMPERATURE.id)
    house.merge(TEMPERATURE.id, keep_parts=False)

    assert len(raw(house.files, [TEMPERATURE], START_MS, END_MS, looked_up)[0].at_ms) == 10
    assert list(by_step(house.files, [TEMPERATURE], [START_MS, END_MS], looked_up)[0].count) == [10]


def test_questions_beside_a_merge_find_every_point_once(house: House):
    for _ in range(6):
        for series in (SERIES[0], SERIES[3]):
            house.append(series.id, minutes(18 * 60))
            house.empty_tail(series.id)
    said, looked_up = house.said[TEMPERATURE.id], house.recent()
    steps = [START_MS, START_MS + WINDOW_MS + 1, START_MS + 2 * WINDOW_MS, END_MS]
    wrong = []

    def merge_part_by_part() -> None:
        for series, parts in house.parts.items():
            for window, number, blob in parts:
                house.files.merge({(series, window): [(number, blob)]})

    merging = Thread(target=merge_part_by_part)
    merging.start()
    while True:
        was_merging = merging.is_alive()
        (points,) = raw(house.files, [TEMPERATURE], START_MS, END_MS, looked_up)
        (counted,) = by_step(house.files, [TEMPERATURE], steps, looked_up)
        if (len(points.at_ms), sum(counted.count)) != (len(said), len(said)):
            wrong.append((len(points.at_ms), list(counted.count)))
        if not was_merging:
            break

    merging.join()
    assert wrong == []


def test_a_mean_of_equal_values_is_that_value(house: House):
    house.append(TEMPERATURE.id, [(START_MS + n, 0.1) for n in range(3)])

    (steps,) = by_step(house.files, [TEMPERATURE], [START_MS, END_MS], house.recent())

    assert list(steps.mean) == [0.1]


def test_a_mean_of_huge_values_is_finite(house: House):
    house.append(TEMPERATURE.id, [(START_MS, 1.7e308), (START_MS + 1, 1.5e308)])

    (steps,) = by_step(house.files, [TEMPERATURE], [START_MS, END_MS], house.recent())

    assert list(steps.mean) == [pytest.approx(1.6e308)]


@pytest.mark.parametrize("edges", [[], [START_MS], [END_MS, START_MS]], ids=["none", "one", "backwards"])
def test_edges_without_a_step_between_have_no_answer(house: House, edges: list[int]):
    house.append(TEMPERATURE.id, minutes(10))

    assert by_step(house.files, [TEMPERATURE], edges, house.recent()) == []


def test_a_span_of_nothing_has_no_answer(house: House):
    assert raw(house.files, [TEMPERATURE], START_MS, START_MS, {}) == []
    assert counts_by_hour(house.files, [TEMPERATURE], START_MS, START_MS, {}) == {}


def test_a_damaged_part_hides_no_other(house: House):
    house.append(TEMPERATURE.id, minutes(5))
    house.empty_tail(TEMPERATURE.id)
    house.parts[TEMPERATURE.id].append((START_MS // WINDOW_MS, 99, b"\6 damaged"))

    assert len(raw(house.files, [TEMPERATURE], START_MS, END_MS, house.recent())[0].at_ms) == 5
    assert list(house.files.unreadable()) == ["part 99 of series 1 in the log"]


def test_steps_of_whole_hours_open_no_chunk(house: House, monkeypatch: pytest.MonkeyPatch):
    house.append(TEMPERATURE.id, minutes(18 * 60))
    house.empty_tail(TEMPERATURE.id)
    house.merge(TEMPERATURE.id, keep_parts=False)
    asked: list[tuple[int, int]] = []
    monkeypatch.setattr(house.files, "read", lambda ids, start, end: asked.append((start, end)) or {})

    by_step(house.files, [TEMPERATURE], list(range(START_MS, END_MS + 1, HOUR_MS)), house.recent())
    assert asked == []

    by_step(house.files, [TEMPERATURE], [START_MS, START_MS + WINDOW_MS + 1, END_MS], house.recent())
    assert asked == [(START_MS // WINDOW_MS + 1, START_MS // WINDOW_MS + 2)]
