"""One service for one data folder: two would push each other off the broker, and both answer every tap."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from controller.errors import StartupError

LOCK = "natoma.lock"
# There while a restore puts one house in place of another: neither is whole then.
HALF = "restoring.json"


@contextmanager
def alone_in(data: Path, *, even_half: bool = False) -> Iterator[None]:
    """Hold the folder while the context is open; the lock ends with the process, however that ends.

    Raises:
        StartupError: it cannot be held; or it is half restored, unless that is asked for.
    """
    try:
        data.mkdir(parents=True, exist_ok=True, mode=0o700)
        # Not truncated: who holds it has written there who it is.
        lock = (data / LOCK).open("a")
    except OSError as error:
        raise StartupError(f"data folder {data} cannot be used ({error.strerror}); name another with --data") from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise StartupError(
                f"another natoma is using the data folder {data}; stop it, or give this one its own with --data"
            ) from error
        lock.truncate(0)
        lock.write(f"{os.getpid()}\n")
        lock.flush()
        if not even_half:
            refuse_half(data)
        yield


def is_held(data: Path) -> bool:
    """Whether a service holds this folder."""
    try:
        with (data / LOCK).open() as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except OSError:
        return True
    return False


def refuse_half(data: Path) -> None:
    """StartupError where a restore was cut short while it moved files."""
    if (data / HALF).exists():
        raise StartupError(
            f"{data} is half restored: a restore was cut short there. Run natoma restore BACKUP --over again, "
            "or natoma restore --undo to have what was there before"
        )
