"""Scenarios played side by side: each mostly waits, in a house of its own, while the others do."""

import subprocess
import sys
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from tests.support.controller import ROOT, Said, clean_environment, natoma

# More than cores, for a house that is up takes little; and fewer than would make each other's second too short.
AT_ONCE = 5
LONGEST_S = 200.0
Played = tuple[str, str | None]
"""A scenario, and what is wrong with the controller; None: nothing is."""


@pytest.fixture(scope="session")
def played(request: pytest.FixtureRequest) -> Iterator[Mapping[Played, Future[Said]]]:
    """Every scenario that a test of this run asks for, in their order."""
    wanted = dict.fromkeys(
        (item.callspec.params["scenario"], item.callspec.params.get("broken"))
        for item in request.session.items
        if isinstance(item, pytest.Function) and "played" in item.fixturenames and hasattr(item, "callspec")
    )
    with ThreadPoolExecutor(AT_ONCE) as players:
        yield {one: players.submit(play, *one) for one in wanted}
        players.shutdown(cancel_futures=True)


def play(scenario: str, broken: str | None) -> Said:
    """As somebody types it: the demo of a scenario, to its end."""
    words = ("demo", "--scenario", scenario)
    if broken is None:
        return natoma(*words, within=LONGEST_S)
    # What is broken in it is broken before anything else is imported.
    command = [sys.executable, "-m", "tests.support.broken", broken, *words]
    done = subprocess.run(command, cwd=ROOT, env=clean_environment(), capture_output=True, text=True, timeout=LONGEST_S)
    return Said(done.returncode, done.stdout, done.stderr)
