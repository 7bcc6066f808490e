"""The SQLite files of a folder, opened once and kept open: for each any number of readers and one writer.

What is in them is not known here. Opening one and reading its schema takes longer than most questions.
"""

import contextlib
import sqlite3
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator
from pathlib import Path

from controller.adapters.sqlite_file import WRITER_BUSY_MS, create, examine, open_reader, open_writer, store_error
from controller.errors import StartupError, StoreError

# A year of months and its roll-ups, with some for a second thread that asks; each has its own small cache.
MOST_READERS = 24
# The month that is now, the one before for what comes late, and their roll-ups.
MOST_WRITERS = 4
_READER_CACHE_KIB = 256
_WRITER_CACHE_KIB = 2048  # more than a merge changes; the system has the files in memory anyway
# Eight merges of fifty series. Rarer ones would write more at once, and whoever merges may have to commit readings.
_CHECKPOINT_PAGES = 400


WHAT_TO_DO = (
    "Natoma starts all the same, and what is in it is left out. Stop Natoma and put back this one file from a backup, or "
    "move it aside (with those beside it ending in -wal and -shm)."
)


class UnusableFile(StoreError):
    """It cannot be opened at all: ruined, or of a newer Natoma."""


class OpenFiles:
    """Connections to files that may be made, and be unlinked, while we run."""

    def __init__(self, schema: int) -> None:
        """`schema`: the newest that a file may have in its user_version."""
        self._schema = schema
        self._lock = threading.Lock()
        self._idle: OrderedDict[sqlite3.Connection, Path] = OrderedDict()  # the longest unused first
        self._writers: OrderedDict[Path, sqlite3.Connection] = OrderedDict()
        self._generation: dict[Path, int] = {}  # grows when a file is dropped: a reader lent before is closed, not kept

    @contextlib.contextmanager
    def reader(self, path: Path) -> Iterator[sqlite3.Connection | None]:
        """A connection that no other thread has meanwhile; None where there is no such file."""
        with self._lock:
            found = next((connection for connection, of in reversed(self._idle.items()) if of == path), None)
            if found is not None:
                del self._idle[found]
            generation = self._generation.get(path, 0)
        if found is None and not path.exists():
            yield None
            return
        connection = found or self._open_reader(path)
        try:
            yield connection
        except sqlite3.Error as exc:
            connection.close()
            raise _told(path, exc) from exc
        except BaseException:
            connection.close()
            raise
        self._keep(connection, path, generation)

    @contextlib.contextmanager
    def transaction(self, path: Path, build: Callable[[Path], None]) -> Iterator[sqlite3.Connection]:
        """All that is written within is on the disk together when it ends, or none of it; made where it is not there."""
        connection = self._writer(path, build)
        try:
            connection.execute("BEGIN IMMEDIATE")
            yield connection
            connection.execute("COMMIT")
        except BaseException as exc:
            with contextlib.suppress(sqlite3.Error):
                connection.rollback()
            self._forget_writer(path)
            if isinstance(exc, sqlite3.Error):
                raise _told(path, exc) from exc
            raise

    def unlink(self, path: Path) -> None:
        """Close the file and delete it, with what lies beside it; readers that have it open finish."""
        with self._lock:
            self._generation[path] = self._generation.get(path, 0) + 1
            for connection in [connection for connection, of in self._idle.items() if of == path]:
                del self._idle[connection]
                connection.close()
        self._forget_writer(path)
        # The database last: a log left behind alone would be taken for the log of the next file of that name.
        for name in (f"{path.name}-wal", f"{path.name}-shm", path.name):
            try:
                path.with_name(name).unlink(missing_ok=True)
            except OSError as exc:
                raise StoreError(f"{path.with_name(name)}: cannot be deleted ({exc.strerror})") from exc

    def close(self) -> None:
        """Close everything; a reader that is lent is closed when it comes back."""
        with self._lock:
            for connection in self._idle:
                connection.close()
            self._idle.clear()
        for path in list(self._writers):
            self._forget_writer(path)

    def _keep(self, connection: sqlite3.Connection, path: Path, generation: int) -> None:
        with self._lock:
            if self._generation.get(path, 0) != generation:
                connection.close()
                return
            self._idle[connection] = path
            if len(self._idle) > MOST_READERS:
                oldest, _ = self._idle.popitem(last=False)
                oldest.close()

    def _writer(self, path: Path, build: Callable[[Path], None]) -> sqlite3.Connection:
        known = self._writers.get(path)
        if known is not None:
            self._writers.move_to_end(path)
            return known
        try:
            if not path.exists():
                create(path, build)
            examine(path, WHAT_TO_DO)
            connection = open_writer(path, reserve_bytes=0, checkpoint_pages=_CHECKPOINT_PAGES)
            # Nobody else writes; a checkpoint that meets a reader leaves the rest for the next.
            connection.execute(f"PRAGMA busy_timeout={WRITER_BUSY_MS}")
            connection.execute(f"PRAGMA cache_size=-{_WRITER_CACHE_KIB}")
            self._check(connection, path)
        except StartupError as exc:
            raise StoreError(str(exc)) from exc
        except sqlite3.Error as exc:
            raise _told(path, exc) from exc
        self._writers[path] = connection
        if len(self._writers) > MOST_WRITERS:
            self._forget_writer(next(iter(self._writers)))
        return connection

    def _open_reader(self, path: Path) -> sqlite3.Connection:
        try:
            examine(path, WHAT_TO_DO)
            connection = open_reader(path, WHAT_TO_DO)
            connection.execute(f"PRAGMA cache_size=-{_READER_CACHE_KIB}")
            self._check(connection, path)
        except StartupError as exc:
            raise UnusableFile(str(exc)) from exc
        except sqlite3.Error as exc:
            raise UnusableFile(str(_told(path, exc))) from exc
        return connection

    def _check(self, connection: sqlite3.Connection, path: Path) -> None:
        (found,) = connection.execute("PRAGMA user_version").fetchone()
        if found > self._schema:
            connection.close()
            raise UnusableFile(
                f"{path} was written by a newer Natoma: its schema is {found}, this program knows up to {self._schema}. "
                "Run the newer program."
            )

    def _forget_writer(self, path: Path) -> None:
        connection = self._writers.pop(path, None)
        if connection is not None:
            # A reader that stays open would keep the file's log at its length, for each month of a year.
            with contextlib.suppress(sqlite3.Error):
                connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            connection.close()


def _told(path: Path, exc: sqlite3.Error) -> Exception:
    return store_error(path, exc) or exc
