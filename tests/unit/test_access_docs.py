"""The pages stay true: every line of the access rules has tests that exist, every command can be typed, links lead on."""

import ast
import re
import shlex
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import click
import pytest
from click.exceptions import NoArgsIsHelpError

from controller.__main__ import natoma
from controller.domain.access import DenyReason
from controller.domain.door import diagram

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "access.md"
TABLE = ROOT / "docs" / "access-rules-tested.md"
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
# What commands on the pages read, or point at.
FILES = ("new-space.yaml", "space.yaml", "guests.csv", "people.csv", "revoked.txt")
ROW = re.compile(r"^\| (?P<line>.+?) \| (?P<tests>[^|]*) \|$")
TEST = re.compile(r"`([\w/]+\.py)::(test_\w+)`")
# The headings of the rules that are built; what belongs to a later step is told apart at the end.
HEADINGS = [
    "The answer to one read",
    "Door mode",
    "Door state machine",
    "Shared state",
    "Memberships",
    "Bookings",
    "Public events",
    "The booth",
    "Time",
    "Offline",
    "PINs, numbers, privacy, as far as built",
    "Visiting passes",
    "Speed",
    "Bad input",
]


def rows() -> Iterator[tuple[str, str, str]]:
    """Every row of the table: its heading, its line of the rules, its tests as they are written."""
    heading = ""
    for text in TABLE.read_text(encoding="utf-8").splitlines():
        if text.startswith("## "):
            heading = text.removeprefix("## ")
        elif (found := ROW.match(text)) and heading in HEADINGS and found["line"] not in ("line", "---"):
            yield heading, found["line"], found["tests"]


@cache
def names_in(file: str) -> frozenset[str]:
    tree = ast.parse((ROOT / "tests" / file).read_text(encoding="utf-8"))
    functions = (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))
    return frozenset(each.name for each in functions if each.name.startswith("test_"))


def in_blocks(page: Path) -> list[str]:
    """Every command shown on a line of its own, to be typed as it stands."""
    blocks = re.findall(r"^```(?:sh)?\n(.*?)^```$", page.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    whole = [block.replace("\\\n", " ") for block in blocks]
    return [line for block in whole for line in block.splitlines() if line.startswith("natoma ")]


def in_sentences(page: Path) -> list[str]:
    """Every command that is spoken of, perhaps without all it needs; one with values left out for the reader is none."""
    spoken = re.findall(r"`(natoma [^`\n]+)`", page.read_text(encoding="utf-8"))
    return [command for command in spoken if "…" not in command]


def parse(command: str) -> None:
    """As if it were typed, and nothing runs: wrong words, options and values raise, and what is missing."""
    _, *words = shlex.split(command.partition(" > ")[0], comments=True)
    parsed: click.Command = natoma
    context = click.Context(parsed, info_name="natoma")
    while isinstance(parsed, click.Group) and words:
        name, found, words = parsed.resolve_command(context, words)
        assert found is not None, name
        context = found.make_context(name, list(words), parent=context)
        parsed, words = found, [*context.protected_args, *context.args]


def problem_of(command: str, *, whole: bool = True) -> str | None:
    """Why it cannot be typed; what it is missing is none in a sentence."""
    try:
        parse(command)
    except (click.MissingParameter, NoArgsIsHelpError) as error:
        return error.format_message() if whole else None
    except click.UsageError as error:
        return error.format_message()
    return None


# --- the table --------------------------------------------------------------------------------------------------------


def test_the_table_has_the_headings_of_the_rules_in_their_order() -> None:
    assert list(dict.fromkeys(heading for heading, *_ in rows())) == HEADINGS


def test_every_line_names_a_test() -> None:
    assert [line for _, line, tests in rows() if not TEST.findall(tests)] == []


def test_every_test_that_is_named_exists() -> None:
    named = {(file, name) for *_, tests in rows() for file, name in TEST.findall(tests)}

    assert [f"{file}::{name}" for file, name in sorted(named) if name not in names_in(file)] == []


def test_no_line_is_there_twice() -> None:
    counted = Counter((heading, line) for heading, line, _ in rows())

    assert [line for line, count in counted.items() if count > 1] == []


def test_nothing_in_a_row_is_a_test_that_cannot_be_read() -> None:
    """A name that is mistyped beyond recognition would else be passed over."""
    assert [line for _, line, tests in rows() if re.sub(r"<br>|\s", "", TEST.sub("", tests))] == []


# --- the page ---------------------------------------------------------------------------------------------------------


def test_the_picture_of_the_door_is_drawn_from_its_table() -> None:
    assert f"```mermaid\n{diagram()}\n```" in PAGE.read_text(encoding="utf-8")


# Beside the words that are left, which Click 8 keeps in two places.
@pytest.mark.filterwarnings("ignore:'protected_args':DeprecationWarning")
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_that_is_shown_can_be_typed(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in FILES:
        (tmp_path / name).touch()

    assert [f"{command}: {problem}" for command in in_blocks(page) if (problem := problem_of(command))] == []
    assert [
        f"{command}: {problem}" for command in in_sentences(page) if (problem := problem_of(command, whole=False))
    ] == []


@pytest.mark.filterwarnings("ignore:'protected_args':DeprecationWarning")
@pytest.mark.parametrize(
    "wrong",
    [
        "natoma lockdwn status",
        "natoma lockdown --why 'a stranger'",
        "natoma override street ajar --for 2h --by dana --reason delivery",
        "natoma ledger show",
    ],
)
def test_what_cannot_be_typed_would_be_found(wrong: str) -> None:
    with pytest.raises(click.UsageError):
        parse(wrong)


def test_every_reason_on_the_page_is_one() -> None:
    """In the table of the questions; a reason that was renamed would be looked for in vain."""
    asked = PAGE.read_text(encoding="utf-8").partition("## One badge at one door")[2].partition("\n## ")[0]
    reasons = {word for line in asked.splitlines() if line.startswith("|") for word in re.findall(r"`(\w+)`", line)}

    assert reasons <= set(DenyReason)
    assert len(reasons) > 10


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_somewhere(page: Path) -> None:
    missing = []
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8")):
        if target.startswith("https://"):  # elsewhere: nothing of ours can keep that true
            continue
        file, _, part = target.partition("#")
        there = page.parent / file if file else page
        if not there.exists() or (part and part not in anchors(there)):
            missing.append(target)

    assert missing == []


def anchors(page: Path) -> set[str]:
    """The headings as they are linked to."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
