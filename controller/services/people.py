"""Changes to the people of a house, as values: what an import would make of the registry, and the port that does it.

How a file becomes such a plan is in `people_import`; where it is kept is an adapter's.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from controller.domain.building import Plan
from controller.domain.ids import CredentialId, PersonId, PlanId, TeamId
from controller.domain.membership import Credential, CredentialState, Lease, Membership, Person, Standing


@dataclass(frozen=True, slots=True)
class Held:
    """One person as they will be, with all they hold; `digests` as in a RegistrySnapshot."""

    person: Person
    memberships: tuple[Membership, ...] = ()
    credentials: tuple[Credential, ...] = ()
    digests: Mapping[bytes, CredentialId] = field(default_factory=dict, repr=False)


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

    InputError when a person, plan or credential is not there; StoreError when it cannot be done now.
    """

    async def sync_plans(self, plans: Iterable[Plan]) -> int: ...  # the space file's plans; no news is no new version
    async def apply_import(self, plan: ImportPlan) -> int: ...
    async def set_credential_state(self, credential: CredentialId, state: CredentialState) -> int: ...
    async def set_standing(self, person: PersonId, standing: Standing, plan: PlanId | None = None) -> int: ...
    async def set_banned(self, person: PersonId, banned: bool) -> int: ...
