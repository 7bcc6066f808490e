"""The numbers of a device: what never came is missing, exactly, whatever the order and however often we stop."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.domain.history.sequence import (
    FROM_BEFORE,
    GAPS_KEPT,
    LEAP_BELIEVED,
    NO_NEWS,
    Count,
    Gap,
    News,
    booted,
    told,
    took,
    uncertain,
)


def heard(*numbers: int, count: Count | None = None) -> Count:
    count = count or booted(Count(), "b1")
    for number in numbers:
        count = took(count, number)
    return count


@pytest.mark.parametrize(
    ("numbers", "missing"),
    [
        pytest.param([7], 0, id="the first number begins the count"),
        pytest.param([1, 2, 3], 0, id="in order"),
        pytest.param([1, 4], 2, id="a gap"),
        pytest.param([1, 3, 2], 0, id="late, not lost"),
        pytest.param([1, 9, 4], 6, id="late, from the middle of a gap"),
        pytest.param([5, 4], 0, id="from before we listened"),
        pytest.param([5, 4, 8, 4], 2, id="from before we listened, and a gap"),
        pytest.param([1, 2, 2 + LEAP_BELIEVED + 2], 0, id="a leap nobody can have lost"),
        pytest.param([1, 2, 2 + LEAP_BELIEVED + 1], LEAP_BELIEVED, id="the widest gap that is believed"),
    ],
)
def test_a_number_that_was_skipped_is_missing_until_it_comes(numbers, missing):
    assert heard(*numbers).missing == missing


def test_a_gap_is_told_once_with_its_ends():
    count, news = told(heard(1, 5, 6, 9))

    assert news == News(5, (Gap(2, 4), Gap(7, 8)))
    assert told(count) == (count, NO_NEWS)


def test_what_comes_before_it_was_told_is_no_news():
    assert told(heard(1, 4, 2, 3))[1] == NO_NEWS


def test_what_comes_after_it_was_told_is_told_as_come():
    count, _ = told(heard(1, 6))

    count, news = told(heard(3, 4, count=count))

    assert (news, count.missing) == (News(filled=2), 2)
    assert count.told == (Gap(2, 2), Gap(5, 5))


# --- counts that begin anew -------------------------------------------------------------------------------------------


def test_another_boot_counts_from_one_and_what_was_missing_stays_missing():
    count = heard(1, 5)

    count, news = told(heard(1, 2, count=booted(count, "b2")))

    assert (news.found, count.missing, count.highest) == (3, 3, 2)


def test_a_late_number_of_the_boot_before_fills_no_gap_of_this_one():
    count, _ = told(heard(1, 5))

    count = heard(1, 2, 4, 3, count=booted(count, "b2"))

    assert (count.missing, told(count)[1]) == (3, NO_NEWS)


def test_what_an_old_boot_left_at_the_broker_is_counted_on_though_the_next_boot_is_announced():
    announced = booted(heard(1, 2, 3), "b2")

    count = heard(4, 5, 7, 1, 2, count=announced)

    assert (count.missing, count.highest, count.reborn) == (1, 2, False)


def test_the_same_boot_again_is_no_new_one():
    count = heard(1, 2, 3)

    assert booted(count, "b1") is count


def test_a_new_boot_whose_first_number_is_below_all_before_begins_there():
    count = heard(2, 5, count=booted(heard(10, 11), "b2"))

    assert (count.missing, count.first) == (2, 2)


def test_a_device_that_was_set_back_counts_from_there_without_a_gap():
    count = heard(*range(440, 503), 450, 451, 452, 453)

    assert (count.missing, count.highest) == (0, 453)


def test_a_device_that_begins_anew_without_a_word_is_followed_from_its_second_number():
    assert heard(4_000, 4_001, 1, 2, 5).missing == 2


def test_one_number_heard_before_does_not_turn_the_count():
    assert heard(1, 2, 3, 2, 4, 5).missing == 0


def test_far_below_the_first_number_a_device_counts_anew():
    first = 5_000
    assert heard(first, first - FROM_BEFORE, first - FROM_BEFORE + 1, first + 1).highest == first + 1
    assert heard(first, first - FROM_BEFORE - 2, first - FROM_BEFORE - 1).highest == first - FROM_BEFORE - 1


def test_where_we_cannot_say_what_was_heard_nothing_is_missed_anew():
    count, news = told(heard(100, count=uncertain(heard(1, 4))))

    assert (news.found, count.missing, count.highest) == (2, 2, 100)


# --- bounds -----------------------------------------------------------------------------------------------------------


def every_second(until: int) -> list[int]:
    return list(range(1, until, 2))


def test_of_too_many_gaps_the_oldest_are_counted_and_not_named():
    count, news = told(heard(*every_second(2 * GAPS_KEPT + 10)))

    assert news.found == count.missing == GAPS_KEPT + 4
    assert len(news.gaps) == GAPS_KEPT
    assert news.gaps[0] == Gap(10, 10)


def test_told_gaps_are_forgotten_before_those_nobody_heard_of():
    count, _ = told(heard(*every_second(2 * GAPS_KEPT)))
    assert len(count.told) == GAPS_KEPT - 1

    highest = count.highest
    assert highest is not None
    count = heard(highest + 2, highest + 4, count=count)

    assert (len(count.told), len(count.untold), count.told[0]) == (GAPS_KEPT - 2, 2, Gap(4, 4))


def test_what_comes_of_a_forgotten_gap_turns_no_count():
    count = heard(*every_second(2 * GAPS_KEPT + 10))

    after = heard(2, 4, 6, count=count)

    assert after == count


# --- laws -------------------------------------------------------------------------------------------------------------


@given(st.permutations(range(1, 12)))
def test_in_whatever_order_all_come_none_is_missing(order):
    assert heard(0, *order).missing == 0


@given(st.sets(st.integers(1, 120), min_size=1))
def test_what_never_comes_is_what_is_missing(arrived):
    assert heard(0, *sorted(arrived)).missing == max(arrived) - len(arrived)


@given(st.data())
def test_what_is_told_adds_up_to_what_is_missing_through_any_order_and_any_boots(data):
    count, found, filled, lost = Count(), 0, 0, 0
    for boot in range(data.draw(st.integers(1, 4))):
        size = data.draw(st.integers(1, 40))
        arrived = data.draw(st.sets(st.integers(1, size)).map(lambda some, size=size: some | {0, size}))
        shuffled = data.draw(st.permutations(sorted(arrived - {0})))
        count = booted(count, str(boot))
        for number in [0, *shuffled]:
            count = took(count, number)
            if data.draw(st.booleans()):
                count, news = told(count)
                found, filled = found + news.found, filled + news.filled
        lost += size + 1 - len(arrived)
    count, news = told(count)
    found, filled = found + news.found, filled + news.filled

    assert found - filled == count.missing == lost


@given(st.lists(st.integers(0, 400), max_size=300))
def test_whatever_numbers_come_the_memory_is_bounded_and_no_loss_is_negative(numbers):
    count, balance = Count(), 0
    for place, number in enumerate(numbers):
        count = took(count, number)
        if place % 7 == 0:
            count, news = told(count)
            balance += news.found - news.filled
        assert len(count.told) + len(count.untold) <= GAPS_KEPT
    balance += (news := told(count)[1]).found - news.filled
    assert balance == count.missing >= 0
