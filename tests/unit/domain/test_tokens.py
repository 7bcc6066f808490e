"""What a token lets a program do."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from controller.domain.ids import AreaId, TokenId
from controller.domain.tokens import INCLUDES, Token, TokenScope, TokenState, all_of, may, reaches, state_of

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
READER = Token(TokenId("t1"), "lobby screen", frozenset({TokenScope.BOOKINGS_READ}), NOON, NOON + timedelta(days=90))


def test_a_token_may_what_its_scopes_say_and_nothing_else() -> None:
    assert may(READER, TokenScope.BOOKINGS_READ)
    assert not may(READER, TokenScope.BOOKINGS_WRITE)
    assert [one for one in TokenScope if may(READER, one)] == [TokenScope.BOOKINGS_READ]


def test_one_of_several_scopes_is_enough() -> None:
    assert may(READER, TokenScope.PANEL, TokenScope.BOOKINGS_READ)


@pytest.mark.parametrize(("scope", "brought"), sorted(INCLUDES.items()))
def test_whoever_may_change_something_may_see_it(scope: TokenScope, brought: frozenset[TokenScope]) -> None:
    assert all_of({scope}) == brought | {scope}
    assert all(may(replace(READER, scopes=frozenset({scope})), one) for one in brought)


def test_a_token_of_one_room_reaches_no_other() -> None:
    here = replace(READER, area=AreaId("study"))

    assert reaches(here, AreaId("study"))
    assert not reaches(here, AreaId("booth"))
    assert reaches(READER, AreaId("booth"))


def test_a_token_is_good_up_to_the_moment_it_expires() -> None:
    assert state_of(READER, READER.expires_at - timedelta(microseconds=1)) is TokenState.ACTIVE
    assert state_of(READER, READER.expires_at) is TokenState.EXPIRED


def test_a_revoked_token_is_revoked_by_any_clock() -> None:
    revoked = replace(READER, revoked_at=NOON)

    assert state_of(revoked, NOON - timedelta(seconds=3)) is TokenState.REVOKED
    assert state_of(revoked, READER.expires_at) is TokenState.REVOKED
