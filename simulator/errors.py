"""What can go wrong in the simulator, by what the caller can do about it."""

from collections.abc import Callable
from difflib import get_close_matches
from typing import TypeVar

Made = TypeVar("Made")


class SimulatorError(Exception):
    """Root of everything the simulator raises on purpose; its text is written for a person."""


class InputError(SimulatorError):
    """What we were given is wrong: the text names the thing, the value and what would be right. Exit code 2."""


class RunError(SimulatorError):
    """It cannot run as things are now (no broker, a simulator here already, passwords missing). Exit code 1."""


def at_place(where: str, work: Callable[[], Made]) -> Made:
    """What comes of it; what is wrong is told with the place it is read from, `FILE:LINE`."""
    try:
        return work()
    except InputError as exc:
        raise InputError(f"{where}: {exc}") from exc


def did_you_mean(value: str, known: list[str]) -> str:
    """A hint that ends an error: the nearest of what exists, or some of it."""
    folded = {name.casefold(): name for name in known}
    close = get_close_matches(value.casefold(), list(folded), n=1, cutoff=0.6)
    if close:
        return f"did you mean {folded[close[0]]!r}?"
    # Of an id and a name that differ in nothing but capitals, one.
    shown = ", ".join(sorted(folded.values())[:8])
    return f"known are: {shown}{', …' if len(folded) > 8 else ''}" if shown else "there are none"
