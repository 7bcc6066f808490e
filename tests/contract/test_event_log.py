"""What every EventLog promises, on the in-memory twin and on SQLite."""

import asyncio
import contextlib
import sqlite3
import threading
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from controller.adapters.sql.event_log import EventReader, SqlEventLog
from controller.domain.facts import Fact, FactKind
from controller.domain.ids import AreaId, DeviceId, DoorId, PersonId
from controller.errors import StoreError
from controller.services.ports import Appended, EventLog
from tests.support.memory import MemoryEventLog

NOON = datetime(2026, 3, 2, 12, 0, 0, 123456, tzinfo=UTC)
READER = DeviceId("street-reader")
GRANTED = Fact(
    FactKind.ENTRY_GRANTED,
    NOON,
    door=DoorId("street"),
    device=READER,
    area=AreaId("ground"),
    person=PersonId("p-17"),
    message_id="01J8E0",
    correlation="01J8E0",
    detail={"grant": "plan", "hold_s": 5.0, "failed": ("a", "b"), "nested": {"µ": None, "yes": True}},
)
OPENED = Fact(FactKind.DOOR_OPENED, NOON + timedelta(seconds=2), door=DoorId("street"), device=READER)


@pytest.fixture(params=["memory", "sqlite"])
async def log(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[EventLog]:
    async with AsyncExitStack() as stack:
        if request.param == "memory":
            yield MemoryEventLog()
        else:
            yield await stack.enter_async_context(await SqlEventLog.open(tmp_path / "events.db", deadline_s=30))


async def test_a_fact_comes_back_as_it_was_told(log: EventLog) -> None:
    appended = await log.append(GRANTED)

    (logged,) = await log.latest()

    assert logged.position == appended.position
    assert logged.fact == GRANTED


async def test_positions_rise_in_the_order_of_appending(log: EventLog) -> None:
    first = await log.append(GRANTED)
    await log.append_all([OPENED, OPENED])
    last = await log.append(OPENED)

    positions = [logged.position for logged in await log.latest()]
    assert positions == sorted(set(positions))
    assert (positions[0], positions[-1]) == (first.position, last.position)


async def test_one_message_has_one_decision(log: EventLog) -> None:
    first = await log.append(GRANTED)
    denied = Fact(FactKind.ENTRY_DENIED, NOON + timedelta(seconds=9), device=READER, message_id="01J8E0")

    assert await log.append(denied) == Appended(first.position, duplicate=True)
    assert [logged.fact.kind for logged in await log.latest()] == [FactKind.ENTRY_GRANTED]


async def test_what_a_door_decided_alone_is_one_fact_however_often_it_is_told(log: EventLog) -> None:
    alone = Fact(FactKind.LOCAL_GRANTED, NOON, device=READER, message_id="b1-7")

    first = await log.append(alone)

    assert not first.duplicate
    assert await log.append(alone) == Appended(first.position, duplicate=True)


async def test_an_id_used_again_after_a_day_is_another_message(log: EventLog) -> None:
    first = await log.append(GRANTED)
    next_day = Fact(FactKind.ENTRY_GRANTED, NOON + timedelta(hours=24), device=READER, message_id="01J8E0")

    again = await log.append(next_day)

    assert not again.duplicate
    assert again.position > first.position
    assert (await log.append(next_day)).duplicate
    decided = await log.decided(READER, "01J8E0")
    assert decided is not None
    assert decided.position == again.position


async def test_other_facts_about_a_message_are_not_its_decision(log: EventLog) -> None:
    await log.append(GRANTED)
    sent = Fact(FactKind.UNLOCK_CONFIRMED, NOON, device=READER, message_id="01J8E0")

    assert not (await log.append(sent)).duplicate
    assert not (await log.append(sent)).duplicate
    decided = await log.decided(READER, "01J8E0")
    assert decided is not None
    assert decided.fact.kind is FactKind.ENTRY_GRANTED


async def test_the_same_id_from_another_device_is_another_message(log: EventLog) -> None:
    await log.append(GRANTED)
    elsewhere = Fact(FactKind.ENTRY_GRANTED, NOON, device=DeviceId("office-reader"), message_id="01J8E0")

    assert not (await log.append(elsewhere)).duplicate


async def test_a_message_nobody_decided_has_no_decision(log: EventLog) -> None:
    await log.append(OPENED)

    assert await log.decided(READER, "01J8E0") is None


async def test_reading_goes_on_from_a_position(log: EventLog) -> None:
    first = await log.append(GRANTED)
    await log.append_all([OPENED] * 5)

    later = await log.after(first.position, limit=3)

    assert [logged.fact.kind for logged in later] == [FactKind.DOOR_OPENED] * 3
    assert [logged.position for logged in await log.after(later[-1].position)] == [
        logged.position for logged in await log.latest(2)
    ]


async def test_a_group_with_a_repeat_in_it_keeps_the_rest(log: EventLog) -> None:
    await log.append(GRANTED)

    await log.append_all([OPENED, GRANTED, OPENED])

    kinds = [logged.fact.kind for logged in await log.latest()]
    assert kinds == [FactKind.ENTRY_GRANTED, FactKind.DOOR_OPENED, FactKind.DOOR_OPENED]


async def test_nothing_appended_is_nothing_logged(log: EventLog) -> None:
    await log.append_all([])

    assert await log.latest() == []


facts = st.builds(
    Fact,
    kind=st.sampled_from([FactKind.ENTRY_GRANTED, FactKind.ENTRY_DENIED, FactKind.UNLOCK_CONFIRMED]),
    at=st.integers(0, 60).map(lambda hours: NOON + timedelta(hours=hours)),
    device=st.sampled_from([READER, DeviceId("office-reader"), None]),
    message_id=st.sampled_from(["a", "b", None]),
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(groups=st.lists(st.lists(facts, max_size=6), max_size=6))
async def test_whatever_is_appended_twin_and_sqlite_agree(
    groups: list[list[Fact]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    twin = MemoryEventLog()
    async with await SqlEventLog.open(tmp_path_factory.mktemp("log") / "events.db", deadline_s=30) as real:
        for group in groups:
            if len(group) == 1:
                assert (await real.append(group[0])).duplicate == (await twin.append(group[0])).duplicate
            else:
                await twin.append_all(group)
                await real.append_all(group)
        assert [logged.fact for logged in await real.latest()] == [logged.fact for logged in await twin.latest()]


async def test_the_log_outlives_its_program(tmp_path: Path) -> None:
    async with await SqlEventLog.open(tmp_path / "events.db", deadline_s=30) as log:
        await log.append(GRANTED)

    async with await SqlEventLog.open(tmp_path / "events.db", deadline_s=30) as log:
        assert [logged.fact for logged in await log.latest()] == [GRANTED]
        assert (await log.append(GRANTED)).duplicate


async def test_somebody_else_reads_along_while_it_is_written(tmp_path: Path) -> None:
    path = tmp_path / "events.db"
    async with await SqlEventLog.open(path, deadline_s=30) as log:
        follower = EventReader(path)
        first = await log.append(GRANTED)
        assert [logged.fact for logged in await follower.after(0)] == [GRANTED]
        await log.append(OPENED)
        assert [logged.fact for logged in await follower.after(first.position)] == [OPENED]
        await follower.close()


async def test_a_decision_that_cannot_be_written_in_time_is_told_and_never_written(tmp_path: Path) -> None:
    path = tmp_path / "events.db"
    async with await SqlEventLog.open(path, deadline_s=0.2) as log:
        with closing(sqlite3.connect(path, isolation_level=None)) as neighbour:
            neighbour.execute("BEGIN IMMEDIATE")
            with pytest.raises(StoreError, match=r"events\.db: another process holds its lock"):
                await log.append(GRANTED)
            assert not log.health().ok
            neighbour.execute("ROLLBACK")

        while not log.health().ok:  # the writer tries by itself no more: there is nothing to write
            with contextlib.suppress(StoreError):
                await log.append(OPENED)
        assert FactKind.ENTRY_GRANTED not in {logged.fact.kind for logged in await log.latest()}


async def test_a_decision_that_lands_too_late_is_followed_by_a_note_that_it_was_not_used(tmp_path: Path) -> None:
    entered, opened = threading.Event(), threading.Event()

    def hang() -> int:
        entered.set()
        assert opened.wait(60)
        return 0

    # On the writer's thread: what hangs on the loop's own nobody could withdraw.
    async with await SqlEventLog.open(tmp_path / "events.db", deadline_s=0.2, fast_s=0.0) as log:
        log._writer._connection.set_progress_handler(hang, 1)
        with pytest.raises(StoreError, match="nothing was committed for 200 ms"):
            await log.append(GRANTED)
        assert entered.is_set()
        opened.set()

        async with asyncio.timeout(60):
            while len(logged := await log.latest()) < 2:
                await asyncio.sleep(0)
        decision, note = logged
        assert decision.fact == GRANTED
        assert note.fact.kind is FactKind.LOG_FAILED
        assert note.fact.detail["position"] == decision.position
        assert note.fact.correlation == GRANTED.correlation


async def test_a_log_that_is_closed_says_so(tmp_path: Path) -> None:
    log = await SqlEventLog.open(tmp_path / "events.db")
    await log.close()

    with pytest.raises(StoreError, match="closed"):
        await log.append(GRANTED)
