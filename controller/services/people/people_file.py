"""A people file read: CSV text to typed rows, and every bad cell named by line, column, value and remedy.

One row tells one person with one membership and one badge; more of either are more rows of the same
person. What the rows change in the registry is `people_import`'s, and what one cell may say `people_cells`'.
"""

import csv
import difflib
import io
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, TypeAlias

from controller.domain.building import Space
from controller.domain.ids import AreaId, CohortId, CredentialId, PersonId, PlanId
from controller.domain.membership import CredentialState, PersonKind, Right, Standing
from controller.services.people.people_cells import (
    BadCell,
    badge_cell,
    cents_cell,
    date_cell,
    id_cell,
    known_cell,
    moment_cell,
    name_cell,
    one_of_cell,
    pin_cell,
    plain_cell,
    rights_cell,
    shown,
    team_cell,
    unescaped,
    words_cell,
    yes_or_no_cell,
)
from controller.services.sheets import Problem, SheetError
from devices.badges import Badge

COLUMNS = (
    "id",
    "name",
    "kind",
    "needs_time",
    "rights",
    "pays_as_you_go",
    "cohort",
    "plan",
    "from",
    "until",
    "standing",
    "due_since",
    "due",
    "team",
    "office",
    "office_from",
    "office_until",
    "badge",
    "badge_format",
    "badge_state",
    "valid_from",
    "valid_until",
    "pin",
)
REQUIRED = ("id", "name")
BANNED = "banned"

PROBLEMS_TOLD = 50


class PeopleFileError(SheetError):
    """A people file that cannot be imported as it is; nothing of it was."""

    def __init__(self, source: str, problems: Iterable[Problem]) -> None:
        super().__init__(source, problems, most=PROBLEMS_TOLD)


@dataclass(frozen=True, slots=True)
class PeopleRow:
    """One line, understood. None and "" mean that the cell is empty or its column is not there."""

    line: int
    id: PersonId
    name: str
    kind: PersonKind | None = None
    needs_time: bool | None = None
    plan: PlanId | None = None
    starts: date | None = None
    until: date | None = None
    standing: Standing | None = None
    banned: bool = False
    rights: frozenset[Right] = frozenset()
    pays_as_you_go: bool | None = None
    cohorts: tuple[CohortId, ...] = ()
    due_since: date | None = None
    due_cents: int | None = None
    team: str = ""
    office: AreaId | None = None
    office_from: date | None = None
    office_until: date | None = None
    badge: Badge | None = None
    held_badge: CredentialId | None = None  # instead of a number: one that they hold
    badge_state: CredentialState | None = None
    valid_from: datetime | None = None
    valid_until: datetime | None = None
    pin: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class PeopleFile:
    """A whole file, with nothing wrong in any cell by itself."""

    source: str
    columns: frozenset[str]
    rows: tuple[PeopleRow, ...]
    notes: tuple[str, ...] = ()


@dataclass(slots=True)
class _Reader:
    """Reads cells against one space and collects what is wrong."""

    space: Space
    plans: frozenset[PlanId]  # the space's, and those that left it and are held all the same
    problems: list[Problem] = field(default_factory=list)

    def row(self, line: int, cells: Mapping[str, str]) -> PeopleRow | None:
        """The line as a row, or None when something in it is wrong."""
        before = len(self.problems)

        def take(column: str, parse: Callable[[str], Any]) -> Any:
            text = unescaped(cells.get(column, "").strip())
            if not text:
                return None
            try:
                return parse(text)
            except BadCell as bad:
                self.problems.append(Problem(line, column, shown(column, text), str(bad)))
                return None

        for column in REQUIRED:
            if not cells.get(column, "").strip():
                self.problems.append(Problem(line, column, "empty", f"every row needs the person's {column}"))
        badge_format = take("badge_format", plain_cell)
        standing = take("standing", lambda text: text if text == BANNED else one_of_cell(Standing, text, also=[BANNED]))
        badge = take("badge", lambda text: badge_cell(text, badge_format))
        row = PeopleRow(
            line=line,
            id=PersonId(take("id", id_cell) or ""),
            name=take("name", name_cell) or "",
            kind=take("kind", lambda text: one_of_cell(PersonKind, text)),
            needs_time=take("needs_time", yes_or_no_cell),
            plan=take("plan", lambda text: PlanId(known_cell(text, self.plans, "plan"))),
            starts=take("from", date_cell),
            until=take("until", date_cell),
            standing=standing if isinstance(standing, Standing) else None,
            banned=standing == BANNED,
            team=take("team", team_cell) or "",
            office=take("office", lambda text: AreaId(known_cell(text, self.space.areas, "area"))),
            rights=take("rights", rights_cell) or frozenset(),
            pays_as_you_go=take("pays_as_you_go", yes_or_no_cell),
            cohorts=tuple(map(CohortId, take("cohort", words_cell) or ())),
            due_since=take("due_since", date_cell),
            due_cents=take("due", cents_cell),
            office_from=take("office_from", date_cell),
            office_until=take("office_until", date_cell),
            badge=badge if isinstance(badge, Badge) else None,
            held_badge=CredentialId(badge) if isinstance(badge, str) else None,
            pin=take("pin", pin_cell),
            badge_state=take("badge_state", lambda text: one_of_cell(CredentialState, text)),
            valid_from=take("valid_from", lambda text: moment_cell(text, self.space.zone, end=False)),
            valid_until=take("valid_until", lambda text: moment_cell(text, self.space.zone, end=True)),
        )
        if len(self.problems) == before:
            self.problems.extend(_disagreements(row, cells))
        return row if len(self.problems) == before else None


def read_people_file(text: str, source: str, space: Space, also_plans: Iterable[PlanId] = ()) -> PeopleFile:
    """Every row of the file; PeopleFileError with every problem there is when any row is wrong."""
    columns, notes, records = _records(text, source)
    reader = _Reader(space, frozenset(space.plans) | frozenset(also_plans))
    rows = []
    try:
        for line, values in records:
            if len(values) > len(columns):
                remedy = f"the heading has {len(columns)} columns; is a comma in a value that needs quotes?"
                reader.problems.append(Problem(line, "-", f"{len(values)} values", remedy))
                continue
            row = reader.row(line, dict(zip(columns, values, strict=False)))
            if row is not None:
                rows.append(row)
    except csv.Error as exc:
        raise PeopleFileError(source, [*reader.problems, Problem(len(rows) + 2, "-", "not CSV", str(exc))]) from exc
    if reader.problems:
        raise PeopleFileError(source, reader.problems)
    if not rows:
        raise PeopleFileError(source, [Problem(1, "-", "no rows", "below the heading, one row for each person")])
    return PeopleFile(source, frozenset(columns) & set(COLUMNS), tuple(rows), tuple(notes))


def _records(text: str, source: str) -> tuple[list[str], list[str], Iterator[tuple[int, list[str]]]]:
    heading_line, _, _ = text.partition("\n")
    # What a spreadsheet writes where the comma is the decimal sign.
    delimiter = ";" if heading_line.count(";") > heading_line.count(",") else ","
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    columns = [name.strip().casefold() for name in next(reader, [])]
    problems = []
    notes = []
    for name in columns:
        if name in COLUMNS:
            continue
        close = difflib.get_close_matches(name, COLUMNS, n=1, cutoff=0.7)
        if close:
            problems.append(Problem(1, name or "-", "unknown column", f"did you mean {close[0]!r}?"))
        else:
            notes.append(f"column {shown('heading', name)} is not used")
    problems.extend(
        Problem(1, name, "twice", "each column once; a second badge or plan is a second row")
        for name in COLUMNS
        if columns.count(name) > 1
    )
    problems.extend(
        Problem(1, name, "missing", f"the first line names the columns, {', '.join(REQUIRED)} at least")
        for name in REQUIRED
        if name not in columns
    )
    if problems:
        raise PeopleFileError(source, problems)

    def records() -> Iterator[tuple[int, list[str]]]:
        first = reader.line_num + 1
        for values in reader:
            if any(value.strip() for value in values):
                yield first, values
            first = reader.line_num + 1

    return columns, notes, records()


def _disagreements(row: PeopleRow, cells: Mapping[str, str]) -> Iterator[Problem]:
    """Cells that are right by themselves and not together."""
    for is_wrong, column, remedy in (*_about_the_plan(row), *_about_the_office(row), *_about_the_badge(row)):
        if is_wrong:
            yield Problem(row.line, column, shown(column, cells.get(column, "").strip()), remedy)


_Rule: TypeAlias = tuple[bool, str, str]


def _about_the_plan(row: PeopleRow) -> Iterator[_Rule]:
    told = (row.starts, row.until, row.standing, row.due_since, row.due_cents)
    yield row.plan is not None and row.starts is None, "from", "a plan needs its first day, like 2026-03-01"
    yield row.plan is None and any(told), "plan", "from, until, standing and due are about a plan; which one?"
    yield _ends_before(row.starts, row.until), "until", f"the last day cannot be before the first, {row.starts}"
    is_due, since = bool(row.due_cents), row.due_since is not None
    yield is_due and not since, "due_since", "what is due is due since a day; which one?"
    yield since and not is_due, "due", "a bill has an amount, like 120.50"


def _about_the_office(row: PeopleRow) -> Iterator[_Rule]:
    days = row.office_from, row.office_until
    yield row.office is not None and not row.team, "office", "an office is held by a team; name it in `team`"
    yield row.office is None and any(days), "office", "office_from and office_until are about an office; which one?"
    yield days[0] is None and days[1] is not None, "office_from", "a lease with a last day needs its first"
    yield _ends_before(*days), "office_until", f"the last day cannot be before the first, {row.office_from}"


def _about_the_badge(row: PeopleRow) -> Iterator[_Rule]:
    has_none = row.badge is None and row.held_badge is None
    told = (row.badge_state, row.valid_from, row.valid_until)
    remedy = "badge_state, valid_from and valid_until are about a badge; which one?"
    yield has_none and any(told), "badge", remedy
    is_backwards = row.valid_from is not None and row.valid_until is not None and row.valid_until <= row.valid_from
    yield is_backwards, "valid_until", f"must be after valid_from, {row.valid_from and row.valid_from.isoformat()}"


def _ends_before(first: date | None, last: date | None) -> bool:
    return first is not None and last is not None and last < first
