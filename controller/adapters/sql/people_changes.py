"""What is changed of people, their credentials, teams, cohorts and leases: statements, each within one transaction.

The transaction is begun and ended by `registry`; whether a change makes sense is asked of `registry_checks`.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date

from sqlalchemy import Column, Connection, delete, exists, insert, select, update

from controller.adapters.sql import registry_rows as rows
from controller.adapters.sql import schema_registry as schema
from controller.adapters.sql.columns import put
from controller.adapters.sql.versions import GROUPS, LEASES, PLANS, bump, version_of
from controller.domain.ids import AreaId, CohortId, CredentialId, PersonId, PlanId, TeamId
from controller.domain.membership import (
    Cohort,
    Credential,
    CredentialState,
    Lease,
    Membership,
    Person,
    Standing,
    Team,
)
from controller.errors import InputError, StoreError
from controller.services.people import registry_checks as checks
from controller.services.people.people import ImportPlan

OWING = frozenset({Standing.GRACE, Standing.OVERDUE})


def sync_plans(connection: Connection, wanted: Mapping[str, str]) -> int:
    plan = schema.plan
    known = {row.id: (row.name, row.in_space) for row in connection.execute(select(plan))}
    new = {id_: (name, True) for id_, name in wanted.items()}
    gone = {id_: (name, False) for id_, (name, _) in known.items() if id_ not in wanted}
    changed = {id_: as_ for id_, as_ in (new | gone).items() if known.get(id_) != as_}
    if not changed:
        return version_of(connection)
    unheld = [
        ~exists().where(table.c.plan == plan.c.id)
        for table in (schema.membership, schema.team_membership, schema.cohort)
    ]
    connection.execute(delete(plan).where(plan.c.id.in_(changed), *unheld))
    held = set(connection.scalars(select(plan.c.id).where(plan.c.id.in_(changed))))
    for id_, (name, in_space) in changed.items():
        if id_ in held:
            connection.execute(update(plan).where(plan.c.id == id_).values(name=name, in_space=in_space))
        elif in_space:
            connection.execute(insert(plan).values(id=id_, name=name, in_space=True))
    return bump(connection, PLANS)


def apply_import(connection: Connection, plan: ImportPlan, key_id: str) -> int:
    version = version_of(connection)
    if version != plan.based_on:
        raise StoreError(
            f"the registry changed while the import was looked at (version {plan.based_on} then, {version} now); "
            "nothing was imported: run it again"
        )
    if plan.is_empty:
        return version
    others = []
    if rows.keep_teams(connection, plan.teams):
        others.append(GROUPS)
    rows.replace_people(connection, plan.people, key_id)
    if plan.leases is not None:
        checks.check_leases(plan.leases)
        rows.replace_leases(connection, plan.leases)
        others.append(LEASES)
    return bump(connection, *others, people=[held.person.id for held in plan.people])


# People.


def person_of(connection: Connection, id: str) -> Person:
    """InputError, with the nearest name there is, when nobody is called that."""
    found = rows.people(connection, [id]).get(PersonId(id))
    if found is None:
        known = connection.scalars(select(schema.person.c.id)).all()
        raise checks.unknown("person", id, known, "`natoma people export` lists everybody")
    return found


def change_person(connection: Connection, id: PersonId, change: Callable[[Person], Person]) -> int:
    before = person_of(connection, id)
    after = change(before)
    if after == before:
        return version_of(connection)
    rows.change_person(connection, after)
    return bump(connection, people=[id])


def put_person(connection: Connection, person: Person) -> int:
    before = rows.people(connection, [person.id]).get(person.id)
    person = replace(person, cohorts=tuple(sorted(set(person.cohorts))))
    if before == person:
        return version_of(connection)
    if person.team is not None:
        team_of(connection, person.team)
    for cohort in person.cohorts:
        cohort_of(connection, cohort)
    if before is None:
        rows.add_person(connection, person)
    else:
        rows.change_person(connection, person)
    rows.replace_cohorts(connection, person)
    return bump(connection, people=[person.id])


# Memberships and what is owed for them.


def set_standing(connection: Connection, person: PersonId, standing: Standing, plan: PlanId | None) -> int:
    held = _memberships_of(connection, person, plan)
    if all(one.standing is standing for one in held):
        return version_of(connection)
    _update_memberships(connection, person, plan, standing=standing.value)
    return bump(connection, people=[person])


def set_bill(connection: Connection, person: PersonId, plan: PlanId, due_since: date | None, cents: int) -> int:
    checks.check_bill(due_since, cents)
    held = _memberships_of(connection, person, plan)
    if all((one.due_since, one.due_cents) == (due_since, cents) for one in held):
        return version_of(connection)
    _update_memberships(connection, person, plan, due_since=due_since, due_cents=cents)
    return bump(connection, people=[person])


def pay(connection: Connection, person: PersonId) -> int:
    _memberships_of(connection, person, None)
    if not _settle(connection, schema.membership.c.person, person):
        return version_of(connection)
    return bump(connection, people=[person])


def pay_team(connection: Connection, team: TeamId) -> int:
    team_of(connection, team)
    if not _settle(connection, schema.team_membership.c.team, team):
        return version_of(connection)
    return bump(connection, GROUPS)


def _settle(connection: Connection, holder: Column[str], id: str) -> bool:
    """Nothing is due any more, and no standing says so; whether anything was."""
    table = holder.table
    owing = table.c.standing.in_([standing.value for standing in OWING])
    bills = update(table).where(holder == id, table.c.due_since.is_not(None)).values(due_since=None, due_cents=0)
    standings = update(table).where(holder == id, owing).values(standing=Standing.ACTIVE.value)
    return connection.execute(bills).rowcount + connection.execute(standings).rowcount > 0


def _memberships_of(connection: Connection, person: PersonId, plan: PlanId | None) -> list[Membership]:
    known = person_of(connection, person)
    held = rows.memberships(connection, [person]).get(person, ())
    found = [one for one in held if plan in (None, one.plan)]
    if not found:
        has = ", ".join(sorted({repr(str(one.plan)) for one in held})) or "no plan of their own"
        what = "a plan" if plan is None else f"plan {plan!r}"
        team = f", and team {known.team!r} holds its plans for itself" if known.team is not None else ""
        raise InputError(f"person {person!r} does not hold {what}: they have {has}{team}")
    return found


def _update_memberships(connection: Connection, person: PersonId, plan: PlanId | None, **values: object) -> None:
    table = schema.membership
    which = table.c.person == person if plan is None else (table.c.person == person) & (table.c.plan == plan)
    connection.execute(update(table).where(which).values(values))


# Credentials.


def set_credential_state(connection: Connection, credential: CredentialId, state: CredentialState) -> int:
    table = schema.credential
    found = connection.execute(select(table.c.person, table.c.state).where(table.c.id == credential)).one_or_none()
    if found is None:
        raise _no_credential(credential)
    if found.state == state.value:
        return version_of(connection)
    connection.execute(update(table).where(table.c.id == credential).values(state=state.value))
    return bump(connection, people=[found.person])


def put_credential(
    connection: Connection, one: Credential, digest: bytes, list_digest: bytes | None, key_id: str
) -> int:
    person_of(connection, one.person)
    if one.valid_from is not None and one.valid_until is not None and one.valid_until <= one.valid_from:
        raise InputError(f"credential {one.id!r}: valid until {one.valid_until}, must be after {one.valid_from}")
    table = schema.credential
    holder = connection.execute(select(table.c.id, table.c.person).where(table.c.digest == digest)).one_or_none()
    if holder is not None and holder.id != one.id:
        raise checks.taken(one.kind, holder.person)
    before = connection.execute(select(table.c.person).where(table.c.id == one.id)).scalar_one_or_none()
    rows.put_credential(connection, one, digest, list_digest, key_id)
    return bump(connection, people=[one.person] if before is None else {one.person, before})


def learn_list_digest(connection: Connection, credential: CredentialId, list_digest: bytes) -> int:
    """Nothing but this: whatever else is known of the credential may have changed meanwhile."""
    table = schema.credential
    found = connection.execute(
        select(table.c.person, table.c.list_digest).where(table.c.id == credential)
    ).one_or_none()
    if found is None:
        raise _no_credential(credential)
    if found.list_digest == list_digest:
        return version_of(connection)
    connection.execute(update(table).where(table.c.id == credential).values(list_digest=list_digest))
    return bump(connection, people=[found.person])


def remove_credential(connection: Connection, credential: CredentialId) -> int:
    table = schema.credential
    person = connection.execute(select(table.c.person).where(table.c.id == credential)).scalar_one_or_none()
    if person is None:
        raise _no_credential(credential)
    connection.execute(delete(table).where(table.c.id == credential))
    return bump(connection, people=[person])


def _no_credential(id: CredentialId) -> InputError:
    return InputError(f"no credential {id!r}: `natoma people show PERSON` lists somebody's credentials with their ids")


# Teams, cohorts, leases.


def team_of(connection: Connection, id: TeamId) -> str:
    """The team's name."""
    known = {row.id: row.name for row in connection.execute(select(schema.team))}
    if id not in known:
        raise checks.unknown("team", id, known)
    return str(known[id])


def cohort_of(connection: Connection, id: CohortId) -> Cohort:
    known = rows.groups(connection).cohorts
    if id not in known:
        raise checks.unknown("cohort", id, known)
    return known[id]


def put_team(connection: Connection, team: Team, memberships: Sequence[Membership] | None) -> int:
    checks.check_team(team)
    before = rows.groups(connection)
    if memberships is not None:
        plans = set(connection.scalars(select(schema.plan.c.id)))
        for one in memberships:
            checks.check_membership(one, plans)
    held = [replace(one, person=None, group=team.id) for one in memberships or ()]
    rows.keep_teams(connection, {team.id: team.name})
    if memberships is not None:
        rows.replace_team_memberships(connection, team.id, held)
    return version_of(connection) if rows.groups(connection) == before else bump(connection, GROUPS)


def put_cohort(connection: Connection, one: Cohort) -> int:
    checks.check_cohort(one, set(connection.scalars(select(schema.plan.c.id))))
    if rows.groups(connection).cohorts.get(one.id) == one:
        return version_of(connection)
    table = schema.cohort
    row = {"id": one.id, "name": one.name, "plan": one.plan, "starts": one.starts, "ends": one.ends}
    if not connection.execute(update(table).where(table.c.id == one.id).values(row)).rowcount:
        put(connection, table, [row])
    return bump(connection, GROUPS)


def remove_cohort(connection: Connection, id: CohortId) -> int:
    cohort_of(connection, id)
    members = connection.scalars(select(schema.cohort_member.c.person).where(schema.cohort_member.c.cohort == id)).all()
    connection.execute(delete(schema.cohort).where(schema.cohort.c.id == id))
    return bump(connection, GROUPS, people=members)


def put_lease(connection: Connection, lease: Lease) -> int:
    checks.check_lease(lease)
    team_of(connection, lease.team)
    before = rows.leases(connection)
    kept = [one for one in before if (one.team, one.area, one.starts) != (lease.team, lease.area, lease.starts)]
    return _lease_anew(connection, before, [*kept, lease])


def remove_lease(connection: Connection, team: TeamId, area: AreaId, starts: date) -> int:
    before = rows.leases(connection)
    kept = [one for one in before if (one.team, one.area, one.starts) != (team, area, starts)]
    if len(kept) == len(before):
        has = ", ".join(f"{one.area} from {one.starts}" for one in before if one.team == team)
        raise InputError(f"team {team!r} has no lease of office {area!r} from {starts}: it has {has or 'none'}")
    return _lease_anew(connection, before, kept)


def _lease_anew(connection: Connection, before: Iterable[Lease], after: Sequence[Lease]) -> int:
    if set(before) == set(after):
        return version_of(connection)
    checks.check_leases(after)
    rows.replace_leases(connection, after)
    return bump(connection, LEASES)
