"""Bookings in SQL: the `BookingStore` port. A change touches its room, and no other.

That no two overlap is the database's own law (`r0003_rooms`): triggers in SQLite, a constraint elsewhere. Here is only
what is said when it speaks.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from typing import TypeVar

from sqlalchemy import ColumnElement, Connection, and_, delete, func, select, update
from sqlalchemy.exc import IntegrityError

from controller.adapters.sql import booking_rows as rows
from controller.adapters.sql import schema_registry as schema
from controller.adapters.sql import series as series_rows
from controller.adapters.sql.columns import milliseconds
from controller.adapters.sql.database import Database
from controller.adapters.sql.versions import bump, version_of
from controller.domain.booking.values import Series, SkipReason
from controller.domain.holdings import HOLDS_ITS_TIME, Booking, BookingState
from controller.domain.ids import AreaId, BookingId, PersonId, SeriesId
from controller.services.booking import store_checks
from controller.services.booking.stores import OpenBook, Overlap, Tried
from controller.services.people import registry_checks as checks

T = TypeVar("T")

# What the triggers and the constraint are called, and both databases say.
_LAW = "booking_no_overlap"

_table = schema.booking
_holds = _table.c.state.in_(sorted(state.value for state in HOLDS_ITS_TIME))


class SqlBookings:
    """Over the registry's own database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def put_booking(self, booking: Booking) -> int:
        return await self.put_bookings([booking])

    async def put_bookings(self, bookings: Sequence[Booking]) -> int:
        store_checks.check_bookings(bookings)
        return await self._database.write(lambda connection: _put(connection, bookings))

    async def try_bookings(self, bookings: Sequence[Booking]) -> Tried:
        store_checks.check_bookings(bookings)
        return await self._database.write(lambda connection: _try(connection, bookings))

    async def try_from(
        self, origin: str, after: datetime, decide: Callable[[Sequence[Booking]], Sequence[Booking]]
    ) -> Tried:
        wanted = _is_from(origin) & (_table.c.end_ms > milliseconds(after))

        def work(connection: Connection) -> Tried:
            bookings = decide(rows.bookings_where(connection, wanted, _table.c.start_ms))
            store_checks.check_bookings(bookings)
            return _all_or_those_that_fit(connection, bookings)

        return await self._database.write(work)

    async def change_booking(self, id: BookingId, change: Callable[[Booking], Booking]) -> tuple[int, Booking]:
        return await self._database.write(lambda connection: _change(connection, id, change))

    async def together(self, work: Callable[[OpenBook], T]) -> T:
        return await self._database.write(lambda connection: _together(connection, work))

    async def cancel_booking(self, id: BookingId) -> int:
        return await self._end(id, BookingState.CANCELLED, None)

    async def release_booking(self, id: BookingId, at: datetime) -> int:
        return await self._end(id, BookingState.RELEASED, at)

    async def _end(self, id: BookingId, state: BookingState, at: datetime | None) -> int:
        version, _ = await self.change_booking(id, lambda one: store_checks.ended(one, state, at))
        return version

    async def booking(self, id: BookingId) -> Booking | None:
        return await self._database.read(lambda connection: _find(connection, id))

    async def bookings_between(self, start: datetime, end: datetime, area: AreaId | None = None) -> list[Booking]:
        wanted = _stands_in(start, end)
        if area is not None:
            wanted &= _table.c.area == area
        return await self._database.read(
            lambda connection: rows.bookings_where(connection, wanted, _table.c.area, _table.c.start_ms)
        )

    async def bookings_of(self, owner: PersonId, start: datetime, end: datetime) -> list[Booking]:
        return await self._database.read(lambda connection: _bookings_of(connection, owner, start, end))

    async def bookings_of_series(self, series: SeriesId) -> list[Booking]:
        return await self._database.read(lambda connection: _bookings_of_series(connection, series))

    async def bookings_from(self, origin: str) -> list[Booking]:
        wanted = _is_from(origin)
        return await self._database.read(lambda connection: rows.bookings_where(connection, wanted, _table.c.start_ms))

    async def bookings_ended(self, start: datetime, end: datetime) -> list[Booking]:
        wanted = and_(_table.c.end_ms >= milliseconds(start), _table.c.end_ms < milliseconds(end))
        return await self._database.read(lambda connection: rows.bookings_where(connection, wanted, _table.c.end_ms))


class _OpenBook:
    """One transaction's view of the book; `areas` are the rooms that were touched."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.areas: set[AreaId] = set()

    def bookings_between(self, start: datetime, end: datetime, area: AreaId) -> list[Booking]:
        wanted = _stands_in(start, end) & (_table.c.area == area)
        return rows.bookings_where(self._connection, wanted, _table.c.start_ms)

    def bookings_of(self, owner: PersonId, start: datetime, end: datetime) -> list[Booking]:
        return _bookings_of(self._connection, owner, start, end)

    def bookings_of_series(self, series: SeriesId) -> list[Booking]:
        return _bookings_of_series(self._connection, series)

    def put(self, booking: Booking) -> Booking:
        store_checks.check_booking(booking)
        _know_everybody(self._connection, [booking])
        with _lawful(self._connection, booking):
            rows.put_bookings(self._connection, [booking])
        self.areas.add(booking.area)
        return store_checks.as_kept(booking)

    def change(self, id: BookingId, change: Callable[[Booking], Booking]) -> Booking:
        before, after = _rewrite(self._connection, id, change)
        if after != before:
            self.areas |= {before.area, after.area}
        return after

    def put_series(self, series: Series) -> None:
        series_rows.put_series(self._connection, series)

    def skip_days(self, id: SeriesId, days: dict[date, SkipReason]) -> None:
        series_rows.skip_days(self._connection, id, days)


def _together(connection: Connection, work: Callable[[OpenBook], T]) -> T:
    book = _OpenBook(connection)
    done = work(book)
    if book.areas:
        bump(connection, areas=book.areas)
    return done


def _stands_in(start: datetime, end: datetime) -> ColumnElement[bool]:
    return and_(_holds, _table.c.start_ms < milliseconds(end), _table.c.held_ms > milliseconds(start))


def _bookings_of(connection: Connection, owner: PersonId, start: datetime, end: datetime) -> list[Booking]:
    lies = and_(_table.c.start_ms < milliseconds(end), _table.c.end_ms > milliseconds(start))
    return rows.bookings_where(connection, (_table.c.owner == owner) & lies, _table.c.start_ms)


def _bookings_of_series(connection: Connection, series: SeriesId) -> list[Booking]:
    return rows.bookings_where(connection, _table.c.series == series, _table.c.series_day)


def _is_from(origin: str) -> ColumnElement[bool]:
    # Not LIKE, to which SQLite's letters are all of one size.
    return func.substr(_table.c.origin, 1, len(origin)) == origin


def _put(connection: Connection, bookings: Sequence[Booking]) -> int:
    _know_everybody(connection, bookings)
    before = rows.bookings_of_ids(connection, [one.id for one in bookings])
    changed = [one for one in bookings if store_checks.as_kept(one) != before.get(one.id)]
    if not changed:
        return version_of(connection)
    try:
        # A savepoint, as PostgreSQL answers no further question in a transaction that failed.
        with connection.begin_nested():
            rows.put_bookings(connection, changed)
    except IntegrityError as exc:
        if not _is_law(exc):
            raise
        # Which of them it was, no database says of many rows. Nothing of this transaction stays.
        rows.remove_bookings(connection, bookings)
        for wanted, there in _put_those_that_fit(connection, bookings):
            if there is not None:
                raise store_checks.overlap(wanted, there) from None
        raise
    return bump(connection, areas=_areas(before, changed))


def _try(connection: Connection, bookings: Sequence[Booking]) -> Tried:
    _know_everybody(connection, bookings)
    before = rows.bookings_of_ids(connection, [one.id for one in bookings])
    made: list[Booking] = []
    conflicts: list[tuple[Booking, Booking]] = []
    for wanted, there in _put_those_that_fit(connection, bookings):
        if there is None:
            made.append(store_checks.as_kept(wanted))
        else:
            conflicts.append((wanted, there))
    changed = [one for one in made if one != before.get(one.id)]
    version = bump(connection, areas=_areas(before, changed)) if changed else version_of(connection)
    return Tried(version, tuple(made), tuple(conflicts))


def _areas(before: Mapping[BookingId, Booking], changed: Iterable[Booking]) -> set[AreaId]:
    """A booking moved from one room to another touches both."""
    return {area for one in changed for area in (one.area, before.get(one.id, one).area)}


def _all_or_those_that_fit(connection: Connection, bookings: Sequence[Booking]) -> Tried:
    """Written in one go two may change places, and a year is quick."""
    try:
        with connection.begin_nested():
            version = _put(connection, bookings)
    except Overlap:
        return _try(connection, bookings)
    return Tried(version, tuple(map(store_checks.as_kept, bookings)), ())


def _put_those_that_fit(
    connection: Connection, bookings: Sequence[Booking]
) -> Iterator[tuple[Booking, Booking | None]]:
    """One by one, each with what stands in its way; of one that does not fit nothing is left."""
    for one in bookings:
        try:
            with _lawful(connection, one):
                rows.put_bookings(connection, [one])
        except Overlap as refused:
            yield one, refused.there
        else:
            yield one, None


@contextmanager
def _lawful(connection: Connection, wanted: Booking) -> Iterator[None]:
    """Whatever is written inside, or nothing of it and an Overlap that names what was met."""
    try:
        with connection.begin_nested():
            yield
    except IntegrityError as exc:
        if not _is_law(exc):
            raise
        raise store_checks.overlap(wanted, _met(connection, wanted)) from None


def _is_law(exc: IntegrityError) -> bool:
    return _LAW in str(exc.orig)


def _met(connection: Connection, wanted: Booking) -> Booking:
    until = milliseconds(wanted.held_until or wanted.end)
    in_the_way = and_(
        _holds,
        _table.c.area == wanted.area,
        _table.c.id != wanted.id,
        _table.c.start_ms < until,
        _table.c.held_ms > milliseconds(wanted.start),
    )
    return rows.bookings_where(connection, in_the_way, _table.c.start_ms)[0]


def _change(connection: Connection, id: BookingId, change: Callable[[Booking], Booking]) -> tuple[int, Booking]:
    before, after = _rewrite(connection, id, change)
    if after == before:
        return version_of(connection), after
    return bump(connection, areas={before.area, after.area}), after


def _rewrite(connection: Connection, id: BookingId, change: Callable[[Booking], Booking]) -> tuple[Booking, Booking]:
    before = _find(connection, id)
    if before is None:
        raise checks.unknown("booking", id, connection.scalars(select(_table.c.id).limit(10_000)))
    after = store_checks.as_kept(change(before))
    if after == before:
        return before, before
    store_checks.check_changed(before, after)
    _know_everybody(connection, [after])
    old = rows.booking_row(before)
    # What stays is not written: two that overlapped before there was a law may still be checked in, or cancelled.
    values = {name: value for name, value in rows.booking_row(after).items() if value != old[name]}
    with _lawful(connection, after):
        if values:
            connection.execute(update(_table).where(_table.c.id == id).values(values))
    if after.participants != before.participants:
        others = schema.booking_participant
        connection.execute(delete(others).where(others.c.booking == id))
        rows.put_participants(connection, [after])
    return before, after


def _find(connection: Connection, id: BookingId) -> Booking | None:
    found = rows.bookings_where(connection, _table.c.id == id)
    return found[0] if found else None


def _know_everybody(connection: Connection, bookings: Sequence[Booking]) -> None:
    rows.know_everybody(connection, {who for one in bookings for who in (one.owner, *one.participants)})
