"""The event log in SQLite: facts appended for good, one decision for a message, read by anybody meanwhile.

The tap's append is a direct statement in the writer thread's transaction (`group_commit`); the table
itself belongs to `schema_events` and its migrations.
"""

import asyncio
import json
import logging
import sqlite3
from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cache, partial
from itertools import islice
from pathlib import Path
from typing import Any, Self

from controller.adapters.ballast import Ballast
from controller.adapters.group_commit import FAST_S, GroupCommit, StoreHealth
from controller.adapters.sql.schema_events import DECISIONS, ONE_DECISION
from controller.adapters.sql.upgrade import EVENTS, bring_up
from controller.adapters.sqlite_file import open_reader, open_writer, store_error
from controller.domain.facts import Fact, FactKind, Plain
from controller.domain.ids import AreaId, DeviceId, DoorId, PersonId
from controller.domain.keeping import ANONYMOUS, OF_NOBODY
from controller.services.ports import Appended, LoggedFact

logger = logging.getLogger(__name__)

# A person at a door notices a quarter of a second; a disk that takes longer is a disk that failed.
APPEND_DEADLINE_S = 0.25
# A tap that comes during a checkpoint waits for it, some milliseconds: they are made rare, and always by the thread,
# never inside a tap's own commit. A decision writes three or four pages.
RESERVE_BYTES = 16 << 20
CHECKPOINT_PAGES = 4000
COMMITS_PER_CHECKPOINT = 1000
# Facts that may wait for the disk: at 1,000 a second, 4 s of a stuck disk. Beyond that append refuses.
WAITING_LIMIT = 4096
# An id names a message this long (contract, rule 6); a device that counts anew after a reset may use it again.
ID_LIFETIME = timedelta(hours=24)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_ID_LIFETIME_US = ID_LIFETIME // _MICROSECOND
_COLUMNS = "at_us, kind, door, device, area, person, message_id, correlation, detail"
_VALUES = "(?,?,?,?,?,?,?,?,?,?)"
_INSERT_ONE = f"INSERT INTO fact ({_COLUMNS}, reuse) VALUES {_VALUES} ON CONFLICT DO NOTHING"  # noqa: S608
# One statement for many facts: after each statement the thread must win the interpreter's lock back from the loop.
_CHUNK = 64
_SELECT = f"SELECT position, {_COLUMNS} FROM fact"  # noqa: S608
_DECIDED = f"WHERE device = ? AND message_id = ? AND {ONE_DECISION} ORDER BY reuse DESC LIMIT 1"

_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode

_Row = tuple[Any, ...]


# How a detail begins that names nobody any more: what tells such a row without reading all of it.
_ANONYMOUS = f'{{"{ANONYMOUS}":true'
_NOBODYS = ", ".join(f"'{kind}'" for kind in sorted(OF_NOBODY))
_NAMING = (
    f"{_SELECT} WHERE position > ? AND position <= ? AND at_us < ? "
    f"AND (person IS NOT NULL OR kind NOT IN ({_NOBODYS})) "
    f"AND substr(coalesce(detail, ''), 1, {len(_ANONYMOUS)}) <> '{_ANONYMOUS}'"
)
_UPDATE = "UPDATE fact SET person = ?, message_id = ?, correlation = ?, detail = ? WHERE position = ?"
# The newest stays: its number would be given to another.
_DELETE = "DELETE FROM fact WHERE position = ? AND position < (SELECT max(position) FROM fact)"


@dataclass(frozen=True, slots=True)
class _Request:
    facts: Sequence[Fact]
    instead: Sequence[LoggedFact] = ()  # to stand where these stood
    gone: Sequence[int] = ()  # positions that may not be kept any longer


class EventReader:
    """Reads the log from this process or any other, while the writer goes on."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._connection = open_reader(path)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="event log reader")

    async def after(self, position: int, limit: int = 500) -> list[LoggedFact]:
        """Facts past `position`, oldest first."""
        return await self._read(f"{_SELECT} WHERE position > ? ORDER BY position LIMIT ?", (position, limit))

    async def latest(self, limit: int = 200) -> list[LoggedFact]:
        """The newest `limit` facts, oldest first."""
        newest = await self._read(f"{_SELECT} ORDER BY position DESC LIMIT ?", (limit,))
        return newest[::-1]

    async def decided(self, device: DeviceId, message_id: str) -> LoggedFact | None:
        """The newest decision on this message, if there is one."""
        found = await self._read(f"{_SELECT} {_DECIDED}", (device, message_id))
        return found[0] if found else None

    async def naming(self, position: int, upto: int, before: datetime) -> list[LoggedFact]:
        """Facts of before that moment that may name somebody, past `position` and up to `upto`, oldest first."""
        return await self._read(_NAMING, (position, upto, _microseconds(before)))

    async def outlived(
        self, position: int, upto: int, before: datetime, kinds: Collection[FactKind], *, others: bool = False
    ) -> list[int]:
        """Positions of facts of these kinds (of all others) of before that moment, past `position` and up to `upto`."""
        marks = ", ".join("?" * len(kinds))
        statement = (
            "SELECT position FROM fact WHERE position > ? AND position <= ? AND at_us < ? "  # noqa: S608
            f"AND kind {'NOT ' if others else ''}IN ({marks}) ORDER BY position"
        )
        return await asyncio.get_running_loop().run_in_executor(
            self._thread, self._positions, statement, (position, upto, _microseconds(before), *kinds)
        )

    async def close(self) -> None:
        await asyncio.get_running_loop().run_in_executor(self._thread, self._connection.close)
        self._thread.shutdown()

    async def _read(self, statement: str, values: tuple[object, ...]) -> list[LoggedFact]:
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._fetch, statement, values)

    def _positions(self, statement: str, values: tuple[object, ...]) -> list[int]:
        try:
            return [position for (position,) in self._connection.execute(statement, values)]
        except sqlite3.Error as exc:
            raise (store_error(self.path, exc) or exc) from exc

    def _fetch(self, statement: str, values: tuple[object, ...]) -> list[LoggedFact]:
        try:
            return [_logged(row) for row in self._connection.execute(statement, values)]
        except sqlite3.Error as exc:
            raise (store_error(self.path, exc) or exc) from exc


class SqlEventLog:
    """The `EventLog` port over one SQLite file; `open` it, and `close` it last of all."""

    def __init__(self, path: Path, *, deadline_s: float = APPEND_DEADLINE_S, fast_s: float = FAST_S) -> None:
        self.path = path
        self._reader = EventReader(path)
        self._writer: GroupCommit[_Request, list[Appended]] = GroupCommit(
            "event log",
            path,
            open_writer(path, reserve_bytes=RESERVE_BYTES, checkpoint_pages=CHECKPOINT_PAGES),
            _apply,
            deadline_s=deadline_s,
            limit=WAITING_LIMIT,
            ballast=Ballast(path.with_name(path.name + ".spare")),
            is_one_statement=lambda request: len(request.facts) == 1,
            on_late=_note_late,
            fast_s=fast_s,
            commits_per_checkpoint=COMMITS_PER_CHECKPOINT,
        )

    @classmethod
    async def open(cls, path: Path, *, deadline_s: float = APPEND_DEADLINE_S, fast_s: float = FAST_S) -> Self:
        """Create or upgrade the file, then open it; StartupError when it is newer than we are, or damaged."""
        await asyncio.to_thread(bring_up, path, EVENTS)
        return cls(path, deadline_s=deadline_s, fast_s=fast_s)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    def append(self, fact: Fact) -> "asyncio.Future[Appended]":
        """Committed here and now when the disk is fast and nothing waits, else handed to the writer, in order.

        StoreError in the future, within the deadline; see `group_commit` for what is sure then.
        """
        request = _Request((fact,))
        future: asyncio.Future[Appended] = asyncio.get_running_loop().create_future()
        if (answer := self._writer.commit_now(request)) is not None:
            future.set_result(answer[0])
        else:
            self._writer.submit(request).add_done_callback(partial(_pass_on, future))
        return future

    async def append_all(self, facts: Sequence[Fact]) -> None:
        """All of them or none, in this order."""
        if facts:
            await self._writer.commit(_Request(tuple(facts)), len(facts))

    async def after(self, position: int, limit: int = 500) -> list[LoggedFact]:
        return await self._reader.after(position, limit)

    async def latest(self, limit: int = 200) -> list[LoggedFact]:
        return await self._reader.latest(limit)

    async def decided(self, device: DeviceId, message_id: str) -> LoggedFact | None:
        return await self._reader.decided(device, message_id)

    async def naming(self, position: int, upto: int, before: datetime) -> list[LoggedFact]:
        return await self._reader.naming(position, upto, before)

    async def outlived(
        self, position: int, upto: int, before: datetime, kinds: Collection[FactKind], *, others: bool = False
    ) -> list[int]:
        return await self._reader.outlived(position, upto, before, kinds, others=others)

    async def rewrite(self, instead: Sequence[LoggedFact], gone: Sequence[int]) -> None:
        """Put these where they stood, and delete the rest: what may not be kept any longer. All of it or nothing."""
        if instead or gone:
            await self._writer.commit(_Request((), tuple(instead), tuple(gone)), len(instead) + len(gone))

    @property
    def is_writing(self) -> bool:
        return self._writer.is_busy

    def health(self) -> StoreHealth:
        return self._writer.health()

    async def close(self) -> None:
        await self._reader.close()
        await self._writer.close()


def _pass_on(future: "asyncio.Future[Appended]", done: "asyncio.Future[list[Appended]]") -> None:
    """From the group's answer to the one fact's."""
    if future.cancelled():
        return
    if (error := done.exception()) is not None:
        future.set_exception(error)
    else:
        future.set_result(done.result()[0])


def _apply(connection: sqlite3.Connection, requests: Sequence[_Request]) -> list[list[Appended]]:
    rows = [_row(fact) for request in requests for fact in request.facts]
    appended = _insert_new(connection, rows) if len(rows) > 1 else None
    if appended is None:
        appended = [_insert(connection, row) for row in rows]
    for request in requests:
        if request.instead or request.gone:
            _rewrite(connection, request)
    answers = iter(appended)
    return [list(islice(answers, len(request.facts))) for request in requests]


def _rewrite(connection: sqlite3.Connection, request: _Request) -> None:
    # Overwritten with zeros, or what may not be kept would stay in the file's free pages, and in every backup.
    connection.execute("PRAGMA secure_delete=ON")
    try:
        connection.executemany(_UPDATE, [(*_row(one.fact)[5:9], one.position) for one in request.instead])
        connection.executemany(_DELETE, [(position,) for position in request.gone])
    finally:
        connection.execute("PRAGMA secure_delete=OFF")


def _insert_new(connection: sqlite3.Connection, rows: Sequence[_Row]) -> list[Appended] | None:
    """All rows in few statements, or None (and nothing inserted) when one of them was decided before."""
    connection.execute("SAVEPOINT facts")
    positions: list[int] = []
    for start in range(0, len(rows), _CHUNK):
        chunk = rows[start : start + _CHUNK]
        cursor = connection.execute(_insert_many(len(chunk)), [value for row in chunk for value in (*row, 0)])
        if cursor.rowcount != len(chunk):
            connection.execute("ROLLBACK TO facts")
            return None
        # Within one transaction SQLite numbers rows without gaps, and the last number is the cursor's.
        last = _number(cursor.lastrowid)
        positions.extend(range(last - len(chunk) + 1, last + 1))
    return [Appended(position) for position in positions]


@cache
def _insert_many(count: int) -> str:
    return _INSERT_ONE.replace(_VALUES, ",".join([_VALUES] * count))


def _insert(connection: sqlite3.Connection, row: _Row) -> Appended:
    cursor = connection.execute(_INSERT_ONE, (*row, 0))
    if cursor.rowcount:
        return Appended(_number(cursor.lastrowid))
    # Only a decision's id can conflict, so there is an earlier one. Is it the same message, or an id used again?
    device, message_id = row[3], row[6]
    earlier, at_us, reuse = connection.execute(
        f"SELECT position, at_us, reuse FROM fact {_DECIDED}",  # noqa: S608
        (device, message_id),
    ).fetchone()
    if row[0] - at_us < _ID_LIFETIME_US:
        return Appended(earlier, duplicate=True)
    return Appended(_number(connection.execute(_INSERT_ONE, (*row, reuse + 1)).lastrowid))


def _number(rowid: int | None) -> int:
    assert rowid is not None
    return rowid


def _note_late(request: _Request, answers: list[Appended]) -> _Request | None:
    """The caller of a decision was told that it failed, and its door's own policy answered; yet here it is."""
    late = [
        replace(
            fact,
            kind=FactKind.LOG_FAILED,
            message_id=None,
            detail={"position": answer.position, "why": "written too late: the door's own policy had answered"},
        )
        for fact, answer in zip(request.facts, answers, strict=True)
        if fact.kind in DECISIONS and not answer.duplicate
    ]
    return _Request(late) if late else None


def _row(fact: Fact) -> _Row:
    return (
        _microseconds(fact.at),
        fact.kind.value,
        fact.door,
        fact.device,
        fact.area,
        fact.person,
        fact.message_id,
        fact.correlation,
        _encode(fact.detail) if fact.detail else None,
    )


def _microseconds(at: datetime) -> int:
    return (at - _EPOCH) // _MICROSECOND


def _logged(row: _Row) -> LoggedFact:
    position, at_us, kind, door, device, area, person, message_id, correlation, detail = row
    return LoggedFact(
        position,
        Fact(
            kind=FactKind(kind),
            at=_EPOCH + timedelta(microseconds=at_us),
            door=None if door is None else DoorId(door),
            device=None if device is None else DeviceId(device),
            area=None if area is None else AreaId(area),
            person=None if person is None else PersonId(person),
            message_id=message_id,
            correlation=correlation,
            detail=_frozen_object(detail),
        ),
    )


def _frozen_object(detail: str | None) -> Mapping[str, Plain]:
    if detail is None:
        return {}
    return {name: _frozen(value) for name, value in json.loads(detail).items()}


def _frozen(value: Any) -> Plain:
    """JSON's lists back into the tuples a fact holds."""
    if isinstance(value, list):
        return tuple(_frozen(item) for item in value)
    if isinstance(value, dict):
        return {name: _frozen(item) for name, item in value.items()}
    return value  # type: ignore[no-any-return]
