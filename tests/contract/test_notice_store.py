"""What every NoticeStore promises, on the in-memory twin, on SQLite and on PostgreSQL."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from controller.adapters.sql.notices import SqlNotices
from controller.adapters.sql.registry import SqlRegistry
from controller.domain.ids import PersonId
from controller.domain.membership import Person
from controller.domain.notices import Channel, Notice, NoticeKind
from controller.services.notices.store import Kept, NoticeState, NoticeStore
from controller.services.people.people import Held, ImportPlan
from tests.support.memory_notices import MemoryNotices
from tests.support.registries import empty_place

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
ADA, NOBODY = PersonId("ada"), PersonId("nobody")


def notice(key: str = "k-1", person: PersonId = ADA) -> Notice:
    return Notice(
        key, NoticeKind.BOOKING_RELEASED, person, Channel.WEBHOOK, {"room": "pine", "reason": "personne n'est là"}
    )


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[NoticeStore]:
    if request.param == "memory":
        yield MemoryNotices({ADA})
        return
    async with SqlRegistry(empty_place(request.param, tmp_path), key_id="k1") as registry:
        await registry.apply_import(ImportPlan(await registry.version(), (Held(Person(ADA, "Ada")),), {}))
        yield SqlNotices(registry.database)


async def test_a_notice_waits_as_it_was_made(store: NoticeStore) -> None:
    assert await store.add([notice()], NOON, 7) == 1

    assert await store.due(NOON, 10) == [Kept(1, notice(), NOON, NoticeState.WAITING, 0, NOON)]


async def test_nobody_has_begun_until_somebody_reads(store: NoticeStore) -> None:
    assert await store.cursor() is None

    await store.add([], NOON, 0)

    assert await store.cursor() == 0


async def test_the_cursor_is_kept_with_the_notices(store: NoticeStore) -> None:
    await store.add([notice()], NOON, 7)

    assert await store.cursor() == 7


async def test_the_same_news_is_one_notice(store: NoticeStore) -> None:
    await store.add([notice(), notice()], NOON, 7)

    assert await store.add([notice(), notice("k-2")], NOON, 8) == 1
    assert len(await store.newest(10)) == 2


async def test_nobody_of_this_house_is_told_nothing(store: NoticeStore) -> None:
    assert await store.add([notice(person=NOBODY)], NOON, 7) == 0
    assert await store.cursor() == 7


async def test_what_is_sent_is_not_due_again(store: NoticeStore) -> None:
    await store.add([notice()], NOON, 7)

    await store.sent(1, NOON + MINUTE)

    assert await store.due(NOON + 10 * MINUTE, 10) == []
    assert (await store.newest(1))[0].sent_at == NOON + MINUTE


async def test_what_is_put_off_is_due_then_with_its_reason(store: NoticeStore) -> None:
    await store.add([notice()], NOON, 7)

    await store.put_off(1, NOON + 5 * MINUTE, "the server is away")

    assert await store.due(NOON + 4 * MINUTE, 10) == []
    (again,) = await store.due(NOON + 5 * MINUTE, 10)
    assert (again.attempts, again.error) == (1, "the server is away")


async def test_the_longest_due_comes_first_and_no_more_than_asked(store: NoticeStore) -> None:
    await store.add([notice("a"), notice("b"), notice("c")], NOON, 7)
    await store.put_off(1, NOON + MINUTE, "later")

    assert [one.number for one in await store.due(NOON + MINUTE, 2)] == [2, 3]


async def test_what_is_given_up_is_listed_until_it_is_tried_again(store: NoticeStore) -> None:
    await store.add([notice("a"), notice("b")], NOON, 7)
    await store.give_up(1, NOON, "no such address")

    assert [one.number for one in await store.newest(10, NoticeState.FAILED)] == [1]
    assert await store.retry(2, NOON + MINUTE) == 0
    assert await store.retry(None, NOON + MINUTE) == 1
    again = next(one for one in await store.due(NOON + MINUTE, 10) if one.number == 1)
    assert (again.attempts, again.made_at) == (0, NOON + MINUTE)


async def test_what_is_long_over_is_forgotten_and_what_waits_is_not(store: NoticeStore) -> None:
    await store.add([notice("a"), notice("b"), notice("c")], NOON, 7)
    await store.sent(1, NOON)
    await store.give_up(2, NOON, "never")

    assert await store.forget_before(NOON) == 0
    assert await store.forget_before(NOON + MINUTE) == 2
    assert [one.number for one in await store.newest(10)] == [3]
