"""What lets somebody in: any one grant suffices, and of several the one that costs the member least is taken.

Whether the person may use their grants at all (a ban, an unpaid plan) is asked before, in `access_steps`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum, StrEnum
from typing import TypeAlias, TypeGuard

from controller.domain.building import Door, Plan, Space
from controller.domain.membership import Lease, Membership, PersonKind, Standing
from controller.domain.rights import DenyReason, Rights
from controller.domain.schedule import is_open
from controller.domain.standing import ENTERS, LocalDay, is_current, local_day, standing_on
from controller.domain.usage import Charge


class GrantKind(StrEnum):
    """What somebody was let in by."""

    STAFF = "staff"
    LEASE = "lease"
    BOOKING = "booking"
    EVENT = "event"  # by ticket
    PLAN = "plan"
    GUEST = "guest"
    VISITING = "visiting"
    PAY_AS_YOU_GO = "pay_as_you_go"
    EXIT = "exit"  # leaving needs no right


class Cost(IntEnum):
    """What being let in this way costs the member; the least is taken."""

    NOTHING = 0  # staff, and whoever leaves
    LEASE = 10
    BOOKING = 20
    EVENT = 30
    UNLIMITED_PLAN = 40
    QUOTA_DAY = 50  # a guest's day of the host and a visiting pass's day as well
    DAY_PASS = 60
    PAY_AS_YOU_GO = 70  # for those who opted in


@dataclass(frozen=True, slots=True)
class Grant:
    """One sufficient reason to open; `via` is what gives it: a plan, a leased area, the door one leaves by."""

    kind: GrantKind
    via: str = ""
    cost: Cost = Cost.NOTHING
    in_grace: bool = False  # a payment is late; the member enters and is told
    charge: Charge | None = None  # what going in uses; nothing is used by being granted


def best_grant(rights: Rights, door: Door, at: datetime) -> Grant | DenyReason:
    """The cheapest grant for this door now, or else the nearest miss."""
    day = local_day(at, rights.space.zone, rights.space.cut_off_minutes)
    misses: set[DenyReason] = set()
    for source in CHEAPEST_FIRST:
        answer = source(rights, door, day, at)
        if isinstance(answer, Grant):
            return answer
        if answer is not None:
            misses.add(answer)
    return next((reason for reason in NEAREST_FIRST if reason in misses), DenyReason.NO_RIGHT)


def memberships_in_force(rights: Rights, day: LocalDay) -> list[Membership]:
    """Those that open doors today; if none does, those that would, were they paid or resumed.

    The second kind opens nothing (`access_steps` has refused it before): it tells staff what else is in the way.
    """
    entering = [held for held in rights.memberships if standing_on(held, day) in ENTERS]
    return entering or [held for held in rights.memberships if is_current(held, day)]


def plan_covers(plan: Plan | None, door: Door) -> TypeGuard[Plan]:
    """Whether the plan is good for this door at some hour; None is a plan the space no longer has."""
    return plan is not None and not door.staff_only and door.inner in plan.areas


def lease_covers(lease: Lease, door: Door, space: Space) -> bool:
    """Whether this is a door of the leased area, or on the way to it: an office one cannot reach is not leased."""
    if door.staff_only:
        return False
    return door.inner == lease.area or door.id in space.ways.get(lease.area, frozenset())


def _as_staff(rights: Rights, door: Door, day: LocalDay, at: datetime) -> Grant | None:
    """Staff may pass every door at every hour."""
    is_staff = rights.person is not None and rights.person.kind is PersonKind.STAFF
    return Grant(GrantKind.STAFF) if is_staff else None


def _by_lease(rights: Rights, door: Door, day: LocalDay, at: datetime) -> Grant | None:
    """A team's office, around the clock and on holidays."""
    for lease in rights.leases:
        if is_current(lease, day) and lease_covers(lease, door, rights.space):
            return Grant(GrantKind.LEASE, lease.area, Cost.LEASE)
    return None


def _by_plan(rights: Rights, door: Door, day: LocalDay, at: datetime) -> Grant | DenyReason | None:
    """A membership's plan, in the hours of its schedule."""
    space = rights.space
    best: Grant | None = None
    covered = False
    for held in memberships_in_force(rights, day):
        plan = space.plans.get(held.plan)
        if not plan_covers(plan, door):
            continue
        covered = True
        cost = _cost(plan)
        if best is not None and best.cost <= cost:
            continue
        if is_open(space.schedules[plan.schedule], at, space.zone, space.holidays):
            best = Grant(GrantKind.PLAN, plan.id, cost, in_grace=held.standing is Standing.GRACE)
    if best is None and covered:
        return DenyReason.OUTSIDE_HOURS
    return best


def _cost(plan: Plan) -> Cost:
    if plan.kind == "day_pass":
        return Cost.DAY_PASS
    return Cost.UNLIMITED_PLAN if plan.days_per_week is None else Cost.QUOTA_DAY


_Source: TypeAlias = Callable[[Rights, Door, LocalDay, datetime], Grant | DenyReason | None]

CHEAPEST_FIRST: tuple[_Source, ...] = (
    _as_staff,
    _by_lease,
    # Then, as they come: the booking of this room, the ticket of this event.
    _by_plan,
    # Last: the guest's pass, the visitor's pass, pay-as-you-go.
)
"""Where a grant may come from; the first that answers with one is taken."""

NEAREST_FIRST: tuple[DenyReason, ...] = (
    DenyReason.OUTSIDE_HOURS,
    # booking_too_early, booking_over, quota_used_up
    DenyReason.NO_RIGHT,
)
"""Of several misses, the one that came closest is told."""
