"""The doctor's look at files: whole, of a schema we know, owned and closed as they should be, and room for more."""

import contextlib
import os
import shutil
import sqlite3
import stat
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from controller.adapters.ballast import BALLAST_BYTES, PLENTY
from controller.adapters.influx import state as sending
from controller.adapters.sql.upgrade import EVENTS, REGISTRY
from controller.adapters.sqlite_file import WHAT_TO_DO, examine, open_reader
from controller.adapters.telemetry import chunks, files, schema
from controller.app.doctor.finding import Finding
from controller.domain.keeping import Keeping
from controller.errors import StartupError

_CHAINS = {"natoma.db": REGISTRY, "events.db": EVENTS}
_SECRET_FOLDERS = ("secrets", "broker")
# A month of a large house; with less there is no time left to act.
_LITTLE_BYTES = 1 << 30
_LEAST_BYTES = BALLAST_BYTES * PLENTY
_PUT_BACK = "stop Natoma, and put back a backup: natoma restore BACKUP --over"


def look_at_files(data: Path, keeping: Keeping, now: datetime) -> Iterator[Finding]:
    """Of one data folder."""
    yield from _databases(data)
    yield from _modes(data)
    yield _space(data)
    yield from _left_over(data, keeping, now)


def _databases(data: Path) -> Iterator[Finding]:
    names = [name for name in ("natoma.db", "events.db", "telemetry.db", "sending.db") if (data / name).exists()]
    for path in [*(data / name for name in names), *sorted((data / "history").glob("*.db"))]:
        yield _database(data, path)


def _database(data: Path, path: Path) -> Finding:
    what = f"file {path.relative_to(data)}"
    words = {"sending.db": sending.WHAT_TO_DO, **dict.fromkeys(_CHAINS, WHAT_TO_DO), "telemetry.db": WHAT_TO_DO}
    # All else are months and their hours.
    what_to_do = words.get(path.name, files.WHAT_TO_DO)
    do = _PUT_BACK if what_to_do == WHAT_TO_DO else what_to_do
    try:
        examine(path, what_to_do)
        with contextlib.closing(open_reader(path, what_to_do)) as connection:
            findings = [str(row[0]) for row in connection.execute("PRAGMA quick_check(1)")]
            if findings != ["ok"]:
                return Finding.act(what, f"it is damaged ({findings[0].splitlines()[0]})", do)
            if (newer := _newer(connection, path)) is not None:
                return Finding.act(what, newer, "run the newer Natoma, or restore a backup of this one")
    except StartupError as error:
        return Finding.act(what, str(error).removesuffix(f" {what_to_do}"), do)
    except sqlite3.Error as error:
        return Finding.act(what, f"it cannot be read ({error})", do)
    return Finding.well(what, f"whole, {path.stat().st_size / 1e6:,.1f} MB")


def _newer(connection: sqlite3.Connection, path: Path) -> str | None:
    chain = _CHAINS.get(path.name)
    if chain is not None:
        (found,) = connection.execute(f"SELECT version_num FROM {chain.version_table}").fetchone()  # noqa: S608
        return None if found in chain.revisions else f"a newer Natoma wrote it (schema {found}, known {chain.head})"
    known = {"telemetry.db": schema.SCHEMA, "sending.db": sending.SCHEMA}.get(path.name, chunks.SCHEMA)
    (found,) = connection.execute("PRAGMA user_version").fetchone()
    return None if found <= known else f"a newer Natoma wrote it (schema {found}, known {known})"


def _modes(data: Path) -> Iterator[Finding]:
    open_ones, foreign = [], []
    owner = data.stat().st_uid
    for folder in _SECRET_FOLDERS:
        for path in sorted((data / folder).glob("*")):
            found = path.stat()
            is_secret = folder == "secrets" or path.name in ("passwords.json", "doors.json", "endpoint.json")
            if is_secret and stat.S_IMODE(found.st_mode) & 0o077:
                open_ones.append(path)
    for path in [*data.glob("*.db"), *(data / "history").glob("*.db"), *(data / "secrets").glob("*")]:
        if path.stat().st_uid != owner:
            foreign.append(path)
    for path in open_ones:
        yield Finding.act(f"secret {path.relative_to(data)}", "others may read it", f"chmod 600 {path}")
    for path in foreign:
        yield Finding.act(
            f"file {path.relative_to(data)}", "another user owns it than the folder", f"chown --reference={data} {path}"
        )
    if not open_ones and not foreign:
        yield Finding.well("secrets", "for their owner alone")


def _space(data: Path) -> Finding:
    free, total = shutil.disk_usage(data).free, shutil.disk_usage(data).total
    how = f"{free / 1e9:,.1f} of {total / 1e9:,.1f} GB are free"
    spent = [name for name in ("events.db", "telemetry.db") if _has_spent_its_spare(data, name)]
    if free < _LEAST_BYTES or spent:
        return Finding.act("disk", f"it is full: {how}", "free some space; writing goes on by itself")
    if free < _LITTLE_BYTES:
        return Finding.note("disk", how, "make room, or a shorter keep_telemetry")
    return Finding.well("disk", how)


def _has_spent_its_spare(data: Path, name: str) -> bool:
    # Beside a running service; without one the next start makes it.
    spare = data / f"{name}.spare"
    return (data / name).exists() and not spare.exists() and os.path.exists(data / f"{name}-wal")  # noqa: PTH110


def _left_over(data: Path, keeping: Keeping, now: datetime) -> Iterator[Finding]:
    copies = [
        *data.glob("*.before-*"),
        *data.glob("before-restore-*"),
        *data.parent.glob(f"{data.name}.before-restore-*"),
    ]
    for path in sorted(copies):
        age = now - datetime.fromtimestamp(path.stat().st_mtime, UTC)
        if age > keeping.access:
            yield Finding.act(
                f"copy {path.name}",
                f"it is {age.days} days old and names people for longer than they may be",
                f"delete {path}",
            )
        else:
            yield Finding.note(f"copy {path.name}", f"{age.days} days old", f"delete {path} once you have looked")
