"""Public events and their tickets as the API reads and tells them."""

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from controller.domain.holdings import EventEntry
from controller.domain.rooms.occupancy import Quality
from controller.domain.ticket_scan import ScanAnswer
from controller.web.api.models import Id, Instant, Model, Moment, Page, Paged, Query, Said, Words

SLUG = r"^[a-z0-9][a-z0-9-]{0,39}$"
NONCE = r"^[A-Za-z0-9_-]{16,64}$"
EventSlug = Annotated[str, StringConstraints(pattern=SLUG)]


class Stage(StrEnum):
    WAITS = "waits_for_its_host"
    HOST_IN = "host_is_in"
    RUNNING = "running"
    OVER = "over"


# --- asked ------------------------------------------------------------------------------------------------------------


class EventEdit(Model):
    """All of it: what is left away has the value named here."""

    name: Annotated[Words, StringConstraints(min_length=1, max_length=80)]
    host: Id | None = Field(None, description="Who comes first; the token's own person, without it.")
    doors: list[Id] = Field(min_length=1, max_length=20, description="Each door on the way, the street's first.")
    start: Moment
    end: Moment
    capacity: int = Field(ge=1, le=100_000)
    entry: EventEntry = EventEntry.TICKET
    is_public: bool = Field(False, description="Its name, time, place and free seats are on the public page.")
    over_bookings: bool = Field(False, description="Announce it although its room is booked: what is booked stands.")


class EventWish(EventEdit):
    id: EventSlug


class TicketWish(Model):
    name: Annotated[Words, StringConstraints(min_length=1, max_length=80)]
    email: Annotated[str, StringConstraints(max_length=254)] = ""
    count: int = Field(1, ge=1, le=50)
    person: Annotated[str, StringConstraints(max_length=120)] = Field(
        "", description="Where it is somebody of this house."
    )


class TicketsWish(Model):
    guests: list[TicketWish] = Field(min_length=1, max_length=500)
    again: bool = Field(False, description="Also for names that have a ticket to it already.")


class CsvQuery(Query):
    again: bool = Field(False, description="Also for names that have a ticket to it already.")


class EventQuery(Paged):
    past: bool = Field(False, description="Those that are over as well.")


class ScanWish(Model):
    """Sent again with the same nonce it has the same answer."""

    token: Annotated[str, StringConstraints(min_length=1, max_length=256)] = Field(description="What the QR code says.")
    nonce: Annotated[str, StringConstraints(pattern=NONCE)] = Field(description="New for each scan, made by the phone.")
    direction: Literal["in", "out"] = "in"
    age_s: float = Field(0.0, ge=0, le=86_400, description="How long ago it was, of a phone that had no connection.")


# --- told -------------------------------------------------------------------------------------------------------------


class HeadcountOut(Said):
    event: str
    heads: int
    quality: Quality
    capacity: int


class EventOut(Said):
    id: str
    name: str
    host: str
    room: str
    doors: list[str]
    start: Instant
    end: Instant
    capacity: int
    entry: EventEntry
    is_public: bool
    state: Stage
    host_entered_at: Instant | None
    ended_at: Instant | None
    tickets: int = Field(description="That are good.")
    heads: int = Field(description="Visitors inside.")
    version: str = Field(description="For If-Match; another one as soon as anything about it has changed.")


class Events(Page[EventOut]):
    pass


class TicketOut(Said):
    id: str
    name: str
    person: str | None
    is_void: bool


class Tickets(Page[TicketOut]):
    pass


class NewTicketOut(Said):
    id: str
    name: str
    email: str
    token: str = Field(description="What its QR code says; told this once.")


class NewTickets(Said):
    items: list[NewTicketOut]
    said: list[str] = Field(description="What whoever sends them out should know.")


class ScanOut(Said):
    answer: ScanAnswer
    good: bool
    event: str
    heads: int
    capacity: int
    at: Instant
    ticket: str | None
    name: str
    since: Instant | None = Field(description="Of already_inside: since when.")
    other_event: str = Field(description="Of wrong_event: which one this ticket is for.")
    conflict: bool = Field(description="Told of late: its holder came in although the ticket would not admit.")
    is_late: bool
