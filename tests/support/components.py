"""Finds the programs that some tests drive, and decides what their absence means.

On a person's machine a missing program skips its tests; where NATOMA_REQUIRE_COMPONENTS=1 says that all must be there,
as in continuous integration, it fails them.
"""

import os
import shutil
from pathlib import Path

import pytest

# Debian keeps daemons in sbin, which is not on an ordinary user's PATH, and each PostgreSQL in a folder of its own.
_POSTGRESQL = sorted(map(str, Path("/usr/lib/postgresql").glob("*/bin")), reverse=True)
SEARCH_PATH = os.pathsep.join(
    [os.environ.get("PATH", os.defpath), "/usr/local/sbin", "/usr/sbin", "/sbin", *_POSTGRESQL]
)


PROGRAMS = ("mosquitto", "chromium", "chromedriver", "openssl", "initdb", "influxd", "victoria-metrics", "ip")


def missing() -> list[str]:
    """What the tests drive and this machine lacks."""
    return [name for name in PROGRAMS if shutil.which(name, path=SEARCH_PATH) is None]


def program(name: str) -> str:
    """The path of a program this test cannot do without."""
    assert name in PROGRAMS, f"{name}: name it in PROGRAMS, and install it in .ci/run"
    found = shutil.which(name, path=SEARCH_PATH)
    if found is not None:
        return found
    why = f"{name} is not installed"
    if os.environ.get("NATOMA_REQUIRE_COMPONENTS") == "1":
        pytest.fail(f"{why}, and NATOMA_REQUIRE_COMPONENTS=1 says that it must be")
    pytest.skip(why)


if __name__ == "__main__":
    print(", ".join(missing()))
