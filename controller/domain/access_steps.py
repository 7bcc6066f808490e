"""The questions asked of every read, in the order in which they are asked.

Each step is one small function: what is wrong at this step, or None; the step of the grants answers with
the grant itself. A step that has nothing to go on (no door, no person) says nothing: an earlier one has.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TypeAlias

from controller.domain.grants import Grant, best_grant
from controller.domain.membership import CredentialState, PersonKind, Standing
from controller.domain.rights import DenyReason, Read, Rights
from controller.domain.standing import ENTERS, is_current, local_day, standing_on

MAX_READ_AGE = 5.0
"""Seconds. Whoever showed the badge longer ago has gone, or has been answered by the reader itself."""


class Step(StrEnum):
    """Where a read can fail."""

    MESSAGE = "message"
    DOOR = "door"
    CREDENTIAL = "credential"
    PERSON = "person"
    GRANTS = "grants"


@dataclass(frozen=True, slots=True)
class Failing:
    """One step that said no."""

    step: Step
    reason: DenyReason


def message_step(read: Read, rights: Rights, at: datetime) -> DenyReason | None:
    """A message that is not somebody standing at the door now opens nothing, whoever's badge it carries."""
    if read.retained or read.duplicate:
        return DenyReason.REPLAYED
    return DenyReason.STALE_READ if read.age_s > MAX_READ_AGE else None


def door_step(read: Read, rights: Rights, at: datetime) -> DenyReason | None:
    door = rights.door
    if door is None:
        return DenyReason.UNKNOWN_DOOR
    if not door.enabled:
        return DenyReason.DOOR_DISABLED
    return DenyReason.DOOR_IN_MAINTENANCE if door.in_maintenance else None


def credential_step(read: Read, rights: Rights, at: datetime) -> DenyReason | None:
    credential = rights.credential
    if credential is None:
        return DenyReason.UNKNOWN_CREDENTIAL
    if credential.state is CredentialState.LOST:
        return DenyReason.CREDENTIAL_LOST
    if credential.state is CredentialState.BLOCKED:
        return DenyReason.CREDENTIAL_BLOCKED
    if credential.valid_from is not None and at < credential.valid_from:
        return DenyReason.CREDENTIAL_NOT_YET_VALID
    if credential.valid_until is not None and at >= credential.valid_until:
        return DenyReason.CREDENTIAL_EXPIRED
    # A badge whose holder was removed is nobody's.
    return DenyReason.UNKNOWN_CREDENTIAL if rights.person is None else None


def person_step(read: Read, rights: Rights, at: datetime) -> DenyReason | None:
    """A ban always wins; staff need no membership, nor does a team with an office; of several the best counts."""
    person = rights.person
    if person is None:
        return None
    if person.banned:
        return DenyReason.BANNED
    if person.kind is PersonKind.STAFF:
        return None
    day = local_day(at, rights.space.zone, rights.space.cut_off_minutes)
    standings = {standing_on(held, day) for held in rights.memberships}
    if not standings.isdisjoint(ENTERS):
        return None
    # The one that came furthest is told: the member with an old plan and an unpaid one has a bill to pay.
    if Standing.OVERDUE in standings:
        return DenyReason.MEMBERSHIP_OVERDUE
    if Standing.PAUSED in standings:
        return DenyReason.MEMBERSHIP_PAUSED
    if any(is_current(lease, day) for lease in rights.leases):
        return None
    return DenyReason.MEMBERSHIP_ENDED if Standing.ENDED in standings else DenyReason.NO_MEMBERSHIP


def grants_step(read: Read, rights: Rights, at: datetime) -> Grant | DenyReason | None:
    if rights.person is None or rights.door is None:
        return None
    return best_grant(rights, rights.door, at)


_Check: TypeAlias = Callable[[Read, Rights, datetime], Grant | DenyReason | None]

STEPS: tuple[tuple[Step, _Check], ...] = (
    (Step.MESSAGE, message_step),
    (Step.DOOR, door_step),
    (Step.CREDENTIAL, credential_step),
    # 4. The PIN, where the door asks for one: pin_timeout, pin_wrong, pin_locked_out. Before any right is
    #    looked at, so that a wrong PIN tells nothing about its owner.
    (Step.PERSON, person_step),
    # 6. Lockdown, unless the person holds the override right. After 3 to 5, so that it never masks a lost badge.
    (Step.GRANTS, grants_step),
    # 8. What the people inside share: interlock, anti-passback, occupancy_full, second_person_missing.
)
"""All steps, first to last; the numbers are the places of those still to come, and their reasons."""
