"""When messages are meant to go out: at the pace that was asked, the same for the same seed."""

import random
from itertools import pairwise

import pytest

from simulator.load.schedule import Arrival, What, moments, plan


def dice() -> random.Random:
    return random.Random("test")


def test_a_metronome_beats_from_the_first_moment_to_before_the_last():
    assert list(moments(4, 1.5, Arrival.EVEN, dice())) == [0.0, 0.25, 0.5, 0.75, 1.0, 1.25]


def test_strangers_come_each_on_their_own_at_the_pace_that_was_asked():
    times = list(moments(1000, 20, Arrival.POISSON, dice()))
    gaps = [after - before for before, after in pairwise(times)]

    assert len(times) == pytest.approx(20_000, rel=0.03)
    assert times == sorted(times)
    assert times[0] > 0
    assert times[-1] < 20
    # Of exponential gaps 63 in a hundred are shorter than the mean.
    assert sum(gap < 0.001 for gap in gaps) / len(gaps) == pytest.approx(0.632, abs=0.02)


def test_no_pace_is_no_message():
    assert list(moments(0, 60, Arrival.POISSON, dice())) == []


def test_both_kinds_come_in_order_and_more_readings_move_no_tap():
    few = list(plan(50, 10, 3, Arrival.POISSON, seed=4))
    many = list(plan(50, 500, 3, Arrival.POISSON, seed=4))

    assert [at for at, _ in many] == sorted(at for at, _ in many)
    assert [at for at, what in few if what is What.TAP] == [at for at, what in many if what is What.TAP]
    assert few == list(plan(50, 10, 3, Arrival.POISSON, seed=4))
    assert few != list(plan(50, 10, 3, Arrival.POISSON, seed=5))
