"""F9 and F29: databases that are damaged, cut, newer, or half way through an upgrade.

None is started on as if it were whole, and none is replaced by an empty one; what was on the disk stays there.
"""

import contextlib
import random
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest
from sqlalchemy import Engine, event

from controller.adapters.sql.upgrade import EVENTS, MIGRATIONS, REGISTRY, Chain, bring_up
from controller.adapters.sqlite_file import open_writer
from controller.adapters.telemetry import schema
from tests.support.controller import ROOT, clean_environment, copy_of, natoma
from tests.support.household import Household
from tests.support.soak import kills

SEED = 20261122
KILLS = kills(8)
PEOPLE = 2_000
# Tells of each statement, and waits for leave to go on: all of them take milliseconds, and a kill after so long would
# fall before the first or behind the last.
UPGRADE = """
import sys
from pathlib import Path
from sqlalchemy import Engine, event
from controller.adapters.sql.upgrade import REGISTRY, bring_up

def told(*_):
    print("done", flush=True)
    sys.stdin.readline()

event.listen(Engine, "after_cursor_execute", told)
bring_up(Path(sys.argv[1]), REGISTRY)
"""


@pytest.fixture
def data(household: Household, tmp_path: Path) -> Path:
    """A house as its first run leaves it, with facts in its log."""
    folder = copy_of(household.data, tmp_path / "data")
    bring_up(folder / "events.db", EVENTS)
    schema.bring_up(folder / "telemetry.db")
    with contextlib.closing(open_writer(folder / "events.db", reserve_bytes=0)) as log:
        rows = [(n, "door_opened", "x" * 200) for n in range(2_000)]
        log.execute("BEGIN")
        log.executemany("INSERT INTO fact (at_us, kind, correlation) VALUES (?, ?, ?)", rows)
        log.execute("COMMIT")
    return folder


@pytest.mark.parametrize("name", ["natoma.db", "events.db", "telemetry.db"])
def test_a_damaged_page_is_found_at_the_start_named_and_left_as_it_is(household: Household, data: Path, name: str):
    path = data / name
    content = bytearray(path.read_bytes())
    # One page in the middle: nothing that opening it would touch by itself.
    middle = len(content) // 4096 // 2 * 4096
    content[middle : middle + 8] = b"\xff" * 8
    path.write_bytes(content)

    said = natoma("run", "--data", data, "--space", household.space, "--mqtt", "mqtt://127.0.0.1:9", "--web-port", "0")
    examined = natoma("doctor", "--data", data, "--space", household.space)

    assert said.code == 1
    assert f"{path} is damaged" in said.err
    assert "natoma restore BACKUP --over" in said.err
    assert path.read_bytes() == bytes(content)
    assert examined.code == 1
    assert f"file {name}: " in examined.out
    assert "natoma restore BACKUP --over" in examined.out
    assert "Traceback" not in said.err + examined.err


@pytest.mark.parametrize("left", [0.0, 0.33, 0.9], ids=lambda left: f"{left:.0%} left")
def test_of_a_log_that_was_cut_what_was_before_the_cut_is_there_and_whole(tmp_path: Path, left: float):
    path = tmp_path / "events.db"
    bring_up(path, EVENTS)
    with contextlib.closing(open_writer(path, reserve_bytes=0, checkpoint_pages=0)) as log:
        for n in range(100):
            log.execute("INSERT INTO fact (at_us, kind) VALUES (?, 'door_opened')", (n,))
            if n == 49:
                log.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        wal = path.with_name("events.db-wal").read_bytes()
        kept = tmp_path / "cut" / "events.db"
        kept.parent.mkdir()
        kept.write_bytes(path.read_bytes())
    kept.with_name("events.db-wal").write_bytes(wal[: int(len(wal) * left)])

    bring_up(kept, EVENTS)

    with contextlib.closing(sqlite3.connect(kept)) as log:
        there = [at for (at,) in log.execute("SELECT at_us FROM fact ORDER BY position")]
        assert log.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    # From the first on, without a hole: never an empty log, never one with something missing in the middle.
    assert there == list(range(len(there)))
    assert len(there) >= 50
    assert (left > 0) == (len(there) > 50)


@pytest.mark.parametrize(
    ("name", "statement"),
    [
        ("natoma.db", "UPDATE alembic_version_registry SET version_num = '0099'"),
        ("events.db", "UPDATE alembic_version_events SET version_num = '0099'"),
        ("telemetry.db", "PRAGMA user_version = 99"),
    ],
)
def test_a_database_of_a_newer_program_is_refused_and_not_touched(
    household: Household, data: Path, name: str, statement: str
):
    with contextlib.closing(sqlite3.connect(data / name)) as connection, connection:
        connection.execute(statement)
    before = (data / name).read_bytes()

    said = natoma("run", "--data", data, "--space", household.space, "--mqtt", "mqtt://127.0.0.1:9", "--web-port", "0")

    assert said.code == 1
    assert "was written by a newer Natoma" in said.err
    assert (data / name).read_bytes() == before


def _old_registry(path: Path) -> None:
    bring_up(path, Chain("registry", ("0001",), MIGRATIONS))
    with contextlib.closing(sqlite3.connect(path)) as connection, connection:
        rows = [(f"p-{n}", f"Person {n}", "member", 0, 0, None) for n in range(PEOPLE)]
        connection.executemany("INSERT INTO person VALUES (?, ?, ?, ?, ?, ?)", rows)


@pytest.mark.slow
@pytest.mark.soak
def test_an_upgrade_killed_again_and_again_leaves_the_old_database_or_the_new_one(tmp_path: Path):
    old = tmp_path / "old.db"
    _old_registry(old)
    new = _copied(old, tmp_path / "new")
    statements = _statements_of_an_upgrade(new)
    whole = {"0001": _schema(old), REGISTRY.head: _schema(new)}
    dice = random.Random(SEED)
    # In the midst of it, at another place each time, and once as it ends.
    after = [*(dice.randint(2, statements - 1) for _ in range(KILLS - 1)), statements]
    for number, statement in enumerate(after):
        path = _copied(old, tmp_path / str(number))

        _killed_after(statement, path, dice)

        revision = _revision(path)
        assert revision in whole
        assert _schema(path) == whole[revision]
        assert statement == statements or revision == "0001"
        assert _whole(path, "SELECT count(*) FROM person") == PEOPLE
        assert _whole(path.with_name("natoma.db.before-0001"), "SELECT count(*) FROM person") == PEOPLE

        bring_up(path, REGISTRY)

        assert _schema(path) == whole[REGISTRY.head]
        assert _whole(path, "SELECT count(*) FROM person WHERE pays_as_you_go = 0") == PEOPLE


def _copied(old: Path, folder: Path) -> Path:
    folder.mkdir()
    path = folder / "natoma.db"
    path.write_bytes(old.read_bytes())
    return path


def _statements_of_an_upgrade(path: Path) -> int:
    done = []

    def told(*_: object) -> None:
        done.append(1)

    event.listen(Engine, "after_cursor_execute", told)
    try:
        bring_up(path, REGISTRY)
    finally:
        event.remove(Engine, "after_cursor_execute", told)
    return len(done)


def _killed_after(statement: int, path: Path, dice: random.Random) -> None:
    """Upgrade it, and end that as a power cut does: right behind this statement, or a moment after it."""
    pipe = subprocess.PIPE
    words = [sys.executable, "-c", UPGRADE, str(path)]
    with subprocess.Popen(words, cwd=ROOT, env=clean_environment(), stdin=pipe, stdout=pipe) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        for done in range(1, statement + 1):
            assert child.stdout.readline() == b"done\n"
            if done < statement:
                child.stdin.write(b"go on\n")
                child.stdin.flush()
        if dice.random() < 0.5:
            child.stdin.write(b"go on\n")
            child.stdin.flush()
            time.sleep(dice.uniform(0, 0.002))
        child.kill()


def _schema(path: Path) -> list[str]:
    with contextlib.closing(sqlite3.connect(path)) as connection:
        return [str(row) for row in connection.execute("SELECT type, name, sql FROM sqlite_master ORDER BY type, name")]


def _revision(path: Path) -> str:
    return str(_asked(path, "SELECT version_num FROM alembic_version_registry"))


def _whole(path: Path, statement: str) -> int:
    assert _asked(path, "PRAGMA integrity_check") == "ok"
    return int(str(_asked(path, statement)))


def _asked(path: Path, statement: str) -> object:
    with contextlib.closing(sqlite3.connect(path)) as connection:
        (found,) = connection.execute(statement).fetchone()
        return found
