"""A program under measurement: started, watched through /proc, stopped."""

import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path


class Running:
    """A child process and what the kernel says it used."""

    def __init__(self, command: list[str], log: Path, **environment: str) -> None:
        self.log = log
        self.started = time.monotonic()
        with log.open("ab") as out:
            self.process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=out, stderr=out, env={**os.environ, **environment}
            )

    @property
    def cpu_s(self) -> float:
        """Time on a processor of all its threads, from the scheduler: ticks would alias with a steady load."""
        tasks = Path(f"/proc/{self.process.pid}/task")
        return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks.iterdir()) / 1e9

    def memory_mib(self, what: str = "VmRSS") -> float:
        for line in Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith(what):
                return int(line.split()[1]) / 1024
        raise KeyError(what)

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()


def wait_until(condition: Callable[[], bool], seconds: float, what: str, every: float = 0.005) -> None:
    """Poll, with a deadline that names what never came."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what} did not happen within {seconds:g} s")
        time.sleep(every)
