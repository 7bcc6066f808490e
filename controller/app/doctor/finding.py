"""One thing the doctor looked at, how it is, and what to do about it."""

from dataclasses import dataclass
from enum import StrEnum


class Grade(StrEnum):
    WELL = "well"
    NOTE = "note"  # nothing has to be done
    ACT = "act"  # something must be done


@dataclass(frozen=True, slots=True)
class Finding:
    """`do`: what would help; empty only where all is well."""

    what: str
    grade: Grade
    how: str
    do: str = ""

    @classmethod
    def well(cls, what: str, how: str) -> "Finding":
        return cls(what, Grade.WELL, how)

    @classmethod
    def note(cls, what: str, how: str, do: str) -> "Finding":
        return cls(what, Grade.NOTE, how, do)

    @classmethod
    def act(cls, what: str, how: str, do: str) -> "Finding":
        return cls(what, Grade.ACT, how, do)
