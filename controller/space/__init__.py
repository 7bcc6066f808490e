"""The building as a file: space.yaml -> `Space`, or every reason why not.

`load` and `parse` raise SpaceError with all problems at once; `check` never raises for what is in the file, and
tells the warnings too. Each problem has its file, line, value and what would be right.
"""

import hashlib
import logging
from dataclasses import dataclass
from pathlib import Path

from controller.domain.building import Space
from controller.errors import InputError
from controller.space.build import build
from controller.space.errors import Path as FilePath
from controller.space.errors import Problem, Problems, Severity, SpaceError
from controller.space.locate import SIZE_LIMIT, locate
from controller.space.policy_rules import POLICY_RULES
from controller.space.references import References
from controller.space.rules import RULES
from controller.space.structure import read_structure

__all__ = ["Checked", "Problem", "Severity", "SpaceError", "check", "check_text", "load", "parse"]

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Checked:
    """What a look at the file found: a space when it can be used, and every problem either way."""

    name: str
    space: Space | None
    problems: tuple[Problem, ...]


def load(path: str | Path) -> Space:
    """The space of a file; raises SpaceError (or InputError when there is no such file)."""
    return _usable(check(path))


def parse(text: str, name: str = "space.yaml") -> Space:
    """The space of a text; `name` is what problems call it."""
    return _usable(check_text(text, name))


def _usable(checked: Checked) -> Space:
    if checked.space is None:
        raise SpaceError(problem for problem in checked.problems if problem.severity is Severity.ERROR)
    for problem in checked.problems:
        logger.warning("%s", problem)
    return checked.space


def check(path: str | Path) -> Checked:
    """A look at a file; raises InputError only when it cannot be read at all."""
    shown = str(path)
    try:
        with Path(path).open("rb") as file:
            written = file.read(SIZE_LIMIT + 1)
    except FileNotFoundError as exc:
        raise InputError(
            f"{shown}: there is no such file — name a space file, or copy simulator/spaces/one-door.yaml"
        ) from exc
    except OSError as exc:
        raise InputError(
            f"{shown}: cannot be read ({exc.strerror}) — name a space file that this user may read"
        ) from exc
    problems = Problems(shown, {})
    if len(written) > SIZE_LIMIT:
        problems.error(
            (), None, f"is larger than {SIZE_LIMIT // 1024 // 1024} MiB", "a space file is text, a few hundred lines"
        )
        return Checked(shown, None, problems.all)
    try:
        text = written.decode("utf-8-sig")
    except UnicodeDecodeError as exc:
        line = written.count(b"\n", 0, exc.start) + 1
        why = f"is not UTF-8 (byte 0x{written[exc.start]:02x})"
        problems.error((), None, why, "save it as UTF-8", line=line)
        return Checked(shown, None, problems.all)
    return check_text(text, shown)


def check_text(text: str, name: str = "space.yaml") -> Checked:
    """A look at a text; never raises for what is in it."""
    lines: dict[FilePath, int] = {}
    problems = Problems(name, lines)
    structure = read_structure(locate(text, problems, lines), problems)
    if structure is None:
        return Checked(name, None, problems.all)
    version = hashlib.sha256(text.encode()).hexdigest()[:12]
    space = build(References(structure.file, structure.left_out, problems), version)
    for rule in (*RULES, *POLICY_RULES):
        rule(space, problems)
    return Checked(name, None if problems.has_errors else space, problems.all)
