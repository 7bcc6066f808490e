"""Making a backup of one data folder, beside a running service or without one: what belongs to a house, in which order.

Secrets are never in it; on request they are a file of their own. What lies only in memory, or at the broker, is not a
house's history.
"""

import contextlib
import logging
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from urllib.parse import unquote, urlsplit

from controller.adapters.backup.box import Box, new_file, new_folder
from controller.adapters.backup.manifest import Manifest
from controller.adapters.backup.moment import DamagedError, copied, moment_of
from controller.adapters.sql.upgrade import EVENTS, REGISTRY
from controller.app.lock import refuse_half
from controller.config import Home
from controller.errors import InputError, StoreError

logger = logging.getLogger(__name__)

# The one told of first: what a file says of the next (how far a cursor is in it) must not be ahead of that.
DATABASES = ("natoma.db", "sending.db", "events.db", "telemetry.db")
CHAINS = {"natoma.db": REGISTRY, "events.db": EVENTS}
_PUBLICATIONS = ("space/current.json", "space/history.jsonl", "space/started.json")
_SECRETS = ("broker/passwords.json", "broker/doors.json")
_ANSWERS_WITHIN_S = 3600


@dataclass(frozen=True, slots=True)
class Made:
    """A backup that was made, and what of the house is not in it."""

    path: Path
    size: int
    left_out: tuple[str, ...]


def make_backup(
    home: Home, target: Path, at: datetime, *, passphrase: bytes | None = None, secrets: Path | None = None
) -> Made:
    """Pack the house into `target`: a file, or a folder (a new one, or one in it where it is there).

    Raises:
        InputError: there is no house, or the target is taken, or inside the house.
        StoreError: something cannot be read, written, or is damaged (but for readings, whose files are left out then);
            nothing is left at `target`.
    """
    folder = home.folder
    refuse_half(folder)
    if not (folder / "events.db").exists():
        raise InputError(f"{folder}: there is nothing to back up — name the data folder with --data, or run once first")
    path, is_file = _place(target, at)
    for one in (path, secrets):
        if one is not None and one.resolve().is_relative_to(folder.resolve()):
            raise InputError(
                f"{one} is inside the data folder {folder}: it would be lost with it — name a place outside, best on "
                "another disk"
            )
    if passphrase is not None and not is_file:
        raise InputError(f"{target}: a folder has no passphrase — name a file, such as {target / 'house.natoma'}")
    if secrets is not None and secrets.exists():
        raise InputError(f"{secrets} is there already — name another file for the secrets")
    manifest = Manifest(version("natoma"), at)
    with _staging(path) as staging:
        dump, left_out = _registry_of_server(home, staging)
        if secrets is None:
            left_out += (
                "the secrets (keys of badges and lists, passwords of the broker): --secrets FILE packs them apart",
            )
        manifest = replace(manifest, left_out=left_out)
        box = new_file(path, manifest, passphrase) if is_file else new_folder(path, manifest)
        left_out += _pack(folder, dump, box, staging)
        if secrets is not None:
            _pack_secrets(folder, secrets, staging, replace(manifest, left_out=(), holds="secrets"), passphrase)
    size = path.stat().st_size if is_file else sum(one.stat().st_size for one in path.rglob("*") if one.is_file())
    return Made(path, size, left_out)


def _place(target: Path, at: datetime) -> tuple[Path, bool]:
    if target.is_dir():
        return target / f"natoma-{at:%Y%m%d-%H%M%S}", False
    return target, bool(target.suffix)


@contextlib.contextmanager
def _staging(path: Path) -> Iterator[Path]:
    """Beside the backup: on the disk that has to hold it anyway."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{path.name}.", dir=path.parent) as staging:
            yield Path(staging)
    except OSError as exc:
        raise StoreError(f"{path} cannot be written ({exc.strerror or exc})") from exc


def _pack(folder: Path, dump: Path | None, box: AbstractContextManager[Box], staging: Path) -> tuple[str, ...]:
    """What was left out of it, in words."""
    # Before the logs: a decision that is moved into one meanwhile is then in both, and met there by its own id; numbers
    # of devices that are older than their readings are counted on from them.
    _copy(folder, staging, ("reserve.jsonl", "numbers.json", "space.yaml", *_PUBLICATIONS, *_versions(folder)))
    first = [folder / name for name in DATABASES if (folder / name).exists()]
    history: list[Path] = []

    def months() -> list[Path]:
        history[:] = sorted((folder / "history").glob("*.db"))
        return history

    with moment_of(first, months) as held, box as taking:
        damaged = [path for path in history if path not in held]
        for path, connection in held.items():
            name = path.relative_to(folder).as_posix()
            try:
                copied(connection, path, staging / "copy.db")
            except DamagedError:
                # Who has lost a month needs a backup of the rest most of all.
                if path in first:
                    raise
                damaged.append(path)
                (staging / "copy.db").unlink(missing_ok=True)
            else:
                (schema,) = connection.execute(_schema_of(path)).fetchone()
                taking.put(name, staging / "copy.db", str(schema))
            connection.execute("ROLLBACK")  # its log may be written back from here on
        for path in sorted(one for one in (staging / "files").rglob("*") if one.is_file()):
            taking.put(path.relative_to(staging / "files").as_posix(), path)
        if dump is not None:
            taking.put("registry.dump", dump)
        left_out = tuple(
            f"{path.relative_to(folder)}, readings: the file is damaged — put back a copy from an older backup"
            for path in sorted(damaged)
        )
        for what in left_out:
            taking.leave_out(what)
    return left_out


def _schema_of(path: Path) -> str:
    chain = CHAINS.get(path.name)
    return "PRAGMA user_version" if chain is None else f"SELECT version_num FROM {chain.version_table}"  # noqa: S608


def _versions(folder: Path) -> list[str]:
    return [f"space/versions/{one.name}" for one in sorted((folder / "space" / "versions").glob("*.yaml"))]


def _copy(folder: Path, staging: Path, names: Sequence[str]) -> None:
    for name in names:
        with contextlib.suppress(FileNotFoundError):
            target = staging / "files" / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(folder / name, target)


def _pack_secrets(folder: Path, path: Path, staging: Path, manifest: Manifest, passphrase: bytes | None) -> None:
    keys = [f"secrets/{one.name}" for one in sorted((folder / "secrets").glob("*")) if not one.name.startswith(".")]
    apart = staging / "apart"
    apart.mkdir(mode=0o700)
    _copy(folder, apart, (*keys, *_SECRETS))
    with new_file(path, manifest, passphrase) as box:
        for one in sorted(one for one in apart.rglob("*") if one.is_file()):
            box.put(one.relative_to(apart / "files").as_posix(), one)


def _registry_of_server(home: Home, staging: Path) -> tuple[Path | None, tuple[str, ...]]:
    """The registry where it is on a PostgreSQL server, by the server's own program; and what to say where it has none."""
    if home.database is None:
        return None, ()
    program = shutil.which("pg_dump")
    if program is None:
        return None, ("people and bookings: they are on PostgreSQL, and pg_dump is not installed here",)
    dump = staging / "registry.dump"
    run_for_server(home.database.get_secret_value(), program, "--format=custom", "--no-owner", f"--file={dump}")
    return dump, ()


def run_for_server(
    url: str, *words: str, run: Callable[..., "subprocess.CompletedProcess[str]"] = subprocess.run
) -> None:
    """A program of PostgreSQL on our database; its password is in no command line. StoreError with its first line."""
    parsed = urlsplit(url)
    password = {"PGPASSWORD": unquote(parsed.password)} if parsed.password else {}
    user, at, host = parsed.netloc.rpartition("@")
    without = parsed._replace(netloc=f"{user.partition(':')[0]}{at}{host}").geturl()
    done = run(
        [*words, f"--dbname={without}"],
        env={**os.environ, **password},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=_ANSWERS_WITHIN_S,
        check=False,
    )
    if done.returncode:
        raise StoreError(f"{Path(words[0]).name}: {done.stderr.strip().partition(chr(10))[0] or 'failed'}")
