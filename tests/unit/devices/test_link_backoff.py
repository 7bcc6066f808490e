"""How long a link waits before it tries again."""

import pytest

from devices.link.backoff import Backoff

NEVER, ALWAYS = 0.0, 0.999999


def waits(draw: float, tries: int) -> list[float]:
    backoff = Backoff(1.0, 10.0, lambda: draw)
    return [backoff.next_s() for _ in range(tries)]


def test_the_first_tries_come_soon_enough_for_a_broker_that_only_restarts():
    # Down for two seconds: some try must fall between its return and the fifth second.
    tries = waits(ALWAYS, 3)

    assert tries[0] <= 1.0
    assert sum(tries) < 5.0


def test_waits_double_and_stop_growing_at_the_cap():
    assert waits(ALWAYS, 8)[1:] == pytest.approx([1, 2, 4, 8, 10, 10, 10], rel=1e-3)


def test_the_draw_spreads_devices_that_lost_the_broker_together():
    for shortest, longest in zip(waits(NEVER, 8), waits(ALWAYS, 8), strict=True):
        assert 0 < shortest <= longest / 1.9


def test_a_good_connection_starts_it_over():
    backoff = Backoff(1.0, 10.0, lambda: ALWAYS)
    first, *_ = (backoff.next_s() for _ in range(5))

    backoff.reset()

    assert backoff.next_s() == first


def test_a_broker_away_for_weeks_does_not_break_it():
    assert waits(ALWAYS, 3000)[-1] == pytest.approx(10.0, rel=1e-3)


def test_what_only_a_person_can_mend_is_tried_slowly():
    backoff = Backoff(1.0, 10.0, lambda: NEVER)

    assert 7.0 <= backoff.slow_s() <= 10.0
