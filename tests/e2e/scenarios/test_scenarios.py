"""The simulator's scenarios, each against the real controller on a real broker; and controllers that must not pass."""

from collections.abc import Mapping
from concurrent.futures import Future
from pathlib import Path

import pytest

from tests.support.broken import BROKEN
from tests.support.components import program
from tests.support.controller import ROOT, Said

pytestmark = [pytest.mark.broker, pytest.mark.slow, pytest.mark.xdist_group("scenarios")]

SCENARIOS = sorted(file.stem for file in Path(ROOT, "simulator/scenarios/files").glob("*.yaml"))


@pytest.mark.timeout(400)  # the first waits for all the others of the house to wake
@pytest.mark.parametrize("scenario", SCENARIOS)
def test_in_this_scenario_all_is_as_it_must_be(scenario: str, played: Mapping[object, Future[Said]]):
    program("mosquitto")

    told = played[scenario, None].result()

    assert told.code == 0, told.out + told.err
    assert f"{scenario}: all as expected" in told.out
    assert "Traceback" not in told.err


@pytest.mark.timeout(400)
@pytest.mark.parametrize(
    ("broken", "scenario", "failed"),
    [
        ("ignores-schedules", "dst-night", "tap: lark after, shows: denied, reason: outside_hours"),
        ("repeats-unlocks", "door-held", "a lock is told once to unlock for one yes"),
        ("renews-unlocks", "door-held", "a lock is told once to unlock for one yes"),
        ("leaves-lights-on", "podcast-on-air", "light: booth, is: off, throughout: ["),
    ],
    ids=lambda value: value if value in (*BROKEN, *SCENARIOS) else "",
)
def test_a_controller_that_is_broken_does_not_pass(
    broken: str, scenario: str, failed: str, played: Mapping[object, Future[Said]]
):
    program("mosquitto")

    told = played[scenario, broken].result()

    assert told.code == 1, told.out + told.err
    assert any(line.startswith("✗") and failed in line for line in told.out.splitlines()), told.out
    assert "were not met" in told.out
