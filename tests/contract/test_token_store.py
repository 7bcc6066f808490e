"""What every TokenStore promises, on the in-memory twin, on SQLite and on PostgreSQL."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from controller.adapters.sql.registry import SqlRegistry
from controller.adapters.sql.tokens import SqlTokens
from controller.domain.ids import AreaId, PersonId, TokenId
from controller.domain.membership import Person
from controller.domain.tokens import Token, TokenScope
from controller.errors import InputError
from controller.services.people.people import Held, ImportPlan
from controller.services.tokens.store import KeptToken, TokenStore
from tests.support.memory_tokens import MemoryTokens
from tests.support.registries import empty_place

NOON = datetime(2026, 3, 2, 12, 0, 0, 250_000, tzinfo=UTC)
ADA = PersonId("ada")


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[TokenStore]:
    if request.param == "memory":
        yield MemoryTokens({ADA})
        return
    async with SqlRegistry(empty_place(request.param, tmp_path), key_id="k1") as registry:
        await registry.apply_import(ImportPlan(await registry.version(), (Held(Person(ADA, "Ada")),), {}))
        yield SqlTokens(registry.database)


def token(id: str = "token-1", at: datetime = NOON, **changes: object) -> Token:
    scopes = frozenset({TokenScope.BOOKINGS_WRITE, TokenScope.CHECK_IN})
    plain = Token(TokenId(id), "Kalender Öl", scopes, at, at + timedelta(days=90))
    return replace(plain, **changes)  # type: ignore[arg-type]


async def test_a_token_comes_back_as_it_was_made(store: TokenStore) -> None:
    bound = token(area=AreaId("study"), person=ADA, made_by="dana")

    await store.put_token(bound, b"d" * 32)
    await store.put_token(token("token-0", NOON - timedelta(days=1)), b"e" * 32)

    assert await store.tokens() == [
        KeptToken(token("token-0", NOON - timedelta(days=1)), b"e" * 32),
        KeptToken(bound, b"d" * 32),
    ]


async def test_what_is_kept_never_shows_its_digest(store: TokenStore) -> None:
    await store.put_token(token(), b"secretsecret")

    assert "secretsecret" not in repr(await store.tokens())


async def test_every_change_is_a_version_and_a_use_is_none(store: TokenStore) -> None:
    before = await store.version()

    made = await store.put_token(token(), b"d" * 32)
    await store.tokens_used({TokenId("token-1"): NOON})
    used = await store.version()
    revoked = await store.revoke_token(TokenId("token-1"), NOON)

    assert before < made == used < revoked == await store.version()


async def test_a_token_revoked_twice_keeps_its_first_moment(store: TokenStore) -> None:
    await store.put_token(token(), b"d" * 32)

    first = await store.revoke_token(TokenId("token-1"), NOON)
    again = await store.revoke_token(TokenId("token-1"), NOON + timedelta(hours=1))

    (kept,) = await store.tokens()
    assert (first, kept.token.revoked_at) == (again, NOON)


async def test_the_latest_use_counts_in_whatever_order_they_are_told(store: TokenStore) -> None:
    await store.put_token(token(), b"d" * 32)

    await store.tokens_used({TokenId("token-1"): NOON + timedelta(minutes=5)})
    await store.tokens_used({TokenId("token-1"): NOON})
    await store.tokens_used({})

    (kept,) = await store.tokens()
    assert kept.token.used_at == NOON + timedelta(minutes=5)


async def test_what_nobody_knows_is_refused_by_name(store: TokenStore) -> None:
    await store.put_token(token(), b"d" * 32)

    with pytest.raises(InputError, match="no token 'token-2': did you mean 'token-1'"):
        await store.revoke_token(TokenId("token-2"), NOON)
    with pytest.raises(InputError, match="no person 'adah': did you mean 'ada'"):
        await store.put_token(token("token-3", person=PersonId("adah")), b"x" * 32)
    with pytest.raises(InputError, match="token 'token-1' is there already"):
        await store.put_token(token(), b"y" * 32)
