"""What is counted as answered, lost, twice and too late."""

import pytest

from devices.messages import Signal
from simulator.load.tally import Answer, Tally


def test_a_tap_is_timed_from_when_it_went_and_from_when_it_was_due():
    tally = Tally()
    number = tally.tapped(due=10.0, went=10.25)
    tally.answered(number, Signal.GRANTED, at=10.5)

    assert tally.granted.seen.longest_s == pytest.approx(0.25)
    assert tally.granted.meant.longest_s == pytest.approx(0.5)
    assert tally.taps.late.longest_s == pytest.approx(0.25)
    assert tally.taps_lost == 0


def test_a_tap_that_nobody_answers_is_lost_and_a_refusal_is_an_answer():
    tally = Tally()
    numbers = [tally.tapped(1.0, 1.0) for _ in range(3)]
    tally.answered(numbers[0], Signal.DENIED, 1.1)
    tally.answered(numbers[1], Signal.TRY_AGAIN, 1.1)

    assert tally.taps_lost == 1
    assert not tally.is_whole
    assert not tally.is_settled
    assert tally.answers == {Answer.DENIED: 1, Answer.TRY_AGAIN: 1}
    assert (tally.granted.seen.count, tally.denied.seen.count) == (0, 2)


def test_a_second_answer_is_counted_and_changes_nothing_else():
    tally = Tally()
    number = tally.tapped(1.0, 1.0)
    tally.answered(number, Signal.GRANTED, 1.1)
    tally.answered(number, Signal.DENIED, 9.0)

    assert tally.twice == 1
    assert tally.answers == {Answer.GRANTED: 1}
    assert tally.granted.seen.longest_s == pytest.approx(0.1)
    assert not tally.is_whole


def test_green_at_a_reader_whose_lock_hears_nothing_is_lost():
    tally = Tally()
    green, whole, early = (tally.tapped(1.0, 1.0) for _ in range(3))
    tally.unlocked(early)
    for number in (green, whole, early):
        tally.answered(number, Signal.GRANTED, 1.1, lock_apart=True)
    assert tally.locks_untold == 2
    tally.unlocked(whole)

    assert (tally.locks_untold, tally.taps_lost) == (1, 1)


def test_a_lock_told_twice_for_one_tap_is_counted():
    tally = Tally()
    number = tally.tapped(1.0, 1.0)
    tally.unlocked(number)
    tally.unlocked(number)

    assert tally.twice == 1


def test_after_a_second_the_reader_has_given_up():
    tally = Tally()
    for took in (0.9, 1.1):
        tally.answered(tally.tapped(1.0, 1.0), Signal.GRANTED, 1.0 + took)

    assert tally.too_late == 1
    assert tally.taps_lost == 0


def test_a_tap_no_connection_took_is_lost_and_was_not_said():
    tally = Tally()
    tally.tapped(1.0, 1.0)
    tally.not_said()

    assert (tally.taps.said, tally.taps.unsaid, tally.taps_lost) == (0, 1, 1)
    assert tally.is_settled


def test_readings_that_the_broker_does_not_confirm_are_lost():
    tally = Tally()
    tally.readings.said, tally.readings.confirmed, tally.readings.unsaid = 10, 8, 1

    assert tally.readings_lost == 3
    assert not tally.is_settled
    tally.readings.failed = 2
    assert tally.is_settled


def test_answers_to_numbers_never_given_are_nobodys():
    tally = Tally()
    tally.answered(0, Signal.GRANTED, 1.0)
    tally.unlocked(7)

    assert tally.answered_taps == 0
    assert tally.is_whole
