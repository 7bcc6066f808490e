"""Spare space on the disk, kept to be freed: a full SQLite file cannot even delete rows without some."""

import logging
import shutil
from pathlib import Path

logger = logging.getLogger(__name__)

BALLAST_BYTES = 4 << 20
# Take the space back only when the disk has plenty again, or the two would take turns.
PLENTY = 8


class Ballast:
    """A file of real blocks beside a store; `free` gives its space to the store when the disk is full."""

    def __init__(self, path: Path, size: int = BALLAST_BYTES) -> None:
        self.path = path
        self._size = size
        self.is_there = path.exists() and path.stat().st_size == size
        self.restore()

    def free(self) -> bool:
        """True when there was something to free, so that a second try is worth it."""
        if not self.is_there:
            return False
        self.is_there = False
        self.path.unlink(missing_ok=True)
        logger.warning("the disk is full: %s freed %d KiB", self.path, self._size // 1024)
        return True

    def restore(self) -> None:
        """Take the space again once the disk has plenty; never an error, a disk without it is already reported."""
        if self.is_there:
            return
        try:
            if shutil.disk_usage(self.path.parent).free < self._size * PLENTY:
                return
            # Written, not truncated to length: a sparse file would free nothing.
            self.path.write_bytes(bytes(self._size))
            self.is_there = True
        except OSError as exc:
            logger.debug("%s: could not be reserved: %s", self.path, exc)
            self.path.unlink(missing_ok=True)
