"""Series and the days on which they have no booking, in SQL: the `SeriesStore` port. Their bookings are bookings."""

from collections.abc import Sequence
from datetime import date

from sqlalchemy import Connection, delete, select

from controller.adapters.sql import booking_rows as rows
from controller.adapters.sql import schema_rooms
from controller.adapters.sql.columns import put
from controller.adapters.sql.database import Database
from controller.domain.booking.values import Series, SkipReason
from controller.domain.ids import PersonId, SeriesId
from controller.services.booking import store_checks
from controller.services.people import registry_checks as checks

_table = schema_rooms.booking_series
_skip = schema_rooms.series_skip


class SqlSeries:
    """Over the registry's own database; a series by itself opens no door, and so has no version."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def put_series(self, series: Series) -> None:
        await self._database.write(lambda connection: put_series(connection, series))

    async def series(self, id: SeriesId) -> Series | None:
        found = await self._database.read(lambda connection: rows.series_where(connection, _table.c.id == id))
        return found[0] if found else None

    async def series_of(self, owner: PersonId) -> list[Series]:
        wanted = (_table.c.owner == owner) & _table.c.ended_ms.is_(None)
        return await self._database.read(lambda connection: rows.series_where(connection, wanted))

    async def skip_days(self, id: SeriesId, days: dict[date, SkipReason]) -> None:
        await self._database.write(lambda connection: skip_days(connection, id, days))


def put_series(connection: Connection, series: Series) -> None:
    store_checks.check_series(series)
    rows.know_everybody(connection, [series.owner])
    # Its skipped days go with it, and come again as they are given.
    connection.execute(delete(_table).where(_table.c.id == series.id))
    put(connection, _table, [rows.series_row(series)])
    put(connection, _skip, rows.skip_rows(series.id, series.skipped))


def skip_days(connection: Connection, id: SeriesId, days: dict[date, SkipReason]) -> None:
    known: Sequence[str] = connection.scalars(select(_table.c.id)).all()
    if id not in known:
        raise checks.unknown("series", id, known)
    connection.execute(delete(_skip).where(_skip.c.series == id, _skip.c.day.in_(list(days))))
    put(connection, _skip, rows.skip_rows(id, days))
