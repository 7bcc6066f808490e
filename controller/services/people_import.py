"""What a people file would change: rows laid against the registry, and a plan that is applied whole or not at all.

Pure: the plan is a value, shown first and applied when somebody says so. A person in the file is
afterwards what the file says, in the columns it has; a person not in it is left alone. What staff
did against somebody is never undone by a file: a ban, a lost or a blocked badge stays.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from controller.domain.building import Space
from controller.domain.ids import AreaId, CredentialId, PersonId, TeamId
from controller.domain.membership import (
    Credential,
    CredentialKind,
    CredentialState,
    Lease,
    Membership,
    Person,
    Standing,
)
from controller.services.people import Change, Held, ImportPlan
from controller.services.people_file import PeopleFile, PeopleFileError, PeopleRow, Problem, read_people_file, team_id
from controller.services.ports import RegistrySnapshot
from devices.badges import Badge

Digest = Callable[[Badge], bytes]

# What every row of one person must say alike.
_PERSON_COLUMNS = ("name", "kind", "needs_time", "team")


def plan_import(text: str, source: str, *, space: Space, registry: RegistrySnapshot, digest: Digest) -> ImportPlan:
    """What importing this text would change. PeopleFileError, naming every problem, when any of it is wrong."""
    return _Planner(read_people_file(text, source, space), _Before.of(registry), digest).plan()


@dataclass(frozen=True, slots=True)
class _Before:
    """The registry, with the two ways to look that only an import needs."""

    registry: RegistrySnapshot
    held: Mapping[PersonId, Sequence[Credential]]
    digest_of: Mapping[CredentialId, bytes]

    @classmethod
    def of(cls, registry: RegistrySnapshot) -> "_Before":
        held: dict[PersonId, list[Credential]] = defaultdict(list)
        for credential in registry.credentials.values():
            held[credential.person].append(credential)
        return cls(registry, held, {id_: digest for digest, id_ in registry.digests.items()})

    def person(self, id_: PersonId) -> Held | None:
        known = self.registry.people.get(id_)
        if known is None:
            return None
        memberships = _memberships_in_order(self.registry.memberships.get(id_, ()))
        return self.with_digests(known, memberships, self.held.get(id_, ()), {})

    def with_digests(
        self,
        person: Person,
        memberships: tuple[Membership, ...],
        credentials: Iterable[Credential],
        new: Mapping[CredentialId, bytes],
    ) -> Held:
        ordered = tuple(sorted(credentials, key=lambda one: one.id))
        return Held(
            person, memberships, ordered, {new.get(one.id) or self.digest_of[one.id]: one.id for one in ordered}
        )

    def known_badge(self, digest: bytes) -> Credential | None:
        id_ = self.registry.digests.get(digest)
        return None if id_ is None else self.registry.credentials[id_]


@dataclass(slots=True)
class _Planner:
    file: PeopleFile
    before: _Before
    digest: Digest
    problems: list[Problem] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def plan(self) -> ImportPlan:
        people: dict[PersonId, list[PeopleRow]] = defaultdict(list)
        for row in self.file.rows:
            people[row.id].append(row)
        self._check_holders(people)
        pairs = [(self.before.person(id_), self._held(rows)) for id_, rows in people.items()]
        leases = self._leases()
        if self.problems:
            raise PeopleFileError(self.file.source, self.problems)
        changed = [(before, after) for before, after in pairs if before != after]
        changes = [change for before, after in changed for change in _changes(before, after)]
        if leases is not None:
            changes.extend(_lease_changes(self.before.registry.leases, leases))
        return ImportPlan(
            based_on=self.before.registry.version,
            people=tuple(after for _, after in changed),
            teams={team_id(row.team): row.team for row in self.file.rows if row.team},
            leases=leases,
            changes=tuple(changes),
            notes=(*self.file.notes, *self.notes),
            unchanged=len(pairs) - len(changed),
        )

    def _wrong(self, row: PeopleRow, column: str, shown: str, remedy: str) -> None:
        self.problems.append(Problem(row.line, column, shown, remedy))

    def _check_holders(self, people: Mapping[PersonId, object]) -> None:
        """One badge, one person: in the file, and with those the file does not name."""
        holders: dict[bytes, PeopleRow] = {}
        for row in self.file.rows:
            if row.badge is None:
                continue
            digest = self.digest(row.badge)
            other = holders.setdefault(digest, row)
            known = self.before.known_badge(digest)
            if other.id != row.id:
                self._wrong(row, "badge", _ending(row.badge), f"line {other.line} gives the same badge to {other.id!r}")
            elif known is not None and known.person not in people:
                remedy = f"{known.person!r} holds this badge; put them into the file without it to take it away"
                self._wrong(row, "badge", _ending(row.badge), remedy)

    def _held(self, rows: Sequence[PeopleRow]) -> Held:
        person = self._person(rows)
        memberships = self._memberships(rows)
        credentials, new = self._credentials(rows)
        return self.before.with_digests(person, memberships, credentials, new)

    def _person(self, rows: Sequence[PeopleRow]) -> Person:
        first = rows[0]
        for row in rows[1:]:
            for column in _PERSON_COLUMNS:
                here, there = getattr(row, column), getattr(first, column)
                if here != there:
                    remedy = f"line {first.line} says {_said(there)} of the same person"
                    self._wrong(row, column, _said(here), remedy)
        known = self.before.registry.people.get(first.id, Person(first.id, first.name))
        banned = any(row.banned for row in rows)
        if known.banned and not banned and "standing" in self.file.columns:
            self.notes.append(f"{first.id} stays banned: a file does not lift a ban")
        return replace(
            known,
            name=first.name,
            kind=first.kind or known.kind,
            needs_time=known.needs_time if first.needs_time is None else first.needs_time,
            team=(team_id(first.team) if first.team else None) if "team" in self.file.columns else known.team,
            banned=known.banned or banned,
        )

    def _memberships(self, rows: Sequence[PeopleRow]) -> tuple[Membership, ...]:
        known = self.before.registry.memberships.get(rows[0].id, ())
        if "plan" not in self.file.columns:
            return _memberships_in_order(known)
        standings = {(one.plan, one.starts): one.standing for one in known}
        found: dict[tuple[str, date], tuple[Membership, int]] = {}
        for row in rows:
            if row.plan is None or row.starts is None:
                continue
            key = (row.plan, row.starts)
            standing = row.standing or standings.get(key, Standing.ACTIVE)
            one = Membership(row.id, row.plan, row.starts, row.until, standing)
            earlier, line = found.setdefault(key, (one, row.line))
            if earlier != one:
                self._wrong(row, "plan", repr(str(row.plan)), f"line {line} gives this plan another end or standing")
        return _memberships_in_order(one for one, _ in found.values())

    def _credentials(self, rows: Sequence[PeopleRow]) -> tuple[list[Credential], dict[CredentialId, bytes]]:
        """What they will hold, and the digests of the badges that the file names."""
        replaced = {CredentialKind.BADGE} if "badge" in self.file.columns else set()
        kept = [one for one in self.before.held.get(rows[0].id, ()) if one.kind not in replaced]
        found: dict[CredentialId, tuple[Credential, int]] = {}
        digests: dict[CredentialId, bytes] = {}
        for row in rows:
            if row.badge is None:
                continue
            digest = self.digest(row.badge)
            one = self._credential(row, row.badge, digest)
            digests[one.id] = digest
            earlier, line = found.setdefault(one.id, (one, row.line))
            if earlier != one:
                self._wrong(row, "badge", _ending(row.badge), f"line {line} says otherwise of this badge")
        return [*kept, *(one for one, _ in found.values())], digests

    def _credential(self, row: PeopleRow, badge: Badge, digest: bytes) -> Credential:
        known = self.before.known_badge(digest)
        state = row.badge_state or CredentialState.ACTIVE
        if known is None:
            # Of the digest, so that the same badge has the same id whichever file brings it.
            id_ = CredentialId(f"b-{digest.hex()[:16]}")
            return Credential(
                id_, row.id, CredentialKind.BADGE, state, row.valid_from, row.valid_until, last_two=badge.last_two
            )
        if row.badge_state is None or (state is CredentialState.ACTIVE and known.state is not state):
            state = known.state
            if row.badge_state is not None:
                self.notes.append(
                    f"{row.id}: the badge {_ending(badge)} stays {state}: a file does not make it work again"
                )
        columns = self.file.columns
        return replace(
            known,
            person=row.id,
            state=state,
            valid_from=row.valid_from if "valid_from" in columns else known.valid_from,
            valid_until=row.valid_until if "valid_until" in columns else known.valid_until,
        )

    def _leases(self) -> tuple[Lease, ...] | None:
        """All leases there will be, or None when they stay as they are.

        A lease runs from the first day that any of the team's rows tells to the last; without days it was always there.
        """
        if "office" not in self.file.columns:
            return None
        rows: dict[tuple[TeamId, AreaId], list[PeopleRow]] = defaultdict(list)
        for row in self.file.rows:
            if row.office is not None:
                rows[team_id(row.team), row.office].append(row)
        told = [
            Lease(
                team,
                area,
                starts=min(row.starts or date.min for row in several),
                ends=None
                if any(row.until is None for row in several)
                else max(row.until for row in several if row.until),
            )
            for (team, area), several in rows.items()
        ]
        named = {team_id(row.team) for row in self.file.rows if row.team}
        kept = [lease for lease in self.before.registry.leases if lease.team not in named]
        after = tuple(sorted([*kept, *told], key=lambda one: (one.team, one.area, one.starts)))
        return None if set(after) == set(self.before.registry.leases) else after


# In words, for the table a person decides on.


def _changes(before: Held | None, after: Held) -> Iterator[Change]:
    who = f"{after.person.name} ({after.person.id})"
    then = {} if before is None else _told(before)
    now = _told(after)
    if before is None:
        yield Change(who, "new", "", "; ".join(f"{what} {value}" for what, value in now.items() if what != "name"))
        return
    for what in sorted({*then, *now}, key=[*now, *then].index):
        if then.get(what) != now.get(what):
            yield Change(who, what, then.get(what, ""), now.get(what, ""))


def _told(held: Held) -> dict[str, str]:
    person = held.person
    told = {"name": person.name, "kind": str(person.kind)}
    if person.team is not None:
        told["team"] = person.team
    if person.needs_time:
        told["needs_time"] = "yes"
    if person.banned:
        told["banned"] = "yes"
    for one in held.memberships:
        ends = f" to {one.ends}" if one.ends else ""
        told[f"plan {one.plan}"] = _also(told.get(f"plan {one.plan}"), f"from {one.starts}{ends}, {one.standing}")
    for credential in held.credentials:
        dates = [
            f"{word} {moment.isoformat()}"
            for word, moment in (("from", credential.valid_from), ("until", credential.valid_until))
            if moment is not None
        ]
        what = f"{credential.kind} ··{credential.last_two}"
        told[what] = _also(told.get(what), ", ".join([str(credential.state), *dates]))
    return told


def _lease_changes(before: Sequence[Lease], after: Sequence[Lease]) -> Iterator[Change]:
    for lease in sorted(set(before) ^ set(after), key=lambda one: (one.team, one.area, one in after)):
        dates = (f"from {lease.starts}" if lease.starts != date.min else "always") + (
            f" to {lease.ends}" if lease.ends else ""
        )
        added = lease in after
        yield Change(f"team {lease.team}", f"office {lease.area}", "" if added else dates, dates if added else "")


def _also(told: str | None, more: str) -> str:
    """Two of one name (two badges with the same last characters) are told side by side."""
    return more if told is None else f"{told} and {more}"


def _ending(badge: Badge) -> str:
    return f"ending in {badge.last_two!r}"


def _said(value: object) -> str:
    return repr(str(value)) if value not in (None, "") else "nothing"


def _memberships_in_order(memberships: Iterable[Membership]) -> tuple[Membership, ...]:
    return tuple(sorted(memberships, key=lambda one: (one.starts, one.plan)))
