"""One service for one data folder: two would push each other off the broker, and both answer every tap."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from controller.errors import StartupError


@contextmanager
def alone_in(data: Path) -> Iterator[None]:
    """Hold the folder while the context is open; the lock ends with the process, however that ends."""
    try:
        data.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = (data / "natoma.lock").open("w")
    except OSError as error:
        raise StartupError(f"data folder {data} cannot be used ({error.strerror}); name another with --data") from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise StartupError(
                f"another natoma is using the data folder {data}; stop it, or give this one its own with --data"
            ) from error
        yield
