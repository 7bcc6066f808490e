"""People, what they hold, their teams and cohorts: rows to values and back. Transactions are `registry`'s affair."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from controller.adapters.sql import schema_registry as schema
from controller.adapters.sql.columns import fetched, found_among, milliseconds_or_none, moment_or_none, put, slices
from controller.domain.ids import AreaId, CohortId, CredentialId, PersonId, PlanId, TeamId
from controller.domain.membership import (
    Cohort,
    Credential,
    CredentialKind,
    CredentialState,
    Lease,
    Membership,
    Person,
    PersonKind,
    Right,
    Standing,
    Team,
)
from controller.services.people.people import Held
from controller.services.ports import Groups

# Looked up, not constructed: thirty thousand times at a start.
_KINDS = {kind.value: kind for kind in PersonKind}
_STANDINGS = {standing.value: standing for standing in Standing}
_CREDENTIAL_KINDS = {kind.value: kind for kind in CredentialKind}
_CREDENTIAL_STATES = {state.value: state for state in CredentialState}


def people(connection: Connection, only: Sequence[str] | None = None) -> dict[PersonId, Person]:
    table = schema.person
    cohorts = _cohorts_of(connection, only)
    rights: dict[str, frozenset[Right]] = {"": frozenset()}
    found: dict[PersonId, Person] = {}
    for id_, name, kind, banned, needs_time, team, words, pays in fetched(connection, select(table), table.c.id, only):
        if words not in rights:
            rights[words] = _rights(words)
        found[id_] = Person(
            id_, name, _KINDS[kind], banned, team, needs_time, rights[words], pays, cohorts.get(id_, ())
        )
    return found


def _rights(words: str) -> frozenset[Right]:
    """A word of a newer program is left out: no right is better than one that nobody here understands."""
    known = {right.value: right for right in Right}
    return frozenset(known[word] for word in words.split() if word in known)


def _cohorts_of(connection: Connection, only: Sequence[str] | None) -> dict[str, tuple[CohortId, ...]]:
    table = schema.cohort_member
    ordered = select(table.c.person, table.c.cohort).order_by(table.c.person, table.c.cohort)
    found: dict[str, tuple[CohortId, ...]] = {}
    for person, cohort in fetched(connection, ordered, table.c.person, only):
        found[person] = (*found.get(person, ()), CohortId(cohort))
    return found


def memberships(connection: Connection, only: Sequence[str] | None = None) -> dict[PersonId, tuple[Membership, ...]]:
    table = schema.membership
    found: dict[PersonId, tuple[Membership, ...]] = {}
    ordered = select(table).order_by(table.c.person, table.c.starts, table.c.plan)
    # A plan's id once in memory, not once per member.
    plans: dict[str, PlanId] = {}
    for person, plan, starts, ends, standing, due_since, due_cents in fetched(
        connection, ordered, table.c.person, only
    ):
        one = Membership(
            person, plans.setdefault(plan, plan), starts, ends, _STANDINGS[standing], None, due_since, due_cents
        )
        found[person] = (*found.get(person, ()), one)
    return found


def groups(connection: Connection) -> Groups:
    """Teams and cohorts whole: there are dozens, not thousands."""
    table = schema.team_membership
    held: defaultdict[TeamId, list[Membership]] = defaultdict(list)
    for team, plan, starts, ends, standing, due_since, due_cents in connection.execute(
        select(table).order_by(table.c.team, table.c.starts, table.c.plan)
    ):
        held[team].append(
            Membership(None, PlanId(plan), starts, ends, _STANDINGS[standing], TeamId(team), due_since, due_cents)
        )
    return Groups(
        teams={
            id_: Team(id_, name) for id_, name in connection.execute(select(schema.team).order_by(schema.team.c.id))
        },
        team_memberships={team: tuple(many) for team, many in held.items()},
        cohorts={
            row[0]: Cohort(*row) for row in connection.execute(select(schema.cohort).order_by(schema.cohort.c.id))
        },
    )


def leases(connection: Connection) -> tuple[Lease, ...]:
    ordered = select(schema.lease).order_by(schema.lease.c.team, schema.lease.c.area, schema.lease.c.starts)
    return tuple(
        Lease(TeamId(team), AreaId(area), starts, ends) for team, area, starts, ends in connection.execute(ordered)
    )


def credentials(
    connection: Connection, only: Sequence[str] | None = None
) -> tuple[dict[CredentialId, Credential], dict[bytes, CredentialId], dict[CredentialId, bytes]]:
    """Credentials, and the digests by which readers and doors' lists know them."""
    table = schema.credential
    found: dict[CredentialId, Credential] = {}
    digests: dict[bytes, CredentialId] = {}
    list_digests: dict[CredentialId, bytes] = {}
    statement = select(*(column for column in table.c if column is not table.c.key_id))
    for id_, person, kind, state, starts, ends, last_two, digest, is_duress, list_digest in fetched(
        connection, statement, table.c.person, only
    ):
        found[id_] = Credential(
            id_,
            person,
            _CREDENTIAL_KINDS[kind],
            _CREDENTIAL_STATES[state],
            moment_or_none(starts),
            moment_or_none(ends),
            last_two,
            is_duress,
        )
        digests[digest] = id_
        if list_digest is not None:
            list_digests[id_] = list_digest
    return found, digests, list_digests | _ticket_list_digests(connection)


def _ticket_list_digests(connection: Connection) -> dict[CredentialId, bytes]:
    """How doors' lists know tickets, which are credentials there and have a name as one; few, and so always all."""
    table = schema.ticket
    known = select(table.c.id, table.c.list_digest).where(table.c.list_digest.is_not(None))
    return {CredentialId(f"ticket:{id_}"): list_digest for id_, list_digest in connection.execute(known)}


def keep_teams(connection: Connection, names: Mapping[TeamId, str]) -> bool:
    """Add teams that are new, rename those that are not; whether anything changed."""
    known = {row.id: row.name for row in connection.execute(select(schema.team))}
    for id_, name in names.items():
        if id_ not in known:
            connection.execute(insert(schema.team).values(id=id_, name=name))
        elif known[id_] != name:
            connection.execute(update(schema.team).where(schema.team.c.id == id_).values(name=name))
    return any(known.get(id_) != name for id_, name in names.items())


def replace_people(connection: Connection, everybody: Sequence[Held], key_id: str) -> None:
    """Make each of them, and all they hold, what is given; a badge may pass from one to another."""
    ids = [str(held.person.id) for held in everybody]
    known = found_among(connection, schema.person.c.id, ids)
    for table in (schema.membership, schema.credential, schema.cohort_member):
        for some in slices(ids):
            connection.execute(delete(table).where(table.c.person.in_(some)))
    for held in everybody:
        if held.person.id in known:
            change_person(connection, held.person)
    put(connection, schema.person, [_person_row(held.person) for held in everybody if held.person.id not in known])
    put(connection, schema.membership, [_membership_row(one) for held in everybody for one in held.memberships])
    put(connection, schema.credential, [row for held in everybody for row in _credential_rows(held, key_id)])
    put(connection, schema.cohort_member, [row for held in everybody for row in _cohort_rows(held.person)])


def add_person(connection: Connection, person: Person) -> None:
    """Somebody new; cohorts are rows of their own."""
    put(connection, schema.person, [_person_row(person)])


def change_person(connection: Connection, person: Person) -> None:
    """The person's own row; cohorts are rows of their own."""
    row = _person_row(person)
    connection.execute(update(schema.person).where(schema.person.c.id == row.pop("id")).values(row))


def replace_cohorts(connection: Connection, person: Person) -> None:
    """Which cohorts the person is in."""
    connection.execute(delete(schema.cohort_member).where(schema.cohort_member.c.person == person.id))
    put(connection, schema.cohort_member, list(_cohort_rows(person)))


def replace_leases(connection: Connection, everything: Sequence[Lease]) -> None:
    connection.execute(delete(schema.lease))
    rows = [{"team": one.team, "area": one.area, "starts": one.starts, "ends": one.ends} for one in everything]
    put(connection, schema.lease, rows)


def replace_team_memberships(connection: Connection, team: TeamId, everything: Sequence[Membership]) -> None:
    table = schema.team_membership
    connection.execute(delete(table).where(table.c.team == team))
    rows = [_membership_row(one) for one in everything]
    for row in rows:
        del row["person"]
        row["team"] = team
    put(connection, table, rows)


def put_credential(
    connection: Connection, one: Credential, digest: bytes, list_digest: bytes | None, key_id: str
) -> None:
    """A new one, or the same id with another digest, state or holder."""
    connection.execute(delete(schema.credential).where(schema.credential.c.id == one.id))
    put(connection, schema.credential, [_credential_row(one, digest, list_digest, key_id)])


def _person_row(person: Person) -> dict[str, Any]:
    return {
        "id": person.id,
        "name": person.name,
        "kind": person.kind.value,
        "banned": person.banned,
        "needs_time": person.needs_time,
        "team": person.team,
        "rights": " ".join(sorted(right.value for right in person.rights)),
        "pays_as_you_go": person.pays_as_you_go,
    }


def _cohort_rows(person: Person) -> Iterator[dict[str, Any]]:
    return ({"person": person.id, "cohort": cohort} for cohort in person.cohorts)


def _membership_row(one: Membership) -> dict[str, Any]:
    return {
        "person": one.person,
        "plan": one.plan,
        "starts": one.starts,
        "ends": one.ends,
        "standing": one.standing.value,
        "due_since": one.due_since,
        "due_cents": one.due_cents,
    }


def _credential_rows(held: Held, key_id: str) -> Iterator[dict[str, Any]]:
    digest_of = {id_: digest for digest, id_ in held.digests.items()}
    for one in held.credentials:
        yield _credential_row(one, digest_of[one.id], held.list_digests.get(one.id), key_id)


def _credential_row(one: Credential, digest: bytes, list_digest: bytes | None, key_id: str) -> dict[str, Any]:
    return {
        "id": one.id,
        "person": one.person,
        "kind": one.kind.value,
        "state": one.state.value,
        "valid_from_ms": milliseconds_or_none(one.valid_from),
        "valid_until_ms": milliseconds_or_none(one.valid_until),
        "last_two": one.last_two,
        "digest": digest,
        "key_id": key_id,
        "is_duress": one.is_duress,
        "list_digest": list_digest,
    }
