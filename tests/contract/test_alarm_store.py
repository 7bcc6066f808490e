"""What every AlarmStore promises, on the in-memory twin, on SQLite and on PostgreSQL."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from controller.adapters.sql.alarms import SqlAlarmStore
from controller.adapters.sql.registry import SqlRegistry
from controller.domain.alarm import Acknowledgement, Alarm, AlarmKind, AlarmState, Subject, again, cleared, first
from controller.domain.ids import AlarmId, AreaId, DeviceId, DoorId, PersonId
from controller.errors import InputError
from controller.services.doors.alarms import AlarmStore
from tests.support.memory import MemoryAlarmStore
from tests.support.registries import empty_place

NOON = datetime(2026, 3, 2, 12, 0, 0, 250_000, tzinfo=UTC)
STREET = Subject(door=DoorId("street"))
DANA = Acknowledgement("Dana", "Wind; the closer is tight again", NOON + timedelta(minutes=5))


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[AlarmStore]:
    if request.param == "memory":
        yield MemoryAlarmStore()
        return
    async with SqlRegistry(empty_place(request.param, tmp_path), key_id="k1") as registry:
        yield SqlAlarmStore(registry.database)


def forced(id: str = "a1", at: datetime = NOON, **changes: object) -> Alarm:
    return replace(first(AlarmId(id), AlarmKind.DOOR_FORCED, STREET, at, {}), **changes)  # type: ignore[arg-type]


async def test_an_alarm_comes_back_as_it_was_raised(store: AlarmStore) -> None:
    about = Subject(DoorId("street"), DeviceId("reader-street"), AreaId("lobby"), PersonId("ada"))
    alarm = first(AlarmId("a1"), AlarmKind.TAMPER, about, NOON, {"reading": 3, "word": "Öl"}, late=True)

    await store.save(alarm)

    assert await store.find(alarm.id) == alarm
    assert await store.load_open() == (alarm,)


async def test_raised_again_and_cleared_it_is_the_same_alarm(store: AlarmStore) -> None:
    await store.save(forced())
    over = cleared(again(forced(), NOON + timedelta(seconds=9), {"more": True}), NOON + timedelta(minutes=1))

    await store.save(over)

    assert await store.load_open() == (over,)
    assert over.state is AlarmState.CLEARED


async def test_what_is_acknowledged_and_cleared_is_closed_and_still_kept(store: AlarmStore) -> None:
    await store.save(forced())
    await store.acknowledge(AlarmId("a1"), DANA)
    await store.save(cleared(forced(), NOON + timedelta(minutes=9)))

    (kept,) = await store.latest()
    assert await store.load_open() == ()
    assert (kept.state, kept.answer) == (AlarmState.CLOSED, DANA)


async def test_a_cause_never_writes_over_an_answer_that_came_from_elsewhere(store: AlarmStore) -> None:
    await store.save(forced())
    await store.acknowledge(AlarmId("a1"), DANA)

    await store.save(again(forced(), NOON + timedelta(minutes=6), {}))

    kept = await store.find(AlarmId("a1"))
    assert kept is not None
    assert (kept.count, kept.answer, kept.state) == (2, DANA, AlarmState.ACKNOWLEDGED)


async def test_acknowledging_answers_with_the_alarm_as_it_is_now(store: AlarmStore) -> None:
    await store.save(forced())

    answered = await store.acknowledge(AlarmId("a1"), DANA)

    assert answered == forced(answer=DANA)
    assert await store.find(AlarmId("a1")) == answered


async def test_the_first_to_acknowledge_stands(store: AlarmStore) -> None:
    await store.save(forced())
    await store.acknowledge(AlarmId("a1"), DANA)

    with pytest.raises(InputError, match="acknowledged by Dana at 2026-03-02 12:05 UTC: Wind"):
        await store.acknowledge(AlarmId("a1"), replace(DANA, by="Eve"))

    kept = await store.find(AlarmId("a1"))
    assert kept is not None
    assert kept.answer == DANA


async def test_what_was_acknowledged_before_it_came_again_may_be_acknowledged_again(store: AlarmStore) -> None:
    await store.save(forced())
    await store.acknowledge(AlarmId("a1"), DANA)
    later = NOON + timedelta(minutes=10)
    await store.save(again(cleared(forced(), NOON + timedelta(minutes=1)), later, {}))

    (open_again,) = await store.load_open()
    assert open_again.state is AlarmState.RAISED
    answered = await store.acknowledge(AlarmId("a1"), replace(DANA, at=later + timedelta(minutes=1)))
    assert answered.state is AlarmState.ACKNOWLEDGED


async def test_an_unknown_alarm_cannot_be_acknowledged_and_is_named(store: AlarmStore) -> None:
    with pytest.raises(InputError, match="no alarm 'zz': natoma alarms lists"):
        await store.acknowledge(AlarmId("zz"), DANA)

    assert await store.find(AlarmId("zz")) is None


async def test_the_version_rises_with_every_change_and_with_nothing_else(store: AlarmStore) -> None:
    versions = [await store.version()]
    await store.save(forced())
    versions.append(await store.version())
    await store.acknowledge(AlarmId("a1"), DANA)
    versions.append(await store.version())
    await store.load_open()
    with pytest.raises(InputError):
        await store.acknowledge(AlarmId("a1"), DANA)
    versions.append(await store.version())

    assert versions[0] < versions[1] < versions[2] == versions[3]


async def test_the_latest_are_the_newest_oldest_first(store: AlarmStore) -> None:
    for minute in (3, 1, 2):
        await store.save(forced(f"a{minute}", NOON + timedelta(minutes=minute)))

    assert [alarm.id for alarm in await store.latest(2)] == ["a2", "a3"]
    assert [alarm.id for alarm in await store.load_open()] == ["a1", "a2", "a3"]
