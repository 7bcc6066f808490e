"""History from two places made one: which part of a question is whose, and their answers put together. Values in, values out.

The parts never overlap, so that no point can come twice, whatever either place still holds beyond its part.
"""

from array import array
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

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
    by_series: dict[Series, dict[int, _Sum]] = {}
    for steps in answers:
        sums = by_series.setdefault(steps.series, {})
        for at, mean, low, high, count in zip(
            steps.start_ms, steps.mean, steps.low, steps.high, steps.count, strict=True
        ):
            begins = edges_ms[bisect_right(edges_ms, at) - 1]
            here = _Sum(mean * count, low, high, count)
            sums[begins] = here if begins not in sums else sums[begins].and_also(here)
    return [_steps(series, sums) for series, sums in by_series.items() if sums]


def steps_of(points: Points, edges_ms: Sequence[int]) -> Steps | None:
    """The points of one series by steps; None where none is in them. Texts have no steps."""
    sums: dict[int, list[float]] = {}
    if isinstance(points.values, list):
        return None
    for at, value in zip(points.at_ms, points.values, strict=True):
        if not edges_ms[0] <= at < edges_ms[-1]:
            continue
        sums.setdefault(edges_ms[bisect_right(edges_ms, at) - 1], []).append(value)
    if not sums:
        return None
    folded = {begins: _Sum(sum(values), min(values), max(values), len(values)) for begins, values in sums.items()}
    return _steps(points.series, folded)


@dataclass(frozen=True, slots=True)
class _Sum:
    total: float
    low: float
    high: float
    count: int

    def and_also(self, other: "_Sum") -> "_Sum":
        return _Sum(
            self.total + other.total,
            min(self.low, other.low),
            max(self.high, other.high),
            self.count + other.count,
        )


def _steps(series: Series, sums: dict[int, _Sum]) -> Steps:
    starts = sorted(sums)
    return Steps(
        series,
        array("q", starts),
        array("d", [sums[at].total / sums[at].count for at in starts]),
        array("d", [sums[at].low for at in starts]),
        array("d", [sums[at].high for at in starts]),
        array("q", [sums[at].count for at in starts]),
    )


def _one_after_the_other(earlier: Points, later: Points) -> Points:
    values = earlier.values[:]
    values.extend(later.values)  # type: ignore[arg-type]  # one series has one kind of values
    return Points(earlier.series, earlier.at_ms + later.at_ms, values)


def _cut(edges_ms: Sequence[int], first: int, after: int) -> tuple[int, ...]:
    return (first, *(edge for edge in edges_ms if first < edge < after), after)
