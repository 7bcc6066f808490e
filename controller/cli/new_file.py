"""A new file for what is told once and only its owner may read: tokens of tickets and of guests."""

import os
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
