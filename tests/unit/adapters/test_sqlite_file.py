"""How SQLite files are opened: damage is named before anything is read, and errors are ours."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from controller.adapters import sqlite_file
from controller.errors import StartupError


def whole(path: Path) -> Path:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE t (x)")
        connection.execute("INSERT INTO t VALUES (zeroblob(100000))")
        connection.commit()
    return path


def test_every_error_sqlite_has_is_either_the_worlds_or_ours() -> None:
    not_errors = {"SQLITE_OK", "SQLITE_ROW", "SQLITE_DONE", "SQLITE_NOTICE", "SQLITE_WARNING"}
    source = (
        "ERROR INTERNAL PERM ABORT BUSY LOCKED NOMEM READONLY INTERRUPT IOERR CORRUPT NOTFOUND FULL CANTOPEN PROTOCOL "
        "EMPTY SCHEMA TOOBIG CONSTRAINT MISMATCH MISUSE NOLFS AUTH FORMAT RANGE NOTADB NOTICE WARNING ROW DONE OK"
    )
    codes = {getattr(sqlite3, f"SQLITE_{name}") for name in source.split() if f"SQLITE_{name}" not in not_errors}

    assert codes == set(sqlite_file.TRANSIENT) | sqlite_file.OURS
    assert not set(sqlite_file.TRANSIENT) & sqlite_file.OURS


def test_a_whole_file_and_no_file_are_fine(tmp_path: Path) -> None:
    sqlite_file.examine(whole(tmp_path / "a.db"))
    sqlite_file.examine(tmp_path / "none.db")


def test_an_empty_file_is_not_taken_for_a_new_one(tmp_path: Path) -> None:
    (tmp_path / "a.db").touch()

    with pytest.raises(StartupError, match=r"a\.db is empty \(0 bytes\).*backup"):
        sqlite_file.examine(tmp_path / "a.db")


def test_a_file_cut_off_is_refused_with_both_sizes(tmp_path: Path) -> None:
    path = whole(tmp_path / "a.db")
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.truncate(size - 4096)

    with pytest.raises(StartupError, match=rf"a\.db is cut off: {size - 4096} bytes where its header says {size}"):
        sqlite_file.examine(path)


def test_something_else_under_the_name_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.db").write_text("id,name\n1,Ada\n" * 20)

    with pytest.raises(StartupError, match="is not a database"):
        sqlite_file.examine(tmp_path / "a.db")


def test_damage_in_the_middle_is_found_by_reading_it_through(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE t (x TEXT PRIMARY KEY)")
        connection.executemany("INSERT INTO t VALUES (?)", [(f"{n:0100d}",) for n in range(1000)])
        connection.commit()
    with path.open("r+b") as file:
        file.seek(4096 * 5)
        file.write(b"\xff" * 4096)

    with closing(sqlite3.connect(path)) as connection, pytest.raises(StartupError, match="is damaged"):
        sqlite_file.check(connection, path)


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(StartupError, match=r"a\.db: it cannot be opened"):
        sqlite_file.open_writer(tmp_path / "missing" / "a.db")


def test_reserving_log_space_leaves_the_database_as_it_was(tmp_path: Path) -> None:
    path = whole(tmp_path / "a.db")
    size = path.stat().st_size

    with closing(sqlite_file.open_writer(path)) as connection:
        assert path.with_name("a.db-wal").stat().st_size >= sqlite_file.WAL_RESERVE_BYTES
        assert connection.execute("SELECT name FROM sqlite_master").fetchall() == [("t",)]
    assert path.stat().st_size == size


def test_a_reader_cannot_write(tmp_path: Path) -> None:
    path = whole(tmp_path / "a.db")
    with closing(sqlite_file.open_reader(path)) as reader, pytest.raises(sqlite3.OperationalError, match="readonly"):
        reader.execute("INSERT INTO t VALUES (1)")


def test_a_new_file_is_its_users_alone(tmp_path: Path) -> None:
    path = tmp_path / "data" / "new.db"

    sqlite_file.create(path, lambda draft: sqlite3.connect(draft).execute("CREATE TABLE t (n)").connection.close())

    assert (path.stat().st_mode & 0o777, path.parent.stat().st_mode & 0o777) == (0o600, 0o700)


def test_a_new_file_gets_its_name_only_when_it_is_complete(tmp_path: Path) -> None:
    def fail(draft: Path) -> None:
        draft.write_bytes(b"half")
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        sqlite_file.create(tmp_path / "a.db", fail)

    assert list(tmp_path.iterdir()) == []


def test_of_two_that_create_one_file_the_first_wins(tmp_path: Path) -> None:
    path = tmp_path / "a.db"

    def beaten(draft: Path) -> None:
        draft.write_bytes(b"second")
        path.write_bytes(b"first")

    sqlite_file.create(path, beaten)

    assert path.read_bytes() == b"first"
