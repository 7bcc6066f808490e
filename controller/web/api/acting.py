"""As whom a token acts at the booking desk, and what it is shown of other people's bookings."""

import hashlib
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any, TypeVar

from controller.domain.booking.conflicts import buffer_of, standing_in
from controller.domain.booking.rules import Refused
from controller.domain.booking.wishes import RefuseReason
from controller.domain.holdings import Booking
from controller.domain.ids import AreaId, BookingId, PersonId
from controller.domain.tokens import TokenScope, may
from controller.services.booking.counter import BookingRefused, How
from controller.services.booking.desk import BookingDesk
from controller.services.booking.stores import OpenBook
from controller.web.api.house import ApiHouse
from controller.web.api.models import Moment, Taken
from controller.web.api.models_bookings import BookingOut
from controller.web.api.problems import ApiProblem, Problem, invalid, of_reason
from controller.web.api.routes import Call

T = TypeVar("T")

_VERSIONED = (
    "id", "area", "start", "end", "owner", "participants", "state", "holiday_confirmed", "title", "checked_in_at", "series",
    "series_day", "is_live", "booked_end",
)  # fmt: skip
_OF_A_PERSON = frozenset(
    {
        RefuseReason.UNKNOWN_PERSON,
        RefuseReason.BANNED,
        RefuseReason.NO_PLAN,
        RefuseReason.PLAN_ENDED,
        RefuseReason.PLAN_PAUSED,
        RefuseReason.PLAN_OVERDUE,
        RefuseReason.PLAN_MAY_NOT,
        RefuseReason.HOURS_USED_UP,
    }
)
_TAKEN = frozenset({RefuseReason.OVERLAP, RefuseReason.BUFFER})


def acting(call: Call[Any, Any], *scopes: TokenScope) -> tuple[PersonId | None, How]:
    """The token's person, where it has one of these scopes; else whoever stands before the panel of its room."""
    if call.token.person is not None and may(call.token, *scopes):
        return call.token.person, How.API
    if call.token.area is not None and may(call.token, TokenScope.PANEL, TokenScope.CHECK_IN):
        return None, How.PANEL
    return call.person(), How.API


def owner_of(call: Call[Any, Any], owner: str | None, field: str = "owner") -> PersonId:
    """Whose something is to be: whom the request names, else the token's own person."""
    if owner is not None:
        return PersonId(owner)
    if call.token.person is None:
        raise invalid(field, "is needed: this token acts for nobody of its own")
    return call.token.person


def named_at_panel(call: Call[Any, Any], owner: str | None, house: ApiHouse) -> str | None:
    """A panel shows nobody's id, so there people say their name; it hints at nobody it was not told of."""
    if owner is None or call.by is not None or not may(call.token, TokenScope.PANEL):
        return owner
    word = " ".join(owner.split()).casefold()
    people = house.people().people.values()
    found = {one.id for one in people if word in (one.id.casefold(), one.name.casefold())}
    if len(found) > 1:
        raise invalid("owner", "is the name of several people here: type the member id instead")
    return found.pop() if found else owner


async def or_nothing_told(work: Awaitable[T]) -> T:
    """What `work` answers to a panel, where anybody may type any name: not who is known here, owes, or is banned."""
    try:
        return await work
    except BookingRefused as error:
        if error.refused.reason not in _OF_A_PERSON:
            raise
        raise ApiProblem(
            Problem.UNKNOWN_PERSON,
            "Nobody of that name can book this room now: look at the spelling, or ask at the desk.",
        ) from error


async def or_no_longer(work: Awaitable[T]) -> T:
    """The same of a booking that is to last longer: whoever stands there learns neither whose it is nor of their plan."""
    try:
        return await work
    except BookingRefused as error:
        if error.refused.reason not in _OF_A_PERSON:
            raise
        raise ApiProblem(Problem.REFUSED, "This booking lasts no longer than it does now: ask at the desk.") from error


def version_of(booking: Booking) -> str:
    """Another one as soon as anything is that people set or see; what the store works out by itself is left aside."""
    plain = repr([_plain(getattr(booking, name)) for name in _VERSIONED])
    return hashlib.sha256(plain.encode()).hexdigest()[:16]


def told(booking: Booking, call: Call[Any, Any], house: ApiHouse) -> BookingOut:
    """As much of it as this token may know."""
    mine = call.by is not None and (call.by == booking.owner or call.by in booking.participants)
    plain = BookingOut(
        id=booking.id,
        room=booking.area,
        start=booking.start,
        end=booking.end,
        state=booking.state,
        version=version_of(booking),
        mine=mine,
    )
    if not mine and not house.is_staff(call.by):
        return plain
    return plain.model_copy(
        update={
            "owner": booking.owner,
            "participants": sorted(booking.participants),
            "title": booking.title,
            "is_live": booking.is_live,
            "made_at": booking.made_at,
            "checked_in_at": booking.checked_in_at,
            "booked_end": booking.booked_end,
            "series": booking.series,
            "series_day": booking.series_day,
        }
    )


class AtVersion(BookingDesk):
    """The desk for one request: it changes this booking only as the client has read it, in the same transaction."""

    def __init__(self, desk: BookingDesk, id: BookingId, version: str) -> None:
        super().__init__(desk.stores, space=desk.space, people=desk.people, note=desk.note, now=desk.now)
        self._id = id
        self._version = version

    def rewrite_in(
        self, book: OpenBook, id: BookingId, change: Callable[[Booking], Booking | Refused]
    ) -> tuple[Booking, Booking]:
        def checked(standing: Booking) -> Booking | Refused:
            if id == self._id and version_of(standing) != self._version:
                raise changed(version_of(standing))
            return change(standing)

        return super().rewrite_in(book, id, checked)


def changed(version: str) -> ApiProblem:
    return ApiProblem(
        Problem.CHANGED, "Somebody has changed it since you read it: read it again, then decide.", version=version
    )


async def or_taken(
    house: ApiHouse, area: AreaId, start: Moment, end: Moment, work: Awaitable[T], but: BookingId | None = None
) -> T:
    """What `work` answers; where the room is taken, the problem says when it is."""
    try:
        return await work
    except BookingRefused as error:
        if error.refused.reason not in _TAKEN:
            raise
        there = await _standing(house, area, start, end, but)
        refused = error.refused
        raise ApiProblem(
            of_reason(refused.reason), f"{refused.sentence}.", right=refused.right, room=area, there=there
        ) from error


async def _standing(house: ApiHouse, area: AreaId, start: Moment, end: Moment, but: BookingId | None) -> Taken | None:
    known = house.space().areas.get(area)
    if known is None:
        return None
    # What the store tells has the room for some of this time: what is over by then, cleared up, is not among it.
    bookings = await house.bookings.stores.bookings.bookings_between(start, end + buffer_of(known), area)
    first = next(iter(standing_in(area, bookings, but)), None)
    return Taken(start=first.start, end=first.end) if first is not None else None


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return value.isoformat(timespec="milliseconds")  # as fine as it is kept
    return sorted(value) if isinstance(value, frozenset) else value
