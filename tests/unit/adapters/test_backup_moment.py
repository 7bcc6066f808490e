"""Files that are written to without a pause are backed up as they were at one moment."""

import contextlib
import sqlite3
from pathlib import Path

import pytest

from controller.adapters.backup import moment
from controller.adapters.backup.moment import copied, moment_of
from controller.adapters.sqlite_file import open_writer
from controller.errors import StoreError


def database(path: Path) -> Path:
    with contextlib.closing(open_writer(path, reserve_bytes=0)) as connection:
        connection.execute("CREATE TABLE t (n INTEGER PRIMARY KEY, filler BLOB)")
    return path


def count(path: Path) -> int:
    with contextlib.closing(sqlite3.connect(path)) as connection:
        (found,) = connection.execute("SELECT count(*) FROM t").fetchone()
    return int(found)


def test_a_copy_is_of_the_moment_it_was_begun_whatever_is_written_meanwhile(tmp_path: Path):
    path = database(tmp_path / "a.db")
    with contextlib.closing(open_writer(path, reserve_bytes=0)) as writer:
        writer.execute("INSERT INTO t (filler) VALUES (zeroblob(100000))")
        with moment_of([path], list) as held:
            for _ in range(20):
                writer.execute("INSERT INTO t (filler) VALUES (zeroblob(100000))")
            copied(held[path], path, tmp_path / "copy.db")

    assert (count(tmp_path / "copy.db"), count(path)) == (1, 21)


def test_what_moves_from_one_file_to_the_other_is_in_the_copies_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """As parts become chunks: put into the second, then deleted from the first, between holding the two."""
    first, second = database(tmp_path / "a.db"), database(tmp_path / "b.db")
    holding, holds = moment._hold, []

    with (
        contextlib.closing(open_writer(first, reserve_bytes=0)) as a,
        contextlib.closing(open_writer(second, reserve_bytes=0)) as b,
    ):
        a.execute("INSERT INTO t (n) VALUES (7)")

        def hold(path: Path, connection: sqlite3.Connection) -> None:
            holding(path, connection)
            holds.append(path.name)
            if len(holds) == 1:
                b.execute("INSERT INTO t (n) VALUES (7)")
                a.execute("DELETE FROM t WHERE n = 7")

        monkeypatch.setattr(moment, "_hold", hold)
        with moment_of([first], lambda: [second]) as held:
            copied(held[first], first, tmp_path / "a-copy.db")
            copied(held[second], second, tmp_path / "b-copy.db")

    assert (count(tmp_path / "a-copy.db"), count(tmp_path / "b-copy.db")) == (0, 1)
    assert holds == ["a.db", "b.db", "a.db", "b.db"]


def test_files_that_are_never_still_are_said_to_be(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    first, second = database(tmp_path / "a.db"), database(tmp_path / "b.db")
    holding = moment._hold
    monkeypatch.setattr(moment, "PAUSE_S", 0)

    with contextlib.closing(open_writer(second, reserve_bytes=0)) as writer:

        def hold(path: Path, connection: sqlite3.Connection) -> None:
            holding(path, connection)
            writer.execute("INSERT INTO t DEFAULT VALUES")

        monkeypatch.setattr(moment, "_hold", hold)
        with pytest.raises(StoreError, match="without a pause"), moment_of([first], lambda: [second]):
            pass


def test_a_damaged_file_of_the_group_is_not_held_and_the_others_are(tmp_path: Path):
    first, whole, damaged = database(tmp_path / "a.db"), database(tmp_path / "b.db"), tmp_path / "c.db"
    damaged.write_bytes(b"no database at all" * 1_000)

    with moment_of([first], lambda: [whole, damaged]) as held:
        assert list(held) == [first, whole]


def test_a_damaged_file_that_cannot_be_left_out_is_named(tmp_path: Path):
    damaged = tmp_path / "events.db"
    damaged.write_bytes(b"no database at all" * 1_000)

    with pytest.raises(StoreError, match=r"events\.db: the file is not a database"), moment_of([damaged], list):
        pass


def test_a_copy_for_which_there_is_no_room_is_not_the_houses_fault(tmp_path: Path):
    class Full:
        def backup(self, *_: object, **__: object) -> None:
            error = sqlite3.OperationalError("database or disk is full")
            error.sqlite_errorcode = sqlite3.SQLITE_FULL
            raise error

    with pytest.raises(OSError, match="No space left") as found:
        copied(Full(), tmp_path / "a.db", tmp_path / "copy.db")  # type: ignore[arg-type]
    assert found.value.filename == str(tmp_path / "copy.db")


def test_a_damaged_file_is_no_backup(tmp_path: Path):
    path = database(tmp_path / "a.db")
    with contextlib.closing(sqlite3.connect(path)) as connection, connection:
        connection.executemany("INSERT INTO t (filler) VALUES (?)", [(b"x" * 900,)] * 200)
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    content = bytearray(path.read_bytes())
    content[3 * 4096 : 3 * 4096 + 64] = b"\xff" * 64
    path.write_bytes(content)

    with moment_of([path], list) as held, pytest.raises(StoreError, match="damaged"):
        copied(held[path], path, tmp_path / "copy.db")
