"""Guessing PINs: what locks a reader's PINs, and for how long."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.domain.pin_lockout import LOCKED_FOR, OPEN, WITHIN, Lockout


def after(*times: float) -> Lockout:
    lockout = OPEN
    for at in times:
        lockout = lockout.after_wrong(at)
    return lockout


@pytest.mark.parametrize(
    ("times", "locked"),
    [
        ((0, 1, 2, 3), False),
        ((0, 1, 2, 3, 4), True),
        ((0, 75, 150, 225, 299.9), True),
        ((0, 75, 150, 225, 300), False),
        ((0, 250, 260, 301, 302, 303), True),
    ],
    ids=["four", "five at once", "five within 5 min", "the first is 5 min ago", "any five within 5 min"],
)
def test_5_wrong_in_5_min_locks(times, locked):
    assert after(*times).is_locked(times[-1]) is locked


def test_a_lock_lasts_5_min_and_ends_with_a_clean_slate():
    locked = after(0, 1, 2, 3, 4)

    assert locked.is_locked(4 + LOCKED_FOR - 0.1)
    assert not locked.is_locked(4 + LOCKED_FOR)
    assert not locked.after_wrong(4 + LOCKED_FOR).is_locked(4 + LOCKED_FOR)


def test_what_is_entered_while_locked_does_not_make_it_longer():
    locked = after(0, 1, 2, 3, 4)

    assert locked.after_wrong(200) == locked


def test_what_is_long_ago_is_forgotten():
    assert after(0, 1).is_spent(1 + WITHIN)
    assert not after(0, 1).is_spent(WITHIN)


@given(st.lists(st.floats(0.1, 400), min_size=1, max_size=40))
def test_it_is_never_locked_without_five_wrong_in_five_minutes(pauses):
    lockout, at, looked_at = OPEN, 0.0, []
    for pause in pauses:
        at += pause
        if not lockout.is_locked(at):
            looked_at.append(at)
        lockout = lockout.after_wrong(at)
        if lockout.is_locked(at):
            assert len(looked_at) >= 5
            assert looked_at[-1] - looked_at[-5] < WITHIN
