"""Guests and visitors of partner spaces in SQL: the `GuestStore` port."""

from datetime import datetime

from sqlalchemy import Connection, select, update

from controller.adapters.sql import holding_rows as rows
from controller.adapters.sql import registry_rows
from controller.adapters.sql import schema_registry as schema
from controller.adapters.sql.columns import milliseconds, put, set_once
from controller.adapters.sql.database import Database
from controller.adapters.sql.people_changes import person_of
from controller.adapters.sql.versions import GUESTS, VISITS, bump, version_of
from controller.domain.holdings import GuestPass, VisitingPass
from controller.domain.ids import PersonId
from controller.domain.membership import Person, PersonKind
from controller.services.people import registry_checks as checks


class SqlGuests:
    """Over the registry's own database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def put_guest_pass(self, guest_pass: GuestPass, name: str = "") -> int:
        checks.check_guest_pass(guest_pass)
        return await self._database.write(lambda connection: _put_guest_pass(connection, guest_pass, name))

    async def revoke_guest_pass(self, id: str) -> int:
        return await self._database.write(lambda connection: _revoke_guest_pass(connection, id))

    async def record_visit(self, visit: VisitingPass, name: str = "") -> int:
        checks.check_visit(visit)
        return await self._database.write(lambda connection: _record_visit(connection, visit, name))

    async def revoke_pass(self, id: str, reason: str, at: datetime) -> int:
        return await self._database.write(lambda connection: _revoke_pass(connection, id, reason, at))


def _put_guest_pass(connection: Connection, one: GuestPass, name: str) -> int:
    person_of(connection, one.host)
    known = {held.id: held for held in rows.guest_passes(connection, 0)}
    if known.get(one.id) == one:
        return version_of(connection)
    new = _make_known(connection, one.guest, PersonKind.GUEST, name)
    table = schema.guest_pass
    row = rows.guest_pass_row(one)
    if one.id in known:
        connection.execute(update(table).where(table.c.id == one.id).values(row))
    else:
        put(connection, table, [row])
    return bump(connection, GUESTS, people=[one.guest] if new else [])


def _revoke_guest_pass(connection: Connection, id: str) -> int:
    is_news = set_once(connection, schema.guest_pass, "is_revoked", id, "guest pass")
    return bump(connection, GUESTS) if is_news else version_of(connection)


def _record_visit(connection: Connection, one: VisitingPass, name: str) -> int:
    table = schema.visit
    row = rows.visit_row(one)
    before = connection.execute(select(table).where(table.c.id == one.id)).mappings().one_or_none()
    if before is not None and dict(before) == row:
        return version_of(connection)
    new = _make_known(connection, one.person, PersonKind.VISITOR, name)
    if before is None:
        put(connection, table, [row])
    else:
        connection.execute(update(table).where(table.c.id == one.id).values(row))
    return bump(connection, VISITS, people=[one.person] if new else [])


def _revoke_pass(connection: Connection, id: str, reason: str, at: datetime) -> int:
    if id in rows.revoked_passes(connection):
        return version_of(connection)
    put(connection, schema.revoked_pass, [{"id": id, "at_ms": milliseconds(at), "reason": reason}])
    return bump(connection, VISITS)


def _make_known(connection: Connection, id: PersonId, kind: PersonKind, name: str) -> bool:
    """Somebody who was never here before; whether that was so."""
    if registry_rows.people(connection, [id]):
        return False
    registry_rows.add_person(connection, Person(id, name or id, kind))
    return True
