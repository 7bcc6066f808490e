"""Putting a backup in place of a data folder, and what its first start owes the world that went on without it.

Unpacked inside the folder and looked at before anything is moved: what is refused changes nothing. Moving is `swap`'s.
What the first start over it does is `services.keeping.restored`'s; a mark in the folder says that it is one.
"""

import contextlib
import json
import logging
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from controller.adapters.backup.box import unpack
from controller.adapters.backup.manifest import Manifest
from controller.adapters.broker.passwords import write_private
from controller.adapters.influx import state as sending
from controller.adapters.telemetry import chunks, schema
from controller.app.backup import CHAINS
from controller.app.lock import HALF, alone_in
from controller.app.stores import Stores
from controller.app.swap import STAGING, contents, staged, swap, undo
from controller.errors import InputError, StartupError, StoreError
from controller.services.keeping.restored import settle

logger = logging.getLogger(__name__)

MARKER = "restored.json"

_LATEST = {"telemetry.db": schema.SCHEMA, "sending.db": sending.SCHEMA}
_OF_THE_BROKER = "broker"


@dataclass(frozen=True, slots=True)
class Restored:
    """What was put in place, and where what was there before is now."""

    manifest: Manifest
    aside: Path | None
    has_secrets: bool
    has_dump: bool


def restore(
    backup: Path,
    data: Path,
    at: datetime,
    *,
    over: bool = False,
    passphrase: bytes | None = None,
    secrets: Path | None = None,
) -> Restored:
    """Make `data` the house of the backup.

    Raises:
        InputError: the backup is none, damaged, or one this program cannot go by; or the folder is not empty.
        StartupError: a service is using the folder.
    """
    if not backup.exists():
        raise InputError(f"{backup}: there is no such backup")
    if data.exists() and not data.is_dir():
        raise InputError(f"{data} is a file — name a folder")
    data = data.resolve()
    with _held(data):
        if undo(data):
            logger.warning("%s: a restore that was cut short there is undone", data)
        if not over and any(contents(data)):
            raise InputError(
                f"{data} is a house already — name an empty folder, or --over to put this one in its place; "
                "what is there is kept aside"
            )
        with _staging(data) as staging:
            manifest = unpack(backup, staging, passphrase)
            if manifest.holds != "house":
                raise InputError(
                    f"{backup}: holds {manifest.holds}, not a house — name it with --secrets, beside the backup"
                )
            _refuse_newer(backup, manifest)
            _refuse_half(backup, manifest)
            has_secrets = _put_secrets(data, staging, secrets, passphrase)
            _write_marker(staging, manifest, at)
            aside = swap(data, at)
        _close_to_others(data)
    return Restored(manifest, aside, has_secrets, any(one.name == "registry.dump" for one in manifest.files))


def undo_restore(data: Path) -> None:
    """Put a folder back as it was before a restore that was cut short.

    Raises:
        InputError: none was cut short there.
        StartupError: a service is using the folder, or something cannot be moved.
    """
    if not (data / HALF).exists():
        raise InputError(f"{data}: no restore was cut short there")
    data = data.resolve()
    with alone_in(data, even_half=True):
        undo(data)


@contextlib.contextmanager
def _held(data: Path) -> Iterator[None]:
    """Nobody else's meanwhile; a folder that was not there is not there afterwards either, when nothing comes of it."""
    is_new = not data.exists()
    with alone_in(data, even_half=True):
        try:
            yield
        except BaseException:
            if is_new and not any(contents(data)):
                shutil.rmtree(data, ignore_errors=True)
            raise


@contextlib.contextmanager
def _staging(data: Path) -> Iterator[Path]:
    try:
        yield staged(data)
    except OSError as exc:
        raise StartupError(f"{data / STAGING} cannot be written ({exc.strerror or exc}); {data} is as it was") from exc
    finally:
        # Half moved, it is needed to go back.
        if not (data / HALF).exists():
            shutil.rmtree(data / STAGING, ignore_errors=True)


def _close_to_others(data: Path) -> None:
    try:
        data.chmod(0o700)
    except OSError as exc:
        logger.warning("%s: others may look into it (%s); run chmod 700 as its owner", data, exc.strerror or exc)


def _refuse_newer(backup: Path, manifest: Manifest) -> None:
    for one in manifest.files:
        chain = CHAINS.get(one.name)
        if chain is not None:
            is_newer, known = one.schema not in chain.revisions, chain.head
        elif one.name.endswith(".db"):
            latest = chunks.SCHEMA if one.name.startswith("history/") else _LATEST[one.name]
            is_newer, known = int(one.schema or 0) > latest, str(latest)
        else:
            continue
        if is_newer:
            raise InputError(
                f"{backup}: was made by Natoma {manifest.natoma}, whose {one.name} has schema {one.schema}; this program "
                f"knows up to {known} — restore it with Natoma {manifest.natoma}, or a newer one"
            )


def _refuse_half(backup: Path, manifest: Manifest) -> None:
    names = {one.name for one in manifest.files}
    if missing := [name for name in ("events.db", "telemetry.db") if name not in names]:
        raise InputError(f"{backup}: {' and '.join(missing)} is not in it: it is no backup of a house")


def _put_secrets(data: Path, staging: Path, secrets: Path | None, passphrase: bytes | None) -> bool:
    """From their own backup; else those of the folder that is there, with the broker's own files."""
    if (data / _OF_THE_BROKER).is_dir():
        # What waits there was never acknowledged by us, and what is retained there is newer than any backup.
        shutil.copytree(data / _OF_THE_BROKER, staging / _OF_THE_BROKER, dirs_exist_ok=True)
    if secrets is not None:
        apart = staging.with_name("secrets")
        apart.mkdir(mode=0o700)
        if (found := unpack(secrets, apart, passphrase)).holds != "secrets":
            raise InputError(f"{secrets}: holds a {found.holds}, no secrets")
        shutil.copytree(apart, staging, dirs_exist_ok=True)
    elif (data / "secrets").is_dir():
        shutil.copytree(data / "secrets", staging / "secrets")
    return (staging / "secrets").is_dir()


def _write_marker(folder: Path, manifest: Manifest, at: datetime) -> None:
    told = {"made": manifest.made.isoformat(), "restored": at.isoformat(), "natoma": manifest.natoma}
    write_private(folder / MARKER, json.dumps(told, indent=1))


# --- the first start over it --------------------------------------------------------------------------


async def settle_restored(data: Path, stores: Stores, now: datetime) -> None:
    """What a restored house owes before anything comes in; nothing where it was not restored. Cut short, it is repeated.

    Raises:
        StartupError: the mark of the restore cannot be read, or what it asks for cannot be done.
    """
    marker = data / MARKER
    try:
        told = json.loads(marker.read_text())
        made, natoma = datetime.fromisoformat(told["made"]), str(told["natoma"])
    except FileNotFoundError:
        return
    except (OSError, ValueError, KeyError, TypeError) as exc:
        raise StartupError(f"{marker} cannot be read ({exc}); restore the backup again") from exc
    try:
        await settle(made, natoma, stores.kept.lists, stores.kept.house, stores.events, stores.people.house, now)
        marker.unlink()
    except (OSError, StoreError) as exc:
        raise StartupError(f"what follows from the restore cannot be written down: {exc}") from exc
    logger.warning("this house was restored from a backup of %s UTC; what happened since is not in it", f"{made:%F %R}")
