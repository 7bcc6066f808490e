"""Percentiles of delays: near the truth whatever was counted, and small however much."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.load.delays import Delays

PERCENTS = (50.0, 90.0, 99.0, 99.9, 100.0)


def of(*seconds: float) -> Delays:
    delays = Delays()
    for each in seconds:
        delays.add(each)
    return delays


@given(st.lists(st.floats(0, 100_000), min_size=1, max_size=200))
def test_every_percentile_is_the_nearest_rank_to_one_part_in_128(seconds):
    delays = of(*seconds)

    for percent, told in zip(PERCENTS, delays.percentiles(PERCENTS), strict=True):
        true = sorted(seconds)[max(1, math.ceil(len(seconds) * percent / 100)) - 1]
        assert told is not None
        # Half a microsecond either way: that is what is counted in.
        assert true - 1e-6 <= told <= true * (1 + 1 / 128) + 1e-6


def test_of_a_hundred_the_99th_is_not_the_longest():
    delays = of(*[0.001] * 99, 5.0)

    assert delays.at(99.0) == pytest.approx(0.001, rel=1 / 128)
    assert delays.at(100.0) == delays.longest_s == 5.0
    assert delays.mean_s == pytest.approx(0.05099)


def test_without_any_there_is_nothing_to_tell():
    assert of().percentiles(PERCENTS) == [None] * 5
    assert of().mean_s is None


def test_a_clock_that_ran_back_counts_as_no_time_at_all():
    assert of(-0.5).at(50.0) == 0.0
