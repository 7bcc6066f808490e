"""History as plain lists: the `History` port the slow and obvious way, for tests of what is built over it."""

from array import array
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from controller.domain.history.values import EVERYTHING, Selection, Series, SeriesId, Span, Value, kind_of
from controller.domain.ids import AreaId, DeviceId
from controller.errors import StoreError
from controller.services.history.ports import Last, Points, Steps

HOUR_MS = 3_600_000


@dataclass
class MemoryHistory:
    """`put` readings in any order; of two at one moment the later put comes last."""

    _points: dict[Series, list[tuple[int, Value]]] = field(default_factory=dict)
    reads: int = 0  # how often points were asked for

    def put(
        self,
        device: str,
        channel: str,
        points: Iterable[tuple[int, Value]],
        *,
        device_class: str = "",
        unit: str = "",
        room: str | None = None,
    ) -> None:
        """Points as (epoch milliseconds, value)."""
        for at_ms, value in points:
            series = self._series(device, channel, value, device_class, unit, room)
            self._points[series].append((at_ms, value))

    def _series(
        self, device: str, channel: str, value: Value, device_class: str, unit: str, room: str | None
    ) -> Series:
        area = AreaId(room) if room is not None else None
        kind = kind_of(value)
        for known in self._points:
            if (known.device, known.channel, known.kind, known.device_class, known.unit, known.room) == (
                device,
                channel,
                kind,
                device_class,
                unit,
                area,
            ):
                return known
        number = SeriesId(len(self._points) + 1)
        series = Series(number, DeviceId(device), channel, kind, device_class, unit, area)
        self._points[series] = []
        return series

    def series(self, selection: Selection = EVERYTHING) -> list[Series]:
        return [series for series in self._points if selection.takes(series)]

    def last(self, selection: Selection = EVERYTHING) -> list[Last]:
        return [Last(series, *self._sorted(series)[-1]) for series in self.series(selection)]

    async def raw(self, selection: Selection, span: Span) -> list[Points]:
        self.reads += 1
        found = []
        for series in self.series(selection):
            points = self._within(series, span)
            if points:
                values = [value for _, value in points]
                found.append(Points(series, array("q", [at for at, _ in points]), _packed(values)))
        return found

    async def by_step(self, selection: Selection, edges_ms: Sequence[int]) -> list[Steps]:
        self.reads += 1
        found = []
        for series in self.series(selection):
            steps: dict[int, list[float]] = {}
            for at_ms, value in self._sorted(series):
                place = bisect_right(edges_ms, at_ms) - 1
                if not isinstance(value, str) and 0 <= place < len(edges_ms) - 1:
                    steps.setdefault(edges_ms[place], []).append(float(value))
            if steps:
                found.append(
                    Steps(
                        series,
                        array("q", steps),
                        array("d", [float(sum(map(Fraction, values)) / len(values)) for values in steps.values()]),
                        array("d", [min(values) for values in steps.values()]),
                        array("d", [max(values) for values in steps.values()]),
                        array("q", [len(values) for values in steps.values()]),
                    )
                )
        return found

    async def counts_by_hour(self, selection: Selection, span: Span) -> Mapping[Series, Mapping[int, int]]:
        self.reads += 1
        return {
            series: Counter(at_ms // HOUR_MS for at_ms, _ in points)
            for series in self.series(selection)
            if (points := self._within(series, span))
        }

    def _sorted(self, series: Series) -> list[tuple[int, Value]]:
        return sorted(self._points[series], key=lambda point: point[0])

    def _within(self, series: Series, span: Span) -> list[tuple[int, Value]]:
        start, end = (round(at.timestamp() * 1000) for at in (span.start, span.end))
        return [point for point in self._sorted(series) if start <= point[0] < end]


def _packed(values: list[Value]) -> "array[float] | list[str]":
    texts = [value for value in values if isinstance(value, str)]
    return texts or array("d", [float(value) for value in values if not isinstance(value, str)])


class ArchiveAway:
    """A database of older readings that does not answer."""

    def holds(self, series: Series) -> bool:
        return True

    async def raw(self, series: Sequence[Series], span: Span) -> list[Points]:
        raise StoreError("the database at http://influx.local does not answer")

    async def by_step(self, series: Sequence[Series], edges_ms: Sequence[int]) -> list[Steps]:
        raise StoreError("the database at http://influx.local does not answer")

    async def counts_by_hour(self, series: Sequence[Series], span: Span) -> Mapping[Series, Mapping[int, int]]:
        raise StoreError("the database at http://influx.local does not answer")
