"""Tickets at the desk: made for a file of guests or for one, told once, taken back.

A ticket's token is random, and kept as a digest alone. What a row of a file says is read in `ticket_file`; how a ticket
becomes a picture or a page is none of this.
"""

import base64
import csv
import io
import secrets
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from controller.domain.building import Space
from controller.domain.holdings import EventEntry, PublicEvent, Ticket
from controller.domain.ids import EventId, PersonId, TicketId
from controller.errors import InputError
from controller.services.desk.house_desk import person_of
from controller.services.people.people_cells import escaped, shown
from controller.services.ports import RegistrySnapshot
from controller.services.screens.wording import moment
from controller.services.sheets import Problem
from controller.services.stores import EventStore, NewTicket
from controller.services.visitors.ticket_file import Guest, TicketFileError

TOKEN_BYTES = 15  # 24 characters: short for a QR, and nobody guesses one


@dataclass(frozen=True, slots=True)
class Made:
    """A new ticket, and the one time its token is told."""

    ticket: Ticket
    email: str
    token: str = field(repr=False)


class TicketDesk:
    """One command's view of the tickets. `make` judges and draws tokens; nothing counts before `keep`."""

    def __init__(self, store: EventStore, space: Space, people: RegistrySnapshot, now: datetime) -> None:
        self._store = store
        self._space = space
        self._people = people
        self._now = now

    def event(self, id: str) -> PublicEvent:
        """An event that takes tickets."""
        event = self._people.events.get(EventId(id))
        if event is None:
            known = ", ".join(sorted(self._people.events)) or "none"
            raise InputError(f"no event {id!r} — there is {known}")
        if event.ended_at is not None or self._now >= event.end:
            raise InputError(f"event {id!r} is over: it takes no more tickets")
        return event

    def make(self, event: PublicEvent, guests: Sequence[Guest], source: str, *, again: bool = False) -> list[Made]:
        """Tickets for all of them, or for none. `again`: also for whoever has one already."""
        holders = self._holders(event, guests, source, again=again)
        return [
            Made(
                Ticket(TicketId(f"{event.id}-{secrets.token_hex(4)}"), event.id, guest.name, person),
                guest.email,
                new_token(),
            )
            for guest, person in zip(guests, holders, strict=True)
            for _ in range(guest.count)
        ]

    async def keep(
        self, made: Iterable[Made], digest: Callable[[str], bytes], list_digest: Callable[[str], bytes] | None = None
    ) -> None:
        """From now on they open their event; all or none. `list_digest`: for doors that decide alone."""
        await self._store.add_tickets(
            [
                NewTicket(one.ticket, digest(one.token), list_digest(one.token) if list_digest is not None else None)
                for one in made
            ]
        )

    def told(self, event: PublicEvent, made: Sequence[Made]) -> list[str]:
        """What was made, and what whoever sends them out should know."""
        before = sum(1 for one in self._people.tickets.values() if one.event == event.id and not one.is_void)
        count = before + len(made)
        said = [f"{len(made)} ticket{'s' if len(made) != 1 else ''} for {event.name}, {self._when(event.start)}."]
        if event.entry is EventEntry.OPEN:
            said.append(
                "This event is open to all: its doors ask for no ticket, and tickets are checked by hand alone."
            )
        elif count > event.capacity:
            said.append(
                f"There are {count} tickets now for {event.capacity} places: whoever comes when it is full is turned away."
            )
        return said

    def _holders(
        self, event: PublicEvent, guests: Sequence[Guest], source: str, *, again: bool
    ) -> list[PersonId | None]:
        """Who of this house each row is about; TicketFileError with every row that cannot be."""
        theirs = [one for one in self._people.tickets.values() if one.event == event.id and not one.is_void]
        named = Counter(one.name.casefold() for one in theirs if one.person is None)
        held = {one.person for one in theirs}
        problems: list[Problem] = []
        found: list[PersonId | None] = []
        lines: dict[PersonId, int] = {}
        for guest in guests:
            person = None
            try:
                person = person_of(guest.person, self._people.people, "person").id if guest.person else None
            except InputError as error:
                remedy = f"{str(error).removeprefix('person: ')}; empty for somebody from outside"
                problems.append(Problem(guest.line, "person", shown("person", guest.person), remedy))
            if person is not None and guest.count > 1:
                remedy = "somebody of this house needs one ticket: their own badge opens the way, too"
                problems.append(Problem(guest.line, "count", str(guest.count), remedy))
            if person is not None and lines.setdefault(person, guest.line) != guest.line:
                remedy = f"is in line {lines[person]} already, and needs one ticket"
                problems.append(Problem(guest.line, "person", shown("person", guest.person), remedy))
            if person is not None and person in held:
                remedy = f"has a ticket for {event.id} already, and needs no other"
                problems.append(Problem(guest.line, "person", shown("person", guest.person), remedy))
            elif person is None and not again and named[guest.name.casefold()]:
                remedy = (
                    f"has a ticket for {event.id} already; take the row away, or say --again if it is somebody else"
                )
                problems.append(Problem(guest.line, "name", shown("name", guest.name), remedy))
            found.append(person)
        if problems:
            raise TicketFileError(source, problems)
        return found

    def _when(self, at: datetime) -> str:
        return moment(at.isoformat(), self._space.zone, self._now)


def new_token() -> str:
    """Capitals and digits alone: a QR code packs them tightest, people can type them, and no spreadsheet runs them."""
    return base64.b32encode(secrets.token_bytes(TOKEN_BYTES)).decode("ascii")


def as_csv(made: Iterable[Made], pictures: Callable[[Made], str] | None = None) -> str:
    """The tokens, for whoever sends the tickets out: told once. `pictures`: the file with each one's QR code."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["name", "email", "ticket", "token", *(["qr"] if pictures is not None else [])])
    for one in made:
        cells = [escaped(one.ticket.name), escaped(one.email), one.ticket.id, one.token]
        writer.writerow([*cells, *([pictures(one)] if pictures is not None else [])])
    return out.getvalue()
