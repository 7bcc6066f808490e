"""What every AnswerStore promises, on the in-memory twin, on SQLite and on PostgreSQL."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from controller.adapters.sql.answers import SqlAnswers
from controller.adapters.sql.registry import SqlRegistry
from controller.services.tokens.answers import AnswerStore, KeptAnswer
from tests.support.memory_answers import MemoryAnswers
from tests.support.registries import empty_place

NOON = datetime(2026, 3, 2, 12, 0, 0, 250_000, tzinfo=UTC)
DAY = timedelta(days=1)
FIRST, SECOND = b"1" * 32, b"2" * 32


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[AnswerStore]:
    if request.param == "memory":
        yield MemoryAnswers()
        return
    async with SqlRegistry(empty_place(request.param, tmp_path), key_id="k1") as registry:
        yield SqlAnswers(registry.database)


def answer(at: datetime = NOON, sealed: bytes = b"sealed") -> KeptAnswer:
    return KeptAnswer(b"a" * 32, sealed, at)


async def test_an_answer_comes_back_under_its_key_alone(store: AnswerStore) -> None:
    await store.keep_answer(FIRST, answer(), NOON - DAY)

    assert await store.answer(FIRST) == answer()
    assert await store.answer(SECOND) is None


async def test_the_last_answer_under_a_key_counts(store: AnswerStore) -> None:
    await store.keep_answer(FIRST, answer(), NOON - DAY)
    await store.keep_answer(FIRST, answer(sealed=b"other"), NOON - DAY)

    assert await store.answer(FIRST) == answer(sealed=b"other")


async def test_what_is_older_is_forgotten_when_something_new_is_kept(store: AnswerStore) -> None:
    await store.keep_answer(FIRST, answer(), NOON - DAY)
    await store.keep_answer(SECOND, answer(NOON + DAY), NOON + timedelta(milliseconds=1))

    assert await store.answer(FIRST) is None
    assert await store.answer(SECOND) == answer(NOON + DAY)


def test_what_is_kept_shows_nothing_of_itself() -> None:
    assert "sealed" not in repr(answer(sealed=b"sealed words"))
