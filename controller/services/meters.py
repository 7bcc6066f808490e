"""Numbers the services keep about themselves: counts, levels, and how long things took.

Plain and cheap enough for the path of a tap: the owner of a number asks for its handle once and
then only adds to it. How they are written down for a collector is `web.metrics`.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

LATENCY_BUCKETS = (0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Seconds: fine where a tap lives (0.2 to 5 ms), coarse where something is already wrong."""

SERIES_LIMIT = 200
"""A label whose values come from outside must not grow the memory: past this they share one series."""

Labels = tuple[tuple[str, str], ...]


class Counter:
    """How often; it only rises."""

    __slots__ = ("value",)

    def __init__(self) -> None:
        self.value = 0

    def add(self, by: int = 1) -> None:
        self.value += by


class Gauge:
    """How much now: set by its owner, or read from the owner when somebody asks."""

    __slots__ = ("_read", "_value")

    def __init__(self, read: Callable[[], float] | None = None) -> None:
        self._read = read
        self._value = 0.0

    def set(self, value: float) -> None:
        self._value = value

    @property
    def value(self) -> float:
        return self._value if self._read is None else self._read()


class Histogram:
    """How long, in seconds: one count per bucket, the last one for everything longer."""

    __slots__ = ("bounds", "counts", "total")

    def __init__(self, bounds: Sequence[float] = LATENCY_BUCKETS) -> None:
        self.bounds = tuple(bounds)
        self.counts = [0] * (len(self.bounds) + 1)
        self.total = 0.0

    def observe(self, seconds: float) -> None:
        self.counts[bisect_left(self.bounds, seconds)] += 1
        self.total += seconds

    @property
    def count(self) -> int:
        return sum(self.counts)

    def quantile(self, share: float) -> float | None:
        """The upper bound of the bucket that holds this share of them, or None while there are none."""
        wanted = share * self.count
        if not self.count:
            return None
        seen = 0
        for bound, count in zip(self.bounds, self.counts, strict=False):
            seen += count
            if seen >= wanted:
                return bound
        return self.bounds[-1]


Meter = Counter | Gauge | Histogram
M = TypeVar("M", Counter, Gauge, Histogram)


@dataclass(slots=True)
class Family:
    """Meters of one name, told apart by their labels."""

    name: str
    help: str
    series: dict[Labels, Meter] = field(default_factory=dict)


class Meters:
    """Every number, by name. Asking again for the same name and labels gives the same handle."""

    def __init__(self) -> None:
        self._families: dict[str, Family] = {}

    def counter(self, name: str, help: str, **labels: str) -> Counter:
        return self._series(name, help, labels, Counter, Counter)

    def gauge(self, name: str, help: str, read: Callable[[], float] | None = None, **labels: str) -> Gauge:
        return self._series(name, help, labels, Gauge, lambda: Gauge(read))

    def histogram(self, name: str, help: str, bounds: Sequence[float] = LATENCY_BUCKETS, **labels: str) -> Histogram:
        return self._series(name, help, labels, Histogram, lambda: Histogram(bounds))

    def families(self) -> Iterator[Family]:
        """All of them, in the order they were first asked for."""
        yield from self._families.values()

    def _series(self, name: str, help: str, labels: Mapping[str, str], sort: type[M], make: Callable[[], M]) -> M:
        family = self._families.setdefault(name, Family(name, help))
        key = tuple(sorted(labels.items()))
        if key not in family.series and len(family.series) >= SERIES_LIMIT:
            key = tuple((label, "other") for label, _ in key)
        meter = family.series.get(key)
        if meter is None:
            meter = family.series[key] = make()
        if not isinstance(meter, sort):
            raise TypeError(f"meter {name} is a {type(meter).__name__}, asked for as a {sort.__name__}")
        return meter
