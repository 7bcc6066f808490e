"""The mean of means: what the readings themselves would give, and finite whatever they are."""

import math
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.domain.history.means import mean_of

any_float = st.floats(allow_nan=False, allow_infinity=False)


def test_each_mean_weighs_as_many_readings_as_it_has() -> None:
    assert mean_of((10.0, 20.0), (3, 1)) == 12.5


def test_values_whose_sum_is_no_float_have_a_mean() -> None:
    assert mean_of((1.7e308, 1.6e308), (3, 1)) == pytest.approx(1.675e308)
    assert mean_of([-1.7e308] * 3, [1] * 3) == -1.7e308


@given(st.lists(st.tuples(any_float, st.integers(1, 10**6)), min_size=1, max_size=50))
def test_a_mean_is_finite_and_between_the_lowest_and_the_highest(cells: list[tuple[float, int]]) -> None:
    means, counts = [mean for mean, _ in cells], [count for _, count in cells]

    found = mean_of(means, counts)

    exact = sum((Fraction(mean) * count for mean, count in cells), Fraction()) / sum(counts)
    assert math.isfinite(found)
    assert min(means) <= found <= max(means)
    assert abs(Fraction(found) - exact) * 10**9 <= Fraction(max(map(abs, means)))
