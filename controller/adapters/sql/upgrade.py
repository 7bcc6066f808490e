"""Brings a database to the schema this program knows, before anything else opens it.

A database already there costs one direct statement: Alembic is imported only when there is work.
A new file gets its name when it is complete, an old one is copied before it is changed, and a
newer one is refused.
"""

import contextlib
import logging
import sqlite3
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from controller.adapters.sqlite_file import check, create, damaged, examine
from controller.errors import StartupError

if TYPE_CHECKING:
    from sqlalchemy import Engine

logger = logging.getLogger(__name__)

MIGRATIONS = Path(__file__).parent / "migrations"


@dataclass(frozen=True, slots=True)
class Chain:
    """One database's migrations; a test holds `revisions` to the files."""

    name: str
    revisions: tuple[str, ...]  # oldest first
    folder: Path = MIGRATIONS

    @property
    def head(self) -> str:
        return self.revisions[-1]

    @property
    def version_table(self) -> str:
        return f"alembic_version_{self.name}"  # one each, so that both may share a PostgreSQL

    @property
    def scripts(self) -> Path:
        return self.folder / self.name


REGISTRY = Chain("registry", ("0001", "0002", "0003"))
EVENTS = Chain("events", ("0001", "0002"))


def bring_up(path: Path, chain: Chain) -> None:
    """Make `path` a database of `chain` at its newest revision; StartupError says what a person must do."""
    examine(path)
    if not path.exists():
        create(path, lambda draft: _migrate(draft, chain))
        return
    found = _revision(path, chain)
    if found == chain.head:
        return
    refuse_newer(str(path), found, chain, f"put back the copy it made before it upgraded ({path.name}.before-*)")
    copy = _copy(path, found)
    logger.info("%s: upgrading from %s to %s; the old one is kept as %s", path, found, chain.head, copy.name)
    _migrate(path, chain)


def refuse_newer(where: str, found: str, chain: Chain, remedy: str) -> None:
    if found not in chain.revisions:
        raise StartupError(
            f"{where} was written by a newer Natoma: its schema is {found}, this program knows up to {chain.head}. "
            f"Run the newer program, or {remedy}."
        )


def migrate(engine: "Engine", chain: Chain) -> None:
    """One transaction for all of it: killed half way, the old schema is still whole."""
    # Imported here: a database at its newest revision must not pay for what it does not need (0.15 s).
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(chain.scripts).replace("%", "%%"))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        config.attributes["chain"] = chain
        command.upgrade(config, chain.head)


def _revision(path: Path, chain: Chain) -> str:
    try:
        with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
            connection.execute("PRAGMA busy_timeout=5000")
            check(connection, path)
            tables = {row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
            if chain.version_table not in tables:
                raise StartupError(
                    f"{path} is not Natoma's {chain.name} database: it has no table {chain.version_table}. "
                    f"Put back Natoma's own (natoma restore BACKUP --over), or name another folder for its data."
                )
            (revision,) = connection.execute(f"SELECT version_num FROM {chain.version_table}").fetchone()  # noqa: S608
    except sqlite3.DatabaseError as exc:
        raise damaged(path, exc) from exc
    return str(revision)


def _copy(path: Path, revision: str) -> Path:
    copy = path.with_name(f"{path.name}.before-{revision}")
    copy.unlink(missing_ok=True)  # of an upgrade that did not finish
    try:
        with contextlib.closing(sqlite3.connect(path)) as source, contextlib.closing(sqlite3.connect(copy)) as target:
            source.backup(target)
    except sqlite3.DatabaseError as exc:
        raise damaged(path, exc) from exc
    return copy


def _migrate(path: Path, chain: Chain) -> None:
    from sqlalchemy.exc import DatabaseError

    from controller.adapters.sql.engine import writing_engine

    engine = writing_engine(path)
    try:
        migrate(engine, chain)
    except DatabaseError as exc:
        if isinstance(exc.orig, sqlite3.DatabaseError):
            raise damaged(path, exc.orig) from exc
        raise
    finally:
        engine.dispose()
