"""What an hour of a series was: how many points, their mean, low and high. Kept when the points themselves are gone.

Arrays in, arrays out; which file they lie in is `chunks`' affair. One row holds the six hours of a window.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from controller.adapters.telemetry.codec import Moments, Values

HOUR_MS = 3_600_000
HOURS = 6
WINDOW_MS = HOURS * HOUR_MS

# An hour without points has a count of zero. For texts the count alone means something.
_HOUR = np.dtype([("count", "<u4"), ("mean", "<f8"), ("low", "<f8"), ("high", "<f8")])
ROW_BYTES = HOURS * _HOUR.itemsize


@dataclass(frozen=True, slots=True)
class Cells:
    """Points that were counted together, or alone: `where` is the hour or the step each belongs to, in any order."""

    where: "NDArray[np.int64]"
    count: "NDArray[np.int64]"
    mean: "NDArray[np.float64]"
    low: "NDArray[np.float64]"
    high: "NDArray[np.float64]"

    def __len__(self) -> int:
        return len(self.where)

    def only(self, which: "NDArray[np.bool_]") -> "Cells":
        return Cells(self.where[which], self.count[which], self.mean[which], self.low[which], self.high[which])


def alone(where: "NDArray[np.int64]", values: Values) -> Cells:
    """Each point for itself."""
    numbers = np.zeros(len(values)) if isinstance(values, list) else values
    return Cells(where, np.ones(len(where), np.int64), numbers, numbers, numbers)


def together(cells: list[Cells]) -> Cells:
    """Those of one place made one, by place."""
    where = np.concatenate([each.where for each in cells]) if cells else np.empty(0, np.int64)
    if len(where) == 0:
        return alone(where, np.empty(0))
    count, mean, low, high = (
        np.concatenate([getattr(each, name) for each in cells]) for name in ("count", "mean", "low", "high")
    )
    if np.any(where[1:] < where[:-1]):
        order = np.argsort(where, kind="stable")
        where, count, mean, low, high = (column[order] for column in (where, count, mean, low, high))
    starts = np.flatnonzero(np.concatenate(([True], where[1:] != where[:-1])))
    if len(starts) == len(where):
        return Cells(where, count, mean, low, high)
    counts = np.add.reduceat(count, starts)
    lows, highs = np.minimum.reduceat(low, starts), np.maximum.reduceat(high, starts)
    return Cells(where[starts], counts, _means(count, mean, counts, starts, lows, highs), lows, highs)


def _means(
    count: "NDArray[np.int64]",
    mean: "NDArray[np.float64]",
    counts: "NDArray[np.int64]",
    starts: "NDArray[np.int64]",
    lows: "NDArray[np.float64]",
    highs: "NDArray[np.float64]",
) -> "NDArray[np.float64]":
    with np.errstate(over="ignore", invalid="ignore"):
        means = np.add.reduceat(mean * count, starts) / counts
        if not np.all(np.isfinite(means)):
            # The sum of two huge values is no float; their shares of the mean are.
            shares = np.repeat(counts, np.diff(starts, append=len(count)))
            means = np.add.reduceat(mean * (count / shares), starts)
    # Rounding must not put the mean of three equal values beside them.
    clipped: NDArray[np.float64] = np.clip(means, lows, highs)
    return clipped


def by_hour(at_ms: Moments, values: Values) -> Cells:
    """The hours of these points; `where` is the epoch hour."""
    return together([alone(at_ms // HOUR_MS, values)])


def to_row(hours: Cells, window: int) -> bytes:
    """The hours of one window as they are kept."""
    row = np.zeros(HOURS, _HOUR)
    slots = hours.where - window * HOURS
    row["count"][slots] = hours.count
    row["mean"][slots], row["low"][slots], row["high"][slots] = hours.mean, hours.low, hours.high
    return row.tobytes()


def from_rows(windows: "NDArray[np.int64]", rows: bytes) -> Cells:
    """What was kept of these windows, one row of `rows` for each; hours without points are left out."""
    table = np.frombuffer(rows, _HOUR)
    where = (windows[:, np.newaxis] * HOURS + np.arange(HOURS)).ravel()
    seen = table["count"] > 0
    table, where = table[seen], where[seen]
    return Cells(where, table["count"].astype(np.int64), table["mean"], table["low"], table["high"])
