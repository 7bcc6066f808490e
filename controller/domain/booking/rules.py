"""What may be booked, and how a booking may be changed: the rules of the house, the room and the plan.

Staff book for anybody whom the house knows, at any time they confirm, and are held to no maximum; nobody is let into a
room that is taken. How a wish repeats is in `recurrence`, who came in `no_show`, what a booking opens in `booking_rights`.
"""

from dataclasses import replace
from datetime import datetime, timedelta

from controller.domain.booking.clock_words import by_the_wall, length, minute_of, moment
from controller.domain.booking.conflicts import buffer_of, conflict_refusal, standing_in
from controller.domain.booking.maximums import plan_refusal
from controller.domain.booking.open_times import closed_refusal, hours_of
from controller.domain.booking.said import said_anew_refusal, said_refusal
from controller.domain.booking.wishes import Circumstances, Edit, Refused, RefuseReason, Wish
from controller.domain.building import Area, Room, RoomKind
from controller.domain.holdings import HOLDS_ITS_TIME, Booking, BookingState
from controller.domain.ids import AreaId, BookingId, PersonId
from controller.domain.schedule import local_date

__all__ = [
    "CHECK_IN_BEFORE",
    "NEEDS_NO_CHECK_IN",
    "Circumstances",
    "Edit",
    "RefuseReason",
    "Refused",
    "Wish",
    "approve",
    "cancel",
    "counts_as_checked_in",
    "decline",
    "end_early",
    "judge",
    "judge_edit",
]

CHECK_IN_BEFORE = timedelta(minutes=10)
"""From so long before its start on, whoever comes has come for this booking."""

NEEDS_NO_CHECK_IN = timedelta(minutes=15)
"""A booking so short is over before anybody could do much with the rest of it."""

SHORTEST = timedelta(minutes=1)
"""Less is no time to book: within a millisecond a store would keep nothing of it."""

_PLAIN = Room(RoomKind.OTHER)


def judge(wish: Wish, known: Circumstances, id: BookingId) -> Booking | Refused:
    """The booking that a wish becomes, or the first reason why not."""
    area = _bookable(wish.area, known)
    if isinstance(area, Refused):
        return area
    confirmed = wish.holiday_confirmed and known.by_staff
    if not known.by_staff and known.by != wish.owner:
        return Refused(
            RefuseReason.NOT_YOURS,
            f"only staff book for others, and this is for {_name(wish.owner, known)}",
            "book for yourself, and name the others as participants",
        )
    refused = (
        _people_refusal(wish.owner, wish.participants, known)
        or _time_refusal(wish.start, wish.end, known)
        or _start_refusal(wish.start, known)
        or said_refusal(wish, area, known.space)
        or (_not_there_refusal(wish.start, known) if wish.walk_up else None)
        or _limits_refusal(area, wish.owner, wish.start, wish.end, confirmed, known)
        or conflict_refusal(area, wish.start, wish.end, standing_in(area.id, known.others), known.space, known.events)
    )
    if refused is not None:
        return refused
    is_there = wish.walk_up or counts_as_checked_in(wish.start, wish.end, known.now)
    return Booking(
        id,
        area.id,
        wish.start,
        wish.end,
        wish.owner,
        participants=wish.participants - {wish.owner},
        state=_state(area, known),
        holiday_confirmed=_is_confirmed(area, confirmed, known),
        title=wish.title,
        made_at=known.now,
        checked_in_at=known.now if is_there else None,
        series=wish.series,
        series_day=wish.series_day,
        is_live=wish.is_live,
        held_until=wish.end + buffer_of(area),
        origin=wish.origin,
    )


def judge_edit(booking: Booking, edit: Edit, known: Circumstances) -> Booking | Refused:
    """The booking as it is after an edit, or the first reason why not; the same rules, against the other bookings.

    What the edit leaves alone is not judged again: a new title never fails for a plan that has ended since.
    """
    refused = _over_refusal(booking, known) or _editor_refusal(booking, edit, known)
    if refused is not None:
        return refused
    participants = booking.participants if edit.participants is None else edit.participants - {booking.owner}
    refused = _people_refusal(booking.owner, participants - booking.participants, known)
    refused = refused or said_anew_refusal(booking, edit, known.space)
    if refused is not None:
        return refused
    after = replace(
        booking,
        participants=participants,
        title=booking.title if edit.title is None else edit.title,
        is_live=booking.is_live if edit.is_live is None else edit.is_live,
    )
    place, start, end = edit.area or booking.area, edit.start or booking.start, edit.end or booking.end
    if (place, start, end) != (booking.area, booking.start, booking.end):
        area = _bookable(place, known)
        return area if isinstance(area, Refused) else _moved(after, area, start, end, edit, known)
    if edit.holiday_confirmed and known.by_staff:
        return replace(after, holiday_confirmed=True)
    return after


def cancel(booking: Booking, known: Circumstances) -> Booking | Refused:
    """The booking given back: before it begins as if it had not been, after that ended at this moment."""
    refused = _over_refusal(booking, known) or _owner_refusal(booking, known)
    if refused is not None:
        return refused
    if booking.state is BookingState.BOOKED and booking.start < known.now:
        return _ended(booking, known)
    return replace(booking, state=BookingState.CANCELLED)


def end_early(booking: Booking, known: Circumstances, *, at_panel: bool = False) -> Booking | Refused:
    """The booking ended at this moment: truncated, and the room free again once it is cleared up."""
    refused = _over_refusal(booking, known)
    is_there = at_panel or _takes_part(booking, known)
    if refused is None and not is_there:
        refused = _owner_refusal(booking, known)
    if refused is not None:
        return refused
    if booking.state is BookingState.REQUESTED or booking.start >= known.now:
        return Refused(RefuseReason.NOT_BEGUN, f"it has not begun: {_when(booking, known)}", "cancel it instead")
    # Who ends it has been there, and need not have said so before.
    came = booking.checked_in_at or (known.now if is_there else None)
    return replace(_ended(booking, known), checked_in_at=came)


def approve(booking: Booking, known: Circumstances) -> Booking | Refused:
    """A request that staff have said yes to. Its check-in is counted as if it had been booked at this moment."""
    refused = _answer_refusal(booking, known)
    if refused is not None:
        return refused
    is_there = counts_as_checked_in(booking.start, booking.end, known.now)
    checked_in = booking.checked_in_at or (known.now if is_there else None)
    return replace(booking, state=BookingState.BOOKED, checked_in_at=checked_in)


def decline(booking: Booking, known: Circumstances) -> Booking | Refused:
    """A request that staff have said no to."""
    refused = _answer_refusal(booking, known)
    return refused if refused is not None else replace(booking, state=BookingState.DECLINED)


def counts_as_checked_in(start: datetime, end: datetime, booked_at: datetime) -> bool:
    """Whether nobody is asked to check in: booked as it began or later, or over before it could be given to others."""
    return booked_at >= start or end - start <= NEEDS_NO_CHECK_IN


def _moved(
    booking: Booking, area: Area, start: datetime, end: datetime, edit: Edit, known: Circumstances
) -> Booking | Refused:
    has_begun = booking.start <= known.now
    stays = (area.id, start) == (booking.area, booking.start)
    grows = not stays or end > booking.end
    confirmed = (edit.holiday_confirmed and known.by_staff) or (
        booking.holiday_confirmed and local_date(start, known.space.zone) == local_date(booking.start, known.space.zone)
    )
    if has_begun and not stays:
        return Refused(
            RefuseReason.BEGUN,
            f"it began at {moment(booking.start, known.space.zone, local_date(known.now, known.space.zone))}",
            "only its end, its people and its title can change now",
        )
    refused = _time_refusal(start, end, known) or (None if stays else _start_refusal(start, known))
    if refused is None and grows:
        others = replace(known, own=[one for one in known.own if one.id != booking.id])
        standing = standing_in(area.id, known.others, but=booking.id)
        refused = (
            _approval_refusal(booking, area, has_begun, known)
            or _limits_refusal(area, booking.owner, start, end, confirmed, others)
            or conflict_refusal(area, start, end, standing, known.space, known.events)
        )
    if refused is not None:
        return refused
    return replace(
        booking,
        area=area.id,
        start=start,
        end=end,
        state=_state_after(booking, area, known) if grows and not has_begun else booking.state,
        holiday_confirmed=_is_confirmed(area, confirmed, known),
        not_before=None,  # of another time or room; who lays the bookings out knows
        checked_in_at=_checked_in(booking, start, end, edit, known),
        held_until=end + buffer_of(area),
    )


def _checked_in(booking: Booking, start: datetime, end: datetime, edit: Edit, known: Circumstances) -> datetime | None:
    """Who came stays come, where the start stays; who changes the end of what runs is there."""
    came = booking.checked_in_at
    if came is not None and start == booking.start and came >= start - CHECK_IN_BEFORE:
        return came
    if booking.start <= known.now:
        is_there = edit.at_panel or _takes_part(booking, known)
        return known.now if is_there else came
    return known.now if counts_as_checked_in(start, end, known.now) else None


def _ended(booking: Booking, known: Circumstances) -> Booking:
    # With the minute that has begun: whoever books the rest begins "now", and that is with this minute.
    end = minute_of(known.now)
    if end <= booking.start:
        return replace(booking, state=BookingState.CANCELLED)  # in its very first minute: as if it had not been
    area = known.space.areas.get(booking.area)
    buffer = buffer_of(area) if area is not None else timedelta()
    return replace(booking, end=end, booked_end=booking.booked_end or booking.end, held_until=end + buffer)


def _bookable(id: AreaId, known: Circumstances) -> Area | Refused:
    area = known.space.areas.get(id)
    if area is None:
        rooms = sorted(each.id for each in known.space.areas.values() if each.room is not None and each.room.bookable)
        return Refused(RefuseReason.UNKNOWN_ROOM, f"there is no room {id!r}", f"one of: {', '.join(rooms)}")
    if area.room is None or not area.room.bookable:
        return Refused(RefuseReason.NOT_BOOKABLE, f"{area.name} is not booked", "a room that is, or just walk in")
    return area


def _people_refusal(owner: PersonId, participants: frozenset[PersonId], known: Circumstances) -> Refused | None:
    for id in (owner, *sorted(participants - {owner})):
        person = known.people.get(id)
        if person is not None and not person.banned:
            continue
        if not known.by_staff and known.by != id:
            # Who is known here and who may not come in is told to staff alone: one answer for both.
            return Refused(
                RefuseReason.UNKNOWN_PERSON,
                f"{id!r} cannot take part",
                "the id of somebody the house knows; invite anybody else as a guest",
            )
        if person is None:
            return Refused(
                RefuseReason.UNKNOWN_PERSON,
                f"nobody here is called {id!r}",
                "the id of somebody the house knows; invite anybody else as a guest",
            )
        return Refused(RefuseReason.BANNED, f"{person.name} may not enter the house", "book without them")
    return None


def _time_refusal(start: datetime, end: datetime, known: Circumstances) -> Refused | None:
    if end - start >= SHORTEST and end > known.now:
        return None
    zone = known.space.zone
    day = local_date(start, zone)
    if end <= start:
        what = "as it starts" if end == start else "before it starts"
        return Refused(
            RefuseReason.LENGTH,
            f"{moment(start, zone, day)} to {moment(end, zone, day)} ends {what}",
            f"an end after {moment(start, zone, day)}",
        )
    if end - start < SHORTEST:
        return Refused(
            RefuseReason.LENGTH,
            f"{moment(start, zone, day)} to {moment(end, zone, day)} is less than a minute",
            "a minute at least",
        )
    return Refused(
        RefuseReason.PAST,
        f"{day.isoformat()} {moment(start, zone, day)} to {moment(end, zone, day)} is over",
        f"a time that ends after {moment(known.now, zone, day)}",
    )


def _start_refusal(start: datetime, known: Circumstances) -> Refused | None:
    earliest = minute_of(known.now)
    if start >= earliest:
        return None
    zone = known.space.zone
    return Refused(
        RefuseReason.PAST,
        f"{start.astimezone(zone):%Y-%m-%d %H:%M} is past",
        f"a start from {moment(earliest, zone, local_date(start, zone))} on",
    )


def _not_there_refusal(start: datetime, known: Circumstances) -> Refused | None:
    """Nobody stands in a room for what is hours away: they would be checked in, and the room kept for nobody."""
    if start - CHECK_IN_BEFORE <= known.now:
        return None
    zone = known.space.zone
    earliest = moment(start - CHECK_IN_BEFORE, zone, local_date(start, zone))
    return Refused(
        RefuseReason.NOT_BEGUN,
        f"nobody is in the room yet for what begins at {moment(start, zone, local_date(known.now, zone))}",
        f"book it without checking in, and check in from {earliest} on",
    )


def _limits_refusal(
    area: Area, owner: PersonId, start: datetime, end: datetime, confirmed: bool, known: Circumstances
) -> Refused | None:
    """Of the room and of the owner's plan; staff are held to the room's hours alone, and may confirm any other time."""
    refused = None if confirmed else closed_refusal(area, start, end, known)
    if refused is not None or known.by_staff:
        return refused
    return _too_long(area, _room(area), start, end, known) or plan_refusal(known.people[owner], start, end, known)


def _too_long(area: Area, room: Room, start: datetime, end: datetime, known: Circumstances) -> Refused | None:
    wished = by_the_wall(start, end, known.space.zone)
    if room.longest_minutes is None or wished <= timedelta(minutes=room.longest_minutes):
        return None
    return Refused(
        RefuseReason.TOO_LONG,
        f"{length(wished)} is too long for {area.name}",
        f"at most {length(timedelta(minutes=room.longest_minutes))}",
    )


def _over_refusal(booking: Booking, known: Circumstances) -> Refused | None:
    if booking.state not in HOLDS_ITS_TIME:
        return Refused(RefuseReason.OVER_ALREADY, f"it is {booking.state}: {_when(booking, known)}", "book a new one")
    if booking.end <= known.now:
        return Refused(RefuseReason.OVER_ALREADY, f"it is over: {_when(booking, known)}", "book a new one")
    return None


def _editor_refusal(booking: Booking, edit: Edit, known: Circumstances) -> Refused | None:
    """Its owner and staff change everything; who takes part, and who stands at the panel, the end of what runs."""
    ends_only = replace(edit, end=None, at_panel=False) == Edit()
    runs = booking.state is BookingState.BOOKED and booking.start - CHECK_IN_BEFORE <= known.now
    if ends_only and runs and (edit.at_panel or _takes_part(booking, known)):
        return None
    return _owner_refusal(booking, known)


def _owner_refusal(booking: Booking, known: Circumstances) -> Refused | None:
    if known.by_staff or known.by == booking.owner:
        return None
    if not _takes_part(booking, known):  # whoever has its id need not know whose it is
        return Refused(RefuseReason.NOT_YOURS, "it is somebody else's booking", "ask staff")
    owner = _name(booking.owner, known)
    return Refused(RefuseReason.NOT_YOURS, f"it is {owner}'s booking", f"ask {owner} or staff")


def _answer_refusal(booking: Booking, known: Circumstances) -> Refused | None:
    if not known.by_staff:
        return Refused(RefuseReason.NEEDS_STAFF, "only staff answer a request", "ask staff")
    if booking.state is not BookingState.REQUESTED:
        return Refused(
            RefuseReason.NOT_WAITING, f"it waits for no answer: it is {booking.state}", "a booking that is requested"
        )
    return _over_refusal(booking, known)


def _approval_refusal(booking: Booking, area: Area, has_begun: bool, known: Circumstances) -> Refused | None:
    """What runs cannot go back to waiting: the room would be locked on the people inside."""
    if not has_begun or booking.state is BookingState.REQUESTED or _state(area, known) is BookingState.BOOKED:
        return None
    return Refused(
        RefuseReason.NEEDS_STAFF, f"{area.name} is booked by approval, and this has begun", "ask staff to extend it"
    )


def _room(area: Area) -> Room:
    return area.room or _PLAIN


def _takes_part(booking: Booking, known: Circumstances) -> bool:
    return known.by is not None and (known.by == booking.owner or known.by in booking.participants)


def _state(area: Area, known: Circumstances) -> BookingState:
    return BookingState.REQUESTED if _room(area).needs_approval and not known.by_staff else BookingState.BOOKED


def _state_after(booking: Booking, area: Area, known: Circumstances) -> BookingState:
    """Of one that is moved or extended before it begins. Staff who move a request have not answered it by that."""
    return booking.state if known.by_staff and _room(area).needs_approval else _state(area, known)


def _is_confirmed(area: Area, wished: bool, known: Circumstances) -> bool:
    """A room whose own hours are open on holidays needs nobody to confirm one."""
    hours = hours_of(area, known.space)
    return wished or (hours is not None and hours.on_holidays)


def _when(booking: Booking, known: Circumstances) -> str:
    zone = known.space.zone
    day = local_date(booking.start, zone)
    return f"{day.isoformat()} {moment(booking.start, zone, day)} to {moment(booking.end, zone, day)}"


def _name(id: PersonId, known: Circumstances) -> str:
    person = known.people.get(id)
    return person.name if person is not None else id
