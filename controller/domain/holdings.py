"""What lets people in beside plans and leases: bookings, public events and their tickets, guests, visiting passes.

Values only. When each of them opens which door is decided in `grants` and its neighbours; who may make one, elsewhere.
"""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from controller.domain.ids import AreaId, BookingId, DoorId, EventId, PartnerId, PersonId, PlanId, SeriesId, TicketId


class BookingState(StrEnum):
    """Only a booked one opens doors; one that waits for approval holds its time all the same. The others are history."""

    REQUESTED = "requested"  # the room asks for approval, and nobody has answered
    BOOKED = "booked"
    RELEASED = "released"  # nobody came: truncated at `end`, and the room is somebody else's
    CANCELLED = "cancelled"
    DECLINED = "declined"


HOLDS_ITS_TIME = frozenset({BookingState.REQUESTED, BookingState.BOOKED})
"""No two bookings of one room in these states overlap: the store itself refuses the second."""


@dataclass(frozen=True, slots=True)
class Booking:
    """One room for a half-open time, for its owner and the participants. Moments are aware UTC."""

    id: BookingId
    area: AreaId
    start: datetime  # inclusive
    end: datetime  # exclusive
    owner: PersonId
    participants: frozenset[PersonId] = frozenset()
    state: BookingState = BookingState.BOOKED
    holiday_confirmed: bool = False  # good on a holiday too
    # The end plus buffer of the booking before it in this room; None where there is none, or that one was released.
    not_before: datetime | None = None
    title: str = ""  # for people of the house; public pages and `live/` never show it
    made_at: datetime | None = None  # when it was booked; None: before anybody wrote that down
    checked_in_at: datetime | None = None  # somebody of it has come, or said so
    series: SeriesId | None = None
    series_day: date | None = None  # the local date of the series it stands for, wherever it was moved since
    is_live: bool = False  # the booth goes on air by itself when it begins
    booked_end: datetime | None = None  # the end as it was booked, where it was released or ended before
    held_until: datetime | None = (
        None  # the end and the room's buffer after it, which nobody else may book; None: the end
    )
    origin: str = ""  # of one that came from an outside calendar: which, and its uid there


class EventEntry(StrEnum):
    """How people come to a public event."""

    OPEN = "open"  # the path's doors are unlocked while it runs
    TICKET = "ticket"  # each visitor scans a ticket


@dataclass(frozen=True, slots=True)
class PublicEvent:
    """An evening open to outsiders: its `path` of doors, from the street to the room, opens once the host has entered."""

    id: EventId
    name: str
    host: PersonId
    area: AreaId  # where it takes place
    path: tuple[DoorId, ...]  # every door on the way, the first the street's
    start: datetime  # aware UTC, inclusive: doors never open to visitors before
    end: datetime  # exclusive: it ends itself
    capacity: int
    entry: EventEntry = EventEntry.TICKET
    host_entered_at: datetime | None = None
    ended_at: datetime | None = None  # ended early, by hand
    is_public: bool = False  # its name, time, place and free seats are on the page that anybody may see


@dataclass(frozen=True, slots=True)
class Ticket:
    """A single entry to one event, and again after each exit; the token itself is known by its digest alone."""

    id: TicketId
    event: EventId
    name: str = ""  # of whoever it was made out to
    person: PersonId | None = None  # where the holder is somebody of this house
    is_void: bool = False


@dataclass(frozen=True, slots=True)
class HeldTicket:
    """A ticket with all that its answer depends on: its event, who is in, and whether its holder is."""

    ticket: Ticket
    event: PublicEvent
    heads: int = 0  # visitors of the event inside, this one included
    is_inside: bool = False
    behind: frozenset[DoorId] = frozenset()  # doors of the path its holder went in by and has not come out of since


@dataclass(frozen=True, slots=True)
class GuestPass:
    """A guest invited by a member for a window; the guest goes where the host's plan goes, and uses the host's guest days."""

    id: str
    guest: PersonId
    host: PersonId
    start: datetime  # aware UTC, inclusive
    end: datetime  # exclusive
    is_revoked: bool = False


@dataclass(frozen=True, slots=True)
class VisitingPass:
    """A pass that a partner space signed for one of its members, verified here, and mapped to a plan of ours."""

    id: str
    partner: PartnerId
    person: PersonId  # as known here: "<partner>/<subject>"
    plan: PlanId
    start: datetime  # aware UTC, inclusive
    end: datetime  # exclusive
    days: int | None = None  # free days from its start on, as the pass says; None: what the partner agreed on alone
    is_revoked: bool = False
