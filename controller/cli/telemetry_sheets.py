"""Readings as rows for other programs: what stands in which column, and cells that no spreadsheet runs."""

import csv
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import IO, Any

from controller.cli.telemetry_told import plain
from controller.domain.history.values import Kind, Series
from controller.services.history.ports import Last, Points, Steps
from controller.services.history.walk import moment
from controller.services.people.people_cells import escaped

OF_SERIES = ("device", "channel", "room", "class", "unit")
POINT_COLUMNS = ("time", *OF_SERIES, "value")
STEP_COLUMNS = ("start", *OF_SERIES, "mean", "low", "high", "count")


class Sheet:
    """A CSV that is written as it comes: UTF-8, times in UTC, text that begins like a formula with a ' before it."""

    def __init__(self, out: IO[str], columns: Sequence[str]) -> None:
        self._rows = csv.writer(out, lineterminator="\n")
        self._rows.writerow(columns)

    def write(self, rows: Iterable[Sequence[Any]]) -> None:
        self._rows.writerows(rows)


def series_cells(series: Series) -> tuple[str, ...]:
    """Text as a sheet may hold it."""
    return tuple(text_cell(text) for text in series_words(series))


def text_cell(text: str) -> str:
    """What a device wrote, safe for a terminal that shows the sheet and for a spreadsheet that opens it."""
    return escaped(plain(text))


def series_words(series: Series) -> tuple[str, ...]:
    """In the order of OF_SERIES."""
    return str(series.device), series.channel, str(series.room or ""), series.device_class, series.unit


def time_cell(at_ms: int) -> str:
    """`2026-11-22T14:00:00.250Z`."""
    minute, left = divmod(at_ms, 60_000)
    return f"{_minute(minute)}:{left // 1000:02}.{left % 1000:03}Z"


@lru_cache(maxsize=256)
def _minute(minute: int) -> str:
    """Written once for all that was measured in it: an export has millions of moments."""
    return f"{moment(minute * 60_000):%Y-%m-%dT%H:%M}"


def value_cell(series: Series, value: float | str | bool) -> str:
    """A number in full, `true` or `false`, a text made safe."""
    if isinstance(value, str):
        return text_cell(value)
    if series.kind is Kind.SWITCH:
        return "true" if value else "false"
    return repr(float(value))


def point_rows(points: Points) -> Iterator[tuple[str, ...]]:
    about = series_cells(points.series)
    values: Iterable[float | str] = points.values
    for at_ms, value in zip(points.at_ms, values, strict=True):
        yield time_cell(at_ms), *about, value_cell(points.series, value)


def step_rows(steps: Steps) -> Iterator[tuple[str, ...]]:
    about = series_cells(steps.series)
    for at_ms, mean, low, high, count in zip(
        steps.start_ms, steps.mean, steps.low, steps.high, steps.count, strict=True
    ):
        yield time_cell(at_ms), *about, repr(mean), repr(low), repr(high), str(count)


def last_row(last: Last) -> tuple[str, ...]:
    return time_cell(last.at_ms), *series_cells(last.series), value_cell(last.series, last.value)


def series_plain(series: Series) -> dict[str, Any]:
    """A series for JSON."""
    return {
        "device": series.device,
        "channel": series.channel,
        "kind": str(series.kind),
        "room": series.room,
        "class": series.device_class or None,
        "unit": series.unit or None,
    }


def plain_value(series: Series, value: float | str | bool) -> float | str | bool:
    """As JSON has it: a switch is true or false."""
    return bool(value) if series.kind is Kind.SWITCH else value


def points_plain(points: Points) -> dict[str, Any]:
    """Points as two lists."""
    return {
        **series_plain(points.series),
        "at_ms": points.at_ms.tolist(),
        "values": [plain_value(points.series, value) for value in points.values],
    }


def steps_plain(steps: Steps) -> dict[str, Any]:
    """Steps as lists beside each other."""
    return {
        **series_plain(steps.series),
        "start_ms": steps.start_ms.tolist(),
        "mean": steps.mean.tolist(),
        "low": steps.low.tolist(),
        "high": steps.high.tolist(),
        "count": steps.count.tolist(),
    }
