"""What anybody may know of coming events: name, time, place, free seats; of those alone that somebody made public.

No host, no visitor, no door is in it. Whoever serves it may serve it to the whole world.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from controller.domain.building import Space
from controller.domain.door_mode import is_running
from controller.domain.holdings import EventEntry, PublicEvent
from controller.domain.ids import EventId
from controller.services.ports import Clock, RegistrySnapshot
from controller.services.visitors.public_events import PublicEvents

AHEAD = timedelta(days=180)
# Anybody may ask, as often as they like: counted once for all who ask within this time.
KEPT_S = 2.0


class Stage(StrEnum):
    COMING = "coming"
    RUNNING = "running"


@dataclass(frozen=True, slots=True)
class Listed:
    """One event as strangers see it. Moments are in the zone of the space."""

    id: EventId
    name: str
    start: datetime
    end: datetime
    place: str
    seats: int
    seats_left: int  # by tickets that nobody has yet; of one open to all, by who is in
    entry: EventEntry
    stage: Stage


class PublicList:
    """What strangers are told, as it was at most KEPT_S ago."""

    def __init__(
        self,
        space: Callable[[], Space],
        people: Callable[[], RegistrySnapshot],
        events: PublicEvents,
        clock: Clock,
    ) -> None:
        self._space = space
        self._people = people
        self._events = events
        self._clock = clock
        self._told: tuple[float, list[Listed]] | None = None

    def coming(self) -> list[Listed]:
        """Those that run or are to come, the next one first."""
        asked = self._clock.monotonic()
        if self._told is None or asked - self._told[0] >= KEPT_S:
            self._told = asked, self._counted()
        return self._told[1]

    def _counted(self) -> list[Listed]:
        now = self._clock.now()
        given = Counter(ticket.event for ticket in self._people().tickets.values() if not ticket.is_void)
        shown = [event for event in self._events.known() if _is_shown(event, now)]
        return [self._listed(event, given[event.id], now) for event in sorted(shown, key=lambda e: (e.start, e.id))]

    def _listed(self, event: PublicEvent, given: int, now: datetime) -> Listed:
        space = self._space()
        area = space.areas.get(event.area)
        taken = given if event.entry is EventEntry.TICKET else self._events.heads(event).people
        return Listed(
            event.id,
            event.name,
            event.start.astimezone(space.zone),
            event.end.astimezone(space.zone),
            area.name if area is not None else "",
            event.capacity,
            max(0, event.capacity - taken),
            event.entry,
            Stage.RUNNING if is_running(event, now) else Stage.COMING,
        )


def _is_shown(event: PublicEvent, now: datetime) -> bool:
    return event.is_public and event.ended_at is None and event.start - AHEAD <= now < event.end
