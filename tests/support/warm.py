"""`natoma` without waiting for its imports: each command is a process of its own, forked from one that has them already.

Half a second of a command is Python reading modules, and hundreds are started here. What a test sees is the same:
a process with a number, an environment, standard streams, signals, an exit code. What it is about the start itself
starts `python -m controller` instead.
"""

import multiprocessing
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

# Whatever these import is there when a command begins; the rest it imports itself, as ever.
_COMMANDS = (Path(__file__).parents[2] / "controller" / "cli").glob("[!_]*.py")
_KNOWN = ["__main__", *(f"controller.cli.{file.stem}" for file in _COMMANDS)]
_forks = multiprocessing.get_context("forkserver")
_forks.set_forkserver_preload(_KNOWN)


class Forked:
    """One command: what `subprocess.Popen` offers, as far as tests ask for it."""

    def __init__(
        self, words: Sequence[object], *, cwd: Path, env: Mapping[str, str], stdin: Path, stdout: Path, stderr: Path
    ) -> None:
        told = ([*map(str, words)], str(cwd), dict(env), (str(stdin), str(stdout), str(stderr)))
        # A daemon, in the sense of multiprocessing: one that a test forgot ends with the tests.
        self._process = _forks.Process(target=_command, args=told, daemon=True)
        self._process.start()
        assert self._process.pid is not None
        self.pid = self._process.pid

    @property
    def returncode(self) -> int | None:
        return self._process.exitcode

    def poll(self) -> int | None:
        return self._process.exitcode

    def wait(self, timeout: float | None = None) -> int:
        self._process.join(timeout)
        code = self._process.exitcode
        if code is None:
            raise subprocess.TimeoutExpired("natoma", timeout or 0)
        return code

    def send_signal(self, number: signal.Signals) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


def _command(words: list[str], cwd: str, env: dict[str, str], streams: tuple[str, str, str]) -> None:
    """In the new process: become what a shell would have started."""
    os.setsid()  # a Ctrl-C meant for it must not reach the tests
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(env)
    for number, path in enumerate(streams):
        opened = os.open(path, os.O_RDONLY if number == 0 else os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.dup2(opened, number)
        os.close(opened)
    sys.stdin = open(0, closefd=False)  # noqa: SIM115 - it is closed with the process
    sys.argv = ["natoma", *words]
    from controller.__main__ import main

    main()
