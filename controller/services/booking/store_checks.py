"""What every store of bookings answers alike, whatever database it keeps them in; who may book what, the desk judges."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from controller.domain.booking.values import Series, Waiting
from controller.domain.holdings import HOLDS_ITS_TIME, Booking, BookingState
from controller.errors import InputError
from controller.services.booking.stores import Overlap
from controller.services.people import registry_checks as checks


def check_booking(one: Booking) -> None:
    """Of history nothing may be left; what holds its time has some."""
    if one.state in HOLDS_ITS_TIME or one.end != one.start:
        checks.check_booking(one)
    if one.held_until is not None and one.held_until < one.end:
        raise InputError(
            f"booking {one.id!r} holds its room until {one.held_until.isoformat()}, before it ends, "
            f"{one.end.isoformat()}: the buffer comes after the end"
        )


def check_bookings(many: Sequence[Booking]) -> None:
    ids = [one.id for one in many]
    if len(set(ids)) < len(ids):
        twice = next(id for id in ids if ids.count(id) > 1)
        raise InputError(f"booking {twice!r} is given twice: each booking once")
    for one in many:
        check_booking(one)


def check_changed(before: Booking, after: Booking) -> None:
    if after.id != before.id:
        raise InputError(f"booking {before.id!r} cannot become booking {after.id!r}: an id stays")
    check_booking(after)


def check_series(one: Series) -> None:
    if not one.zone:
        raise InputError(f"series {one.id!r} has no zone: its hours are local ones, of Europe/Paris for one")


def check_waiting(one: Waiting) -> None:
    if one.end <= one.start:
        raise InputError(
            f"somebody waits for room {one.area!r} from {one.start.isoformat()} to {one.end.isoformat()}: "
            "the end comes later"
        )


def as_kept(one: Booking) -> Booking:
    """As it comes back: which booking is before it follows from the others, and a buffer of nothing is none."""
    return replace(one, not_before=None, held_until=None if one.held_until == one.end else one.held_until)


def waiting_as_kept(one: Waiting) -> Waiting:
    """As it comes back: to the millisecond. An offer that is told is known again by its end."""
    until = one.offered_until
    return replace(
        one,
        start=_millisecond_of(one.start),
        end=_millisecond_of(one.end),
        made_at=_millisecond_of(one.made_at),
        offered_until=_millisecond_of(until) if until is not None else None,
    )


def overlap(wanted: Booking, there: Booking) -> Overlap:
    """In UTC: a store knows no zone. Whoever knows the house says it better, from the two bookings in the error."""
    until = there.held_until or there.end
    buffer = f" and held until {until.isoformat()}" if until > there.end else ""
    taken = f"room {there.area!r} is taken from {there.start.isoformat()} to {there.end.isoformat()}{buffer}"
    return Overlap(f"{taken}: choose another time or another room", wanted, there)


def holds(one: Booking, start: datetime, end: datetime) -> bool:
    """Whether it has its room for some of [start, end), its buffer included."""
    return one.state in HOLDS_ITS_TIME and one.start < end and start < (one.held_until or one.end)


def met(wanted: Booking, others: Iterable[Booking]) -> Booking | None:
    """The first of the others that has the room for some of the time wanted, both with their buffers."""
    if wanted.state not in HOLDS_ITS_TIME:
        return None
    until = wanted.held_until or wanted.end
    there = [
        one for one in others if one.area == wanted.area and one.id != wanted.id and holds(one, wanted.start, until)
    ]
    return min(there, key=lambda one: (one.start, one.id), default=None)


def ended(one: Booking, state: BookingState, at: datetime | None = None) -> Booking:
    """What is left of it: released, it is truncated at `at`, and to nothing where it had not begun."""
    if one.state is state:
        return one
    if one.state not in HOLDS_ITS_TIME:
        raise InputError(f"booking {one.id!r} is {one.state} already: nothing of it is left to end")
    if at is None:
        return replace(one, state=state)
    end = max(one.start, min(one.end, at))
    return replace(one, state=state, end=end, booked_end=one.booked_end or one.end, held_until=None)


def _millisecond_of(at: datetime) -> datetime:
    return at.astimezone(UTC).replace(microsecond=at.microsecond // 1000 * 1000)
