"""Visiting passes: taking those of partner spaces, giving our own members theirs, and revoking either.

What a pass is and what its signature proves is in `devices.passes`; what one opens here, in `visit_rights`. A pass that
was taken once is kept as a credential of its visitor, so that doors' own lists know it when nobody answers.
"""

import logging
import secrets
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Protocol

from controller.domain.access_steps import person_problem
from controller.domain.building import Partner, Space
from controller.domain.holdings import VisitingPass
from controller.domain.ids import CredentialId, PartnerId, PersonId
from controller.domain.membership import Credential, CredentialKind, Person, PersonKind
from controller.domain.rights import Rights
from controller.errors import InputError
from controller.services.doors.house_writes import HouseWrites
from controller.services.entry.shown import Visitor
from controller.services.ports import Clock, RegistrySnapshot
from controller.services.stores import GuestStore
from devices import passes
from devices.passes import LONGEST, SKEW, Pass, PassError, Revocations

logger = logging.getLogger(__name__)

# A pass that is no pass, held to a reader all evening, is one line in a while and not a thousand.
WARN_EVERY = 60.0
_A_MOMENT = timedelta(seconds=1)
# Eight of these name one pass among a house's of a week; none is taken for another when read aloud.
_LETTERS = "23456789abcdefghjkmnpqrstvwxyz"


class TokenDigests(Protocol):
    """The keyed digest under which the registry knows a token."""

    def of_token(self, token: str) -> bytes: ...


class CredentialStore(Protocol):
    """Of the registry's writing side, what a visitor's pass needs."""

    async def put_credential(self, credential: Credential, digest: bytes, list_digest: bytes | None = None) -> int: ...


@dataclass(frozen=True, slots=True)
class Accepted:
    """A genuine pass as our policy takes it, with the digest it is known by."""

    visit: VisitingPass
    person: Person
    credential: Credential
    digest: bytes = field(repr=False)


class Visits:
    """Knows visitors at the door: `visitor` answers at once, and what it learned is written down behind it."""

    def __init__(
        self,
        *,
        space: Callable[[], Space],
        people: Callable[[], RegistrySnapshot],
        guests: GuestStore,
        credentials: CredentialStore,
        digests: TokenDigests,
        list_digest: Callable[[str], Awaitable[bytes]],
        writes: HouseWrites,
        clock: Clock,
    ) -> None:
        """`list_digest`: how doors' own lists know a token; slow on purpose, so it is waited for."""
        self._space = space
        self._people = people
        self._guests = guests
        self._credentials = credentials
        self._digests = digests
        self._list_digest = list_digest
        self._writes = writes
        self._clock = clock
        self._asked_for: set[str] = set()  # ids on their way into the registry
        self._warned: float | None = None

    def visitor(self, token: str, at: datetime) -> Visitor | None:
        """Whose genuine pass this is, whenever it is good; None for what is none. Verified anew at each read."""
        if not passes.is_pass(token):
            return None
        try:
            found = accepted(token, self._space(), self._people(), self._digests)
        except PassError as error:
            self._warn(error)
            return None
        if at < found.visit.end and not found.visit.is_revoked:
            self._learn(token, found)
        return Visitor(found.credential, found.person, (found.visit,))

    def told_of(self, found: Pass, at: datetime, *, came_in: bool) -> Visitor | None:
        """Whose pass a door verified alone at that time.

        None for a space that is no partner any more, and for what no pass says.
        """
        people, partner = self._people(), self._space().partners.get(PartnerId(found.issuer))
        if partner is None or not _could_be_said(found, at):
            return None
        visitor = mapped(found, partner, people)
        (visit,) = visitor.visits
        if came_in and all(one.id != visit.id for one in people.visits):
            # The door's word names a visitor and opens nothing: a reader in the wrong hands may say anything. The pass
            # itself, once it is shown here, is written down for as long as it is good.
            came = replace(visit, end=max(min(visit.end, at + _A_MOMENT), visit.start + _A_MOMENT))
            name = visitor.person.name
            self._write(f"visitor {visitor.person.id}", visit.id, partial(self._guests.record_visit, came, name))
        return visitor

    def look(self) -> None:
        """Once a second: nobody who is no partner any more vouches for anybody, at doors that decide alone either."""
        now, partners = self._clock.now(), self._space().partners
        for visit in self._people().visits:
            if visit.partner not in partners and not visit.is_revoked and visit.end > now:
                self._write(f"the end of pass {visit.id}", visit.id, partial(self._revoke, visit.id, visit.partner))

    def _learn(self, token: str, found: Accepted) -> None:
        people = self._people()
        if found.credential.id in people.credentials and found.visit in people.visits:
            return
        self._write(
            f"visitor {found.person.id}",
            found.visit.id,
            partial(record, found, token, self._guests, self._credentials, self._list_digest),
        )

    async def _revoke(self, id: str, partner: PartnerId) -> None:
        await self._guests.revoke_pass(id, f"{partner} is no partner any more", self._clock.now())

    def _write(self, what: str, id: str, work: Callable[[], Awaitable[object]]) -> None:
        if id in self._asked_for:
            return
        self._asked_for.add(id)

        self._writes.put(what, work, lambda _: self._asked_for.discard(id))

    def _warn(self, error: PassError) -> None:
        now = self._clock.monotonic()
        is_news = self._warned is None or now - self._warned >= WARN_EVERY
        logger.log(logging.WARNING if is_news else logging.DEBUG, "a visiting pass is not taken: %s", error)
        if is_news:
            self._warned = now


# --- passes of partners -----------------------------------------------------------------------------------------------


def keys_of(space: Space) -> Mapping[str, str]:
    """The partners' public keys, by the name their passes are signed in."""
    return {partner.id: partner.public_key for partner in space.partners.values()}


def accepted(token: str, space: Space, people: RegistrySnapshot, digests: TokenDigests) -> Accepted:
    """A genuine pass mapped to our plan and days, whenever it is good. PassError for any other."""
    found = passes.read(token, keys_of(space))
    visitor = mapped(found, space.partners[PartnerId(found.issuer)], people)
    (visit,) = visitor.visits
    return Accepted(visit, visitor.person, visitor.credential, digests.of_token(token))


def mapped(found: Pass, partner: Partner, people: RegistrySnapshot) -> Visitor:
    """A partner's pass as our policy takes it."""
    person_id = PersonId(f"{partner.id}/{found.subject}")
    id = f"{partner.id}/{found.id}"
    visit = VisitingPass(
        id,
        partner.id,
        person_id,
        partner.plan,
        found.start - SKEW,
        found.end,
        found.days,
        is_revoked(partner.id, found, people.revoked_passes),
    )
    person = people.people.get(person_id) or _visitor(person_id, found, partner)
    credential = people.credentials.get(CredentialId(f"visit-{id}")) or Credential(
        CredentialId(f"visit-{id}"), person_id, CredentialKind.TOKEN
    )
    return Visitor(credential, person, (visit,))


async def record(
    found: Accepted,
    token: str,
    guests: GuestStore,
    credentials: CredentialStore,
    list_digest: Callable[[str], Awaitable[bytes]],
) -> None:
    """Make a visitor and their pass known, to doors that decide alone as well."""
    await guests.record_visit(found.visit, found.person.name)
    await credentials.put_credential(found.credential, found.digest, await list_digest(token))


def is_revoked(partner: PartnerId, found: Pass, revoked: frozenset[str]) -> bool:
    """By its own id, or with all that its holder had by a moment."""
    if f"{partner}/{found.id}" in revoked:
        return True
    return any(found.start <= until for until in _revoked_until(partner, found.subject, revoked))


def revocations_to_write(given: Revocations, people: RegistrySnapshot) -> tuple[str, ...]:
    """What a partner's list revokes that is not revoked here yet: ids for `GuestStore.revoke_pass`."""
    ids = {f"{given.issuer}/{id}" for id in given.ids}
    for subject, until in given.subjects.items():
        ids.add(_mark(given.issuer, subject, until))
        person = PersonId(f"{given.issuer}/{subject}")
        # Those seen here are known by their own ids, also to doors that decide alone.
        ids |= {visit.id for visit in people.visits if visit.person == person and visit.start + SKEW <= until}
    return tuple(sorted(ids - people.revoked_passes))


# --- passes of our own members ----------------------------------------------------------------------------------------


def pass_for(rights: Rights, at: datetime, hours: float, days: int | None) -> Pass:
    """A pass for a member who may come here today; InputError with the reason for anybody else."""
    person, space = rights.person, rights.space
    assert person is not None  # looked up by the caller
    if person.kind not in (PersonKind.MEMBER, PersonKind.STAFF):
        raise InputError(f"{person.name} is a {person.kind} here: only members and staff are given passes to partners")
    problem = person_problem(rights, at)
    if problem is not None:
        words = problem.replace("_", " ")
        raise InputError(f"{person.name} is not given a pass: {words} — see `natoma people export`")
    longest = LONGEST.total_seconds() / 3600
    if not 0 < hours <= longest:
        raise InputError(
            f"--hours: {hours:g} — from 1 to {longest:g}; a pass cannot be called back from an offline door"
        )
    if days is not None and not 1 <= days <= LONGEST.days:
        raise InputError(f"--days: {days} — from 1 to {LONGEST.days}, as long as a pass may last")
    start = at.replace(microsecond=0)
    id = "".join(secrets.choice(_LETTERS) for _ in range(8))
    return Pass(space.id, person.id, id, start, start + timedelta(hours=hours), days, person.name)


def own_revocation(space: Space, people: RegistrySnapshot, which: str, at: datetime) -> str:
    """What revoking a pass by its id, or all of a member's, writes down; `which` is either."""
    if PersonId(which) in people.people:
        return _mark(space.id, which, at)
    if not which or not set(which) <= set(_LETTERS):
        raise InputError(f"{which!r} is neither a person here nor the id of a pass, as `natoma visits issue` prints it")
    return f"{space.id}/{which}"


def own_revocations(space: Space, revoked: Iterable[str], at: datetime) -> Revocations:
    """The list that partners import: everything of our own that was revoked."""
    ids, subjects = called_back(space.id, revoked)
    return Revocations(space.id, at, ids, subjects)


def called_back(issuer: str, revoked: Iterable[str]) -> tuple[frozenset[str], Mapping[str, datetime]]:
    """What of one space's passes is not honoured any more: ids, and until when a member's passes began."""
    ids: set[str] = set()
    subjects: dict[str, datetime] = {}
    for one in revoked:
        of, _, rest = one.partition("/")
        if of != issuer:
            continue
        if rest.startswith("@"):
            subject, until = _unmarked(rest)
            subjects[subject] = max(until, subjects.get(subject, until))
        else:
            ids.add(rest)
    return frozenset(ids), subjects


# --- small steps ------------------------------------------------------------------------------------------------------


def _could_be_said(found: Pass, at: datetime) -> bool:
    """Whether any pass that a door was shown at that time may say this: not what a device may make up."""
    return timedelta(0) < found.end - found.start <= LONGEST and abs(at - found.start) <= 2 * LONGEST


def _visitor(id: PersonId, found: Pass, partner: Partner) -> Person:
    return Person(id, f"{found.name or found.subject} ({partner.name})", PersonKind.VISITOR)


def _mark(issuer: str, subject: str, until: datetime) -> str:
    """All passes of one member that began by a moment, as one id among those revoked."""
    return f"{issuer}/@{subject}@{int(until.timestamp())}"


def _unmarked(rest: str) -> tuple[str, datetime]:
    subject, _, seconds = rest.removeprefix("@").rpartition("@")  # an id may hold an @ of its own
    return subject, passes.moment(int(seconds))


def _revoked_until(issuer: str, subject: str, revoked: frozenset[str]) -> list[datetime]:
    prefix = f"{issuer}/@{subject}@"
    return [_unmarked(one.removeprefix(f"{issuer}/"))[1] for one in revoked if one.startswith(prefix)]
