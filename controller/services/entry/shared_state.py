"""What the people inside share, gathered for one read: positions, counts, interlocks, the first of two persons.

Nothing is awaited, and a door without any such rule costs one look-up. What follows from it is decided in
`access_steps`; where people are is followed in `whereabouts`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from controller.domain.access import Denied, Granted
from controller.domain.building import Door, Passback, Space, Zone
from controller.domain.facts import FactKind
from controller.domain.grants import Grant
from controller.domain.ids import AreaId, DeviceId, DoorId, PersonId, ZoneId
from controller.domain.membership import Credential, Person
from controller.domain.rights import Read, Rights
from controller.domain.rooms.on_air import Hold
from controller.domain.shared import NOTHING_SHARED, Shared
from controller.domain.whereabouts import Layout, Whereabouts
from controller.services.ports import Clock, LoggedFact

# The record is written between the decision and the unlock, and an opening in its last moment has to travel to us.
BESIDE_THE_RELEASE = 2.0
# Somebody let in counts as in until the door tells what came of it; a door that never tells must not fill the house.
ON_THE_WAY_FOR = 120.0

_OVER = frozenset(
    {
        FactKind.ENTRY_TAKEN,
        FactKind.ENTRY_NOT_TAKEN,
        FactKind.UNLOCK_NOT_SENT,
        FactKind.LOCAL_GRANTED,
        FactKind.LOCAL_DENIED,
    }
)


@dataclass(frozen=True, slots=True)
class _Rules:
    """What one door asks of the others."""

    zones: tuple[ZoneId, ...]  # with rules of their own, and come into by this door
    units: Mapping[ZoneId, tuple[DeviceId, ...]]  # of every door of these zones
    interlocked: tuple[DoorId, ...]
    two_person: bool


@dataclass(frozen=True, slots=True)
class _OnTheWay:
    """Somebody granted who has not gone through yet."""

    door: DoorId
    person: PersonId | None
    comes_in: bool
    since: float  # the loop's clock
    released_until: float  # so long its door may open at any moment


@dataclass(frozen=True, slots=True)
class First:
    """Who showed a badge at a two-person door and waits for a second: let in by a grant of their own, with them."""

    person: PersonId
    correlation: str  # of their own tap
    rights: Rights
    grant: Grant
    until: float  # the loop's clock


class SharedState:
    """Answers `for_read`; hears of each decision by `decided`, in the same turn of the loop."""

    def __init__(
        self,
        space: Callable[[], Space],
        whereabouts: Whereabouts,
        *,
        is_online: Callable[[DeviceId], bool],
        is_shut: Callable[[DoorId], bool],
        clock: Clock,
        on_air: Callable[[AreaId], Hold | None] = lambda _: None,
    ) -> None:
        """`on_air`: who may come into a booth that is on air; None for any other area, and while it is not."""
        self._space = space
        self._whereabouts = whereabouts
        self._is_online = is_online
        self._is_shut = is_shut
        self._clock = clock
        self._on_air = on_air
        self._laid_out = space()
        self._rules = _rules(self._laid_out)
        self._on_the_way: dict[str, _OnTheWay] = {}
        self._first: dict[DoorId, First] = {}

    def for_read(self, door: Door, person: Person | None, credential: Credential | None = None) -> Shared:
        """Everything about others that a read of this person at this door depends on, now."""
        if (space := self._space()) is not self._laid_out:
            self._laid_out, self._rules = space, _rules(space)
        rules = self._rules.get(door.id)
        held = self._on_air(door.inner)
        if rules is None:
            return NOTHING_SHARED if held is None else Shared(on_air_until=held.until, on_air_for=held.people)
        known = self._whereabouts
        id = person.id if person is not None else None
        badge = credential.id if credential is not None else None
        first = self._first_at(door.id) if rules.two_person else None
        together = int(first not in (None, id))  # who waits here comes in by the same opening
        return Shared(
            positions={zone: known.position(id, zone) for zone in rules.zones} if id is not None else {},
            last_entries={
                zone: entered
                for zone in rules.zones
                if id is not None and badge is not None and (entered := known.last_entry(id, badge, zone))
            },
            counts={zone: known.count(zone).people + self._coming_into(zone, id) + together for zone in rules.zones},
            uncertain=frozenset(
                zone for zone in rules.zones if not all(self._is_online(unit) for unit in rules.units[zone])
            ),
            interlocked_with=next((other for other in rules.interlocked if not self._stays_shut(other)), None),
            first_person=first,
            on_air_until=held.until if held is not None else None,
            on_air_for=held.people if held is not None else frozenset(),
        )

    def decided(self, read: Read, rights: Rights, decision: Granted | Denied) -> First | None:
        """A decision was made; call it before anything is awaited, so that the next read knows of it.

        Who waited at this door for a second person, and goes in with the one let in now.
        """
        door, person = rights.door, rights.person
        if door is None:
            return None
        now = self._clock.monotonic()
        id = person.id if person is not None else None
        if isinstance(decision, Granted):
            comes_in = read.direction == "in"
            until = now + decision.hold_s + BESIDE_THE_RELEASE
            self._on_the_way[read.correlation] = _OnTheWay(door.id, id, comes_in, now, until)
            first = self._first.pop(door.id, None) if comes_in else None
            if first is not None and first.person == rights.shared.first_person:
                self._on_the_way[first.correlation] = _OnTheWay(door.id, first.person, comes_in, now, until)
                return first
        elif decision.as_first is not None and id is not None:
            until = now + door.timings.second_person
            self._first[door.id] = First(id, read.correlation, rights, decision.as_first, until)
        return None

    def released(self, correlation: str) -> None:
        """The grant came to nothing before its door was told: a repeat, or a log that could not be written."""
        self._on_the_way.pop(correlation, None)

    def coming_in(self) -> frozenset[PersonId]:
        """Whoever was let in at a door a moment ago and has not gone through yet."""
        return frozenset(one.person for one in self._on_the_way.values() if one.comes_in and one.person is not None)

    def took(self, logged: LoggedFact) -> None:
        """One fact, as it happens: what came of a grant. Leaving has no fact of its own; its door closes again."""
        fact = logged.fact
        if fact.kind in _OVER and fact.correlation is not None:
            self._on_the_way.pop(fact.correlation, None)
        elif fact.kind is FactKind.DOOR_CLOSED:
            for correlation, one in list(self._on_the_way.items()):
                if one.door == fact.door and not one.comes_in:
                    del self._on_the_way[correlation]

    def look(self) -> None:
        """Once a second: forget who never came."""
        now = self._clock.monotonic()
        for correlation, one in list(self._on_the_way.items()):
            if now > (one.since + ON_THE_WAY_FOR if one.comes_in else one.released_until):
                del self._on_the_way[correlation]

    def _coming_into(self, zone: ZoneId, but: PersonId | None) -> int:
        gates = self._whereabouts.layout.gates
        return sum(
            1
            for one in self._on_the_way.values()
            if one.comes_in
            and (but is None or one.person != but)
            and (gate := gates.get(one.door)) is not None
            and zone in gate.entered
        )

    def _stays_shut(self, door: DoorId) -> bool:
        if not self._is_shut(door):
            return False
        now = self._clock.monotonic()
        return not any(one.door == door and now < one.released_until for one in self._on_the_way.values())

    def _first_at(self, door: DoorId) -> PersonId | None:
        first = self._first.get(door)
        return first.person if first is not None and self._clock.monotonic() < first.until else None


def _rules(space: Space) -> dict[DoorId, _Rules]:
    """By door; one that asks nothing of the others is left out."""
    layout = Layout.of(space)
    with_rules = {zone.id for zone in space.zones.values() if _has_rules(zone)}
    units: dict[ZoneId, tuple[DeviceId, ...]] = {}
    for door in space.doors.values():
        gate = layout.gates[door.id]
        for zone in (gate.entered | gate.left) & with_rules:
            units[zone] = (*units.get(zone, ()), door.unit)
    found: dict[DoorId, _Rules] = {}
    for door in space.doors.values():
        zones = tuple(sorted(layout.gates[door.id].entered & with_rules))
        interlocked = tuple(
            other.id
            for other in space.doors.values()
            if door.interlock is not None and other.interlock == door.interlock and other.id != door.id
        )
        if zones or interlocked or door.two_person:
            found[door.id] = _Rules(zones, {zone: units[zone] for zone in zones}, interlocked, door.two_person)
    return found


def _has_rules(zone: Zone) -> bool:
    return zone.passback is not Passback.OFF or zone.capacity is not None
