"""History from two places made one: which part of a question is whose, and their answers put together. Values in, values out.

The parts never overlap, so that no point can come twice, whatever either place still holds beyond its part.
"""

from array import array
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from controller.domain.history.means import mean_of
from controller.domain.history.values import Series
from controller.services.history.ports import Points, Steps

HOUR_MS = 3_600_000


@dataclass(frozen=True, slots=True)
class KeptHere:
    """From when on this house has all that was measured: every point, and the figures of whole hours."""

    points_from: datetime
    hours_from: datetime


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of a question, and whether it is asked elsewhere. Its edges are those of the question, cut at its ends."""

    edges_ms: tuple[int, ...]
    elsewhere: bool


def parts_of(edges_ms: Sequence[int], kept: KeptHere) -> list[Part]:
    """Who is asked for what, in order of time; together all of the span, and nothing twice.

    Where every step begins at a whole hour, this house still has it as hours long after its points are gone; only what
    is left of the first hour and of the last would have to be made of points.
    """
    start, end = edges_ms[0], edges_ms[-1]
    points_from = hour_after(kept.points_from)
    if any(edge % HOUR_MS for edge in edges_ms[1:-1]):
        begins, ends = points_from, end
    else:
        begins = min(points_from, max(hour_after(kept.hours_from), -(-start // HOUR_MS) * HOUR_MS))
        ends = end if end > points_from else end // HOUR_MS * HOUR_MS
    begins = min(max(begins, start), end)
    ends = min(max(ends, begins), end)
    stretches = ((start, begins, True), (begins, ends, False), (ends, end, True))
    return [Part(_cut(edges_ms, first, after), elsewhere) for first, after, elsewhere in stretches if first < after]


def hour_after(at: datetime) -> int:
    """Where the first whole hour from then on begins: an hour is never half here and half there."""
    return -(-round(at.timestamp() * 1000) // HOUR_MS) * HOUR_MS


def joined_points(earlier: Iterable[Points], later: Iterable[Points]) -> list[Points]:
    """Each series once: its earlier points, then its later ones."""
    found = {points.series: points for points in earlier}
    for points in later:
        before = found.get(points.series)
        found[points.series] = points if before is None else _one_after_the_other(before, points)
    return list(found.values())


def folded_steps(edges_ms: Sequence[int], answers: Iterable[Steps]) -> list[Steps]:
    """The steps of the question made of those of its parts: what a part's end has cut in two is one again."""
    by_series: dict[Series, dict[int, _Cell]] = {}
    for steps in answers:
        cells = by_series.setdefault(steps.series, {})
        for at, mean, low, high, count in zip(
            steps.start_ms, steps.mean, steps.low, steps.high, steps.count, strict=True
        ):
            begins = edges_ms[bisect_right(edges_ms, at) - 1]
            here = _Cell(mean, low, high, count)
            cells[begins] = here if begins not in cells else cells[begins].and_also(here)
    return [_steps(series, cells) for series, cells in by_series.items() if cells]


def steps_of(points: Points, edges_ms: Sequence[int]) -> Steps | None:
    """The points of one series by steps; None where none is in them. Texts have no steps."""
    found: dict[int, list[float]] = {}
    if isinstance(points.values, list):
        return None
    for at, value in zip(points.at_ms, points.values, strict=True):
        if not edges_ms[0] <= at < edges_ms[-1]:
            continue
        found.setdefault(edges_ms[bisect_right(edges_ms, at) - 1], []).append(value)
    if not found:
        return None
    cells = {
        begins: _Cell(mean_of(values, [1] * len(values)), min(values), max(values), len(values))
        for begins, values in found.items()
    }
    return _steps(points.series, cells)


@dataclass(frozen=True, slots=True)
class _Cell:
    mean: float
    low: float
    high: float
    count: int

    def and_also(self, other: "_Cell") -> "_Cell":
        return _Cell(
            mean_of((self.mean, other.mean), (self.count, other.count)),
            min(self.low, other.low),
            max(self.high, other.high),
            self.count + other.count,
        )


def _steps(series: Series, cells: dict[int, _Cell]) -> Steps:
    starts = sorted(cells)
    return Steps(
        series,
        array("q", starts),
        array("d", [cells[at].mean for at in starts]),
        array("d", [cells[at].low for at in starts]),
        array("d", [cells[at].high for at in starts]),
        array("q", [cells[at].count for at in starts]),
    )


def _one_after_the_other(earlier: Points, later: Points) -> Points:
    values = earlier.values[:]
    values.extend(later.values)  # type: ignore[arg-type]  # one series has one kind of values
    return Points(earlier.series, earlier.at_ms + later.at_ms, values)


def _cut(edges_ms: Sequence[int], first: int, after: int) -> tuple[int, ...]:
    return (first, *(edge for edge in edges_ms if first < edge < after), after)
