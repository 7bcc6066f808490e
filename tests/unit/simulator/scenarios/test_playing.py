"""When a scenario may be played, and who hears for it what the house tells all."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from simulator.scenarios.playing import Playing, prepares_s, too_far
from simulator.scenarios.reading import read
from tests.unit.simulator.scenarios.conftest import Write


def test_a_scenario_without_an_hour_may_be_played_at_any(write: Write):
    assert too_far(read(write("")), datetime(2031, 1, 1).astimezone()) is None


@pytest.mark.parametrize(("ahead_s", "fits"), [(119, True), (0, True), (-4, True), (-6, False), (121, False)])
def test_a_scenario_with_an_hour_needs_a_house_that_lives_then(write: Write, ahead_s: float, fits: bool):
    scenario = read(write("starts: 2026-11-17 10:00"))
    assert scenario.starts is not None

    why_not = too_far(scenario, scenario.starts - timedelta(seconds=ahead_s))

    assert (why_not is None) is fits
    if why_not is not None:
        assert "it begins on 2026-11-17 at 10:00:00, and here it is 2026-11-17 " in why_not
        assert why_not.endswith(f"natoma demo --scenario {scenario.path} starts a house at that time")


def test_there_is_more_time_for_more_to_be_said(write: Write):
    none, two = (read(write(f"given: [{said}]")) for said in ("", "natoma: who, natoma: events"))

    assert prepares_s(none) < prepares_s(two)


async def test_who_listens_for_all_is_struck_by_no_fault_where_one_is_left(write: Write, tmp_path: Path):
    def listener(faults: str) -> str:
        return Playing(read(write(f"faults: [{faults}]")), {}, tmp_path, tmp_path).listener[0]

    assert listener("") == "door-front"
    assert listener("{fault: power-cut, target: door-front}") == "door-back"
    assert listener("{fault: power-cut, target: kind:door_unit}") not in ("door-front", "door-back")
    assert listener("{fault: drop, target: link}") == "door-front"
