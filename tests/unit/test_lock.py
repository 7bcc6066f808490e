"""The locks hold what pyproject.toml asks for, by hash, and name no place to fetch it from."""

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
PROGRAMS = PROJECT["project"]["dependencies"] + PROJECT["dependency-groups"]["build"]
EXTRAS = PROJECT["project"]["optional-dependencies"]
WANTED = {
    ".ci/run.lock": PROGRAMS + EXTRAS["embedded"],
    ".ci/test.lock": PROGRAMS + EXTRAS["embedded"] + EXTRAS["test"],
}

PIN = re.compile(r"^(?P<name>[a-z0-9-]+)==(?P<version>[^ ]+)(?: ; [^\\]+)? \\$")
HASH = re.compile(r"^    --hash=sha256:[0-9a-f]{64}(?: \\)?$")


def pins(lock: str) -> dict[str, str]:
    matches = [PIN.match(line) for line in (ROOT / lock).read_text().splitlines()]
    return {match["name"]: match["version"] for match in matches if match}


@pytest.mark.parametrize("lock", WANTED)
def test_every_requirement_is_pinned_within_its_bounds(lock: str):
    pinned = pins(lock)
    requirements = [Requirement(text) for text in WANTED[lock]]

    outside = {
        str(wanted): pinned.get(canonicalize_name(wanted.name))
        for wanted in requirements
        if pinned.get(canonicalize_name(wanted.name), "0") not in wanted.specifier
    }

    assert outside == {}, "make lock brings the lock up to date"


@pytest.mark.parametrize("lock", WANTED)
def test_a_lock_is_pins_and_hashes_and_nothing_else(lock: str):
    lines = (ROOT / lock).read_text().splitlines()

    assert [line for line in lines[1:] if not PIN.match(line) and not HASH.match(line)] == []


def test_the_programs_run_on_the_versions_the_tests_saw():
    tested = pins(".ci/test.lock")

    assert {name: version for name, version in pins(".ci/run.lock").items() if tested.get(name) != version} == {}
