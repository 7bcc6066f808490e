"""Group commit: what a caller may be sure of when the disk, a neighbour or another request gets in the way."""

import asyncio
import sqlite3
import threading
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from controller.adapters.ballast import Ballast
from controller.adapters.group_commit import GroupCommit
from controller.adapters.sqlite_file import open_writer
from controller.adapters.tidying import ROWS_PER_TIDY, TURN_EVERY_S, Tidying
from controller.errors import StoreError

Numbers = GroupCommit[int, int]


class Gate:
    """Holds the writer thread inside its transaction until it is opened."""

    def __init__(self) -> None:
        self.entered = threading.Event()
        self.opened = threading.Event()
        self.opened.set()

    def shut(self) -> None:
        self.entered.clear()
        self.opened.clear()

    def pass_through(self) -> None:
        self.entered.set()
        assert self.opened.wait(30)

    async def reached(self) -> None:
        assert await asyncio.to_thread(self.entered.wait, 30)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    with closing(sqlite3.connect(tmp_path / "numbers.db")) as connection:
        connection.execute("CREATE TABLE number (n INTEGER NOT NULL)")
    return tmp_path / "numbers.db"


@pytest.fixture
def gate() -> Gate:
    return Gate()


@pytest.fixture
async def store(path: Path, gate: Gate) -> AsyncIterator[Callable[..., Numbers]]:
    opened: list[Numbers] = []

    def apply(connection: sqlite3.Connection, numbers: Sequence[int]) -> list[int]:
        for number in numbers:
            connection.execute("INSERT INTO number VALUES (?)", (None if number < 0 else number,))
        gate.pass_through()
        return [number * 10 for number in numbers]

    def open_(**options: Any) -> Numbers:
        settings = {"deadline_s": 30.0, "limit": 100} | options
        opened.append(GroupCommit("numbers", path, open_writer(path), apply, **settings))
        return opened[-1]

    yield open_
    gate.opened.set()
    for one in opened:
        await one.close()


def kept(path: Path) -> list[int]:
    with closing(sqlite3.connect(path)) as connection:
        return [row[0] for row in connection.execute("SELECT n FROM number ORDER BY rowid")]


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not holds():
            await asyncio.sleep(0)


async def test_a_request_is_on_the_disk_when_it_is_answered(store: Callable[..., Numbers], path: Path) -> None:
    assert await store().commit(4) == 40
    assert kept(path) == [4]


async def test_what_comes_during_a_commit_shares_the_next_one(
    store: Callable[..., Numbers], path: Path, gate: Gate
) -> None:
    numbers = store()
    gate.shut()
    first = numbers.submit(0)
    await gate.reached()
    rest = [numbers.submit(n) for n in range(1, 50)]
    gate.opened.set()

    assert await asyncio.gather(first, *rest) == [n * 10 for n in range(50)]
    assert kept(path) == list(range(50))
    assert numbers.health().commits == 2


async def test_a_request_no_transaction_can_hold_spoils_no_other(
    store: Callable[..., Numbers], path: Path, gate: Gate
) -> None:
    numbers = store()
    gate.shut()
    first = numbers.submit(0)
    await gate.reached()
    rest = [numbers.submit(n) for n in (1, -1, 2)]
    gate.opened.set()

    answers = await asyncio.gather(first, *rest, return_exceptions=True)

    assert [answer for answer in answers if isinstance(answer, int)] == [0, 10, 20]
    assert isinstance(answers[2], sqlite3.IntegrityError)
    assert kept(path) == [0, 1, 2]


async def test_behind_a_neighbours_lock_a_request_is_withdrawn_for_good(
    store: Callable[..., Numbers], path: Path
) -> None:
    numbers = store(deadline_s=0.1)
    with closing(sqlite3.connect(path, isolation_level=None)) as neighbour:
        neighbour.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreError, match="another process holds its lock"):
            await numbers.commit(1)
        assert not numbers.health().ok
        neighbour.execute("ROLLBACK")

    assert await numbers.commit(2) == 20
    assert numbers.health().ok
    assert kept(path) == [2]


async def test_a_neighbours_short_transaction_only_delays(store: Callable[..., Numbers], path: Path) -> None:
    numbers = store()
    with closing(sqlite3.connect(path, isolation_level=None)) as neighbour:
        neighbour.execute("BEGIN IMMEDIATE")
        waiting = numbers.submit(1)
        await until(lambda: not numbers.health().ok)
        neighbour.execute("COMMIT")

    assert await waiting == 10


async def test_a_commit_that_lands_after_its_caller_was_told_no_is_corrected(
    store: Callable[..., Numbers], path: Path, gate: Gate
) -> None:
    numbers = store(deadline_s=0.05, on_late=lambda number, answer: answer + 1)
    gate.shut()
    with pytest.raises(StoreError, match="nothing was committed for 50 ms"):
        await numbers.commit(7)
    gate.opened.set()

    await until(lambda: numbers.health().rows == 2)
    assert kept(path) == [7, 71]


async def test_more_than_may_wait_is_refused_at_once(store: Callable[..., Numbers], gate: Gate) -> None:
    numbers = store(limit=3)
    gate.shut()
    first = numbers.submit(0)
    await gate.reached()
    waiting = [numbers.submit(n) for n in range(3)]

    refused = numbers.submit(9)  # and not here: a tap handed over must come back as a refusal, not be lost

    with pytest.raises(StoreError, match="3 rows wait already, 3 may"):
        await refused

    gate.opened.set()
    await asyncio.gather(first, *waiting)
    assert await numbers.commit(9) == 90


async def test_a_full_disk_is_told_and_left_behind(store: Callable[..., Numbers], path: Path) -> None:
    numbers = store()
    limit = numbers._connection.execute("PRAGMA max_page_count").fetchone()[0]
    numbers._connection.execute("PRAGMA max_page_count=2")
    answers = [await asyncio.gather(numbers.commit(n), return_exceptions=True) for n in range(1500)]
    assert "the disk is full" in str(answers[-1][0])
    before = kept(path)
    assert before == [n for n, (answer,) in enumerate(answers) if answer == n * 10]

    numbers._connection.execute(f"PRAGMA max_page_count={limit}")

    assert await numbers.commit(5000) == 50000
    assert kept(path) == [*before, 5000]


async def test_on_a_full_disk_the_ballast_is_freed_and_the_request_tried_again(
    store: Callable[..., Numbers], path: Path
) -> None:
    ballast = Ballast(path.with_name("spare"), size=4096)
    numbers = store(ballast=ballast)
    numbers._connection.execute("PRAGMA max_page_count=2")
    freed: list[bool] = []
    free = ballast.free

    def free_and_make_room() -> bool:
        freed.append(free())
        numbers._connection.execute("PRAGMA max_page_count=100000")
        return freed[-1]

    ballast.free = free_and_make_room  # type: ignore[method-assign]

    for n in range(2000):
        await numbers.commit(n)

    assert freed == [True]
    assert kept(path) == list(range(2000))


async def test_an_idle_thread_tidies_up(store: Callable[..., Numbers]) -> None:
    tidied: list[bool] = []
    numbers = store(on_idle=lambda connection: tidied.append(connection.in_transaction))

    await numbers.commit(1)

    await until(lambda: bool(tidied))
    assert tidied == [False]


async def test_a_thread_that_is_never_idle_tidies_up_all_the_same(store: Callable[..., Numbers]) -> None:
    tidied: list[int] = []
    numbers = store(on_idle=lambda connection: tidied.append(1), limit=10_000)

    await numbers.commit(1, ROWS_PER_TIDY)
    await numbers.commit(2)

    assert tidied == [1]


async def test_what_has_more_to_do_is_called_again_soon_and_between_commits(store: Callable[..., Numbers]) -> None:
    turns: list[int] = []

    def turn(_: sqlite3.Connection) -> bool:
        turns.append(len(turns))
        return len(turns) < 5

    numbers = store(on_idle=turn, limit=10_000)
    await numbers.commit(1, ROWS_PER_TIDY)
    async with asyncio.timeout(30):
        while len(turns) < 5:
            await asyncio.sleep(0.01)
    assert await numbers.commit(2) == 20


async def test_a_commit_is_told_to_its_store_before_its_caller(store: Callable[..., Numbers]) -> None:
    told: list[str] = []
    numbers = store(on_commit=lambda: told.append("store"))
    await numbers.commit(1)
    told.append("caller")

    assert told == ["store", "caller"]


async def test_tidying_up_that_fails_disturbs_nobody(store: Callable[..., Numbers], path: Path) -> None:
    numbers = store(on_idle=lambda connection: connection.execute("DELETE FROM nowhere"), limit=10_000)

    await numbers.commit(1, ROWS_PER_TIDY)

    assert await numbers.commit(2) == 20
    assert kept(path) == [1, 2]


async def test_what_apply_remembers_is_forgotten_with_its_transaction(store: Callable[..., Numbers]) -> None:
    forgotten: list[bool] = []
    numbers = store(on_rollback=lambda: forgotten.append(True))

    with pytest.raises(sqlite3.IntegrityError):
        await numbers.commit(-1)

    assert forgotten == [True]


async def test_closing_commits_what_waits_and_then_refuses(
    store: Callable[..., Numbers], path: Path, gate: Gate
) -> None:
    numbers = store()
    gate.shut()
    waiting = [numbers.submit(n) for n in range(3)]
    await gate.reached()
    gate.opened.set()

    await numbers.close()

    assert await asyncio.gather(*waiting) == [0, 10, 20]
    with pytest.raises(StoreError, match="closed"):
        await numbers.submit(4)
    assert kept(path) == [0, 1, 2]


async def test_a_caller_that_gave_up_leaves_its_request_to_be_committed(
    store: Callable[..., Numbers], path: Path, gate: Gate
) -> None:
    numbers = store()
    gate.shut()
    waiting = numbers.submit(1)
    await gate.reached()
    waiting.cancel()
    gate.opened.set()

    assert await numbers.commit(2) == 20
    assert kept(path) == [1, 2]


async def test_a_request_of_one_statement_is_durable_without_a_transaction_around_it(
    store: Callable[..., Numbers], path: Path
) -> None:
    numbers = store(is_one_statement=lambda number: True)

    assert await numbers.commit(1) == 10
    assert kept(path) == [1]


async def test_a_checkpoint_and_what_the_store_wants_done_are_never_in_one_stall(path: Path) -> None:
    done: list[str] = []
    connection = open_writer(path)
    connection.set_trace_callback(lambda sql: done.append("checkpoint") if "checkpoint" in sql else None)
    tidying = Tidying(connection, lambda _: done.append("turn"), None, commits_per_checkpoint=2)
    with closing(connection):
        for each_time in (["turn"], ["checkpoint"], ["turn"]):
            done.clear()
            tidying.count(ROWS_PER_TIDY)
            assert tidying.is_due
            tidying.tidy(is_well=True)
            assert done == each_time
            assert tidying.patience_s == (TURN_EVERY_S if done == ["checkpoint"] else None)
