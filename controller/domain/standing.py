"""Whether a membership or a lease counts today, and where a membership stands with the house.

Dates are local. What begins on a date begins with it, at midnight; what ends on a date lasts until the
cut-off of the night after, so nobody is put out of the building at twelve.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from controller.domain.building import Grace, Space
from controller.domain.membership import Lease, Membership, Standing
from controller.domain.rights import DenyReason
from controller.domain.schedule import business_day, instant

ENTERS = frozenset({Standing.ACTIVE, Standing.GRACE})
"""The standings that open doors; in grace the member is told, and enters."""


HORIZON = timedelta(days=366)
"""How far ahead a time is looked for; what begins beyond a year is for staff to say."""

_ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class LocalDay:
    """One moment as two dates: the calendar's, and the one people still call today."""

    calendar: date
    business: date


# Every step of one decision asks for the day of the same moment.
@lru_cache(maxsize=64)
def local_day(at: datetime, zone: ZoneInfo, cut_off_minutes: int) -> LocalDay:
    """The dates of an instant in the space's zone."""
    return LocalDay(at.astimezone(zone).date(), business_day(at, zone, cut_off_minutes))


def day_begins(day: date, space: Space) -> datetime:
    """When a business day begins: at its cut-off."""
    return instant(day, space.cut_off_minutes, space.zone)


def is_current(held: Membership | Lease, day: LocalDay) -> bool:
    """Whether this day lies within its dates."""
    return held.starts <= day.calendar and (held.ends is None or day.business <= held.ends)


def counts_from(held: Membership | Lease, at: datetime, space: Space) -> datetime | None:
    """The first instant from `at` on within its dates, or None where it is over or a year away."""
    today = at.astimezone(space.zone).date()
    # Dates are compared before they are made into instants: "for ever" is often spelt 9999-12-31.
    if held.ends is not None and held.ends < today - _ONE_DAY:
        return None
    if held.starts <= today:
        return at
    return max(at, instant(held.starts, 0, space.zone)) if held.starts <= today + HORIZON else None


def standing_on(membership: Membership, day: LocalDay, grace: Grace) -> Standing | None:
    """Where the membership stands on this day; None before it starts, so a future plan disables nothing.

    What the books say counts, but for an active one with a bill, or one said to be in grace: it is in grace while the
    bill is younger than the days *and* no larger than the amount, and overdue after. Paid, there is no bill, and nothing
    to lift by hand.
    """
    if membership.ends is not None and day.business > membership.ends:
        return Standing.ENDED
    if membership.starts > day.calendar:
        return None
    if membership.standing not in ENTERS or membership.due_since is None or membership.due_since > day.calendar:
        return membership.standing
    is_young = (day.business - membership.due_since).days < grace.days
    return Standing.GRACE if is_young and membership.due_cents <= grace.cents else Standing.OVERDUE


def problem_of(memberships: Iterable[Membership], day: LocalDay, grace: Grace) -> DenyReason | None:
    """Why none of them lets its holder in today, or None where one does: of several the best counts."""
    found: set[Standing | None] = set()
    for held in memberships:
        standing = standing_on(held, day, grace)
        if standing in ENTERS:
            return None
        found.add(standing)
    # The one that came furthest is told: the member with an old plan and an unpaid one has a bill to pay.
    if Standing.OVERDUE in found:
        return DenyReason.MEMBERSHIP_OVERDUE
    if Standing.PAUSED in found:
        return DenyReason.MEMBERSHIP_PAUSED
    return DenyReason.MEMBERSHIP_ENDED if Standing.ENDED in found else DenyReason.NO_MEMBERSHIP


def in_force(memberships: Iterable[Membership], day: LocalDay, grace: Grace) -> list[Membership]:
    """Those that open doors today; if none does, those that would, were they paid or resumed.

    The second kind opens nothing (the person's step has refused it before): it tells staff what else is in the way.
    """
    entering = entering_on(memberships, day, grace)
    return entering or [held for held in memberships if would_enter_on(held, day)]


def would_enter_on(held: Membership, day: LocalDay) -> bool:
    """Whether it would open doors today, were it paid or resumed.

    Never one that was ended: who holds a lease or a ticket besides is not refused for that, and would come in by it.
    """
    return is_current(held, day) and held.standing is not Standing.ENDED


def entering_on(memberships: Iterable[Membership], day: LocalDay, grace: Grace) -> list[Membership]:
    """Those that open doors today."""
    return [held for held in memberships if standing_on(held, day, grace) in ENTERS]
