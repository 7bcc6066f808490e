"""The page about memberships, line by line: standings, dates, grace, groups, and what a holiday closes."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.domain.access import Cost, DenyReason, Grant, GrantKind, Rights
from controller.domain.building import Grace, Space
from controller.domain.house import ExtraHoliday, HouseState
from controller.domain.ids import CohortId, PlanId, ScheduleId, ZoneId
from controller.domain.membership import Membership, Standing
from controller.domain.schedule import WeeklySchedule, Window
from controller.domain.standing import ENTERS, local_day, standing_on
from tests.unit.domain.asking import answer, granted, next_time
from tests.unit.domain.house import (
    CHRISTMAS,
    CLOCK,
    DAY_PASS,
    FLOOR,
    FULL,
    HOST,
    LANDING,
    LOBBY,
    NOON,
    OFFICE_DOOR,
    ROCKET,
    RUNNERS,
    SF,
    SPACE,
    STREET,
    TWO_DAYS,
    lease,
    local,
    member,
    read,
    rights,
)

GRACE = Grace(days=7, cents=20_000)
CUT_OFF = 4 * 60
NOVEMBER_20 = date(2026, 11, 20)


def owing(cents: int = 5_000, since: date | None = NOVEMBER_20, **more: object) -> Membership:
    return replace(member(due_since=since, due_cents=cents), **more)  # type: ignore[arg-type]


# --- grace --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cents", "at", "expected"),
    [
        pytest.param(20_000, "2026-11-20 12:00", Standing.GRACE, id="on the day it fell due"),
        pytest.param(20_000, "2026-11-26 12:00", Standing.GRACE, id="seven days, seven usable days"),
        pytest.param(20_000, "2026-11-27 03:59", Standing.GRACE, id="until the cut-off"),
        pytest.param(20_000, "2026-11-27 04:00", Standing.OVERDUE, id="beyond the days"),
        pytest.param(20_001, "2026-11-21 12:00", Standing.OVERDUE, id="beyond the amount"),
        pytest.param(20_001, "2026-11-19 12:00", Standing.ACTIVE, id="before it is due there is no bill"),
    ],
)
def test_grace_is_days_and_amount(cents: int, at: str, expected: Standing) -> None:
    assert standing_on(owing(cents), local_day(local(at), SF, CUT_OFF), GRACE) is expected


@pytest.mark.parametrize(
    ("cents", "at", "expected"),
    [
        pytest.param(20_000, "2026-11-26 12:00", Standing.GRACE, id="within both"),
        pytest.param(20_000, "2026-11-27 04:00", Standing.OVERDUE, id="beyond the days"),
        pytest.param(20_001, "2026-11-21 12:00", Standing.OVERDUE, id="beyond the amount"),
        pytest.param(20_001, "2026-11-19 12:00", Standing.GRACE, id="before it is due the books' word stays"),
    ],
)
def test_grace_that_the_books_state_is_days_and_amount_too(cents: int, at: str, expected: Standing) -> None:
    stated = owing(cents, standing=Standing.GRACE)

    assert standing_on(stated, local_day(local(at), SF, CUT_OFF), GRACE) is expected


def test_grace_that_the_books_state_without_a_bill_stays() -> None:
    assert standing_on(member(standing=Standing.GRACE), local_day(NOON, SF, CUT_OFF), GRACE) is Standing.GRACE


@pytest.mark.parametrize("standing", [Standing.OVERDUE, Standing.PAUSED, Standing.ENDED])
def test_what_the_books_say_of_a_standing_stays(standing: Standing) -> None:
    for held in (owing(standing=standing), owing(99_999, standing=standing), member(standing=standing)):
        assert standing_on(held, local_day(NOON, SF, CUT_OFF), GRACE) is standing


def test_in_grace_entry_works_and_the_member_is_told() -> None:
    assert granted(rights(owing())) == Grant(GrantKind.PLAN, FULL, Cost.UNLIMITED_PLAN, in_grace=True)


def test_overdue_beyond_grace_is_refused() -> None:
    assert answer(rights(owing(30_000))) == DenyReason.MEMBERSHIP_OVERDUE
    assert answer(rights(owing(since=date(2026, 11, 16)))) == DenyReason.MEMBERSHIP_OVERDUE


def test_the_grace_of_a_space_is_its_own() -> None:
    strict = replace(SPACE, grace=Grace(days=1, cents=100))

    assert answer(rights(owing(), space=strict)) == DenyReason.MEMBERSHIP_OVERDUE


def test_payment_restores_access_at_once_with_no_manual_lift() -> None:
    unpaid = owing(30_000)

    assert answer(rights(unpaid)) == DenyReason.MEMBERSHIP_OVERDUE
    assert granted(rights(replace(unpaid, due_since=None, due_cents=0))).in_grace is False


def test_a_bill_is_told_before_a_pause_and_both_before_an_end() -> None:
    paused, ended = member(standing=Standing.PAUSED), member(ends="2026-10-01")

    assert answer(rights(ended, paused, owing(30_000))) == DenyReason.MEMBERSHIP_OVERDUE
    assert answer(rights(ended, paused)) == DenyReason.MEMBERSHIP_PAUSED


@given(st.integers(0, 20), st.integers(0, 40_000), st.integers(-5, 40))
def test_whoever_owes_less_and_not_as_long_is_never_worse_off(days: int, cents: int, late: int) -> None:
    grace = Grace(days, 20_000)
    day = local_day(NOON, SF, CUT_OFF)
    since = date.fromordinal(day.business.toordinal() - late)
    entered = standing_on(owing(cents, since), day, grace) in ENTERS

    assert not entered or standing_on(owing(cents // 2, since), day, grace) in ENTERS
    assert not entered or standing_on(owing(cents, date.fromordinal(since.toordinal() + 1)), day, grace) in ENTERS


# --- pause, end, future -------------------------------------------------------------------------------


def test_a_pause_removes_access() -> None:
    assert answer(rights(member(standing=Standing.PAUSED))) == DenyReason.MEMBERSHIP_PAUSED


def test_someone_inside_at_expiry_can_always_leave() -> None:
    over = rights(member(ends="2026-11-22"))

    assert answer(over) == DenyReason.MEMBERSHIP_ENDED
    assert answer(over, read_=read(direction="out")) == GrantKind.EXIT


def test_a_future_plan_never_disables_the_current_one_whatever_its_standing() -> None:
    for standing in Standing:
        assert answer(rights(member(), member(TWO_DAYS, starts="2026-12-01", standing=standing))) == GrantKind.PLAN


def test_dates_are_half_open_in_local_time_and_last_until_the_cut_off() -> None:
    clock = replace(SPACE, plans={**SPACE.plans, FULL: replace(SPACE.plans[FULL], schedule=CLOCK)})
    november = rights(member(starts="2026-11-01", ends="2026-11-23"), space=clock)

    assert answer(november, local("2026-10-31 23:59")) == DenyReason.NO_MEMBERSHIP
    assert answer(november, local("2026-11-01 00:00")) == GrantKind.PLAN
    assert answer(november, local("2026-11-24 03:59")) == GrantKind.PLAN
    assert answer(november, local("2026-11-24 04:00")) == DenyReason.MEMBERSHIP_ENDED


# --- groups -------------------------------------------------------------------------------------------


def test_a_team_holds_memberships_for_its_people_and_may_lease_an_office() -> None:
    of_the_team = Membership(None, FULL, date(2026, 1, 1), group=ROCKET)

    assert granted(rights(of_the_team)).kind is GrantKind.PLAN
    assert answer(rights(of_the_team, leases=(lease(),), at=OFFICE_DOOR)) == GrantKind.LEASE


def test_a_day_of_a_teams_plan_is_counted_for_who_came() -> None:
    of_the_team = Membership(None, TWO_DAYS, date(2026, 1, 1), group=ROCKET)

    charge = granted(rights(of_the_team)).charge

    assert charge is not None
    assert (charge.holder, charge.plan) == ("alice", TWO_DAYS)


def test_a_cohort_has_a_start_and_an_end() -> None:
    spring = Membership(None, FULL, date(2026, 11, 23), date(2026, 11, 27), group=CohortId("autumn"))

    assert answer(rights(spring), local("2026-11-20 12:00")) == DenyReason.NO_MEMBERSHIP
    assert answer(rights(spring)) == GrantKind.PLAN
    assert answer(rights(spring), local("2026-11-30 12:00")) == DenyReason.MEMBERSHIP_ENDED


def test_alumni_come_for_office_hours() -> None:
    hours = WeeklySchedule(ScheduleId("office-hours"), (Window(frozenset({3}), 14 * 60, 17 * 60),))
    plan = replace(SPACE.plans[FULL], id=PlanId("alumni"), schedule=hours.id)
    space = replace(SPACE, schedules={**SPACE.schedules, hours.id: hours}, plans={**SPACE.plans, plan.id: plan})
    alumna = rights(member(plan.id), space=space)

    assert answer(alumna, local("2026-11-26 15:00")) == GrantKind.PLAN
    assert answer(alumna) == DenyReason.OUTSIDE_HOURS
    assert next_time(alumna) == local("2026-11-26 14:00")


def test_a_hosted_running_group_enters_at_six() -> None:
    runners = rights(member(RUNNERS))

    assert answer(runners, local("2026-11-23 05:59")) == DenyReason.OUTSIDE_HOURS
    assert answer(runners, local("2026-11-23 06:00")) == GrantKind.PLAN


# --- holidays -----------------------------------------------------------------------------------------

ON_CHRISTMAS = local("2026-12-25 12:00")
NORTH, SOUTH = ZoneId("north"), ZoneId("south")


def zoned(**more: object) -> Space:
    """The lobby is in the north, the floor in the south."""
    areas = {
        **SPACE.areas,
        LOBBY: replace(SPACE.areas[LOBBY], zones=frozenset({NORTH})),
        FLOOR: replace(SPACE.areas[FLOOR], zones=frozenset({SOUTH})),
    }
    return replace(SPACE, areas=areas, **more)  # type: ignore[arg-type]


def test_a_holiday_closes_plan_hours_and_leaves_staff_leases_and_schedules_for_holidays() -> None:
    assert answer(rights(member()), ON_CHRISTMAS) == DenyReason.OUTSIDE_HOURS
    assert answer(rights(person=HOST), ON_CHRISTMAS) == GrantKind.STAFF
    assert answer(rights(leases=(lease(),)), ON_CHRISTMAS) == GrantKind.LEASE
    assert answer(rights(member(RUNNERS)), local("2026-12-25 06:30")) == GrantKind.PLAN


def test_a_holiday_closes_the_plan_hours_of_its_zones_only() -> None:
    half = rights(member(), space=zoned(holiday_zones={CHRISTMAS: frozenset({SOUTH})}))

    assert answer(half, ON_CHRISTMAS) == GrantKind.PLAN
    assert answer(replace(half, door=LANDING), ON_CHRISTMAS) == DenyReason.OUTSIDE_HOURS


def test_a_holiday_announced_outside_the_file_closes_its_zones_too() -> None:
    def after(*zones: ZoneId) -> Rights:
        announced = HouseState(holidays=(ExtraHoliday(NOON.date(), "No heating", frozenset(zones)),))
        return replace(rights(member(), space=zoned()), house=announced)

    assert answer(after()) == DenyReason.OUTSIDE_HOURS
    assert answer(after(NORTH)) == DenyReason.OUTSIDE_HOURS
    assert answer(after(SOUTH)) == GrantKind.PLAN
    assert next_time(after()) == local("2026-11-24 09:00")


# --- the cheapest -------------------------------------------------------------------------------------


def test_costs_stand_in_the_order_of_the_page() -> None:
    assert sorted(Cost) == [
        Cost.NOTHING,
        Cost.LEASE,
        Cost.BOOKING,
        Cost.EVENT,
        Cost.UNLIMITED_PLAN,
        Cost.QUOTA_DAY,
        Cost.DAY_PASS,
        Cost.PAY_AS_YOU_GO,
    ]


def test_a_plan_in_grace_is_told_only_where_it_is_the_one_taken() -> None:

    assert granted(rights(owing(plan=DAY_PASS), member(FULL), at=STREET)).in_grace is False
