"""Which databases of a house are missing from its data folder: none is replaced by an empty one unless somebody asks.

A first start makes them in order, and what it makes after them says that all were there once. Opening them is `stores`'.
"""

from collections.abc import Collection
from pathlib import Path

from controller.errors import StartupError

REGISTRY_FILE, EVENTS_FILE, TELEMETRY_FILE = "natoma.db", "events.db", "telemetry.db"
# As a first start makes them: with a later one there, those before it were.
_IN_ORDER = (REGISTRY_FILE, EVENTS_FILE, TELEMETRY_FILE)
# Made once all three were open. Not the space that was started with: that is written down before them. Not the last
# time either: it may be given to a machine that never ran.
_MADE_LATER = ("reserve.jsonl", "numbers.json")
_KEY = Path("secrets", "badge.key")
# An empty file beside where the database was: whoever makes it has read what it does.
ANEW = ".anew"


def missing_from(data: Path, *, has_registry: bool = True) -> list[str]:
    """The databases that must be there and are not; `has_registry` where people are kept in this folder."""
    ran = any((data / name).exists() for name in _MADE_LATER) or any((data / "history").glob("*.db"))
    missing = []
    for number, name in enumerate(_IN_ORDER):
        if (data / name).exists() or (name == REGISTRY_FILE and not has_registry):
            continue
        # People are brought in before a first run: their registry and its key alone are no house that ran.
        was_there = ran or (name == REGISTRY_FILE and (data / _KEY).exists())
        if was_there or any((data / later).exists() for later in _IN_ORDER[number + 1 :]):
            missing.append(name)
    return missing


def refuse_missing(data: Path, *, has_registry: bool = True, of: Collection[str] = _IN_ORDER) -> None:
    """StartupError where one is missing that nobody asked to begin anew."""
    for name in missing_from(data, has_registry=has_registry):
        if name not in of:
            continue
        if not is_to_begin_anew(data, name):
            raise StartupError(f"{data / name} is missing, and a house lived in {data}: {what_to_do(data, name)}")
        if name == TELEMETRY_FILE and any((data / "history").glob("*.db")):
            # Its series are numbered from 1 again; the months would be taken for other devices' readings.
            raise StartupError(
                f"{data / name} is to begin anew, and {data / 'history'} holds months that only the old one can read: "
                "move that folder aside too"
            )


def what_to_do(data: Path, name: str) -> str:
    """In words, about a database that is missing."""
    elsewhere = " (or, if people are kept on a server, name it: setting database)" if name == REGISTRY_FILE else ""
    return (
        f"put back a backup (natoma restore BACKUP --over){elsewhere}; to begin an empty one on purpose, make an empty "
        f"file {name}{ANEW} in {data}"
    )


def is_to_begin_anew(data: Path, name: str) -> bool:
    """Whether somebody asked for it, and it is not there."""
    return (data / f"{name}{ANEW}").exists() and not (data / name).exists()


def begun(data: Path, *, of: Collection[str] = _IN_ORDER) -> None:
    """What was asked for is done: it counts once."""
    for name in of:
        if (data / name).exists():
            (data / f"{name}{ANEW}").unlink(missing_ok=True)
