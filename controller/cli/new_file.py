"""A new file or folder for what is told once and only its owner may read: tokens of tickets and of guests."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from controller.errors import InputError


@contextmanager
def new_file(out: Path) -> Iterator[TextIO]:
    """Made before any token is, so that none is made that nobody has; gone again when none was made."""
    try:
        handle = os.open(out, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as error:
        raise InputError(f"--out: {out} is there already — name a new file") from error
    except OSError as error:
        raise InputError(f"--out: {out} cannot be written ({error.strerror})") from error
    with os.fdopen(handle, "w", encoding="utf-8", newline="") as written:
        try:
            yield written
        except BaseException:
            out.unlink(missing_ok=True)
            raise


@contextmanager
def new_folder(out: Path) -> Iterator[Path]:
    """The same for several files: a folder that was not there, or was empty; gone again when something went wrong."""
    try:
        out.mkdir(mode=0o700, parents=True, exist_ok=True)
        if any(out.iterdir()):
            raise InputError(f"--out: {out} is there already and has files in it — name a new folder")
        out.chmod(0o700)
    except OSError as error:
        raise InputError(f"--out: {out} cannot be made ({error.strerror}) — name a new folder") from error
    try:
        yield out
    except BaseException:
        shutil.rmtree(out, ignore_errors=True)
        raise


def write_private(path: Path, content: bytes) -> None:
    """A file that only its owner may read, from its first moment."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as written:
        written.write(content)
