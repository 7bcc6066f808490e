"""Bookings in SQL, as decisions need them: the `BookingStore` port. A change touches its room, and no other."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, select, update

from controller.adapters.sql import holding_rows as rows
from controller.adapters.sql import schema_registry as schema
from controller.adapters.sql.columns import found_among, milliseconds, slices
from controller.adapters.sql.database import Database
from controller.adapters.sql.versions import bump, version_of
from controller.domain.holdings import Booking, BookingState
from controller.domain.ids import BookingId
from controller.errors import InputError
from controller.services.people import registry_checks as checks


class SqlBookings:
    """Over the registry's own database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def put_booking(self, booking: Booking) -> int:
        return await self.put_bookings([booking])

    async def put_bookings(self, bookings: Sequence[Booking]) -> int:
        for one in bookings:
            checks.check_booking(one)
        return await self._database.write(lambda connection: _put(connection, bookings))

    async def cancel_booking(self, id: BookingId) -> int:
        return await self._database.write(lambda connection: _end(connection, id, BookingState.CANCELLED))

    async def release_booking(self, id: BookingId, at: datetime) -> int:
        return await self._database.write(lambda connection: _end(connection, id, BookingState.RELEASED, at))


def _put(connection: Connection, bookings: Sequence[Booking]) -> int:
    if not bookings:
        return version_of(connection)
    ids = [one.id for one in bookings]
    if len(set(ids)) < len(ids):
        twice = next(id for id in ids if ids.count(id) > 1)
        raise InputError(f"booking {twice!r} is given twice: each booking once")
    everybody = {str(who) for one in bookings for who in (one.owner, *one.participants)}
    missing = everybody - found_among(connection, schema.person.c.id, everybody)
    if missing:
        known = connection.scalars(select(schema.person.c.id)).all()
        raise checks.unknown("person", min(missing), known, "whom is the booking for?")
    table = schema.booking
    before = {
        area for some in slices(ids) for area in connection.scalars(select(table.c.area).where(table.c.id.in_(some)))
    }
    rows.put_bookings(connection, bookings)
    # A booking moved from one room to another touches both.
    return bump(connection, areas=before | {one.area for one in bookings})


def _end(connection: Connection, id: BookingId, state: BookingState, at: datetime | None = None) -> int:
    """Only what still stands can end; a released booking is truncated where it was released, if it has begun."""
    table = schema.booking
    row = connection.execute(select(table).where(table.c.id == id)).one_or_none()
    if row is None:
        raise checks.unknown("booking", id, connection.scalars(select(table.c.id).limit(10_000)))
    if row.state == state.value:
        return version_of(connection)
    if row.state != BookingState.BOOKED.value:
        raise InputError(f"booking {id!r} is {row.state} already: nothing of it is left to end")
    end_ms = row.end_ms if at is None else max(row.start_ms, min(row.end_ms, milliseconds(at)))
    connection.execute(update(table).where(table.c.id == id).values(state=state.value, end_ms=end_ms))
    return bump(connection, areas=[row.area])
