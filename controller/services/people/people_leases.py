"""The offices of a people file: which teams lease what, from its rows, and what stays of the leases there are."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date

from controller.domain.ids import AreaId, TeamId
from controller.domain.membership import Lease
from controller.services.people.people_file import PeopleRow
from controller.services.people.registry_checks import overlapping
from controller.services.sheets import Problem


@dataclass(slots=True)
class Leases:
    """All there will be: of teams in the file what it tells, of others what they have; and what is wrong with that."""

    after: tuple[Lease, ...] = ()
    problems: list[Problem] = field(default_factory=list)


def leases_of(rows: Sequence[PeopleRow], before: Iterable[Lease], team_of: Callable[[str], TeamId]) -> Leases:
    """A lease has days of its own, or runs from the first day of its team's rows to the last; without days, always."""
    together: defaultdict[tuple[TeamId, AreaId, date | None], list[PeopleRow]] = defaultdict(list)
    for row in rows:
        if row.office is not None:
            together[team_of(row.team), row.office, row.office_from].append(row)
    told = {_lease(*key, several): several[-1] for key, several in together.items()}
    named = {team_of(row.team) for row in rows if row.team}
    kept = [lease for lease in before if lease.team not in named]
    found = Leases(tuple(sorted([*kept, *told], key=lambda one: (one.team, one.area, one.starts))))
    for several in together.values():
        found.problems.extend(_disagreeing(several))
    # What was kept and overlaps already is not this file's to mend.
    for row, first, second in _overlaps(told, kept):
        found.problems.append(
            Problem(
                row.line,
                "office",
                repr(str(first.area)),
                f"{first.team!r} holds it from {first.starts} to {first.ends or 'no end'}, and {second.team!r} from "
                f"{second.starts}; end one before the other begins",
            )
        )
    return found


def _lease(team: TeamId, area: AreaId, starts: date | None, rows: Sequence[PeopleRow]) -> Lease:
    if starts is not None:
        return Lease(team, area, starts, rows[0].office_until)
    ends = [row.until for row in rows if row.until is not None]
    first = min(row.starts or date.min for row in rows)
    return Lease(team, area, first, max(ends) if len(ends) == len(rows) else None)


def _disagreeing(rows: Sequence[PeopleRow]) -> Iterable[Problem]:
    first = rows[0]
    for row in rows[1:]:
        if row.office_from is not None and row.office_until != first.office_until:
            remedy = f"line {first.line} says {first.office_until or 'no end'} of the same lease"
            yield Problem(row.line, "office_until", str(row.office_until or "empty"), remedy)


def _overlaps(told: dict[Lease, PeopleRow], kept: Sequence[Lease]) -> Iterable[tuple[PeopleRow, Lease, Lease]]:
    """The first overlap of each lease the file tells, with the line that tells it."""
    seen: list[Lease] = []
    for lease, row in told.items():
        for other in (*kept, *seen):
            overlap = overlapping([lease, other])
            if overlap is not None:
                yield row, *overlap
                break
        seen.append(lease)
