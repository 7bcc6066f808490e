"""One chart of history as numbers an inline SVG is made of: a band from lowest to highest, a line of means, the axes.

Pure geometry over steps that were already asked for; no markup and no words of the page.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from controller.domain.history.values import Kind, Span
from controller.domain.schedule import instant
from controller.services.history.ports import Steps
from controller.web.history_words import written_short

WIDTH, HEIGHT = 760.0, 300.0
LEFT, RIGHT, TOP, BOTTOM = 52.0, 12.0, 14.0, 30.0
_ROWS = 5  # lines across, about
_HEADROOM = 0.06
# What is farther out still is a float, and its distance to its opposite none: such a chart is drawn in thousandths.
_FARTHEST = 1e300
_THOUSANDTH = 1e-3
_LABEL_LETTERS = 9

SpanName = str


@dataclass(frozen=True, slots=True)
class Tick:
    """A line of the grid and what is written at it."""

    place: float
    label: str
    strong: bool = False  # a day, month or year begins


@dataclass(frozen=True, slots=True)
class Chart:
    """Places are in the viewBox; paths are in SVG's own words."""

    band: str
    line: str
    dots: tuple[tuple[float, float], ...]  # steps that stand alone, where a line would not be seen
    across: tuple[Tick, ...]
    along: tuple[Tick, ...]
    width: float = WIDTH
    height: float = HEIGHT
    left: float = LEFT
    right: float = WIDTH - RIGHT
    top: float = TOP
    bottom: float = HEIGHT - BOTTOM


@dataclass(frozen=True, slots=True)
class _Mark:
    x: float
    mean: float
    low: float
    high: float


def draw(lines: Sequence[Steps], span: Span, edges_ms: Sequence[int], silence_s: float, along: Sequence[Tick]) -> Chart:
    """The chart of series that share a unit. Steps further apart than `silence_s` are not joined: that is a gap.

    Raises ValueError where there is not a step to draw.
    """
    kind = lines[0].series.kind
    low, high = min(min(one.low) for one in lines), max(max(one.high) for one in lines)
    part = 1.0 if max(-low, high) <= _FARTHEST else _THOUSANDTH
    across, bottom, top = _scale(kind, low * part, high * part, part)
    start_ms, end_ms = _ms(span.start), _ms(span.end)
    across_px = (HEIGHT - BOTTOM - TOP) / (top - bottom)
    along_px = (WIDTH - RIGHT - LEFT) / max(1, end_ms - start_ms)

    def y(value: float) -> float:
        return HEIGHT - BOTTOM - (value - bottom) * across_px

    ends = {edges_ms[place]: edges_ms[place + 1] for place in range(len(edges_ms) - 1)}
    runs: list[list[_Mark]] = []
    for steps in lines:
        for run in _runs(steps, ends, silence_s):
            marks = [
                _Mark(
                    LEFT + ((steps.start_ms[i] + ends[steps.start_ms[i]]) / 2 - start_ms) * along_px,
                    y(steps.mean[i] * part),
                    y(steps.low[i] * part),
                    y(steps.high[i] * part),
                )
                for i in run
            ]
            runs.append(marks)
    return Chart(
        # A switch that was both within a step says so by the line; a band would only ever be all of the chart.
        band="".join(_band(run) for run in runs if len(run) > 1 and kind is not Kind.SWITCH),
        line="".join(_line(run) for run in runs if len(run) > 1),
        dots=tuple((round(run[0].x, 1), round(run[0].mean, 1)) for run in runs if len(run) == 1),
        across=tuple(Tick(round(y(value), 1), label) for value, label in across),
        along=tuple(along),
    )


def times_along(span: Span, name: SpanName, zone: ZoneInfo) -> tuple[Tick, ...]:
    """Where the local clock or calendar is written below a chart of an hour, day, week, month or year."""
    start, end = span.start.astimezone(zone), span.end.astimezone(zone)
    width = (span.end - span.start).total_seconds()
    found = []
    for at, label, strong in _labels(name, start, end, zone):
        share = (at - span.start).total_seconds() / width
        if 0 <= share <= 1:
            found.append(Tick(round(LEFT + share * (WIDTH - RIGHT - LEFT), 1), label, strong))
    return tuple(found)


def _labels(name: SpanName, start: datetime, end: datetime, zone: ZoneInfo) -> Iterator[tuple[datetime, str, bool]]:
    minutes = {"hour": 10, "day": 180}.get(name)
    day = start.date()
    while day <= end.date():
        midnight = instant(day, 0, zone)
        if minutes is not None:
            for minute in range(0, 24 * 60, minutes):
                at = instant(day, minute, zone)
                label = f"{day:%a} {day.day}" if minute == 0 else f"{at.astimezone(zone):%H:%M}"
                yield at, label, minute == 0
        elif name == "week":
            yield midnight, f"{day:%a} {day.day}", day.weekday() == 0
        elif name == "month" and day.day in (1, 6, 11, 16, 21, 26):
            yield midnight, f"{day.day} {day:%b}", day.day == 1
        elif name == "year" and day.day == 1:
            yield midnight, f"{day:%b}" if day.month > 1 else str(day.year), day.month == 1
        day += timedelta(days=1)


def _runs(steps: Steps, ends: dict[int, int], silence_s: float) -> Iterator[range]:
    """Neighbours that are to be joined, as places in the arrays."""
    begun = 0
    for place in range(1, len(steps.start_ms)):
        between = steps.start_ms[place] - ends[steps.start_ms[place - 1]]
        if between > silence_s * 1000:
            yield range(begun, place)
            begun = place
    yield range(begun, len(steps.start_ms))


def _line(run: Sequence[_Mark]) -> str:
    return "M" + "L".join(f"{mark.x:.1f} {mark.mean:.1f}" for mark in run)


def _band(run: Sequence[_Mark]) -> str:
    there = "L".join(f"{mark.x:.1f} {mark.high:.1f}" for mark in run)
    back = "L".join(f"{mark.x:.1f} {mark.low:.1f}" for mark in reversed(run))
    return f"M{there}L{back}Z"


def _scale(kind: Kind, low: float, high: float, part: float) -> tuple[list[tuple[float, str]], float, float]:
    """Round numbers across, and the values at the bottom and the top of the chart; labels are of the whole values."""
    if kind is Kind.SWITCH:
        return [(0.0, "off"), (1.0, "on")], -0.08, 1.08
    room = max((high - low) * _HEADROOM, max(abs(high), abs(low)) * 1e-6, 1e-9)
    bottom, top = low - room, high + room
    unit = _nice((top - bottom) / _ROWS)
    first = math.ceil(bottom / unit)
    last = math.floor(top / unit)
    # Above the highest number that there is, nothing is written.
    values = [value for number in range(first, last + 1) if math.isfinite((value := number * unit) / part)]
    return list(zip(values, _labels_of([value / part for value in values], unit / part), strict=True)), bottom, top


def _labels_of(values: Sequence[float], unit: float) -> list[str]:
    """In full where there is room; else with three digits before the exponent, more where two would be the same."""
    places = max(0, -math.floor(math.log10(unit) + 1e-9))
    if max(map(abs, values), default=0.0) < 10**_LABEL_LETTERS:
        written = [f"{value:,.{min(places, 6)}f}" for value in values]
        if max(map(len, written), default=0) <= _LABEL_LETTERS:
            return written
    for digits in (3, 4, 5):
        written = ["0" if value == 0 else written_short(value, digits) for value in values]
        if len(set(written)) == len(written):
            break
    return written


def _nice(rough: float) -> float:
    power = 10.0 ** math.floor(math.log10(rough))
    return next((step * power for step in (1, 2, 5) if step * power >= rough), 10 * power)


def _ms(at: datetime) -> int:
    return round(at.timestamp() * 1000)
