"""Through all points of a span piece by piece, so that no answer has to be in memory whole.

Pieces are made of whole hours by what the store counted in them; hours without a point are not asked for.
"""

from array import array
from bisect import bisect_left
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from controller.domain.history.values import Kind, Selection, Span
from controller.services.history.ports import History, Points

HOUR_MS = 3_600_000
# Two numbers a point: under a megabyte for each piece.
PIECE = 50_000
# How far ahead is counted at once.
_COUNTED = timedelta(days=31)


@dataclass(frozen=True, slots=True)
class Page:
    """The first points of a span. `more_from`: whoever asks on from there gets each other point once; None: that is all."""

    points: tuple[Points, ...]
    more_from: datetime | None


async def walk(history: History, selection: Selection, span: Span, piece: int = PIECE) -> AsyncIterator[list[Points]]:
    """Every point of the span, in pieces of about `piece`, one after the other in time."""
    start = span.start
    while start < span.end:
        end = min(start + _COUNTED, span.end)
        ahead = Span(start, end)
        counts: Counter[int] = Counter()
        for of_series in (await history.counts_by_hour(selection, ahead)).values():
            counts.update(of_series)
        for part in pieces(ahead, counts, piece):
            yield await history.raw(selection, part)
        start = end


def pieces(span: Span, counts: Mapping[int, int], most: int) -> Iterator[Span]:
    """The span's hours with points (by epoch hour), joined until one more would make it more than `most`."""
    hours = sorted(counts)
    begun = held = 0  # the first hour of the piece, as a place in the list, and the points in it
    for place, hour in enumerate(hours):
        if place > begun and held + counts[hour] > most:
            yield _within(span, hours[begun], hours[place - 1] + 1)
            begun, held = place, 0
        held += counts[hour]
    if hours:
        yield _within(span, hours[begun], hours[-1] + 1)


async def first_page(history: History, selection: Selection, span: Span, limit: int) -> Page:
    """At most `limit` points, of the series together; more only where all are of one millisecond."""
    held: list[Points] = []
    count = 0
    async for part in walk(history, selection, span, limit):
        held.extend(part)
        count += sum(len(points.at_ms) for points in part)
        if count > limit:
            return _cut(held, limit)
    return Page(tuple(joined(held)), None)


async def newest_texts(history: History, selection: Selection, span: Span, limit: int) -> list[Points]:
    """The last texts of each series, `limit` of them at most; only the hours they are of are read."""
    counts = await history.counts_by_hour(selection, span)
    since = span.end
    for series, hours in counts.items():
        if series.kind is Kind.TEXT:
            since = min(since, moment(_hour_with(hours, limit) * HOUR_MS))
    found = await history.raw(selection, Span(max(since, span.start), span.end)) if since < span.end else []
    return [
        Points(one.series, one.at_ms[-limit:], one.values[-limit:]) for one in found if one.series.kind is Kind.TEXT
    ]


def _hour_with(hours: Mapping[int, int], limit: int) -> int:
    """The hour from which on there are `limit` points; the first, where there are fewer."""
    held = 0
    hour = 0
    for hour in sorted(hours, reverse=True):
        held += hours[hour]
        if held >= limit:
            break
    return hour


def joined(parts: Sequence[Points]) -> Iterator[Points]:
    """What came of each series piece by piece, as one."""
    by_series: dict[int, list[Points]] = {}
    for points in parts:
        by_series.setdefault(points.series.id, []).append(points)
    for of_series in by_series.values():
        yield of_series[0] if len(of_series) == 1 else _chained(of_series)


def _chained(parts: Sequence[Points]) -> Points:
    at_ms: array[int] = array("q")
    for points in parts:
        at_ms.extend(points.at_ms)
    first = parts[0].values
    values = first[:0]
    for points in parts:
        values.extend(points.values)  # type: ignore[arg-type]  # one series has one kind of values
    return Points(parts[0].series, at_ms, values)


def _cut(parts: Sequence[Points], limit: int) -> Page:
    whole = [*joined(parts)]
    moments = sorted(at for points in whole for at in points.at_ms)
    until = moments[limit]
    if until == moments[0]:
        until += 1
    shown = []
    for points in whole:
        place = bisect_left(points.at_ms, until)
        if place:
            shown.append(Points(points.series, points.at_ms[:place], points.values[:place]))
    return Page(tuple(shown), moment(until))


def moment(at_ms: int) -> datetime:
    return datetime.fromtimestamp(at_ms // 1000, UTC) + timedelta(milliseconds=at_ms % 1000)


def _within(span: Span, first_hour: int, after_hour: int) -> Span:
    return Span(max(span.start, moment(first_hour * HOUR_MS)), min(span.end, moment(after_hour * HOUR_MS)))
