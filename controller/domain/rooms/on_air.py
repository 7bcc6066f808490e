"""Who may put a booth on air and until when, and what ends it: rules about its booking, nothing about its light."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from controller.domain.holdings import Booking, BookingState
from controller.domain.ids import AreaId, BookingId, PersonId
from controller.domain.membership import Person, PersonKind
from controller.domain.rooms.occupancy import Sensed


class How(StrEnum):
    """By what somebody asks."""

    BUTTON = "button"  # in the booth; it knows nobody
    PANEL = "panel"
    PAGE = "page"
    COMMAND = "command"
    SCHEDULE = "schedule"  # nobody: the booking says that it is live


class NotNow(StrEnum):
    """Why it is not put on air, or not taken off."""

    NOT_BOOKED = "not_booked"
    TOO_EARLY = "too_early"
    NOT_YOURS = "not_yours"
    NOT_ON_AIR = "not_on_air"


class Ended(StrEnum):
    """What took it off air."""

    STOPPED = "stopped"
    OVER = "over"  # the booking
    EMPTY = "empty"  # the booth, for EMPTY_FOR
    GONE = "gone"  # the booking was cancelled, released, or moved


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why not, and what would be right: `words` and `right` are for whoever asked."""

    reason: NotNow
    words: str
    right: str


EMPTY_FOR = timedelta(minutes=5)
"""So long nobody is in the booth, and nobody records in it."""

_NOBODY_KNOWN = frozenset({How.BUTTON, How.SCHEDULE})


@dataclass(frozen=True, slots=True)
class Hold:
    """Who may enter while it is on air, beside staff."""

    area: AreaId
    people: frozenset[PersonId]
    until: datetime


def may_start(
    name: str, bookings: Iterable[Booking], by: Person | None, how: How, at: datetime, zone: ZoneInfo
) -> Booking | Refusal:
    """The booking by which this booth, `name`, goes on air now, asked for by somebody or by its own button."""
    standing = [one for one in bookings if one.state is BookingState.BOOKED and one.end > at]
    now = next((one for one in standing if one.start <= at), None)
    if now is None:
        coming = min((one.start for one in standing), default=None)
        if coming is None or coming.astimezone(zone).date() != at.astimezone(zone).date():
            return Refusal(NotNow.NOT_BOOKED, f"{name} is not booked now", "book it first")
        begins = f"{coming.astimezone(zone):%H:%M}"
        return Refusal(NotNow.TOO_EARLY, f"the booking of {name} begins at {begins}", f"ask again from {begins} on")
    if how in _NOBODY_KNOWN or (by is not None and by.id in people_of(now)):
        return now
    return Refusal(NotNow.NOT_YOURS, f"{name} is booked by somebody else now", "ask whoever has booked it")


def may_stop(name: str, booking: Booking | None, by: Person | None, how: How) -> Refusal | None:
    """None: they may. Whoever is in the booth has its button; elsewhere its people have, and staff."""
    if how in _NOBODY_KNOWN or (by is not None and by.kind is PersonKind.STAFF):
        return None
    if booking is not None and by is not None and by.id in people_of(booking):
        return None
    return Refusal(NotNow.NOT_YOURS, f"{name} is on air for somebody else", "ask them, or staff")


def people_of(booking: Booking) -> frozenset[PersonId]:
    """Its holder and the participants."""
    return booking.participants | {booking.owner}


def goes_live(bookings: Iterable[Booking], at: datetime, begun: Collection[BookingId]) -> Booking | None:
    """The booking that goes on air by itself now: it says that it is live, and has not been on air before."""
    for one in bookings:
        if one.is_live and one.state is BookingState.BOOKED and one.start <= at < one.end and one.id not in begun:
            return one
    return None


def ends(booking: Booking | None, area: AreaId, at: datetime) -> Ended | None:
    """What its booking says to a booth that is on air; None: go on, until the booking's end."""
    if booking is None or booking.state is not BookingState.BOOKED or booking.area != area or at < booking.start:
        return Ended.GONE
    return Ended.OVER if at >= booking.end else None


def is_deserted(sensed: Sensed, asked_at: datetime, at: datetime) -> bool:
    """Whether nobody has been in there for long enough; where nobody can say, somebody may be."""
    if sensed.occupied is not False or sensed.since is None:
        return False
    seen = [moment for moment in (sensed.since, asked_at, sensed.last_motion_at) if moment is not None]
    return at - max(seen) >= EMPTY_FOR
