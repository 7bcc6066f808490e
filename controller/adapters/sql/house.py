"""The house's state in SQL: the `HouseStore` port. What has ended stays in its table, with who ended it and why."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Table, func, insert, select, update

from controller.adapters.sql import house_rows as rows
from controller.adapters.sql import schema_registry as schema
from controller.adapters.sql.columns import milliseconds, milliseconds_or_none, moment, put
from controller.adapters.sql.database import Database
from controller.adapters.sql.versions import HOUSE, bump, version_of
from controller.domain.house import ExtraHoliday, HouseState, Lockdown, Override, Scope, Wanted, WindowOpened
from controller.domain.ids import DoorId, PersonId, ScheduleId
from controller.errors import InputError
from controller.services.people import registry_checks as checks
from controller.services.stores import Ending

_ENDING = {"lockdown": schema.lockdown, "override": schema.door_override}
FIRE = "fire"


class SqlHouse:
    """Over the registry's own database: a change here is a change of its version."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def begin_lockdown(self, scope: Scope, by: PersonId, reason: str, at: datetime) -> int:
        def begin(connection: Connection) -> int:
            checks.check_lockdown(_state(connection), scope, reason)
            _add(connection, schema.lockdown, scope, since_ms=milliseconds(at), by=by, reason=reason)
            return bump(connection, HOUSE)

        return await self._database.write(begin)

    async def lift_lockdown(self, which: Scope | str, by: PersonId, reason: str, at: datetime) -> int:
        def lift(connection: Connection) -> int:
            one = checks.lockdown_of(_state(connection), which, reason)
            return _end(connection, schema.lockdown, one.id, by, reason, at)

        return await self._database.write(lift)

    async def set_fire(self, at: datetime, device: str = "") -> int:
        def burn(connection: Connection) -> int:
            table = schema.fire
            known = rows.fire(connection)
            if known is None:
                row = {"number": _next_number(connection, table), "since_ms": milliseconds(at), "device": device}
                put(connection, table, [row])
            elif known.cleared_at is not None:
                # It burns again before anybody confirmed that it was over: one fire, and not over.
                connection.execute(update(table).where(table.c.ended_ms.is_(None)).values(cleared_ms=None))
            else:
                return version_of(connection)
            return bump(connection, HOUSE)

        return await self._database.write(burn)

    async def clear_fire(self, at: datetime) -> int:
        def clear(connection: Connection) -> int:
            table = schema.fire
            known = rows.fire(connection)
            checks.check_fire_cleared(known)
            if known is not None and known.cleared_at is not None:
                return version_of(connection)
            connection.execute(update(table).where(table.c.ended_ms.is_(None)).values(cleared_ms=milliseconds(at)))
            return bump(connection, HOUSE)

        return await self._database.write(clear)

    async def confirm_fire(self, by: PersonId, reason: str, at: datetime) -> int:
        def confirm(connection: Connection) -> int:
            checks.check_fire_confirmed(rows.fire(connection), reason)
            _set_ended(connection, schema.fire, schema.fire.c.ended_ms.is_(None), by, reason, at)
            return bump(connection, HOUSE)

        return await self._database.write(confirm)

    async def set_override(
        self, scope: Scope, wanted: Wanted, until: datetime, by: PersonId, reason: str, at: datetime
    ) -> int:
        def override(connection: Connection) -> int:
            checks.check_override(scope, until, reason, at)
            table = schema.door_override
            same = (
                table.c.ended_ms.is_(None) & (table.c.scope_kind == scope.kind.value) & (table.c.scope_id == scope.id)
            )
            _set_ended(connection, table, same, by, f"replaced: {reason}", at)
            _add(
                connection,
                table,
                scope,
                wanted=wanted.value,
                since_ms=milliseconds(at),
                until_ms=milliseconds(until),
                by=by,
                reason=reason,
            )
            return bump(connection, HOUSE)

        return await self._database.write(override)

    async def end_override(self, which: Scope | str, by: PersonId, reason: str, at: datetime) -> int:
        def end(connection: Connection) -> int:
            one = checks.override_of(_state(connection, at), which)
            return _end(connection, schema.door_override, one.id, by, reason, at)

        return await self._database.write(end)

    async def put_one_off(
        self, scope: Scope, wanted: Wanted, start: datetime, end: datetime, reason: str, by: str = ""
    ) -> int:
        def add(connection: Connection) -> int:
            checks.check_one_off(rows.one_offs(connection, 0), scope, wanted, start, end, reason)
            _add(
                connection,
                schema.one_off,
                scope,
                wanted=wanted.value,
                start_ms=milliseconds(start),
                end_ms=milliseconds(end),
                reason=reason,
                by=by,
            )
            return bump(connection, HOUSE)

        return await self._database.write(add)

    async def remove_one_off(self, id: str) -> int:
        def remove(connection: Connection) -> int:
            known = {one.id for one in rows.one_offs(connection, 0)}
            if id not in known:
                raise checks.unknown("exception", id, known, f"there is {', '.join(sorted(known)) or 'none'} now")
            table = schema.one_off
            connection.execute(update(table).where(table.c.number == _number(id)).values(removed=True))
            return bump(connection, HOUSE)

        return await self._database.write(remove)

    async def put_holiday(self, holiday: ExtraHoliday) -> int:
        def keep(connection: Connection) -> int:
            checks.check_holiday(holiday)
            if holiday in rows.holidays(connection):
                return version_of(connection)
            table = schema.extra_holiday
            connection.execute(table.delete().where(table.c.day == holiday.day))
            row = {"day": holiday.day, "name": holiday.name, "zones": " ".join(sorted(holiday.zones)), "by": holiday.by}
            put(connection, table, [row])
            return bump(connection, HOUSE)

        return await self._database.write(keep)

    async def remove_holiday(self, day: date) -> int:
        def remove(connection: Connection) -> int:
            table = schema.extra_holiday
            if not connection.execute(table.delete().where(table.c.day == day)).rowcount:
                raise InputError(no_holiday(day, rows.holidays(connection)))
            return bump(connection, HOUSE)

        return await self._database.write(remove)

    async def window_opened(self, window: WindowOpened) -> int:
        def opened(connection: Connection) -> int:
            table = schema.window_opened
            which = _window(window.door, window.schedule, window.window_start)
            known = connection.execute(select(table.c.closed_ms).where(*which)).one_or_none()
            if known is not None and known.closed_ms is None:
                return version_of(connection)
            # The last one out had ended it, and somebody who may has come back.
            connection.execute(table.delete().where(*which))
            row = {
                "door": window.door,
                "schedule": window.schedule,
                "window_start_ms": milliseconds(window.window_start),
                "at_ms": milliseconds(window.at),
                "by": window.by,
                "closed_ms": milliseconds_or_none(window.closed_at),
            }
            put(connection, table, [row])
            return bump(connection, HOUSE)

        return await self._database.write(opened)

    async def window_closed(self, door: DoorId, schedule: ScheduleId, window_start: datetime, at: datetime) -> int:
        def closed(connection: Connection) -> int:
            table = schema.window_opened
            which = _window(door, schedule, window_start)
            known = connection.execute(select(table.c.closed_ms).where(*which)).one_or_none()
            if known is None:
                raise InputError(f"the window of {schedule!r} at door {door!r} was not opened by anybody")
            if known.closed_ms is not None:
                return version_of(connection)
            connection.execute(update(table).where(*which).values(closed_ms=milliseconds(at)))
            return bump(connection, HOUSE)

        return await self._database.write(closed)

    async def ending_of(self, id: str) -> Ending | None:
        def ending(connection: Connection) -> Ending | None:
            kind, _, _ = id.partition("-")
            table = schema.fire if id == FIRE else _ENDING.get(kind)
            if table is None:
                return None
            which = table.c.ended_ms.is_not(None) if id == FIRE else table.c.number == _number(id)
            newest = select(table).where(which).order_by(table.c.number.desc()).limit(1)
            row = connection.execute(newest).one_or_none()
            if row is None or row.ended_ms is None:
                return None
            return _ending_in(row)

        return await self._database.read(ending)

    async def ended_since(self, at: datetime) -> list[tuple[Lockdown | Override, Ending]]:
        def ended(connection: Connection) -> list[tuple[Lockdown | Override, Ending]]:
            found: list[tuple[Lockdown | Override, Ending]] = []
            for table, read in ((schema.lockdown, rows.lockdown), (schema.door_override, rows.override)):
                since = select(table).where(table.c.ended_ms >= milliseconds(at))
                found += [(read(row), _ending_in(row)) for row in connection.execute(since)]
            return sorted(found, key=lambda one: one[1].at)

        return await self._database.read(ended)


def _ending_in(row: Row[Any]) -> Ending:
    return Ending(moment(row.ended_ms), PersonId(row.ended_by), row.ended_reason)


def no_holiday(day: date, known: tuple[ExtraHoliday, ...]) -> str:
    there = ", ".join(f"{one.day} ({one.name})" for one in known)
    return f"no holiday on {day} to remove: there is {there or 'none'} beside those of the space file"


def _state(connection: Connection, at: datetime | None = None) -> HouseState:
    return rows.house_state(connection, milliseconds(at) if at is not None else 0)


def _add(connection: Connection, table: Table, scope: Scope, **values: Any) -> None:
    number = _next_number(connection, table)
    connection.execute(insert(table).values(number=number, scope_kind=scope.kind.value, scope_id=scope.id, **values))


def _next_number(connection: Connection, table: Table) -> int:
    """No row ever leaves these tables, so a number is never given twice."""
    return int(connection.execute(select(func.coalesce(func.max(table.c.number), 0))).scalar_one()) + 1


def _end(connection: Connection, table: Table, id: str, by: str, reason: str, at: datetime) -> int:
    _set_ended(connection, table, table.c.number == _number(id), by, reason, at)
    return bump(connection, HOUSE)


def _set_ended(
    connection: Connection, table: Table, which: ColumnElement[bool], by: str, reason: str, at: datetime
) -> None:
    connection.execute(update(table).where(which).values(ended_ms=milliseconds(at), ended_by=by, ended_reason=reason))


def _window(door: DoorId, schedule: ScheduleId, start: datetime) -> tuple[ColumnElement[bool], ...]:
    table = schema.window_opened.c
    return table.door == door, table.schedule == schedule, table.window_start_ms == milliseconds(start)


def _number(id: str) -> int:
    """Of "lockdown-7"; what is no number is nobody's."""
    digits = id.rpartition("-")[2]
    return int(digits) if digits.isdecimal() else 0
