"""The people file: the CSV that `natoma people import` takes, and who is meant by a name.

It holds badge numbers and PINs, so it is for its owner's eyes (0600).
"""

import csv
import os
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from datetime import date, datetime
from pathlib import Path
from typing import TextIO

from simulator.errors import InputError, did_you_mean
from simulator.people.person import COLUMNS, SimPerson


def write_people(people: Sequence[SimPerson], target: Path | None) -> None:
    """As CSV, to a file only its owner may read, or to standard output (None)."""
    if target is None:
        _write_rows(people, sys.stdout)
        return
    try:
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as file:
            os.fchmod(descriptor, 0o600)
            _write_rows(people, file)
    except OSError as exc:
        raise InputError(f"{target}: cannot be written: {exc.strerror}") from exc


def _write_rows(people: Sequence[SimPerson], file: TextIO) -> None:
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(COLUMNS)
    for person in people:
        writer.writerow([getattr(person, column.name) for column in fields(SimPerson)])


def read_people(path: Path) -> list[SimPerson]:
    """Read a people file; columns it does not know are left alone. Raises InputError with the line."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            missing = {"id", "name"} - set(reader.fieldnames or ())
            if missing:
                raise InputError(
                    f"{path}:1: this is not a people file: it has no column {' and '.join(sorted(missing))}; "
                    f"the columns are {','.join(COLUMNS)}"
                )
            return [_person(path, reader.line_num, row) for row in reader]
    except (OSError, UnicodeDecodeError, csv.Error) as exc:
        reason = exc.strerror if isinstance(exc, OSError) else exc
        raise InputError(f"{path}: cannot be read as a people file: {reason}") from exc


def _person(path: Path, line: int, row: dict[str, str | None]) -> SimPerson:
    known = {("starts" if name == "from" else name): (row.get(name) or "").strip() for name in COLUMNS}
    if not known["id"] or not known["name"]:
        raise InputError(f"{path}:{line}: a person needs an id and a name")
    for column, (is_one, right) in _READ_LATER.items():
        if known[column] and not is_one(known[column]):
            raise InputError(f"{path}:{line}: {column} {known[column][:40]!r} is {right}")
    return SimPerson(**known)


def _is_day(text: str) -> bool:
    try:
        return _FIRST <= date.fromisoformat(text) <= _LAST
    except ValueError:
        return False


def _is_day_or_moment(text: str) -> bool:
    if len(text) <= len("2026-03-01"):
        return _is_day(text)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return False
    return moment.tzinfo is not None and _FIRST <= moment.date() <= _LAST


def _is_amount(text: str) -> bool:
    return re.fullmatch(r"\d{1,9}(\.\d{1,2})?", text, re.ASCII) is not None


# Nobody's badge or bill is from another age, and a zone reaches a day beyond the calendar's ends.
_FIRST, _LAST = date(1900, 1, 1), date(9000, 12, 31)
# What else is said in words is compared and not read.
_MOMENT = "no day like 2026-03-01 and no moment like 2026-03-01T09:00:00Z"
_READ_LATER: Mapping[str, tuple[Callable[[str], bool], str]] = {
    "due_since": (_is_day, "no day of the calendar; write it like 2026-03-01"),
    "due": (_is_amount, "no amount; write it like 120 or 120.50, without a currency"),
    "valid_from": (_is_day_or_moment, _MOMENT),
    "valid_until": (_is_day_or_moment, _MOMENT),
}


def find_person(people: Sequence[SimPerson], text: str, if_nobody: str = "there are none") -> SimPerson | None:
    """By id, name, or badge number as written; None when it is nobody's number but looks like one.

    Raises InputError, with what was meant, when the text is neither a number nor anybody's name; `if_nobody` says
    what to do when there are no people at all.
    """
    wanted = text.strip().casefold()
    for person in people:
        if wanted in (person.id.casefold(), person.name.casefold()) or (
            person.badge and wanted == person.badge.casefold()
        ):
            return person
    beginning = [person for person in people if person.name.casefold().startswith(wanted)]
    if len(beginning) == 1:
        return beginning[0]
    if looks_like_a_number(text):
        return None
    if not people:
        raise InputError(f"nobody is called {text!r}: {if_nobody}")
    raise InputError(f"nobody is called {text!r}; {did_you_mean(text, [person.name for person in people])}")


def looks_like_a_number(text: str) -> bool:
    plain = text.translate({ord(char): None for char in " :-"})
    return len(plain) >= 4 and all(char in "0123456789abcdefABCDEF" for char in plain)
