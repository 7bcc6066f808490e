"""A sheet that somebody filled in, as a CSV: what is wrong with it, told by line, value and what would be right.

What the columns mean is the affair of whoever reads it: people in `people_file`, tickets in `ticket_file`.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from controller.errors import InputError


@dataclass(frozen=True, slots=True)
class Problem:
    """One cell that is wrong; `shown` is its value as far as it may be shown."""

    line: int
    column: str
    shown: str
    remedy: str


class SheetError(InputError):
    """A sheet that cannot be taken as it is: nothing of it was."""

    def __init__(self, source: str, problems: Iterable[Problem], *, most: int, ending: str = "") -> None:
        """So many problems as `most` are told: a file with more has one cause, and the first lines show it."""
        self.source = source
        self.problems = tuple(sorted(problems, key=lambda problem: problem.line))
        told = [f"{source}:{one.line}: {one.column}: {one.shown} — {one.remedy}" for one in self.problems[:most]]
        if len(self.problems) > most:
            told.append(f"… and {len(self.problems) - most} more")
        super().__init__("\n".join([*told, *([ending] if ending else [])]))
