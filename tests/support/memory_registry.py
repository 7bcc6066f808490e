"""The registry in memory: the `Registry` and `PeopleStore` ports over one snapshot, and what each version touched.

The stores that share its database are next door, in `memory_stores`.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import replace
from datetime import date

from controller.domain.building import Plan
from controller.domain.ids import AreaId, CohortId, CredentialId, PersonId, PlanId, TeamId
from controller.domain.membership import (
    Cohort,
    Credential,
    CredentialState,
    Lease,
    Membership,
    Person,
    Right,
    Standing,
    Team,
)
from controller.errors import InputError, StoreError
from controller.services.people import registry_checks as checks
from controller.services.people.people import Held, ImportPlan
from controller.services.ports import Groups, RegistryChange, RegistrySnapshot

OWING = (Standing.GRACE, Standing.OVERDUE)


class MemoryRegistry:
    """Whole snapshots, one after the other."""

    def __init__(self, snapshot: RegistrySnapshot | None = None) -> None:
        self.now = snapshot or RegistrySnapshot(0)
        self._subjects: dict[int, frozenset[str]] = {}
        self._plans: dict[PlanId, str] = {}

    async def version(self) -> int:
        return self.now.version

    async def load(self) -> RegistrySnapshot:
        return self.now

    async def changed_since(self, version: int) -> RegistryChange | None:
        later = range(version + 1, self.now.version + 1)
        if version > self.now.version or any(one not in self._subjects for one in later):
            return None
        now = self.now
        subjects = frozenset[str]().union(*(self._subjects[one] for one in later))
        touched = frozenset(PersonId(one[7:]) for one in subjects if one.startswith("person:"))
        areas = frozenset(AreaId(one[5:]) for one in subjects if one.startswith("area:"))
        credentials = {id_: one for id_, one in now.credentials.items() if one.person in touched}
        return RegistryChange(
            version=now.version,
            touched=touched,
            people={id_: one for id_, one in now.people.items() if id_ in touched},
            memberships={id_: many for id_, many in now.memberships.items() if id_ in touched},
            credentials=credentials,
            digests={digest: id_ for digest, id_ in now.digests.items() if id_ in credentials},
            list_digests={
                id_: digest
                for id_, digest in now.list_digests.items()
                if id_ in credentials or id_.startswith("ticket:")
            },
            leases=now.leases if "leases" in subjects else None,
            groups=Groups(now.teams, now.team_memberships, now.cohorts) if "groups" in subjects else None,
            booked_areas=areas,
            bookings={id_: one for id_, one in now.bookings.items() if one.area in areas},
            events=now.events if "events" in subjects else None,
            tickets=now.tickets if "events" in subjects else None,
            ticket_digests=now.ticket_digests if "events" in subjects else None,
            guest_passes=now.guest_passes if "guests" in subjects else None,
            visits=now.visits if "visits" in subjects else None,
            revoked_passes=now.revoked_passes if "visits" in subjects else None,
            house=now.house if "house" in subjects else None,
        )

    def become(
        self, after: RegistrySnapshot, *subjects: str, people: Iterable[str] = (), areas: Iterable[str] = ()
    ) -> int:
        """The next version, and what it touched; the same again is none."""
        if after == self.now:
            return self.now.version
        self.now = replace(after, version=self.now.version + 1)
        told = {*subjects, *(f"person:{one}" for one in people), *(f"area:{one}" for one in areas)}
        self._subjects[self.now.version] = frozenset(told)
        return self.now.version

    async def sync_plans(self, plans: Iterable[Plan]) -> int:
        wanted = {plan.id: plan.name for plan in plans}
        if wanted != self._plans:
            self._plans = wanted
            self.now = replace(self.now, version=self.now.version + 1)
            self._subjects[self.now.version] = frozenset({"plans"})
        return self.now.version

    async def apply_import(self, plan: ImportPlan) -> int:
        if plan.based_on != self.now.version:
            raise StoreError("the registry changed while the import was looked at; run it again")
        if plan.is_empty:
            return self.now.version
        teams = {**self.now.teams, **{id_: Team(id_, name) for id_, name in plan.teams.items()}}
        subjects = [] if teams == self.now.teams else ["groups"]
        leases = self.now.leases
        if plan.leases is not None:
            checks.check_leases(plan.leases)
            leases = plan.leases
            subjects.append("leases")
        after = replace(_with(self.now, plan.people), leases=leases, teams=teams)
        return self.become(after, *subjects, people=[held.person.id for held in plan.people])

    # People.

    def person(self, id: PersonId) -> Person:
        if id not in self.now.people:
            raise checks.unknown("person", id, self.now.people)
        return self.now.people[id]

    async def put_person(self, person: Person) -> int:
        if person.team is not None:
            self._team(person.team)
        for cohort in person.cohorts:
            self._cohort(cohort)
        return self._keep(replace(person, cohorts=tuple(sorted(set(person.cohorts)))))

    async def set_banned(self, person: PersonId, banned: bool) -> int:
        return self._keep(replace(self.person(person), banned=banned))

    async def set_rights(self, person: PersonId, rights: Collection[Right]) -> int:
        return self._keep(replace(self.person(person), rights=frozenset(rights)))

    def _keep(self, person: Person) -> int:
        return self.become(replace(self.now, people={**self.now.people, person.id: person}), people=[person.id])

    # Memberships.

    async def set_standing(self, person: PersonId, standing: Standing, plan: PlanId | None = None) -> int:
        return self._change_memberships(person, plan, lambda one: replace(one, standing=standing))

    async def set_bill(self, person: PersonId, plan: PlanId, due_since: date | None, cents: int) -> int:
        checks.check_bill(due_since, cents)
        return self._change_memberships(person, plan, lambda one: replace(one, due_since=due_since, due_cents=cents))

    async def pay(self, person: PersonId) -> int:
        return self._change_memberships(person, None, _settled)

    async def pay_team(self, team: TeamId) -> int:
        self._team(team)
        held = tuple(map(_settled, self.now.team_memberships.get(team, ())))
        return self.become(replace(self.now, team_memberships=self.now.team_memberships | {team: held}), "groups")

    def _change_memberships(
        self, person: PersonId, plan: PlanId | None, change: Callable[[Membership], Membership]
    ) -> int:
        self.person(person)
        held = self.now.memberships.get(person, ())
        if not any(plan in (None, one.plan) for one in held):
            raise InputError(f"person {person!r} does not hold {plan!r}")
        changed = tuple(change(one) if plan in (None, one.plan) else one for one in held)
        return self.become(replace(self.now, memberships={**self.now.memberships, person: changed}), people=[person])

    # Credentials.

    async def set_credential_state(self, credential: CredentialId, state: CredentialState) -> int:
        one = self._credential(credential)
        changed = {**self.now.credentials, credential: replace(one, state=state)}
        return self.become(replace(self.now, credentials=changed), people=[one.person])

    async def put_credential(self, credential: Credential, digest: bytes, list_digest: bytes | None = None) -> int:
        self.person(credential.person)
        if credential.valid_from and credential.valid_until and credential.valid_until <= credential.valid_from:
            raise InputError(f"credential {credential.id!r}: valid until {credential.valid_until}, must be after")
        holder = self.now.digests.get(digest)
        if holder is not None and holder != credential.id:
            raise checks.taken(credential.kind, self.now.credentials[holder].person)
        before = self.now.credentials.get(credential.id)
        kept = _without_credential(self.now, credential.id)
        after = replace(
            kept,
            credentials={**kept.credentials, credential.id: credential},
            digests={**kept.digests, digest: credential.id},
            list_digests={**kept.list_digests, **({credential.id: list_digest} if list_digest is not None else {})},
        )
        return self.become(after, people={credential.person, *([before.person] if before is not None else [])})

    async def learn_list_digest(self, credential: CredentialId, list_digest: bytes) -> int:
        person = self._credential(credential).person
        if self.now.list_digests.get(credential) == list_digest:
            return self.now.version
        learned = {**self.now.list_digests, credential: list_digest}
        return self.become(replace(self.now, list_digests=learned), people=[person])

    async def remove_credential(self, credential: CredentialId) -> int:
        person = self._credential(credential).person
        return self.become(_without_credential(self.now, credential), people=[person])

    def _credential(self, id: CredentialId) -> Credential:
        if id not in self.now.credentials:
            raise InputError(f"no credential {id!r}")
        return self.now.credentials[id]

    # Teams, cohorts, leases.

    def _team(self, id: TeamId) -> None:
        if id not in self.now.teams:
            raise checks.unknown("team", id, self.now.teams)

    def _cohort(self, id: CohortId) -> None:
        if id not in self.now.cohorts:
            raise checks.unknown("cohort", id, self.now.cohorts)

    async def put_team(self, team: Team, memberships: Sequence[Membership] | None = None) -> int:
        checks.check_team(team)
        held = dict(self.now.team_memberships)
        if memberships is not None:
            for one in memberships:
                checks.check_membership(one, self._plans)
            held.pop(team.id, None)
            if memberships:
                ordered = sorted(memberships, key=lambda one: (one.starts, one.plan))
                held[team.id] = tuple(replace(one, person=None, group=team.id) for one in ordered)
        teams = {**self.now.teams, team.id: team}
        return self.become(replace(self.now, teams=teams, team_memberships=held), "groups")

    async def put_cohort(self, cohort: Cohort) -> int:
        checks.check_cohort(cohort, self._plans)
        return self.become(replace(self.now, cohorts={**self.now.cohorts, cohort.id: cohort}), "groups")

    async def remove_cohort(self, cohort: CohortId) -> int:
        self._cohort(cohort)
        members = {one.id for one in self.now.people.values() if cohort in one.cohorts}
        people = {
            id_: replace(one, cohorts=tuple(held for held in one.cohorts if held != cohort)) if id_ in members else one
            for id_, one in self.now.people.items()
        }
        left = {id_: one for id_, one in self.now.cohorts.items() if id_ != cohort}
        return self.become(replace(self.now, people=people, cohorts=left), "groups", people=members)

    async def put_lease(self, lease: Lease) -> int:
        checks.check_lease(lease)
        self._team(lease.team)
        return self._let([*self._other_leases(lease.team, lease.area, lease.starts), lease])

    async def remove_lease(self, team: TeamId, area: AreaId, starts: date) -> int:
        kept = self._other_leases(team, area, starts)
        if len(kept) == len(self.now.leases):
            raise InputError(f"team {team!r} has no lease of office {area!r} from {starts}")
        return self._let(kept)

    def _other_leases(self, team: TeamId, area: AreaId, starts: date) -> list[Lease]:
        return [one for one in self.now.leases if (one.team, one.area, one.starts) != (team, area, starts)]

    def _let(self, leases: Sequence[Lease]) -> int:
        checks.check_leases(leases)
        ordered = tuple(sorted(leases, key=lambda one: (one.team, one.area, one.starts)))
        return self.become(replace(self.now, leases=ordered), "leases")


def _settled(one: Membership) -> Membership:
    standing = Standing.ACTIVE if one.standing in OWING else one.standing
    return replace(one, standing=standing, due_since=None, due_cents=0)


def _without_credential(before: RegistrySnapshot, id: CredentialId) -> RegistrySnapshot:
    return replace(
        before,
        credentials={id_: one for id_, one in before.credentials.items() if id_ != id},
        digests={digest: id_ for digest, id_ in before.digests.items() if id_ != id},
        list_digests={id_: digest for id_, digest in before.list_digests.items() if id_ != id},
    )


def _with(before: RegistrySnapshot, people: Sequence[Held]) -> RegistrySnapshot:
    """The snapshot in which each of them holds exactly what is given."""
    changed = {held.person.id for held in people}
    kept = {id_: one for id_, one in before.credentials.items() if one.person not in changed}
    return replace(
        before,
        people={**before.people, **{held.person.id: held.person for held in people}},
        memberships={id_: many for id_, many in before.memberships.items() if id_ not in changed}
        | {held.person.id: held.memberships for held in people if held.memberships},
        credentials=kept | {one.id: one for held in people for one in held.credentials},
        digests={digest: id_ for digest, id_ in before.digests.items() if id_ in kept}
        | {digest: id_ for held in people for digest, id_ in held.digests.items()},
        list_digests={
            id_: digest for id_, digest in before.list_digests.items() if id_ in kept or id_.startswith("ticket:")
        }
        | {id_: digest for held in people for id_, digest in held.list_digests.items()},
    )
