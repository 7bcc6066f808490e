"""Putting one content of a data folder in place of another, inside the folder: it may be a mount point, or behind a link.

A folder that cannot be renamed cannot be exchanged at one stroke, so each step is written down before it is done: whoever
is cut short leaves a mark by which the folder is not started on, and can be put back as it was.
"""

import contextlib
import json
import os
import shutil
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from controller.adapters.broker.passwords import write_private
from controller.app.lock import HALF, LOCK
from controller.errors import StartupError

STAGING = ".restoring"
ASIDE = "before-restore-"
# Of the file system, not of the house: only its owner could move it.
_OF_THE_DISK = "lost+found"
_HOUSE = "house"
_DRAFT = f"{HALF}.new"
_OUT, _IN = "out", "in"  # what was there goes out, then what is new comes in


def contents(data: Path) -> Iterator[Path]:
    """What in this folder is the house, and no tool of ours."""
    for one in sorted(data.iterdir()):
        if one.name not in (LOCK, HALF, _DRAFT, STAGING, _OF_THE_DISK) and not one.name.startswith(ASIDE):
            yield one


def staged(data: Path) -> Path:
    """An empty folder in which the new content is gathered; what another left there goes."""
    (data / _DRAFT).unlink(missing_ok=True)
    shutil.rmtree(data / STAGING, ignore_errors=True)
    (data / STAGING / _HOUSE).mkdir(parents=True, mode=0o700)
    return data / STAGING / _HOUSE


def swap(data: Path, at: datetime) -> Path | None:
    """Put what is staged in place; where what was there is now. StartupError when it cannot be; then all is as it was."""
    name = f"{ASIDE}{at:%Y%m%d-%H%M%S}"
    old = list(contents(data))
    try:
        if old:
            (data / name).mkdir(mode=0o700)
        _note(data, _OUT, name)
        _move(old, data / name)
        _note(data, _IN, name)
        _move(contents(data / STAGING / _HOUSE), data)
        (data / HALF).unlink()
        _sync(data)
    except OSError as exc:
        undo(data)
        with contextlib.suppress(OSError):
            (data / name).rmdir()  # made before anything was written down
        raise StartupError(
            f"{exc.filename or data} cannot be moved ({exc.strerror or exc}); {data} is as it was"
        ) from exc
    shutil.rmtree(data / STAGING, ignore_errors=True)
    return data / name if old else None


def undo(data: Path) -> bool:
    """Put back what a swap that was cut short moved; False where none was. Cut short itself, it goes on from there."""
    try:
        told = json.loads((data / HALF).read_text())
        step, aside = str(told["step"]), data / str(told["aside"])
    except FileNotFoundError:
        return False
    except (OSError, ValueError, KeyError, TypeError) as exc:
        raise StartupError(
            f"{data / HALF} cannot be read ({exc}); what was there before is in {data}/{ASIDE}…: put it back by hand, "
            "then delete that file"
        ) from exc
    try:
        if step == _IN:
            (data / STAGING / _HOUSE).mkdir(parents=True, exist_ok=True, mode=0o700)
            _move(contents(data), data / STAGING / _HOUSE)
            _note(data, _OUT, aside.name)
        if aside.is_dir():
            _move(sorted(aside.iterdir()), data)
            aside.rmdir()
        (data / _DRAFT).unlink(missing_ok=True)
        (data / HALF).unlink()
        _sync(data)
    except OSError as exc:
        raise StartupError(
            f"{exc.filename or data} cannot be moved back ({exc.strerror or exc}): mend that, then natoma restore --undo"
        ) from exc
    shutil.rmtree(data / STAGING, ignore_errors=True)
    return True


def _note(data: Path, step: str, aside: str) -> None:
    write_private(data / HALF, json.dumps({"step": step, "aside": aside}))
    _sync(data)


def _move(what: "Iterator[Path] | list[Path]", into: Path) -> None:
    for one in list(what):
        one.replace(into / one.name)
    if into.is_dir():
        _sync(into)


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
