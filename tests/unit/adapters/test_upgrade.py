"""Databases and the schema they have: created whole, upgraded with a copy, refused when newer or damaged."""

import contextlib
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from controller.adapters.sql import (  # noqa: F401  # its tables join the metadata
    schema_events,
    schema_registry,
    schema_rooms,
    upgrade,
)
from controller.adapters.sql.engine import writing_engine
from controller.adapters.sql.upgrade import EVENTS, REGISTRY, Chain, bring_up
from controller.adapters.telemetry import schema as telemetry_log
from controller.errors import StartupError

CHAINS = pytest.mark.parametrize("chain", [REGISTRY, EVENTS], ids=lambda chain: chain.name)
METADATA = {"registry": schema_registry.metadata, "events": schema_events.metadata}


@contextlib.contextmanager
def opened(path: Path) -> Iterator[sqlite3.Connection]:
    with contextlib.closing(sqlite3.connect(path)) as connection, connection:
        yield connection


@CHAINS
def test_migrations_build_what_the_program_reads(chain: Chain, tmp_path: Path) -> None:
    bring_up(tmp_path / "a.db", chain)

    engine = writing_engine(tmp_path / "a.db")
    with engine.begin() as connection:
        context = MigrationContext.configure(
            connection,
            opts={"version_table": chain.version_table, "compare_type": True, "compare_server_default": True},
        )
        assert compare_metadata(context, METADATA[chain.name]) == []
    engine.dispose()


@CHAINS
def test_the_program_knows_every_migration_there_is(chain: Chain) -> None:
    scripts = ScriptDirectory(str(chain.scripts))

    assert tuple(script.revision for script in scripts.walk_revisions())[::-1] == chain.revisions


@CHAINS
def test_only_a_complete_database_has_the_name(chain: Chain, tmp_path: Path) -> None:
    bring_up(tmp_path / "data" / "a.db", chain)

    assert [path.name for path in (tmp_path / "data").iterdir()] == ["a.db"]


def test_a_database_up_to_date_is_opened_without_alembic(tmp_path: Path) -> None:
    bring_up(tmp_path / "a.db", EVENTS)
    program = (
        "import sys, pathlib; from controller.adapters.sql.upgrade import EVENTS, bring_up\n"
        f"bring_up(pathlib.Path({str(tmp_path / 'a.db')!r}), EVENTS); print('alembic' in sys.modules)"
    )

    done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)

    assert done.stdout.strip() == "False"


@CHAINS
def test_a_newer_database_is_refused_with_both_revisions(chain: Chain, tmp_path: Path) -> None:
    bring_up(tmp_path / "a.db", chain)
    with opened(tmp_path / "a.db") as connection:
        connection.execute(f"UPDATE {chain.version_table} SET version_num = '0099'")

    with pytest.raises(StartupError, match=rf"a\.db.*newer.*0099.*up to {chain.head}.*Run the newer program"):
        bring_up(tmp_path / "a.db", chain)


def test_an_older_database_is_copied_and_then_upgraded(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    bring_up(path, EVENTS)
    with opened(path) as connection:
        connection.execute("INSERT INTO fact (at_us, kind) VALUES (1, 'door_opened')")
    newer = _with_another_revision(tmp_path, EVENTS)

    bring_up(path, newer)

    with opened(path) as connection:
        assert connection.execute("SELECT kind, mood FROM fact").fetchall() == [("door_opened", None)]
        assert connection.execute(f"SELECT version_num FROM {newer.version_table}").fetchone() == (newer.head,)
    with opened(tmp_path / f"a.db.before-{EVENTS.head}") as copy:
        assert copy.execute("SELECT kind FROM fact").fetchall() == [("door_opened",)]


def test_an_upgrade_that_fails_half_way_leaves_the_old_database(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    bring_up(path, EVENTS)
    newer = _with_another_revision(tmp_path, EVENTS, then="raise ZeroDivisionError")

    with pytest.raises(ZeroDivisionError):
        bring_up(path, newer)

    with opened(path) as connection:
        assert "mood" not in {row[1] for row in connection.execute("PRAGMA table_info(fact)")}
    bring_up(path, EVENTS)


def test_another_programs_database_is_refused(tmp_path: Path) -> None:
    with opened(tmp_path / "a.db") as connection:
        connection.execute("CREATE TABLE songs (title)")

    with pytest.raises(StartupError, match="is not Natoma's registry database"):
        bring_up(tmp_path / "a.db", REGISTRY)


@CHAINS
def test_a_damaged_database_is_refused_by_name(chain: Chain, tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    bring_up(path, chain)
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * 8192)

    with pytest.raises(StartupError, match=r"a\.db.* is damaged.*backup"):
        bring_up(path, chain)


@pytest.mark.parametrize("left", [0, 50, 5000])
def test_a_database_cut_off_is_refused_by_name(left: int, tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    bring_up(path, REGISTRY)
    with path.open("r+b") as file:
        file.truncate(left)

    with pytest.raises(StartupError, match=r"a\.db"):
        bring_up(path, REGISTRY)


def test_a_newer_telemetry_log_is_refused(tmp_path: Path) -> None:
    telemetry_log.bring_up(tmp_path / "t.db")
    with opened(tmp_path / "t.db") as connection:
        connection.execute("PRAGMA user_version=9")

    with pytest.raises(StartupError, match="its schema is 9, this program knows up to 2"):
        telemetry_log.bring_up(tmp_path / "t.db")


def test_a_path_that_cannot_be_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(StartupError, match=r"a\.db: cannot be read \(Not a directory\)"):
        bring_up(tmp_path / "file" / "a.db", EVENTS)


def _with_another_revision(tmp_path: Path, chain: Chain, then: str = "pass") -> Chain:
    """The same chain as a later program would have it, in a folder of its own."""
    scripts = tmp_path / "migrations" / chain.name
    (scripts / "versions").mkdir(parents=True)
    (scripts / "env.py").write_text((chain.scripts / "env.py").read_text())
    for script in (chain.scripts / "versions").glob("r*.py"):
        (scripts / "versions" / script.name).write_text(script.read_text())
    number = f"{int(chain.head) + 1:04}"
    (scripts / "versions" / f"r{number}_mood.py").write_text(
        "import sqlalchemy as sa\nfrom alembic import op\n"
        f"revision = '{number}'\ndown_revision = '{chain.head}'\n"
        f"def upgrade():\n    op.add_column('fact', sa.Column('mood', sa.Text))\n    {then}\n"
    )
    return upgrade.Chain(chain.name, (*chain.revisions, number), tmp_path / "migrations")
