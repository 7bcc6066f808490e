"""A CSV of people who get tickets: every row understood, or everything that is wrong with it.

What a row says by itself is read here; whether the event takes it is asked in `ticket_desk`.
"""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from controller.errors import InputError
from controller.services.people.people_cells import shown
from controller.services.sheets import Problem, SheetError

SIZE_LIMIT = 4 << 20
TICKETS_AT_MOST = 5_000
COUNT_AT_MOST = 50
# A heading, empty rows, doubles that are told of. To tell all that is wrong with a million rows takes a minute.
_ROWS_AT_MOST = 2 * TICKETS_AT_MOST
COLUMNS = ("name", "email", "count", "person")
# How a heading may say so besides: whoever writes it in the language of their sheet means these columns.
_ALSO = {
    "nom": "name", "noms": "name", "invité": "name", "invitée": "name", "guest": "name",
    "e-mail": "email", "mail": "email", "courriel": "email", "adresse": "email", "adresse e-mail": "email",
    "nombre": "count", "number": "count", "tickets": "count", "billets": "count",
    "personne": "person", "membre": "person", "member": "person",
}  # fmt: skip
NAME_LIMIT = 80
EMAIL_LIMIT = 254

PROBLEMS_TOLD = 20
_EMAIL = re.compile(r"[^@\s,;<>\"]+@[^@\s,;<>\"]+")
# What a spreadsheet takes for a formula, and runs as soon as somebody opens the file of tickets.
_FORMULA = re.compile(r"[=+\-@\t\r]")
_COUNT = re.compile(r"[0-9]{1,3}")
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class Guest:
    """One row: who gets tickets, and how many. `person` is somebody of this house, by id or name."""

    line: int
    name: str
    email: str = ""
    count: int = 1
    person: str = ""


class TicketFileError(SheetError):
    """A file that makes no tickets as it is: none at all were made."""

    def __init__(self, source: str, problems: Iterable[Problem]) -> None:
        super().__init__(source, problems, most=PROBLEMS_TOLD, ending="No ticket was made.")


def read_ticket_file(content: bytes, source: str) -> tuple[Guest, ...]:
    """Every row of the file; TicketFileError with every problem there is when any row is wrong."""
    if len(content) > SIZE_LIMIT:
        raise InputError(
            f"{source}: larger than {SIZE_LIMIT >> 20} MiB — {TICKETS_AT_MOST} tickets are far smaller; is it the right "
            "file? An import may be repeated in parts"
        )
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"{source}: is not UTF-8 — save the sheet as CSV UTF-8") from error
    problems: list[Problem] = []
    guests: list[Guest] = []
    columns: tuple[str, ...] | None = None
    line = 0
    try:
        for line, cells in _rows(text, source):
            if columns is None:
                columns, is_heading = _columns(cells, source, line)
                if is_heading:
                    continue
            if len(cells) > len(columns):
                remedy = f"{','.join(columns)}; a comma inside a value needs quotes around it"
                problems.append(Problem(line, "row", f"{len(cells)} columns", remedy))
                continue
            guest = _guest(line, {**dict.fromkeys(columns, ""), **dict(zip(columns, cells, strict=False))}, problems)
            if guest is not None:
                guests.append(guest)
    except csv.Error as error:
        problems.append(Problem(line + 1, "row", "not CSV", f"{error}; a quote that opens must close"))
    problems.extend(_twice(guests))
    if problems:
        raise TicketFileError(source, problems)
    if not guests:
        raise InputError(f"{source}: has no names — one in each row, below a heading like {','.join(COLUMNS)}")
    if (count := sum(guest.count for guest in guests)) > TICKETS_AT_MOST:
        raise InputError(f"{source}: {count} tickets — at most {TICKETS_AT_MOST} at once; import it in parts")
    return tuple(guests)


def one_guest(name: str, email: str, count: int, person: str, source: str) -> Guest:
    """The same of what somebody typed instead of writing a file."""
    problems: list[Problem] = []
    cells = {"name": name.strip(), "email": email.strip(), "count": str(count), "person": person.strip()}
    guest = _guest(1, cells, problems)
    if guest is None:
        wrong = problems[0]
        raise InputError(f"{source} {wrong.column}: {wrong.shown} — {wrong.remedy}")
    return guest


def _rows(text: str, source: str) -> Iterator[tuple[int, list[str]]]:
    heading, _, _ = text.partition("\n")
    # What a spreadsheet writes where the comma is the decimal sign.
    delimiter = ";" if heading.count(";") > heading.count(",") else ","
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    first = 1
    for number, values in enumerate(reader):
        if number > _ROWS_AT_MOST:
            raise InputError(
                f"{source}: {number} rows and more — at most {TICKETS_AT_MOST} at once; import it in parts"
            )
        cells = [value.strip(" \u00a0") for value in values]
        if any(cells):
            yield first, cells
        first = reader.line_num + 1


def _columns(cells: list[str], source: str, line: int) -> tuple[tuple[str, ...], bool]:
    """What the columns are, and whether this first row says so."""
    names = tuple(_ALSO.get(cell.casefold(), cell.casefold()) for cell in cells)
    if not set(names) & set(COLUMNS):
        return COLUMNS, False
    problems = [
        Problem(line, "heading", shown("heading", name), f"the columns are {', '.join(COLUMNS)}")
        for name in names
        if name not in COLUMNS
    ]
    problems += [Problem(line, "heading", f"{name} twice", "each once") for name in COLUMNS if names.count(name) > 1]
    if "name" not in names:
        problems.append(
            Problem(line, "heading", "no name", "each row needs a name; email, count and person may follow")
        )
    if problems:
        raise TicketFileError(source, problems)
    return names, True


def _guest(line: int, cells: Mapping[str, str], problems: list[Problem]) -> Guest | None:
    found = [
        Problem(line, column, shown(column, value), remedy)
        for column, value in cells.items()
        if (remedy := _why_not(column, value)) is not None
    ]
    problems.extend(found)
    if found:
        return None
    return Guest(line, cells["name"], cells.get("email", ""), int(cells.get("count") or 1), cells.get("person", ""))


def _why_not(column: str, value: str) -> str | None:
    """What would be right in this cell; None when it is."""
    if _FORMULA.match(value):
        return f"begins with {value[0]!r}, which a spreadsheet runs as a formula; take that away"
    if _CONTROL.search(value):
        return "has a line break or another unseen character in it; take that away"
    if column == "name" and not 0 < len(value) <= NAME_LIMIT:
        return f"each row needs a name of at most {NAME_LIMIT} characters"
    if column == "email" and value and (len(value) > EMAIL_LIMIT or not _EMAIL.fullmatch(value)):
        return "one address like ada@example.org, or leave it empty"
    if column == "count" and value and not (_COUNT.fullmatch(value) and 1 <= int(value) <= COUNT_AT_MOST):
        return f"how many tickets, from 1 to {COUNT_AT_MOST}; empty is 1"
    return None


def _twice(guests: Iterable[Guest]) -> Iterator[Problem]:
    """Rows that are about the same visitor: whoever pasted a list twice must not make tickets twice."""
    first: dict[tuple[str, str], Guest] = {}
    for guest in guests:
        if guest.person:
            key, column, value = ("person", guest.person.casefold()), "person", guest.person
        elif guest.email:
            key, column, value = ("email", guest.email.casefold()), "email", guest.email
        else:
            key, column, value = ("name", guest.name.casefold()), "name", guest.name
        known = first.setdefault(key, guest)
        if known is not guest:
            how = "tell them apart by an email, or " if column == "name" else ""
            remedy = f"is in line {known.line} already; {how}write the count there and take this row away"
            yield Problem(guest.line, column, shown(column, value), remedy)
