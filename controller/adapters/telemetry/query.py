"""Questions answered: chunks, parts and the tail of the log made one, as arrays.

Whoever asks has looked up what no chunk has yet *before* it calls (`Recent`): a part that is merged meanwhile is then in
both, and its number tells; the other way round it would be in neither. A tail that became parts meanwhile, and these were
merged, is told by their numbers too. Nothing here waits for who writes.
"""

from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from controller.adapters.telemetry.chunks import Chunk, ChunkFiles, Hours
from controller.adapters.telemetry.codec import Moments, Values
from controller.adapters.telemetry.merging import in_order, joined
from controller.adapters.telemetry.rollups import HOUR_MS, WINDOW_MS, Cells, alone, together
from controller.adapters.telemetry.windows import Key
from controller.domain.history.values import Kind, Series, SeriesId
from controller.services.history.ports import Points, Steps

_NO_MOMENTS = np.empty(0, np.int64)
_NO_VALUES = np.empty(0)
_ANY_NUMBER = 1 << 62
# To read so many chunks that nobody needs takes less time than another question.
_NEAR = 8


@dataclass(frozen=True, slots=True)
class Recent:
    """What no chunk had yet of one series: its parts, and what was appended after them in the order it came."""

    parts: Sequence[tuple[int, int, bytes]] = ()  # window, number, points
    at_ms: "Moments" = field(default_factory=lambda: _NO_MOMENTS)
    values: "Values" = field(default_factory=lambda: _NO_VALUES)
    # The highest number a part had when this was looked up: one with a higher number was made of this tail, all of it.
    upto: int = _ANY_NUMBER


_NOTHING = Recent()


def raw(
    files: ChunkFiles, wanted: Sequence[Series], start_ms: int, end_ms: int, recent: Mapping[SeriesId, Recent]
) -> list[Points]:
    """Every point from `start_ms` until before `end_ms`, of each series that has some, by time and then by arrival."""
    windows = range(start_ms // WINDOW_MS, -(-end_ms // WINDOW_MS))
    chunks = _by_series(files.read([series.id for series in wanted], windows.start, windows.stop))
    found = []
    for series in wanted:
        own, new = chunks.get(series.id, {}), recent.get(series.id, _NOTHING)
        pieces = [points for chunk in own.values() if (points := files.unpacked(chunk))]
        merged = {window: chunk.upto for window, chunk in own.items()}
        pieces += _newer(files, series, new, windows, merged)
        at, values = in_order([(at, values) for at, values in pieces if len(at)])
        first, last = (int(n) for n in np.searchsorted(at, (start_ms, end_ms)))
        if last > first:
            found.append(Points(series, _integers(at[first:last]), _values(values[first:last])))
    return found


def by_step(
    files: ChunkFiles, wanted: Sequence[Series], edges_ms: Sequence[int], recent: Mapping[SeriesId, Recent]
) -> list[Steps]:
    """Mean, low, high and count of each step that has points; step i is from edge i until before edge i + 1.

    Of a month whose points were deleted the hours are left: each then counts to the step it begins in.
    """
    edges = np.asarray(edges_ms, np.int64)
    steps = _counted(files, [series for series in wanted if series.kind is not Kind.TEXT], edges, recent)
    return [
        Steps(
            series,
            _integers(edges[cells.where]),
            _floats(cells.mean),
            _floats(cells.low),
            _floats(cells.high),
            _integers(cells.count),
        )
        for series, cells in steps.items()
    ]


def counts_by_hour(
    files: ChunkFiles, wanted: Sequence[Series], start_ms: int, end_ms: int, recent: Mapping[SeriesId, Recent]
) -> dict[Series, dict[int, int]]:
    """How many points of the span each epoch hour has, for each series that has some; texts as well."""
    inner = np.arange(start_ms // HOUR_MS + 1, -(-end_ms // HOUR_MS), dtype=np.int64) * HOUR_MS
    edges = np.concatenate(([start_ms], inner, [end_ms]))
    return {
        series: dict(zip((edges[cells.where] // HOUR_MS).tolist(), cells.count.tolist(), strict=True))
        for series, cells in _counted(files, wanted, edges, recent).items()
    }


def _counted(
    files: ChunkFiles, wanted: Sequence[Series], edges: "NDArray[np.int64]", recent: Mapping[SeriesId, Recent]
) -> dict[Series, Cells]:
    """The steps of each series that has points in one; `where` is the number of the step."""
    if len(edges) < 2 or edges[-1] <= edges[0]:
        return {}
    windows = range(int(edges[0]) // WINDOW_MS, -(-int(edges[-1]) // WINDOW_MS))
    ids = [series.id for series in wanted]
    hours = files.hours(ids, windows.start, windows.stop)
    # Where an edge cuts an hour, its points are asked; everywhere else the hours say the same.
    cut = np.unique(edges[edges % HOUR_MS != 0] // WINDOW_MS)
    chunks = _by_series(_chunks_of(files, ids, cut))
    found = {}
    for series in wanted:
        cells = _pieces(files, series, windows, chunks.get(series.id, {}), hours.get(series.id), recent)
        steps = together([_in_steps(each, edges) for each in cells])
        if len(steps):
            found[series] = steps
    return found


def _pieces(
    files: ChunkFiles,
    series: Series,
    windows: range,
    chunks: Mapping[int, Chunk],
    hours: Hours | None,
    recent: Mapping[SeriesId, Recent],
) -> list[Cells]:
    """All there is of a series, `where` as the moment: points where a chunk was read, hours everywhere else."""
    pieces: list[Cells] = []
    merged: dict[int, int] = {}
    if hours is not None:
        merged.update(zip(hours.windows.tolist(), hours.upto.tolist(), strict=True))
    read: list[int] = []
    single: list[tuple[Moments, Values]] = []
    for window, chunk in chunks.items():
        points = files.unpacked(chunk)
        if points is not None:
            merged[window] = chunk.upto
            read.append(window)
            single.append(points)
    if hours is not None:
        pieces.append(_moments(hours.without(read).cells()))
    single += _newer(files, series, recent.get(series.id, _NOTHING), windows, merged)
    if single:
        pieces.append(alone(*joined(single)))
    return pieces


def _moments(hours: Cells) -> Cells:
    return Cells(hours.where * HOUR_MS, hours.count, hours.mean, hours.low, hours.high)


def _in_steps(cells: Cells, edges: "NDArray[np.int64]") -> Cells:
    """Those between the edges, `where` as the number of their step."""
    inside = (cells.where >= edges[0]) & (cells.where < edges[-1])
    if not np.all(inside):
        cells = cells.only(inside)
    steps = np.searchsorted(edges, cells.where, "right") - 1
    return Cells(steps, cells.count, cells.mean, cells.low, cells.high)


def _newer(
    files: ChunkFiles, series: Series, recent: Recent, windows: range, merged: Mapping[int, int]
) -> list[tuple[Moments, Values]]:
    """The parts that are not merged yet, in the order of their numbers, and the tail."""
    found = []
    for window, number, blob in sorted(recent.parts, key=lambda part: part[1]):
        if window in windows and number > merged.get(window, 0):
            points = files.unpacked_part(blob, f"part {number} of series {series.id} in the log")
            if points is not None:
                found.append(points)
    if len(recent.at_ms):
        found.append(_left_of_tail(recent, [window for window, upto in merged.items() if upto > recent.upto]))
    return found


def _left_of_tail(recent: Recent, merged: list[int]) -> tuple[Moments, Values]:
    """Without the windows that were merged since the tail was looked up."""
    if not merged:
        return recent.at_ms, recent.values
    left = np.flatnonzero(~np.isin(recent.at_ms // WINDOW_MS, merged))
    values = recent.values
    return recent.at_ms[left], [values[n] for n in left] if isinstance(values, list) else values[left]


def _chunks_of(files: ChunkFiles, ids: Sequence[SeriesId], windows: "NDArray[np.int64]") -> dict[Key, Chunk]:
    """The chunks of these windows, those near each other by one question."""
    found: dict[Key, Chunk] = {}
    if len(windows):
        for run in np.split(windows, np.flatnonzero(np.diff(windows) > _NEAR) + 1):
            cut = set(run.tolist())
            chunks = files.read(ids, int(run[0]), int(run[-1]) + 1)
            found.update((key, chunk) for key, chunk in chunks.items() if key[1] in cut)
    return found


def _by_series(chunks: Mapping[Key, Chunk]) -> dict[SeriesId, dict[int, Chunk]]:
    found: dict[SeriesId, dict[int, Chunk]] = {}
    for (series, window), chunk in chunks.items():
        found.setdefault(series, {})[window] = chunk
    return found


def _values(values: Values) -> "array[float] | list[str]":
    return values if isinstance(values, list) else _floats(values)


def _integers(column: "NDArray[np.int64]") -> "array[int]":
    return array("q", column.astype(np.int64, copy=False).tobytes())


def _floats(column: "NDArray[np.float64]") -> "array[float]":
    return array("d", column.astype(np.float64, copy=False).tobytes())
