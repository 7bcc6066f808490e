"""Between what a column holds and what the domain does, and many rows at once. Each table's own rows are next door."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any, TypeVar

from sqlalchemy import Column, Connection, Table, insert, select, update
from sqlalchemy.sql import Select

from controller.domain.house import Scope, ScopeKind
from controller.services.people.registry_checks import unknown

T = TypeVar("T")

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_MICROSECOND = timedelta(microseconds=1)
# Of one IN list; SQLite takes 32,766 values, PostgreSQL's drivers as many.
_AT_ONCE = 5000


def moment(milliseconds: int) -> datetime:
    return EPOCH + timedelta(milliseconds=milliseconds)


def moment_or_none(milliseconds: int | None) -> datetime | None:
    return None if milliseconds is None else EPOCH + timedelta(milliseconds=milliseconds)


def milliseconds(at: datetime) -> int:
    return (at - EPOCH) // _MILLISECOND


def milliseconds_or_none(at: datetime | None) -> int | None:
    return None if at is None else (at - EPOCH) // _MILLISECOND


def exact_moment(microseconds: int) -> datetime:
    return EPOCH + timedelta(microseconds=microseconds)


def microseconds(at: datetime) -> int:
    return (at - EPOCH) // _MICROSECOND


def scope(kind: str, id: str) -> Scope:
    return Scope(ScopeKind(kind), id)


def put(connection: Connection, table: Table, rows: Sequence[dict[str, Any]]) -> None:
    """Insert them all; none is fine."""
    if rows:
        connection.execute(insert(table), rows)


def set_once(connection: Connection, table: Table, flag: str, id: str, what: str) -> bool:
    """Set a flag that is never taken back. False: it was set before; InputError: there is no such row."""
    is_set = connection.execute(select(table.c[flag]).where(table.c.id == id)).scalar_one_or_none()
    if is_set is None:
        raise unknown(what, id, connection.scalars(select(table.c.id).limit(10_000)))
    if not is_set:
        connection.execute(update(table).where(table.c.id == id).values({flag: True}))
    return not is_set


def fetched(
    connection: Connection, statement: Select[Any], column: Column[Any], only: Iterable[str] | None = None
) -> Iterator[Any]:
    """All rows, or those whose `column` is among `only`; a slice at a time, so that the raw rows never pile up."""
    if only is None:
        for some in connection.execute(statement).partitions(1000):
            yield from some
        return
    for values in slices(only):
        yield from connection.execute(statement.where(column.in_(values)))


def found_among(connection: Connection, column: Column[Any], values: Iterable[str]) -> set[str]:
    """Which of these values the column has."""
    return {one for some in slices(values) for one in connection.scalars(select(column).where(column.in_(some)))}


def slices(values: Iterable[T]) -> Iterator[list[T]]:
    rest = iter(values)
    while some := list(islice(rest, _AT_ONCE)):
        yield some
