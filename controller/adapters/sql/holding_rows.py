"""Public events, tickets, guests and visits: rows to values and back; bookings are in `booking_rows`."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection, delete, select

from controller.adapters.sql import schema_registry as schema
from controller.adapters.sql.columns import (
    fetched,
    milliseconds,
    milliseconds_or_none,
    moment,
    moment_or_none,
    put,
)
from controller.domain.holdings import (
    EventEntry,
    GuestPass,
    PublicEvent,
    Ticket,
    VisitingPass,
)
from controller.domain.ids import DoorId, EventId, PartnerId, PersonId, PlanId, TicketId


def events(connection: Connection, over_ms: int) -> dict[EventId, PublicEvent]:
    """Those that end after `over_ms`."""
    paths: defaultdict[str, list[DoorId]] = defaultdict(list)
    for event, _, door in connection.execute(
        select(schema.event_door).order_by(schema.event_door.c.event, schema.event_door.c.place)
    ):
        paths[event].append(DoorId(door))
    table = schema.event
    return {
        row.id: PublicEvent(
            row.id,
            row.name,
            row.host,
            row.area,
            tuple(paths[row.id]),
            moment(row.start_ms),
            moment(row.end_ms),
            row.capacity,
            EventEntry(row.entry),
            moment_or_none(row.host_entered_ms),
            moment_or_none(row.ended_ms),
            row.is_public,
        )
        for row in connection.execute(select(table).where(table.c.end_ms > over_ms).order_by(table.c.id))
    }


def put_event(connection: Connection, one: PublicEvent) -> None:
    """A new one; a known one is changed in place, as its tickets hang on it."""
    row = {
        "id": one.id,
        "name": one.name,
        "host": one.host,
        "area": one.area,
        "start_ms": milliseconds(one.start),
        "end_ms": milliseconds(one.end),
        "capacity": one.capacity,
        "entry": one.entry.value,
        "host_entered_ms": milliseconds_or_none(one.host_entered_at),
        "ended_ms": milliseconds_or_none(one.ended_at),
        "is_public": one.is_public,
    }
    table = schema.event
    if not connection.execute(table.update().where(table.c.id == one.id).values(row)).rowcount:
        put(connection, table, [row])
    connection.execute(delete(schema.event_door).where(schema.event_door.c.event == one.id))
    path = [{"event": one.id, "place": place, "door": door} for place, door in enumerate(one.path)]
    put(connection, schema.event_door, path)


def tickets(connection: Connection, of: Iterable[EventId]) -> tuple[dict[TicketId, Ticket], dict[bytes, TicketId]]:
    """All tickets of these events, and the digests of their tokens."""
    table = schema.ticket
    found: dict[TicketId, Ticket] = {}
    digests: dict[bytes, TicketId] = {}
    for id_, event, name, person, is_void, digest, *_ in fetched(
        connection, select(table).order_by(table.c.id), table.c.event, of
    ):
        found[id_] = Ticket(id_, event, name, person, is_void)
        digests[digest] = id_
    return found, digests


def ticket_row(one: Ticket, digest: bytes, key_id: str, list_digest: bytes | None = None) -> dict[str, Any]:
    return {
        "id": one.id,
        "event": one.event,
        "name": one.name,
        "person": one.person,
        "is_void": one.is_void,
        "digest": digest,
        "key_id": key_id,
        "list_digest": list_digest,
    }


def guest_passes(connection: Connection, over_ms: int) -> tuple[GuestPass, ...]:
    table = schema.guest_pass
    ordered = select(table).where(table.c.end_ms > over_ms).order_by(table.c.id)
    return tuple(
        GuestPass(id_, PersonId(guest), PersonId(host), moment(start), moment(end), is_revoked)
        for id_, guest, host, start, end, is_revoked in connection.execute(ordered)
    )


def guest_pass_row(one: GuestPass) -> dict[str, Any]:
    return {
        "id": one.id,
        "guest": one.guest,
        "host": one.host,
        "start_ms": milliseconds(one.start),
        "end_ms": milliseconds(one.end),
        "is_revoked": one.is_revoked,
    }


def visits(connection: Connection, over_ms: int) -> tuple[VisitingPass, ...]:
    table = schema.visit
    revoked = revoked_passes(connection)
    ordered = select(table).where(table.c.end_ms > over_ms).order_by(table.c.id)
    return tuple(
        VisitingPass(
            id_, PartnerId(partner), PersonId(person), PlanId(plan), moment(start), moment(end), days, id_ in revoked
        )
        for id_, partner, person, plan, start, end, days in connection.execute(ordered)
    )


def visit_row(one: VisitingPass) -> dict[str, Any]:
    return {
        "id": one.id,
        "partner": one.partner,
        "person": one.person,
        "plan": one.plan,
        "start_ms": milliseconds(one.start),
        "end_ms": milliseconds(one.end),
        "days": one.days,
    }


def revoked_passes(connection: Connection) -> frozenset[str]:
    return frozenset(connection.scalars(select(schema.revoked_pass.c.id)))
