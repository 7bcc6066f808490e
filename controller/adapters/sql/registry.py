"""The registry in SQL: people and what they hold, loaded whole, followed by version, changed in single transactions.

Schema and upgrades are next door, as are the statements; the house's state, bookings, events, guests, the ledger and
alarms are in the same database, behind ports of their own (`house`, `bookings`, `public_events`, `guests`, `ledger`,
`alarms`), over the same `Database`.
"""

import asyncio
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import Self

from sqlalchemy import select
from sqlalchemy.exc import DBAPIError

from controller.adapters.clock import SystemClock
from controller.adapters.sql import people_changes as changes
from controller.adapters.sql import schema_registry as schema
from controller.adapters.sql import snapshot
from controller.adapters.sql.database import Database
from controller.adapters.sql.places import Place, place_of
from controller.adapters.sql.upgrade import REGISTRY
from controller.adapters.sql.versions import version_of
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
from controller.services.people.people import ImportPlan
from controller.services.ports import RegistryChange, RegistrySnapshot


class SqlRegistry:
    """The `Registry` and `PeopleStore` ports over one database; `open` it, and `close` it."""

    def __init__(self, where: Path | Place, *, key_id: str, now: Callable[[], datetime] | None = None) -> None:
        """`key_id` names the key that the digests written here were made with; by `now`, what is long over is not loaded."""
        self.key_id = key_id
        self.database = Database(place_of(where))
        self._now = now or SystemClock().now

    @classmethod
    async def open(cls, where: Path | Place, *, key_id: str, now: Callable[[], datetime] | None = None) -> Self:
        """Create or upgrade it, then open it; StartupError when it is newer than we are, or damaged."""
        await asyncio.to_thread(place_of(where).bring_up, REGISTRY)
        return cls(where, key_id=key_id, now=now)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        await self.database.close()

    async def version(self) -> int:
        return await self.database.read(version_of)

    async def load(self) -> RegistrySnapshot:
        return await self.database.read(lambda connection: snapshot.load(connection, self._now()))

    async def changed_since(self, version: int) -> RegistryChange | None:
        return await self.database.read(lambda connection: snapshot.changed_since(connection, version, self._now()))

    # People.

    async def sync_plans(self, plans: Iterable[Plan]) -> int:
        wanted = {str(plan.id): plan.name for plan in plans}
        return await self.database.write(lambda connection: changes.sync_plans(connection, wanted))

    async def apply_import(self, plan: ImportPlan) -> int:
        return await self.database.write(lambda connection: changes.apply_import(connection, plan, self.key_id))

    async def put_person(self, person: Person) -> int:
        return await self.database.write(lambda connection: changes.put_person(connection, person))

    async def set_banned(self, person: PersonId, banned: bool) -> int:
        return await self._change(person, lambda known: replace(known, banned=banned))

    async def set_rights(self, person: PersonId, rights: Collection[Right]) -> int:
        return await self._change(person, lambda known: replace(known, rights=frozenset(rights)))

    async def _change(self, person: PersonId, change: Callable[[Person], Person]) -> int:
        return await self.database.write(lambda connection: changes.change_person(connection, person, change))

    # Memberships.

    async def set_standing(self, person: PersonId, standing: Standing, plan: PlanId | None = None) -> int:
        return await self.database.write(lambda connection: changes.set_standing(connection, person, standing, plan))

    async def set_bill(self, person: PersonId, plan: PlanId, due_since: date | None, cents: int) -> int:
        return await self.database.write(
            lambda connection: changes.set_bill(connection, person, plan, due_since, cents)
        )

    async def pay(self, person: PersonId) -> int:
        return await self.database.write(lambda connection: changes.pay(connection, person))

    async def pay_team(self, team: TeamId) -> int:
        return await self.database.write(lambda connection: changes.pay_team(connection, team))

    # Credentials.

    async def set_credential_state(self, credential: CredentialId, state: CredentialState) -> int:
        return await self.database.write(lambda connection: changes.set_credential_state(connection, credential, state))

    async def put_credential(self, credential: Credential, digest: bytes, list_digest: bytes | None = None) -> int:
        return await self.database.write(
            lambda connection: changes.put_credential(connection, credential, digest, list_digest, self.key_id)
        )

    async def learn_list_digest(self, credential: CredentialId, list_digest: bytes) -> int:
        return await self.database.write(
            lambda connection: changes.learn_list_digest(connection, credential, list_digest)
        )

    async def remove_credential(self, credential: CredentialId) -> int:
        return await self.database.write(lambda connection: changes.remove_credential(connection, credential))

    # Teams, cohorts, leases.

    async def put_team(self, team: Team, memberships: Sequence[Membership] | None = None) -> int:
        return await self.database.write(lambda connection: changes.put_team(connection, team, memberships))

    async def put_cohort(self, cohort: Cohort) -> int:
        return await self.database.write(lambda connection: changes.put_cohort(connection, cohort))

    async def remove_cohort(self, cohort: CohortId) -> int:
        return await self.database.write(lambda connection: changes.remove_cohort(connection, cohort))

    async def put_lease(self, lease: Lease) -> int:
        return await self.database.write(lambda connection: changes.put_lease(connection, lease))

    async def remove_lease(self, team: TeamId, area: AreaId, starts: date) -> int:
        return await self.database.write(lambda connection: changes.remove_lease(connection, team, area, starts))


def key_ids(where: Path | Place) -> frozenset[str]:
    """Which keys the credentials in this registry were digested with; none where there is no registry yet."""
    place = place_of(where)
    if not place.is_there(REGISTRY):
        return frozenset()
    engine = place.reading()
    try:
        with engine.begin() as connection:
            return frozenset(connection.scalars(select(schema.credential.c.key_id).distinct()))
    except DBAPIError as exc:
        raise place.error(exc) or exc from exc
    finally:
        engine.dispose()
