"""The access index: everything a decision needs, in memory, so that no decision ever waits.

Values are immutable; a change replaces them whole or lays one version over the last. Reading is one
lookup for the credential and a few for its person; the database is asked only by `keep_fresh`.
"""

import asyncio
import logging
from collections import ChainMap
from collections.abc import Callable, Container, Hashable, Mapping
from dataclasses import dataclass, fields, replace
from typing import Protocol, TypeVar

from controller.domain.building import Door, Space
from controller.domain.holdings import Booking, GuestPass, HeldTicket, PublicEvent, Ticket, VisitingPass
from controller.domain.ids import BookingId, CredentialId, PersonId, TicketId
from controller.domain.membership import Credential, CredentialKind, CredentialState, Person
from controller.domain.rights import HostedGuest, Rights
from controller.domain.shared import NOTHING_SHARED, Shared
from controller.domain.usage import Usage
from controller.errors import StoreError
from controller.services.entry.holdings_index import HoldingsIndex, holder_of
from controller.services.ports import Registry, RegistryChange, RegistrySnapshot

logger = logging.getLogger(__name__)

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")
T = TypeVar("T")

# A changed right must reach every online door in under 1 s; asking for the version costs some 30 µs.
POLL_EVERY = 0.2

_NOTHING_USED = Usage()


class Circumstances(Protocol):
    """What changes with every entry, and so is not in the registry: asked anew for each read."""

    def usage_of(self, person: PersonId) -> Usage: ...
    def shared_at(self, door: Door, person: Person, credential: Credential | None) -> Shared: ...
    def held(self, ticket: Ticket, event: PublicEvent) -> HeldTicket: ...


class Nothing:
    """No circumstances: nothing used, nobody inside. For questions asked beside a running house."""

    def usage_of(self, person: PersonId) -> Usage:
        return _NOTHING_USED

    def shared_at(self, door: Door, person: Person, credential: Credential | None) -> Shared:
        return NOTHING_SHARED

    def held(self, ticket: Ticket, event: PublicEvent) -> HeldTicket:
        return HeldTicket(ticket, event)


NOTHING = Nothing()


@dataclass(frozen=True, slots=True)
class _Held:
    """One version of the registry beside one version of the space."""

    space: Space
    people: RegistrySnapshot
    holdings: HoldingsIndex


class AccessIndex:
    """Answers `rights` for a door and a digest; kept right by `apply`, `load` and `publish`."""

    def __init__(self, space: Space, people: RegistrySnapshot) -> None:
        self._held = _Held(space, people, HoldingsIndex.of(people, space))

    @property
    def space(self) -> Space:
        return self._held.space

    @property
    def version(self) -> int:
        """Of the registry."""
        return self._held.people.version

    @property
    def people(self) -> RegistrySnapshot:
        return self._held.people

    @property
    def holdings(self) -> HoldingsIndex:
        return self._held.holdings

    def credential(self, digest: bytes | None) -> tuple[Credential | None, Person | None]:
        """Whose credential this is the digest of: a badge's, a PIN's, a token's or a ticket's."""
        if digest is None:
            return None, None
        people = self._held.people
        known = people.digests.get(digest)
        if known is not None:
            credential = people.credentials.get(known)
            return credential, people.people.get(credential.person) if credential is not None else None
        ticket_id = people.ticket_digests.get(digest)
        return self._of_ticket(ticket_id) if ticket_id is not None else (None, None)

    def rights(self, door: Door | None, digest: bytes | None, beside: Circumstances = NOTHING) -> Rights:
        """All that is known about whoever holds the credential of this digest, for a decision at this door."""
        credential, person = self.credential(digest)
        return self.rights_of(door, credential, person, beside)

    def rights_of(
        self,
        door: Door | None,
        credential: Credential | None,
        person: Person | None,
        beside: Circumstances = NOTHING,
        visits: tuple[VisitingPass, ...] | None = None,
    ) -> Rights:
        """The same for somebody known otherwise; `visits` are a visitor's passes as just verified."""
        held = self._held
        people = held.people
        if person is None:
            return Rights(held.space, door, credential, None, house=people.house)
        holdings = held.holdings
        guests = holdings.guests.get(person.id, ())
        tickets = holdings.tickets.get(person.id, ())
        return Rights(
            held.space,
            door,
            credential,
            person,
            holdings.memberships_of(person, people.memberships.get(person.id, ())),
            holdings.leases_of(person),
            holdings.bookings.get(person.id, ()),
            tuple(
                beside.held(ticket, people.events[ticket.event]) for ticket in tickets if ticket.event in people.events
            ),
            tuple(self._hosted(one.host, beside, one) for one in guests if one.host in people.people),
            holdings.visits.get(person.id, ()) if visits is None else visits,
            beside.usage_of(person.id),
            people.house,
            beside.shared_at(door, person, credential) if door is not None else NOTHING_SHARED,
            holdings.hosting.get(person.id, ()),
        )

    @property
    def everybody(self) -> Mapping[PersonId, Person]:
        """The people of this house, and who is known by one of its tickets."""
        return ChainMap(self._held.people.people, self._held.holdings.visitors)  # type: ignore[arg-type]  # only read

    def publish(self, space: Space) -> None:
        """Swap in another version of the building and its policy."""
        people = self._held.people
        self._held = _Held(space, people, HoldingsIndex.of(people, space))

    def load(self, people: RegistrySnapshot) -> None:
        """Replace everything about people."""
        space = self._held.space
        self._held = _Held(space, people, HoldingsIndex.of(people, space))

    def apply(self, change: RegistryChange) -> None:
        """Lay a change over what is held: whole new values for each person touched, nothing left of the old ones."""
        held = self._held
        people = patched(held.people, change)
        self._held = _Held(held.space, people, held.holdings.patched(change, people, held.space))

    def _of_ticket(self, ticket_id: TicketId) -> tuple[Credential | None, Person | None]:
        people = self._held.people
        ticket = people.tickets.get(ticket_id)
        if ticket is None:
            return None, None
        person = self.everybody.get(holder_of(ticket))
        state = CredentialState.BLOCKED if ticket.is_void else CredentialState.ACTIVE
        return Credential(CredentialId(f"ticket:{ticket.id}"), holder_of(ticket), CredentialKind.TOKEN, state), person

    def _hosted(self, host_id: PersonId, beside: Circumstances, one: GuestPass) -> HostedGuest:
        people, holdings = self._held.people, self._held.holdings
        host = people.people[host_id]
        return HostedGuest(
            one,
            host,
            holdings.memberships_of(host, people.memberships.get(host.id, ())),
            holdings.leases_of(host),
            beside.usage_of(host.id),
        )


def patched(old: RegistrySnapshot, change: RegistryChange) -> RegistrySnapshot:
    """The snapshot at the change's version."""
    after = _with_people(old, change) if change.touched else old
    if change.events is not None:  # a ticket is known to doors' lists too, whoever holds it
        after = replace(after, list_digests={**after.list_digests, **change.list_digests})
    groups = change.groups
    return replace(
        after,
        version=change.version,
        leases=_newest(old.leases, change.leases),
        teams=old.teams if groups is None else groups.teams,
        team_memberships=old.team_memberships if groups is None else groups.team_memberships,
        cohorts=old.cohorts if groups is None else groups.cohorts,
        bookings=_rebooked(old, change),
        events=_newest(old.events, change.events),
        tickets=_newest(old.tickets, change.tickets),
        ticket_digests=_newest(old.ticket_digests, change.ticket_digests),
        guest_passes=_newest(old.guest_passes, change.guest_passes),
        visits=_newest(old.visits, change.visits),
        revoked_passes=_newest(old.revoked_passes, change.revoked_passes),
        house=_newest(old.house, change.house),
    )


def _with_people(old: RegistrySnapshot, change: RegistryChange) -> RegistrySnapshot:
    gone = {key for key, credential in old.credentials.items() if credential.person in change.touched}
    return replace(
        old,
        people=_without(old.people, change.touched) | dict(change.people),
        memberships=_without(old.memberships, change.touched) | dict(change.memberships),
        credentials=_without(old.credentials, gone) | dict(change.credentials),
        digests={key: value for key, value in old.digests.items() if value not in gone} | dict(change.digests),
        list_digests=_without(old.list_digests, gone) | dict(change.list_digests),
    )


def _rebooked(old: RegistrySnapshot, change: RegistryChange) -> Mapping[BookingId, Booking]:
    if not change.booked_areas:
        return old.bookings
    kept = {key: one for key, one in old.bookings.items() if one.area not in change.booked_areas}
    return kept | dict(change.bookings)


def _newest(old: T, new: T | None) -> T:
    return old if new is None else new


def _without(everything: Mapping[K, V], keys: Container[K]) -> dict[K, V]:
    return {key: value for key, value in everything.items() if key not in keys}


# What the house is set to, what happens at events and what doors' own lists know is nobody's rights.
NOT_OF_PEOPLE = frozenset({"version", "house", "events", "list_digests"})
_OF_PEOPLE = tuple(one.name for one in fields(RegistrySnapshot) if one.name not in NOT_OF_PEOPLE)


def people_differ(before: RegistrySnapshot, after: RegistrySnapshot) -> bool:
    """Whether people, what they hold, or their teams and cohorts are not the same; what a change left alone costs nothing."""
    return any(
        (old := getattr(before, name)) is not (new := getattr(after, name)) and old != new for name in _OF_PEOPLE
    )


async def keep_fresh(
    index: AccessIndex, registry: Registry, changed: Callable[[RegistrySnapshot], None], *, every: float = POLL_EVERY
) -> None:
    """Follow the registry for ever, whoever changes it: this process, another, or a person at the command line.

    `changed` hears of each new version once it counts at the doors, with what counted before.
    """
    failing = False
    while True:
        await asyncio.sleep(every)
        try:
            if await registry.version() != index.version:
                before = index.people
                await refresh(index, registry)
                changed(before)
        except StoreError as error:
            logger.log(
                logging.DEBUG if failing else logging.WARNING, "rights are as of version %d: %s", index.version, error
            )
            failing = True
        else:
            if failing:
                logger.info("rights are up to date again, version %d", index.version)
            failing = False


async def refresh(index: AccessIndex, registry: Registry) -> None:
    """Bring the index to the registry's newest version, by the change alone where that is known."""
    change = await registry.changed_since(index.version)
    if change is None:
        index.load(await registry.load())
    else:
        index.apply(change)
    logger.info("rights are at version %d", index.version)
