"""A server program as a child of a test: on a port of its own, over a folder of its own, with every way to die."""

import contextlib
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path

PATIENCE_S = 20.0


class ServerProcess:
    """Started and ended as often as a test likes; its folder and its port stay. It never outlives the tests."""

    def __init__(self, command: Sequence[str], log_file: Path, answers: Callable[[], bool]) -> None:
        """`answers`: whether it serves already; an OSError means not yet."""
        self._command = ["setpriv", "--pdeathsig=KILL", *command]
        self._answers = answers
        self._process: subprocess.Popen[bytes] | None = None
        self.log_file = log_file

    def start(self) -> None:
        """Return once it answers."""
        assert self._process is None, "it runs already"
        with self.log_file.open("ab") as log:
            self._process = subprocess.Popen(self._command, stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            assert self._process.poll() is None, f"{self._command[2]} ended at once: {self.log[-2000:]}"
            with contextlib.suppress(OSError):
                if self._answers():
                    return
            time.sleep(0.005)
        raise AssertionError(f"{self._command[2]} did not answer in {PATIENCE_S:g} s: {self.log[-2000:]}")

    def kill(self) -> None:
        """End it as a power cut does; fine where it is gone already."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """End it politely: it writes down what it has."""
        self._end(signal.SIGTERM)

    @property
    def is_running(self) -> bool:
        return self._process is not None

    @property
    def log(self) -> str:
        return self.log_file.read_text(errors="replace") if self.log_file.exists() else ""

    def _end(self, how: signal.Signals) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.send_signal(how)
            process.wait(PATIENCE_S)
