"""What everybody holds, laid out by who holds it, so that one read costs a few look-ups however much there is.

Immutable; a change of the registry makes the next one out of this. Whether anything of it opens a door is not
decided here.
"""

from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TypeVar

from controller.domain.booking.order import with_not_before
from controller.domain.building import Space
from controller.domain.holdings import Booking, GuestPass, PublicEvent, Ticket, VisitingPass
from controller.domain.ids import AreaId, BookingId, CohortId, PersonId, TeamId, TicketId
from controller.domain.membership import Lease, Membership, Person, PersonKind
from controller.services.ports import RegistryChange, RegistrySnapshot

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


@dataclass(frozen=True, slots=True)
class HoldingsIndex:
    """Leases by team, memberships by group, everything else by person; bookings know the one before them."""

    leases: Mapping[TeamId, tuple[Lease, ...]] = field(default_factory=dict)
    groups: Mapping[TeamId | CohortId, tuple[Membership, ...]] = field(default_factory=dict)
    rooms: Mapping[AreaId, tuple[Booking, ...]] = field(default_factory=dict)
    bookings: Mapping[PersonId, tuple[Booking, ...]] = field(default_factory=dict)
    tickets: Mapping[PersonId, tuple[Ticket, ...]] = field(default_factory=dict)
    guests: Mapping[PersonId, tuple[GuestPass, ...]] = field(default_factory=dict)
    visits: Mapping[PersonId, tuple[VisitingPass, ...]] = field(default_factory=dict)
    hosting: Mapping[PersonId, tuple[PublicEvent, ...]] = field(default_factory=dict)
    visitors: Mapping[PersonId, Person] = field(default_factory=dict)  # known by a ticket and nothing else

    @classmethod
    def of(cls, people: RegistrySnapshot, space: Space) -> "HoldingsIndex":
        """Everything of one version of the registry; buffers between bookings are the space's."""
        rooms = _rooms(people.bookings.values(), space)
        return cls(
            leases=_by((lease.team, lease) for lease in people.leases),
            groups=_groups(people),
            rooms=rooms,
            bookings=_by((who, one) for one in sorted(_all(rooms), key=_in_order) for who in everybody(one)),
            tickets=_tickets(people.tickets),
            guests=_by((one.guest, one) for one in people.guest_passes),
            visits=_by((one.person, one) for one in people.visits),
            hosting=_by((one.host, one) for one in people.events.values()),
            visitors=_visitors(people.tickets),
        )

    def patched(self, change: RegistryChange, people: RegistrySnapshot, space: Space) -> "HoldingsIndex":
        """The same after a change; `people` has the change in it already."""
        after = self
        if change.leases is not None:
            after = replace(after, leases=_by((lease.team, lease) for lease in people.leases))
        if change.groups is not None:
            after = replace(after, groups=_groups(people))
        if change.booked_areas:
            rooms, bookings = _rebooked(after, change, space)
            after = replace(after, rooms=rooms, bookings=bookings)
        if change.tickets is not None:
            after = replace(after, tickets=_tickets(people.tickets), visitors=_visitors(people.tickets))
        if change.events is not None:
            after = replace(after, hosting=_by((one.host, one) for one in people.events.values()))
        if change.guest_passes is not None:
            after = replace(after, guests=_by((one.guest, one) for one in people.guest_passes))
        if change.visits is not None:
            after = replace(after, visits=_by((one.person, one) for one in people.visits))
        return after

    def memberships_of(self, person: Person, own: tuple[Membership, ...]) -> tuple[Membership, ...]:
        """A person's own memberships, their team's and their cohorts'."""
        if person.team is None and not person.cohorts:
            return own
        shared = self.groups.get(person.team, ()) if person.team is not None else ()
        for cohort in person.cohorts:
            shared = (*shared, *self.groups.get(cohort, ()))
        return (*own, *shared)

    def leases_of(self, person: Person) -> tuple[Lease, ...]:
        """What the person's team has leased."""
        return self.leases.get(person.team, ()) if person.team is not None else ()


def memberships_in(person: Person, people: RegistrySnapshot) -> tuple[Membership, ...]:
    """What counts for one person, for a question that needs no index of everybody."""
    held = HoldingsIndex(groups=_groups(people))
    return held.memberships_of(person, people.memberships.get(person.id, ()))


def everybody_in(people: RegistrySnapshot) -> dict[PersonId, Person]:
    """The people of this house, and who is known by one of its tickets, for words that need no index of everybody."""
    return {**_visitors(people.tickets), **people.people}


def _rebooked(
    old: HoldingsIndex, change: RegistryChange, space: Space
) -> tuple[dict[AreaId, tuple[Booking, ...]], dict[PersonId, tuple[Booking, ...]]]:
    """Only the rooms that changed, and only the people who are or were in one of their bookings."""
    rooms = dict(old.rooms)
    bookings = dict(old.bookings)
    fresh = _rooms(change.bookings.values(), space)
    for area in change.booked_areas:
        before, after = rooms.pop(area, ()), fresh.get(area, ())
        if after:
            rooms[area] = after
        gone, new = _differences(before, after)
        added = _by((person, one) for one in new for person in everybody(one))
        for person in {who for one in (*gone, *new) for who in everybody(one)}:
            kept = tuple(one for one in bookings.pop(person, ()) if one not in gone)
            if theirs := sorted((*kept, *added.get(person, ())), key=_in_order):
                bookings[person] = tuple(theirs)
    return rooms, bookings


def _differences(before: Sequence[Booking], after: Sequence[Booking]) -> tuple[list[Booking], list[Booking]]:
    """What is no longer so, and what is so now: one edit among thousands concerns a few people."""
    was, is_ = {one.id: one for one in before}, {one.id: one for one in after}
    return [one for one in before if is_.get(one.id) != one], [one for one in after if was.get(one.id) != one]


def everybody(booking: Booking) -> frozenset[PersonId]:
    """All whom a booking lets in."""
    return booking.participants | {booking.owner}


def _all(rooms: Mapping[AreaId, tuple[Booking, ...]]) -> Iterable[Booking]:
    return (one for room in rooms.values() for one in room)


def _in_order(booking: Booking) -> tuple[datetime, BookingId]:
    return booking.start, booking.id


def _rooms(bookings: Iterable[Booking], space: Space) -> dict[AreaId, tuple[Booking, ...]]:
    found: dict[AreaId, tuple[Booking, ...]] = {}
    for area, theirs in _by((one.area, one) for one in bookings).items():
        known = space.areas.get(area)
        buffer = known.room.buffer_minutes if known is not None and known.room is not None else 0
        found[area] = tuple(with_not_before(theirs, buffer))
    return found


def _groups(people: RegistrySnapshot) -> dict[TeamId | CohortId, tuple[Membership, ...]]:
    groups: dict[TeamId | CohortId, tuple[Membership, ...]] = {}
    groups |= {team: held for team, held in people.team_memberships.items()}  # noqa: C416  # keys of two kinds
    for one in people.cohorts.values():
        groups[one.id] = (Membership(None, one.plan, one.starts, one.ends, group=one.id),)
    return groups


def _tickets(tickets: Mapping[TicketId, Ticket]) -> dict[PersonId, tuple[Ticket, ...]]:
    return _by((holder_of(ticket), ticket) for ticket in tickets.values())


def _visitors(tickets: Mapping[TicketId, Ticket]) -> dict[PersonId, Person]:
    return {
        holder_of(one): Person(holder_of(one), one.name or "A visitor", PersonKind.GUEST)
        for one in tickets.values()
        if one.person is None
    }


def holder_of(ticket: Ticket) -> PersonId:
    """Who holds a ticket: somebody of this house, or a visitor known by nothing else."""
    return ticket.person if ticket.person is not None else PersonId(f"ticket:{ticket.id}")


def _by(pairs: Iterable[tuple[K, V]]) -> dict[K, tuple[V, ...]]:
    found: defaultdict[K, list[V]] = defaultdict(list)
    for key, value in pairs:
        found[key].append(value)
    return {key: tuple(values) for key, values in found.items()}
