"""What a lease lets a team do: its office and the way to it, around the clock and on holidays."""

from collections.abc import Iterable, Iterator
from datetime import datetime

from controller.domain.building import Door, Space
from controller.domain.grants import Cost, Grant, GrantKind
from controller.domain.ids import AreaId
from controller.domain.membership import Lease
from controller.domain.rights import Rights
from controller.domain.standing import LocalDay, counts_from, is_current


def leads_to(door: Door, area: AreaId, space: Space) -> bool:
    """Whether this is a door of the area, or on the way to it: an office one cannot reach is not leased."""
    if door.staff_only:
        return False
    return door.inner == area or door.id in space.ways.get(area, frozenset())


def open_lease(leases: Iterable[Lease], door: Door, space: Space, day: LocalDay) -> Lease | None:
    """The lease that opens this door today."""
    for lease in leases:
        if is_current(lease, day) and leads_to(door, lease.area, space):
            return lease
    return None


def by_lease(rights: Rights, door: Door, day: LocalDay, at: datetime) -> Grant | None:
    """A team's office."""
    if not rights.leases:
        return None
    lease = open_lease(rights.leases, door, rights.space, day)
    return Grant(GrantKind.LEASE, lease.area, Cost.LEASE) if lease is not None else None


def lease_openings(leases: Iterable[Lease], door: Door, space: Space, turn: datetime) -> Iterator[datetime]:
    """When, from `turn` on, a lease first opens this door."""
    for lease in leases:
        begins = counts_from(lease, turn, space)
        if begins is not None and leads_to(door, lease.area, space):
            yield begins
