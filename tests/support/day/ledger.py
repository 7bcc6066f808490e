"""What the driver of a simulated day did, and what it saw with its own eyes: no service and no store is asked."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from controller.domain.ids import AreaId, BookingId, PersonId, WaitingId

MINUTE = timedelta(minutes=1)


@dataclass
class Held:
    """One booking as its people know it."""

    id: BookingId
    room: AreaId
    start: datetime
    end: datetime
    owner: PersonId
    people: set[PersonId]
    made_at: datetime
    buffer: timedelta
    state: str = "booked"  # requested, booked, gone, released
    is_live: bool = False
    came: datetime | None = None  # somebody of it, as far as the house could know
    asks: bool = True  # whether anybody is asked to check in
    until: list[tuple[datetime, datetime]] = field(default_factory=list)  # since when its end was which

    def holds(self, at: datetime) -> bool:
        return self.state in ("booked", "requested") and self.start <= at < self.end

    def is_in_the_way(self, start: datetime, end: datetime) -> bool:
        if self.state not in ("booked", "requested"):
            return False
        return start < self.end + self.buffer and self.start < end + self.buffer


@dataclass
class Waits:
    """One place in a waiting list."""

    id: WaitingId
    room: AreaId
    start: datetime
    end: datetime
    person: PersonId
    made_at: datetime
    offered_at: datetime | None = None  # while an offer stands
    is_over: bool = False
    won: BookingId | None = None


@dataclass(frozen=True)
class Passage:
    """Somebody's try at a door, as the driver saw it."""

    at: datetime
    person: PersonId
    room: AreaId
    opened: bool
    entered: bool


@dataclass
class Ledger:
    held: dict[BookingId, Held] = field(default_factory=dict)
    waits: dict[WaitingId, Waits] = field(default_factory=dict)
    passages: list[Passage] = field(default_factory=list)
    inside: dict[AreaId, set[PersonId]] = field(default_factory=lambda: defaultdict(set))
    last_left: dict[AreaId, datetime] = field(default_factory=dict)
    # From when to when somebody was in a room; the last one is open while they are.
    stays: dict[AreaId, list[list[datetime | None]]] = field(default_factory=lambda: defaultdict(list))
    freed: list[tuple[AreaId, datetime, datetime, datetime, str]] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    asked_on: list[tuple[datetime, str, BookingId | None]] = field(
        default_factory=list
    )  # for on air: how, and for what
    asked_off: list[datetime] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    changed_their_mind: set[WaitingId] = field(default_factory=set)  # who won and did not come

    def enters(self, person: PersonId, room: AreaId, at: datetime) -> None:
        if not self.inside[room]:
            self.stays[room].append([at, None])
        self.inside[room].add(person)

    def leaves(self, person: PersonId, room: AreaId, at: datetime) -> None:
        if person not in self.inside[room]:
            return
        self.inside[room].discard(person)
        self.last_left[room] = at
        if not self.inside[room]:
            self.stays[room][-1][1] = at

    def comes(self, person: PersonId, room: AreaId, at: datetime) -> None:
        """Somebody has entered: they have come for what is theirs there."""
        for one in self.held.values():
            is_time = one.start - 10 * MINUTE <= at < one.end
            if one.room == room and one.state == "booked" and person in one.people and is_time and one.came is None:
                one.came = at

    def now_in(self, room: AreaId, at: datetime) -> Held | None:
        """The booking that holds this room."""
        return next((one for one in self.held.values() if one.room == room and one.holds(at)), None)

    def gives_back(self, one: Held, start: datetime, end: datetime, at: datetime, why: str) -> None:
        self.freed.append((one.room, start, end, at, why))

    def free(self, room: AreaId, start: datetime, end: datetime, *, but: BookingId | None = None) -> bool:
        return not any(
            one.room == room and one.id != but and one.is_in_the_way(start, end) for one in self.held.values()
        )
