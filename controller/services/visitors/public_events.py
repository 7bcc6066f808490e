"""Public events as they run: begun by the host's coming in, their visitors counted, ended by themselves.

What an event or a ticket opens is decided in `event_rights`, what it unlocks in `door_mode`; both ask here who is in.
"""

import logging
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial

from controller.domain.alarm import AlarmKind
from controller.domain.door_mode import is_running
from controller.domain.event_rights import HOST_BEFORE
from controller.domain.facts import Fact, FactKind, Plain
from controller.domain.holdings import EventEntry, HeldTicket, PublicEvent, Ticket
from controller.domain.ids import DoorId, EventId, PersonId, TicketId
from controller.domain.rooms.occupancy import Quality
from controller.domain.whereabouts import LEAVES_WITHIN, Count, Whereabouts
from controller.services.doors.alarms import Alarms
from controller.services.doors.house_writes import HouseWrites
from controller.services.entry.holdings_index import holder_of
from controller.services.ports import Clock, LoggedFact, RegistrySnapshot
from controller.services.stores import EventStore
from controller.services.visitors.ticket_stays import TicketStays

logger = logging.getLogger(__name__)

# Of one ticket, how many ways in and out are remembered: more in one evening is somebody smoking a great deal.
MOVES_KEPT = 32
_BY_HAND = frozenset({FactKind.TICKET_ADMITTED, FactKind.TICKET_LEFT})
_NOBODY: frozenset[PersonId] = frozenset()


@dataclass(slots=True)
class _Openings:
    """Heads at the door of an event that anybody may walk into: an opening is one more, unless somebody asked to leave."""

    heads: int = 0
    leaving_since: datetime | None = None


@dataclass(slots=True)
class _Moves:
    """When a ticket was let in at the first door of its event, and when out."""

    entries: deque[datetime] = field(default_factory=lambda: deque(maxlen=MOVES_KEPT))
    exits: deque[datetime] = field(default_factory=lambda: deque(maxlen=MOVES_KEPT))

    def contradicts(self, entry: datetime) -> bool:
        """Whether this entry and another one have no way out between them."""
        return any(
            not any(min(entry, other) <= out <= max(entry, other) for out in self.exits) for other in self.entries
        )


class PublicEvents:
    """All events of the registry. `held`, `running` and `full` are asked at any moment; facts come in by `took`."""

    def __init__(
        self,
        *,
        people: Callable[[], RegistrySnapshot],
        whereabouts: Whereabouts,
        coming_in: Callable[[], frozenset[PersonId]],
        store: EventStore,
        writes: HouseWrites,
        note: Callable[[Fact], None],
        alarms: Alarms,
        clock: Clock,
    ) -> None:
        """`coming_in`: let in at a door a moment ago, and not gone through yet."""
        self._people = people
        self._whereabouts = whereabouts
        self._coming_in = coming_in
        self._store = store
        self._writes = writes
        self._note = note
        self._alarms = alarms
        self._clock = clock
        self._begun: dict[EventId, datetime] = {}  # until the registry says so itself
        self._over: set[EventId] = set()
        self._full: frozenset[EventId] = frozenset()
        self._over_full: frozenset[EventId] = frozenset()  # let in by hand, or by doors that were alone
        self._openings: dict[EventId, _Openings] = {}
        self._moves: dict[PersonId, _Moves] = {}
        self._stays = TicketStays()
        self._left_by_hand: set[PersonId] = set()
        # Laid out anew when the registry has other tickets.
        self._tickets: Mapping[TicketId, Ticket] = {}
        self._holders: dict[EventId, frozenset[PersonId]] = {}
        self._known_inside: dict[EventId, frozenset[PersonId]] = {}
        self._all_holders: frozenset[PersonId] = frozenset()

    # --- questions --------------------------------------------------------------------------------

    def known(self) -> tuple[PublicEvent, ...]:
        """All events, with a host's coming in that the registry has not heard of yet."""
        return tuple(self._events())

    def running(self) -> tuple[PublicEvent, ...]:
        """The events that go on now: their host has come, and they are not over."""
        now = self._clock.now()
        return tuple(event for event in self._events() if is_running(event, now))

    def full(self) -> frozenset[EventId]:
        """The events with no place left."""
        return self._full

    def heads(self, event: PublicEvent) -> Count:
        """The visitors of an event inside: by their tickets, or for one open to all by the openings of its last door."""
        if event.entry is EventEntry.OPEN:
            openings = self._openings.get(event.id)
            return Count(openings.heads if openings is not None else 0, Quality.ESTIMATED)
        inside = self._inside(event.id)
        coming = (self._coming_in() & self._holders_at(event.id)) - inside
        return Count(len(inside) + len(coming), Quality.COUNTED)

    def held(self, ticket: Ticket, event: PublicEvent) -> HeldTicket:
        """A ticket with all that its answer depends on, as of now.

        Whoever was let in and has not gone through yet is in: until they have, or have not, one ticket lets in one.
        """
        event, holder = self._laid_over(event), holder_of(ticket)
        is_coming_in = holder in self._coming_in()
        is_inside = self._whereabouts.is_inside(holder) or is_coming_in
        behind = self._stays.behind(event, holder, is_coming_in=is_coming_in)
        return HeldTicket(ticket, event, self.heads(event).people, is_inside, behind)

    def contradicts(self, holder: PersonId, at: datetime) -> bool:
        """Whether an entry at that moment and one that is known have no way out between them."""
        moves = self._moves.get(holder)
        return moves is not None and moves.contradicts(at)

    # --- what happens -----------------------------------------------------------------------------

    def recall(self, facts: Iterable[LoggedFact]) -> None:
        """After a restart: what was told of events already. Whereabouts are recalled before."""
        for logged in facts:
            fact = logged.fact
            if fact.kind is FactKind.EVENT_STARTED and (id := _event_of(fact)) is not None:
                self._begun[id] = fact.at
            elif fact.kind is FactKind.EVENT_ENDED and (id := _event_of(fact)) is not None:
                self._over.add(id)
            elif fact.kind in _BY_HAND and fact.person is not None:
                self._scanned_by_hand(fact, fact.person, alert=False)
            elif fact.kind is FactKind.WHEREABOUTS_FORGIVEN and fact.person is not None:
                self._stays.forget(fact.person)
            elif fact.door is not None:
                self._moved(fact, fact.door, alert=False)

    def took(self, logged: LoggedFact) -> None:
        """One fact, as it happens; whoever follows people hears of it first."""
        fact = logged.fact
        self._known_inside.clear()
        if fact.kind in _BY_HAND and fact.person is not None:
            self._scanned_by_hand(fact, fact.person, alert=True)
            return
        if fact.kind is FactKind.WHEREABOUTS_FORGIVEN and fact.person is not None:
            self._stays.forget(fact.person)
        is_alone = fact.kind is FactKind.LOCAL_GRANTED or "alone" in fact.detail
        if fact.door is None or ("late_s" in fact.detail and not is_alone):
            return
        if fact.kind is FactKind.ENTRY_TAKEN and "late_s" not in fact.detail:
            self._host_came(fact, fact.door)
        self._moved(fact, fact.door, alert=True)

    def look(self) -> None:
        """Once a second: end what is over, and see what is full."""
        self._known_inside.clear()
        now = self._clock.now()
        for event in self._events():
            over = _over_since(event, now)
            if over is not None and event.id not in self._over and self._is_of_today(over):
                self._end(event, over)
        self._see_what_is_full()

    # --- small steps ------------------------------------------------------------------------------

    def _host_came(self, fact: Fact, door: DoorId) -> None:
        for event in self._events():
            is_host = event.host == fact.person and door in event.path
            if is_host and event.host_entered_at is None and _may_begin(event, fact.at):
                self._begin(event, fact.at)

    def _begin(self, event: PublicEvent, at: datetime) -> None:
        self._begun[event.id] = at
        detail = {"event": event.id, "name": event.name}
        self._note(Fact(FactKind.EVENT_STARTED, at, area=event.area, person=event.host, detail=detail))
        ask = partial(self._store.start_event, event.id, at)
        self._writes.put(f"the start of event {event.id!r}", ask, lambda _: None)

    def _end(self, event: PublicEvent, at: datetime) -> None:
        """Whoever is left is out: the ticket's way out at the end needs no reader."""
        self._over.add(event.id)
        left = tuple(sorted(holder for holder in self._holders_at(event.id) if self._is_visitor_inside(holder)))
        heads = self.heads(event).people
        self._openings.pop(event.id, None)
        self._stays.over(event.id)
        for holder in self._holders_at(event.id):
            self._moves.pop(holder, None)
            self._left_by_hand.discard(holder)
        self._note(
            Fact(
                FactKind.EVENT_ENDED,
                at,
                area=event.area,
                detail={"event": event.id, "name": event.name, "heads": heads, "left": left},
            )
        )

    def _see_what_is_full(self) -> None:
        """A full event is as it was meant to be, and a note; one with more people in it than it may is an alarm."""
        heads = {event.id: self.heads(event).people for event in self.running()}
        events = self._people().events
        full = frozenset(id for id, people in heads.items() if people >= events[id].capacity)
        over = frozenset(id for id in full if heads[id] > events[id].capacity)
        for id in full - self._full:
            self._note_full(events[id], heads[id])
        for id in over - self._over_full:
            detail: dict[str, Plain] = {"event": id, "capacity": events[id].capacity}
            self._alarms.raise_(AlarmKind.CAPACITY, area=events[id].area, detail=detail)
        for id in self._over_full - over:
            if id in events:
                self._alarms.clear(AlarmKind.CAPACITY, area=events[id].area)
        self._full, self._over_full = full, over

    def _note_full(self, event: PublicEvent, heads: int) -> None:
        detail: dict[str, Plain] = {
            "event": event.id,
            "name": event.name,
            "heads": heads,
            "capacity": event.capacity,
        }
        self._note(Fact(FactKind.EVENT_FULL, self._clock.now(), area=event.area, detail=detail))

    def _moved(self, fact: Fact, door: DoorId, *, alert: bool) -> None:
        if fact.person is not None and fact.person in self._ticket_holders():
            self._visitor_moved(fact, fact.person, door, alert=alert)
        for event in self._events():
            is_theirs = fact.person is None or fact.person in self._holders_at(event.id)
            if is_theirs and event.entry is EventEntry.TICKET and is_running(event, fact.at):
                self._stays.took(fact, door, event, is_way_out=_is_way_out(fact))
            if event.entry is EventEntry.OPEN and door == event.path[-1] and is_running(event, fact.at):
                _count_opening(self._openings.setdefault(event.id, _Openings()), fact)

    def _visitor_moved(self, fact: Fact, holder: PersonId, door: DoorId, *, alert: bool) -> None:
        moves = self._moves.setdefault(holder, _Moves())
        if _is_way_out(fact):
            moves.exits.append(fact.at)
        elif fact.kind is FactKind.ENTRY_TAKEN and self._is_first_door(holder, door):
            # Doors that decided alone could not know of each other: one ticket may have let in two.
            if alert and "alone" in fact.detail and moves.contradicts(fact.at):
                logger.warning("ticket of %s was used twice without a way out between, at %s", holder, door)
                self._alarms.raise_(AlarmKind.TICKET_TWICE, door=door, person=holder, at=fact.at)
            moves.entries.append(fact.at)

    def _scanned_by_hand(self, fact: Fact, holder: PersonId, *, alert: bool) -> None:
        id = _event_of(fact)
        event = self._people().events.get(id) if id is not None else None
        if event is not None:
            self._stays.by_hand(fact, holder, event)
        moves = self._moves.setdefault(holder, _Moves())
        if fact.kind is FactKind.TICKET_LEFT:
            moves.exits.append(fact.at)
            self._left_by_hand.add(holder)
            return
        self._left_by_hand.discard(holder)
        if alert and "late_s" in fact.detail and moves.contradicts(fact.at):
            logger.warning("ticket of %s was used twice without a way out between, by hand", holder)
            self._alarms.raise_(AlarmKind.TICKET_TWICE, area=fact.area, person=holder, at=fact.at)
        moves.entries.append(fact.at)

    def _is_first_door(self, holder: PersonId, door: DoorId) -> bool:
        return any(event.path[0] == door and holder in self._holders_at(event.id) for event in self._events())

    def _inside(self, event: EventId) -> frozenset[PersonId]:
        """The holders of tickets who are in; looked for once after each thing that happens."""
        found = self._known_inside.get(event)
        if found is None or self._tickets is not self._people().tickets:
            holders = self._holders_at(event)
            found = self._known_inside[event] = frozenset(who for who in holders if self._is_at_event(who))
        return found

    def _is_at_event(self, holder: PersonId) -> bool:
        """Who left an event by hand may be in the building all the same, at work."""
        return self._whereabouts.is_inside(holder) and not (
            holder in self._left_by_hand and holder in self._people().people
        )

    def _is_visitor_inside(self, holder: PersonId) -> bool:
        """A ticket of somebody of this house says nothing about when they go home."""
        return holder not in self._people().people and self._whereabouts.is_inside(holder)

    def _is_of_today(self, at: datetime) -> bool:
        return self._whereabouts.layout.day(at) == self._whereabouts.day

    def _events(self) -> list[PublicEvent]:
        return [self._laid_over(event) for event in self._people().events.values()]

    def _laid_over(self, event: PublicEvent) -> PublicEvent:
        """The event with what the registry has not heard of yet."""
        begun = self._begun.get(event.id)
        if begun is None or event.host_entered_at is not None:
            return event
        return replace(event, host_entered_at=begun)

    def _ticket_holders(self) -> frozenset[PersonId]:
        self._lay_out_tickets()
        return self._all_holders

    def _holders_at(self, event: EventId) -> frozenset[PersonId]:
        self._lay_out_tickets()
        return self._holders.get(event, _NOBODY)

    def _lay_out_tickets(self) -> None:
        tickets = self._people().tickets
        if tickets is self._tickets:
            return
        found: dict[EventId, set[PersonId]] = {}
        for ticket in tickets.values():
            found.setdefault(ticket.event, set()).add(holder_of(ticket))
        self._tickets = tickets
        self._known_inside.clear()
        self._holders = {event: frozenset(holders) for event, holders in found.items()}
        self._all_holders = frozenset(holder for holders in found.values() for holder in holders)


def _over_since(event: PublicEvent, at: datetime) -> datetime | None:
    """When an event that had begun was over; None while it is not, or when it never began."""
    end = event.end if event.ended_at is None else min(event.end, event.ended_at)
    return end if event.host_entered_at is not None and at >= end else None


def _may_begin(event: PublicEvent, at: datetime) -> bool:
    is_over = at >= event.end or (event.ended_at is not None and at >= event.ended_at)
    return event.start - HOST_BEFORE <= at and not is_over


def _count_opening(openings: _Openings, fact: Fact) -> None:
    if fact.kind is FactKind.EXIT_REQUESTED or _is_way_out(fact):
        openings.leaving_since = fact.at
    elif fact.kind is FactKind.DOOR_OPENED:
        since, openings.leaving_since = openings.leaving_since, None
        leaves = since is not None and fact.at - since <= LEAVES_WITHIN
        openings.heads = max(0, openings.heads - 1) if leaves else openings.heads + 1


def _is_way_out(fact: Fact) -> bool:
    is_out = fact.detail.get("grant") == "exit" or fact.detail.get("direction") == "out"
    return is_out and fact.kind in (FactKind.ENTRY_GRANTED, FactKind.LOCAL_GRANTED)


def _event_of(fact: Fact) -> EventId | None:
    id = fact.detail.get("event")
    return EventId(id) if isinstance(id, str) else None
