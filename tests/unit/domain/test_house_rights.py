"""Who may do what to the house."""

from dataclasses import replace

import pytest

from controller.domain.house_rights import may, may_answer, who_may
from controller.domain.membership import PersonKind, Right
from tests.unit.domain.house import ALICE, HOST

MAY_ALL = replace(ALICE, rights=frozenset(Right))


@pytest.mark.parametrize("right", Right)
def test_each_right_is_held_by_itself(right: Right) -> None:
    holder = replace(ALICE, rights=frozenset({right}))

    assert [one for one in Right if may(holder, one)] == [right]


@pytest.mark.parametrize("right", Right)
def test_being_staff_gives_no_right_and_a_ban_takes_every_one(right: Right) -> None:
    assert HOST.kind is PersonKind.STAFF
    assert not may(HOST, right)
    assert not may(replace(MAY_ALL, banned=True), right)


def test_an_alarm_is_answered_by_staff_and_by_whoever_holds_any_right_and_by_nobody_banned() -> None:
    trusted = replace(ALICE, rights=frozenset({Right.FORGIVE}))

    assert [may_answer(one) for one in (HOST, trusted, ALICE)] == [True, True, False]
    assert not any(may_answer(replace(one, banned=True)) for one in (HOST, trusted))


def test_whom_to_ask_is_told_by_name() -> None:
    zoe, adam = replace(MAY_ALL, name="Zoe"), replace(MAY_ALL, name="Adam")

    assert [one.name for one in who_may((zoe, HOST, adam), Right.CONFIRM_FIRE)] == ["Adam", "Zoe"]
