"""The mean of means, each of so many readings, of whatever numbers a device may send."""

import math
from collections.abc import Sequence


def mean_of(means: Sequence[float], counts: Sequence[int]) -> float:
    """Never beyond the lowest and the highest of `means`, and so never infinite; there is at least one reading."""
    count = sum(counts)
    mean = sum(mean * of for mean, of in zip(means, counts, strict=True)) / count
    if not math.isfinite(mean):
        # The sum of two huge values is no float; shares of their halves are, however many there are.
        mean = 2 * sum(mean / 2 * (of / count) for mean, of in zip(means, counts, strict=True))
    # Rounding must not put the mean of three equal values beside them.
    return min(max(mean, min(means)), max(means))
