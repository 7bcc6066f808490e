"""Notices on their way in SQL: the `NoticeStore` port."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, and_, delete, insert, select, update

from controller.adapters.sql import schema_rooms as schema
from controller.adapters.sql.columns import milliseconds, moment, moment_or_none
from controller.adapters.sql.database import Database
from controller.adapters.sql.schema_registry import person
from controller.adapters.sql.versions import set_key, version_of
from controller.domain.ids import PersonId
from controller.domain.notices import Channel, Notice, NoticeKind
from controller.services.notices.store import Kept, NoticeState

_table = schema.notice
_KINDS = {kind.value for kind in NoticeKind}


class SqlNotices:
    """Over the registry's own database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def cursor(self) -> int | None:
        found = await self._database.read(lambda connection: version_of(connection, schema.NOTICES_CURSOR_KEY))
        return None if found < 0 else found

    async def add(self, notices: Sequence[Notice], at: datetime, cursor: int) -> int:
        return await self._database.write(lambda connection: _add(connection, notices, at, cursor))

    async def due(self, at: datetime, limit: int) -> list[Kept]:
        waiting = select(_table).where(
            _table.c.state == NoticeState.WAITING.value, _table.c.next_ms <= milliseconds(at)
        )
        return await self._read(waiting.order_by(_table.c.next_ms, _table.c.number).limit(limit))

    async def sent(self, number: int, at: datetime) -> None:
        await self._become(number, state=NoticeState.SENT.value, sent_ms=milliseconds(at), error=None)

    async def put_off(self, number: int, until: datetime, error: str) -> None:
        await self._become(number, next_ms=milliseconds(until), attempts=_table.c.attempts + 1, error=error)

    async def give_up(self, number: int, at: datetime, error: str) -> None:
        await self._become(number, state=NoticeState.FAILED.value, attempts=_table.c.attempts + 1, error=error)

    async def retry(self, number: int | None, at: datetime) -> int:
        again = update(_table).where(_table.c.state == NoticeState.FAILED.value)
        if number is not None:
            again = again.where(_table.c.number == number)
        # It is given a day anew: what is tried again by hand is wanted.
        now_ms = milliseconds(at)
        changed = again.values(state=NoticeState.WAITING.value, next_ms=now_ms, made_ms=now_ms, attempts=0)
        return await self._database.write(lambda connection: int(connection.execute(changed).rowcount))

    async def newest(self, limit: int, state: NoticeState | None = None) -> list[Kept]:
        found = select(_table).order_by(_table.c.number.desc()).limit(limit)
        return await self._read(found if state is None else found.where(_table.c.state == state.value))

    async def forget_before(self, at: datetime) -> int:
        is_over = and_(_table.c.state != NoticeState.WAITING.value, _table.c.made_ms < milliseconds(at))
        # Asked each second and true once a day: a look costs nothing, a write the lock.
        is_any = select(_table.c.number).where(is_over).limit(1)
        if await self._database.read(lambda connection: connection.execute(is_any).first()) is None:
            return 0
        return await self._database.write(
            lambda connection: int(connection.execute(delete(_table).where(is_over)).rowcount)
        )

    async def _read(self, statement: Any) -> list[Kept]:
        return await self._database.read(
            lambda connection: [_kept(row) for row in connection.execute(statement) if row.kind in _KINDS]
        )

    async def _become(self, number: int, **values: object) -> None:
        change = update(_table).where(_table.c.number == number).values(**values)
        await self._database.write(lambda connection: connection.execute(change))


def _add(connection: Connection, notices: Sequence[Notice], at: datetime, cursor: int) -> int:
    made = 0
    for one in notices:
        known = select(_table.c.number).where(_table.c.key == one.key)
        is_here = select(person.c.id).where(person.c.id == one.person)
        if connection.execute(known).first() is not None or connection.execute(is_here).first() is None:
            continue
        connection.execute(
            insert(_table).values(
                key=one.key,
                kind=one.kind.value,
                person=one.person,
                channel=one.channel.value,
                data=json.dumps(dict(one.data), ensure_ascii=False),
                made_ms=milliseconds(at),
                state=NoticeState.WAITING.value,
                attempts=0,
                next_ms=milliseconds(at),
            )
        )
        made += 1
    set_key(connection, schema.NOTICES_CURSOR_KEY, cursor)
    return made


def _kept(row: Row[Any]) -> Kept:
    return Kept(
        row.number,
        Notice(row.key, NoticeKind(row.kind), PersonId(row.person), Channel(row.channel), json.loads(row.data)),
        moment(row.made_ms),
        NoticeState(row.state),
        row.attempts,
        moment(row.next_ms),
        moment_or_none(row.sent_ms),
        row.error,
    )
