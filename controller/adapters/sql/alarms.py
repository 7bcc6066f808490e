"""Alarms in SQL: the `AlarmStore` port. Causes and answers are different columns, and neither is written with the other."""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from controller.adapters.sql import schema_registry as schema
from controller.adapters.sql.columns import exact_moment, microseconds
from controller.adapters.sql.database import Database
from controller.adapters.sql.versions import next_of, version_of
from controller.domain.alarm import Acknowledgement, Alarm, AlarmKind, Subject
from controller.domain.facts import Plain
from controller.domain.ids import AlarmId
from controller.services.doors.alarms import answer_to

_table = schema.alarm


class SqlAlarmStore:
    """Over the registry's own database, with a version of its own: an alarm is no change of rights."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def version(self) -> int:
        return await self._database.read(lambda connection: version_of(connection, schema.ALARMS_KEY))

    async def load_open(self) -> tuple[Alarm, ...]:
        wanted = select(_table).where(_table.c.is_open).order_by(_table.c.raised_us, _table.c.id)
        return await self._database.read(lambda connection: tuple(map(_alarm, connection.execute(wanted))))

    async def latest(self, limit: int = 50) -> tuple[Alarm, ...]:
        newest = select(_table).order_by(_table.c.raised_us.desc(), _table.c.id.desc()).limit(limit)
        return await self._database.read(lambda connection: tuple(map(_alarm, connection.execute(newest)))[::-1])

    async def find(self, alarm: AlarmId) -> Alarm | None:
        return await self._database.read(lambda connection: _find(connection, alarm))

    async def save(self, alarm: Alarm) -> None:
        await self._database.write(lambda connection: _save(connection, alarm))

    async def acknowledge(self, alarm: AlarmId, answer: Acknowledgement) -> Alarm:
        return await self._database.write(lambda connection: _acknowledge(connection, alarm, answer))


def _find(connection: Connection, id: AlarmId) -> Alarm | None:
    row = connection.execute(select(_table).where(_table.c.id == id)).one_or_none()
    return None if row is None else _alarm(row)


def _save(connection: Connection, alarm: Alarm) -> None:
    before = _find(connection, alarm.id)
    # Whether it is still open follows from the answer that is kept, which may be newer than the one we were given.
    kept = replace(alarm, answer=before.answer if before is not None else None)
    if kept == before:
        return
    cause = _cause(alarm) | {"is_open": kept.is_open}
    if before is None:
        connection.execute(insert(_table).values(id=alarm.id, **cause))
    else:
        connection.execute(update(_table).where(_table.c.id == alarm.id).values(cause))
    next_of(connection, schema.ALARMS_KEY)


def _acknowledge(connection: Connection, id: AlarmId, answer: Acknowledgement) -> Alarm:
    after = answer_to(_find(connection, id), id, answer)
    if after.answer is not None:
        values = {
            "answered_by": after.answer.by,
            "answered_note": after.answer.note,
            "answered_us": microseconds(after.answer.at),
            "is_open": after.is_open,
        }
        connection.execute(update(_table).where(_table.c.id == id).values(values))
        next_of(connection, schema.ALARMS_KEY)
    return after


def _cause(alarm: Alarm) -> dict[str, Any]:
    about = alarm.subject
    return {
        "kind": alarm.kind.value,
        "door": about.door,
        "device": about.device,
        "area": about.area,
        "person": about.person,
        "raised_us": microseconds(alarm.raised_at),
        "since_us": microseconds(alarm.since),
        "last_us": microseconds(alarm.last_at),
        "count": alarm.count,
        "late": alarm.late,
        "cleared_us": microseconds(alarm.cleared_at) if alarm.cleared_at is not None else None,
        "detail": json.dumps(alarm.detail, ensure_ascii=False) if alarm.detail else None,
    }


def _alarm(row: Row[Any]) -> Alarm:
    # By place: a column's name may be a method of the row's own, as "count" is.
    id_, kind, door, device, area, person, raised, since, last, count, late, cleared, by, note, at, _, detail = tuple(
        row
    )
    return Alarm(
        AlarmId(id_),
        AlarmKind(kind),
        Subject(door, device, area, person),
        exact_moment(raised),
        exact_moment(since),
        exact_moment(last),
        count,
        late,
        exact_moment(cleared) if cleared is not None else None,
        Acknowledgement(by, note, exact_moment(at)) if by is not None else None,
        _detail(detail),
    )


def _detail(text: str | None) -> Mapping[str, Plain]:
    return {} if text is None else {name: _plain(value) for name, value in json.loads(text).items()}


def _plain(value: Any) -> Plain:
    """JSON's lists back into the tuples that plain values hold."""
    if isinstance(value, list):
        return tuple(_plain(item) for item in value)
    if isinstance(value, dict):
        return {name: _plain(item) for name, item in value.items()}
    return value  # type: ignore[no-any-return]
