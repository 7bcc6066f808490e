"""The tail of each series, in memory: its points since they were last made a part, and its last value.

Only the writer's thread adds and takes away. Others read at any moment: a moment is added before its value, so that as
many moments as there are values belong together.
"""

from array import array
from collections.abc import Iterable, Iterator, Sequence
from typing import TypeAlias

from controller.domain.history.values import Kind, Series, SeriesId, Value

# So that any moment is later.
NEVER = -(1 << 62)


class Tail:
    """Of one series. `prefix`: how a row of the log names it."""

    __slots__ = ("at_ms", "compacted", "last", "prefix", "series", "values")

    def __init__(self, series: Series) -> None:
        self.series = series
        self.prefix = f"{series.id},"
        # When it was measured, the row that brought it, the value; of two measured at once the one that came last.
        self.last: tuple[int, int, Value] = (NEVER, 0, 0.0)
        self.compacted = 0  # the row of the log up to which its points are in parts
        self.clear()

    def clear(self) -> None:
        """Begin anew; whoever holds the old arrays keeps them as they are."""
        self.at_ms = array("q")
        self.values: array[float] | list[str] = [] if self.series.kind is Kind.TEXT else array("d")

    def copy(self) -> tuple["array[int]", "array[float] | list[str]"]:
        """The points as of now."""
        count = len(self.values)
        return self.at_ms[:count], self.values[:count]


Reading: TypeAlias = tuple[Tail, Value]
# A row that is in the log: its number, when it was measured, its readings.
Landed: TypeAlias = tuple[int, int, Sequence[Reading]]


class Tails:
    """Of all series; `points` in all of them, `upto` the last row of the log that is in them."""

    def __init__(self) -> None:
        self._by_series: dict[SeriesId, Tail] = {}
        self.points = 0
        self.upto = 0

    def add(self, tail: Tail) -> None:
        self._by_series[tail.series.id] = tail

    def remove(self, tail: Tail) -> None:
        del self._by_series[tail.series.id]

    def __getitem__(self, series: SeriesId) -> Tail:
        return self._by_series[series]

    def __iter__(self) -> Iterator[Tail]:
        return iter(list(self._by_series.values()))

    def take(self, rows: Iterable[Landed]) -> None:
        """What these rows of the log brought, in the order they came."""
        points = 0
        number = self.upto
        for number, at_ms, readings in rows:
            points += len(readings)
            for tail, value in readings:
                tail.at_ms.append(at_ms)
                tail.values.append(value)  # type: ignore[arg-type]  # a series is of one kind
                if at_ms >= tail.last[0]:
                    tail.last = (at_ms, number, value)
        self.points += points
        self.upto = number

    def cut(self, tails: Iterable[Tail]) -> None:
        """These are parts now, as they stand."""
        for tail in tails:
            self.points -= len(tail.values)
            tail.compacted = self.upto
            tail.clear()
