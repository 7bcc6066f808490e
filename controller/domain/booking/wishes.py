"""What somebody asks of the booking desk, all that is known when it is judged, and what a refusal is.

Values only; they are judged in `rules`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from controller.domain.building import Space
from controller.domain.holdings import Booking, PublicEvent
from controller.domain.house import HouseState
from controller.domain.ids import AreaId, PersonId, SeriesId
from controller.domain.membership import Membership, Person


@dataclass(frozen=True, slots=True)
class Wish:
    """A room for a half-open time. Moments are aware UTC."""

    area: AreaId
    start: datetime  # inclusive
    end: datetime  # exclusive
    owner: PersonId  # whose it is to be, and whose hours it uses
    participants: frozenset[PersonId] = frozenset()
    title: str = ""
    is_live: bool = False
    walk_up: bool = False  # asked in front of the room: whoever asks is there, so it is checked in at once
    holiday_confirmed: bool = False  # of staff: good on a holiday, and outside of the room's hours
    series: SeriesId | None = None
    series_day: date | None = None
    origin: str = ""  # of one that came from an outside calendar


@dataclass(frozen=True, slots=True)
class Edit:
    """What is to be different about a booking; None leaves it as it is."""

    start: datetime | None = None
    end: datetime | None = None
    area: AreaId | None = None
    participants: frozenset[PersonId] | None = None
    title: str | None = None
    is_live: bool | None = None
    holiday_confirmed: bool = False  # as in a wish
    at_panel: bool = False  # asked in front of the room: whoever is there may move the end of what runs


@dataclass(frozen=True, slots=True)
class Circumstances:
    """All that is known when a wish or an edit is judged."""

    space: Space
    house: HouseState
    now: datetime
    by: PersonId | None  # who asks; None: nobody by name, as at a room's panel
    by_staff: bool  # they are staff, or speak for staff as an outside calendar does that staff have connected
    people: Mapping[PersonId, Person] = field(default_factory=dict)  # the owner and the participants, as far as known
    memberships: tuple[Membership, ...] = ()  # the owner's own, their team's and their cohorts'
    has_day_pass: bool = False  # the owner has one left, or has paid with one today
    # What holds its time in the room asked for. As far ahead as "free from" is to be told; bookings of other rooms and
    # the booking that is edited may be among them, and count for nothing.
    others: Sequence[Booking] = ()
    # The owner's own, history too, that begin in the local month of the wish: what "hours per month" counts.
    own: Sequence[Booking] = ()
    events: Sequence[PublicEvent] = ()  # those of the whole house; what is in another room counts for nothing


class RefuseReason(StrEnum):
    """Why something was not booked or changed, in about the order in which the reasons are looked for."""

    UNKNOWN_ROOM = "unknown_room"
    NOT_BOOKABLE = "not_bookable"
    UNKNOWN_PERSON = "unknown_person"
    BANNED = "banned"
    NOT_YOURS = "not_yours"
    OVER_ALREADY = "over_already"
    BEGUN = "begun"  # its start and its room cannot change any more
    NOT_BEGUN = "not_begun"  # it cannot be ended or checked in yet
    NOT_WAITING = "not_waiting"  # for an approval, or for an offer
    NEEDS_STAFF = "needs_staff"
    INVALID = "invalid"  # what is said of it: its title, or that it goes on air where nothing does
    RULE = "rule"  # of a series: it repeats in a way that cannot be, or too often
    LENGTH = "length"  # it ends before it starts, or as it does
    PAST = "past"
    TOO_LONG = "too_long"
    CLOSED = "closed"
    HOLIDAY = "holiday"
    NO_PLAN = "no_plan"
    PLAN_ENDED = "plan_ended"
    PLAN_PAUSED = "plan_paused"
    PLAN_OVERDUE = "plan_overdue"
    PLAN_MAY_NOT = "plan_may_not"
    TOO_FAR_AHEAD = "too_far_ahead"
    HOURS_USED_UP = "hours_used_up"
    OVERLAP = "overlap"
    BUFFER = "buffer"
    EVENT = "event"  # a public one is in the room


@dataclass(frozen=True, slots=True)
class Refused:
    """An answer like any other: why, in words that name the value, and what would be right."""

    reason: RefuseReason
    words: str
    right: str

    @property
    def sentence(self) -> str:
        """Both, as a person reads them."""
        return f"{self.words}; {self.right}"
