"""What people ask of public events by command: announce one, list them, end one early, take a ticket back.

How an event runs is in `public_events`, how tickets are made in `ticket_desk`.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from controller.domain.booking.conflicts import held_until, standing_in
from controller.domain.building import Space
from controller.domain.door_mode import is_running
from controller.domain.event_rights import HOST_BEFORE
from controller.domain.holdings import Booking, EventEntry, PublicEvent, Ticket
from controller.domain.ids import OUTSIDE, AreaId, DoorId, EventId, PersonId, TicketId
from controller.domain.membership import Person
from controller.errors import InputError
from controller.services.desk.house_desk import person_of
from controller.services.screens.wording import moment
from controller.services.stores import EventStore

LONGEST = timedelta(hours=24)
NAME_LIMIT = 80
_BOOKINGS_TOLD = 10
# What moves a cursor or turns the writing round: whoever reads a list would read something else than what is there.
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
_JOINERS = frozenset("\u200c\u200d")  # of Persian and of Indian scripts, and of the parts of one picture
_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")


class EventsDesk:
    """One command's view of the events; each answer is a sentence that says what was done."""

    def __init__(
        self,
        store: EventStore,
        space: Space,
        people: Mapping[PersonId, Person],
        events: Mapping[EventId, PublicEvent],
        tickets: Mapping[TicketId, Ticket],
        now: datetime,
        bookings: Iterable[Booking] = (),
    ) -> None:
        self._store = store
        self._space = space
        self._people = people
        self._events = events
        self._tickets = tickets
        self._now = now
        self._bookings = bookings

    async def add(
        self,
        id: str,
        name: str,
        host: str,
        path: Iterable[str],
        start: datetime,
        end: datetime,
        capacity: int,
        entry: EventEntry,
        *,
        is_public: bool = False,
        over_bookings: bool = False,
    ) -> str:
        """Announce an event; one of the same id that has not begun is changed.

        What is booked in its room meanwhile stands, and nobody is told: only who says `over_bookings` announces it then.
        """
        if not _ID.fullmatch(id):
            raise InputError(f"ID: {id!r} — lower-case letters, digits and '-', at most 40, like talk-2026-11-23")
        name = _name(name)
        known = self._events.get(EventId(id))
        if known is not None and known.host_entered_at is not None:
            raise InputError(f"event {id!r} has begun: what is running is only ended, by `natoma event end {id}`")
        if end <= self._now:
            raise InputError(f"--to: {self._when(end)} is over — an event is announced before")
        if end <= start:
            raise InputError(f"--to: {self._when(end)} is not after --from, {self._when(start)} — name a later end")
        if end - start > LONGEST:
            raise InputError(f"--to: {end - start} after it starts — an event lasts 24 hours at most")
        doors = self._path(list(path))
        last = self._space.doors[doors[-1]]
        event = PublicEvent(
            EventId(id),
            name,
            person_of(host, self._people, "--host").id,
            last.inner,
            doors,
            start,
            end,
            capacity,
            entry,
            is_public=is_public,
        )
        meets = self._meets(event)
        if meets and not over_bookings:
            raise InputError(
                f"--over-bookings: {self._area(last.inner)} is booked then: {', '.join(meets)} — another time, move or "
                "cancel them, or say that it is announced all the same: they stand beside it"
            )
        await self._store.put_event(event)
        host_from = self._when(event.start - HOST_BEFORE)
        return (
            f"{name}, {self._when(start)} to {self._when(end)}, for {capacity}: begins when "
            f"{self._people[event.host].name} has come in, from {host_from} on."
            + (" Its name, time, place and free seats are on the public page." if is_public else "")
            + (f" Booked then as well: {', '.join(meets)}; tell them." if meets else "")
        )

    def listed(self) -> list[str]:
        """Every event that is known, by its start."""
        return [self._line(event) for event in sorted(self._events.values(), key=lambda one: (one.start, one.id))]

    async def end(self, id: str) -> str:
        """End one before its time."""
        event = self._event(id)
        if event.ended_at is not None or self._now >= event.end:
            raise InputError(f"event {id!r} is over already, since {self._when(event.ended_at or event.end)}")
        await self._store.end_event(event.id, self._now)
        return f"{event.name} is over: its doors are as their hours say again, and its tickets open nothing."

    async def void_ticket(self, id: str) -> str:
        """A ticket opens nothing more: given back, or its token got into the wrong hands."""
        ticket = self._tickets.get(TicketId(id))
        if ticket is None:
            raise InputError(
                f"no ticket {id!r}: the file that `natoma event tickets` wrote names each in its third column"
            )
        whose = f"ticket {id} of {ticket.name}" if ticket.name else f"ticket {id}"
        if ticket.is_void:
            raise InputError(f"{whose} is void already")
        await self._store.void_ticket(ticket.id)
        return f"{whose} is void: it opens no door any more."

    def _meets(self, event: PublicEvent) -> list[str]:
        """What is booked in its room while it goes on; whose it is and what for is nobody's at the door."""
        there = [
            one
            for one in standing_in(event.area, self._bookings)
            if one.start < event.end and event.start < held_until(one)
        ]
        said = [f"{one.id} {self._when(one.start)} to {self._when(one.end)}" for one in there[:_BOOKINGS_TOLD]]
        return [*said, f"and {len(there) - _BOOKINGS_TOLD} more"] if len(there) > _BOOKINGS_TOLD else said

    def _area(self, id: AreaId) -> str:
        area = self._space.areas.get(id)
        return area.name if area is not None else id

    def _path(self, names: list[str]) -> tuple[DoorId, ...]:
        """The doors on the way, from the street on, each leading on from where one is by then."""
        doors = []
        for name in names:
            door = self._space.doors.get(DoorId(name))
            if door is None:
                known = ", ".join(self._space.doors)
                raise InputError(f"--door: {self._space.name} has no door {name!r} — there is {known}")
            if door.staff_only:
                raise InputError(f"--door: {door.name} is for staff only — visitors take another way")
            doors.append(door)
        if not doors:
            raise InputError("--door: name each door on the way, the street's first")
        if doors[0].outer != OUTSIDE:
            raise InputError(f"--door: {doors[0].name} is not a door to the street — name the way from there on")
        reached = {OUTSIDE}
        for door in doors:
            if door.outer not in reached:
                raise InputError(f"--door: {door.name} is not reached by the doors before it — name the ones between")
            reached |= self._open_from(door.inner)
        return tuple(door.id for door in doors)

    def _open_from(self, area: AreaId) -> set[AreaId]:
        """An area, and all that is reached from it without a door."""
        areas = self._space.areas
        found, looked_at = {area}, [area]
        while looked_at:
            here = looked_at.pop()
            known = areas.get(here)
            beside = {one.id for one in areas.values() if one.within == here}
            if known is not None and known.within is not None:
                beside.add(known.within)
            looked_at += beside - found
            found |= beside
        return found

    def _event(self, id: str) -> PublicEvent:
        event = self._events.get(EventId(id))
        if event is None:
            known = ", ".join(sorted(self._events)) or "none"
            raise InputError(f"no event {id!r} — there is {known}")
        return event

    def _line(self, event: PublicEvent) -> str:
        tickets = sum(1 for ticket in self._tickets.values() if ticket.event == event.id and not ticket.is_void)
        shown = ", on the public page" if event.is_public else ""
        by = "open to all" if event.entry is EventEntry.OPEN else f"{tickets} ticket{'s' if tickets != 1 else ''}"
        return (
            f"{event.id}  {event.name}, {self._when(event.start)} to {self._when(event.end)}, for {event.capacity}, {by}, "
            f"host {self._host(event)}{shown}: {self._state(event)}"
        )

    def _host(self, event: PublicEvent) -> str:
        known = self._people.get(event.host)
        return known.name if known is not None else event.host

    def _state(self, event: PublicEvent) -> str:
        if event.ended_at is not None or self._now >= event.end:
            return "over"
        if is_running(event, self._now):
            return "running"
        return "the host is in" if event.host_entered_at is not None else "waits for its host"

    def _when(self, at: datetime) -> str:
        return moment(at.isoformat(), self._space.zone, self._now)


def _name(name: str) -> str:
    """As visitors read it, on a page that anybody may see and in one line of a list."""
    name = name.strip()
    if not 0 < len(name) <= NAME_LIMIT:
        raise InputError(f"--name: {len(name)} characters — 1 to {NAME_LIMIT}, as visitors know it")
    if any(unicodedata.category(letter) in _UNSEEN and letter not in _JOINERS for letter in name):
        raise InputError("--name: has a line break or another unseen character in it — take that away")
    return name
