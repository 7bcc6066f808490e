"""What a device's word about time is worth."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.domain.times import Lateness, Skew, Stamp, TimeFlag, age_seconds, lateness, skew_of, stamped
from tests.unit.domain.house import NOON


def ahead(**amount: float) -> datetime:
    return NOON + timedelta(**amount)


def ago(**amount: float) -> datetime:
    return NOON - timedelta(**amount)


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        pytest.param(None, Stamp(NOON, NOON, TimeFlag.TIME_MISSING), id="missing: the time of arrival, marked"),
        pytest.param(NOON, Stamp(NOON, NOON), id="now"),
        pytest.param(ahead(seconds=60), Stamp(ahead(seconds=60), NOON), id="a minute ahead is believed"),
        pytest.param(
            ahead(seconds=61), Stamp(ahead(seconds=61), NOON, TimeFlag.CLOCK_SKEW), id="more than a minute is marked"
        ),
        pytest.param(
            ahead(minutes=5, seconds=1), Stamp(NOON, NOON, TimeFlag.CLOCK_SKEW), id="over 5 min ahead: arrival, marked"
        ),
        pytest.param(ago(minutes=5), Stamp(ago(minutes=5), NOON), id="5 min old is news"),
        pytest.param(
            ago(minutes=5, seconds=1), Stamp(ago(minutes=5, seconds=1), NOON, TimeFlag.BACKFILL), id="older is backfill"
        ),
    ],
)
def test_a_message_is_placed_in_time(said: datetime | None, expected: Stamp) -> None:
    assert stamped(said, NOON) == expected


def test_backfill_is_history() -> None:
    assert stamped(ago(hours=1), NOON).is_backfill
    assert not stamped(NOON, NOON).is_backfill


def test_a_clock_that_is_off_by_more_than_a_minute_does_not_order() -> None:
    assert stamped(ahead(seconds=90), NOON).order_at == NOON
    assert stamped(ahead(seconds=30), NOON).order_at == ahead(seconds=30)


def test_a_clock_that_was_never_set_is_recognised() -> None:
    assert stamped(datetime(1970, 1, 1, tzinfo=NOON.tzinfo), NOON).is_unset
    assert not stamped(ago(days=31), NOON).is_unset


@given(st.none() | st.timedeltas(timedelta(days=-400), timedelta(days=400)))
def test_nothing_is_ever_stored_far_in_the_future(offset: timedelta | None) -> None:
    stamp = stamped(None if offset is None else NOON + offset, NOON)

    assert stamp.at <= ahead(minutes=5)


@pytest.mark.parametrize(
    ("offset", "grade"),
    [
        (0.0, Skew.NONE),
        (2.0, Skew.NONE),
        (-2.1, Skew.RECORDED),
        (5.1, Skew.WARNED),
        (-60.0, Skew.WARNED),
        (60.1, Skew.IGNORED),
    ],
)
def test_skew_is_recorded_then_warned_of_then_ignored(offset: float, grade: Skew) -> None:
    assert skew_of(offset) is grade


@pytest.mark.parametrize(
    ("age_s", "grade"),
    [(0, Lateness.NORMAL), (60, Lateness.NORMAL), (61, Lateness.LATE), (900, Lateness.LATE), (901, Lateness.HISTORY)],
)
def test_an_event_may_cause_less_the_later_it_comes(age_s: float, grade: Lateness) -> None:
    assert lateness(age_s) is grade


@pytest.mark.parametrize(
    ("said", "age_ms", "age_s"),
    [
        pytest.param(None, None, 0.0, id="no word: as old as its arrival"),
        pytest.param(ago(seconds=7), None, 7.0, id="by its stamp"),
        pytest.param(None, 6_000, 6.0, id="by the count of a reader without a clock"),
        pytest.param(ago(seconds=2), 6_000, 6.0, id="the older word counts"),
        pytest.param(ahead(seconds=30), None, 0.0, id="from the future is not negative"),
    ],
)
def test_a_read_is_as_old_as_the_oldest_word_on_it(said: datetime | None, age_ms: float | None, age_s: float) -> None:
    assert age_seconds(said, age_ms, NOON) == age_s
