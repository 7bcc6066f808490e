"""The table of faults stays true: every fault is there once, its row is full, and every test that it names exists."""

import ast
import re
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
TABLE = ROOT / "docs" / "reliability.md"
ROW = re.compile(
    r"^\| (?P<number>F\d+) (?P<fault>[^|]+) \| (?P<promise>[^|]+) \| (?P<tests>[^|]*)\|(?P<taken_out>[^|]*)\|(?P<measured>[^|]*)\|$"
)
TEST = re.compile(r"`([\w/]+\.py)::(test_\w+)`")
FAULTS = [f"F{number}" for number in range(1, 33)]


def rows() -> list[tuple[str, str]]:
    """The number of each fault, and its tests as they are written."""
    lines = TABLE.read_text(encoding="utf-8").splitlines()
    return [(found["number"], found["tests"]) for line in lines if (found := ROW.match(line))]


@cache
def names_in(file: str) -> frozenset[str]:
    path = ROOT / "tests" / file
    if not path.exists():
        return frozenset()
    functions = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    return frozenset(each.name for each in functions if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef))


def test_every_fault_is_there_once_and_in_order() -> None:
    assert [number for number, _ in rows()] == FAULTS


def test_every_fault_names_a_test() -> None:
    assert [number for number, tests in rows() if not TEST.search(tests)] == []


def test_of_every_fault_it_is_said_what_was_taken_out_and_what_was_measured() -> None:
    lines = TABLE.read_text(encoding="utf-8").splitlines()
    found = [row for line in lines if (row := ROW.match(line))]

    assert [row["number"] for row in found if not row["taken_out"].strip()] == []
    # A figure, not a word: what was seen, and how often.
    assert [row["number"] for row in found if not re.search(r"\d", row["measured"])] == []


def test_every_test_that_is_named_exists() -> None:
    named = {(file, name) for _, tests in rows() for file, name in TEST.findall(tests)}

    assert [f"{file}::{name}" for file, name in sorted(named) if name not in names_in(file)] == []


def test_nothing_among_the_tests_is_a_name_that_cannot_be_read() -> None:
    """One that is mistyped beyond recognition would else be passed over."""
    assert [number for number, tests in rows() if re.sub(r"<br>|\s", "", TEST.sub("", tests))] == []
