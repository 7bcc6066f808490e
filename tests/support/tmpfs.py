"""A small disk of its own for a test, in memory; where that is not allowed the test skips, and says why."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


@contextmanager
def small_disk(folder: Path, mib: int) -> Iterator[Path]:
    """`folder` as a disk of this size; everything on it is gone afterwards."""
    folder.mkdir(parents=True)
    words = ["mount", "-t", "tmpfs", "-o", f"size={mib}m,mode=700", "tmpfs", str(folder)]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode:
        why = f"a disk of its own cannot be mounted here ({done.stderr.strip() or 'not allowed'})"
        if os.environ.get("NATOMA_REQUIRE_COMPONENTS") == "1":
            pytest.fail(f"{why}, and NATOMA_REQUIRE_COMPONENTS=1 says that it must be")
        pytest.skip(why)
    try:
        yield folder
    finally:
        # Lazily: a process that a failed test left may still have it open.
        subprocess.run(["umount", "-l", str(folder)], check=True)
