"""A file that only its owner may read: captures and transcripts say who came when, and may hold badges."""

import os
from pathlib import Path
from typing import TextIO

from simulator.errors import InputError


def private_file(path: Path, asked_by: str = "") -> TextIO:
    """Open it for writing, empty; raises InputError, with the flag that asked for it, where it cannot be."""
    try:
        number = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    except OSError as exc:
        raise InputError(f"{asked_by} {path}: cannot be written: {exc.strerror}".lstrip()) from exc
    # It may have been there before, open to others.
    os.fchmod(number, 0o600)
    return os.fdopen(number, "w", encoding="utf-8")
