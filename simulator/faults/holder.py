"""The process that holds a data folder, stopped and let go on: a controller that hangs, as on a disk that does not answer.

Who it is stands in the folder's lock file; only while somebody holds that lock is it believed.
"""

import fcntl
import logging
import os
import signal
from pathlib import Path

from simulator.errors import InputError

logger = logging.getLogger(__name__)

_LOCK = "natoma.lock"


class FolderHolder:
    """`freeze` and `thaw` whoever holds this folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._frozen: int | None = None

    def freeze(self) -> None:
        """Logged, not raised, where there is nobody: a fault begins by a timer, with nobody to hear an error."""
        try:
            holder = holder_of(self._folder)
        except InputError as exc:
            logger.error("the controller is not frozen: %s", exc)
            return
        self._frozen = holder
        os.kill(holder, signal.SIGSTOP)

    def thaw(self) -> None:
        holder, self._frozen = self._frozen, None
        if holder is None:
            return
        try:
            os.kill(holder, signal.SIGCONT)
        except ProcessLookupError:
            logger.warning("the controller that was frozen is gone")


def holder_of(folder: Path) -> int:
    """The process; raises InputError where no controller of this machine holds the folder."""
    try:
        with (folder / _LOCK).open() as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except OSError:
                return int(lock.read())
    except (OSError, ValueError):
        pass
    raise InputError(f"no controller holds {folder}; it can be frozen only where it runs, on this machine")
