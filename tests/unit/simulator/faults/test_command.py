"""`natoma-sim fault` as a stranger meets it."""

import re
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from simulator.cli import main
from simulator.faults import KINDS
from simulator.faults.kinds import PROGRAMS

DOCS = Path(__file__).parents[4] / "docs"


def natoma_sim(*words: str) -> Result:
    return CliRunner().invoke(main, list(words))


def test_every_kind_is_listed_with_its_settings():
    shown = natoma_sim("fault", "kinds").stdout

    assert all(name in shown for name in KINDS)
    assert "share=1  (0 to 1)" in shown
    assert "way=both  (both up down)" in shown
    assert "connections are closed and none is taken (broker)" in shown


def test_the_manual_tells_of_every_kind_and_of_none_besides():
    section = (DOCS / "simulator.md").read_text().split("## Break things")[1].split("\n## ")[0]
    table = [line.split("|")[1] for line in section.splitlines() if line.startswith("| `")]

    assert {name for row in table for name in re.findall("`([a-z-]+)`", row)} == {*KINDS, *PROGRAMS}


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (["dropp", "link"], "fault 'dropp' is none of ours; did you mean 'drop'?"),
        (["drop", "link", "--for", "0"], "--for 0 is out of reach; take up to 31 days, in seconds"),
        (["drop", "link", "--in", "-1"], "--in -1 is out of reach"),
        (["drop", "link", "--with", "share"], "--with 'share' is no setting; write it like share=0.3"),
    ],
)
def test_bad_words_are_refused_before_anybody_is_asked(tmp_path: Path, words: list[str], error: str):
    result = natoma_sim("fault", "add", *words, "--data", str(tmp_path))

    assert result.exit_code == 2
    assert error in result.stderr


@pytest.mark.parametrize("words", [["add", "drop", "link"], ["list"], ["clear"], ["clear", "3"]])
def test_without_a_running_simulator_it_says_so(tmp_path: Path, words: list[str]):
    result = natoma_sim("fault", *words, "--data", str(tmp_path))

    assert result.exit_code == 1
    assert "no simulator runs with" in result.stderr
