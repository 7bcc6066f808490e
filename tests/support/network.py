"""A network of its own for a broker, with two cables into it: one for the controller and one for everybody else.

Pulling a cable is what it is in a house: nothing comes through and nobody is told. It wants the right to make network
namespaces, which `make test` may not have: `may_be_made` tells.
"""

import os
import subprocess
from contextlib import AbstractContextManager, suppress
from functools import cache
from typing import Self

IP = "ip"


class Cables(AbstractContextManager["Cables"]):
    """Use as a context manager. `controllers` and `others` are the broker's addresses at the end of each cable."""

    def __init__(self) -> None:
        self._name = f"natoma{os.getpid()}"
        # Names of interfaces are at most 15 letters; addresses differ with the process, as tests run side by side.
        self._number = os.getpid() % 250 + 1
        self.controllers = f"10.211.{self._number}.2"
        self.others = f"10.212.{self._number}.2"

    @property
    def inside(self) -> tuple[str, ...]:
        """The words before a command that is to run in there."""
        return (IP, "netns", "exec", self._name)

    def __enter__(self) -> Self:
        _run("netns", "add", self._name)
        try:
            _run("-n", self._name, "link", "set", "lo", "up")
            for which, address in (("c", self.controllers), ("o", self.others)):
                here, there = self._ends(which)
                _run("link", "add", here, "type", "veth", "peer", "name", there, "netns", self._name)
                _run("addr", "add", f"{address[:-1]}1/30", "dev", here)
                _run("-n", self._name, "addr", "add", f"{address}/30", "dev", there)
                _run("link", "set", here, "up")
                _run("-n", self._name, "link", "set", there, "up")
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        for which in ("c", "o"):
            with suppress(subprocess.CalledProcessError):
                _run("link", "del", self._ends(which)[0])
        with suppress(subprocess.CalledProcessError):
            _run("netns", "del", self._name)

    def pull(self) -> None:
        """The controller's cable: its side stays up, so that no error tells it."""
        _run("-n", self._name, "link", "set", self._ends("c")[1], "down")

    def plug_in(self) -> None:
        _run("-n", self._name, "link", "set", self._ends("c")[1], "up")

    def _ends(self, which: str) -> tuple[str, str]:
        return f"nat{which}{os.getpid()}", f"nst{which}{os.getpid()}"


@cache
def may_be_made() -> bool:
    """Whether this user may make networks here."""
    try:
        with Cables():
            return True
    except (OSError, subprocess.CalledProcessError):
        return False


def _run(*words: str) -> None:
    subprocess.run([IP, *words], check=True, capture_output=True)
