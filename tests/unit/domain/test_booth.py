"""The on-air light: on only once it says so."""

from datetime import timedelta
from itertools import product

import pytest

from controller.domain.booth import SHOWN, OnAir, Reported, Wanted, on_air, reported
from tests.unit.domain.house import NOON

UNTIL_ONE = Wanted(on=True, until=NOON + timedelta(hours=1))


def test_every_pair_of_wanted_and_reported_is_in_the_table() -> None:
    assert set(SHOWN) == set(product((True, False), Reported))


def test_it_is_on_air_only_when_wanted_and_confirmed() -> None:
    assert [pair for pair, shown in SHOWN.items() if shown is OnAir.ON] == [(True, Reported.ON)]


@pytest.mark.parametrize(
    ("wanted", "light", "expected"),
    [
        pytest.param(UNTIL_ONE, Reported.OFF, OnAir.REQUESTED, id="asked for, not yet lit"),
        pytest.param(UNTIL_ONE, Reported.ON, OnAir.ON, id="confirmed by the light"),
        pytest.param(UNTIL_ONE, Reported.NOTHING, OnAir.UNKNOWN, id="unknown, never on, when its link dies"),
        pytest.param(Wanted(), Reported.ON, OnAir.ENDING, id="lit though nobody wants it"),
        pytest.param(Wanted(), Reported.OFF, OnAir.OFF, id="off"),
        pytest.param(Wanted(), Reported.NOTHING, OnAir.UNKNOWN, id="a dead light is not known to be off"),
    ],
)
def test_what_is_shown_follows_the_light(wanted: Wanted, light: Reported, expected: OnAir) -> None:
    assert on_air(wanted, light, NOON) is expected


def test_what_is_wanted_ends_by_itself() -> None:
    assert UNTIL_ONE.is_on(NOON + timedelta(minutes=59))
    assert not UNTIL_ONE.is_on(NOON + timedelta(hours=1))
    assert not Wanted(on=True).is_on(NOON)


@pytest.mark.parametrize(
    ("value", "is_present", "expected"),
    [
        (True, True, Reported.ON),
        (False, True, Reported.OFF),
        (None, True, Reported.NOTHING),
        ("on", True, Reported.NOTHING),
        (True, False, Reported.NOTHING),
    ],
)
def test_a_light_that_is_not_there_says_nothing(value: object, is_present: bool, expected: Reported) -> None:
    assert reported(value, is_present=is_present) is expected
