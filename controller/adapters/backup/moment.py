"""One moment of several SQLite files, while others write to them; and copies of it.

A read transaction on each holds its file's moment. What one file says of another must not be ahead of it: files are
taken in the order they are named, each later than those before, and the last group at one and the same moment.
"""

import contextlib
import errno
import os
import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from controller.adapters.sqlite_file import DAMAGE, open_reader, primary_code, store_error
from controller.errors import StartupError, StoreError

# A merge of readings takes milliseconds: a moment between two of them is found at once, or something is wrong.
TRIES = 100
PAUSE_S = 0.05
# Pages copied before the interpreter is given back.
PAGES = 512


class DamagedError(StoreError):
    """A file is not what a database writes; a backup of the others can still be made."""


@contextlib.contextmanager
def moment_of(
    first: Sequence[Path], together: Callable[[], Sequence[Path]]
) -> Iterator[Mapping[Path, sqlite3.Connection]]:
    """A read transaction on each file. The last of `first` and all of `together` are of one moment.

    Those of `together` that are damaged are not among them.

    Raises:
        StoreError: a file cannot be read, or the files were never still.
    """
    for _ in range(TRIES):
        with contextlib.ExitStack() as stack:
            held = _held(stack, first, together())
            if held is not None:
                yield held
                return
        time.sleep(PAUSE_S)
    raise StoreError(f"the files beside {first[-1]} were written to without a pause: try again later")


def _held(
    stack: contextlib.ExitStack, first: Sequence[Path], group: Sequence[Path]
) -> Mapping[Path, sqlite3.Connection] | None:
    """None where a file of the group was written to meanwhile."""
    watching, before = {}, {}
    for path in group:
        with contextlib.suppress(DamagedError):
            connection = _opened(stack, path)
            before[path] = _version(path, connection)
            watching[path] = connection
    held = {}
    for path in first:
        held[path] = _opened(stack, path)
        _hold(path, held[path])
    for path in watching:
        with contextlib.suppress(DamagedError):
            connection = _opened(stack, path)
            _hold(path, connection)
            held[path] = connection
    return held if {path: _version(path, watching[path]) for path in watching} == before else None


def copied(source: sqlite3.Connection, path: Path, target: Path) -> None:
    """The held moment of `path` as a file of its own.

    Raises:
        DamagedError: the file of the house is damaged.
        OSError: the copy cannot be written.
    """
    try:
        target.touch(mode=0o600)
        with contextlib.closing(sqlite3.connect(target, isolation_level=None)) as copy:
            # Nobody has it yet, and it is checked and hashed behind this.
            copy.execute("PRAGMA synchronous=OFF")
            source.backup(copy, pages=PAGES)
            findings = [str(row[0]) for row in copy.execute("PRAGMA quick_check(1)")]
    except sqlite3.Error as exc:
        # The house is only read here.
        if primary_code(exc) == sqlite3.SQLITE_FULL:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(target)) from exc
        if primary_code(exc) == sqlite3.SQLITE_READONLY:
            raise OSError(errno.EROFS, os.strerror(errno.EROFS), str(target)) from exc
        raise _translated(path, exc) from exc
    if findings != ["ok"]:
        raise DamagedError(
            f"{path}: the file is damaged ({findings[0].splitlines()[0]}); put back a copy from your backup"
        )


def _opened(stack: contextlib.ExitStack, path: Path) -> sqlite3.Connection:
    try:
        return stack.enter_context(contextlib.closing(open_reader(path)))
    except StartupError as exc:
        if isinstance(exc.__cause__, sqlite3.Error) and primary_code(exc.__cause__) in DAMAGE:
            raise DamagedError(str(exc)) from exc
        raise


def _version(path: Path, connection: sqlite3.Connection) -> int:
    try:
        (version,) = connection.execute("PRAGMA data_version").fetchone()
    except sqlite3.Error as exc:
        raise _translated(path, exc) from exc
    return int(version)


def _hold(path: Path, connection: sqlite3.Connection) -> None:
    try:
        connection.execute("BEGIN")
        connection.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchone()  # a transaction begins with its first read
    except sqlite3.Error as exc:
        raise _translated(path, exc) from exc


def _translated(path: Path, exc: sqlite3.Error) -> Exception:
    told = store_error(path, exc)
    return DamagedError(str(told)) if told is not None and primary_code(exc) in DAMAGE else told or exc
