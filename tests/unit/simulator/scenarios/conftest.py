"""A scenario written in a test, and what was seen of it, made by hand."""

from collections.abc import Callable
from pathlib import Path

import pytest

from simulator.scenarios.checking import check
from simulator.scenarios.laws import LAWS
from simulator.scenarios.model import Scenario
from simulator.scenarios.reading import read
from simulator.scenarios.sightings import Sighting

SPACE = """\
natoma: 1
id: test
name: Test
zone: Europe/Paris
floors: {ground: {size: [10, 10]}}
areas:
  hall: {room: open_space}
  booth: {name: Booth, room: podcast}
doors:
  front: {name: Front door, from: outside, to: hall}
  back: {from: outside, to: hall, contact: false}
devices:
  reader-front: {kind: reader, door: front}
  light-booth: {kind: light, area: booth, channels: [onair, button]}
  sensor-hall: {kind: sensor, area: hall, channels: [co2, temperature]}
plans:
  member: {where: hall}
"""
EXPECT = "expect: [{readings: acknowledged}]\n"

Write = Callable[..., Path]
Broken = Callable[..., dict[str, str]]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """A scenario file beside its space: `text` and what every scenario has."""
    (tmp_path / "house.yaml").write_text(SPACE)

    def written(text: str, *, lasts: str = "20s", expect: str = EXPECT) -> Path:
        path = tmp_path / "scenario.yaml"
        path.write_text(f"about: A test.\nspace: house\nlasts: {lasts}\n{text}\n{expect}")
        return path

    return written


@pytest.fixture
def holds(write: Write) -> Callable[..., str]:
    """What was seen instead of one expectation; "" where it is as expected."""

    def judged(expectation: str, *seen: Sighting) -> str:
        steps = "steps: [{at: 1s, do: tap, door: front, token: t, name: first}]"
        scenario = read(write(steps, expect=f"expect:\n  - {expectation}\n"))
        verdict = check(scenario, seen)[0]
        assert verdict.holds is not bool(verdict.seen)
        return verdict.seen

    return judged


@pytest.fixture
def broken(write: Write) -> Broken:
    """The laws that these sightings break, each by its first words; `faults` as the file has them."""

    def judged(*seen: Sighting, faults: str = "") -> dict[str, str]:
        scenario: Scenario = read(write(f"faults: [{faults}]"))
        verdicts = check(scenario, seen)[-len(LAWS) :]
        return {verdict.words: verdict.seen for verdict in verdicts if not verdict.holds}

    return judged
