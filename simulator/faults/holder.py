"""The process that holds a data folder, stopped and let go on: a controller that hangs, as on a disk that does not answer.

Who it is stands in the folder's lock file; only while somebody holds that lock is it believed. It goes on when we are
gone, however that came: a child of ours waits for the end of a pipe that only we hold.
"""

import fcntl
import logging
import os
import signal
import subprocess
import sys
from pathlib import Path

from simulator.errors import InputError

logger = logging.getLogger(__name__)

_LOCK = "natoma.lock"

# Whoever tells all of us to stop means us: its turn comes when we are gone.
_WATCH = """
import os, signal, sys
for number in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM):
    signal.signal(number, signal.SIG_IGN)
sys.stdin.buffer.read()
os.kill(int(sys.argv[1]), signal.SIGCONT)
"""


class FolderHolder:
    """`freeze` and `thaw` whoever holds this folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._frozen: int | None = None
        self._watcher: subprocess.Popen[bytes] | None = None

    def freeze(self) -> None:
        """Logged, not raised, where it cannot be: a fault begins by a timer, with nobody to hear an error."""
        try:
            holder = holder_of(self._folder)
            if self._watcher is None or holder != self._frozen:
                self._dismiss()
                # First of all: between a stop and its watcher we might be killed.
                self._watcher = _watched(holder)
        except (InputError, OSError) as exc:
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
        self._dismiss()

    def _dismiss(self) -> None:
        watcher, self._watcher = self._watcher, None
        if watcher is not None:
            watcher.kill()
            watcher.communicate()


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


def _watched(pid: int) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-I", "-S", "-c", _WATCH, str(pid)],
        stdin=subprocess.PIPE,
        # It holds nothing of ours open, and has nothing to say of a process that is gone.
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
