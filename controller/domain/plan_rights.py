"""What plans let somebody do: memberships with and without a number of days, day passes, pay-as-you-go.

Where and when a plan is good at all is here too, for guests and visitors go by plans as well.
"""

from collections.abc import Callable, Container, Iterator
from datetime import date, datetime
from typing import TypeAlias, TypeGuard

from controller.domain.building import Door, Plan, Space
from controller.domain.grants import Cost, Grant, GrantKind
from controller.domain.holidays import holidays_of
from controller.domain.house import HouseState
from controller.domain.ids import AreaId, PlanId
from controller.domain.membership import Membership, Standing
from controller.domain.quota import has_day_left, is_counted, next_monday
from controller.domain.rights import DenyReason, Rights
from controller.domain.schedule import business_day, is_open, next_opening
from controller.domain.standing import (
    ENTERS,
    LocalDay,
    counts_from,
    day_begins,
    entering_on,
    in_force,
    standing_on,
    would_enter_on,
)
from controller.domain.usage import Charge, ChargeKind

_Counts: TypeAlias = Callable[[Membership, LocalDay, Space], bool]

DAY_PASS = "day_pass"  # noqa: S105  # a kind of plan


def plan_covers(plan: Plan | None, door: Door) -> TypeGuard[Plan]:
    """Whether the plan is good for this door at some hour; None is a plan the space no longer has."""
    return plan is not None and not door.staff_only and door.inner in plan.areas


def plan_is_open(plan: Plan, door: Door, space: Space, house: HouseState, at: datetime) -> bool:
    """Whether it is one of the plan's hours, holidays of the area behind the door considered."""
    return is_open(space.schedules[plan.schedule], at, space.zone, closed_days(door.inner, space, house))


def plan_opens(plan: Plan, door: Door, space: Space, house: HouseState, at: datetime) -> datetime | None:
    """The first of the plan's hours from `at` on."""
    return next_opening(space.schedules[plan.schedule], at, space.zone, closed_days(door.inner, space, house))


def closed_days(area: AreaId, space: Space, house: HouseState) -> Container[date]:
    """The holidays of an area; those of the space file as they are, where there are no others to consider."""
    if not space.holiday_zones and not house.holidays:
        return space.holidays
    return holidays_of(area, space, house)


def is_holiday(day: date, area: AreaId, space: Space, house: HouseState) -> bool:
    """Whether the area is closed on this day; most days are nowhere a holiday, and cost one look-up."""
    if day not in space.holidays and all(extra.day != day for extra in house.holidays):
        return False
    return day in closed_days(area, space, house)


def by_membership(rights: Rights, door: Door, day: LocalDay, at: datetime) -> Grant | DenyReason | None:
    """A membership's plan, in the hours of its schedule, while the week has a day left where the plan counts days.

    A day that is used already stays open: coming back is free.
    """
    answer = _cheapest(rights, door, day, at, _enters)
    if answer is None and not entering_on(rights.memberships, day, rights.space.grace):
        # None opens anything; what one would do, were it paid or resumed, tells staff what else is in the way.
        answer = _cheapest(rights, door, day, at, _would_enter)
    return answer


def _cheapest(rights: Rights, door: Door, day: LocalDay, at: datetime, counts: _Counts) -> Grant | DenyReason | None:
    space = rights.space
    best: Grant | None = None
    miss: DenyReason | None = None
    for held in rights.memberships:
        plan = space.plans.get(held.plan)
        if not plan_covers(plan, door):
            continue
        cost = _cost(plan)
        if (best is not None and best.cost <= cost) or not counts(held, day, space):
            continue
        if not plan_is_open(plan, door, space, rights.house, at):
            miss = DenyReason.OUTSIDE_HOURS
            continue
        charge: Charge | None = None
        if cost is Cost.QUOTA_DAY and _needs_day(rights, door, day):
            if not has_day_left(plan, days_used(rights), day.business):
                miss = miss or DenyReason.QUOTA_USED_UP
                continue
            charge = _charge(ChargeKind.QUOTA_DAY, rights, day, plan)
        best = Grant(GrantKind.PLAN, plan.id, cost, _is_in_grace(held, day, space), charge)
    return best if best is not None else miss


def _enters(held: Membership, day: LocalDay, space: Space) -> bool:
    return standing_on(held, day, space.grace) in ENTERS


def _would_enter(held: Membership, day: LocalDay, space: Space) -> bool:
    return would_enter_on(held, day)


def by_day_pass(rights: Rights, door: Door, day: LocalDay, at: datetime) -> Grant | DenyReason | None:
    """A pass bought before, good for one business day on one of the space's day-pass plans, or paid with today already."""
    paid = day.business in rights.usage.day_pass_days
    if not paid and rights.usage.day_passes_left <= 0:
        return None
    space = rights.space
    miss: DenyReason | None = None
    for plan in _day_pass_plans(space):
        if not plan_covers(plan, door):
            continue
        if plan_is_open(plan, door, space, rights.house, at):
            free = paid or not is_counted(door, space)
            charge = None if free else _charge(ChargeKind.DAY_PASS, rights, day, plan)
            return Grant(GrantKind.PLAN, plan.id, Cost.DAY_PASS, charge=charge)
        miss = DenyReason.OUTSIDE_HOURS
    return miss


def by_paying_as_one_goes(rights: Rights, door: Door, day: LocalDay, at: datetime) -> Grant | DenyReason | None:
    """Beyond the plan's days, for who opted in, or has paid for today already; where and when the plan is good."""
    paid = day.business in rights.usage.pay_as_you_go_days
    if rights.person is None or not (paid or rights.person.pays_as_you_go):
        return None
    space = rights.space
    for held in in_force(rights.memberships, day, space.grace):
        plan = space.plans.get(held.plan)
        if not plan_covers(plan, door) or _cost(plan) is not Cost.QUOTA_DAY:
            continue
        if plan_is_open(plan, door, space, rights.house, at):
            charge = None if paid else _charge(ChargeKind.PAY_AS_YOU_GO, rights, day, plan)
            return Grant(GrantKind.PAY_AS_YOU_GO, plan.id, Cost.PAY_AS_YOU_GO, _is_in_grace(held, day, space), charge)
    return None


def booking_day(rights: Rights, door: Door, day: LocalDay) -> Charge | None:
    """The plan's day that coming for a booking uses, where the plan says that it does.

    None beyond the days of the week: the booking opens the door by itself, and no quota is counted over.
    """
    if not _needs_day(rights, door, day):
        return None
    known = rights.space.plans
    plans = [known[held.plan] for held in in_force(rights.memberships, day, rights.space.grace) if held.plan in known]
    if any(_cost(plan) is Cost.UNLIMITED_PLAN for plan in plans):
        return None
    for plan in plans:
        uses_day = plan.booking_uses_day and _cost(plan) is Cost.QUOTA_DAY
        if uses_day and has_day_left(plan, days_used(rights), day.business):
            return _charge(ChargeKind.QUOTA_DAY, rights, day, plan)
    return None


def membership_openings(rights: Rights, door: Door, turn: datetime) -> Iterator[datetime]:
    """When, from `turn` on, each membership's plan first opens this door, and when the next week gives it days again."""
    space = rights.space
    looked: set[tuple[PlanId, datetime]] = set()
    for held in rights.memberships:
        plan = space.plans.get(held.plan)
        if held.standing not in ENTERS or not plan_covers(plan, door):
            continue
        begins = counts_from(held, turn, space)
        if begins is None or (plan.id, begins) in looked:
            continue
        looked.add((plan.id, begins))
        opens = plan_opens(plan, door, space, rights.house, begins)
        if opens is None:
            continue
        yield opens
        if plan.days_per_week is None:
            continue
        day = business_day(opens, space.zone, space.cut_off_minutes)
        if not has_day_left(plan, days_used(rights), day):
            monday = plan_opens(plan, door, space, rights.house, day_begins(next_monday(day), space))
            if monday is not None:
                yield monday


def day_pass_openings(rights: Rights, door: Door, turn: datetime) -> Iterator[datetime]:
    """When, from `turn` on, a day pass first opens this door."""
    if rights.usage.day_passes_left > 0 or rights.usage.day_pass_days:
        for plan in _day_pass_plans(rights.space):
            if plan_covers(plan, door):
                opens = plan_opens(plan, door, rights.space, rights.house, turn)
                if opens is not None:
                    yield opens


def _day_pass_plans(space: Space) -> Iterator[Plan]:
    return (plan for plan in space.plans.values() if plan.kind == DAY_PASS)


def days_used(rights: Rights) -> frozenset[date]:
    """The days that the plan's number is held against; one that was waived or given back today is none of them."""
    usage = rights.usage
    return usage.quota_days - usage.free_days if usage.free_days else usage.quota_days


def _needs_day(rights: Rights, door: Door, day: LocalDay) -> bool:
    return day.business not in rights.usage.quota_days and is_counted(door, rights.space)


def _cost(plan: Plan) -> Cost:
    if plan.kind == DAY_PASS:
        return Cost.DAY_PASS
    return Cost.UNLIMITED_PLAN if plan.days_per_week is None else Cost.QUOTA_DAY


def _is_in_grace(held: Membership, day: LocalDay, space: Space) -> bool:
    return standing_on(held, day, space.grace) is Standing.GRACE


def _charge(kind: ChargeKind, rights: Rights, day: LocalDay, plan: Plan) -> Charge | None:
    return Charge(kind, rights.person.id, day.business, plan=plan.id) if rights.person is not None else None
