"""The time the house goes by, whatever the machine's clock does."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.domain.trusted_time import EARLIEST, LATEST, TOLERATED, HouseTime, begun, gone_on

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
UNIX = datetime(1970, 1, 1, 0, 3, tzinfo=UTC)
HOUR = timedelta(hours=1)


def test_a_clock_that_runs_is_followed() -> None:
    later = gone_on(HouseTime(NOON, 10.0), NOON + timedelta(seconds=5.2), 15.0, is_vouched=False)

    assert (later.at, later.is_suspect) == (NOON + timedelta(seconds=5.2), False)


@pytest.mark.parametrize("jump", [HOUR, -HOUR, timedelta(days=-20_000)], ids=["ahead", "back", "to-1970"])
def test_a_clock_that_jumps_is_not_followed_and_by_how_much_is_told(jump: timedelta) -> None:
    later = gone_on(HouseTime(NOON, 10.0), NOON + timedelta(seconds=5) + jump, 15.0, is_vouched=False)

    assert (later.at, later.off) == (NOON + timedelta(seconds=5), jump)


def test_a_clock_that_jumps_back_to_where_it_was_is_believed_again() -> None:
    jumped = gone_on(HouseTime(NOON, 0.0), NOON + HOUR, 1.0, is_vouched=False)
    again = gone_on(jumped, NOON + timedelta(seconds=3), 2.0, is_vouched=False)

    assert (again.at, again.is_suspect) == (NOON + timedelta(seconds=3), False)


def test_a_jump_that_a_time_service_vouches_for_is_believed() -> None:
    later = gone_on(HouseTime(NOON, 0.0), NOON - HOUR, 1.0, is_vouched=True)

    assert (later.at, later.is_suspect) == (NOON - HOUR, False)


def test_a_start_in_1970_goes_on_from_the_last_time_that_was_known() -> None:
    held = begun(UNIX, 0.0, NOON, is_vouched=False)
    later = gone_on(held, UNIX + timedelta(seconds=30), 30.0, is_vouched=False)

    assert held == HouseTime(NOON, 0.0, UNIX - NOON, is_unset=True)
    assert (later.at, later.is_suspect) == (NOON + timedelta(seconds=30), True)


def test_a_clock_that_is_set_at_last_is_believed_however_long_the_power_was_off() -> None:
    held = begun(UNIX, 0.0, NOON, is_vouched=False)
    later = gone_on(held, NOON + timedelta(days=21), 40.0, is_vouched=False)

    assert (later.at, later.is_suspect) == (NOON + timedelta(days=21), False)


def test_a_start_an_hour_behind_what_was_known_is_suspect_and_one_ahead_is_not() -> None:
    assert begun(NOON - HOUR, 0.0, NOON, is_vouched=False).off == -HOUR
    assert begun(NOON + HOUR, 0.0, NOON, is_vouched=False) == HouseTime(NOON + HOUR, 0.0)
    assert begun(NOON - HOUR, 0.0, NOON, is_vouched=True) == HouseTime(NOON - HOUR, 0.0)


def test_a_first_start_before_there_was_a_natoma_is_suspect_whoever_vouches() -> None:
    assert begun(UNIX, 0.0, None, is_vouched=True).at == EARLIEST
    assert begun(NOON, 0.0, None, is_vouched=False) == HouseTime(NOON, 0.0)


def test_no_house_lives_beyond_the_latest_time_whoever_says_so() -> None:
    end = datetime(9999, 12, 31, tzinfo=UTC)

    assert begun(NOON, 0.0, end, is_vouched=False) == HouseTime(NOON, 0.0)
    assert begun(end, 0.0, NOON, is_vouched=True) == HouseTime(NOON, 0.0, end - NOON, is_unset=True)
    assert gone_on(HouseTime(NOON, 0.0), LATEST, 1.0, is_vouched=True).at == NOON + timedelta(seconds=1)


def test_a_clock_that_woke_at_the_end_of_all_years_is_believed_once_it_is_set() -> None:
    woken = begun(datetime(9999, 12, 31, tzinfo=UTC), 0.0, None, is_vouched=False)

    assert woken.at == EARLIEST
    assert gone_on(woken, LATEST, 1.0, is_vouched=False).is_suspect
    assert gone_on(woken, NOON, 2.0, is_vouched=False) == HouseTime(NOON, 2.0)


@given(
    st.lists(
        st.tuples(st.floats(0, 3600), st.integers(-(10**9), 10**8)),
        max_size=20,
    )
)
def test_whatever_an_unvouched_clock_does_the_house_gains_and_loses_no_more_than_is_tolerated_at_each_look(
    looks: list[tuple[float, int]],
) -> None:
    time = begun(NOON, 0.0, None, is_vouched=False)
    for gone, off_s in looks:
        after = gone_on(
            time, NOON + timedelta(seconds=time.passed + gone + off_s), time.passed + gone, is_vouched=False
        )
        assert abs(after.at - time.at - timedelta(seconds=gone)) <= TOLERATED + timedelta(microseconds=2)
        time = after
