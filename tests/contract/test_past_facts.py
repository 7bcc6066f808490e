"""What whoever cleans the event log is promised of it, on the in-memory twin and on SQLite."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from controller.adapters.sql.event_log import SqlEventLog
from controller.domain.facts import Fact, FactKind
from controller.domain.ids import DeviceId, DoorId, PersonId
from controller.domain.keeping import GAPS, anonymous
from tests.support.memory import MemoryEventLog

Log = SqlEventLog | MemoryEventLog
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
DAY = timedelta(days=1)
ENTRY = Fact(
    FactKind.ENTRY_GRANTED,
    NOON,
    door=DoorId("front"),
    device=DeviceId("reader"),
    person=PersonId("alice"),
    message_id="b-1",
    correlation="b-1",
    detail={"grant": "plan", "credential": "alice-badge", "last_two": "7f"},
)
OPENED = Fact(FactKind.DOOR_OPENED, NOON, door=DoorId("front"))
GAP = Fact(FactKind.GAP_FOUND, NOON, device=DeviceId("sensor"), detail={"count": 3})


@pytest.fixture(params=["memory", "sqlite"])
async def log(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Log]:
    async with AsyncExitStack() as stack:
        if request.param == "memory":
            yield MemoryEventLog()
        else:
            yield await stack.enter_async_context(await SqlEventLog.open(tmp_path / "events.db", deadline_s=30))


async def test_facts_that_may_name_somebody_are_found_by_age_and_place(log: Log) -> None:
    late = replace(OPENED, person=PersonId("bob"))
    await log.append_all([ENTRY, OPENED, GAP, late, replace(ENTRY, at=NOON + DAY, message_id="b-2")])

    assert [one.position for one in await log.naming(0, 9, NOON + DAY)] == [1, 4]
    assert [one.position for one in await log.naming(1, 3, NOON + DAY)] == []
    assert (await log.naming(0, 9, NOON + DAY))[0].fact == ENTRY


async def test_a_fact_put_where_it_stood_names_nobody_and_is_not_found_again(log: Log) -> None:
    await log.append_all([ENTRY, OPENED])
    (found,) = await log.naming(0, 9, NOON + DAY)

    await log.rewrite([replace(found, fact=anonymous(found.fact))], ())

    assert await log.naming(0, 9, NOON + DAY) == []
    (first, second) = await log.latest()
    assert (first.position, first.fact) == (1, anonymous(ENTRY))
    assert second.fact == OPENED


async def test_outlived_facts_go_and_leave_the_places_of_the_others(log: Log) -> None:
    await log.append_all([ENTRY, GAP, OPENED, OPENED])

    assert await log.outlived(0, 9, NOON + DAY, GAPS) == [2]
    assert await log.outlived(0, 9, NOON + DAY, GAPS, others=True) == [1, 3, 4]
    await log.rewrite((), [1, 3])

    assert [one.position for one in await log.latest()] == [2, 4]


async def test_the_newest_fact_is_never_deleted_so_that_its_place_is_given_to_no_other(log: Log) -> None:
    await log.append_all([ENTRY, OPENED])

    await log.rewrite((), [1, 2])
    appended = await log.append(GAP)

    assert [one.position for one in await log.latest()] == [2, 3]
    assert appended.position == 3


async def test_what_was_forgotten_is_not_in_the_file_either(tmp_path: Path) -> None:
    path = tmp_path / "events.db"
    async with await SqlEventLog.open(path, deadline_s=30) as log:
        await log.append_all([ENTRY, OPENED])
        (found,) = await log.naming(0, 9, NOON + DAY)
        await log.rewrite([replace(found, fact=anonymous(found.fact))], ())

    assert b"alice" not in path.read_bytes()
