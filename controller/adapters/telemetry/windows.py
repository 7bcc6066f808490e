"""Windows: which six hours a moment is in, which month's file these are in, and how a file names them.

A window never lies in two months, nor in two years.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import TypeAlias

from controller.adapters.telemetry.rollups import WINDOW_MS
from controller.domain.history.values import SeriesId

Key: TypeAlias = "tuple[SeriesId, int]"  # a series, a window


def month_of(window: int) -> str:
    """ "2026-11": the file a window is in; six hours UTC are never in two months."""
    return f"{began(window):%Y-%m}"


def months_of(start: int, end: int) -> Iterator[tuple[str, int, int]]:
    """The months of these windows, each with the first of its windows and the one behind its last."""
    while start < end:
        next_month = (began(start).replace(day=1, hour=0) + timedelta(days=31)).replace(day=1)
        last = min(end, int(next_month.timestamp()) * 1000 // WINDOW_MS)
        yield month_of(start), start, last
        start = last


def years_of(start: int, end: int) -> Iterator[tuple[int, int, int]]:
    while start < end:
        year = began(start).year
        last = min(end, int(datetime(year + 1, 1, 1, tzinfo=UTC).timestamp()) * 1000 // WINDOW_MS)
        yield year, start, last
        start = last


def began(window: int) -> datetime:
    return datetime.fromtimestamp(window * WINDOW_MS // 1000, UTC)


def by_month(keys: Iterable[Key]) -> dict[str, list[Key]]:
    months: defaultdict[str, list[Key]] = defaultdict(list)
    for key in keys:
        months[month_of(key[1])].append(key)
    return months


def id_of(series: int, window: int) -> int:
    return series << 32 | window


def key_of(id_: int) -> Key:
    return SeriesId(id_ >> 32), id_ & 0xFFFFFFFF
