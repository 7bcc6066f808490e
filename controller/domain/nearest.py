"""The nearest miss: what a refused read came closest to, and when the same badge would work by mere waiting."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from controller.domain.access_steps import STEPS, Failing, Step
from controller.domain.building import Door
from controller.domain.grants import lease_covers, plan_covers
from controller.domain.membership import Person, PersonKind
from controller.domain.rights import DenyReason, Read, Rights
from controller.domain.schedule import instant, next_opening
from controller.domain.standing import ENTERS


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
    if rights.door is None or rights.person is None:
        return None
    # What opens may still be refused then (the plan has ended, the person is banned): every step is asked again.
    return min(
        (when for when in _openings(rights, rights.door, rights.person, at) if _works(read, rights, when)), default=None
    )


def _openings(rights: Rights, door: Door, person: Person, at: datetime) -> Iterator[datetime]:
    """When each thing the person holds next begins to open this door."""
    space = rights.space
    if rights.credential is not None and rights.credential.valid_from is not None:
        at = max(at, rights.credential.valid_from)
    if person.kind is PersonKind.STAFF:
        yield at
    for lease in rights.leases:
        if lease_covers(lease, door, space):
            yield max(at, instant(lease.starts, 0, space.zone))
    for held in rights.memberships:
        plan = space.plans.get(held.plan)
        if held.standing in ENTERS and plan_covers(plan, door):
            begin = max(at, instant(held.starts, 0, space.zone))
            opening = next_opening(space.schedules[plan.schedule], begin, space.zone, space.holidays)
            if opening is not None:
                yield opening


def _works(read: Read, rights: Rights, at: datetime) -> bool:
    return not any(isinstance(check(read, rights, at), DenyReason) for step, check in STEPS if step is not Step.MESSAGE)
