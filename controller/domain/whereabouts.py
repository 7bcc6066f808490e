"""Where people are, as far as doors have told: a fold over facts, in the order in which they happened.

Who came in is known by name, who left by the exit button is nobody. So a position is in, out or unknown, and a count
is an estimate with a mark, never negative. What follows from either is decided in `access_steps`.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from controller.domain.building import Space
from controller.domain.facts import Fact, FactKind
from controller.domain.ids import OUTSIDE, AreaId, CredentialId, DoorId, PersonId, ZoneId
from controller.domain.rooms.occupancy import Quality
from controller.domain.schedule import business_day
from controller.domain.shared import Position

HOUSE = ZoneId("")
"""Everything but the street: counted like a zone, and declared by nobody."""

# The longest release time, and what the clocks of a reader and its door may differ by. Who turns round at the exit
# button must not be counted as leaving when somebody comes in an hour later.
LEAVES_WITHIN = timedelta(seconds=60)

# What a door's mode lets anybody do without a badge; who goes through then, no log knows.
FREE_MODES = frozenset({"unlocked", "released"})

_NOWHERE: frozenset[ZoneId] = frozenset()


@dataclass(frozen=True, slots=True)
class Gate:
    """A door as whoever walks through it sees it: which zones one comes into, and which one leaves."""

    outer: AreaId
    inner: AreaId
    entered: frozenset[ZoneId]
    left: frozenset[ZoneId]
    has_contact: bool


@dataclass(frozen=True, slots=True)
class Layout:
    """The zones of each area, the gates between them, and when a new day begins."""

    zones: Mapping[AreaId, frozenset[ZoneId]]
    gates: Mapping[DoorId, Gate]
    zone: ZoneInfo
    cut_off_minutes: int

    @classmethod
    def of(cls, space: Space) -> "Layout":
        zones = {area.id: area.zones | {HOUSE} for area in space.areas.values()}  # the street is in none
        gates = {}
        for door in space.doors.values():
            outer, inner = zones.get(door.outer, _NOWHERE), zones.get(door.inner, _NOWHERE)
            gates[door.id] = Gate(door.outer, door.inner, inner - outer, outer - inner, door.has_contact)
        return cls(zones, gates, space.zone, space.cut_off_minutes)

    def day(self, at: datetime) -> date:
        return business_day(at, self.zone, self.cut_off_minutes)


@dataclass(frozen=True, slots=True)
class Count:
    """How many are in a zone, and how well that is known."""

    people: int = 0
    quality: Quality = Quality.COUNTED


@dataclass(frozen=True, slots=True)
class Seen:
    """Where a door last let somebody through to."""

    area: AreaId
    since: datetime


@dataclass(slots=True)
class _Leaving:
    """Who was let out at a door and waits for it to open; the exit button lets out nobody known."""

    since: datetime
    people: list[PersonId] = field(default_factory=list)


class Whereabouts:
    """All positions and counts of one business day. The same facts in the same order give the same answers."""

    def __init__(self, layout: Layout, day: date) -> None:
        self.layout = layout
        self.day = day
        self._seen: dict[PersonId, Seen] = {}
        self._entries: dict[PersonId, dict[tuple[str, ZoneId], datetime]] = {}  # by badge and zone
        self._counts: dict[ZoneId, int] = {}
        self._estimated: set[ZoneId] = set()
        self._unknown_since: dict[ZoneId, datetime] = {}
        self._leaving: dict[DoorId, _Leaving] = {}
        self._open: set[DoorId] = set()
        self._free: dict[DoorId, bool] = {}  # doors that need no badge now; whether by an unlock of more than that door
        self._burns = False

    # --- questions --------------------------------------------------------------------------------

    def position(self, person: PersonId, zone: ZoneId) -> Position:
        """Where somebody is with regard to a zone."""
        seen = self._seen.get(person)
        if seen is None or self._burns or self._is_unlocked(zone):
            return Position.UNKNOWN
        unknown_since = self._unknown_since.get(zone)
        if unknown_since is not None and seen.since <= unknown_since:
            return Position.UNKNOWN
        return Position.IN if zone in self.layout.zones.get(seen.area, _NOWHERE) else Position.OUT

    def seen(self, person: PersonId) -> Seen | None:
        """Where somebody was let through to last, today."""
        return self._seen.get(person)

    def is_inside(self, person: PersonId) -> bool:
        """Whether somebody is in the building, by name."""
        seen = self._seen.get(person)
        return seen is not None and seen.area in self.layout.zones

    def inside(self) -> frozenset[PersonId]:
        """Everybody who is in the building, by name."""
        return frozenset(person for person in self._seen if self.is_inside(person))

    def last_entry(self, person: PersonId, badge: CredentialId, zone: ZoneId) -> datetime | None:
        """When somebody last came into a zone by this credential of theirs."""
        return self._entries.get(person, {}).get((badge, zone))

    def count(self, zone: ZoneId = HOUSE) -> Count:
        """How many are in a zone."""
        is_estimated = zone in self._estimated or self._burns or any(self._free_doors(zone))
        return Count(self._counts.get(zone, 0), Quality.ESTIMATED if is_estimated else Quality.COUNTED)

    # --- what happened ----------------------------------------------------------------------------

    def take(self, fact: Fact) -> None:
        """Follow one fact. What is told late moves nothing but what a door let in alone."""
        if fact.kind is FactKind.WHEREABOUTS_FORGIVEN:
            self.forget(fact.person)
        elif fact.kind is FactKind.EVENT_ENDED:
            self._all_leave(fact)
        elif fact.kind in (FactKind.TICKET_ADMITTED, FactKind.TICKET_LEFT):
            self._scanned_by_hand(fact)
        elif fact.kind in (FactKind.FIRE_BEGAN, FactKind.FIRE_CONFIRMED):
            self._fire(begins=fact.kind is FactKind.FIRE_BEGAN)
        elif fact.door is not None and (gate := self.layout.gates.get(fact.door)) is not None:
            self._at_door(fact, fact.door, gate)

    def new_day(self, day: date) -> None:
        """The cut-off: an empty house, and nobody's whereabouts known. Doors stay as they are."""
        self.day = day
        self._seen.clear()
        self._entries.clear()
        self._counts.clear()
        self._estimated.clear()
        self._unknown_since.clear()
        self._leaving.clear()

    def forget(self, person: PersonId | None) -> None:
        """Somebody's position becomes unknown. How many are in does not change by that."""
        if person is not None:
            self._seen.pop(person, None)
            self._entries.pop(person, None)

    def relayout(self, layout: Layout) -> None:
        """Another version of the space counts: zones it does not have are gone, new ones begin empty."""
        known = {zone for zones in layout.zones.values() for zone in zones}
        new = known - {zone for zones in self.layout.zones.values() for zone in zones}
        self.layout = layout
        self._counts = {zone: people for zone, people in self._counts.items() if zone in known}
        self._estimated = (self._estimated & known) | new
        self._free = {door: is_wide for door, is_wide in self._free.items() if door in layout.gates}
        self._open &= layout.gates.keys()

    # --- at a door --------------------------------------------------------------------------------

    def _at_door(self, fact: Fact, door: DoorId, gate: Gate) -> None:
        if _is_alone(fact):
            self._let_in_alone(fact, gate)
        elif fact.kind is FactKind.DOOR_MODE_CHANGED:
            self._mode_changed(fact, door, gate)
        elif "late_s" in fact.detail:
            return
        elif fact.kind is FactKind.ENTRY_TAKEN:
            self._comes_in(fact, gate)
        elif fact.kind is FactKind.EXIT_REQUESTED or _is_way_out(fact):
            self._lets_out(fact, door, gate)
        elif fact.kind is FactKind.DOOR_OPENED:
            self._open.add(door)
            self._opened(door, gate, fact.at)
        elif fact.kind is FactKind.DOOR_CLOSED:
            self._open.discard(door)
        elif fact.kind is FactKind.DOOR_FORCED:
            self._estimated |= gate.entered | gate.left

    def _lets_out(self, fact: Fact, door: DoorId, gate: Gate) -> None:
        leaving = self._leaving.get(door)
        if leaving is None or fact.at - leaving.since > LEAVES_WITHIN:
            leaving = self._leaving[door] = _Leaving(fact.at)
        leaving.since = fact.at
        if fact.person is not None and fact.person not in leaving.people:
            leaving.people.append(fact.person)
        # At an open door no edge will follow; nobody pushes the button of a door that stands open to leave twice.
        if not gate.has_contact or (door in self._open and fact.person is not None):
            self._opened(door, gate, fact.at)

    def _opened(self, door: DoorId, gate: Gate, at: datetime) -> None:
        leaving = self._leaving.pop(door, None)
        if leaving is None or at - leaving.since > LEAVES_WITHIN:
            return
        if not leaving.people:
            self._estimated |= gate.entered | gate.left
        for person in leaving.people or (None,):
            self._goes_out(person, gate, at)

    def _comes_in(self, fact: Fact, gate: Gate) -> None:
        self._counted(gate.entered, gate.left)
        if fact.person is None:
            return
        self._moved(fact.person, gate.inner, fact.at)
        badge = fact.detail.get("credential")
        if not isinstance(badge, str):
            return
        entries = self._entries.setdefault(fact.person, {})
        for zone in gate.entered:
            entries[badge, zone] = max(fact.at, entries.get((badge, zone), fact.at))

    def _goes_out(self, person: PersonId | None, gate: Gate, at: datetime) -> None:
        self._counted(gate.left, gate.entered)
        if person is not None:
            self._moved(person, gate.outer, at)

    def _moved(self, person: PersonId, area: AreaId, at: datetime) -> None:
        # Doors that decided alone tell later: what is known of a later moment stands.
        if (seen := self._seen.get(person)) is None or seen.since <= at:
            self._seen[person] = Seen(area, at)

    def _counted(self, more: Iterable[ZoneId], fewer: Iterable[ZoneId]) -> None:
        for zone in more:
            self._counts[zone] = self._counts.get(zone, 0) + 1
        for zone in fewer:
            people = self._counts.get(zone, 0)
            if not people:
                self._estimated.add(zone)  # somebody left whom nobody saw come
            self._counts[zone] = max(0, people - 1)

    def _let_in_alone(self, fact: Fact, gate: Gate) -> None:
        """Told when the line was back, at the time it happened."""
        if self.layout.day(fact.at) != self.day:
            return
        self._estimated |= gate.entered | gate.left
        if fact.detail.get("direction") == "out":
            self._goes_out(fact.person, gate, fact.at)
        else:
            self._comes_in(fact, gate)

    # --- without a door ---------------------------------------------------------------------------

    def _scanned_by_hand(self, fact: Fact) -> None:
        """A visitor came to an event, or left it, past somebody with a phone. Told late, it counts at its own time."""
        person, area = fact.person, fact.area
        if person is None or area is None or self.layout.day(fact.at) != self.day:
            return
        to = area if fact.kind is FactKind.TICKET_ADMITTED else OUTSIDE
        seen = self._seen.get(person)
        before = self.layout.zones.get(seen.area, _NOWHERE) if seen is not None else _NOWHERE
        after = self.layout.zones.get(to, _NOWHERE)
        if "late_s" in fact.detail:
            self._estimated |= before | after
        if seen is None or seen.since <= fact.at:
            self._counted(after - before, before - after)
            self._moved(person, to, fact.at)

    # --- everybody at once ------------------------------------------------------------------------

    def _mode_changed(self, fact: Fact, door: DoorId, gate: Gate) -> None:
        """Who goes through a free door is not seen: a count is an estimate then, and whoever was seen stays known.

        Only where a whole zone is unlocked, positions are unknown from then on until somebody is seen again.
        """
        mode = fact.detail.get("mode")
        is_free = mode in FREE_MODES
        if not is_free and door not in self._free:
            return
        zones = gate.entered | gate.left
        before = {zone for zone in zones if self._is_unlocked(zone)}
        if is_free:
            self._free[door] = mode == "released" or fact.detail.get("wide") is True
        else:
            del self._free[door]
        self._estimated |= zones
        for zone in zones:
            if zone in before or self._is_unlocked(zone):
                self._unknown_since[zone] = fact.at

    def _is_unlocked(self, zone: ZoneId) -> bool:
        """As a zone: by an unlock of more than a door, or because each door one comes into it by is free."""
        if not self._free:
            return False
        if any(self._free[door] for door in self._free_doors(zone)):
            return True
        ways_in = [door for door, gate in self.layout.gates.items() if zone in gate.entered]
        return bool(ways_in) and all(door in self._free for door in ways_in)

    def _free_doors(self, zone: ZoneId) -> Iterator[DoorId]:
        gates = self.layout.gates
        return (door for door in self._free if zone in gates[door].entered or zone in gates[door].left)

    def _fire(self, *, begins: bool) -> None:
        """Everybody goes out by any door. Once staff have confirmed that it is over, the house is empty."""
        self._burns = begins
        self._seen.clear()
        self._entries.clear()
        if not begins:
            self._estimated |= self._counts.keys()
            self._counts.clear()

    def _all_leave(self, fact: Fact) -> None:
        """An event is over: its visitors are out, whoever of them was seen to leave."""
        left = fact.detail.get("left")
        for person in left if isinstance(left, tuple) else ():
            seen = self._seen.get(PersonId(str(person)))
            if seen is not None and (zones := self.layout.zones.get(seen.area)):
                self._counted((), zones)
            self.forget(PersonId(str(person)))


def _is_alone(fact: Fact) -> bool:
    """Somebody went in, or was let out, whom a door let through alone. Let in is not in: the entry is told of itself."""
    if fact.kind is FactKind.LOCAL_GRANTED:
        return fact.detail.get("direction") == "out"
    return fact.kind is FactKind.ENTRY_TAKEN and "alone" in fact.detail


def _is_way_out(fact: Fact) -> bool:
    return fact.kind is FactKind.ENTRY_GRANTED and fact.detail.get("grant") == "exit"
