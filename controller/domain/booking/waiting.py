"""The waiting list: who is offered a time that has become free, for how long, and what becomes of it.

Everything that changes a place in the line is in TRANSITIONS. An offer keeps nobody else out: a time is taken by
whoever books it first, and who was too slow for that waits on.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from enum import StrEnum

from controller.domain.booking.clock_words import minute_of, moment
from controller.domain.booking.conflicts import held_until, standing_in
from controller.domain.booking.open_times import Span
from controller.domain.booking.rules import judge
from controller.domain.booking.values import Waiting, WaitingState
from controller.domain.booking.wishes import Circumstances, Refused, RefuseReason, Wish
from controller.domain.holdings import Booking
from controller.domain.ids import BookingId, WaitingId
from controller.domain.schedule import local_date

OFFER = timedelta(minutes=10)
"""So long an offer is good, but never beyond the time itself."""

SHORTEST = timedelta(minutes=5)
"""Less of a time than this is not worth an offer."""


class Input(StrEnum):
    """What can happen to somebody who waits."""

    OFFER = "offer"  # the time is free, and nobody asked earlier
    TAKE = "take"
    LOST = "lost"  # somebody else was quicker
    LAPSE = "lapse"  # the offer has run out
    WITHDRAW = "withdraw"
    END = "end"  # the time has come and gone


TRANSITIONS: dict[tuple[WaitingState, Input], WaitingState] = {
    (WaitingState.WAITING, Input.OFFER): WaitingState.OFFERED,
    (WaitingState.WAITING, Input.WITHDRAW): WaitingState.WITHDRAWN,
    (WaitingState.WAITING, Input.END): WaitingState.OVER,
    (WaitingState.OFFERED, Input.TAKE): WaitingState.WON,
    (WaitingState.OFFERED, Input.LOST): WaitingState.WAITING,
    (WaitingState.OFFERED, Input.LAPSE): WaitingState.LAPSED,
    (WaitingState.OFFERED, Input.WITHDRAW): WaitingState.WITHDRAWN,
    (WaitingState.OFFERED, Input.END): WaitingState.OVER,
}

IGNORED: dict[tuple[WaitingState, Input], str] = {
    (WaitingState.WAITING, Input.TAKE): "it is offered to the first to ask; a free time is booked like any other",
    (WaitingState.WAITING, Input.LOST): "there was nothing to lose yet",
    (WaitingState.WAITING, Input.LAPSE): "there is no offer to run out",
    (WaitingState.OFFERED, Input.OFFER): "it is offered already, and its ten minutes do not begin again",
    **{
        (state, event): "the place in the line is given up: who still wants the time asks again"
        for state in (WaitingState.WON, WaitingState.LAPSED, WaitingState.WITHDRAWN, WaitingState.OVER)
        for event in Input
    },
}
"""Every other pair, and why nothing comes of it."""

_TAKEN = frozenset({RefuseReason.OVERLAP, RefuseReason.BUFFER})


def step(state: WaitingState, event: Input) -> WaitingState:
    """What comes next; an unlisted pair changes nothing."""
    return TRANSITIONS.get((state, event), state)


def judge_waiting(wish: Wish, known: Circumstances, id: WaitingId) -> Waiting | Refused:
    """A place in the line for a time that is taken; everything else about it must be right already."""
    answer = judge(wish, known, BookingId(id))
    if isinstance(answer, Booking):
        zone = known.space.zone
        day = local_date(wish.start, zone)
        name = known.space.areas[wish.area].name
        wished = f"{moment(wish.start, zone, day)} to {moment(wish.end, zone, day)}"
        return Refused(RefuseReason.NOT_WAITING, f"{name} is free on {day.isoformat()}, {wished}", "book it")
    if answer.reason not in _TAKEN:
        return answer
    return Waiting(id, wish.area, wish.start, wish.end, wish.owner, known.now, wish.participants, wish.title)


def after(waiting: Waiting, event: Input, at: datetime, booking: BookingId | None = None) -> Waiting:
    """Somebody's place in the line after something has happened."""
    state = step(waiting.state, event)
    if state is waiting.state:
        return waiting
    until = min(at + OFFER, waiting.end) if state is WaitingState.OFFERED else None
    return replace(waiting, state=state, offered_until=until, booking=booking if state is WaitingState.WON else None)


def due(waiting: Waiting, at: datetime) -> Input | None:
    """What time alone has brought."""
    if waiting.state not in (WaitingState.WAITING, WaitingState.OFFERED):
        return None
    if at >= waiting.end:
        return Input.END
    lapses = (waiting.offered_until or waiting.end) if waiting.state is WaitingState.OFFERED else waiting.end
    return Input.LAPSE if at >= lapses else None


def next_in_line(
    line: Iterable[Waiting], bookings: Sequence[Booking], buffer: timedelta, at: datetime
) -> Waiting | None:
    """Who is offered something now: the first to ask whose time is wholly free, cleared up after included.

    Of a time that has begun what is left of it counts. What is offered to somebody is not offered to anybody else.
    """
    asked = sorted(line, key=lambda one: (one.made_at, one.id))
    offered = [one for one in asked if one.state is WaitingState.OFFERED]
    for one in asked:
        if one.state is not WaitingState.WAITING:
            continue
        span = time_left(one, at)
        if span.end - span.start < SHORTEST:
            continue
        if any(other.area == one.area and _touch(span, other.start, other.end + buffer, buffer) for other in offered):
            continue
        standing = standing_in(one.area, bookings)
        if not any(_touch(span, other.start, held_until(other), buffer) for other in standing):
            return one
    return None


def time_left(waiting: Waiting, at: datetime) -> Span:
    """What of the time can still be had."""
    return Span(max(waiting.start, minute_of(at)), waiting.end)


def wish_of(waiting: Waiting, at: datetime) -> Wish:
    """What taking an offer asks of the desk; booked after its start it is checked in, and its doors open at once."""
    start, end = time_left(waiting, at)
    return Wish(waiting.area, start, end, waiting.person, waiting.participants, waiting.title)


def _touch(span: Span, start: datetime, held: datetime, buffer: timedelta) -> bool:
    return span.start < held and start < span.end + buffer
