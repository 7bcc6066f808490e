"""People and what they hold: persons, memberships with standing, teams, leases, credentials.

Values only: read by `access`, kept by the registry. A credential here carries no badge number:
it is found by a keyed digest, and that digest is all anybody keeps.
"""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from controller.domain.ids import AreaId, CredentialId, PersonId, PlanId, TeamId


class PersonKind(StrEnum):
    """What somebody is to the house."""

    MEMBER = "member"
    GUEST = "guest"
    VISITOR = "visitor"
    STAFF = "staff"


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
    needs_time: bool = False  # doors stay released longer for them


@dataclass(frozen=True, slots=True)
class Membership:
    """One plan for one person over local dates: `starts` inclusive, `ends` the last usable day or None."""

    person: PersonId
    plan: PlanId
    starts: date
    ends: date | None = None
    standing: Standing = Standing.ACTIVE


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
