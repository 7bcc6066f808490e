"""Scenarios played side by side: each mostly waits, in a house of its own, while the others do."""

import subprocess
import sys
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from tests.support.controller import ROOT, Said, clean_environment

# More than cores, for a house that is up takes little; and fewer than would make each other's second too short.
AT_ONCE = 5
LONGEST_S = 110.0
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
    program = ["controller"] if broken is None else ["tests.support.broken", broken]
    with subprocess.Popen(
        [sys.executable, "-m", *program, "demo", "--scenario", scenario],
        cwd=ROOT,
        env=clean_environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as demo:
        try:
            out, err = demo.communicate(timeout=LONGEST_S)
        except subprocess.TimeoutExpired:
            demo.terminate()
            out, err = demo.communicate()
            return Said(-1, out, f"not over after {LONGEST_S:g} s\n{err}")
        return Said(demo.returncode, out, err)
