"""How far the log was sent, and the lines that a database refused: `sending.db` of the data folder.

The service writes it; so does `natoma telemetry parked` beside it, in short transactions.
"""

import asyncio
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock
from typing import Self, TypeVar

from controller.adapters.sqlite_file import (
    READER_BUSY_MS,
    check,
    create,
    damaged,
    examine,
    open_writer,
    store_error,
)
from controller.domain.history.delivery import Parked, Refused, Sent
from controller.errors import StartupError
from controller.services.history.outgoing import Parking

T = TypeVar("T")

SCHEMA = 1  # in the file's user_version
# Some 15 MB. Past that the oldest make room: a database that refuses all it is sent must not fill the disk.
PARKED_LIMIT = 100_000

WHAT_TO_DO = (
    "Natoma starts on it only while no database is named to send readings to. Move it aside (with those beside it ending "
    "in -wal and -shm), and all that the log still has is sent once more; lines that were refused are gone with it."
)

_TABLES = """
CREATE TABLE sent (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    position INTEGER NOT NULL,     -- of the telemetry log
    mark INTEGER NOT NULL,         -- at_ns of the row there
    settled INTEGER NOT NULL,
    wished INTEGER NOT NULL        -- how often somebody asked that it be tried at once
);
INSERT INTO sent VALUES (1, 0, 0, 0, 0);
CREATE TABLE parked (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    at_ms INTEGER NOT NULL,
    line TEXT NOT NULL UNIQUE,     -- a batch that is sent once more is refused once more
    words TEXT NOT NULL,           -- the database's own
    is_due INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX parked_due ON parked (number) WHERE is_due;
"""


class SendingFile:
    """The `SendingStore` port over one file, and what the command line asks of it."""

    def __init__(self, path: Path, *, parked_limit: int = PARKED_LIMIT) -> None:
        self.path = path
        self._parked_limit = parked_limit
        self._using = Lock()
        # A batch is a few hundred bytes here: nothing to set space aside for.
        self._connection = open_writer(path, reserve_bytes=0)
        self._connection.execute(f"PRAGMA busy_timeout={READER_BUSY_MS}")

    @classmethod
    async def open(cls, path: Path, *, parked_limit: int = PARKED_LIMIT) -> Self:
        """Create the file where there is none, then open it; StartupError when it is newer than we are, or damaged."""
        await asyncio.to_thread(bring_up, path)
        return await asyncio.to_thread(lambda: cls(path, parked_limit=parked_limit))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        await asyncio.to_thread(self._close)

    def _close(self) -> None:
        with self._using:
            self._connection.close()

    # --- how far it is ----------------------------------------------------------------------------

    async def sent(self) -> Sent:
        (row,) = await self._ask("SELECT position, mark, settled FROM sent")
        return Sent(*row)

    async def advance(self, sent: Sent, refused: Sequence[Refused], at: datetime) -> Parking:
        def write(connection: sqlite3.Connection) -> Parking:
            connection.execute(
                "UPDATE sent SET position = ?, mark = ?, settled = ?", (sent.position, sent.mark, sent.settled)
            )
            return self._park(connection, refused, at) if refused else Parking()

        return await self._write(write)

    def _park(self, connection: sqlite3.Connection, refused: Sequence[Refused], at: datetime) -> Parking:
        known = sum(
            connection.execute("SELECT count(*) FROM parked WHERE line = ?", (line,)).fetchone()[0]
            for line in {one.line for one in refused}
        )
        connection.executemany(
            "INSERT INTO parked (at_ms, line, words) VALUES (?,?,?) "
            "ON CONFLICT (line) DO UPDATE SET at_ms = excluded.at_ms, words = excluded.words",
            [(_ms(at), one.line, one.words) for one in refused],
        )
        dropped = connection.execute(
            "DELETE FROM parked WHERE number <= (SELECT number FROM parked ORDER BY number DESC LIMIT 1 OFFSET ?)",
            (self._parked_limit,),
        ).rowcount
        return Parking(len({one.line for one in refused}) - int(known), dropped)

    async def wished(self) -> int:
        ((wished,),) = await self._ask("SELECT wished FROM sent")
        return int(wished)

    async def wish(self) -> None:
        """Somebody wants it tried at once."""
        await self._write(lambda connection: connection.execute("UPDATE sent SET wished = wished + 1"))

    # --- what was refused -------------------------------------------------------------------------

    async def parked(self) -> int:
        ((count,),) = await self._ask("SELECT count(*) FROM parked")
        return int(count)

    async def due(self, limit: int) -> list[Parked]:
        return _parked(await self._ask(f"{_PARKED} WHERE is_due ORDER BY number LIMIT ?", limit))

    async def tried(self, taken: Sequence[int], refused: Sequence[tuple[int, str]], at: datetime) -> None:
        def write(connection: sqlite3.Connection) -> None:
            connection.executemany("DELETE FROM parked WHERE number = ?", [(number,) for number in taken])
            connection.executemany(
                "UPDATE parked SET is_due = 0, at_ms = ?, words = ? WHERE number = ?",
                [(_ms(at), words, number) for number, words in refused],
            )

        await self._write(write)

    async def listed(self, limit: int) -> list[Parked]:
        """The newest of them, oldest first."""
        return _parked(await self._ask(f"{_PARKED} ORDER BY number DESC LIMIT ?", limit))[::-1]

    async def retry(self, numbers: Sequence[int]) -> int:
        """Have these tried again, all of them where none is named; how many there were."""
        return await self._each("UPDATE parked SET is_due = 1", numbers)

    async def drop(self, numbers: Sequence[int]) -> int:
        """Forget these, all of them where none is named; how many there were."""
        return await self._each("DELETE FROM parked", numbers)

    async def _each(self, statement: str, numbers: Sequence[int]) -> int:
        def write(connection: sqlite3.Connection) -> int:
            if not numbers:
                return connection.execute(statement).rowcount
            changed = [connection.execute(f"{statement} WHERE number = ?", (number,)).rowcount for number in numbers]
            return sum(changed)

        return await self._write(write)

    # --- one at a time ----------------------------------------------------------------------------

    async def _ask(self, statement: str, *values: int) -> list[tuple[int, ...]]:
        def ask() -> list[tuple[int, ...]]:
            with self._in_use() as connection:
                return connection.execute(statement, values).fetchall()

        return await asyncio.to_thread(ask)

    async def _write(self, what: Callable[[sqlite3.Connection], T]) -> T:
        def write() -> T:
            with self._in_use() as connection:
                connection.execute("BEGIN IMMEDIATE")
                try:
                    answer = what(connection)
                    connection.execute("COMMIT")
                except BaseException:
                    if connection.in_transaction:
                        connection.execute("ROLLBACK")
                    raise
                return answer

        return await asyncio.to_thread(write)

    @contextmanager
    def _in_use(self) -> Iterator[sqlite3.Connection]:
        with self._using:
            try:
                yield self._connection
            except sqlite3.Error as exc:
                raise (store_error(self.path, exc) or exc) from exc


_PARKED = "SELECT number, at_ms, line, words, is_due FROM parked"


def _parked(rows: Sequence[tuple[int | str, ...]]) -> list[Parked]:
    return [
        Parked(int(number), datetime.fromtimestamp(int(at_ms) / 1000, UTC), str(line), str(words), bool(is_due))
        for number, at_ms, line, words, is_due in rows
    ]


def _ms(at: datetime) -> int:
    return int(at.timestamp() * 1000)


def bring_up(path: Path) -> None:
    """Make `path` a file of this schema; StartupError says what a person must do."""
    examine(path, WHAT_TO_DO)
    if not path.exists():
        create(path, _build)
        return
    try:
        with closing(sqlite3.connect(path)) as connection:
            check(connection, path, WHAT_TO_DO)
            (found,) = connection.execute("PRAGMA user_version").fetchone()
    except sqlite3.DatabaseError as exc:
        raise damaged(path, exc, WHAT_TO_DO) from exc
    if found != SCHEMA:
        raise StartupError(
            f"{path} was written by a newer Natoma (schema {found}, this one knows {SCHEMA}). "
            "Install that version again; or move the file aside, and all that the log still has is sent once more."
        )


def _build(draft: Path) -> None:
    with closing(sqlite3.connect(draft)) as connection:
        connection.executescript(_TABLES)
        connection.execute(f"PRAGMA user_version={SCHEMA}")
