"""A PostgreSQL server of a test run's own: a private cluster on a socket in a temporary folder, safe to lose.

Started when the first test asks and stopped with the run. One database, brought up once, is emptied between tests,
which takes milliseconds where making one takes a tenth of a second.
"""

import asyncio
import os
import pwd
import shutil
import subprocess
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import psycopg

from controller.adapters.sql import schema_rooms  # noqa: F401  # its tables join the metadata
from controller.adapters.sql.postgresql import PostgresServer
from controller.adapters.sql.registry import SqlRegistry
from controller.adapters.sql.schema_registry import metadata
from controller.adapters.sql.upgrade import REGISTRY
from tests.support.components import program

PATIENCE_S = 20.0
# Nothing here need survive a power cut.
SETTINGS = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "listen_addresses": "",
    "shared_buffers": "16MB",
    "max_connections": "100",
}


@dataclass(slots=True)
class Cluster:
    folder: Path
    process: subprocess.Popen[bytes]
    wiper: "psycopg.Connection[Any] | None" = None

    def url(self, database: str) -> str:
        return f"postgresql://natoma@/{database}?host={self.folder}"

    def run(self, statement: str, database: str = "postgres") -> None:
        """As the cluster's superuser."""
        with psycopg.connect(self.url(database), autocommit=True) as connection:
            connection.execute(statement.encode())


_WIPE = (
    "".join(f'DELETE FROM "{table.name}";' for table in metadata.sorted_tables)
    + "INSERT INTO meta SELECT * FROM meta_at_first;"
    + "ALTER SEQUENCE ledger_number_seq RESTART; ALTER SEQUENCE notice_number_seq RESTART"
).encode()
_running: Cluster | None = None
_registry: SqlRegistry | None = None
_made = 0


def empty_registry() -> PostgresServer:
    """A registry at the newest schema with nothing in it; the same one each time, so one test at a time has it."""
    cluster = _cluster()
    # As a replica would: the ledger's triggers let nobody else empty it.
    if cluster.wiper is None:
        cluster.wiper = psycopg.connect(cluster.url("registry"), autocommit=True)
        cluster.wiper.execute("SET session_replication_role = replica")
    cluster.wiper.execute(_WIPE)
    return PostgresServer(cluster.url("registry"))


def emptied_registry(now: datetime) -> SqlRegistry:
    """The same, open already: what a test does with it costs less than opening it."""
    global _registry
    server = empty_registry()
    if _registry is None:
        _registry = SqlRegistry(server, key_id="k1", now=lambda: now)
    return _registry


def new_database() -> PostgresServer:
    """With nothing in it at all."""
    global _made
    _made += 1
    _cluster().run(f"CREATE DATABASE new_{_made}")
    return PostgresServer(_cluster().url(f"new_{_made}"))


def run(server: PostgresServer, statement: str) -> None:
    """Beside Natoma, as an administrator would."""
    with psycopg.connect(server.url, autocommit=True) as connection:
        connection.execute(statement.encode())


def _cluster() -> Cluster:
    global _running
    if _running is None:
        _running = _start()
        _running.run("CREATE DATABASE registry")
        PostgresServer(_running.url("registry")).bring_up(REGISTRY)
        _running.run("CREATE TABLE meta_at_first AS SELECT * FROM meta", "registry")
    return _running


def stop() -> None:
    """At the end of a run; fine where none was started."""
    global _running, _registry
    if _registry is not None:
        asyncio.run(_registry.close())
        _registry = None
    if _running is not None:
        _running.process.kill()
        _running.process.wait(PATIENCE_S)
        shutil.rmtree(_running.folder, ignore_errors=True)
        _running = None


def _start() -> Cluster:
    initdb = program("initdb")
    folder = Path(tempfile.mkdtemp(prefix="natoma-pg-"))
    folder.chmod(0o755)
    home = folder / "data"
    home.mkdir(mode=0o700)
    # It does not start as root, and dies with us however we end.
    become = ["setpriv", "--pdeathsig=KILL"]
    if os.geteuid() == 0:
        who = _somebody()
        become += [f"--reuid={who.pw_uid}", f"--regid={who.pw_gid}", "--clear-groups"]
        for one in (folder, home):
            os.chown(one, who.pw_uid, who.pw_gid)
    setup = [
        "--no-sync",
        "--auth=trust",
        "--username=natoma",
        "--encoding=UTF8",
        "--locale=C.UTF-8",
        f"--pgdata={home}",
    ]
    done = subprocess.run([*become, initdb, *setup], capture_output=True, text=True, cwd=folder)
    assert done.returncode == 0, f"initdb: {done.stderr}"
    settings = [f"-c{name}={value}" for name, value in SETTINGS.items()]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [*become, str(Path(initdb).with_name("postgres")), "-D", str(home), "-k", str(folder), *settings],
            stdout=log,
            stderr=log,
            cwd=folder,
        )
    cluster = Cluster(folder, process)
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        assert process.poll() is None, f"postgres ended at once: {(folder / 'log').read_text()[-2000:]}"
        with suppress(psycopg.OperationalError):
            cluster.run("SELECT 1")
            return cluster
        time.sleep(0.01)
    raise AssertionError(f"postgres took no connection in {PATIENCE_S} s: {(folder / 'log').read_text()[-2000:]}")


def _somebody() -> pwd.struct_passwd:
    try:
        return pwd.getpwnam("postgres")
    except KeyError:
        return pwd.getpwnam("nobody")
