"""Unlock windows that somebody opens and ends: the first listed person in, the last person out."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from controller.domain.facts import Fact, FactKind
from controller.domain.ids import ScheduleId
from controller.domain.schedule import EVERY_DAY, WeeklySchedule, Window
from controller.services.ports import LoggedFact
from devices.messages import Desired
from tests.support.flat import (
    BOB,
    BY_WEEK,
    HOUR,
    MORNING,
    SIX,
    Flat,
    zoned,
)
from tests.support.services import (
    ALICE,
    NOON,
    SF,
    STREET,
    STREET_UNIT,
)

FIRST = replace(BY_WEEK, first_person_in=frozenset({ALICE.id}), last_out=True)
NIGHTS = ScheduleId("nights")
STAFF_FIRST = replace(BY_WEEK, any_staff_first=True)


async def test_first_person_in_delays_the_window_until_a_listed_person_has_opened_the_door():
    flat = Flat(FIRST).begin()
    waiting = flat.wished()
    flat.came_in(BOB)
    not_listed = flat.wished()
    flat.came_in(ALICE)

    assert (waiting, not_listed) == (("locked", None), ("locked", None))
    assert flat.wished() == ("unlocked", SIX)
    await flat.written()
    assert [(one.door, one.by, one.window_start) for one in flat.registry.now.house.windows] == [
        (STREET.id, ALICE.id, MORNING)
    ]


async def test_being_granted_is_not_having_opened():
    flat = Flat(FIRST).begin()
    granted = Fact(FactKind.ENTRY_GRANTED, NOON, door=STREET.id, person=ALICE.id)
    not_taken = Fact(FactKind.ENTRY_NOT_TAKEN, NOON, door=STREET.id, person=ALICE.id)
    for fact in (granted, not_taken):
        flat.modes.took(LoggedFact(1, fact))

    assert flat.wished() == ("locked", None)


async def test_any_staff_may_be_the_first_person_where_the_door_says_so():
    flat = Flat(STAFF_FIRST).begin()
    flat.came_in(ALICE)
    member = flat.wished()
    flat.came_in(BOB)

    assert (member, flat.wished()) == (("locked", None), ("unlocked", SIX))


async def test_a_first_person_a_little_early_opens_the_window_at_its_hour():
    flat = Flat(FIRST, at=MORNING - timedelta(minutes=20)).begin()
    flat.came_in(ALICE)
    before = flat.wished()
    flat.later(20 * 60)

    assert (before, flat.wished()) == (("locked", None), ("unlocked", SIX))


async def test_a_first_person_long_before_the_hour_opens_nothing():
    flat = Flat(FIRST, at=MORNING - timedelta(minutes=31)).begin()
    flat.came_in(ALICE)
    flat.later(31 * 60)

    assert flat.wished() == ("locked", None)


@pytest.mark.parametrize("late", [{"at": NOON - timedelta(seconds=61)}, {"late_s": 70.0}], ids=["old", "marked late"])
async def test_a_late_entry_never_triggers_an_unlock(late):
    flat = Flat(FIRST).begin()
    flat.came_in(ALICE, **late)

    assert flat.wished() == ("locked", None)


async def test_a_window_that_had_its_first_person_stays_open_through_a_restart():
    flat = Flat(FIRST).begin()
    flat.came_in(ALICE)
    await flat.written()
    flat.restart([])

    assert flat.wished() == ("unlocked", SIX)


async def test_last_out_ends_the_window_early_and_the_next_listed_person_opens_it_again():
    flat = Flat(FIRST).begin()
    flat.came_in(ALICE)
    flat.inside = 3
    flat.later(60)
    flat.inside = 0
    flat.later(1)
    left = flat.wished()
    await flat.written()
    written = flat.registry.now.house.windows[0].closed_at
    flat.came_in(ALICE)
    await flat.written()

    assert left == ("locked", None)
    assert written == NOON + timedelta(seconds=61)
    assert flat.wished() == ("unlocked", SIX)


async def test_last_out_ends_a_window_that_nobody_had_to_open():
    flat = Flat(replace(BY_WEEK, last_out=True)).begin()
    flat.inside = 1
    flat.later(1)
    flat.inside = 0
    flat.later(1)
    await flat.written()
    flat.restart([])

    assert flat.wished() == ("locked", None)


@pytest.mark.parametrize("count", [0, None], ids=["nobody was ever in", "nobody can say"])
async def test_a_house_in_which_nobody_was_counted_is_not_closed_for_that(count):
    flat = Flat(FIRST).begin()
    flat.came_in(ALICE)
    flat.inside = count
    flat.later(60)

    assert flat.wished() == ("unlocked", SIX)


async def test_a_count_that_was_forgotten_is_nobodys_leaving():
    flat = zoned(replace(FIRST, fire_egress=False))
    flat.came_in(ALICE)
    flat.inside = 5
    flat.later(1)
    flat.fire()  # everybody is out, and nobody was counted out
    flat.inside = 0
    flat.later(1)

    assert flat.wished() == ("unlocked", SIX)


async def test_counts_that_begin_anew_at_the_cut_off_are_nobodys_leaving():
    """An open night: at four the count starts again at none, and the house is full."""
    at_four = datetime(2026, 11, 24, 4, 0, tzinfo=SF).astimezone(UTC)
    flat = Flat(replace(FIRST, unlock_schedule=NIGHTS, first_person_in=frozenset()), at=at_four - timedelta(seconds=2))
    nights = WeeklySchedule(NIGHTS, (Window(EVERY_DAY, 22 * 60, 6 * 60),))
    flat.index.publish(replace(flat.index.space, schedules={NIGHTS: nights}))
    flat.begin()
    flat.inside = 40
    flat.later(1)
    flat.later(1)
    flat.inside = 0
    flat.later(1)

    assert flat.wished()[0] == "unlocked"


async def test_the_house_that_a_fire_has_emptied_is_nobodys_leaving():
    flat = Flat(FIRST).begin()
    flat.came_in(ALICE)
    flat.inside = 5
    flat.later(1)
    flat.modes.took(LoggedFact(1, Fact(FactKind.FIRE_CONFIRMED, flat.clock.now())))
    flat.inside = 0
    flat.later(1)

    assert flat.wished() == ("unlocked", SIX)


async def test_a_door_open_when_its_window_ends_is_only_told_and_locks_when_it_closes():
    flat = Flat(BY_WEEK, at=SIX - HOUR)
    async with flat.working():
        flat.begin()
        flat.says(STREET_UNIT, "unlocked", contact="open")
        await asyncio.sleep(0.1)
        flat.later(3600)
        await asyncio.sleep(0.1)

    assert flat.wished() == ("locked", None)
    assert [sent.message for sent in flat.outbound.sent if not isinstance(sent.message, Desired)] == []
    assert flat.facts(FactKind.DOOR_FORCED) == []
