"""Bookings, public events, tickets, guests and visits: rows to values and back."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
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
    slices,
)
from controller.domain.holdings import (
    Booking,
    BookingState,
    EventEntry,
    GuestPass,
    PublicEvent,
    Ticket,
    VisitingPass,
)
from controller.domain.ids import BookingId, DoorId, EventId, PartnerId, PersonId, PlanId, TicketId

_STATES = {state.value: state for state in BookingState}
_NOBODY: frozenset[PersonId] = frozenset()


def bookings(connection: Connection, over_ms: int, areas: Iterable[str] | None = None) -> dict[BookingId, Booking]:
    """Those that end after `over_ms`, of these rooms or of all; which one comes before which is the index's affair."""
    table = schema.booking
    live = table.c.end_ms > over_ms
    together = _participants(connection, over_ms, areas)
    moments: dict[int, datetime] = {}  # most bookings begin or end when another one does
    found: dict[BookingId, Booking] = {}

    def at(ms: int) -> datetime:
        return moments.get(ms) or moments.setdefault(ms, moment(ms))

    for row in fetched(connection, select(table).where(live), table.c.area, areas):
        (
            id_,
            area,
            start,
            end,
            owner,
            state,
            confirmed,
            held,
            title,
            made,
            came,
            series,
            day,
            is_live,
            booked,
            origin,
        ) = row
        found[id_] = Booking(
            id_,
            area,
            at(start),
            at(end),
            owner,
            together.get(id_, _NOBODY),
            _STATES[state],
            confirmed,
            None,
            title,
            None if made is None else moment(made),
            None if came is None else moment(came),
            series,
            day,
            is_live,
            None if booked is None else at(booked),
            None if held == end else at(held),
            origin,
        )
    return found


def _participants(connection: Connection, over_ms: int, areas: Iterable[str] | None) -> dict[str, frozenset[PersonId]]:
    table, others = schema.booking, schema.booking_participant
    live = select(others).join(table, others.c.booking == table.c.id).where(table.c.end_ms > over_ms)
    found: dict[str, frozenset[PersonId]] = {}
    for booking, person in fetched(connection, live, table.c.area, areas):
        found[booking] = found[booking] | {person} if booking in found else frozenset((person,))
    return found


def put_bookings(connection: Connection, everything: Sequence[Booking]) -> None:
    """Each as it is given, whether it was there or not."""
    for some in slices(one.id for one in everything):
        connection.execute(delete(schema.booking).where(schema.booking.c.id.in_(some)))
    put(connection, schema.booking, [_booking_row(one) for one in everything])
    put(
        connection,
        schema.booking_participant,
        [{"booking": one.id, "person": person} for one in everything for person in sorted(one.participants)],
    )


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


def _booking_row(one: Booking) -> dict[str, Any]:
    return {
        "id": one.id,
        "area": one.area,
        "start_ms": milliseconds(one.start),
        "end_ms": milliseconds(one.end),
        "owner": one.owner,
        "state": one.state.value,
        "holiday_confirmed": one.holiday_confirmed,
        "held_ms": milliseconds(one.held_until or one.end),
        "title": one.title,
        "made_ms": milliseconds_or_none(one.made_at),
        "checked_in_ms": milliseconds_or_none(one.checked_in_at),
        "series": one.series,
        "series_day": one.series_day,
        "is_live": one.is_live,
        "booked_end_ms": milliseconds_or_none(one.booked_end),
        "origin": one.origin,
    }
