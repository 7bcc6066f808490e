"""What the people inside share, weighed for one read: on air, interlock, anti-passback, occupancy, two persons.

Where everybody is, and how many, is counted by services and comes in as `Shared`. All of it concerns coming in.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from controller.domain.building import AtCapacity, Door, Passback, Space, Zone
from controller.domain.membership import Person, PersonKind
from controller.domain.rights import DenyReason, Rights
from controller.domain.shared import Position, Shared


@dataclass(frozen=True, slots=True)
class Weighed:
    """What denies, if anything does, and what is only told to staff."""

    denied: DenyReason | None = None
    soft: tuple[DenyReason, ...] = ()


FREE = Weighed()


def weigh(rights: Rights, door: Door, person: Person, at: datetime) -> Weighed:
    """The first that denies: on air, interlock, anti-passback, occupancy, second person."""
    shared = rights.shared
    if is_on_air_for_others(shared, person, at):
        return Weighed(DenyReason.ON_AIR)
    if door.interlock is not None and shared.interlocked_with is not None:
        return Weighed(DenyReason.INTERLOCK)
    zones = zones_entered(door, rights.space)
    soft: list[DenyReason] = []
    denied: DenyReason | None = None
    if zones:
        if not is_exempt(person):
            denied = _passback(zones, shared, at, soft)
        if denied is None:
            denied = _occupancy(zones, shared, soft)
    if denied is None and door.two_person and shared.first_person in (None, person.id):
        denied = DenyReason.SECOND_PERSON_MISSING
    return Weighed(denied, tuple(soft)) if denied is not None or soft else FREE


def is_on_air_for_others(shared: Shared, person: Person, at: datetime) -> bool:
    """Whether a recording goes on behind this door that is not this person's."""
    if shared.on_air_until is None or at >= shared.on_air_until:
        return False
    return person.kind is not PersonKind.STAFF and person.id not in shared.on_air_for


def zones_entered(door: Door, space: Space) -> tuple[Zone, ...]:
    """The zones with rules that one comes into by this door, and is not in before it."""
    if not space.zones:
        return ()
    inner, outer = space.areas.get(door.inner), space.areas.get(door.outer)
    if inner is None or not inner.zones:
        return ()
    entered = inner.zones - outer.zones if outer is not None else inner.zones
    return tuple(space.zones[zone] for zone in sorted(entered) if zone in space.zones)


def is_exempt(person: Person) -> bool:
    """Who is never held up by anti-passback: staff, and whoever needs more time at doors than the rule allows for."""
    return person.needs_time or person.kind is PersonKind.STAFF


def passback_over(rights: Rights, door: Door, at: datetime) -> datetime | None:
    """When a timed anti-passback that stands in the way now no longer does."""
    ends = [
        last + timedelta(seconds=zone.passback_s)
        for zone in zones_entered(door, rights.space)
        if zone.passback is Passback.TIMED and (last := rights.shared.last_entries.get(zone.id)) is not None
    ]
    return max((end for end in ends if end > at), default=None)


def _passback(zones: tuple[Zone, ...], shared: Shared, at: datetime, soft: list[DenyReason]) -> DenyReason | None:
    for zone in zones:
        if zone.passback is Passback.OFF or not _is_violated(zone, shared, at):
            continue
        # With a door of the zone offline nobody knows who has left: a rule that may be wrong keeps nobody out.
        if zone.passback is Passback.SOFT or (zone.passback is Passback.HARD and zone.id in shared.uncertain):
            if DenyReason.ANTI_PASSBACK not in soft:
                soft.append(DenyReason.ANTI_PASSBACK)
            continue
        return DenyReason.ANTI_PASSBACK
    return None


def _is_violated(zone: Zone, shared: Shared, at: datetime) -> bool:
    if zone.passback is Passback.TIMED:
        last = shared.last_entries.get(zone.id)
        return last is not None and (at - last).total_seconds() < zone.passback_s
    return shared.positions.get(zone.id) is Position.IN


def _occupancy(zones: tuple[Zone, ...], shared: Shared, soft: list[DenyReason]) -> DenyReason | None:
    for zone in zones:
        if zone.capacity is None or shared.counts.get(zone.id, 0) < zone.capacity:
            continue
        if zone.at_capacity is AtCapacity.DENY:
            return DenyReason.OCCUPANCY_FULL
        if DenyReason.OCCUPANCY_FULL not in soft:
            soft.append(DenyReason.OCCUPANCY_FULL)
    return None
