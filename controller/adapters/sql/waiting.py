"""Who waits for a room that is taken, in SQL: the `WaitingStore` port."""

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, insert, select, update

from controller.adapters.sql import booking_rows as rows
from controller.adapters.sql.columns import milliseconds
from controller.adapters.sql.database import Database
from controller.adapters.sql.schema_rooms import WAITING_KEY
from controller.adapters.sql.schema_rooms import waiting as _table
from controller.adapters.sql.versions import next_of, version_of
from controller.domain.booking.values import Waiting, WaitingState
from controller.domain.ids import AreaId, PersonId, WaitingId
from controller.services.booking import store_checks
from controller.services.people import registry_checks as checks

_asks = _table.c.state.in_([WaitingState.WAITING.value, WaitingState.OFFERED.value])


class SqlWaiting:
    """Over the registry's own database, with a version of its own: who waits may not enter yet."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def version(self) -> int:
        return await self._database.read(lambda connection: version_of(connection, WAITING_KEY))

    async def put_waiting(self, waiting: Waiting) -> int:
        kept = store_checks.waiting_as_kept(waiting)
        store_checks.check_waiting(kept)
        return await self._database.write(lambda connection: _put(connection, _find(connection, kept.id), kept))

    async def change_waiting(self, id: WaitingId, change: Callable[[Waiting], Waiting]) -> tuple[int, Waiting]:
        return await self._database.write(lambda connection: _change(connection, id, change))

    async def waiting(self, id: WaitingId) -> Waiting | None:
        return await self._database.read(lambda connection: _find(connection, id))

    async def waiting_list(self, at: datetime, area: AreaId | None = None) -> list[Waiting]:
        wanted = _asks & (_table.c.end_ms > milliseconds(at))
        return await self._all(wanted if area is None else wanted & (_table.c.area == area))

    async def waiting_of(self, person: PersonId, at: datetime) -> list[Waiting]:
        return await self._all(_asks & (_table.c.end_ms > milliseconds(at)) & (_table.c.person == person))

    async def _all(self, wanted: ColumnElement[bool]) -> list[Waiting]:
        return await self._database.read(lambda connection: rows.waiting_where(connection, wanted))


def _change(connection: Connection, id: WaitingId, change: Callable[[Waiting], Waiting]) -> tuple[int, Waiting]:
    before = _find(connection, id)
    if before is None:
        raise checks.unknown("place in a waiting list", id, connection.scalars(select(_table.c.id)))
    after = store_checks.waiting_as_kept(change(before))
    store_checks.check_waiting(after)
    return _put(connection, before, after), after


def _put(connection: Connection, before: Waiting | None, after: Waiting) -> int:
    rows.know_everybody(connection, [after.person])
    if after == before:
        return version_of(connection, WAITING_KEY)
    if before is None:
        connection.execute(insert(_table).values(rows.waiting_row(after)))
    else:
        connection.execute(update(_table).where(_table.c.id == before.id).values(rows.waiting_row(after)))
    return next_of(connection, WAITING_KEY)


def _find(connection: Connection, id: WaitingId) -> Waiting | None:
    found = rows.waiting_where(connection, _table.c.id == id)
    return found[0] if found else None
