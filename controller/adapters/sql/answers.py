"""What was answered to requests with a key of their own, in SQL: the `AnswerStore` port."""

from datetime import datetime

from sqlalchemy import Connection, delete, insert, or_, select

from controller.adapters.sql import schema_rooms as schema
from controller.adapters.sql.columns import milliseconds, moment
from controller.adapters.sql.database import Database
from controller.services.tokens.answers import KeptAnswer

_table = schema.api_answer


class SqlAnswers:
    """Over the registry's own database; an answer changes nobody's rights, and so no version."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def answer(self, key: bytes) -> KeptAnswer | None:
        wanted = select(_table.c.asked, _table.c.sealed, _table.c.at_ms).where(_table.c.key == key)
        row = await self._database.read(lambda connection: connection.execute(wanted).one_or_none())
        return None if row is None else KeptAnswer(bytes(row.asked), bytes(row.sealed), moment(row.at_ms))

    async def keep_answer(self, key: bytes, answer: KeptAnswer, forget_before: datetime) -> None:
        await self._database.write(lambda connection: _keep(connection, key, answer, forget_before))


def _keep(connection: Connection, key: bytes, answer: KeptAnswer, forget_before: datetime) -> None:
    connection.execute(delete(_table).where(or_(_table.c.key == key, _table.c.at_ms < milliseconds(forget_before))))
    row = {"key": key, "asked": answer.asked, "sealed": answer.sealed, "at_ms": milliseconds(answer.at)}
    connection.execute(insert(_table).values(row))
