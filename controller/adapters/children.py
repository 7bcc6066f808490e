"""Child processes that must not outlive us, however we end."""

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1


def die_with_parent() -> None:
    """To run in a child before its program: it is told to stop when we are gone, even by kill -9 (Linux).

    It also leaves our process group: Ctrl-C in the terminal is for us, and we stop our children in order.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    os.setpgrp()
