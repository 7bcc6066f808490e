"""Files that are written to without a pause are backed up as they were at one moment."""

import contextlib
import sqlite3
import threading
from pathlib import Path

import pytest

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


def test_what_moves_from_one_file_to_the_other_is_in_the_copies_once(tmp_path: Path):
    """As parts become chunks: put into the second, then deleted from the first."""
    first, second = database(tmp_path / "a.db"), database(tmp_path / "b.db")
    stop = threading.Event()

    def move() -> None:
        with (
            contextlib.closing(open_writer(first, reserve_bytes=0)) as a,
            contextlib.closing(open_writer(second, reserve_bytes=0)) as b,
        ):
            for number in range(100_000):
                a.execute("INSERT INTO t (n) VALUES (?)", (number,))
                b.execute("INSERT INTO t (n) VALUES (?)", (number,))
                a.execute("DELETE FROM t WHERE n = ?", (number,))
                if stop.wait(0.02):
                    return

    moving = threading.Thread(target=move)
    moving.start()
    try:
        for number in range(10):
            with moment_of([first], lambda: [second]) as held:
                copied(held[first], first, tmp_path / f"a-{number}.db")
                copied(held[second], second, tmp_path / f"b-{number}.db")
            with contextlib.closing(sqlite3.connect(tmp_path / f"a-{number}.db")) as one:
                waiting = {n for (n,) in one.execute("SELECT n FROM t")}
            with contextlib.closing(sqlite3.connect(tmp_path / f"b-{number}.db")) as other:
                there = {n for (n,) in other.execute("SELECT n FROM t")}
            # Nothing fell between the two: what is in neither was never begun.
            assert there | waiting == set(range(max(there | waiting, default=-1) + 1))
            assert len(there & waiting) <= 1
    finally:
        stop.set()
        moving.join()


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
