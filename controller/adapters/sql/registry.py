"""The registry in SQL: people and what they hold, loaded whole, followed by version, changed in single transactions.

Schema and upgrades are next door; what a change means is decided before it comes here.
"""

import asyncio
import sqlite3
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Self, TypeVar

from sqlalchemy import Connection, Engine, delete, exists, func, insert, select, update
from sqlalchemy.exc import DBAPIError

from controller.adapters.sql import registry_rows as rows
from controller.adapters.sql import schema_registry as schema
from controller.adapters.sql.engine import reading_engine, writing_engine
from controller.adapters.sql.upgrade import REGISTRY, bring_up
from controller.adapters.sqlite_file import store_error
from controller.domain.building import Plan
from controller.domain.ids import CredentialId, PersonId, PlanId
from controller.domain.membership import CredentialState, Standing
from controller.errors import InputError, StoreError
from controller.services.people import ImportPlan
from controller.services.ports import RegistryChange, RegistrySnapshot

T = TypeVar("T")

# A change of more people than this is told as "everything": loading all is then faster than patching.
PATCHED_AT_MOST = 500
# So many changes can be followed one by one; whoever is further behind loads all.
CHANGES_KEPT = 1000

EVERYTHING = "*"
LEASES = "leases"
PLANS = "plans"
_PERSON = "person:"


class SqlRegistry:
    """The `Registry` and `PeopleStore` ports over one database; `open` it, and `close` it."""

    def __init__(self, path: Path, *, key_id: str) -> None:
        """`key_id` names the key that the digests of an import were made with."""
        self.path = path
        self._key_id = key_id
        # One thread and one connection each: a long import never delays a look at the version.
        self._reading = (reading_engine(path), ThreadPoolExecutor(1, thread_name_prefix="registry reader"))
        self._writing = (writing_engine(path), ThreadPoolExecutor(1, thread_name_prefix="registry writer"))

    @classmethod
    async def open(cls, path: Path, *, key_id: str) -> Self:
        """Create or upgrade the file, then open it; StartupError when it is newer than we are, or damaged."""
        await asyncio.to_thread(bring_up, path, REGISTRY)
        return cls(path, key_id=key_id)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        for engine, thread in (self._reading, self._writing):
            await asyncio.get_running_loop().run_in_executor(thread, engine.dispose)
            thread.shutdown()

    async def version(self) -> int:
        return await self._read(_version)

    async def load(self) -> RegistrySnapshot:
        return await self._read(_load)

    async def changed_since(self, version: int) -> RegistryChange | None:
        return await self._read(lambda connection: _changed_since(connection, version))

    async def sync_plans(self, plans: Iterable[Plan]) -> int:
        wanted = {str(plan.id): plan.name for plan in plans}
        return await self._write(lambda connection: _sync_plans(connection, wanted))

    async def apply_import(self, plan: ImportPlan) -> int:
        return await self._write(lambda connection: _apply_import(connection, plan, self._key_id))

    async def set_credential_state(self, credential: CredentialId, state: CredentialState) -> int:
        return await self._write(lambda connection: _set_credential_state(connection, credential, state))

    async def set_standing(self, person: PersonId, standing: Standing, plan: PlanId | None = None) -> int:
        return await self._write(lambda connection: _set_standing(connection, person, standing, plan))

    async def set_banned(self, person: PersonId, banned: bool) -> int:
        return await self._write(lambda connection: _set_banned(connection, person, banned))

    async def _read(self, work: Callable[[Connection], T]) -> T:
        return await self._run(self._reading, work)

    async def _write(self, work: Callable[[Connection], T]) -> T:
        return await self._run(self._writing, work)

    async def _run(self, where: tuple[Engine, ThreadPoolExecutor], work: Callable[[Connection], T]) -> T:
        engine, thread = where
        return await asyncio.get_running_loop().run_in_executor(thread, self._in_transaction, engine, work)

    def _in_transaction(self, engine: Engine, work: Callable[[Connection], T]) -> T:
        try:
            with engine.begin() as connection:
                return work(connection)
        except DBAPIError as exc:
            error = store_error(self.path, exc.orig) if isinstance(exc.orig, sqlite3.Error) else None
            if error is None:
                raise
            raise error from exc


# What is read.


def key_ids(path: Path) -> frozenset[str]:
    """Which keys the credentials in this registry were digested with; none where there is no registry yet."""
    if not path.exists():
        return frozenset()
    engine = reading_engine(path)
    try:
        with engine.connect() as connection:
            return frozenset(connection.scalars(select(schema.credential.c.key_id).distinct()))
    except DBAPIError as exc:
        error = store_error(path, exc.orig) if isinstance(exc.orig, sqlite3.Error) else None
        raise error or exc from exc
    finally:
        engine.dispose()


def _version(connection: Connection) -> int:
    found = select(schema.meta.c.value).where(schema.meta.c.key == schema.VERSION_KEY)
    return int(connection.execute(found).scalar_one())


def _load(connection: Connection) -> RegistrySnapshot:
    credentials, digests = rows.credentials(connection)
    return RegistrySnapshot(
        version=_version(connection),
        people=rows.people(connection),
        memberships=rows.memberships(connection),
        leases=rows.leases(connection),
        credentials=credentials,
        digests=digests,
    )


def _changed_since(connection: Connection, version: int) -> RegistryChange | None:
    change = schema.change.c
    newest = _version(connection)
    if version == newest:
        return RegistryChange(newest, frozenset(), {}, {}, {}, {})
    oldest = connection.execute(select(func.min(change.version))).scalar_one()
    if version > newest or oldest is None or oldest > version + 1:
        return None
    subjects = set(connection.scalars(select(change.subject).distinct().where(change.version > version)))
    touched = [subject.removeprefix(_PERSON) for subject in subjects if subject.startswith(_PERSON)]
    if EVERYTHING in subjects or len(touched) > PATCHED_AT_MOST:
        return None
    credentials, digests = rows.credentials(connection, touched)
    return RegistryChange(
        version=newest,
        touched=frozenset(map(PersonId, touched)),
        people=rows.people(connection, touched),
        memberships=rows.memberships(connection, touched),
        credentials=credentials,
        digests=digests,
        leases=rows.leases(connection) if LEASES in subjects else None,
    )


# What is written. Each runs in one transaction that holds the write lock from its beginning.


def _bump(connection: Connection, people: Iterable[str] = (), others: Iterable[str] = ()) -> int:
    """The next version, and what it touched."""
    version = _version(connection) + 1
    touched = [_PERSON + person for person in people]
    subjects = [*others, *(touched if len(touched) <= PATCHED_AT_MOST else [EVERYTHING])]
    connection.execute(insert(schema.change), [{"version": version, "subject": subject} for subject in subjects])
    connection.execute(delete(schema.change).where(schema.change.c.version <= version - CHANGES_KEPT))
    connection.execute(update(schema.meta).where(schema.meta.c.key == schema.VERSION_KEY).values(value=version))
    return version


def _sync_plans(connection: Connection, wanted: Mapping[str, str]) -> int:
    plan = schema.plan
    known = {row.id: (row.name, row.in_space) for row in connection.execute(select(plan))}
    new = {id_: (name, True) for id_, name in wanted.items()}
    gone = {id_: (name, False) for id_, (name, _) in known.items() if id_ not in wanted}
    changed = {id_: as_ for id_, as_ in (new | gone).items() if known.get(id_) != as_}
    if not changed:
        return _version(connection)
    connection.execute(
        delete(plan).where(plan.c.id.in_(changed), ~exists().where(schema.membership.c.plan == plan.c.id))
    )
    held = set(connection.scalars(select(plan.c.id).where(plan.c.id.in_(changed))))
    for id_, (name, in_space) in changed.items():
        if id_ in held:
            connection.execute(update(plan).where(plan.c.id == id_).values(name=name, in_space=in_space))
        elif in_space:
            connection.execute(insert(plan).values(id=id_, name=name, in_space=True))
    return _bump(connection, others=[PLANS])


def _apply_import(connection: Connection, plan: ImportPlan, key_id: str) -> int:
    version = _version(connection)
    if version != plan.based_on:
        raise StoreError(
            f"the registry changed while the import was looked at (version {plan.based_on} then, {version} now); "
            "nothing was imported: run it again"
        )
    if plan.is_empty:
        return version
    rows.keep_teams(connection, plan.teams)
    rows.replace_people(connection, plan.people, key_id)
    others = []
    if plan.leases is not None:
        rows.replace_leases(connection, plan.leases)
        others.append(LEASES)
    return _bump(connection, [held.person.id for held in plan.people], others)


def _set_credential_state(connection: Connection, credential: CredentialId, state: CredentialState) -> int:
    table = schema.credential
    person = connection.execute(select(table.c.person).where(table.c.id == credential)).scalar_one_or_none()
    if person is None:
        raise InputError(f"no credential {credential!r}: look it up with its holder")
    connection.execute(update(table).where(table.c.id == credential).values(state=state.value))
    return _bump(connection, [person])


def _set_standing(connection: Connection, person: PersonId, standing: Standing, plan: PlanId | None) -> int:
    table = schema.membership
    which = table.c.person == person if plan is None else (table.c.person == person) & (table.c.plan == plan)
    if not connection.execute(update(table).where(which).values(standing=standing.value)).rowcount:
        held = f"plan {plan!r}" if plan is not None else "a plan"
        raise InputError(f"person {person!r} does not hold {held}")
    return _bump(connection, [person])


def _set_banned(connection: Connection, person: PersonId, banned: bool) -> int:
    table = schema.person
    if not connection.execute(update(table).where(table.c.id == person).values(banned=banned)).rowcount:
        raise InputError(f"no person {person!r}")
    return _bump(connection, [person])
