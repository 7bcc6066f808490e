"""What people ask of public events by command: announce one, list them, end one early, make its tickets, take one back.

How an event runs is in `public_events`. A ticket's token is random, shown once and kept as a digest alone.
"""

import csv
import io
import re
import secrets
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from controller.domain.building import Space
from controller.domain.door_mode import is_running
from controller.domain.event_rights import HOST_BEFORE
from controller.domain.holdings import EventEntry, PublicEvent, Ticket
from controller.domain.ids import OUTSIDE, AreaId, DoorId, EventId, PersonId, TicketId
from controller.domain.membership import Person
from controller.errors import InputError
from controller.services.desk.house_desk import person_of
from controller.services.screens.wording import moment
from controller.services.stores import EventStore, NewTicket

TOKEN_BYTES = 15  # 24 characters: short for a QR, and nobody guesses one
TICKETS_AT_MOST = 5_000
LONGEST = timedelta(hours=24)
_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
_NAME_LIMIT = 80


@dataclass(frozen=True, slots=True)
class Made:
    """A new ticket, and the one time its token is told."""

    ticket: Ticket
    email: str
    token: str = field(repr=False)


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
    ) -> None:
        self._store = store
        self._space = space
        self._people = people
        self._events = events
        self._tickets = tickets
        self._now = now

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
    ) -> str:
        """Announce an event; one of the same id that has not begun is changed."""
        if not _ID.fullmatch(id):
            raise InputError(f"ID: {id!r} — lower-case letters, digits and '-', at most 40, like talk-2026-11-23")
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
        )
        await self._store.put_event(event)
        host_from = self._when(event.start - HOST_BEFORE)
        return (
            f"{name}, {self._when(start)} to {self._when(end)}, for {capacity}: begins when "
            f"{self._people[event.host].name} has come in, from {host_from} on."
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

    async def add_tickets(
        self,
        id: str,
        rows: Iterable[tuple[str, str]],
        digest: Callable[[str], bytes],
        list_digest: Callable[[str], bytes] | None = None,
    ) -> list[Made]:
        """A ticket for each name and e-mail; all or none. `list_digest`: for doors that decide alone."""
        event = self._event(id)
        if self._now >= event.end:
            raise InputError(f"event {id!r} is over: it takes no more tickets")
        made = [
            Made(
                Ticket(TicketId(f"{id}-{secrets.token_hex(4)}"), event.id, name),
                email,
                secrets.token_urlsafe(TOKEN_BYTES),
            )
            for name, email in rows
        ]
        await self._store.add_tickets(
            [
                NewTicket(one.ticket, digest(one.token), list_digest(one.token) if list_digest is not None else None)
                for one in made
            ]
        )
        return made

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
        by = "open to all" if event.entry is EventEntry.OPEN else f"{tickets} ticket{'s' if tickets != 1 else ''}"
        return (
            f"{event.id}  {event.name}, {self._when(event.start)} to {self._when(event.end)}, for {event.capacity}, {by}, "
            f"host {self._host(event)}: {self._state(event)}"
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


def tickets_of(text: str, said: str) -> list[tuple[str, str]]:
    """The rows of a CSV of names and e-mails; InputError names the row. A first row `name,email` is a heading."""
    rows: list[tuple[str, str]] = []
    for number, cells in enumerate(csv.reader(io.StringIO(text)), 1):
        row = [cell.strip() for cell in cells]
        if not any(row) or (number == 1 and row[0].casefold() == "name"):
            continue
        if len(row) > 2:
            raise InputError(f"{said}:{number}: {len(row)} columns — name, or name,email")
        name, email = row[0], row[1] if len(row) == 2 else ""
        if not name or len(name) > _NAME_LIMIT:
            raise InputError(f"{said}:{number}: name {name[:20]!r} — 1 to {_NAME_LIMIT} characters")
        if email and "@" not in email:
            raise InputError(f"{said}:{number}: e-mail {email!r} has no @ — name,email")
        rows.append((name, email))
    if not rows:
        raise InputError(f"{said}: has no names — one in each row, and an e-mail after a comma")
    if len(rows) > TICKETS_AT_MOST:
        raise InputError(f"{said}: {len(rows)} tickets — at most {TICKETS_AT_MOST} at once")
    return rows


def as_csv(made: Iterable[Made]) -> str:
    """The tokens, for whoever sends the tickets out: told once."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["name", "email", "ticket", "token"])
    writer.writerows([one.ticket.name, one.email, one.ticket.id, one.token] for one in made)
    return out.getvalue()
