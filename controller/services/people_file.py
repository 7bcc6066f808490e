"""A people file read: CSV text to typed rows, and every bad cell named by line, column, value and remedy.

One row tells one person with one membership and one badge; more of either are more rows of the same
person. What the rows change in the registry is `people_import`'s. No badge number leaves this file
in a message: two last characters at most.
"""

import csv
import difflib
import io
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from enum import Enum
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from controller.domain.building import Space
from controller.domain.ids import AreaId, PersonId, PlanId, TeamId
from controller.domain.membership import CredentialState, PersonKind, Standing
from controller.errors import InputError
from devices.badges import CONTRACT, Badge, Base, ReaderProfile, read, refuse_at_enrolment
from devices.errors import BadgeError

E = TypeVar("E", bound=Enum)

COLUMNS = (
    "id",
    "name",
    "kind",
    "needs_time",
    "plan",
    "from",
    "until",
    "standing",
    "team",
    "office",
    "badge",
    "badge_format",
    "badge_state",
    "valid_from",
    "valid_until",
)
REQUIRED = ("id", "name")
BANNED = "banned"

# So many problems are told; a file with more has one cause, and the first lines show it.
PROBLEMS_TOLD = 50

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,63}")
_FACILITY_AND_CARD = re.compile(r"\d{1,3}\D\d{1,5}")
_DAY = re.compile(r"\d{4}-\d")
# A row that slipped by a column has its number where another value belongs; it is not shown there either.
_MAYBE_A_BADGE = re.compile(r"(?=.*\d)(?:[0-9A-Fa-f][ :,-]?){7,}")
_NAME_LENGTH = 120
_CELL_SHOWN = 40


@dataclass(frozen=True, slots=True)
class Problem:
    """One cell that is wrong; `shown` is its value as far as it may be shown."""

    line: int
    column: str
    shown: str
    remedy: str


class PeopleFileError(InputError):
    """A people file that cannot be imported as it is; nothing of it was."""

    def __init__(self, source: str, problems: Iterable[Problem]) -> None:
        self.source = source
        self.problems = tuple(sorted(problems, key=lambda problem: problem.line))
        told = [
            f"{source}:{one.line}: {one.column}: {one.shown} — {one.remedy}" for one in self.problems[:PROBLEMS_TOLD]
        ]
        if len(self.problems) > PROBLEMS_TOLD:
            told.append(f"… and {len(self.problems) - PROBLEMS_TOLD} more")
        super().__init__("\n".join(told))


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
    team: str = ""
    office: AreaId | None = None
    badge: Badge | None = None
    badge_state: CredentialState | None = None
    valid_from: datetime | None = None
    valid_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class PeopleFile:
    """A whole file, with nothing wrong in any cell by itself."""

    source: str
    columns: frozenset[str]
    rows: tuple[PeopleRow, ...]
    notes: tuple[str, ...] = ()


class _BadCell(Exception):
    """What would be right; the caller knows where."""


@dataclass(slots=True)
class _Reader:
    """Reads cells against one space and collects what is wrong."""

    space: Space
    problems: list[Problem] = field(default_factory=list)

    def row(self, line: int, cells: Mapping[str, str]) -> PeopleRow | None:
        """The line as a row, or None when something in it is wrong."""
        before = len(self.problems)

        def take(column: str, parse: Callable[[str], Any]) -> Any:
            text = cells.get(column, "").strip()
            if not text:
                return None
            try:
                return parse(text)
            except _BadCell as bad:
                self.problems.append(Problem(line, column, _shown(column, text), str(bad)))
                return None

        for column in REQUIRED:
            if not cells.get(column, "").strip():
                self.problems.append(Problem(line, column, "empty", f"every row needs the person's {column}"))
        badge_format = take("badge_format", _plain)
        standing = take("standing", lambda text: text if text == BANNED else _one_of(Standing, text, also=[BANNED]))
        row = PeopleRow(
            line=line,
            id=PersonId(take("id", _id) or ""),
            name=take("name", _name) or "",
            kind=take("kind", lambda text: _one_of(PersonKind, text)),
            needs_time=take("needs_time", _yes_or_no),
            plan=take("plan", lambda text: PlanId(_known(text, self.space.plans, "plan"))),
            starts=take("from", _date),
            until=take("until", _date),
            standing=standing if isinstance(standing, Standing) else None,
            banned=standing == BANNED,
            team=take("team", _name) or "",
            office=take("office", lambda text: AreaId(_known(text, self.space.areas, "area"))),
            badge=take("badge", lambda text: _badge(text, badge_format)),
            badge_state=take("badge_state", lambda text: _one_of(CredentialState, text)),
            valid_from=take("valid_from", lambda text: _moment(text, self.space.zone, end=False)),
            valid_until=take("valid_until", lambda text: _moment(text, self.space.zone, end=True)),
        )
        if len(self.problems) == before:
            self.problems.extend(_disagreements(row, cells))
        return row if len(self.problems) == before else None


def read_people_file(text: str, source: str, space: Space) -> PeopleFile:
    """Every row of the file; PeopleFileError with every problem there is when any row is wrong."""
    columns, notes, records = _records(text, source)
    reader = _Reader(space)
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


def team_id(name: str) -> TeamId:
    """A team's id from its name: "Atelier Nord" and "atelier nord" are one team."""
    return TeamId("-".join(re.findall(r"\w+", name.casefold())))


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
            notes.append(f"column {_shown('heading', name)} is not used")
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

    def problem(column: str, remedy: str) -> Problem:
        return Problem(row.line, column, _shown(column, cells.get(column, "").strip()), remedy)

    if row.plan is not None and row.starts is None:
        yield problem("from", "a plan needs its first day, like 2026-03-01")
    if row.plan is None and (row.starts or row.until or row.standing):
        yield problem("plan", "from, until and standing are about a plan; which one?")
    if row.starts and row.until and row.until < row.starts:
        yield problem("until", f"the last day cannot be before the first, {row.starts}")
    if row.office is not None and not row.team:
        yield problem("office", "an office is held by a team; name it in `team`")
    if row.badge is None and (row.badge_state or row.valid_from or row.valid_until):
        yield problem("badge", "badge_state, valid_from and valid_until are about a badge; which one?")
    if row.valid_from and row.valid_until and row.valid_until <= row.valid_from:
        yield problem("valid_until", f"must be after valid_from, {row.valid_from.isoformat()}")


def _shown(column: str, value: str) -> str:
    if not value:
        return "empty"
    if column != "badge" and (_DAY.match(value) or not _MAYBE_A_BADGE.fullmatch(value)):
        return repr(value if len(value) <= _CELL_SHOWN else value[:_CELL_SHOWN] + "…")
    return f"{len(value)} characters ending in {value[-2:]!r}" if len(value) > 4 else f"{len(value)} characters"


# One cell each. They raise _BadCell with what would be right.


def _plain(text: str) -> str:
    return text.casefold()


def _id(text: str) -> str:
    if not _ID.fullmatch(text):
        raise _BadCell(
            "an id is up to 64 letters, digits, dots, dashes, underscores or @, and begins with a letter or digit"
        )
    return text


def _name(text: str) -> str:
    if len(text) > _NAME_LENGTH:
        raise _BadCell(f"at most {_NAME_LENGTH} characters, these are {len(text)}")
    if not text.isprintable():
        raise _BadCell("there is a line break or a control character in it")
    return text


def _one_of(kind: type[E], text: str, also: Iterable[str] = ()) -> E:
    try:
        return kind(text.casefold())
    except ValueError:
        raise _BadCell(f"one of {', '.join([*(str(one.value) for one in kind), *also])}") from None


def _yes_or_no(text: str) -> bool:
    known = {"yes": True, "true": True, "1": True, "no": False, "false": False, "0": False}
    if text.casefold() not in known:
        raise _BadCell("yes or no")
    return known[text.casefold()]


def _known(text: str, known: Mapping[Any, object], what: str) -> str:
    if text in known:
        return text
    names = [str(name) for name in known]
    close = difflib.get_close_matches(text, names, n=1)
    hint = f"did you mean {close[0]!r}?" if close else f"it has {', '.join(sorted(names)) or 'none'}"
    raise _BadCell(f"the space has no such {what}; {hint}")


def _date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise _BadCell("a day is written year-month-day, like 2026-03-01") from None


def _moment(text: str, zone: ZoneInfo, *, end: bool) -> datetime:
    """A moment with its offset, or a day in the space's zone: from its beginning, until its end."""
    try:
        if len(text) <= len("2026-03-01"):
            day = date.fromisoformat(text) + timedelta(days=end)
            return datetime.combine(day, time.min, tzinfo=zone).astimezone(UTC)
        moment = datetime.fromisoformat(text)
    except (ValueError, OverflowError):
        raise _BadCell("a day like 2026-03-01, or a moment like 2026-03-01T09:00:00Z") from None
    if moment.tzinfo is None:
        raise _BadCell("a moment needs its offset: Z, or +01:00")
    # The registry keeps milliseconds.
    return moment.astimezone(UTC).replace(microsecond=moment.microsecond // 1000 * 1000)


def _badge(text: str, badge_format: str | None) -> Badge:
    profile = CONTRACT
    if badge_format is not None and badge_format.startswith("wiegand") and _FACILITY_AND_CARD.fullmatch(text):
        profile = ReaderProfile(base=Base.FACILITY, format=badge_format)
    try:
        badge = read(text, profile, format=badge_format)
    except BadgeError as exc:
        raise _BadCell(str(exc)) from exc
    why_not = refuse_at_enrolment(badge)
    if why_not is not None:
        raise _BadCell(why_not)
    return badge
