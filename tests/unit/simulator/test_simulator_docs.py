"""docs/simulator.md tells a newcomer where things are: every file and folder, and none that is gone."""

import re
from pathlib import Path

import simulator

DOCS = Path(__file__).parents[3] / "docs" / "simulator.md"
PACKAGE = Path(simulator.__file__).parent
# Said elsewhere: a start of the command line, and what spaces there are.
UNTOLD = {"__init__.py", "__main__.py", "spaces/"}


def test_how_it_is_built_names_every_part_that_there_is():
    section = DOCS.read_text().partition("## How it is built")[2].partition("\n## ")[0]
    places = "".join(line.split("|")[1] for line in section.splitlines() if line.startswith("| `simulator/"))
    told = {name.removeprefix("simulator/") for name in re.findall(r"`([^`]+)`", places)}
    there = {f"{path.name}/" for path in PACKAGE.iterdir() if path.is_dir() and path.name != "__pycache__"}
    there |= {path.name for path in PACKAGE.glob("*.py")}

    assert told == there - UNTOLD
