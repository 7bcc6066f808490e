"""A scenario is played against a real controller and a real broker, and judged by what its devices saw."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from simulator.cli import main
from tests.support.broker import MosquittoBroker
from tests.support.controller import ControllerProcess
from tests.support.household import Household

pytestmark = pytest.mark.broker

SCENARIO = """\
about: Everything that hands can do, in a few seconds.
space: space.yaml
lasts: 9s
people: {mia: {plan: full}, lou: {trouble: lost}, eve: stranger}
given:
  - {natoma: 'people show {mia}', prints: Alice, keeps: {name: '(Alice) Arnaud'}}
steps:
  - {at: 200ms, do: tap, who: mia, door: front, name: comes}
  - {at: 200ms, do: tap, who: lou, door: back, name: lost badge}
  - {at: 500ms, do: breathe, device: sensor-hall}
  - {at: 500ms, do: tamper, device: reader-back}
  - {at: 1s, do: tap, token: '{name}', door: back, name: no ticket}
  - {at: 1s, do: open, door: vault, for: 3s}
  - {at: 1500ms, do: press-exit, door: back}
  - {at: 1500ms, do: natoma, say: 'people show nobody', exits: 2}
  - {at: 6s, do: tap, who: eve, door: front, name: alone}
  - {at: 6s, do: press-exit, door: vault, for: 30s}
faults: [{fault: freeze, target: controller, from: 5500ms, for: 2s}]
expect:
  - {tap: comes, shows: granted, within: 1s}
  - {tap: lost badge, shows: denied, within: 1s}
  - {tap: no ticket, shows: denied, within: 1s}
  - {tap: alone, shows: denied, why: the door decides alone}
  - {door: front, bolt: unlocked, times: 1}
  - {door: front, bolt: unlocked, throughout: [1500ms, 2500ms]}
  - {door: back, bolt: unlocked, never: true}
  - {door: back, says: rex, times: 1}
  - {device: reader-back, says: tamper, times: 1}
  - {door: vault, alarm: forced, by: 5s}
  - {door: vault, leaf: closed, after: 4s}
  - {device: door-front, link: up, throughout: [0s, end]}
  - {area: hall, channel: co2, between: [1000, 5000], after: 400ms, by: 1s}
  - {readings: acknowledged}
"""

SHORT = "about: No.\nspace: space.yaml\nlasts: 1s\n"


@pytest.fixture
def play(
    prepared: Callable[..., ControllerProcess], house_broker: MosquittoBroker, household: Household, tmp_path: Path
) -> Callable[[str], Result]:
    controller = prepared(house_broker.port)
    controller.start()
    shutil.copy(household.space, tmp_path / "space.yaml")
    people = household.space.with_name("people.csv")

    def played(text: str) -> Result:
        scenario = tmp_path / "scenario.yaml"
        scenario.write_text(text)
        where = ["--data", str(controller.data), "--mqtt", f"mqtt://127.0.0.1:{house_broker.port}"]
        return CliRunner().invoke(main, ["run", str(scenario), "--check", "--people", str(people), *where])

    return played


def test_a_scenario_is_played_and_every_expectation_told(play: Callable[[str], Result]):
    told = play(SCENARIO)

    assert [line for line in told.stdout.splitlines() if line.startswith("✗")] == []
    assert told.exit_code == 0, told.output
    assert told.stdout.splitlines()[-1] == "scenario: all as expected"


def test_what_cannot_be_said_before_it_and_what_was_not_seen_end_it_with_one(play: Callable[[str], Result]):
    told = play(SHORT + "given: [natoma: people show nobody]\nexpect: [{readings: acknowledged}]\n")

    assert told.exit_code == 3
    assert "scenario.yaml:4: natoma people show nobody exited 2: " in told.stderr
    assert told.stderr.endswith("scenario was not judged: it was not played to its end\n")

    told = play(SHORT + "steps: [{at: 0s, do: natoma, say: frobnicate it}]\nexpect: [{readings: acknowledged}]\n")

    assert told.exit_code == 2
    assert "scenario.yaml:4: natoma has no command 'frobnicate'; natoma --help lists them" in told.stderr

    told = play(
        SHORT + "people: {eve: stranger}\nsteps: [{at: 0s, do: tap, who: eve, door: front, name: eve}]\n"
        "expect:\n  - {tap: eve, shows: granted, within: 1s, why: she looks nice}\n"
    )

    assert told.exit_code == 1
    words = "tap: eve, shows: granted, within: 1s — she looks nice"
    assert f"✗ line 7: {words}\n    seen instead: door-front showed denied (unknown_credential) at 0." in told.stdout
    assert told.stdout.splitlines()[-1] == "scenario: 1 of 6 were not met"
