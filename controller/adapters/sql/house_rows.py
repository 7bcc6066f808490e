"""The state of the house from its rows: what has begun and has no end yet."""

from typing import Any

from sqlalchemy import Connection, Row, select

from controller.adapters.sql import schema_registry as schema
from controller.adapters.sql.columns import moment, moment_or_none, scope
from controller.domain.house import (
    ExtraHoliday,
    Fire,
    HouseState,
    Lockdown,
    OneOff,
    Override,
    Wanted,
    WindowOpened,
)
from controller.domain.ids import DoorId, PersonId, ScheduleId, ZoneId

# Longer than any unlock window lasts.
_WINDOW_MS = 48 * 3_600_000


def house_state(connection: Connection, over_ms: int) -> HouseState:
    """All of it; what was over before `over_ms` is history and left out."""
    return HouseState(
        lockdowns=lockdowns(connection),
        fire=fire(connection),
        overrides=overrides(connection, over_ms),
        one_offs=one_offs(connection, over_ms),
        holidays=holidays(connection),
        windows=windows(connection, over_ms - _WINDOW_MS),
    )


def lockdowns(connection: Connection) -> tuple[Lockdown, ...]:
    table = schema.lockdown
    return tuple(
        lockdown(row)
        for row in connection.execute(select(table).where(table.c.ended_ms.is_(None)).order_by(table.c.number))
    )


def lockdown(row: Row[Any]) -> Lockdown:
    """One row, ended or not."""
    return Lockdown(
        f"lockdown-{row.number}",
        scope(row.scope_kind, row.scope_id),
        moment(row.since_ms),
        PersonId(row.by),
        row.reason,
    )


def fire(connection: Connection) -> Fire | None:
    table = schema.fire
    row = connection.execute(select(table).where(table.c.ended_ms.is_(None))).one_or_none()
    return None if row is None else Fire(moment(row.since_ms), row.device, moment_or_none(row.cleared_ms))


def overrides(connection: Connection, over_ms: int) -> tuple[Override, ...]:
    table = schema.door_override
    live = table.c.ended_ms.is_(None) & (table.c.until_ms > over_ms)
    return tuple(override(row) for row in connection.execute(select(table).where(live).order_by(table.c.number)))


def override(row: Row[Any]) -> Override:
    """One row, ended or not."""
    return Override(
        f"override-{row.number}",
        scope(row.scope_kind, row.scope_id),
        Wanted(row.wanted),
        moment(row.since_ms),
        moment(row.until_ms),
        PersonId(row.by),
        row.reason,
    )


def one_offs(connection: Connection, over_ms: int) -> tuple[OneOff, ...]:
    table = schema.one_off
    live = ~table.c.removed & (table.c.end_ms > over_ms)
    return tuple(
        OneOff(
            f"exception-{row.number}",
            scope(row.scope_kind, row.scope_id),
            Wanted(row.wanted),
            moment(row.start_ms),
            moment(row.end_ms),
            row.reason,
            row.by,
        )
        for row in connection.execute(select(table).where(live).order_by(table.c.number))
    )


def holidays(connection: Connection) -> tuple[ExtraHoliday, ...]:
    table = schema.extra_holiday
    return tuple(
        ExtraHoliday(day, name, frozenset(ZoneId(zone) for zone in zones.split()), by)
        for day, name, zones, by in connection.execute(select(table).order_by(table.c.day))
    )


def windows(connection: Connection, over_ms: int) -> tuple[WindowOpened, ...]:
    table = schema.window_opened
    ordered = select(table).order_by(table.c.window_start_ms, table.c.door, table.c.schedule)
    return tuple(
        WindowOpened(
            DoorId(door), ScheduleId(schedule), moment(start), moment(at), PersonId(by), moment_or_none(closed)
        )
        for door, schedule, start, at, by, closed in connection.execute(
            ordered.where(table.c.window_start_ms > over_ms)
        )
    )
