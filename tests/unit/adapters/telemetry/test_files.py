"""Connections kept open over files that come and go."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from controller.adapters.telemetry.files import MOST_READERS, MOST_WRITERS, OpenFiles
from controller.errors import StoreError


@pytest.fixture
def files() -> Iterator[OpenFiles]:
    with closing(OpenFiles(schema=1)) as opened:
        yield opened


def build(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("CREATE TABLE said (word)")


def say(files: OpenFiles, path: Path, word: str) -> None:
    with files.transaction(path, build) as connection:
        connection.execute("INSERT INTO said VALUES (?)", (word,))


def heard(files: OpenFiles, path: Path) -> list[str] | None:
    with files.reader(path) as connection:
        return None if connection is None else [word for (word,) in connection.execute("SELECT word FROM said")]


def test_a_file_that_is_not_there_has_no_reader(files: OpenFiles, tmp_path: Path):
    assert heard(files, tmp_path / "a.db") is None


def test_a_reader_that_came_back_is_lent_again_and_to_one_at_a_time(files: OpenFiles, tmp_path: Path):
    say(files, path := tmp_path / "a.db", "one")
    with files.reader(path) as first, files.reader(path) as second:
        assert first is not second
    with files.reader(path) as again:
        assert again in (first, second)


def test_a_reader_lent_while_its_file_is_deleted_never_reads_for_the_next_file(files: OpenFiles, tmp_path: Path):
    say(files, path := tmp_path / "a.db", "old")
    with files.reader(path) as connection:
        assert connection is not None
        files.unlink(path)
        assert connection.execute("SELECT word FROM said").fetchall() == [("old",)]  # what it has open it may finish

    assert heard(files, path) is None
    say(files, path, "new")
    assert heard(files, path) == ["new"]


def test_a_deleted_file_leaves_nothing_beside_it(files: OpenFiles, tmp_path: Path):
    say(files, path := tmp_path / "a.db", "old")
    heard(files, path)

    files.unlink(path)

    assert list(tmp_path.iterdir()) == []


def test_a_transaction_that_fails_leaves_nothing_of_it(files: OpenFiles, tmp_path: Path):
    say(files, path := tmp_path / "a.db", "one")

    def say_half() -> None:
        with files.transaction(path, build) as connection:
            connection.execute("INSERT INTO said VALUES ('two')")
            connection.execute("INSERT INTO nowhere VALUES ('three')")

    with pytest.raises(sqlite3.OperationalError, match="no such table: nowhere"):  # ours, so it stays loud
        say_half()
    say(files, path, "four")
    assert heard(files, path) == ["one", "four"]


def test_a_folder_that_cannot_be_written_is_told_in_words(files: OpenFiles, tmp_path: Path):
    (tmp_path / "history").write_text("a file where the folder should be")

    with pytest.raises(StoreError, match="cannot be created"):
        say(files, tmp_path / "history" / "a.db", "one")


def test_many_files_are_read_and_written_with_few_open(files: OpenFiles, tmp_path: Path):
    paths = [tmp_path / f"{n}.db" for n in range(MOST_READERS + 4)]
    for path in paths:
        say(files, path, path.stem)

    assert [heard(files, path) for path in paths] == [[path.stem] for path in paths]
    assert len(files._idle) == MOST_READERS
    assert len(files._writers) == MOST_WRITERS


def test_a_file_that_is_written_no_more_keeps_no_log_of_its_own(files: OpenFiles, tmp_path: Path):
    say(files, first := tmp_path / "first.db", "one")
    heard(files, first)  # a reader stays open
    for n in range(MOST_WRITERS):
        say(files, tmp_path / f"{n}.db", "more")

    assert first.with_name("first.db-wal").stat().st_size == 0
    assert heard(files, first) == ["one"]


def test_a_file_of_a_newer_natoma_is_neither_read_nor_written(files: OpenFiles, tmp_path: Path):
    say(files, path := tmp_path / "a.db", "one")
    files.close()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version=2")

    for use in (lambda: heard(files, path), lambda: say(files, path, "two")):
        with pytest.raises(StoreError, match=r"a\.db was written by a newer Natoma: its schema is 2, .* up to 1"):
            use()
