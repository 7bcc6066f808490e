"""Rows of the registry to values and back. Which transaction they belong to is `registry`'s affair."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any, TypeVar

from sqlalchemy import Column, Connection, Table, delete, insert, select, update
from sqlalchemy.sql import Select

from controller.adapters.sql import schema_registry as schema
from controller.domain.ids import AreaId, CredentialId, PersonId, PlanId, TeamId
from controller.domain.membership import (
    Credential,
    CredentialKind,
    CredentialState,
    Lease,
    Membership,
    Person,
    PersonKind,
    Standing,
)
from controller.services.people import Held

T = TypeVar("T")

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
# Looked up, not constructed: thirty thousand times at a start.
_KINDS = {kind.value: kind for kind in PersonKind}
_STANDINGS = {standing.value: standing for standing in Standing}
_CREDENTIAL_KINDS = {kind.value: kind for kind in CredentialKind}
_CREDENTIAL_STATES = {state.value: state for state in CredentialState}
# Of one IN list; SQLite takes 32,766 values, PostgreSQL's drivers as many.
_AT_ONCE = 5000


def people(connection: Connection, only: Sequence[str] | None = None) -> dict[PersonId, Person]:
    table = schema.person
    return {
        id_: Person(id_, name, _KINDS[kind], banned, team, needs_time)
        for id_, name, kind, banned, needs_time, team in _rows(connection, select(table), table.c.id, only)
    }


def memberships(connection: Connection, only: Sequence[str] | None = None) -> dict[PersonId, tuple[Membership, ...]]:
    table = schema.membership
    found: dict[PersonId, tuple[Membership, ...]] = {}
    ordered = select(table).order_by(table.c.person, table.c.starts, table.c.plan)
    # A plan's id once in memory, not once per member.
    plans: dict[str, PlanId] = {}
    for person, plan, starts, ends, standing in _rows(connection, ordered, table.c.person, only):
        one = Membership(person, plans.setdefault(plan, plan), starts, ends, _STANDINGS[standing])
        found[person] = (*found.get(person, ()), one)
    return found


def leases(connection: Connection) -> tuple[Lease, ...]:
    ordered = select(schema.lease).order_by(schema.lease.c.team, schema.lease.c.area, schema.lease.c.starts)
    return tuple(
        Lease(TeamId(team), AreaId(area), starts, ends) for team, area, starts, ends in connection.execute(ordered)
    )


def credentials(
    connection: Connection, only: Sequence[str] | None = None
) -> tuple[dict[CredentialId, Credential], dict[bytes, CredentialId]]:
    table = schema.credential
    found: dict[CredentialId, Credential] = {}
    digests: dict[bytes, CredentialId] = {}
    statement = select(*(column for column in table.c if column is not table.c.key_id))
    for id_, person, kind, state, starts, ends, last_two, digest in _rows(connection, statement, table.c.person, only):
        found[id_] = Credential(
            id_, person, _CREDENTIAL_KINDS[kind], _CREDENTIAL_STATES[state], _moment(starts), _moment(ends), last_two
        )
        digests[digest] = id_
    return found, digests


def keep_teams(connection: Connection, names: Mapping[TeamId, str]) -> None:
    """Add teams that are new, rename those that are not."""
    known = set(connection.scalars(select(schema.team.c.id)))
    for id_, name in names.items():
        if id_ in known:
            connection.execute(update(schema.team).where(schema.team.c.id == id_).values(name=name))
        else:
            connection.execute(insert(schema.team).values(id=id_, name=name))


def replace_people(connection: Connection, everybody: Sequence[Held], key_id: str) -> None:
    """Make each of them, and all they hold, what is given; a badge may pass from one to another."""
    ids = [str(held.person.id) for held in everybody]
    known = set(_scalars(connection, schema.person.c.id, ids))
    for table in (schema.membership, schema.credential):
        for some in _slices(ids):
            connection.execute(delete(table).where(table.c.person.in_(some)))
    for held in everybody:
        if held.person.id in known:
            row = _person_row(held.person)
            connection.execute(update(schema.person).where(schema.person.c.id == row.pop("id")).values(row))
    _insert(connection, schema.person, [_person_row(held.person) for held in everybody if held.person.id not in known])
    _insert(connection, schema.membership, [_membership_row(one) for held in everybody for one in held.memberships])
    _insert(connection, schema.credential, [row for held in everybody for row in _credential_rows(held, key_id)])


def replace_leases(connection: Connection, everything: Sequence[Lease]) -> None:
    connection.execute(delete(schema.lease))
    rows = [{"team": one.team, "area": one.area, "starts": one.starts, "ends": one.ends} for one in everything]
    _insert(connection, schema.lease, rows)


def _person_row(person: Person) -> dict[str, Any]:
    return {
        "id": person.id,
        "name": person.name,
        "kind": person.kind.value,
        "banned": person.banned,
        "needs_time": person.needs_time,
        "team": person.team,
    }


def _membership_row(one: Membership) -> dict[str, Any]:
    return {
        "person": one.person,
        "plan": one.plan,
        "starts": one.starts,
        "ends": one.ends,
        "standing": one.standing.value,
    }


def _credential_rows(held: Held, key_id: str) -> Iterator[dict[str, Any]]:
    digest_of = {id_: digest for digest, id_ in held.digests.items()}
    for one in held.credentials:
        yield {
            "id": one.id,
            "person": one.person,
            "kind": one.kind.value,
            "state": one.state.value,
            "valid_from_ms": _milliseconds(one.valid_from),
            "valid_until_ms": _milliseconds(one.valid_until),
            "last_two": one.last_two,
            "digest": digest_of[one.id],
            "key_id": key_id,
        }


def _insert(connection: Connection, table: Table, rows: Sequence[dict[str, Any]]) -> None:
    if rows:
        connection.execute(insert(table), rows)


def _rows(
    connection: Connection, statement: Select[Any], column: Column[Any], only: Sequence[str] | None
) -> Iterator[Any]:
    """All rows, or those whose `column` is among `only`; a slice at a time, so that the raw rows never pile up."""
    if only is None:
        for some in connection.execute(statement).partitions(1000):
            yield from some
        return
    for values in _slices(only):
        yield from connection.execute(statement.where(column.in_(values)))


def _scalars(connection: Connection, column: Column[Any], values: Sequence[str]) -> Iterator[str]:
    for some in _slices(values):
        yield from connection.scalars(select(column).where(column.in_(some)))


def _slices(values: Iterable[T]) -> Iterator[list[T]]:
    rest = iter(values)
    while some := list(islice(rest, _AT_ONCE)):
        yield some


def _moment(milliseconds: int | None) -> datetime | None:
    return None if milliseconds is None else _EPOCH + timedelta(milliseconds=milliseconds)


def _milliseconds(moment: datetime | None) -> int | None:
    return None if moment is None else (moment - _EPOCH) // _MILLISECOND
