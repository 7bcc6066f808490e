"""How long things took, kept as counts: any number of delays in a few kilobytes, each known to one part in 128.

As in an HdrHistogram: buckets as wide as the value is large. That package itself was refused: it needs two packaging
tools at run time, and has no wheel for the small computers a house runs on.
"""

from collections import Counter
from collections.abc import Sequence

# Buckets in each doubling; below twice as many microseconds every one has a bucket of its own.
_FINE = 128
_FINE_BITS = 7


class Delays:
    """Seconds in, percentiles out. What is below zero is a clock's rounding, and counts as zero."""

    __slots__ = ("_buckets", "_sum_s", "count", "longest_s")

    def __init__(self) -> None:
        self._buckets: Counter[int] = Counter()
        self._sum_s = 0.0
        self.count = 0
        self.longest_s = 0.0

    def add(self, seconds: float) -> None:
        seconds = max(0.0, seconds)
        self._buckets[_bucket(round(seconds * 1e6))] += 1
        self._sum_s += seconds
        self.count += 1
        self.longest_s = max(self.longest_s, seconds)

    @property
    def mean_s(self) -> float | None:
        return self._sum_s / self.count if self.count else None

    def at(self, percent: float) -> float | None:
        """So many in a hundred took no longer; None when there are none."""
        (value,) = self.percentiles((percent,))
        return value

    def percentiles(self, percents: Sequence[float]) -> list[float | None]:
        """In one walk, `percents` from the smallest up."""
        if not self.count:
            return [None] * len(percents)
        found: list[float | None] = []
        buckets = iter(sorted(self._buckets.items()))
        passed, upper = 0, 0.0
        for percent in percents:
            # The nearest rank: of a hundred delays the 99th is the 99th longest, not something between two.
            wanted = max(1, -(-self.count * percent // 100))
            while passed < wanted:
                bucket, many = next(buckets)
                passed += many
                upper = _upper_us(bucket) / 1e6
            found.append(min(upper, self.longest_s))
        return found


def _bucket(us: int) -> int:
    if us < 2 * _FINE:
        return us
    shift = us.bit_length() - _FINE_BITS - 1
    return (shift << _FINE_BITS) + (us >> shift)


def _upper_us(bucket: int) -> int:
    """The longest that falls into it."""
    if bucket < 2 * _FINE:
        return bucket
    shift = (bucket >> _FINE_BITS) - 1
    return ((bucket - (shift << _FINE_BITS) + 1) << shift) - 1
