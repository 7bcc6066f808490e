"""Bookings: listed, made, changed, cancelled, answered, and what happens while they run. The desk decides it all."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any

from controller.domain.booking.rules import Edit, Wish
from controller.domain.booking.values import Part
from controller.domain.holdings import Booking
from controller.domain.ids import AreaId, BookingId, PersonId
from controller.domain.tokens import TokenScope, may
from controller.services.booking.answers import Changed, Skipped
from controller.services.booking.desk import BookingDesk
from controller.web.api.acting import (
    AtVersion,
    acting,
    named_at_panel,
    or_no_longer,
    or_nothing_told,
    or_taken,
    owner_of,
    told,
    version_of,
)
from controller.web.api.house import ApiHouse
from controller.web.api.models import Nothing
from controller.web.api.models_bookings import (
    BookingEdit,
    BookingOut,
    BookingQuery,
    Bookings,
    BookingWish,
    ChangedOut,
    DeclineWish,
    ExtendWish,
    GuestOut,
    GuestWish,
    NoWords,
    PartQuery,
    SkippedOut,
)
from controller.web.api.paging import page_of
from controller.web.api.problems import ApiProblem, Problem, invalid, not_found
from controller.web.api.routes import PREFIX, Answer, Call, Route, route

USUAL_SPAN = timedelta(days=7)
LONGEST_SPAN = timedelta(days=92)

WRITE = TokenScope.BOOKINGS_WRITE
PANEL = TokenScope.PANEL
_ONE = "/bookings/{booking}"

REFUSALS = (
    Problem.UNKNOWN_ROOM, Problem.NOT_BOOKABLE, Problem.UNKNOWN_PERSON, Problem.BANNED, Problem.NOT_YOURS, Problem.LENGTH,
    Problem.PAST, Problem.TOO_LONG, Problem.CLOSED, Problem.HOLIDAY, Problem.NO_PLAN, Problem.PLAN_ENDED,
    Problem.PLAN_PAUSED, Problem.PLAN_OVERDUE, Problem.PLAN_MAY_NOT, Problem.TOO_FAR_AHEAD, Problem.HOURS_USED_UP,
    Problem.OVERLAP, Problem.EVENT, Problem.BUFFER, Problem.NEEDS_PERSON, Problem.NEEDS_STAFF,
)  # fmt: skip
OF_ITS_STATE = (Problem.OVER_ALREADY, Problem.BEGUN, Problem.NOT_BEGUN, Problem.NOT_WAITING)


class BookingResource:
    def __init__(self, house: ApiHouse) -> None:
        self._house = house

    def routes(self) -> Iterator[Route]:
        read = TokenScope.BOOKINGS_READ
        yield route(
            "GET", "/bookings", "listBookings", "What is booked in a span of time, at most 92 days", self.list, read,
            query=BookingQuery, gives=Bookings, problems=(Problem.NOT_YOURS,),
        )  # fmt: skip
        yield route(
            "POST", "/bookings", "createBooking", "Book a room; one that asks for approval is requested",
            self.create, WRITE, PANEL, takes=BookingWish, gives=BookingOut, status=HTTPStatus.CREATED,
            versioned=True, creates=True, problems=REFUSALS,
        )  # fmt: skip
        yield route("GET", _ONE, "getBooking", "One booking", self.get, read, gives=BookingOut, versioned=True)
        yield route(
            "PATCH", _ONE, "changeBooking", "Move it, other people, another title: it, the following or all of its series",
            self.change, WRITE, query=PartQuery, takes=BookingEdit, gives=ChangedOut, versioned=True,
            problems=REFUSALS + OF_ITS_STATE,
        )  # fmt: skip
        yield route(
            "POST", f"{_ONE}/cancel", "cancelBooking", "Give it back: it, the following or all of its series",
            self.cancel, WRITE, query=PartQuery, takes=NoWords, gives=ChangedOut, versioned=True,
            problems=REFUSALS + OF_ITS_STATE,
        )  # fmt: skip
        yield route(
            "POST", f"{_ONE}/approve", "approveBooking", "Say yes to one that was requested; staff", self.approve, WRITE,
            takes=NoWords, gives=BookingOut, versioned=True, problems=REFUSALS + OF_ITS_STATE,
        )  # fmt: skip
        yield route(
            "POST", f"{_ONE}/decline", "declineBooking", "Say no to one that was requested; staff", self.decline, WRITE,
            takes=DeclineWish, gives=BookingOut, versioned=True, problems=REFUSALS + OF_ITS_STATE,
        )  # fmt: skip
        yield route(
            "POST", f"{_ONE}/check-in", "checkIn", "Somebody of it is there", self.check_in, TokenScope.CHECK_IN,
            takes=NoWords, gives=BookingOut, versioned=True, problems=REFUSALS + OF_ITS_STATE,
        )  # fmt: skip
        yield route(
            "POST", f"{_ONE}/extend", "extendBooking", "Let it last longer, as far as the next one allows",
            self.extend, WRITE, PANEL, takes=ExtendWish, gives=BookingOut, versioned=True,
            problems=REFUSALS + OF_ITS_STATE,
        )  # fmt: skip
        yield route(
            "POST", f"{_ONE}/end", "endBooking", "Give back what is left of one that runs", self.end, WRITE, PANEL,
            takes=NoWords, gives=BookingOut, versioned=True, problems=REFUSALS + OF_ITS_STATE,
        )  # fmt: skip
        yield route(
            "POST", f"{_ONE}/guests", "inviteGuest", "A guest who takes part, with a token for the doors",
            self.invite, WRITE, takes=GuestWish, gives=GuestOut, status=HTTPStatus.CREATED, creates=True,
            problems=REFUSALS + OF_ITS_STATE,
        )  # fmt: skip

    async def list(self, call: Call[BookingQuery, None]) -> Answer:
        query = call.query
        start, end = self._span(query.start, query.end)
        area = self._area(call, query.room)
        stored = self._house.bookings.stores.bookings
        if query.person is None:
            found = await stored.bookings_between(start, end, area)
        else:
            if query.person != call.by and not self._house.is_staff(call.by):
                raise ApiProblem(Problem.NOT_YOURS, "Only staff see when somebody else has booked; leave person away.")
            found = await stored.bookings_of(PersonId(query.person), start, end)
        there = [one for one in found if area in (None, one.area)]
        shown, after = page_of(there, lambda one: (one.start.isoformat(), str(one.id)), query)
        return Answer(Bookings(items=[told(one, call, self._house) for one in shown], next=after))

    async def create(self, call: Call[Nothing, BookingWish]) -> Answer:
        wish = wish_of(call, call.body, self._house)
        by, how = acting(call, WRITE)
        if by is None and not wish.walk_up:
            raise ApiProblem(Problem.MISSING_SCOPE, f"A panel books for who stands there: walk_up, or a token with {WRITE}.",
                             scope=[WRITE])  # fmt: skip
        work = self._house.bookings.book(wish, by, how)
        if by is None:
            work = or_nothing_told(work)
        return self._made(await or_taken(self._house, wish.area, wish.start, wish.end, work), call)

    async def get(self, call: Call[Nothing, None]) -> Answer:
        return self._one(await self._found(call), call)

    async def change(self, call: Call[PartQuery, BookingEdit]) -> Answer:
        booking, edit = await self._found(call), call.body
        if edit.room is not None:
            call.check_room(AreaId(edit.room))
        wanted = Edit(
            start=edit.start,
            end=edit.end,
            area=AreaId(edit.room) if edit.room is not None else None,
            participants=people_of(edit.participants) if edit.participants is not None else None,
            title=edit.title,
            is_live=edit.is_live,
            holiday_confirmed=edit.holiday_confirmed,
        )
        start, end = wanted.start or booking.start, wanted.end or booking.end
        work = self._desk(call, booking).change(booking.id, wanted, *self._for_part(call))
        done = await or_taken(self._house, wanted.area or booking.area, start, end, work, but=booking.id)
        return self._changed(done, call)

    async def cancel(self, call: Call[PartQuery, NoWords]) -> Answer:
        booking = await self._found(call)
        return self._changed(await self._desk(call, booking).cancel(booking.id, *self._for_part(call)), call)

    async def approve(self, call: Call[Nothing, NoWords]) -> Answer:
        booking = await self._found(call)
        by, how = call.person(), acting(call, WRITE)[1]
        return self._one(await self._desk(call, booking).approve(booking.id, by, how), call)

    async def decline(self, call: Call[Nothing, DeclineWish]) -> Answer:
        booking = await self._found(call)
        by, how = call.person(), acting(call, WRITE)[1]
        return self._one(await self._desk(call, booking).decline(booking.id, by, call.body.reason, how), call)

    async def check_in(self, call: Call[Nothing, NoWords]) -> Answer:
        booking = await self._found(call)
        by, how = acting(call, TokenScope.CHECK_IN)
        return self._one(await self._desk(call, booking).check_in(booking.id, by, how), call)

    async def extend(self, call: Call[Nothing, ExtendWish]) -> Answer:
        booking, wish = await self._found(call), call.body
        by, how = acting(call, WRITE)
        end = wish.until if wish.until is not None else booking.end + timedelta(minutes=wish.minutes or 0)
        work = self._desk(call, booking).extend(booking.id, by, how, minutes=wish.minutes, until=wish.until)
        if by is None:
            work = or_no_longer(work)
        return self._one(await or_taken(self._house, booking.area, booking.start, end, work, but=booking.id), call)

    async def end(self, call: Call[Nothing, NoWords]) -> Answer:
        booking = await self._found(call)
        by, how = acting(call, WRITE)
        return self._one(await self._desk(call, booking).end_now(booking.id, by, how), call)

    async def invite(self, call: Call[Nothing, GuestWish]) -> Answer:
        booking = await self._found(call)
        by, how = call.person(), acting(call, WRITE)[1]
        guest = await self._house.bookings.invite_guest(booking.id, call.body.name, call.body.email, by, how)
        told_once = GuestOut(
            person=guest.person, token=guest.token, opens_from=guest.opens_from, opens_until=guest.opens_until
        )
        return Answer(told_once, HTTPStatus.CREATED)

    # --- what they share --------------------------------------------------------------------------

    async def _found(self, call: Call[Any, Any]) -> Booking:
        id = BookingId(call.path["booking"])
        booking = await self._house.bookings.stores.bookings.booking(id)
        if booking is None:
            raise not_found("booking", id)
        call.check_room(booking.area)
        call.check_version(version_of(booking))
        return booking

    def _desk(self, call: Call[Any, Any], booking: Booking) -> BookingDesk:
        if call.if_match is None:
            return self._house.bookings
        return AtVersion(self._house.bookings, booking.id, version_of(booking))

    def _for_part(self, call: Call[PartQuery, Any]) -> tuple[PersonId | None, Part, Any]:
        by, how = acting(call, WRITE)
        return by, call.query.part, how

    def _area(self, call: Call[Any, Any], room: str | None) -> AreaId | None:
        if room is None:
            return call.token.area
        area, _ = self._house.room(room)
        call.check_room(area.id)
        return area.id

    def _span(self, start: datetime | None, end: datetime | None) -> tuple[datetime, datetime]:
        begins = start or (end - USUAL_SPAN if end is not None else self._house.now())
        ends = end or begins + USUAL_SPAN
        if ends <= begins:
            raise invalid("end", "is not after start: name a later one")
        if ends - begins > LONGEST_SPAN:
            raise invalid("end", f"is more than {LONGEST_SPAN.days} days after start: ask for less at once")
        return begins, ends

    def _one(self, booking: Booking, call: Call[Any, Any]) -> Answer:
        return Answer(told(booking, call, self._house), version=version_of(booking))

    def _made(self, booking: Booking, call: Call[Any, Any]) -> Answer:
        place = f"{PREFIX}/bookings/{booking.id}"
        return Answer(told(booking, call, self._house), HTTPStatus.CREATED, version_of(booking), place)

    def _changed(self, done: Changed, call: Call[Any, Any]) -> Answer:
        items = [told(one, call, self._house) for one in done.bookings]
        version = version_of(done.one) if len(items) == 1 else None
        return Answer(ChangedOut(items=items, skipped=skipped_out(done.skipped)), version=version)


def wish_of(call: Call[Any, Any], said: BookingWish, house: ApiHouse) -> Wish:
    """What the desk is asked for."""
    area = AreaId(said.room)
    call.check_room(area)
    return Wish(
        area,
        said.start,
        said.end,
        owner_of(call, named_at_panel(call, said.owner, house)),
        people_of(said.participants),
        said.title,
        is_live=said.is_live,
        # Only who stands there can say that they do.
        walk_up=said.walk_up and (may(call.token, PANEL) or house.is_staff(call.by) or said.owner in (None, call.by)),
        holiday_confirmed=said.holiday_confirmed,
    )


def people_of(ids: list[str]) -> frozenset[PersonId]:
    return frozenset(PersonId(one) for one in ids)


def skipped_out(skipped: tuple[Skipped, ...]) -> list[SkippedOut]:
    return [SkippedOut(day=one.day, reason=one.reason, why=one.words) for one in skipped]
