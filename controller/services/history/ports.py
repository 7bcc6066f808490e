"""What history needs from the store of readings, and what the store offers to whoever sends readings on.

One SQLite store implements it (`controller.adapters.telemetry`); nothing here names a file. Numbers travel as
`array.array`: 'q' for epoch milliseconds UTC and counts, 'd' for values; switches are 0.0 and 1.0 there.
"""

from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from controller.domain.history.values import Selection, Series, Span, Value


@dataclass(frozen=True, slots=True)
class Points:
    """Every point of one series in a span, by time of measurement; of two at one moment the later arrival comes last."""

    series: Series
    at_ms: "array[int]"
    values: "array[float] | list[str]"  # texts are a list


@dataclass(frozen=True, slots=True)
class Steps:
    """One series by steps; a step without points is left out. `start_ms[i]` is where step i begins."""

    series: Series
    start_ms: "array[int]"
    mean: "array[float]"
    low: "array[float]"
    high: "array[float]"
    count: "array[int]"


@dataclass(frozen=True, slots=True)
class Last:
    """The value of a series that was measured last; of two measured at once the one that came last."""

    series: Series
    at_ms: int
    value: Value


class History(Protocol):
    """What was measured. Nothing here holds up the loop or whoever writes."""

    def series(self, selection: Selection) -> list[Series]: ...  # from memory
    def last(self, selection: Selection) -> list[Last]: ...  # from memory
    async def raw(self, selection: Selection, span: Span) -> list[Points]: ...
    # `edges_ms`: ascending; step i is [edges[i], edges[i + 1]). Texts have no steps.
    async def by_step(self, selection: Selection, edges_ms: Sequence[int]) -> list[Steps]: ...
    # Points of each series by hour (epoch hours UTC), for comparing with another store.
    async def counts_by_hour(self, selection: Selection, span: Span) -> Mapping[Series, Mapping[int, int]]: ...


@dataclass(frozen=True, slots=True)
class LoggedReadings:
    """One message's readings with their place in the log.

    `at_ns`: nanoseconds of the moment measured. Two messages of one device never share it: a later one of the same
    millisecond, or one that comes out of order, carries an ordinal below the millisecond, the same at each reading.
    """

    position: int
    at_ns: int
    readings: tuple[tuple[Series, Value], ...]


class ReadingsLog(Protocol):
    """The log of readings in arrival order, for a consumer with a cursor of its own.

    What lies at or behind `held(name)` positions may be deleted once it is old enough; a consumer that never said how
    far it is holds everything, up to the log's cap. `shed` counts what the cap took before the consumer had it.
    """

    @property
    def last_position(self) -> int: ...
    async def after(self, position: int, limit: int) -> list[LoggedReadings]: ...  # `limit` rows at most
    def release(self, consumer: str, upto: int) -> None: ...
    def first_position(self) -> int: ...  # the oldest still there; more than a cursor + 1 means that something was shed
