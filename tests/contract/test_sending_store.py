"""How far readings were sent, and what was refused: one contract, in a file and in memory."""

import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeAlias

import pytest

from controller.adapters.influx.state import SendingFile
from controller.domain.history.delivery import NOTHING_SENT, Parked, Refused, Sent
from controller.errors import StartupError, StoreError
from controller.services.history.outgoing import Parking
from tests.support.memory_sending import MemorySending

Store: TypeAlias = SendingFile | MemorySending

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
LATER = NOON + timedelta(minutes=5)
BAD, WORSE = Refused("t value=1 1", "type conflict"), Refused("t value=2 2", "too old")


@pytest.fixture(params=["file", "memory"])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Store]:
    if request.param == "memory":
        yield MemorySending(parked_limit=3)
        return
    async with await SendingFile.open(tmp_path / "sending.db", parked_limit=3) as opened:
        yield opened


async def test_at_first_nothing_is_sent_and_nothing_refused(store: Store):
    assert await store.sent() == NOTHING_SENT
    assert (await store.parked(), await store.due(10), await store.wished()) == (0, [], 0)


async def test_the_cursor_and_what_was_refused_are_kept_together(store: Store):
    await store.advance(Sent(70, 123, 60), [BAD, WORSE], NOON)

    assert await store.sent() == Sent(70, 123, 60)
    assert await store.listed(10) == [
        Parked(1, NOON, "t value=1 1", "type conflict"),
        Parked(2, NOON, "t value=2 2", "too old"),
    ]
    assert await store.listed(1) == [Parked(2, NOON, "t value=2 2", "too old")]
    assert await store.parked() == 2


async def test_a_line_that_is_refused_once_more_is_kept_once_with_the_newest_words(store: Store):
    assert await store.advance(Sent(1), [BAD], NOON) == Parking(new=1)
    assert await store.advance(Sent(2), [Refused(BAD.line, "still bad")], LATER) == Parking()
    assert await store.advance(Sent(3), [], LATER) == Parking()

    assert await store.listed(10) == [Parked(1, LATER, BAD.line, "still bad")]


async def test_the_oldest_of_too_many_make_room_and_are_counted(store: Store):
    told = [await store.advance(Sent(n), [Refused(f"t value={n} 1", "bad")], NOON) for n in range(1, 6)]

    assert told == [*[Parking(new=1)] * 3, *[Parking(new=1, dropped=1)] * 2]
    assert [parked.number for parked in await store.listed(10)] == [3, 4, 5]


async def test_what_somebody_wants_tried_again_is_due_until_it_was(store: Store):
    await store.advance(Sent(1), [BAD, WORSE], NOON)

    assert await store.retry([2, 99]) == 1
    assert [parked.number for parked in await store.due(10)] == [2]
    assert await store.retry([]) == 2
    assert [parked.number for parked in await store.due(1)] == [1]

    await store.tried([1], [(2, "still too old")], LATER)

    assert await store.due(10) == []
    assert await store.listed(10) == [Parked(2, LATER, WORSE.line, "still too old")]


async def test_what_is_dropped_is_gone(store: Store):
    await store.advance(Sent(1), [BAD, WORSE], NOON)

    assert await store.drop([1, 99]) == 1
    assert [parked.number for parked in await store.listed(10)] == [2]
    assert await store.drop([]) == 1
    assert await store.drop([]) == 0
    assert await store.parked() == 0


async def test_what_is_dropped_while_it_is_tried_stays_dropped(store: Store):
    await store.advance(Sent(1), [BAD], NOON)
    await store.drop([1])

    await store.tried([], [(1, "still bad")], LATER)

    assert await store.parked() == 0


async def test_a_wish_is_seen(store: Store):
    await store.wish()
    await store.wish()

    assert await store.wished() == 2


# --- the file ---------------------------------------------------------------------------------------------------------


async def test_what_was_told_is_there_after_a_restart_and_seen_from_beside(tmp_path: Path):
    path = tmp_path / "sending.db"
    async with await SendingFile.open(path) as store, await SendingFile.open(path) as beside:
        await store.advance(Sent(70, 123, 60), [BAD], NOON)
        assert await beside.retry([]) == 1
        await beside.wish()
        assert await store.wished() == 1
        assert len(await store.due(10)) == 1

    async with await SendingFile.open(path) as again:
        assert await again.sent() == Sent(70, 123, 60)
    assert path.stat().st_mode & 0o777 == 0o600


async def test_a_batch_that_cannot_be_noted_moves_nothing(tmp_path: Path):
    path = tmp_path / "sending.db"
    async with await SendingFile.open(path) as store:
        store._connection.execute("PRAGMA busy_timeout=0")
        with closing(sqlite3.connect(path)) as other:
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(StoreError, match="another process holds its lock"):
                await store.advance(Sent(70, 123, 60), [BAD], NOON)
        assert await store.sent() == NOTHING_SENT

        await store.advance(Sent(70, 123, 60), [BAD], NOON)
        assert await store.sent() == Sent(70, 123, 60)


async def test_a_statement_of_ours_that_is_wrong_stays_loud_and_leaves_no_transaction(tmp_path: Path):
    async with await SendingFile.open(tmp_path / "sending.db") as store:
        with pytest.raises(sqlite3.OperationalError):
            await store._write(lambda connection: connection.execute("UPDATE nothing SET at_all = 1"))
        await store.advance(Sent(1), [], NOON)


async def test_a_newer_file_is_refused_with_what_to_do(tmp_path: Path):
    path = tmp_path / "sending.db"
    async with await SendingFile.open(path):
        pass
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version=9")

    with pytest.raises(StartupError, match=r"sending\.db was written by a newer Natoma \(schema 9"):
        await SendingFile.open(path)


async def test_a_damaged_file_is_refused(tmp_path: Path):
    path = tmp_path / "sending.db"
    path.write_bytes(b"SQLite format 3\x00" + bytes(4000))

    with pytest.raises(StartupError, match=r"sending\.db"):
        await SendingFile.open(path)
