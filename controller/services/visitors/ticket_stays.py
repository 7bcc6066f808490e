"""Behind which doors of its event a ticket is: each opens for it once in a stay, and again once its holder has come out.

That a ticket is inside at all is known to `public_events`; what a door answers is decided in `event_rights`.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from controller.domain.facts import Fact, FactKind
from controller.domain.holdings import PublicEvent
from controller.domain.ids import DoorId, EventId, PersonId


@dataclass(slots=True)
class _Stay:
    """One ticket at one event."""

    behind: set[DoorId] = field(default_factory=set)
    last: datetime | None = None  # what doors that were alone tell of before this changes nothing
    let_in_at: DoorId | None = None  # and not through yet


class TicketStays:
    """Follows the holders of tickets through the doors of their events, while these go on."""

    def __init__(self) -> None:
        self._stays: dict[tuple[EventId, PersonId], _Stay] = {}
        # Of each door, how many have gone out by its button whose tickets still say that they are in: as many may
        # come back. A room without a reader on its inside would keep everybody out who once left it otherwise.
        self._unseen_out: dict[tuple[EventId, DoorId], int] = {}

    def behind(self, event: PublicEvent, holder: PersonId, *, is_coming_in: bool) -> frozenset[DoorId]:
        """The doors that do not open for this ticket now."""
        stay = self._stays.get((event.id, holder))
        if stay is None:
            return frozenset()
        found = {door for door in stay.behind if door == event.path[0] or not self._unseen_out.get((event.id, door))}
        if is_coming_in and stay.let_in_at is not None:
            found.add(stay.let_in_at)
        return frozenset(found)

    def took(self, fact: Fact, door: DoorId, event: PublicEvent, *, is_way_out: bool) -> None:
        """Something at a door, while the event goes on; of its holders and of those whom nobody knows."""
        if fact.kind is FactKind.EXIT_REQUESTED and fact.person is None and door in event.path[1:]:
            self._unseen_out[event.id, door] = self._unseen_out.get((event.id, door), 0) + 1
            return
        if fact.person is None:
            return
        stay = self._stays.setdefault((event.id, fact.person), _Stay())
        if stay.last is not None and fact.at < stay.last:
            return
        if is_way_out:
            stay.behind.intersection_update(_before(event, door))
        elif fact.kind is FactKind.ENTRY_GRANTED:
            stay.let_in_at = door
            return
        elif fact.kind is FactKind.ENTRY_TAKEN:
            if door in stay.behind and self._unseen_out.get((event.id, door)):
                self._unseen_out[event.id, door] -= 1
            stay.behind.intersection_update(_before(event, door))
            stay.behind.update({door} & set(event.path))
        else:
            return
        stay.last, stay.let_in_at = fact.at, None

    def by_hand(self, fact: Fact, holder: PersonId, event: PublicEvent) -> None:
        """Scanned by somebody with a phone: who is let in is in the room, whoever leaves is behind no door."""
        stay = self._stays.setdefault((event.id, holder), _Stay())
        if stay.last is None or fact.at >= stay.last:
            stay.behind = set(event.path) if fact.kind is FactKind.TICKET_ADMITTED else set()
            stay.last = fact.at

    def forget(self, holder: PersonId) -> None:
        """Staff have said that nobody knows where somebody is."""
        for event, who in list(self._stays):
            if who == holder:
                del self._stays[event, who]

    def over(self, event: EventId) -> None:
        """Of an event that is over nothing is known any more."""
        for key in [one for one in self._stays if one[0] == event]:
            del self._stays[key]
        for door in [one for one in self._unseen_out if one[0] == event]:
            del self._unseen_out[door]


def _before(event: PublicEvent, door: DoorId) -> Iterable[DoorId]:
    """The doors of the path that come before this one; none before a door beside the path."""
    return event.path[: event.path.index(door)] if door in event.path else ()
