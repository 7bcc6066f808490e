"""The state of the house as it is kept: on the in-memory twin, on SQLite and on PostgreSQL."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from controller.domain.house import (
    ExtraHoliday,
    Fire,
    HouseState,
    Lockdown,
    OneOff,
    Override,
    Scope,
    ScopeKind,
    Wanted,
    WindowOpened,
)
from controller.domain.ids import DoorId, FloorId, ScheduleId, ZoneId
from controller.errors import InputError
from controller.services.stores import Ending
from tests.support.registries import ADA, BEN, NOON, Kept, opened

SPACE = Scope()
GROUND = Scope(ScopeKind.FLOOR, FloorId("ground"))
STREET = Scope(ScopeKind.DOOR, DoorId("street"))
HOUR = timedelta(hours=1)


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
async def kept(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Kept]:
    async with opened(request.param, tmp_path) as kept:
        yield kept


async def state(kept: Kept) -> HouseState:
    return (await kept.people.load()).house


async def test_a_lockdown_of_the_space_a_floor_or_a_door_lasts_until_it_is_lifted(kept: Kept) -> None:
    await kept.house.begin_lockdown(SPACE, ADA, "a stranger", NOON)
    await kept.house.begin_lockdown(GROUND, BEN, "broken glass", NOON + HOUR)

    assert (await state(kept)).lockdowns == (
        Lockdown("lockdown-1", SPACE, NOON, ADA, "a stranger"),
        Lockdown("lockdown-2", GROUND, NOON + HOUR, BEN, "broken glass"),
    )


async def test_lifting_needs_a_reason_and_says_afterwards_who_and_why(kept: Kept) -> None:
    await kept.house.begin_lockdown(SPACE, ADA, "a stranger", NOON)
    await kept.house.begin_lockdown(GROUND, ADA, "broken glass", NOON)

    with pytest.raises(InputError, match="lifting a lockdown needs a reason"):
        await kept.house.lift_lockdown(SPACE, BEN, " ", NOON + HOUR)
    await kept.house.lift_lockdown(SPACE, BEN, "the police have left", NOON + HOUR)
    await kept.house.lift_lockdown("lockdown-2", ADA, "swept", NOON + HOUR)

    assert (await state(kept)).lockdowns == ()
    assert await kept.house.ending_of("lockdown-1") == Ending(NOON + HOUR, BEN, "the police have left")
    assert await kept.house.ending_of("lockdown-2") == Ending(NOON + HOUR, ADA, "swept")


async def test_a_lockdown_that_is_already_there_is_told_with_who_and_why(kept: Kept) -> None:
    await kept.house.begin_lockdown(GROUND, ADA, "broken glass", NOON)

    with pytest.raises(InputError, match=r"floor ground is locked down already, since 2026.* by 'ada': broken glass"):
        await kept.house.begin_lockdown(GROUND, BEN, "also me", NOON)


async def test_what_is_not_locked_down_is_not_lifted(kept: Kept) -> None:
    await kept.house.begin_lockdown(GROUND, ADA, "broken glass", NOON)

    with pytest.raises(InputError, match="no lockdown of the whole space: there is lockdown-1 \\(floor ground\\) now"):
        await kept.house.lift_lockdown(SPACE, BEN, "over", NOON)
    with pytest.raises(InputError, match="no lockdown 'lockdown-7': did you mean 'lockdown-1'\\?"):
        await kept.house.lift_lockdown("lockdown-7", BEN, "over", NOON)


async def test_a_number_is_never_given_twice(kept: Kept) -> None:
    for reason in ("once", "twice"):
        await kept.house.begin_lockdown(SPACE, ADA, reason, NOON)
        (one,) = (await state(kept)).lockdowns
        await kept.house.lift_lockdown(one.id, ADA, "over", NOON)

    assert one.id == "lockdown-2"


async def test_fire_lasts_until_it_clears_and_staff_confirm(kept: Kept) -> None:
    await kept.house.set_fire(NOON, "fire-panel")
    assert (await state(kept)).fire == Fire(NOON, "fire-panel")

    with pytest.raises(InputError, match="the fire panel has not cleared"):
        await kept.house.confirm_fire(ADA, "all out", NOON)
    await kept.house.clear_fire(NOON + HOUR)
    assert (await state(kept)).fire == Fire(NOON, "fire-panel", NOON + HOUR)

    await kept.house.confirm_fire(ADA, "walked through every room", NOON + 2 * HOUR)
    assert (await state(kept)).fire is None
    assert await kept.house.ending_of("fire") == Ending(NOON + 2 * HOUR, ADA, "walked through every room")


async def test_a_fire_that_burns_again_before_it_was_confirmed_is_not_over(kept: Kept) -> None:
    await kept.house.set_fire(NOON, "fire-panel")
    await kept.house.clear_fire(NOON + HOUR)

    await kept.house.set_fire(NOON + 2 * HOUR, "fire-panel")

    assert (await state(kept)).fire == Fire(NOON, "fire-panel")


async def test_a_fire_told_again_is_no_change(kept: Kept) -> None:
    burning = await kept.house.set_fire(NOON, "fire-panel")
    assert await kept.house.set_fire(NOON + HOUR, "other-panel") == burning
    over = await kept.house.clear_fire(NOON + HOUR)
    assert await kept.house.clear_fire(NOON + 2 * HOUR) == over


async def test_no_fire_is_neither_cleared_nor_confirmed(kept: Kept) -> None:
    with pytest.raises(InputError, match="there is no fire to clear"):
        await kept.house.clear_fire(NOON)
    with pytest.raises(InputError, match="there is no fire to confirm"):
        await kept.house.confirm_fire(ADA, "why not", NOON)


async def test_a_manual_override_always_has_an_end_time(kept: Kept) -> None:
    await kept.house.set_override(STREET, Wanted.UNLOCKED, NOON + HOUR, ADA, "a delivery", NOON)

    assert (await state(kept)).overrides == (
        Override("override-1", STREET, Wanted.UNLOCKED, NOON, NOON + HOUR, ADA, "a delivery"),
    )
    for until, told in (
        (NOON, "door street until 2026-03-02T12:00:00.00:00 is over already: name a later end"),
        (NOON + timedelta(days=8), "is longer than 7 days: end it sooner, or put it into the unlock schedule"),
        (datetime(2026, 3, 2, 14), "has no zone: say which, like Z"),
    ):
        with pytest.raises(InputError, match=told):
            await kept.house.set_override(STREET, Wanted.LOCKED, until, ADA, "why", NOON)


async def test_another_override_of_the_same_door_takes_its_place(kept: Kept) -> None:
    await kept.house.set_override(STREET, Wanted.UNLOCKED, NOON + HOUR, ADA, "a delivery", NOON)
    await kept.house.set_override(GROUND, Wanted.LOCKED, NOON + HOUR, ADA, "floor varnish", NOON)

    await kept.house.set_override(STREET, Wanted.LOCKED, NOON + 2 * HOUR, BEN, "too much noise", NOON)

    assert [one.id for one in (await state(kept)).overrides] == ["override-2", "override-3"]
    assert await kept.house.ending_of("override-1") == Ending(NOON, BEN, "replaced: too much noise")


async def test_an_override_is_ended_early_by_door_or_by_id(kept: Kept) -> None:
    await kept.house.set_override(STREET, Wanted.UNLOCKED, NOON + HOUR, ADA, "a delivery", NOON)
    await kept.house.end_override(STREET, BEN, "it came", NOON)
    await kept.house.set_override(STREET, Wanted.UNLOCKED, NOON + HOUR, ADA, "another", NOON)
    await kept.house.end_override("override-2", BEN, "", NOON)

    assert (await state(kept)).overrides == ()
    assert await kept.house.ending_of("override-1") == Ending(NOON, BEN, "it came")
    with pytest.raises(InputError, match="no override of door street: there is none now"):
        await kept.house.end_override(STREET, BEN, "again", NOON)


async def test_an_override_that_ran_out_is_not_ended_again(kept: Kept) -> None:
    await kept.house.set_override(STREET, Wanted.UNLOCKED, NOON + HOUR, ADA, "a delivery", NOON)

    with pytest.raises(InputError, match="no override"):
        await kept.house.end_override("override-1", BEN, "over", NOON + HOUR)
    assert await kept.house.ending_of("override-1") is None


async def test_an_exception_ends_after_it_starts(kept: Kept) -> None:
    with pytest.raises(InputError, match=r"an exception for floor ground ends .*, before it starts"):
        await kept.house.put_one_off(GROUND, Wanted.UNLOCKED, NOON, NOON, "open day")

    await kept.house.put_one_off(GROUND, Wanted.UNLOCKED, NOON, NOON + HOUR, "open day")
    await kept.house.put_one_off(SPACE, Wanted.LOCKED, NOON, NOON + HOUR, "stock-taking")
    assert (await state(kept)).one_offs == (
        OneOff("exception-1", GROUND, Wanted.UNLOCKED, NOON, NOON + HOUR, "open day"),
        OneOff("exception-2", SPACE, Wanted.LOCKED, NOON, NOON + HOUR, "stock-taking"),
    )

    await kept.house.remove_one_off("exception-1")
    assert [one.id for one in (await state(kept)).one_offs] == ["exception-2"]
    with pytest.raises(InputError, match="no exception 'exception-1': did you mean 'exception-2'"):
        await kept.house.remove_one_off("exception-1")


async def test_an_exception_and_a_holiday_keep_who_made_them(kept: Kept) -> None:
    await kept.house.put_one_off(STREET, Wanted.LOCKED, NOON, NOON + HOUR, "a move", ADA)
    await kept.house.put_holiday(ExtraHoliday(date(2026, 5, 3), "Storm", by=BEN))

    assert [one.by for one in (await state(kept)).one_offs] == [ADA]
    assert [one.by for one in (await state(kept)).holidays] == [BEN]


async def test_an_exception_is_there_once_and_unlocks_for_a_month_at_most(kept: Kept) -> None:
    await kept.house.put_one_off(STREET, Wanted.LOCKED, NOON, NOON + HOUR, "a move")

    with pytest.raises(InputError, match="exception-1 says the same of door street already"):
        await kept.house.put_one_off(STREET, Wanted.LOCKED, NOON, NOON + HOUR, "again")
    with pytest.raises(InputError, match="unlocked for longer than 31 days"):
        await kept.house.put_one_off(STREET, Wanted.UNLOCKED, NOON, NOON + 32 * 24 * HOUR, "fair")
    with pytest.raises(InputError, match="the holiday on 2026-05-03 has no name"):
        await kept.house.put_holiday(ExtraHoliday(date(2026, 5, 3), " "))


async def test_a_holiday_announced_on_the_day_closes_zones_or_all(kept: Kept) -> None:
    strike = ExtraHoliday(date(2026, 5, 4), "Strike", frozenset({ZoneId("members"), ZoneId("public")}))
    await kept.house.put_holiday(strike)
    await kept.house.put_holiday(ExtraHoliday(date(2026, 5, 3), "Storm"))
    everywhere = ExtraHoliday(strike.day, "General strike")
    await kept.house.put_holiday(everywhere)

    assert (await state(kept)).holidays == (ExtraHoliday(date(2026, 5, 3), "Storm"), everywhere)

    await kept.house.remove_holiday(strike.day)
    with pytest.raises(InputError, match="no holiday on 2026-05-04 to remove"):
        await kept.house.remove_holiday(strike.day)


async def test_what_somebody_has_ended_is_told_from_a_moment_on(kept: Kept) -> None:
    await kept.house.begin_lockdown(SPACE, ADA, "a stranger", NOON)
    await kept.house.set_override(STREET, Wanted.UNLOCKED, NOON + 4 * HOUR, ADA, "a delivery", NOON)
    await kept.house.lift_lockdown(SPACE, BEN, "gone", NOON + HOUR)
    await kept.house.end_override(STREET, BEN, "it came", NOON + 2 * HOUR)

    lockdown = Lockdown("lockdown-1", SPACE, NOON, ADA, "a stranger")
    override = Override("override-1", STREET, Wanted.UNLOCKED, NOON, NOON + 4 * HOUR, ADA, "a delivery")
    lifted, ended = Ending(NOON + HOUR, BEN, "gone"), Ending(NOON + 2 * HOUR, BEN, "it came")
    assert await kept.house.ended_since(NOON + HOUR) == [(lockdown, lifted), (override, ended)]
    assert await kept.house.ended_since(NOON + 2 * HOUR) == [(override, ended)]
    assert await kept.house.ended_since(NOON + 3 * HOUR) == []


async def test_a_window_that_was_ended_is_opened_again_by_who_comes_back(kept: Kept) -> None:
    opened_ = WindowOpened(DoorId("street"), ScheduleId("open-hours"), NOON - HOUR, NOON, ADA)
    again = WindowOpened(opened_.door, opened_.schedule, opened_.window_start, NOON + 2 * HOUR, BEN)
    await kept.house.window_opened(opened_)
    await kept.house.window_closed(opened_.door, opened_.schedule, opened_.window_start, NOON + HOUR)
    await kept.house.window_opened(again)

    assert (await state(kept)).windows == (again,)


async def test_a_window_is_opened_by_the_first_person_and_closed_by_the_last(kept: Kept) -> None:
    opened_ = WindowOpened(DoorId("street"), ScheduleId("open-hours"), NOON - HOUR, NOON, ADA)
    await kept.house.window_opened(opened_)
    same = await kept.house.window_opened(
        WindowOpened(opened_.door, opened_.schedule, opened_.window_start, NOON + HOUR, BEN)
    )

    assert (await state(kept)).windows == (opened_,)
    assert await kept.people.version() == same

    closed = await kept.house.window_closed(opened_.door, opened_.schedule, opened_.window_start, NOON + HOUR)
    (window,) = (await state(kept)).windows
    assert (window.by, window.closed_at) == (ADA, NOON + HOUR)
    assert (
        await kept.house.window_closed(opened_.door, opened_.schedule, opened_.window_start, NOON + 2 * HOUR) == closed
    )
    with pytest.raises(InputError, match="at door 'street' was not opened by anybody"):
        await kept.house.window_closed(opened_.door, ScheduleId("other"), NOON, NOON)


async def test_a_scope_says_which_or_means_all(kept: Kept) -> None:
    for scope, told in (
        (Scope(ScopeKind.FLOOR), "floor '': which floor\\?"),
        (Scope(ScopeKind.SPACE, "x"), "space 'x': the whole space has no id"),
    ):
        with pytest.raises(InputError, match=told):
            await kept.house.begin_lockdown(scope, ADA, "why", NOON)


async def test_a_change_of_the_house_touches_nobody(kept: Kept) -> None:
    before = await kept.people.version()

    await kept.house.begin_lockdown(SPACE, ADA, "a stranger", NOON)

    change = await kept.people.changed_since(before)
    assert change is not None
    assert (change.touched, change.bookings, change.events) == (frozenset(), {}, None)
    assert change.house == await state(kept)


async def test_lockdown_fire_and_overrides_survive_a_restart(tmp_path: Path) -> None:
    async with opened("sqlite", tmp_path) as kept:
        await kept.house.begin_lockdown(GROUND, ADA, "broken glass", NOON)
        await kept.house.set_fire(NOON, "fire-panel")
        await kept.house.set_override(STREET, Wanted.LOCKED, NOON + HOUR, ADA, "a move", NOON)
        before = await state(kept)

    async with opened("sqlite", tmp_path) as kept:
        assert await state(kept) == before
        assert (len(before.lockdowns), before.fire, len(before.overrides)) == (1, Fire(NOON, "fire-panel"), 1)


async def test_what_was_over_a_day_ago_is_history_and_not_loaded(tmp_path: Path) -> None:
    last_week = datetime(2026, 2, 23, 12, tzinfo=UTC)
    async with opened("sqlite", tmp_path) as kept:
        await kept.house.set_override(STREET, Wanted.UNLOCKED, last_week + HOUR, ADA, "then", last_week)
        await kept.house.put_one_off(STREET, Wanted.UNLOCKED, last_week, last_week + HOUR, "then")
        await kept.house.window_opened(WindowOpened(DoorId("street"), ScheduleId("s"), last_week, last_week, ADA))

        now = await state(kept)
    assert (now.overrides, now.one_offs, now.windows) == ((), (), ())
