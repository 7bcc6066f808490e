"""What a people file would change: rows laid against the registry, and a plan that is applied whole or not at all.

Pure: the plan is a value, shown first and applied when somebody says so. A person in the file is
afterwards what the file says, in the columns it has; a person not in it is left alone. What staff
did against somebody is never undone by a file: a ban, a lost or a blocked badge stays.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from controller.domain.building import Space
from controller.domain.ids import CohortId, CredentialId, PersonId, TeamId
from controller.domain.membership import (
    Credential,
    CredentialKind,
    CredentialState,
    Lease,
    Membership,
    Person,
)
from controller.services.people.people import Held, ImportPlan, pin_id
from controller.services.people.people_cells import PIN_KEPT
from controller.services.people.people_diff import changes_of, lease_changes
from controller.services.people.people_file import (
    PeopleFile,
    PeopleFileError,
    PeopleRow,
    read_people_file,
)
from controller.services.people.people_leases import leases_of
from controller.services.people.registry_checks import unknown
from controller.services.people.team_names import team_of
from controller.services.ports import RegistrySnapshot
from controller.services.sheets import Problem
from devices.badges import Badge

Digest = Callable[[Badge], bytes]

# What every row of one person must say alike.
_PERSON_COLUMNS = ("name", "kind", "needs_time", "rights", "pays_as_you_go", "cohorts", "team", "pin")


@dataclass(frozen=True, slots=True)
class Digests:
    """Under which keyed digests what a file names is known; the ones for doors' lists are slow, so only for an import."""

    of: Digest
    of_pin: Callable[[str], bytes] | None = None
    for_lists: Callable[[Sequence[Badge]], Sequence[bytes]] | None = None  # many at once


def plan_import(
    text: str, source: str, *, space: Space, registry: RegistrySnapshot, digest: Digest | Digests
) -> ImportPlan:
    """What importing this text would change. PeopleFileError, naming every problem, when any of it is wrong."""
    held = {one.plan for many in registry.memberships.values() for one in many}
    digests = digest if isinstance(digest, Digests) else Digests(digest)
    return _Planner(read_people_file(text, source, space, held), _Before.of(registry), digests).plan()


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
        return self.with_digests(known, memberships, self.held.get(id_, ()), {}, {})

    def with_digests(
        self,
        person: Person,
        memberships: tuple[Membership, ...],
        credentials: Iterable[Credential],
        new: Mapping[CredentialId, bytes],
        new_lists: Mapping[CredentialId, bytes],
    ) -> Held:
        ordered = tuple(sorted(credentials, key=lambda one: one.id))
        known = self.registry.list_digests
        lists = {one.id: new_lists.get(one.id) or known.get(one.id) for one in ordered}
        return Held(
            person,
            memberships,
            ordered,
            {new.get(one.id) or self.digest_of[one.id]: one.id for one in ordered},
            {id_: digest for id_, digest in lists.items() if digest is not None},
        )

    def known_badge(self, digest: bytes) -> Credential | None:
        id_ = self.registry.digests.get(digest)
        return None if id_ is None else self.registry.credentials[id_]


@dataclass(slots=True)
class _Planner:
    file: PeopleFile
    before: _Before
    digest: Digests
    problems: list[Problem] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    pins: dict[bytes, PeopleRow] = field(default_factory=dict, repr=False)
    lists: dict[bytes, bytes] = field(default_factory=dict, repr=False)  # digest -> the one for doors' lists

    def plan(self) -> ImportPlan:
        people: dict[PersonId, list[PeopleRow]] = defaultdict(list)
        for row in self.file.rows:
            people[row.id].append(row)
        self._check_holders(people)
        self._digest_for_lists()
        pairs = [(self.before.person(id_), self._held(rows)) for id_, rows in people.items()]
        leases = self._leases()
        if self.problems:
            raise PeopleFileError(self.file.source, self.problems)
        changed = [(before, after) for before, after in pairs if before != after]
        changes = [change for before, after in changed for change in changes_of(before, after)]
        if leases is not None:
            changes.extend(lease_changes(self.before.registry.leases, leases))
        return ImportPlan(
            based_on=self.before.registry.version,
            people=tuple(after for _, after in changed),
            teams=self._teams(),
            leases=leases,
            changes=tuple(changes),
            notes=(*self.file.notes, *self.notes),
            unchanged=len(pairs) - len(changed),
        )

    def _team(self, told: str) -> TeamId:
        return team_of(told, self.before.registry.teams)

    def _teams(self) -> dict[TeamId, str]:
        known = self.before.registry.teams
        named = {self._team(row.team): row.team for row in self.file.rows if row.team}
        return {id_: known[id_].name if id_ in known and name == id_ else name for id_, name in named.items()}

    def _wrong(self, row: PeopleRow, column: str, shown: str, remedy: str) -> None:
        self.problems.append(Problem(row.line, column, shown, remedy))

    def _check_holders(self, people: Mapping[PersonId, object]) -> None:
        """One badge, one person: in the file, and with those the file does not name."""
        holders: dict[bytes, PeopleRow] = {}
        for row in self.file.rows:
            if row.badge is None:
                continue
            digest = self.digest.of(row.badge)
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
        return self.before.with_digests(person, memberships, credentials, new, self._list_digests(rows, new))

    def _list_digests(
        self, rows: Sequence[PeopleRow], digests: Mapping[CredentialId, bytes]
    ) -> dict[CredentialId, bytes]:
        of_badges = {self.digest.of(row.badge) for row in rows if row.badge is not None}
        return {
            id_: self.lists[digest] for id_, digest in digests.items() if digest in of_badges and digest in self.lists
        }

    def _digest_for_lists(self) -> None:
        """Of the badges that are named by number and not known to doors' lists yet."""
        if self.digest.for_lists is None:
            return
        known, registry = self.before.registry.list_digests, self.before.registry.digests
        badges = {self.digest.of(row.badge): row.badge for row in self.file.rows if row.badge is not None}
        new = {digest: badge for digest, badge in badges.items() if registry.get(digest) not in known}
        self.lists = dict(zip(new, self.digest.for_lists(list(new.values())), strict=True))

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
            rights=first.rights if "rights" in self.file.columns else known.rights,
            pays_as_you_go=known.pays_as_you_go if first.pays_as_you_go is None else first.pays_as_you_go,
            cohorts=self._cohorts(first) if "cohort" in self.file.columns else known.cohorts,
            team=(self._team(first.team) if first.team else None) if "team" in self.file.columns else known.team,
            banned=known.banned or banned,
        )

    def _cohorts(self, row: PeopleRow) -> tuple[CohortId, ...]:
        known = self.before.registry.cohorts
        for one in row.cohorts:
            if one not in known:
                remedy = str(unknown("cohort", one, known, "make it first: `natoma people cohort`"))
                self._wrong(row, "cohort", _said(one), remedy)
        return row.cohorts

    def _memberships(self, rows: Sequence[PeopleRow]) -> tuple[Membership, ...]:
        known = self.before.registry.memberships.get(rows[0].id, ())
        if "plan" not in self.file.columns:
            return _memberships_in_order(known)
        before = {(one.plan, one.starts): one for one in known}
        found: dict[tuple[str, date], tuple[Membership, int]] = {}
        for row in rows:
            if row.plan is None or row.starts is None:
                continue
            key = (row.plan, row.starts)
            was = before.get(key, Membership(row.id, row.plan, row.starts))
            one = replace(was, ends=row.until, standing=row.standing or was.standing)
            if "due" in self.file.columns:
                one = replace(one, due_since=row.due_since, due_cents=row.due_cents or 0)
            earlier, line = found.setdefault(key, (one, row.line))
            if earlier != one:
                self._wrong(
                    row, "plan", repr(str(row.plan)), f"line {line} gives this plan another end, standing or bill"
                )
        return _memberships_in_order(one for one, _ in found.values())

    def _credentials(self, rows: Sequence[PeopleRow]) -> tuple[list[Credential], dict[CredentialId, bytes]]:
        """What they will hold, and the digests of the badges and the PIN that the file names."""
        kept = [one for one in self.before.held.get(rows[0].id, ()) if not self._is_told(one)]
        found: dict[CredentialId, tuple[Credential, int]] = {}
        digests: dict[CredentialId, bytes] = {}
        for row in rows:
            if row.badge is not None:
                digest = self.digest.of(row.badge)
                one = self._credential(row, row.badge, digest)
                digests[one.id] = digest
            elif (held := self._held_badge(row)) is not None:
                one = held
            else:
                continue
            earlier, line = found.setdefault(one.id, (one, row.line))
            if earlier != one:
                self._wrong(row, "badge", f"ending in {one.last_two!r}", f"line {line} says otherwise of this badge")
        pins = self._pin(rows[0], digests)
        return [*kept, *(one for one, _ in found.values()), *pins], digests

    def _is_told(self, one: Credential) -> bool:
        """Whether the file says what becomes of it: a duress PIN is nobody's to see in a sheet."""
        if one.kind is CredentialKind.BADGE:
            return "badge" in self.file.columns
        return one.kind is CredentialKind.PIN and not one.is_duress and "pin" in self.file.columns

    def _held_badge(self, row: PeopleRow) -> Credential | None:
        """A badge named as an export names it: theirs already, or nothing to go by."""
        if row.held_badge is None:
            return None
        known = self.before.registry.credentials.get(row.held_badge)
        if known is None or known.person != row.id or known.kind is not CredentialKind.BADGE:
            remedy = f"{row.id!r} holds no badge of this id; write the number of a new one"
            self._wrong(row, "badge", _said(row.held_badge), remedy)
            return None
        return self._changed(row, known, f"ending in {known.last_two!r}")

    def _pin(self, row: PeopleRow, digests: dict[CredentialId, bytes]) -> list[Credential]:
        """The one PIN of theirs, unless the column is not there or the cell is empty."""
        if row.pin is None:
            return []
        id_ = pin_id(row.id)
        known = [
            one for one in self.before.held.get(row.id, ()) if one.kind is CredentialKind.PIN and not one.is_duress
        ]
        if row.pin == PIN_KEPT:
            if not known:
                self._wrong(row, "pin", "kept", f"{row.id!r} has no PIN yet; write six digits, or nothing")
            return known
        if self.digest.of_pin is None:
            self._wrong(row, "pin", "6 characters", "this import takes no PINs; `natoma people pin` sets one")
            return []
        digest = self.digest.of_pin(row.pin)
        holder = self.before.registry.digests.get(digest)
        if holder is not None:
            theirs = [one for one in known if one.id == holder]
            if theirs:
                return theirs
            self._wrong(row, "pin", "6 characters", "this PIN is taken: choose another")
        earlier = self.pins.setdefault(digest, row)
        if earlier.id != row.id:
            self._wrong(row, "pin", "6 characters", f"line {earlier.line} has the same PIN: choose another")
        digests[id_] = digest
        return [Credential(id_, row.id, CredentialKind.PIN)]

    def _credential(self, row: PeopleRow, badge: Badge, digest: bytes) -> Credential:
        known = self.before.known_badge(digest)
        state = row.badge_state or CredentialState.ACTIVE
        if known is None:
            # Of the digest, so that the same badge has the same id whichever file brings it.
            id_ = CredentialId(f"b-{digest.hex()[:16]}")
            return Credential(
                id_, row.id, CredentialKind.BADGE, state, row.valid_from, row.valid_until, last_two=badge.last_two
            )
        return self._changed(row, known, _ending(badge))

    def _changed(self, row: PeopleRow, known: Credential, which: str) -> Credential:
        """A badge there already, as the row has it: given on, reported lost, valid for longer."""
        state = row.badge_state or known.state
        if state is CredentialState.ACTIVE and known.state is not state:
            state = known.state
            self.notes.append(f"{row.id}: the badge {which} stays {state}: a file does not make it work again")
        columns = self.file.columns
        return replace(
            known,
            person=row.id,
            state=state,
            valid_from=row.valid_from if "valid_from" in columns else known.valid_from,
            valid_until=row.valid_until if "valid_until" in columns else known.valid_until,
        )

    def _leases(self) -> tuple[Lease, ...] | None:
        """All leases there will be, or None when they stay as they are."""
        if "office" not in self.file.columns:
            return None
        before = self.before.registry.leases
        found = leases_of(self.file.rows, before, self._team)
        self.problems.extend(found.problems)
        return None if set(found.after) == set(before) else found.after


def _ending(badge: Badge) -> str:
    return f"ending in {badge.last_two!r}"


def _said(value: object) -> str:
    return repr(str(value)) if value not in (None, "") else "nothing"


def _memberships_in_order(memberships: Iterable[Membership]) -> tuple[Membership, ...]:
    return tuple(sorted(memberships, key=lambda one: (one.starts, one.plan)))
