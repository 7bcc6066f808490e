"""Whom a change of the registry concerns, as far as doors' access lists go.

Two versions side by side: the index replaces what changed and keeps the rest as it is, so this costs a look at each
name. What those people may do then is asked elsewhere.
"""

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from controller.domain.building import Space
from controller.domain.ids import PersonId
from controller.services.entry.access_index import AccessIndex
from controller.services.entry.holdings_index import HoldingsIndex, holder_of
from controller.services.ports import RegistrySnapshot

K = TypeVar("K", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Seen:
    """What the lists were last made from."""

    space: Space
    people: RegistrySnapshot
    holdings: HoldingsIndex

    @classmethod
    def of(cls, index: AccessIndex) -> "Seen":
        return cls(index.space, index.people, index.holdings)


def touched(before: Seen, after: Seen) -> set[PersonId] | None:
    """Everybody whose rights at some door may be others now; None: everybody's."""
    if before.space is not after.space or _house(before.people) != _house(after.people):
        return None
    old, new = before.people, after.people
    found = _differing(old.people, new.people) | _differing(old.memberships, new.memberships)
    credentials = _differing(old.credentials, new.credentials) | _differing(old.list_digests, new.list_digests)
    for held in (old.credentials, new.credentials):
        found |= {held[one].person for one in credentials if one in held}
    found |= _of_groups(before, after)
    held_before, held_after = before.holdings, after.holdings
    found |= _differing(held_before.bookings, held_after.bookings)
    found |= _differing(held_before.tickets, held_after.tickets)
    found |= _differing(held_before.guests, held_after.guests)
    found |= _differing(held_before.visits, held_after.visits)
    for event in _differing(old.events, new.events):
        found |= {one.events[event].host for one in (old, new) if event in one.events}
        found |= {holder_of(ticket) for ticket in new.tickets.values() if ticket.event == event}
    return with_guests(found, new)


def with_guests(people: Iterable[PersonId], registry: RegistrySnapshot) -> set[PersonId]:
    """These people and whom they have invited: a guest may do what the host may."""
    found = set(people)
    return found | {one.guest for one in registry.guest_passes if one.host in found}


def _house(people: RegistrySnapshot) -> tuple[object, ...]:
    """What of the house's state decides about entries."""
    return people.house.lockdowns, people.house.holidays


def _of_groups(before: Seen, after: Seen) -> set[PersonId]:
    teams = _differing(before.holdings.leases, after.holdings.leases)
    groups = _differing(before.holdings.groups, after.holdings.groups)
    if not teams and not groups:
        return set()
    return {
        person.id
        for person in after.people.people.values()
        if person.team in teams or person.team in groups or not groups.isdisjoint(person.cohorts)
    }


def _differing(old: Mapping[K, object], new: Mapping[K, object]) -> set[K]:
    if old is new:
        return set()
    found = {key for key, value in new.items() if (was := old.get(key)) is not value and was != value}
    return found | (old.keys() - new.keys())
