"""Everything a decision needs out of the registry: whole, or what changed since a version."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from sqlalchemy import Connection

from controller.adapters.sql import booking_rows, holding_rows, house_rows, versions
from controller.adapters.sql import registry_rows as rows
from controller.adapters.sql.columns import milliseconds
from controller.domain.ids import AreaId, PersonId
from controller.services.ports import RegistryChange, RegistrySnapshot

# What ended longer ago opens nothing and delays nobody: it is history, and not loaded.
KEPT_AFTER_END = timedelta(days=1)


def load(connection: Connection, now: datetime) -> RegistrySnapshot:
    with _collector_at_rest():
        return _load(connection, now)


@contextmanager
def _collector_at_rest() -> Iterator[None]:
    """Half a million objects and no garbage: looking for some again and again would double the price."""
    was_at_work = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_at_work:
            gc.enable()


def _load(connection: Connection, now: datetime) -> RegistrySnapshot:
    over_ms = milliseconds(now - KEPT_AFTER_END)
    credentials, digests, list_digests = rows.credentials(connection)
    groups = rows.groups(connection)
    events = holding_rows.events(connection, over_ms)
    tickets, ticket_digests = holding_rows.tickets(connection, events)
    return RegistrySnapshot(
        version=versions.version_of(connection),
        people=rows.people(connection),
        memberships=rows.memberships(connection),
        leases=rows.leases(connection),
        credentials=credentials,
        digests=digests,
        list_digests=list_digests,
        teams=groups.teams,
        team_memberships=groups.team_memberships,
        cohorts=groups.cohorts,
        bookings=booking_rows.bookings(connection, over_ms),
        events=events,
        tickets=tickets,
        ticket_digests=ticket_digests,
        guest_passes=holding_rows.guest_passes(connection, over_ms),
        visits=holding_rows.visits(connection, over_ms),
        revoked_passes=holding_rows.revoked_passes(connection),
        house=house_rows.house_state(connection, over_ms),
    )


def changed_since(connection: Connection, version: int, now: datetime) -> RegistryChange | None:
    """What to lay over that version; None when that cannot be told, or loading all is no dearer."""
    newest = versions.version_of(connection)
    if version == newest:
        return RegistryChange(newest, frozenset(), {}, {}, {}, {})
    subjects = versions.touched_since(connection, version)
    if subjects is None or versions.EVERYTHING in subjects:
        return None
    touched = versions.people_among(subjects)
    areas = versions.areas_among(subjects)
    if len(touched) > versions.PATCHED_AT_MOST:
        return None
    over_ms = milliseconds(now - KEPT_AFTER_END)
    credentials, digests, list_digests = rows.credentials(connection, touched)
    events = holding_rows.events(connection, over_ms) if versions.EVENTS in subjects else None
    tickets, ticket_digests = (None, None) if events is None else holding_rows.tickets(connection, events)
    return RegistryChange(
        version=newest,
        touched=frozenset(map(PersonId, touched)),
        people=rows.people(connection, touched),
        memberships=rows.memberships(connection, touched),
        credentials=credentials,
        digests=digests,
        list_digests=list_digests,
        leases=rows.leases(connection) if versions.LEASES in subjects else None,
        groups=rows.groups(connection) if versions.GROUPS in subjects else None,
        booked_areas=frozenset(map(AreaId, areas)),
        bookings=booking_rows.bookings(connection, over_ms, areas) if areas else {},
        events=events,
        tickets=tickets,
        ticket_digests=ticket_digests,
        guest_passes=holding_rows.guest_passes(connection, over_ms) if versions.GUESTS in subjects else None,
        visits=holding_rows.visits(connection, over_ms) if versions.VISITS in subjects else None,
        revoked_passes=holding_rows.revoked_passes(connection) if versions.VISITS in subjects else None,
        house=house_rows.house_state(connection, over_ms) if versions.HOUSE in subjects else None,
    )
