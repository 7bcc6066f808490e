"""Changes to the people of a house, as values: what an import would make of the registry, and the port that does it.

How a file becomes such a plan is in `people_import`; where it is kept is an adapter's.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import pairwise
from typing import Protocol

from controller.domain.building import Plan
from controller.domain.ids import AreaId, CohortId, CredentialId, PersonId, PlanId, TeamId
from controller.domain.membership import (
    Cohort,
    Credential,
    CredentialState,
    Lease,
    Membership,
    Person,
    Right,
    Standing,
    Team,
)


@dataclass(frozen=True, slots=True)
class Held:
    """One person as they will be, with all they hold; `digests` and `list_digests` as in a RegistrySnapshot."""

    person: Person
    memberships: tuple[Membership, ...] = ()
    credentials: tuple[Credential, ...] = ()
    digests: Mapping[bytes, CredentialId] = field(default_factory=dict, repr=False)
    list_digests: Mapping[CredentialId, bytes] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Change:
    """One line of what an import would do, in words for whoever decides on it."""

    who: str
    what: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class ImportPlan:
    """What an import would change; applied whole or not at all, and only to the version it was made from."""

    based_on: int
    people: tuple[Held, ...] = ()  # those who change, and no others
    teams: Mapping[TeamId, str] = field(default_factory=dict)  # names of the teams that `people` and `leases` name
    leases: tuple[Lease, ...] | None = None  # all there will be; None: as they are
    changes: tuple[Change, ...] = ()
    notes: tuple[str, ...] = ()  # what was left alone on purpose
    unchanged: int = 0

    @property
    def is_empty(self) -> bool:
        return not self.people and self.leases is None


class PeopleStore(Protocol):
    """The registry's writing side. Each method is one transaction and answers the new version.

    InputError when a person, plan or credential is not there, or it makes no sense; StoreError when it cannot be done
    now. What changes nothing is no new version.
    """

    async def sync_plans(self, plans: Iterable[Plan]) -> int: ...  # the space file's plans; no news is no new version
    async def apply_import(self, plan: ImportPlan) -> int: ...
    async def set_credential_state(self, credential: CredentialId, state: CredentialState) -> int: ...
    async def set_standing(self, person: PersonId, standing: Standing, plan: PlanId | None = None) -> int: ...
    async def set_banned(self, person: PersonId, banned: bool) -> int: ...
    async def set_rights(self, person: PersonId, rights: Collection[Right]) -> int: ...  # these, and no others
    async def put_person(self, person: Person) -> int: ...  # new, or changed in place; what they hold stays
    async def set_bill(self, person: PersonId, plan: PlanId, due_since: date | None, cents: int) -> int: ...
    async def pay(self, person: PersonId) -> int: ...  # all there is due: grace and overdue become active
    async def pay_team(self, team: TeamId) -> int: ...
    async def put_credential(self, credential: Credential, digest: bytes, list_digest: bytes | None = None) -> int: ...
    async def learn_list_digest(
        self, credential: CredentialId, list_digest: bytes
    ) -> int: ...  # and nothing else of it
    async def remove_credential(self, credential: CredentialId) -> int: ...
    async def put_team(
        self, team: Team, memberships: Sequence[Membership] | None = None
    ) -> int: ...  # None: as they are
    async def put_cohort(self, cohort: Cohort) -> int: ...
    async def remove_cohort(self, cohort: CohortId) -> int: ...
    async def put_lease(self, lease: Lease) -> int: ...
    async def remove_lease(self, team: TeamId, area: AreaId, starts: date) -> int: ...


PIN_DIGITS = 6


def why_not_a_pin(text: str) -> str | None:
    """What is wrong with these digits as a PIN, or None; the digits are not in it."""
    if not (text.isascii() and text.isdecimal() and len(text) == PIN_DIGITS):
        return f"a PIN has {PIN_DIGITS} digits"
    steps = {(int(after) - int(before)) % 10 for before, after in pairwise(text)}
    if len(steps) == 1 and steps <= {0, 1, 9}:
        return "this PIN is the first that anybody tries: no digit six times, no counting up or down"
    return None


def pin_id(person: PersonId, *, duress: bool = False) -> CredentialId:
    """Under which somebody's PIN is kept: one of each kind, so that a new one takes the old one's place."""
    return CredentialId(f"pin-{person}-duress" if duress else f"pin-{person}")
