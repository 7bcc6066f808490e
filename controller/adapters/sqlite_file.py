"""How Natoma opens a SQLite file: its settings, damage found before anything is read, and SQLite's errors in our words.

Used by every store that lives in a file. What is in the file is each store's own affair.

One connection writes and alone checkpoints (SQLite before 3.51.3 has a rare race when a second one
resets the log); all others are `query_only` and never checkpoint.
"""

import contextlib
import logging
import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

from controller.errors import StartupError, StoreError

logger = logging.getLogger(__name__)

# Overwriting a log that already has its blocks costs a third less per commit than growing it (110 against 190 µs
# here), and while the disk is full this much can still be written.
WAL_RESERVE_BYTES = 8 << 20
RESERVE_SHARE = 4
LEAST_RESERVE_BYTES = 256 << 10
# SQLite's own checkpoint, for a file that is never idle: just before the reserve is used up.
CHECKPOINT_PAGES = 1900

# Long enough for a neighbour's commit, short enough that a caller's deadline is noticed between two tries.
WRITER_BUSY_MS = 25
READER_BUSY_MS = 2000

# A file up to this size is read through at every start (30 ms); of a larger one only what opening it touches.
CHECKED_BYTES = 32 << 20

_HEADER_BYTES = 100
_MAGIC = b"SQLite format 3\x00"

TRANSIENT: dict[int, str] = {
    sqlite3.SQLITE_BUSY: "another process holds its lock",
    sqlite3.SQLITE_LOCKED: "another statement holds its lock",
    sqlite3.SQLITE_PROTOCOL: "its lock could not be taken",
    sqlite3.SQLITE_INTERRUPT: "the statement was interrupted",
    sqlite3.SQLITE_ABORT: "the statement was aborted",
    sqlite3.SQLITE_NOMEM: "the machine is out of memory",
    sqlite3.SQLITE_FULL: "the disk is full; free some space and writing goes on by itself",
    sqlite3.SQLITE_IOERR: "the disk reports an error; look at the system's log",
    sqlite3.SQLITE_READONLY: "it is read-only; give the file and its folder back to the user that runs Natoma",
    sqlite3.SQLITE_CANTOPEN: "it cannot be opened; look whether the folder exists and is writable",
    sqlite3.SQLITE_PERM: "access is denied; give the file back to the user that runs Natoma",
    sqlite3.SQLITE_AUTH: "access is denied",
    sqlite3.SQLITE_NOLFS: "the file system cannot hold a file this large",
    sqlite3.SQLITE_CORRUPT: "the file is damaged; stop Natoma and put back a copy from your backup",
    sqlite3.SQLITE_NOTADB: "the file is not a database; stop Natoma and put back a copy from your backup",
    sqlite3.SQLITE_FORMAT: "the file is not a database; stop Natoma and put back a copy from your backup",
}
"""What the world does to a file, by primary result code: it becomes a StoreError."""

OURS: frozenset[int] = frozenset(
    {
        sqlite3.SQLITE_ERROR,
        sqlite3.SQLITE_INTERNAL,
        sqlite3.SQLITE_NOTFOUND,
        sqlite3.SQLITE_EMPTY,
        sqlite3.SQLITE_SCHEMA,
        sqlite3.SQLITE_TOOBIG,
        sqlite3.SQLITE_CONSTRAINT,
        sqlite3.SQLITE_MISMATCH,
        sqlite3.SQLITE_MISUSE,
        sqlite3.SQLITE_RANGE,
    }
)
"""What only a mistake of ours can cause: it stays what it is, and loud."""

DAMAGE: frozenset[int] = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_FORMAT})

WHAT_TO_DO = (
    "Natoma does not start on it, so that nothing is lost silently. Put back a copy from your backup "
    "(natoma restore BACKUP --over); docs/keeping.md says how to begin an empty one."
)


def primary_code(exc: sqlite3.Error) -> int:
    """SQLite's primary result code, 0 when Python itself raised (a closed connection, say)."""
    return (getattr(exc, "sqlite_errorcode", None) or 0) & 0xFF


def is_busy(exc: sqlite3.Error) -> bool:
    return primary_code(exc) in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


def store_error(path: Path, exc: sqlite3.Error) -> StoreError | None:
    """Our error for SQLite's, or None when it is a mistake of ours that must stay loud."""
    why = TRANSIENT.get(primary_code(exc))
    return None if why is None else StoreError(f"{path}: {why} ({exc})")


def examine(path: Path, what_to_do: str = WHAT_TO_DO) -> None:
    """Refuse a file that is not whole, at the price of reading its first page; a file not there yet is fine.

    `what_to_do` is said of damage, by a store that a house starts without.
    """
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            header = file.read(_HEADER_BYTES)
    except FileNotFoundError:
        return
    except OSError as exc:
        raise StartupError(
            f"{path}: cannot be read ({exc.strerror}). Give it back to the user that runs Natoma."
        ) from exc
    if size == 0:
        # We never leave one behind: a new file gets its name only when it is complete.
        raise StartupError(f"{path} is empty (0 bytes): it was cut off. {what_to_do}")
    if not header.startswith(_MAGIC) or len(header) < _HEADER_BYTES:
        raise StartupError(f"{path} is not a database (it begins with {header[:16]!r}). {what_to_do}")
    page_size = int.from_bytes(header[16:18], "big")
    page_size = 65536 if page_size == 1 else page_size
    expected = int.from_bytes(header[28:32], "big") * page_size
    wal = path.with_name(path.name + "-wal")
    # With a log beside it the missing end may be in there; then reading tells.
    if size < expected and not (wal.exists() and wal.stat().st_size > 0):
        raise StartupError(f"{path} is cut off: {size} bytes where its header says {expected}. {what_to_do}")


def check(connection: sqlite3.Connection, path: Path, what_to_do: str = WHAT_TO_DO) -> None:
    """Read the whole structure of a file that is not large; raises StartupError when SQLite finds damage."""
    if path.stat().st_size > CHECKED_BYTES:
        return
    try:
        findings = [str(row[0]) for row in connection.execute("PRAGMA quick_check(3)")]
    except sqlite3.DatabaseError as exc:
        raise damaged(path, exc, what_to_do) from exc
    if findings != ["ok"]:
        raise StartupError(f"{path} is damaged ({findings[0].splitlines()[0]}). {what_to_do}")


def damaged(path: Path, exc: sqlite3.Error, what_to_do: str = WHAT_TO_DO) -> StartupError:
    """The StartupError for what SQLite said while a store was being opened."""
    if primary_code(exc) in DAMAGE:
        return StartupError(f"{path} is damaged ({exc}). {what_to_do}")
    why = TRANSIENT.get(primary_code(exc), "it cannot be used")
    return StartupError(f"{path}: {why} ({exc}).")


def create(path: Path, build: Callable[[Path], None]) -> None:
    """Make a new file with `build`; it gets its name only when it is complete and on the disk."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with _draft_of(path) as draft:
            # Who comes and goes is nobody else's to read; what SQLite makes beside a file has the file's own mode.
            draft.touch(mode=0o600)
            build(draft)
            with draft.open("rb") as file:
                os.fsync(file.fileno())
            # A link, not a rename: of two processes that start at once, the second must not replace the first's.
            with contextlib.suppress(FileExistsError):
                os.link(draft, path)
    except OSError as exc:
        raise StartupError(f"{path} cannot be created: {exc.strerror or exc}.") from exc
    except sqlite3.DatabaseError as exc:
        raise damaged(path, exc) from exc
    logger.info("%s: created", path)


@contextlib.contextmanager
def _draft_of(path: Path) -> Iterator[Path]:
    draft = path.with_name(f"{path.name}.new-{os.getpid()}")
    try:
        yield draft
    finally:
        for left in path.parent.glob(f"{draft.name}*"):
            left.unlink(missing_ok=True)


def open_writer(
    path: Path, *, reserve_bytes: int = WAL_RESERVE_BYTES, checkpoint_pages: int = CHECKPOINT_PAGES
) -> sqlite3.Connection:
    """The one connection that writes to `path` from this process; every commit on it is on the disk when it returns."""
    try:
        connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, cached_statements=64)
        connection.execute(f"PRAGMA busy_timeout={READER_BUSY_MS}")
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("PRAGMA foreign_keys=ON")
        connection.execute("PRAGMA cache_size=-8192")  # KiB: the hot ends of every device's keys stay in memory
        connection.execute(f"PRAGMA wal_autocheckpoint={checkpoint_pages}")
        # Of a disk that is nearly full no more than its share: another file must still be opened, and start.
        reserve_bytes = min(reserve_bytes, shutil.disk_usage(path.parent).free // RESERVE_SHARE)
        if reserve_bytes >= LEAST_RESERVE_BYTES:
            _reserve_log_space(connection, path, reserve_bytes)
    except sqlite3.DatabaseError as exc:
        raise damaged(path, exc) from exc
    return connection


def open_reader(path: Path, what_to_do: str = WHAT_TO_DO) -> sqlite3.Connection:
    """A connection that only reads, from this or any other process, while the writer goes on."""
    # mode=rw, not ro: a reader must be able to make the -shm file when it comes first.
    uri = f"{path.resolve().as_uri()}?mode=rw"
    try:
        connection = sqlite3.connect(uri, uri=True, isolation_level=None, check_same_thread=False)
        connection.execute(f"PRAGMA busy_timeout={READER_BUSY_MS}")
        connection.execute("PRAGMA wal_autocheckpoint=0")
        connection.execute("PRAGMA query_only=ON")
    except sqlite3.DatabaseError as exc:
        raise damaged(path, exc, what_to_do) from exc
    return connection


def _reserve_log_space(connection: sqlite3.Connection, path: Path, size: int) -> None:
    """Make the write-ahead log `size` bytes long without changing the database.

    A transaction larger than the cache spills into the log; rolled back, it leaves the log its
    length and the database untouched.
    """
    (cache,) = connection.execute("PRAGMA cache_size").fetchone()
    connection.execute("PRAGMA cache_size=16")
    connection.execute("BEGIN IMMEDIATE")
    try:
        connection.execute("CREATE TABLE natoma_reserve (filler BLOB)")
        connection.execute("INSERT INTO natoma_reserve VALUES (zeroblob(?))", (size,))
    except sqlite3.OperationalError as exc:
        if primary_code(exc) != sqlite3.SQLITE_FULL:
            raise
        # A full disk is the day's news elsewhere; the log then grows as it can.
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        connection.execute(f"PRAGMA cache_size={cache}")
    # On the disk now, or the first tap's commit would wait for all of it.
    with path.with_name(path.name + "-wal").open("rb") as log:
        os.fsync(log.fileno())
