"""Whether a membership or a lease counts today."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.domain.building import Grace
from controller.domain.membership import Membership, Standing
from controller.domain.standing import is_current, local_day, standing_on
from tests.unit.domain.house import SF, lease, local, member

CUT_OFF = 4 * 60
GRACE = Grace(days=7, cents=20_000)
JUNE = member(starts="2026-06-01", ends="2026-06-30")


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        pytest.param("2026-05-31 23:59:59", None, id="the evening before it starts"),
        pytest.param("2026-06-01 00:00", Standing.ACTIVE, id="from midnight of its first day"),
        pytest.param("2026-06-30 23:59", Standing.ACTIVE, id="its last day is usable"),
        pytest.param("2026-07-01 03:59:59", Standing.ACTIVE, id="until the cut-off of the night after"),
        pytest.param("2026-07-01 04:00", Standing.ENDED, id="and not longer"),
    ],
)
def test_dates_count_in_local_time(at: str, expected: Standing | None) -> None:
    assert standing_on(JUNE, local_day(local(at), SF, CUT_OFF), GRACE) is expected


@pytest.mark.parametrize("standing", Standing)
def test_between_its_dates_a_membership_stands_as_it_is_marked(standing: Standing) -> None:
    june = member(starts="2026-06-01", ends="2026-06-30", standing=standing)

    assert standing_on(june, local_day(local("2026-06-15 12:00"), SF, CUT_OFF), GRACE) is standing


def test_without_an_end_it_lasts() -> None:
    assert is_current(lease(), local_day(local("2099-01-01 12:00"), SF, CUT_OFF))


@given(st.integers(0, 60 * 24 * 60))
def test_a_lease_is_current_in_one_piece(minutes: int) -> None:
    held = lease(starts="2026-06-10", ends="2026-06-20")
    at = local("2026-06-01 00:00") + timedelta(minutes=minutes)

    expected = local("2026-06-10 00:00") <= at < local("2026-06-21 04:00")

    assert is_current(held, local_day(at, SF, CUT_OFF)) is expected


def test_a_membership_of_one_day_has_one_day() -> None:
    one: Membership = member(starts="2026-06-10", ends="2026-06-10")

    assert is_current(one, local_day(local("2026-06-10 00:00"), SF, CUT_OFF))
    assert is_current(one, local_day(local("2026-06-10 12:00"), SF, CUT_OFF))
    assert not is_current(one, local_day(local("2026-06-11 12:00"), SF, CUT_OFF))
