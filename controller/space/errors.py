"""What is wrong with a space file, each thing with its line, its value and what would be right.

Nothing here knows the file's shape: `file` and `check` find problems, `report` shows them.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from enum import StrEnum

from controller.errors import InputError

Path = tuple[str | int, ...]
"""Where in the file: keys and positions from the top, `("doors", "street", "to")`."""

SECTIONS = {
    "floors": "floor",
    "areas": "area",
    "doors": "door",
    "devices": "device",
    "reader_profiles": "reader profile",
    "zones": "zone",
    "schedules": "schedule",
    "holidays": "holiday",
    "plans": "plan",
    "partners": "partner",
}


class Severity(StrEnum):
    """An error keeps the file from being used; a warning is for the person who wrote it."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing to mend, told so that it can be mended without looking anything up."""

    file: str
    line: int
    severity: Severity
    path: Path
    value: str  # as written, shortened; empty when something is missing
    why: str
    fix: str

    @property
    def thing(self) -> str:
        """What it is about, in words: `door street, to`."""
        return spoken(self.path)

    def __str__(self) -> str:
        said = " ".join(part for part in (self.value, self.why) if part)
        mark = "warning: " if self.severity is Severity.WARNING else ""
        thing = f"{self.thing}: " if self.path else ""
        return f"{self.file}:{self.line}: {mark}{thing}{said} — {self.fix}"


class SpaceError(InputError):
    """The file cannot be used. `problems` has every reason at once, in the order of the file."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


class Problems:
    """What was found so far in one file; knows on which line each path stands."""

    def __init__(self, file: str, lines: Mapping[Path, int]) -> None:
        self.file = file
        self._lines = lines
        self._found: dict[tuple[Path, str], Problem] = {}

    def error(self, path: Path, value: object, why: str, fix: str, *, line: int | None = None) -> None:
        self._add(Severity.ERROR, path, value, why, fix, line)

    def warning(self, path: Path, value: object, why: str, fix: str, *, line: int | None = None) -> None:
        self._add(Severity.WARNING, path, value, why, fix, line)

    def _add(self, severity: Severity, path: Path, value: object, why: str, fix: str, line: int | None) -> None:
        shown = "" if value is None else shorten(value)
        problem = Problem(self.file, self.line_of(path) if line is None else line, severity, path, shown, why, fix)
        self._found.setdefault((path, why), problem)

    def line_of(self, path: Path) -> int:
        """The line of a path, or of the nearest thing around it that the file does have."""
        for length in range(len(path), 0, -1):
            if (line := self._lines.get(path[:length])) is not None:
                return line
        return 1

    def __contains__(self, path: Path) -> bool:
        """Whether the file spells this path out."""
        return path in self._lines

    def written(self, path: Path) -> Path:
        """The part of a path that the file itself spells out: `room: meeting` says no `kind`."""
        while path and path not in self:
            path = path[:-1]
        return path

    @property
    def all(self) -> tuple[Problem, ...]:
        """In the order of the file; errors before warnings on the same line."""
        return tuple(sorted(self._found.values(), key=lambda found: (found.line, found.severity, found.path == ())))

    @property
    def has_errors(self) -> bool:
        return any(found.severity is Severity.ERROR for found in self._found.values())


def spoken(path: Path) -> str:
    """A path as a person says it: `("areas", "minna", "room", "seats")` is `area minna, room seats`."""
    if len(path) < 2 or path[0] not in SECTIONS:
        return " ".join(_step(part) for part in path)
    head = f"{SECTIONS[str(path[0])]} {path[1]}"
    rest = " ".join(_step(part) for part in path[2:])
    return f"{head}, {rest}" if rest else head


def _step(part: str | int) -> str:
    return f"no. {part + 1}" if isinstance(part, int) else part


def shorten(value: object) -> str:
    """A value as it can stand in a sentence: strings quoted, long ones cut."""
    shown = repr(value)
    return shown if len(shown) <= 60 else shown[:57] + "..."


def did_you_mean(word: str, known: Iterable[str], otherwise: str) -> str:
    """What would be right for a misspelt name: the closest known one, else `otherwise`."""
    names = list(known)
    close = get_close_matches(word, names, n=2, cutoff=0.6) or get_close_matches(word.lower(), names, n=2, cutoff=0.6)
    if not close:
        return otherwise
    return "did you mean " + " or ".join(repr(name) for name in close) + "?"
