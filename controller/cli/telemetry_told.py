"""How readings are told at a terminal: values with their units, moments of the space, a small picture of a line.

Sheets for other programs are `telemetry_sheets`.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from controller.domain.history.means import mean_of
from controller.domain.history.values import Kind, Series, Value
from controller.services.history.ports import Steps
from controller.services.history.walk import moment

_BARS = "▁▂▃▄▅▆▇█"
COLUMNS = 60


def value_told(series: Series, value: Value) -> str:
    """`21.4 °C`, `on`, a text as it is."""
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, str):
        return plain(value)
    if series.kind is Kind.SWITCH:
        return "on" if value else "off"
    return f"{number_told(value)}{unit_told(series)}"


def number_told(value: float) -> str:
    """Six digits are as many as any sensor means."""
    return f"{value:.6g}"


def unit_told(series: Series) -> str:
    return "" if series.unit in ("", "count") else f" {plain(series.unit)}"


def named(series: Series) -> str:
    """`sensor-booth / co2 (carbon_dioxide, ppm), room booth`."""
    about = ", ".join(plain(part) for part in (series.device_class, series.unit) if part)
    room = f", room {series.room}" if series.room is not None else ""
    return f"{series.device} / {plain(series.channel)}{f' ({about})' if about else ''}{room}"


def moment_told(at_ms: int, zone: ZoneInfo) -> str:
    at = moment(at_ms).astimezone(zone)
    return f"{at:%Y-%m-%d %H:%M:%S}"


def age_told(at_ms: int, now: datetime) -> str:
    """`12 s`, `5 min`, `3 h`, `40 d`."""
    seconds = max(0.0, (now - moment(at_ms)).total_seconds())
    for unit, length in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= 2 * length:
            return f"{seconds / length:.0f} {unit}"
    return f"{seconds:.0f} s"


def plain(text: str) -> str:
    """What a device wrote, without what a terminal would act on."""
    return "".join(letter if letter.isprintable() else "�" for letter in text)


def sparkline(steps: Steps, start_ms: int, end_ms: int, columns: int = COLUMNS) -> str:
    """The means as bars from the lowest to the highest; a column without a step is empty."""
    width = max(1, end_ms - start_ms)
    columns_of: list[tuple[list[float], list[int]]] = [([], []) for _ in range(columns)]
    for at_ms, mean, count in zip(steps.start_ms, steps.mean, steps.count, strict=True):
        means, counts = columns_of[min(columns - 1, max(0, (at_ms - start_ms) * columns // width))]
        means.append(mean)
        counts.append(count)
    there = [mean_of(means, counts) if means else None for means, counts in columns_of]
    low = min((mean for mean in there if mean is not None), default=0.0)
    high = max((mean for mean in there if mean is not None), default=0.0)
    # By halves: what is between the highest number and the lowest is no number.
    return "".join(" " if mean is None else _bar(mean / 2 - low / 2, high / 2 - low / 2) for mean in there)


def _bar(above: float, height: float) -> str:
    share = above / height if height > 0 else 0.5
    return _BARS[min(len(_BARS) - 1, int(share * len(_BARS)))]


def table(head: Sequence[str], rows: Iterable[Sequence[str]], numbers: Sequence[int] = ()) -> list[str]:
    """Columns as wide as they must be; those in `numbers` stand at the right."""
    every = [tuple(head), *map(tuple, rows)]
    widths = [max(len(row[column]) for row in every) for column in range(len(head))]
    return [
        "  ".join(
            cell.rjust(width) if column in numbers else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in every
    ]
