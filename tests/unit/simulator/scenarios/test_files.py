"""The scenarios that come with the simulator: each can be played, in a house that checks, and is told of in the docs."""

from pathlib import Path

import pytest

from controller.space import check
from simulator.scenarios.finding import FILES, SPACES, abouts, names
from simulator.scenarios.reading import read

DOCS = Path(__file__).parents[4] / "docs" / "scenarios.md"
TWELVE = {
    "office-day", "public-event", "podcast-on-air", "door-held", "door-forced", "broker-flap", "controller-gone",
    "fire-in-lockdown", "dst-night", "double-booking", "badge-thief", "sensor-storm",
}  # fmt: skip
# Twelve of them, on two cores and several at once, are to be over in five minutes.
LONGEST_S = 45.0


def test_the_twelve_are_there():
    assert set(names()) == TWELVE


@pytest.mark.parametrize("name", sorted(TWELVE))
class TestEach:
    def test_reads_without_a_complaint_and_is_short(self, name: str):
        scenario = read(FILES / f"{name}.yaml")

        assert scenario.name == name
        assert 10 <= scenario.lasts_s <= LONGEST_S

    def test_expects_something_of_every_tap_it_names(self, name: str):
        scenario = read(FILES / f"{name}.yaml")

        named = {step.deed.name for step in scenario.steps if hasattr(step.deed, "name") and step.deed.name}
        expected = {one.claim.tap for one in scenario.expect if hasattr(one.claim, "tap")}
        assert named == expected

    def test_says_what_it_is_about_and_so_do_the_docs(self, name: str):
        assert len(abouts()[name]) > 40
        assert f"**`{name}`**" in DOCS.read_text()


@pytest.mark.parametrize("space", sorted(SPACES.glob("*.yaml")), ids=lambda path: path.stem)
def test_each_house_checks_without_a_warning(space: Path):
    checked = check(space)

    assert checked.space is not None
    assert list(checked.problems) == []
