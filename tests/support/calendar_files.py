"""The calendars that others wrote: the test files shipped inside two libraries, by the name of the library."""

import importlib
import os
from pathlib import Path

import pytest

PLACES = {"icalendar": "tests", "recurring_ical_events": "test/calendars"}


def files_of(package: str) -> list[Path]:
    """All of them, or none where the library was installed without its tests."""
    home = importlib.import_module(package).__file__
    assert home is not None
    return sorted((Path(home).parent / PLACES[package]).rglob("*.ics"))


def calendar_file(package: str, name: str) -> bytes:
    """One of them; the test is skipped where it is not installed, and fails where everything must be there."""
    for path in files_of(package):
        if path.name == name and path.parent.name == "calendars":
            return path.read_bytes()
    why = f"{package} is installed without its test calendar {name}"
    if os.environ.get("NATOMA_REQUIRE_COMPONENTS") == "1":
        pytest.fail(f"{why}, and NATOMA_REQUIRE_COMPONENTS=1 says that it must be there")
    pytest.skip(why)


def named(paths: list[Path]) -> list[str]:
    return [f"{path.parent.name}/{path.name}" for path in paths]
