"""Public events: announced, changed, ended; their tickets made, scanned and taken back; how many are inside."""

import asyncio
import hashlib
import re
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from controller.domain.door_mode import is_running
from controller.domain.event_rights import HOST_BEFORE
from controller.domain.holdings import PublicEvent, Ticket
from controller.domain.ids import EventId, PersonId, TicketId
from controller.domain.ticket_scan import GOOD
from controller.domain.tokens import TokenScope
from controller.errors import InputError
from controller.services.stores import EventStore
from controller.services.visitors.events_desk import EventsDesk
from controller.services.visitors.public_events import PublicEvents
from controller.services.visitors.ticket_desk import Made, TicketDesk
from controller.services.visitors.ticket_file import Guest, one_guest, read_ticket_file
from controller.services.visitors.ticket_scans import TicketScans
from controller.web.api.acting import owner_of
from controller.web.api.house import ApiHouse
from controller.web.api.models import Nothing, Paged
from controller.web.api.models_bookings import NoWords
from controller.web.api.models_events import (
    CsvQuery,
    EventEdit,
    EventOut,
    EventQuery,
    Events,
    EventWish,
    HeadcountOut,
    NewTicketOut,
    NewTickets,
    ScanOut,
    ScanWish,
    Stage,
    TicketOut,
    Tickets,
    TicketsWish,
)
from controller.web.api.paging import page_of
from controller.web.api.problems import ApiProblem, Problem, invalid, not_found
from controller.web.api.routes import PREFIX, Answer, Call, Route, route

READ, WRITE = TokenScope.EVENTS_READ, TokenScope.EVENTS_WRITE
_ONE = "/events/{event}"
# The desk speaks of options, as it is typed at a command; here they are fields.
_OPTION = re.compile(r"(?:--([a-z-]+)|(ID)): ", re.ASCII)
_FLAG = re.compile(r"--([a-z-]+)", re.ASCII)
_FIELDS = {"to": "end", "from": "start", "door": "doors", "host": "host", "ID": "id", "over-bookings": "over_bookings"}


@dataclass(frozen=True, slots=True)
class Evenings:
    """What the API is told of public events."""

    store: EventStore
    known: PublicEvents
    scans: TicketScans
    digest: Callable[[str], bytes] = field(repr=False)
    list_digest: Callable[[str], Awaitable[bytes]] = field(repr=False)  # as doors' own lists know it; slow
    taken_up: Callable[[], Awaitable[None]]  # what was written counts in memory


class EventResource:
    def __init__(self, house: ApiHouse, evenings: Evenings) -> None:
        self._house = house
        self._evenings = evenings

    def routes(self) -> Iterator[Route]:
        yield route(
            "GET", "/events", "listEvents", "Events that are to come or go on, by their start", self.list, READ,
            query=EventQuery, gives=Events,
        )  # fmt: skip
        yield route(
            "POST", "/events", "createEvent", "Announce an event", self.create, WRITE, takes=EventWish, gives=EventOut,
            status=HTTPStatus.CREATED, versioned=True, creates=True, problems=(Problem.ID_TAKEN,),
        )  # fmt: skip
        yield route("GET", _ONE, "getEvent", "One event", self.get, READ, gives=EventOut, versioned=True)
        yield route(
            "PUT", _ONE, "changeEvent", "Say all of it anew, before it has begun", self.change, WRITE,
            takes=EventEdit, gives=EventOut, versioned=True,
        )  # fmt: skip
        yield route(
            "POST", f"{_ONE}/end", "endEvent", "End it before its time", self.end, WRITE,
            takes=NoWords, gives=EventOut, versioned=True,
        )  # fmt: skip
        yield route(
            "GET", f"{_ONE}/headcount", "getHeadcount", "How many are inside", self.count, READ, gives=HeadcountOut
        )
        yield route(
            "GET", f"{_ONE}/tickets", "listTickets", "Its tickets, and who holds them", self.tickets, WRITE,
            query=Paged, gives=Tickets,
        )  # fmt: skip
        yield route(
            "POST", f"{_ONE}/tickets", "createTickets", "Tickets for all of these guests, or for none", self.add, WRITE,
            takes=TicketsWish, gives=NewTickets, status=HTTPStatus.CREATED, creates=True,
        )  # fmt: skip
        yield route(
            "POST", f"{_ONE}/tickets/import", "importTickets", "The same of a CSV: name, email, count, person", self.read,
            WRITE, query=CsvQuery, takes_csv=True, gives=NewTickets, status=HTTPStatus.CREATED, creates=True,
        )  # fmt: skip
        yield route(
            "POST", "/tickets/{ticket}/void", "voidTicket", "It opens nothing more", self.void, WRITE,
            takes=NoWords, gives=TicketOut,
        )  # fmt: skip
        yield route(
            "POST", f"{_ONE}/scans", "scanTicket", "Whether this ticket comes in, or goes out", self.scan,
            TokenScope.TICKETS_SCAN, takes=ScanWish, gives=ScanOut,
        )  # fmt: skip

    # --- events -----------------------------------------------------------------------------------

    async def list(self, call: Call[EventQuery, None]) -> Answer:
        there = [one for one in self._all().values() if call.query.past or self._stage(one) is not Stage.OVER]
        shown, after = page_of(there, lambda one: (one.start.isoformat(), str(one.id)), call.query)
        good = self._good_tickets()
        return Answer(Events(items=[self._out(one, good[one.id]) for one in shown], next=after))

    async def get(self, call: Call[Nothing, None]) -> Answer:
        return self._one(self._event(call))

    async def create(self, call: Call[Nothing, EventWish]) -> Answer:
        id = EventId(call.body.id)
        if id in self._all():
            raise ApiProblem(Problem.ID_TAKEN, f"There is an event {id!r} already: change it, or choose another id.")
        await self._put(id, call.body, call)
        answer = self._one(self._all()[id])
        return Answer(answer.body, HTTPStatus.CREATED, answer.version, f"{PREFIX}/events/{id}")

    async def change(self, call: Call[Nothing, EventEdit]) -> Answer:
        event = self._event(call)
        await self._put(event.id, call.body, call)
        return self._one(self._all()[event.id])

    async def end(self, call: Call[Nothing, NoWords]) -> Answer:
        event = self._event(call)
        await self._desk().end(event.id)
        await self._evenings.taken_up()
        return self._one(self._all()[event.id])

    async def count(self, call: Call[Nothing, None]) -> Answer:
        event = self._event(call)
        count = self._evenings.known.heads(event)
        return Answer(HeadcountOut(event=event.id, heads=count.people, quality=count.quality, capacity=event.capacity))

    async def _put(self, id: EventId, said: EventEdit, call: Call[Any, Any]) -> None:
        host = owner_of(call, said.host, "host")
        try:
            await self._desk().add(
                id,
                said.name,
                host,
                said.doors,
                said.start,
                said.end,
                said.capacity,
                said.entry,
                is_public=said.is_public,
                over_bookings=said.over_bookings,
            )
        except InputError as error:
            option = _OPTION.match(str(error))
            if option is None:
                raise
            words = _FLAG.sub(lambda flag: _FIELDS.get(flag[1], flag[1]), str(error)[option.end() :])
            raise invalid(_FIELDS.get(option[1] or option[2], option[1]), words) from error
        await self._evenings.taken_up()

    # --- tickets ----------------------------------------------------------------------------------

    async def tickets(self, call: Call[Paged, None]) -> Answer:
        event = self._event(call)
        theirs = [one for one in self._house.people().tickets.values() if one.event == event.id]
        shown, after = page_of(theirs, lambda one: (str(one.id),), call.query)
        return Answer(Tickets(items=[_ticket(one) for one in shown], next=after))

    async def add(self, call: Call[Nothing, TicketsWish]) -> Answer:
        guests = [
            one_guest(one.name, one.email, one.count, one.person, f"guests.{number}")
            for number, one in enumerate(call.body.guests)
        ]
        return await self._make(call, guests, "guests", again=call.body.again)

    async def read(self, call: Call[CsvQuery, str]) -> Answer:
        # Beside the loop: a file of four megabytes takes seconds, and somebody may stand before a door.
        guests = await asyncio.to_thread(read_ticket_file, call.body.encode(), "the body")
        return await self._make(call, guests, "the body", again=call.query.again)

    async def _make(self, call: Call[Any, Any], guests: Sequence[Guest], source: str, *, again: bool) -> Answer:
        self._event(call)
        desk = TicketDesk(self._evenings.store, self._house.space(), self._house.people(), self._house.now())
        event = desk.event(call.path["event"])
        made = desk.make(event, guests, source, again=again)
        said = desk.told(event, made)
        # One after the other, beside the loop: a thousand tickets must not stand before a tap.
        digests = {one.token: await self._evenings.list_digest(one.token) for one in made}
        await desk.keep(made, self._evenings.digest, digests.__getitem__)
        await self._evenings.taken_up()
        return Answer(NewTickets(items=[_new(one) for one in made], said=said), HTTPStatus.CREATED)

    async def void(self, call: Call[Nothing, NoWords]) -> Answer:
        id = TicketId(call.path["ticket"])
        if id not in self._house.people().tickets:
            raise not_found("ticket", id)
        await self._desk().void_ticket(id)
        await self._evenings.taken_up()
        return Answer(_ticket(self._house.people().tickets[id]))

    async def scan(self, call: Call[Nothing, ScanWish]) -> Answer:
        event, wish = self._event(call), call.body
        scanned = await self._evenings.scans.scan(
            wish.token, event.id, wish.nonce, direction=wish.direction, age_s=wish.age_s, by=call.by or call.token.name
        )
        return Answer(
            ScanOut(
                answer=scanned.answer,
                good=scanned.answer in GOOD,
                event=scanned.event,
                heads=scanned.heads,
                capacity=scanned.capacity,
                at=scanned.at,
                ticket=scanned.ticket,
                name=scanned.name,
                since=scanned.since,
                other_event=scanned.other_event,
                conflict=scanned.conflict,
                is_late=scanned.is_late,
            )
        )

    # --- what they share --------------------------------------------------------------------------

    def _desk(self) -> EventsDesk:
        people = self._house.people()
        return EventsDesk(
            self._evenings.store,
            self._house.space(),
            people.people,
            self._all(),
            people.tickets,
            self._house.now(),
            people.bookings.values(),
        )

    def _all(self) -> Mapping[EventId, PublicEvent]:
        """As they are in the registry, and what has happened a moment ago laid over it."""
        return {one.id: one for one in self._evenings.known.known()}

    def _event(self, call: Call[Any, Any]) -> PublicEvent:
        id = EventId(call.path["event"])
        event = self._all().get(id)
        if event is None:
            raise not_found("event", id)
        call.check_version(_version(event))
        return event

    def _stage(self, event: PublicEvent) -> Stage:
        now = self._house.now()
        if event.ended_at is not None or now >= event.end:
            return Stage.OVER
        if is_running(event, now):
            return Stage.RUNNING
        is_in = event.host_entered_at is not None and event.host_entered_at >= event.start - HOST_BEFORE
        return Stage.HOST_IN if is_in else Stage.WAITS

    def _one(self, event: PublicEvent) -> Answer:
        return Answer(self._out(event, self._good_tickets()[event.id]), version=_version(event))

    def _good_tickets(self) -> Counter[EventId]:
        return Counter(one.event for one in self._house.people().tickets.values() if not one.is_void)

    def _out(self, event: PublicEvent, tickets: int) -> EventOut:
        return EventOut(
            id=event.id,
            name=event.name,
            host=event.host,
            room=event.area,
            doors=list(event.path),
            start=event.start,
            end=event.end,
            capacity=event.capacity,
            entry=event.entry,
            is_public=event.is_public,
            state=self._stage(event),
            host_entered_at=event.host_entered_at,
            ended_at=event.ended_at,
            tickets=tickets,
            heads=self._evenings.known.heads(event).people,
            version=_version(event),
        )


def _version(event: PublicEvent) -> str:
    return hashlib.sha256(repr(event).encode()).hexdigest()[:16]


def _ticket(ticket: Ticket) -> TicketOut:
    person: PersonId | None = ticket.person
    return TicketOut(id=ticket.id, name=ticket.name, person=person, is_void=ticket.is_void)


def _new(made: Made) -> NewTicketOut:
    return NewTicketOut(id=made.ticket.id, name=made.ticket.name, email=made.email, token=made.token)
