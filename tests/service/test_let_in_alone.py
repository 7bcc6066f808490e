"""Whom doors let in alone while only the house was away: an entry by the opening that followed, and no break-in."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from controller.domain.alarm import AlarmKind
from controller.domain.door import DoorState
from controller.domain.facts import FactKind
from controller.domain.ids import DeviceId
from controller.domain.shared import Position
from controller.domain.usage import Usage
from controller.domain.whereabouts import HOUSE
from devices.accesslist import entry_hash
from devices.messages import Ack, AckPhase, AckReason, Do, Event, EventType, LocalDecisionData
from tests.support.doors import a_moment, edge, locks, passages, report, state, unlock_id
from tests.support.services import (
    ALICE,
    ALICES_BADGE,
    PEOPLE,
    SPACE,
    STREET,
    STREET_READER,
    STREET_READER_OUT,
    STREET_UNIT,
    House,
    with_door,
)

TAKEN, NOT_TAKEN = FactKind.ENTRY_TAKEN, FactKind.ENTRY_NOT_TAKEN
SALT = bytes(16)
DIGEST = bytes([5]) * 32
TWO_DAYS = replace(
    SPACE, plans={name: replace(plan, days_per_week=2) for name, plan in SPACE.plans.items()}
)  # fmt: skip
WITH_DIGEST = replace(PEOPLE, list_digests={ALICES_BADGE.id: DIGEST})


async def at_work(house: House) -> AsyncIterator[House]:
    async with house.working():
        tasks = [
            asyncio.create_task(work) for work in (house.services.local.run(), house.journal.run(), sweeping(house))
        ]
        house.bring_up()
        for device in house.index.space.devices:
            house.services.lists.salts.add(device, 0, SALT)
        await locks(house)
        house.told.clear()
        yield house
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def sweeping(house: House) -> None:
    while True:
        await asyncio.sleep(1)
        house.doors.sweep()


@pytest.fixture
async def house() -> AsyncIterator[House]:
    async for one in at_work(House(space=TWO_DAYS, people=WITH_DIGEST)):
        yield one


def ago(house: House, seconds: float) -> datetime:
    return house.clock.now() - timedelta(seconds=seconds)


def lets_in(
    house: House,
    at: datetime,
    *,
    device: DeviceId = STREET_UNIT,
    id: str = "alone-1",
    kind: EventType = EventType.LOCAL_GRANTED,
    **data: object,
) -> None:
    told = LocalDecisionData(h=entry_hash(SALT, DIGEST), rev=0, reason="member", **data)  # type: ignore[arg-type]
    house.say(device, Event(id=id, type=kind, ts=at, data=told))


def opens(house: House, at: datetime, id: str = "edge-1") -> None:
    edge(house, EventType.DOOR_OPENED, id, ts=at)


def forced(house: House) -> list[object]:
    alarms = [one for one in house.alarms.open if one.kind in (AlarmKind.DOOR_FORCED, AlarmKind.DOOR_AJAR)]
    return [*house.heard_of(FactKind.DOOR_FORCED), *alarms]


def days_used(house: House) -> int:
    usage: Usage = house.services.usage.of(ALICE.id)
    return len(usage.quota_days)


def heads(house: House) -> int:
    return house.services.following.whereabouts.count(HOUSE).people


async def test_the_opening_after_a_grant_of_the_door_alone_is_that_persons_entry_and_no_break_in(house):
    lets_in(house, ago(house, 20))
    opens(house, at := ago(house, 18))
    await a_moment()

    (entry,) = house.heard_of(TAKEN)
    assert (entry.person, entry.at, entry.correlation) == (ALICE.id, at, "alone-1")
    assert {"grant", "charge", "credential", "from"} <= entry.detail.keys()
    assert forced(house) == []
    assert state(house) is DoorState.OPEN
    assert (days_used(house), heads(house)) == (1, 1)


async def test_a_reader_beside_the_lock_may_tell_of_its_grant_after_the_lock_has_told_of_the_opening(house):
    opens(house, ago(house, 18))
    edge(house, EventType.DOOR_CLOSED, "edge-2", ts=ago(house, 15))
    report(house, "closed", "locked")
    await asyncio.sleep(1)
    lets_in(house, ago(house, 21), device=STREET_READER)
    await asyncio.sleep(5)

    assert passages(house) == [(TAKEN, ALICE.id, "alone-1")]
    assert forced(house) == []
    assert state(house) is DoorState.LOCKED


async def test_an_old_opening_that_nobody_explains_is_forced_after_all(house):
    opens(house, ago(house, 18))
    await asyncio.sleep(2)

    assert state(house) is DoorState.FORCED
    assert [fact.kind for fact in house.heard_of(FactKind.DOOR_FORCED)] == [FactKind.DOOR_FORCED]


async def test_a_grant_explains_one_opening_and_not_the_next(house):
    lets_in(house, ago(house, 50))
    opens(house, ago(house, 48))
    edge(house, EventType.DOOR_CLOSED, "edge-2", ts=ago(house, 45))
    await asyncio.sleep(5)
    report(house, "closed", "locked")
    await asyncio.sleep(3)
    opens(house, ago(house, 20), "edge-3")
    await asyncio.sleep(2)

    assert state(house) is DoorState.FORCED
    assert len(house.heard_of(TAKEN)) == 1


async def test_a_grant_that_nobody_used_costs_no_day_and_counts_no_head(house):
    lets_in(house, ago(house, 20))
    await asyncio.sleep(10)

    assert passages(house) == [(NOT_TAKEN, ALICE.id, "alone-1")]
    assert (days_used(house), heads(house)) == (0, 0)
    where = house.services.following.whereabouts
    assert where.position(ALICE.id, HOUSE) is Position.UNKNOWN


async def test_an_entry_of_hours_ago_is_known_by_its_opening_and_moves_no_door(house):
    lets_in(house, ago(house, 7200))
    opens(house, at := ago(house, 7198))
    await asyncio.sleep(1)

    (entry,) = house.heard_of(TAKEN)
    assert (entry.at, "charge" in entry.detail, entry.detail["late_s"] > 7000) == (at, True, True)
    assert (state(house), forced(house), days_used(house)) == (DoorState.LOCKED, [], 1)


async def test_it_is_told_once_however_often_the_door_tells_it(house):
    at = ago(house, 20)
    lets_in(house, at)
    opens(house, ago(house, 18))
    await a_moment()
    lets_in(house, at)
    await asyncio.sleep(10)

    assert passages(house) == [(TAKEN, ALICE.id, "alone-1")]
    assert len(house.heard_of(FactKind.LOCAL_GRANTED)) == 1


async def test_a_door_without_a_contact_is_entered_with_the_grant():
    door = replace(STREET, has_contact=False)
    async for house in at_work(House(space=with_door(TWO_DAYS, door), people=WITH_DIGEST)):
        lets_in(house, ago(house, 20))
        await a_moment()

        assert (passages(house), days_used(house)) == ([(TAKEN, ALICE.id, "alone-1")], 1)


async def test_a_late_answer_to_a_tap_its_reader_decided_alone_is_withdrawn_and_the_tap_is_one_story(house):
    await house.tap(STREET_READER, id="tap-1", ts=ago(house, 2))
    lets_in(house, ago(house, 1), device=STREET_READER, re="tap-1")
    opens(house, ago(house, 0))
    refused = Ack(re=unlock_id(house), phase=AckPhase.REFUSED, reason=AckReason.EXPIRED)
    house.say(STREET_UNIT, refused)
    await asyncio.sleep(20)

    assert passages(house) == [(TAKEN, ALICE.id, "tap-1")]
    assert house.heard_of(FactKind.UNLOCK_REFUSED) == []
    assert forced(house) == []
    assert (days_used(house), heads(house)) == (1, 1)
    (alone,) = house.heard_of(FactKind.LOCAL_GRANTED)
    assert alone.detail["supersedes"] is True


async def test_of_a_late_grant_to_a_tap_its_reader_refused_alone_nothing_is_left(house):
    await house.tap(STREET_READER, id="tap-1", ts=ago(house, 2))
    assert unlock_id(house)
    lets_in(house, ago(house, 1), device=STREET_READER, re="tap-1", kind=EventType.LOCAL_DENIED)
    await asyncio.sleep(20)

    assert passages(house) == []
    assert (days_used(house), heads(house)) == (0, 0)


async def test_a_tap_whose_reader_decided_while_its_answer_was_written_down_is_sent_no_unlock(house):
    with suppress(asyncio.TimeoutError):
        tap = asyncio.create_task(house.tap(STREET_READER, id="tap-1", ts=ago(house, 2)))
        await asyncio.sleep(0)
        lets_in(house, ago(house, 1), device=STREET_READER, re="tap-1")
        await tap

    assert [sent for sent in house.outbound.to(STREET_UNIT) if getattr(sent, "do", None) is Do.UNLOCK] == []


async def test_whoever_a_reader_inside_lets_out_alone_goes_out_though_it_does_not_say_so(house):
    lets_in(house, ago(house, 3), device=STREET_READER_OUT)
    opens(house, ago(house, 1))
    await asyncio.sleep(2)

    (fact,) = house.heard_of(FactKind.LOCAL_GRANTED)
    assert fact.detail["direction"] == "out"
    assert passages(house) == []
    assert forced(house) == []
    assert days_used(house) == 0
