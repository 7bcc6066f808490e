"""The nearest miss: what a refused read came closest to, and when the same badge would work by mere waiting."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from controller.domain.access_steps import STEPS, Failing, Step
from controller.domain.building import Door
from controller.domain.grants import lease_covers, plan_covers
from controller.domain.membership import Lease, Membership, Person, PersonKind
from controller.domain.rights import DenyReason, Read, Rights
from controller.domain.schedule import instant, next_opening
from controller.domain.standing import ENTERS

HORIZON = timedelta(days=366)
"""How far ahead a time is looked for; what lies beyond a year is for staff to say."""

_ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Miss:
    """`next_time`: the first instant when this badge opens this door if nothing else changes; None if waiting is no help."""

    reason: DenyReason
    next_time: datetime | None = None


def nearest_miss(read: Read, rights: Rights, failed: Sequence[Failing], at: datetime) -> Miss | None:
    """What was closest, or None where there is nothing to wait for and no grant was looked for."""
    if failed[0].step is Step.MESSAGE:
        # Nobody is at the door: there is no one to tell.
        return None
    next_time = _next_time(read, rights, at)
    last = failed[-1]
    if last.step is not Step.GRANTS and next_time is None:
        return None
    return Miss(last.reason, next_time)


def _next_time(read: Read, rights: Rights, at: datetime) -> datetime | None:
    door, person = rights.door, rights.person
    if door is None or person is None:
        return None
    # What opens may still be refused then (the plan has ended, the person is banned): every step is asked again.
    openings = {when for turn in _turns(rights, at) for when in _openings(rights, door, person, turn)}
    return min((when for when in openings if _works(read, rights, when)), default=None)


def _turns(rights: Rights, at: datetime) -> Iterator[datetime]:
    """From when on to look: now, and whenever something held begins, or ends and no longer stands in another's way."""
    if rights.credential is not None and rights.credential.valid_from is not None:
        at = max(at, rights.credential.valid_from)
    yield at
    space = rights.space
    today = at.astimezone(space.zone).date()
    everything: tuple[Membership | Lease, ...] = (*rights.memberships, *rights.leases)
    for held in everything:
        # Dates are compared before they are made into instants: "for ever" is often spelt 9999-12-31.
        if today < held.starts <= today + HORIZON:
            yield instant(held.starts, 0, space.zone)
        if held.ends is not None and today <= held.ends <= today + HORIZON:
            yield instant(held.ends + _ONE_DAY, space.cut_off_minutes, space.zone)


def _openings(rights: Rights, door: Door, person: Person, turn: datetime) -> Iterator[datetime]:
    """When, from this turn on, each thing the person holds would open this door."""
    space = rights.space
    if person.kind is PersonKind.STAFF or any(lease_covers(lease, door, space) for lease in rights.leases):
        yield turn
    for held in rights.memberships:
        plan = space.plans.get(held.plan)
        if held.standing in ENTERS and plan_covers(plan, door):
            opening = next_opening(space.schedules[plan.schedule], turn, space.zone, space.holidays)
            if opening is not None:
                yield opening


def _works(read: Read, rights: Rights, at: datetime) -> bool:
    return not any(isinstance(check(read, rights, at), DenyReason) for step, check in STEPS if step is not Step.MESSAGE)
