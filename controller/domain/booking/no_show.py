"""Who came for a booking, and what becomes of one that nobody came for.

A booking that nobody has checked in to is given back ten minutes after its start, but never under people: a room in
which somebody is, or was felt a moment ago, is "in use, not checked in" and looked at again.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from controller.domain.booking.rules import CHECK_IN_BEFORE
from controller.domain.booking.wishes import Circumstances, Refused, RefuseReason
from controller.domain.holdings import Booking, BookingState
from controller.domain.ids import AreaId, PersonId

CHECK_IN_WITHIN = timedelta(minutes=10)
"""So long after its start a booking waits for its people."""

EMPTY_FOR = timedelta(minutes=10)
"""So long nobody must have been felt in a room before it is given back: people who read sit still for some minutes."""

EXEMPT = timedelta(hours=8)
"""Who has a room for the whole day may come at noon."""

MISSES_TO_ASK = 3
"""So many times in a row nobody comes before staff are asked to end a series; and again after as many more."""


class Due(StrEnum):
    """What is to be done about a booking at a moment."""

    NOTHING = "nothing"
    IN_USE = "in_use"  # flagged: nobody has checked in, and somebody is in the room
    RELEASE = "release"  # nobody came
    DECLINE = "decline"  # a request that nobody answered in time: it would hold an empty room


@dataclass(frozen=True, slots=True)
class Presence:
    """What is known of people in a room. A sensor that is silent says nothing, and so does a room without one."""

    occupied: bool | None = None  # as it is felt now; None: nothing tells
    last_felt: datetime | None = None  # when somebody was last felt there


NOBODY = Presence()


def needs_check_in(booking: Booking) -> bool:
    """Whether it is given back when nobody comes."""
    return (
        booking.state is BookingState.BOOKED and booking.checked_in_at is None and booking.end - booking.start < EXEMPT
    )


def due(booking: Booking, at: datetime, presence: Presence = NOBODY) -> Due:
    """What is due now. An occupied room is never released, whoever is in it."""
    if not booking.start + CHECK_IN_WITHIN <= at < booking.end:
        return Due.NOTHING
    if booking.state is BookingState.REQUESTED:
        return Due.DECLINE
    if not needs_check_in(booking):
        return Due.NOTHING
    return Due.IN_USE if _is_in_use(at, presence) else Due.RELEASE


def released(booking: Booking, at: datetime) -> Booking:
    """The booking as history: truncated at this moment, and the room free at once, for there is nothing to clear up."""
    return replace(
        booking, state=BookingState.RELEASED, end=at, held_until=at, booked_end=booking.booked_end or booking.end
    )


def check_in(booking: Booking, known: Circumstances, *, at_panel: bool = False) -> Booking | Refused:
    """The booking with its people there, by a tap on the panel or the page.

    As long as it has not been given back it is not too late: who taps after twenty minutes has been in the room.
    """
    is_theirs = known.by == booking.owner or known.by in booking.participants
    if not (at_panel or known.by_staff or is_theirs):
        return Refused(RefuseReason.NOT_YOURS, "only who takes part checks in", "ask its owner to add you")
    if booking.state is BookingState.REQUESTED:
        return Refused(RefuseReason.NEEDS_STAFF, "it waits for approval", "ask staff")
    if booking.state is not BookingState.BOOKED or known.now >= booking.end:
        what = booking.state if booking.state is not BookingState.BOOKED else "over"
        return Refused(RefuseReason.OVER_ALREADY, f"it is {what}", "book a new one")
    opens = booking.start - CHECK_IN_BEFORE
    if known.now < opens:
        there = opens.astimezone(known.space.zone)
        return Refused(RefuseReason.NOT_BEGUN, "it is too early", f"check in from {there:%Y-%m-%d %H:%M} on")
    return booking if booking.checked_in_at is not None else replace(booking, checked_in_at=known.now)


def comes_for(bookings: Iterable[Booking], person: PersonId, area: AreaId, at: datetime) -> list[Booking]:
    """The bookings that somebody's going into a room checks in to, by start."""
    return sorted(
        (
            one
            for one in bookings
            if one.area == area
            and one.state is BookingState.BOOKED
            and one.checked_in_at is None
            and (person == one.owner or person in one.participants)
            and one.start - CHECK_IN_BEFORE <= at < one.end
        ),
        key=lambda one: one.start,
    )


def misses_in_a_row(series: Iterable[Booking], at: datetime) -> int:
    """How many times in a row, up to now, nobody came to a series; days without a booking are no misses."""
    missed = 0
    for one in sorted(series, key=lambda one: (one.series_day or one.start.date(), one.start)):
        if one.state is BookingState.RELEASED:
            missed += 1
        elif one.state is BookingState.BOOKED and (one.end <= at or one.checked_in_at is not None):
            missed = 0
    return missed


def asks_to_end(series: Iterable[Booking], at: datetime) -> bool:
    """Whether staff are asked to end a series; to be asked when one of it has just been released."""
    missed = misses_in_a_row(series, at)
    return missed > 0 and missed % MISSES_TO_ASK == 0


def _is_in_use(at: datetime, presence: Presence) -> bool:
    if presence.occupied:
        return True
    return presence.last_felt is not None and at - presence.last_felt < EMPTY_FOR
