"""People and what they hold: persons, memberships with standing, teams, leases, credentials.

Values only: read by `access`, kept by the registry. A credential here carries no badge number:
it is found by a keyed digest, and that digest is all anybody keeps.
"""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from controller.domain.ids import AreaId, CohortId, CredentialId, PersonId, PlanId, TeamId


class PersonKind(StrEnum):
    """What somebody is to the house."""

    MEMBER = "member"
    GUEST = "guest"
    VISITOR = "visitor"
    STAFF = "staff"


class Right(StrEnum):
    """What somebody may do to the house itself. Triggering and lifting are separate: who locks down in fear lifts nothing."""

    OVERRIDE_LOCKDOWN = "override_lockdown"  # enters during a lockdown
    TRIGGER_LOCKDOWN = "trigger_lockdown"
    LIFT_LOCKDOWN = "lift_lockdown"
    CONFIRM_FIRE = "confirm_fire"  # says after a fire that doors may lock again
    OVERRIDE_DOORS = "override_doors"  # unlocks or locks a door by hand until a stated time
    FORGIVE = "forgive"  # sets somebody's whereabouts to unknown, waives a day
    EMERGENCY_ENTRY = "emergency_entry"  # opens doors whose access list has run out: fire brigade, caretaker


class Standing(StrEnum):
    """Where a membership stands with the house; `ended` also follows from its dates."""

    ACTIVE = "active"
    GRACE = "grace"
    OVERDUE = "overdue"
    PAUSED = "paused"
    ENDED = "ended"


class CredentialKind(StrEnum):
    """What somebody shows at a reader."""

    BADGE = "badge"
    PIN = "pin"
    TOKEN = "token"  # noqa: S105  # a word for a QR or a visitor pass, not one of them


class CredentialState(StrEnum):
    """Lost and blocked are kept apart: a lost badge that turns up is news, a blocked one an answer."""

    ACTIVE = "active"
    LOST = "lost"
    BLOCKED = "blocked"


@dataclass(frozen=True, slots=True)
class Person:
    id: PersonId
    name: str
    kind: PersonKind = PersonKind.MEMBER
    banned: bool = False
    team: TeamId | None = None
    needs_time: bool = False  # doors stay released longer for them, and no anti-passback stands in their way
    rights: frozenset[Right] = frozenset()
    pays_as_you_go: bool = False  # opted in: a day beyond everything held is charged rather than refused
    cohorts: tuple[CohortId, ...] = ()


@dataclass(frozen=True, slots=True)
class Membership:
    """One plan over local dates: `starts` inclusive, `ends` the last usable day or None.

    Held by one person, or by everybody of a team or a cohort (`group`); `standing` is what the books say, and an
    active one with an unpaid bill is in grace or overdue by `standing.standing_on`.
    """

    person: PersonId | None
    plan: PlanId
    starts: date
    ends: date | None = None
    standing: Standing = Standing.ACTIVE
    group: TeamId | CohortId | None = None
    due_since: date | None = None  # local; the day the oldest unpaid bill fell due
    due_cents: int = 0


@dataclass(frozen=True, slots=True)
class Lease:
    """An office held around the clock by a team, over local dates like a membership's."""

    team: TeamId
    area: AreaId
    starts: date
    ends: date | None = None


@dataclass(frozen=True, slots=True)
class Credential:
    """A right-bearing record; "badge" is the plastic."""

    id: CredentialId
    person: PersonId
    kind: CredentialKind = CredentialKind.BADGE
    state: CredentialState = CredentialState.ACTIVE
    valid_from: datetime | None = None  # aware UTC, inclusive
    valid_until: datetime | None = None  # aware UTC, exclusive
    last_two: str = ""  # of the number: all that a screen may show
    is_duress: bool = False  # of a PIN: opens as usual, and staff are alerted silently


@dataclass(frozen=True, slots=True)
class Team:
    """People who hold memberships, and perhaps an office, together."""

    id: TeamId
    name: str


@dataclass(frozen=True, slots=True)
class Cohort:
    """A dated programme: everybody of it holds its plan from `starts` to `ends`, the last usable day."""

    id: CohortId
    name: str
    plan: PlanId
    starts: date
    ends: date
