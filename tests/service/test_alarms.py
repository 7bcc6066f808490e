"""Alarms as staff meet them: raised at once, kept behind that, acknowledged from here or from the command line."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest

from controller.domain.alarm import Acknowledgement, Alarm, AlarmKind, AlarmState
from controller.domain.facts import Fact, FactKind
from controller.domain.ids import AlarmId, DoorId, PersonId
from controller.errors import InputError, StoreError
from controller.services.doors.alarms import Alarms
from controller.services.screens.live import LiveFeed
from tests.support.memory import MemoryAlarmStore
from tests.support.services import LoopClock

STREET, LAB = DoorId("street"), DoorId("lab")


class Desk:
    """The service over one store, and what it told."""

    def __init__(self, store: MemoryAlarmStore) -> None:
        self.clock = LoopClock()
        self.facts: list[Fact] = []
        self.feed = LiveFeed(epoch="test")
        self.store = store
        self.alarms = Alarms(store, self.facts.append, self.feed, self.clock)

    def shown(self) -> dict[str, object]:
        return self.feed.snapshot()["alarms"]  # type: ignore[return-value]

    def kinds(self) -> list[FactKind]:
        return [fact.kind for fact in self.facts]

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        await self.alarms.recall()
        task = asyncio.get_running_loop().create_task(self.alarms.run())
        try:
            yield
            await asyncio.sleep(1)
        finally:
            task.cancel()
            await asyncio.wait({task})


@pytest.fixture
def store():
    return MemoryAlarmStore()


@pytest.fixture
async def desk(store):
    desk = Desk(store)
    async with desk.running():
        yield desk


# --- causes -----------------------------------------------------------------------------------------------------------


async def test_an_alarm_is_shown_at_once_told_once_and_kept_soon(desk):
    alarm = desk.alarms.raise_(AlarmKind.DOOR_FORCED, door=STREET)

    assert desk.shown()[alarm.id]["state"] == "raised"
    await asyncio.sleep(0.6)
    assert await desk.store.load_open() == (alarm,)
    (fact,) = desk.facts
    assert (fact.kind, fact.door, fact.detail) == (
        FactKind.ALARM_RAISED,
        "street",
        {"alarm": "door_forced", "id": alarm.id},
    )


async def test_the_same_alarm_again_is_a_count_and_at_another_door_another_alarm(desk):
    first = desk.alarms.raise_(AlarmKind.DOOR_FORCED, door=STREET)
    await asyncio.sleep(2)
    second = desk.alarms.raise_(AlarmKind.DOOR_FORCED, door=STREET)
    other = desk.alarms.raise_(AlarmKind.DOOR_FORCED, door=LAB)

    assert (second.id, second.count, second.last_at - first.last_at) == (first.id, 2, timedelta(seconds=2))
    assert other.id != first.id
    assert desk.kinds() == [FactKind.ALARM_RAISED] * 2


async def test_cleared_but_unacknowledged_stays_visible(desk):
    alarm = desk.alarms.raise_(AlarmKind.DOOR_HELD, door=STREET)
    desk.alarms.clear(AlarmKind.DOOR_HELD, door=STREET)
    desk.alarms.clear(AlarmKind.DOOR_HELD, door=STREET)

    assert desk.shown()[alarm.id]["state"] == "cleared"
    assert desk.alarms.standing(STREET) == ()
    assert desk.kinds() == [FactKind.ALARM_RAISED, FactKind.ALARM_CLEARED]


async def test_what_comes_again_before_anybody_looked_is_told_again(desk):
    for _ in range(2):
        desk.alarms.raise_(AlarmKind.DOOR_HELD, door=STREET)
        desk.alarms.clear(AlarmKind.DOOR_HELD, door=STREET)

    assert desk.kinds() == [FactKind.ALARM_RAISED, FactKind.ALARM_CLEARED] * 2
    assert [alarm.count for alarm in desk.alarms.open] == [2]


async def test_a_lost_badge_shown_again_and_again_is_one_alarm_for_whoever_looks(desk):
    for _ in range(3):
        desk.alarms.raise_(AlarmKind.CREDENTIAL_LOST_USED, door=STREET, person=PersonId("ada"))

    (alarm,) = desk.alarms.open
    assert (alarm.state, alarm.count) == (AlarmState.CLEARED, 3)


async def test_duress_alerts_silently(desk, caplog):
    caplog.set_level(logging.DEBUG)
    alarm = desk.alarms.raise_(AlarmKind.DURESS, door=STREET, person=PersonId("ada"))
    await asyncio.sleep(0.6)

    assert desk.shown() == {}
    assert desk.alarms.standing(STREET) == ()
    assert [fact.detail["silent"] for fact in desk.facts] == [True]
    assert caplog.text == ""
    assert await desk.store.load_open() == (alarm,)


# --- answers ----------------------------------------------------------------------------------------------------------


async def test_acknowledged_by_whom_with_which_note_and_closed_once_its_cause_is_over(desk):
    alarm = desk.alarms.raise_(AlarmKind.DOOR_HELD, door=STREET)
    await desk.alarms.acknowledge(alarm.id, "Dana", "on my way")

    shown = desk.shown()[alarm.id]
    assert (shown["state"], shown["by"], shown["note"]) == ("acknowledged", "Dana", "on my way")
    desk.alarms.clear(AlarmKind.DOOR_HELD, door=STREET)
    assert desk.shown() == {}
    assert desk.kinds() == [FactKind.ALARM_RAISED, FactKind.ALARM_ACKNOWLEDGED, FactKind.ALARM_CLEARED]


async def test_an_acknowledgement_from_another_process_shows_within_a_second(desk):
    alarm = desk.alarms.raise_(AlarmKind.DOOR_HELD, door=STREET)
    await asyncio.sleep(0.6)
    await desk.store.acknowledge(alarm.id, Acknowledgement("Dana", "seen", desk.clock.now()))
    await asyncio.sleep(0.6)

    assert desk.shown()[alarm.id]["state"] == "acknowledged"
    (fact,) = [fact for fact in desk.facts if fact.kind is FactKind.ALARM_ACKNOWLEDGED]
    assert (fact.detail["by"], fact.detail["note"]) == ("Dana", "seen")


async def test_what_another_process_closed_leaves_the_screens(desk):
    alarm = desk.alarms.raise_(AlarmKind.DOOR_HELD, door=STREET)
    desk.alarms.clear(AlarmKind.DOOR_HELD, door=STREET)
    await asyncio.sleep(0.6)
    await desk.store.acknowledge(alarm.id, Acknowledgement("Dana", "seen", desk.clock.now()))
    await asyncio.sleep(0.6)

    assert (desk.shown(), desk.alarms.open) == ({}, ())


@pytest.mark.parametrize(
    ("by", "note", "says"),
    [("", "seen", "needs who sees to it"), ("Dana", "  ", "needs a note")],
    ids=["nobody", "no note"],
)
async def test_an_acknowledgement_says_who_and_why(desk, by, note, says):
    alarm = desk.alarms.raise_(AlarmKind.DOOR_HELD, door=STREET)

    with pytest.raises(InputError, match=says):
        await desk.alarms.acknowledge(alarm.id, by, note)


async def test_what_happens_after_an_alarm_was_dealt_with_is_a_new_alarm(desk):
    first = desk.alarms.raise_(AlarmKind.DOOR_HELD, door=STREET)
    desk.alarms.clear(AlarmKind.DOOR_HELD, door=STREET)
    await desk.alarms.acknowledge(first.id, "Dana", "seen")
    second = desk.alarms.raise_(AlarmKind.DOOR_HELD, door=STREET)

    assert second.id != first.id
    assert list(desk.shown()) == [second.id]


async def test_without_a_store_alarms_are_acknowledged_all_the_same():
    alarms = Alarms(None, lambda fact: None, LiveFeed(), LoopClock())
    alarm = alarms.raise_(AlarmKind.DOOR_HELD, door=STREET)

    assert (await alarms.acknowledge(alarm.id, "Dana", "seen")).state is AlarmState.ACKNOWLEDGED
    with pytest.raises(InputError, match="no alarm 'zz'"):
        await alarms.acknowledge(AlarmId("zz"), "Dana", "seen")


# --- stops and failures -----------------------------------------------------------------------------------------------


async def test_alarms_survive_a_restart_and_their_cause_may_end_after_it(store):
    before = Desk(store)
    async with before.running():
        alarm = before.alarms.raise_(AlarmKind.DOOR_FORCED, door=STREET)

    after = Desk(store)
    async with after.running():
        assert after.shown()[alarm.id]["state"] == "raised"
        assert after.facts == []
        after.alarms.clear(AlarmKind.DOOR_FORCED, door=STREET)

    assert [kept.state for kept in await store.load_open()] == [AlarmState.CLEARED]


async def test_while_nothing_can_be_kept_alarms_are_raised_all_the_same_and_kept_later(desk, caplog):
    desk.store.failure = StoreError("natoma.db: the disk is full")
    alarm = desk.alarms.raise_(AlarmKind.DOOR_FORCED, door=STREET)
    await asyncio.sleep(3)
    shown = dict(desk.shown())
    desk.store.failure = None
    await asyncio.sleep(2)

    assert list(shown) == [alarm.id]
    assert await desk.store.load_open() == (alarm,)
    assert caplog.text.count("alarms cannot be kept now: natoma.db: the disk is full") == 1


class SlowStore(MemoryAlarmStore):
    """A disk that takes its time after it has looked at what it was given."""

    async def save(self, alarm: Alarm) -> None:
        await super().save(alarm)
        await asyncio.sleep(0.1)


async def test_an_alarm_raised_again_while_it_is_written_is_written_again():
    desk = Desk(SlowStore())
    async with desk.running():
        desk.alarms.raise_(AlarmKind.DOOR_FORCED, door=STREET)
        await asyncio.sleep(0.05)
        desk.alarms.raise_(AlarmKind.DOOR_FORCED, door=STREET)

    (kept,) = await desk.store.load_open()
    assert kept.count == 2
