"""What a guest may do: within the invitation's window, go where the host may go now; it uses the host's guest days.

Of the host's own days none is used, and none needs to be left: guests are counted apart.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from controller.domain.building import Door, Plan
from controller.domain.grants import Cost, Grant, GrantKind
from controller.domain.lease_rights import lease_openings, open_lease
from controller.domain.membership import Lease, Membership
from controller.domain.misses import first_or_nearest
from controller.domain.plan_rights import plan_covers, plan_is_open, plan_opens
from controller.domain.quota import has_guest_left, is_counted, next_month
from controller.domain.rights import DenyReason, HostedGuest, Rights
from controller.domain.schedule import business_day, instant
from controller.domain.standing import ENTERS, LocalDay, day_begins, entering_on, problem_of
from controller.domain.usage import Charge, ChargeKind

_ONE_DAY = timedelta(days=1)
_BAD_STANDING = frozenset({DenyReason.MEMBERSHIP_OVERDUE, DenyReason.MEMBERSHIP_PAUSED})


def by_guest_pass(rights: Rights, door: Door, day: LocalDay, at: datetime) -> Grant | DenyReason | None:
    """An invitation that is good here and now."""
    return first_or_nearest(_answer(hosted, rights, door, day, at) for hosted in rights.guest_passes)


def guest_openings(rights: Rights, door: Door, turn: datetime) -> Iterator[datetime]:
    """When, from `turn` on, an invitation would open this door: by its host's hours, or next month's guest days."""
    space = rights.space
    for hosted in rights.guest_passes:
        window = hosted.guest_pass
        if window.is_revoked or window.end <= turn:
            continue
        first = max(turn, window.start)
        month = next_month(business_day(first, space.zone, space.cut_off_minutes))
        for begins in _turns(hosted, rights, first, day_begins(month, space)):
            if not turn <= begins < window.end:
                continue
            yield from lease_openings(hosted.host_leases, door, space, begins)
            for held in hosted.host_memberships:
                plan = space.plans.get(held.plan)
                if held.standing in ENTERS and plan_covers(plan, door):
                    opens = plan_opens(plan, door, space, rights.house, begins)
                    if opens is not None:
                        yield opens


def _turns(hosted: HostedGuest, rights: Rights, first: datetime, month: datetime) -> Iterator[datetime]:
    """From when on to look: the window's start, the next month, and whenever something of the host's begins or ends."""
    yield first
    yield month
    space = rights.space
    first_day, last_day = (at.astimezone(space.zone).date() for at in (first, hosted.guest_pass.end))
    everything: tuple[Membership | Lease, ...] = (*hosted.host_memberships, *hosted.host_leases)
    for held in everything:
        if first_day < held.starts <= last_day:
            yield instant(held.starts, 0, space.zone)
        if held.ends is not None and first_day <= held.ends < last_day:
            yield day_begins(held.ends + _ONE_DAY, space)


def _answer(hosted: HostedGuest, rights: Rights, door: Door, day: LocalDay, at: datetime) -> Grant | DenyReason | None:
    window, host, space = hosted.guest_pass, hosted.host, rights.space
    if window.is_revoked or host.banned:
        return None
    if problem_of(hosted.host_memberships, day, space.grace) in _BAD_STANDING:
        return None
    plans = _plans(hosted.host_memberships, rights, day)
    lease = open_lease(hosted.host_leases, door, space, day)
    covering = [plan for plan in plans if plan_covers(plan, door)]
    if lease is None and not covering:
        return None
    if at < window.start:
        return DenyReason.PASS_NOT_YET_VALID
    if at >= window.end:
        return DenyReason.PASS_OVER
    good = [plan for plan in covering if plan_is_open(plan, door, space, rights.house, at)]
    if lease is None and not good:
        return DenyReason.OUTSIDE_HOURS
    grant = Grant(GrantKind.GUEST, host.id, Cost.QUOTA_DAY, ref=window.id)
    usage = hosted.host_usage
    today = usage.guest_days.get(day.business, frozenset())
    if not is_counted(door, space) or window.guest in today - usage.guests_on_their_way:
        return grant
    # Who was let in at another door, and may yet go in by this one, is charged again: the same charge counts once, and
    # whichever door opens carries it. It is counted already, so of the days left it needs none.
    others = {**usage.guest_days, day.business: today - {window.guest}}
    # Who comes by the office's lease is counted on the host's plan all the same; an office alone counts no guests.
    counting = good or plans
    for plan in counting:
        if has_guest_left(plan, others, day.business):
            return _charged(grant, hosted, day, plan)
    return DenyReason.QUOTA_USED_UP if counting else _charged(grant, hosted, day, None)


def _plans(memberships: tuple[Membership, ...], rights: Rights, day: LocalDay) -> list[Plan]:
    plans = rights.space.plans
    return [plans[held.plan] for held in entering_on(memberships, day, rights.space.grace) if held.plan in plans]


def _charged(grant: Grant, hosted: HostedGuest, day: LocalDay, plan: Plan | None) -> Grant:
    charge = Charge(
        ChargeKind.GUEST_DAY,
        hosted.host.id,
        day.business,
        subject=hosted.guest_pass.guest,
        plan=plan.id if plan is not None else None,
    )
    return Grant(grant.kind, grant.via, grant.cost, charge=charge, ref=grant.ref)
