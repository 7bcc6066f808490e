"""The access lists that doors were given, in SQL: the `ListStore` port.

A door decides from a list and tells of it later, with hashes that only that list's salt explains.
"""

from datetime import timedelta

from sqlalchemy import Connection, delete, insert, select, update

from controller.adapters.sql import schema_registry as schema
from controller.adapters.sql.database import Database
from controller.domain.ids import DeviceId
from controller.services.stores import IssuedList

# A door that was cut off tells of what it decided when it comes back; no buffer is kept for longer.
KEPT_AFTER_END = timedelta(days=31)


class SqlLists:
    """Over the registry's own database; a list given out changes nobody's rights, and so no version."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def remember_list(self, device: DeviceId, rev: int, salt: bytes, issued_ms: int, until_ms: int) -> None:
        one = IssuedList(device, rev, salt, issued_ms, until_ms)
        await self._database.write(lambda connection: _remember(connection, one))

    async def remembered_lists(self) -> list[IssuedList]:
        table = schema.access_list
        ordered = select(table).order_by(table.c.device, table.c.rev)
        return await self._database.read(lambda connection: [IssuedList(*row) for row in connection.execute(ordered)])


def _remember(connection: Connection, one: IssuedList) -> None:
    table = schema.access_list
    values = {"salt": one.salt, "issued_ms": one.issued_ms, "until_ms": one.until_ms}
    known = (table.c.device == one.device) & (table.c.rev == one.rev)
    if not connection.execute(update(table).where(known).values(values)).rowcount:
        connection.execute(insert(table).values(device=one.device, rev=one.rev, **values))
    gone_ms = one.issued_ms - KEPT_AFTER_END // timedelta(milliseconds=1)
    connection.execute(delete(table).where(table.c.until_ms < gone_ms))
