"""The nearest miss: what a refused read came closest to, and when the same badge would work by mere waiting."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from controller.domain.access_steps import Failing, Step, person_problem
from controller.domain.building import Door
from controller.domain.grants import Grant
from controller.domain.membership import Credential, CredentialState, Standing
from controller.domain.rights import DenyReason, Rights
from controller.domain.schedule import instant
from controller.domain.shared_steps import passback_over
from controller.domain.sources import best_grant, openings
from controller.domain.standing import HORIZON, day_begins

_ONE_DAY = timedelta(days=1)

_WAITING_HELPS = frozenset({Step.CREDENTIAL, Step.PERSON, Step.GRANTS})
"""The steps that may pass later with nothing done about them. A door in repair, a lockdown and a full room end too, but
no clock says when; a PIN is asked for anew each time."""


@dataclass(frozen=True, slots=True)
class Miss:
    """`next_time`: the first instant when this badge opens this door if nothing else changes; None if waiting is no help."""

    reason: DenyReason
    next_time: datetime | None = None


def nearest_miss(rights: Rights, failed: Sequence[Failing], at: datetime) -> Miss | None:
    """What was closest, or None where there is nothing to wait for and no grant was looked for."""
    if failed[0].step is Step.MESSAGE:
        # Nobody is at the door: there is no one to tell.
        return None
    next_time = _next_time(rights, failed, at)
    by_grants = next((each for each in failed if each.step is Step.GRANTS), None)
    if by_grants is not None:
        return Miss(by_grants.reason, next_time)
    return Miss(failed[-1].reason, next_time) if next_time is not None else None


def _next_time(rights: Rights, failed: Sequence[Failing], at: datetime) -> datetime | None:
    door, person, credential = rights.door, rights.person, rights.credential
    if door is None or person is None or credential is None or person.banned:
        return None
    if credential.state is not CredentialState.ACTIVE:
        return None
    steps = {each.step for each in failed}
    if Step.DOOR in steps or Step.LOCKDOWN in steps:
        return None
    if any(each.reason is DenyReason.UNKNOWN_CREDENTIAL for each in failed):
        # A PIN by itself, at a door that takes none: it stays unknown there.
        return None
    if steps.isdisjoint(_WAITING_HELPS):
        return _after_others(rights, credential, door, failed[-1].reason, at)
    if any(each.reason is DenyReason.ON_AIR for each in failed):
        at = rights.shared.on_air_until or at  # whatever else opens before that is no help
    turns = list(_turns(rights, at))
    if len(turns) == 1 and person_problem(rights, turns[0]) in _IN_THE_WAY:
        return None  # a bill or a pause that has no end of its own: nothing held can open, so nothing is looked for
    # What opens may still be refused then (the plan has ended, the week is used up): each is tried, the first first.
    found = {when for turn in turns for when in openings(rights, door, turn)}
    until = credential.valid_until
    for when in sorted(found):
        if until is not None and when >= until:
            break
        if _works(rights, door, when):
            return when
    return None


def _turns(rights: Rights, at: datetime) -> Iterator[datetime]:
    """From when on to look: now, and, where a bill or a pause is in everything's way, whenever that may be over."""
    if rights.credential is not None and rights.credential.valid_from is not None:
        at = max(at, rights.credential.valid_from)
    yield at
    if not any(held.standing in _BLOCKING or held.due_since is not None for held in rights.memberships):
        return
    space = rights.space
    today = at.astimezone(space.zone).date()
    for held in rights.memberships:
        # Dates are compared before they are made into instants: "for ever" is often spelt 9999-12-31.
        if today < held.starts <= today + HORIZON:
            yield instant(held.starts, 0, space.zone)
        if held.ends is not None and today - _ONE_DAY <= held.ends <= today + HORIZON:
            yield max(at, day_begins(held.ends + _ONE_DAY, space))


_BLOCKING = frozenset({Standing.PAUSED, Standing.OVERDUE})
_IN_THE_WAY = frozenset({DenyReason.MEMBERSHIP_PAUSED, DenyReason.MEMBERSHIP_OVERDUE})


def _after_others(
    rights: Rights, credential: Credential, door: Door, reason: DenyReason, at: datetime
) -> datetime | None:
    """When nobody else is in the way any more, unless what the badge opens by is over by then."""
    ends = {DenyReason.ANTI_PASSBACK: passback_over(rights, door, at), DenyReason.ON_AIR: rights.shared.on_air_until}
    when = ends.get(reason)
    if when is None or (credential.valid_until is not None and when >= credential.valid_until):
        return None
    return when if _works(rights, door, when) else None


def _works(rights: Rights, door: Door, at: datetime) -> bool:
    return person_problem(rights, at) is None and isinstance(best_grant(rights, door, at), Grant)
