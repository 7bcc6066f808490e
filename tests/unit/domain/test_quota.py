"""Days that are counted: days a week, day passes, pay-as-you-go, and what each entry would use."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.domain.access import Cost, DenyReason, Grant, GrantKind, Miss, Rights
from controller.domain.building import Plan
from controller.domain.ids import AreaId, PlanId
from controller.domain.quota import has_day_left, next_monday, next_month, week_of
from controller.domain.schedule import EVERY_DAY, WeeklySchedule, Window
from controller.domain.usage import Charge, ChargeKind, Usage
from tests.unit.domain.asking import answer, days, granted, miss, next_time, used, with_plans
from tests.unit.domain.house import (
    ALICE,
    CLOCK,
    DAY_PASS,
    FULL,
    HOURS,
    LANDING,
    LOBBY,
    NOON,
    SPACE,
    STREET,
    TWO_DAYS,
    local,
    member,
    rights,
)

THURSDAY = local("2026-11-26 12:00")
MONDAY_AND_TUESDAY = ("2026-11-23", "2026-11-24")


def two_days(*texts: str, **more: object) -> Rights:
    """A member of the two-days plan who has come on these days."""
    return replace(rights(member(TWO_DAYS)), usage=used(*texts), **more)  # type: ignore[arg-type]


def charge(kind: ChargeKind, day: str, plan: PlanId = TWO_DAYS) -> Charge:
    return Charge(kind, ALICE.id, date.fromisoformat(day), plan=plan)


# --- days per week ------------------------------------------------------------------------------------


def test_a_first_entry_of_a_day_uses_one_of_the_days() -> None:
    assert granted(two_days("2026-11-23"), THURSDAY) == Grant(
        GrantKind.PLAN, TWO_DAYS, Cost.QUOTA_DAY, charge=charge(ChargeKind.QUOTA_DAY, "2026-11-26")
    )


def test_reentry_the_same_day_is_free_even_when_the_days_are_used_up() -> None:
    again = two_days("2026-11-23", "2026-11-26")

    assert granted(again, THURSDAY).charge is None


def test_a_business_day_begins_at_the_cut_off_so_two_in_the_morning_belongs_to_yesterday() -> None:
    night = replace(two_days(*MONDAY_AND_TUESDAY), space=with_plans(two_days={"schedule": CLOCK}))

    assert granted(night, local("2026-11-25 02:00")).charge is None
    assert answer(night, local("2026-11-25 04:00")) == DenyReason.QUOTA_USED_UP


def test_days_used_up_are_denied_with_the_next_free_date() -> None:
    assert miss(two_days(*MONDAY_AND_TUESDAY), THURSDAY) == Miss(DenyReason.QUOTA_USED_UP, local("2026-11-30 09:00"))


def test_the_next_free_date_is_the_monday_cut_off_where_the_plan_is_open_then() -> None:
    night_owl = replace(two_days(*MONDAY_AND_TUESDAY), space=with_plans(two_days={"schedule": CLOCK}))

    assert next_time(night_owl, THURSDAY) == local("2026-11-30 04:00")


def test_the_next_free_date_skips_a_holiday() -> None:
    closed = {date(2026, 11, 30): "St Andrew's"}
    held = replace(two_days(*MONDAY_AND_TUESDAY), space=replace(SPACE, holidays=closed))

    assert next_time(held, THURSDAY) == local("2026-12-01 09:00")


def test_before_two_weeks_of_holidays_no_next_free_date_is_told() -> None:
    """What a house closes for longer than the holidays it announces, staff say."""
    closed = {date(2026, 11, 30) + timedelta(days=n): "Works" for n in range(15)}
    held = replace(two_days(*MONDAY_AND_TUESDAY), space=replace(SPACE, holidays=closed))

    assert miss(held, THURSDAY) == Miss(DenyReason.QUOTA_USED_UP, None)


def test_another_plan_that_opens_earlier_is_the_next_time() -> None:
    both = replace(rights(member(TWO_DAYS), member(FULL, starts="2026-11-28")), usage=used("2026-11-23", "2026-11-24"))
    weekend = WeeklySchedule(HOURS, (Window(EVERY_DAY, 540, 1080),))
    open_daily = replace(SPACE, schedules={**SPACE.schedules, HOURS: weekend})

    assert next_time(replace(both, space=open_daily), THURSDAY) == local("2026-11-28 09:00")


@pytest.mark.parametrize(
    ("before", "at"),
    [
        pytest.param(("2026-11-29", "2026-11-28"), "2026-11-30 10:00", id="a new week begins on Monday"),
        pytest.param(("2026-11-22", "2026-11-21"), "2026-11-23 10:00", id="last week's days are not this week's"),
    ],
)
def test_a_week_is_monday_to_monday_in_the_spaces_zone(before: tuple[str, ...], at: str) -> None:
    assert answer(two_days(*before), local(at)) == GrantKind.PLAN


def test_a_week_is_never_split_by_a_month() -> None:
    over_the_month = two_days("2026-11-30", "2026-12-01")

    assert answer(over_the_month, local("2026-12-03 10:00")) == DenyReason.QUOTA_USED_UP


def test_a_week_is_never_split_by_a_year() -> None:
    assert answer(two_days("2026-12-29", "2026-12-31"), local("2027-01-01 10:00")) == DenyReason.QUOTA_USED_UP


def test_a_plan_change_midweek_keeps_the_days_used() -> None:
    three = Plan(PlanId("three-days"), "Three days", HOURS, frozenset({LOBBY}), days_per_week=3)
    space = replace(SPACE, plans={**SPACE.plans, three.id: three})
    changed = replace(
        rights(member(TWO_DAYS, ends="2026-11-24"), member(three.id, starts="2026-11-25"), space=space),
        usage=used(*MONDAY_AND_TUESDAY),
    )

    assert granted(changed, local("2026-11-25 10:00")).via == three.id
    used_a_third = replace(changed, usage=used(*MONDAY_AND_TUESDAY, "2026-11-25"))
    assert answer(used_a_third, THURSDAY) == DenyReason.QUOTA_USED_UP


def test_a_zone_that_is_not_counted_uses_no_day_and_needs_none_left() -> None:
    kitchen = replace(SPACE.areas[LOBBY], counted=False)
    space = replace(SPACE, areas={**SPACE.areas, LOBBY: kitchen})

    free = granted(two_days(*MONDAY_AND_TUESDAY, space=space), THURSDAY)

    assert (free.kind, free.charge) == (GrantKind.PLAN, None)
    assert answer(two_days(*MONDAY_AND_TUESDAY, space=space, door=LANDING), THURSDAY) == DenyReason.QUOTA_USED_UP


def test_outside_its_hours_the_hours_are_told_rather_than_the_days() -> None:
    assert miss(two_days(*MONDAY_AND_TUESDAY), local("2026-11-26 20:00")) == Miss(
        DenyReason.OUTSIDE_HOURS, local("2026-11-30 09:00")
    )


def test_an_unlimited_plan_counts_no_days() -> None:
    assert granted(replace(rights(member(FULL)), usage=used(*MONDAY_AND_TUESDAY)), THURSDAY).charge is None


@given(st.frozensets(st.dates(date(2026, 10, 1), date(2027, 1, 31)), max_size=20), st.integers(0, 7))
def test_no_week_ever_has_more_days_than_the_plan_gives(before: frozenset[date], per_week: int) -> None:
    plan = replace(SPACE.plans[TWO_DAYS], days_per_week=per_week)
    taken = frozenset[date]()
    for day in sorted(before):
        if has_day_left(plan, taken, day):
            taken |= {day}

    assert all(len([each for each in taken if each in week_of(day)]) <= per_week for day in before)
    assert all(day in taken or len(week_of(day) & taken) == per_week for day in before)


@given(st.dates(date(2020, 1, 1), date(2040, 12, 31)))
def test_a_week_begins_on_monday_and_a_month_on_its_first(day: date) -> None:
    assert min(week_of(day)).weekday() == 0
    assert len(week_of(day)) == 7
    assert next_monday(day) not in week_of(day)
    assert (next_monday(day).weekday(), (next_monday(day) - day).days <= 7) == (0, True)
    assert next_month(day).day == 1
    assert 1 <= (next_month(day) - day).days <= 31


# --- day passes ---------------------------------------------------------------------------------------


def test_days_used_up_fall_to_a_day_pass() -> None:
    held = replace(two_days(), usage=used(*MONDAY_AND_TUESDAY, day_passes_left=1))

    assert granted(held, THURSDAY) == Grant(
        GrantKind.PLAN, DAY_PASS, Cost.DAY_PASS, charge=charge(ChargeKind.DAY_PASS, "2026-11-26", DAY_PASS)
    )


def test_a_day_pass_that_is_paid_for_today_opens_all_day_and_is_not_paid_twice() -> None:
    held = replace(two_days(), usage=used(*MONDAY_AND_TUESDAY, day_pass_days=days("2026-11-26")))

    assert granted(held, THURSDAY).charge is None
    assert answer(held, local("2026-11-27 12:00")) == DenyReason.QUOTA_USED_UP


def test_a_day_pass_is_not_used_while_a_day_of_the_plan_is_left() -> None:
    held = replace(two_days(), usage=used("2026-11-23", day_passes_left=3))

    assert granted(held, THURSDAY).charge == charge(ChargeKind.QUOTA_DAY, "2026-11-26")


def test_whoever_bought_day_passes_needs_no_membership() -> None:
    assert granted(replace(rights(), usage=Usage(day_passes_left=2))).cost is Cost.DAY_PASS
    assert answer(rights()) == DenyReason.NO_MEMBERSHIP


def test_a_day_pass_opens_the_areas_and_hours_of_its_plan_alone() -> None:
    held = replace(rights(), usage=Usage(day_passes_left=1))

    assert answer(replace(held, door=LANDING)) == DenyReason.NO_RIGHT
    assert miss(held, local("2026-11-23 20:00")) == Miss(DenyReason.OUTSIDE_HOURS, local("2026-11-24 09:00"))


def test_a_dated_membership_on_a_day_pass_plan_opens_on_its_days() -> None:
    one_day = rights(member(DAY_PASS, starts="2026-11-23", ends="2026-11-23"))

    assert granted(one_day) == Grant(GrantKind.PLAN, DAY_PASS, Cost.DAY_PASS)
    assert answer(one_day, local("2026-11-24 12:00")) == DenyReason.MEMBERSHIP_ENDED


# --- pay as you go ------------------------------------------------------------------------------------


def test_days_used_up_and_no_pass_left_fall_to_pay_as_you_go_for_who_opted_in() -> None:
    opted_in = replace(two_days(*MONDAY_AND_TUESDAY), person=replace(ALICE, pays_as_you_go=True))

    assert granted(opted_in, THURSDAY) == Grant(
        GrantKind.PAY_AS_YOU_GO,
        TWO_DAYS,
        Cost.PAY_AS_YOU_GO,
        charge=charge(ChargeKind.PAY_AS_YOU_GO, "2026-11-26"),
    )


def test_pay_as_you_go_comes_after_a_day_pass() -> None:
    opted_in = replace(
        two_days(), person=replace(ALICE, pays_as_you_go=True), usage=used(*MONDAY_AND_TUESDAY, day_passes_left=1)
    )

    assert granted(opted_in, THURSDAY).cost is Cost.DAY_PASS


def test_a_day_paid_as_one_went_is_not_charged_again() -> None:
    paid = used(*MONDAY_AND_TUESDAY, pay_as_you_go_days=days("2026-11-26"))

    assert granted(replace(two_days(), usage=paid), THURSDAY).charge is None


@pytest.mark.parametrize(
    ("at", "door", "expected"),
    [
        pytest.param("2026-11-26 20:00", STREET, DenyReason.OUTSIDE_HOURS, id="not outside the plan's hours"),
        pytest.param("2026-11-26 12:00", replace(STREET, inner=AreaId("office")), DenyReason.NO_RIGHT, id="nor beyond"),
    ],
)
def test_pay_as_you_go_buys_a_day_of_the_plan_and_nothing_more(at: str, door: object, expected: object) -> None:
    opted_in = replace(two_days(*MONDAY_AND_TUESDAY), person=replace(ALICE, pays_as_you_go=True))

    assert answer(replace(opted_in, door=door), local(at)) == expected  # type: ignore[arg-type]


def test_without_a_membership_nothing_is_paid_as_one_goes() -> None:
    assert answer(rights(person=replace(ALICE, pays_as_you_go=True)), NOON) == DenyReason.NO_MEMBERSHIP
