"""Public events and their tickets in SQL: the `EventStore` port."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import Connection, select, update

from controller.adapters.sql import holding_rows as rows
from controller.adapters.sql import schema_registry as schema
from controller.adapters.sql.columns import found_among, milliseconds, put, set_once
from controller.adapters.sql.database import Database
from controller.adapters.sql.people_changes import person_of
from controller.adapters.sql.versions import EVENTS, bump, version_of
from controller.domain.holdings import PublicEvent
from controller.domain.ids import EventId, TicketId
from controller.errors import InputError
from controller.services.people import registry_checks as checks
from controller.services.stores import NewTicket


class SqlPublicEvents:
    """Over the registry's own database; `key_id` names the key of the tickets' digests."""

    def __init__(self, database: Database, *, key_id: str) -> None:
        self._database = database
        self._key_id = key_id

    async def put_event(self, event: PublicEvent) -> int:
        checks.check_event(event)
        return await self._database.write(lambda connection: _put(connection, event))

    async def start_event(self, id: EventId, at: datetime) -> int:
        return await self._database.write(lambda connection: _start(connection, id, at))

    async def end_event(self, id: EventId, at: datetime) -> int:
        return await self._database.write(lambda connection: _end(connection, id, at))

    async def add_tickets(self, tickets: Sequence[NewTicket]) -> int:
        return await self._database.write(lambda connection: _add_tickets(connection, tickets, self._key_id))

    async def void_ticket(self, id: TicketId) -> int:
        return await self._database.write(lambda connection: _void(connection, id))


def _put(connection: Connection, event: PublicEvent) -> int:
    person_of(connection, event.host)
    if rows.events(connection, 0).get(event.id) == event:
        return version_of(connection)
    rows.put_event(connection, event)
    return bump(connection, EVENTS)


def _start(connection: Connection, id: EventId, at: datetime) -> int:
    event = _event_of(connection, id)
    if event.ended_at is not None:
        raise InputError(f"event {id!r} ended at {event.ended_at.isoformat()}: it does not start again")
    if event.host_entered_at is not None:
        return version_of(connection)
    table = schema.event
    connection.execute(update(table).where(table.c.id == id).values(host_entered_ms=milliseconds(at)))
    return bump(connection, EVENTS)


def _end(connection: Connection, id: EventId, at: datetime) -> int:
    if _event_of(connection, id).ended_at is not None:
        return version_of(connection)
    table = schema.event
    connection.execute(update(table).where(table.c.id == id).values(ended_ms=milliseconds(at)))
    return bump(connection, EVENTS)


def _event_of(connection: Connection, id: EventId) -> PublicEvent:
    known = rows.events(connection, 0)
    if id not in known:
        raise _no_event(id, known)
    return known[id]


def _no_event(id: EventId, known: Iterable[EventId]) -> InputError:
    return checks.unknown("event", id, known, "`natoma events-public` lists them")


def _add_tickets(connection: Connection, tickets: Sequence[NewTicket], key_id: str) -> int:
    if not tickets:
        return version_of(connection)
    events = rows.events(connection, 0)
    table = schema.ticket
    there = found_among(connection, table.c.id, [new.ticket.id for new in tickets])
    digests: set[bytes] = set(connection.scalars(select(table.c.digest)))
    for new in tickets:
        one = new.ticket
        if one.event not in events:
            raise _no_event(one.event, events)
        if one.person is not None:
            person_of(connection, one.person)
        if one.id in there:
            raise InputError(f"ticket {one.id!r} is there already: a new ticket has an id of its own")
        if new.digest in digests:
            raise InputError(f"ticket {one.id!r}: another ticket has the same token; every token is used once")
        there.add(one.id)
        digests.add(new.digest)
    put(connection, table, [rows.ticket_row(new.ticket, new.digest, key_id, new.list_digest) for new in tickets])
    return bump(connection, EVENTS)


def _void(connection: Connection, id: TicketId) -> int:
    is_news = set_once(connection, schema.ticket, "is_void", id, "ticket")
    return bump(connection, EVENTS) if is_news else version_of(connection)
