"""The ledger in SQL: the `Ledger` port. Rows are added and nothing else; the database itself refuses more."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import Connection, insert, or_, select

from controller.adapters.sql import schema_registry as schema
from controller.adapters.sql.columns import milliseconds, moment
from controller.adapters.sql.database import Database
from controller.adapters.sql.versions import set_key, version_of
from controller.domain.ids import PersonId, PlanId
from controller.domain.usage import Charge, ChargeKind, LedgerEntry, LedgerRow
from controller.services.people import registry_checks as checks


class SqlLedger:
    """Over the registry's own database, with a version of its own: a day used is no change of rights."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def version(self) -> int:
        return await self._database.read(lambda connection: version_of(connection, schema.LEDGER_KEY))

    async def cursor(self) -> int | None:
        found = await self._database.read(lambda connection: version_of(connection, schema.LEDGER_CURSOR_KEY))
        return found if found >= 0 else None

    async def load(self, since: date) -> list[LedgerRow]:
        return await self._database.read(lambda connection: _load(connection, since))

    async def append(self, rows: Sequence[LedgerRow], cursor: int | None = None) -> list[bool]:
        for row in rows:
            checks.check_ledger_row(row)
        return await self._database.write(lambda connection: _append(connection, rows, cursor))


def _load(connection: Connection, since: date) -> list[LedgerRow]:
    table = schema.ledger
    wanted = or_(table.c.day >= since, table.c.kind == ChargeKind.DAY_PASS.value)
    return [
        LedgerRow(
            LedgerEntry(row.entry),
            Charge(
                ChargeKind(row.kind),
                PersonId(row.holder),
                row.day,
                PersonId(row.subject) if row.subject else None,
                PlanId(row.plan) if row.plan is not None else None,
            ),
            moment(row.at_ms),
            row.amount,
            row.by,
            row.reason,
            row.correlation,
        )
        for row in connection.execute(select(table).where(wanted).order_by(table.c.number))
    ]


def _append(connection: Connection, rows: Sequence[LedgerRow], cursor: int | None) -> list[bool]:
    # One by one: which of them were new must be known, and an entry is a row or two.
    new = [_add(connection, row) for row in rows]
    if any(new):
        set_key(connection, schema.LEDGER_KEY, version_of(connection, schema.LEDGER_KEY) + sum(new))
    # Of two that follow the same log the further one is right: nothing is ever taken out of the ledger.
    if cursor is not None and cursor > version_of(connection, schema.LEDGER_CURSOR_KEY):
        set_key(connection, schema.LEDGER_CURSOR_KEY, cursor)
    return new


def _add(connection: Connection, row: LedgerRow) -> bool:
    values = _values(row)
    # No other writer comes between; were one to, the index of uses refuses the second.
    if row.entry is LedgerEntry.USED:
        table, key = schema.ledger, ("entry", "kind", "holder", "day", "subject")
        same = select(table.c.number).where(*(table.c[name] == values[name] for name in key))
        if connection.execute(same).first() is not None:
            return False
    connection.execute(insert(schema.ledger).values(values))
    return True


def _values(row: LedgerRow) -> dict[str, Any]:
    charge = row.charge
    return {
        "entry": row.entry.value,
        "kind": charge.kind.value,
        "holder": charge.holder,
        "day": charge.day,
        "subject": charge.subject or "",
        "plan": charge.plan,
        "at_ms": milliseconds(row.at),
        "amount": row.amount,
        "by": row.by,
        "reason": row.reason,
        "correlation": row.correlation,
    }
