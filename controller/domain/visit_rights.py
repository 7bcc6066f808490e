"""What a visiting pass of a partner space lets its holder do: our mapped plan, for as many days as were agreed.

That the pass is genuine was verified before it came here.
"""

from collections.abc import Iterator
from datetime import datetime

from controller.domain.building import Door
from controller.domain.grants import Cost, Grant, GrantKind
from controller.domain.holdings import VisitingPass
from controller.domain.misses import first_or_nearest
from controller.domain.plan_rights import plan_covers, plan_is_open, plan_opens
from controller.domain.quota import has_day_left, is_counted, next_monday
from controller.domain.rights import DenyReason, Rights
from controller.domain.schedule import business_day
from controller.domain.standing import LocalDay, day_begins
from controller.domain.usage import Charge, ChargeKind


def by_visiting_pass(rights: Rights, door: Door, day: LocalDay, at: datetime) -> Grant | DenyReason | None:
    """A pass that is good here and now."""
    return first_or_nearest(_answer(visit, rights, door, day, at) for visit in rights.visits)


def visit_openings(rights: Rights, door: Door, turn: datetime) -> Iterator[datetime]:
    """When, from `turn` on, a pass would open this door: by its plan's hours, or the days of a later week."""
    space = rights.space
    for visit in rights.visits:
        plan = space.plans.get(visit.plan)
        if visit.is_revoked or not plan_covers(plan, door):
            continue
        begins = max(turn, visit.start)
        while begins < visit.end:
            opens = plan_opens(plan, door, space, rights.house, begins)
            if opens is None or opens >= visit.end:
                break
            yield opens
            today = business_day(opens, space.zone, space.cut_off_minutes)
            if has_day_left(plan, rights.usage.visit_days, today):
                break
            begins = day_begins(next_monday(today), space)


def visit_days_left(visit: VisitingPass, rights: Rights) -> int | None:
    """Of the pass's own days, used since it began, and of those agreed with the partner, the fewer; None: no such limit.

    What another pass used before this one began counts against the agreement alone.
    """
    space, used = rights.space, rights.usage.visit_days
    partner = space.partners.get(visit.partner)
    left = []
    if visit.days is not None:
        begins = business_day(visit.start, space.zone, space.cut_off_minutes)
        left.append(visit.days - sum(1 for day in used if day >= begins))
    if partner is not None and partner.days is not None:
        left.append(partner.days - len(used))
    return max(0, min(left)) if left else None


def _answer(visit: VisitingPass, rights: Rights, door: Door, day: LocalDay, at: datetime) -> Grant | DenyReason | None:
    space = rights.space
    plan = space.plans.get(visit.plan)
    if visit.is_revoked or rights.person is None or not plan_covers(plan, door):
        return None
    if at < visit.start:
        return DenyReason.PASS_NOT_YET_VALID
    if at >= visit.end:
        return DenyReason.PASS_OVER
    if not plan_is_open(plan, door, space, rights.house, at):
        return DenyReason.OUTSIDE_HOURS
    used = rights.usage.visit_days
    charge: Charge | None = None
    if day.business not in used and is_counted(door, space):
        if visit_days_left(visit, rights) == 0 or not has_day_left(plan, used, day.business):
            return DenyReason.QUOTA_USED_UP
        charge = Charge(ChargeKind.VISIT_DAY, rights.person.id, day.business, plan=plan.id)
    return Grant(GrantKind.VISITING, visit.partner, Cost.QUOTA_DAY, charge=charge, ref=visit.id)
