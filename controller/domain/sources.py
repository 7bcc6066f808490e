"""Where grants come from, the cheapest first: any one suffices, and the one that costs the member least is taken.

Each source answers alone, in the file of its trade; nothing here is a negative rule.
"""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import TypeAlias

from controller.domain.booking_rights import booking_openings, by_booking
from controller.domain.building import Door
from controller.domain.event_rights import by_hosting, by_ticket, event_openings
from controller.domain.grants import Cost, Grant, GrantKind
from controller.domain.guest_rights import by_guest_pass, guest_openings
from controller.domain.lease_rights import by_lease, lease_openings
from controller.domain.membership import PersonKind
from controller.domain.misses import nearest_of
from controller.domain.plan_rights import (
    by_day_pass,
    by_membership,
    by_paying_as_one_goes,
    day_pass_openings,
    membership_openings,
)
from controller.domain.rights import DenyReason, Rights
from controller.domain.standing import LocalDay, local_day
from controller.domain.visit_rights import by_visiting_pass, visit_openings

_Source: TypeAlias = Callable[[Rights, Door, LocalDay, datetime], Grant | DenyReason | None]


def best_grant(rights: Rights, door: Door, at: datetime) -> Grant | DenyReason:
    """The cheapest grant for this door now, or else the nearest miss."""
    if rights.person is not None and rights.person.kind is PersonKind.STAFF:
        return Grant(GrantKind.STAFF)  # every door, every hour
    day = local_day(at, rights.space.zone, rights.space.cut_off_minutes)
    best: Grant | None = None
    misses: list[DenyReason] = []
    for least, source in CHEAPEST_FIRST:
        if best is not None and best.cost <= least:
            break
        answer = source(rights, door, day, at)
        if isinstance(answer, Grant):
            # Cheaper than the best so far: that one costs more than the least of this source, which memberships alone
            # may exceed, and they are asked before anything that costs as much.
            best = answer
        elif answer is not None:
            misses.append(answer)
    if best is not None:
        return best
    return nearest_of(misses) or DenyReason.NO_RIGHT


def openings(rights: Rights, door: Door, turn: datetime) -> Iterator[datetime]:
    """When, from `turn` on, each thing the person holds would first open this door, as far as it alone can say."""
    if rights.person is not None and rights.person.kind is PersonKind.STAFF:
        yield turn
    yield from lease_openings(rights.leases, door, rights.space, turn)
    yield from booking_openings(rights, door, turn)
    yield from event_openings(rights, door, turn)
    yield from membership_openings(rights, door, turn)
    yield from guest_openings(rights, door, turn)
    yield from visit_openings(rights, door, turn)
    yield from day_pass_openings(rights, door, turn)


CHEAPEST_FIRST: tuple[tuple[Cost, _Source], ...] = (
    (Cost.LEASE, by_lease),
    (Cost.BOOKING, by_booking),
    (Cost.EVENT, by_ticket),
    (Cost.EVENT, by_hosting),
    (Cost.UNLIMITED_PLAN, by_membership),  # the cheapest of them: some cost a day
    (Cost.QUOTA_DAY, by_guest_pass),
    (Cost.QUOTA_DAY, by_visiting_pass),
    (Cost.DAY_PASS, by_day_pass),
    (Cost.PAY_AS_YOU_GO, by_paying_as_one_goes),
)
"""Where a grant may come from, and what the cheapest of that kind costs. Staff come before all of them."""
