"""The questions asked of every read, in the order in which they are asked.

Each step is one small function: what is wrong at this step, or None. The step of the PIN may answer that one has to
be asked for, the step of the grants with the grant itself, the last with what staff should hear although it denies
nobody. A step that has nothing to go on (no door, no person) says nothing: an earlier one has.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TypeAlias

from controller.domain.building import PinMode
from controller.domain.grants import Grant
from controller.domain.holdings import BookingState
from controller.domain.membership import CredentialKind, CredentialState, PersonKind, Right
from controller.domain.rights import DenyReason, Read, Rights
from controller.domain.scope import covers
from controller.domain.shared import PinEntry
from controller.domain.shared_steps import Weighed, weigh
from controller.domain.sources import best_grant
from controller.domain.standing import LocalDay, day_begins, is_current, local_day, problem_of

MAX_READ_AGE = 5.0
"""Seconds. Whoever showed the badge longer ago has gone, or has been answered by the reader itself."""


class Step(StrEnum):
    """Where a read can fail."""

    MESSAGE = "message"
    DOOR = "door"
    CREDENTIAL = "credential"
    PIN = "pin"
    PERSON = "person"
    LOCKDOWN = "lockdown"
    GRANTS = "grants"
    SHARED = "shared"


@dataclass(frozen=True, slots=True)
class Failing:
    """One step that said no."""

    step: Step
    reason: DenyReason


@dataclass(frozen=True, slots=True)
class NeedsPin:
    """Not an answer yet: the badge is good, and this door wants a PIN as well. Nothing else was looked at."""


Answer: TypeAlias = Grant | DenyReason | NeedsPin | Weighed | None


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
        # Digits that are nobody's are no unknown badge: what was wrong with them is for the next step to say.
        return None if _failed_alone(read, rights) else DenyReason.UNKNOWN_CREDENTIAL
    if credential.kind is CredentialKind.PIN and rights.door is not None and rights.door.pin is not PinMode.ALLOWED:
        # A PIN by itself is a credential only where the door says so; elsewhere it goes with a badge or not at all.
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


def _failed_alone(read: Read, rights: Rights) -> bool:
    """A PIN typed by itself, where that is a credential, which was wrong or not even looked at."""
    takes_pins = rights.door is not None and rights.door.pin is PinMode.ALLOWED
    return takes_pins and read.pin in (PinEntry.WRONG, PinEntry.LOCKED_OUT)


def pin_step(read: Read, rights: Rights, at: datetime) -> DenyReason | NeedsPin | None:
    """Before any right is looked at, so that neither the question nor a wrong PIN tells anything about its owner."""
    if read.pin is not None:
        return _PIN_PROBLEMS.get(read.pin)
    door = rights.door
    asks = door is not None and door.pin is PinMode.REQUIRED and read.direction == "in"
    return NeedsPin() if asks else None


_PIN_PROBLEMS = {
    PinEntry.TIMEOUT: DenyReason.PIN_TIMEOUT,
    PinEntry.WRONG: DenyReason.PIN_WRONG,
    PinEntry.LOCKED_OUT: DenyReason.PIN_LOCKED_OUT,
}


def person_step(read: Read, rights: Rights, at: datetime) -> DenyReason | None:
    return person_problem(rights, at)


def person_problem(rights: Rights, at: datetime) -> DenyReason | None:
    """A ban always wins; staff need no membership, nor does who holds something else; of several the best counts."""
    person = rights.person
    if person is None:
        return None
    if person.banned:
        return DenyReason.BANNED
    if person.kind is PersonKind.STAFF:
        return None
    day = local_day(at, rights.space.zone, rights.space.cut_off_minutes)
    problem = problem_of(rights.memberships, day, rights.space.grace)
    if problem in _EXCUSED and holds_something(rights, day):
        return None
    return DenyReason.PASS_REVOKED if problem is DenyReason.NO_MEMBERSHIP and was_called_back(rights, at) else problem


def was_called_back(rights: Rights, at: datetime) -> bool:
    """Whether a pass that would not be over yet was taken from this person."""
    return any(held.guest_pass.is_revoked and held.guest_pass.end > at for held in rights.guest_passes) or any(
        held.is_revoked and held.end > at for held in rights.visits
    )


_EXCUSED = frozenset({DenyReason.NO_MEMBERSHIP, DenyReason.MEMBERSHIP_ENDED})


def holds_something(rights: Rights, day: LocalDay) -> bool:
    """Whether something other than a membership brings this person here, today or on a day to come.

    What was over before today began excuses nobody. What ended today does, so that a guest is told that the pass has
    run out rather than that there is no membership.
    """
    if any(is_current(lease, day) for lease in rights.leases):
        return True
    usage = rights.usage
    if usage.day_passes_left > 0 or day.business in usage.day_pass_days:
        return True
    today = day_begins(day.business, rights.space)
    return (
        any(held.end > today and held.state is BookingState.BOOKED for held in rights.bookings)
        or any(held.event.end > today and not held.ticket.is_void for held in rights.tickets)
        or any(event.end > today for event in rights.hosting)
        or any(held.guest_pass.end > today and not held.guest_pass.is_revoked for held in rights.guest_passes)
        or any(held.end > today and not held.is_revoked for held in rights.visits)
    )


def lockdown_step(read: Read, rights: Rights, at: datetime) -> DenyReason | None:
    """After the credential and the person, so that it never masks a lost badge or a ban."""
    door, person = rights.door, rights.person
    if not rights.house.lockdowns or door is None or person is None or Right.OVERRIDE_LOCKDOWN in person.rights:
        return None
    is_locked_down = any(covers(lockdown.scope, door, rights.space) for lockdown in rights.house.lockdowns)
    return DenyReason.LOCKDOWN if is_locked_down else None


def grants_step(read: Read, rights: Rights, at: datetime) -> Grant | DenyReason | None:
    if rights.person is None or rights.door is None:
        return None
    return best_grant(rights, rights.door, at)


def shared_step(read: Read, rights: Rights, at: datetime) -> DenyReason | Weighed | None:
    """What concerns coming in only: of somebody leaving it has nothing to say."""
    if rights.person is None or rights.door is None or read.direction == "out":
        return None
    weighed = weigh(rights, rights.door, rights.person, at)
    return weighed if weighed.denied is None else weighed.denied


_Check: TypeAlias = Callable[[Read, Rights, datetime], Answer]

STEPS: tuple[tuple[Step, _Check], ...] = (
    (Step.MESSAGE, message_step),
    (Step.DOOR, door_step),
    (Step.CREDENTIAL, credential_step),
    (Step.PIN, pin_step),
    (Step.PERSON, person_step),
    (Step.LOCKDOWN, lockdown_step),
    (Step.GRANTS, grants_step),
    (Step.SHARED, shared_step),
)
"""All steps, first to last; whoever passes them all is let in."""
