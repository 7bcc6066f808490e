"""A device that comes and goes, and two that share a name."""

from hypothesis import given
from hypothesis import strategies as st

from controller.domain.steadiness import BOOTS_KEPT, LOSSES, RETURNS, WITHIN_S, Steadiness, came, lost, passed


def after_losses(*moments: float) -> Steadiness:
    steadiness = Steadiness()
    for moment in moments:
        steadiness = lost(steadiness, moment)
    return steadiness


def after_boots(*boots: str, every: float = 1.0) -> Steadiness:
    steadiness = Steadiness()
    for place, boot in enumerate(boots):
        steadiness = came(steadiness, boot, place * every)
    return steadiness


def test_three_losses_within_a_minute_make_a_device_unsteady():
    assert not after_losses(0.0, 1.0).is_unsteady
    assert after_losses(0.0, 1.0, 60.0).is_unsteady
    assert not after_losses(0.0, 1.0, 61.0).is_unsteady


def test_it_is_steady_again_after_a_minute_without_a_loss():
    unsteady = after_losses(0.0, 1.0, 2.0)

    assert passed(unsteady, 2.0 + WITHIN_S).is_unsteady
    assert not passed(unsteady, 2.1 + WITHIN_S).is_unsteady
    assert passed(unsteady, 2.1 + WITHIN_S).is_at_rest


@given(st.integers(LOSSES, 600))
def test_a_device_that_flaps_each_second_is_unsteady_once_and_all_the_while(seconds):
    steadiness, became = Steadiness(), 0
    for second in range(seconds):
        before = passed(steadiness, float(second))
        steadiness = lost(before, float(second))
        became += steadiness.is_unsteady and not before.is_unsteady

    assert (became, steadiness.is_unsteady, len(steadiness.losses)) == (1, True, LOSSES)


def test_a_device_that_restarts_again_and_again_shares_its_name_with_nobody():
    assert not after_boots(*map(str, range(100))).is_shared
    assert len(after_boots(*map(str, range(100))).boots) == BOOTS_KEPT


def test_two_devices_that_throw_each_other_out_share_a_name():
    fight = "a", "b", "a", "b", "a"

    assert not after_boots(*fight[:-1]).is_shared
    assert after_boots(*fight).is_shared


def test_a_status_that_was_delivered_twice_is_no_fight():
    assert not after_boots("a", "b", "a", "b", "b").is_shared


def test_returns_that_are_far_apart_are_no_fight():
    assert not after_boots("a", "b", "a", "b", "a", "b", every=WITHIN_S).is_shared


def test_a_fight_is_over_after_a_minute_of_peace():
    fight = after_boots("a", "b", "a", "b", "a")

    assert passed(fight, 4.0 + WITHIN_S).is_shared
    assert not passed(fight, 4.1 + WITHIN_S).is_shared
    assert len(fight.returns) == RETURNS
