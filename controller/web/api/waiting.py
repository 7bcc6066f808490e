"""Waiting lists: a place in the line for a time that is taken, and what becomes of it."""

from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

from controller.domain.booking.values import Waiting, WaitingState
from controller.domain.ids import AreaId, PersonId, WaitingId
from controller.domain.tokens import TokenScope, may
from controller.web.api.acting import acting, named_at_panel, or_nothing_told, told, version_of
from controller.web.api.bookings import REFUSALS, WRITE, wish_of
from controller.web.api.house import ApiHouse
from controller.web.api.models import Nothing
from controller.web.api.models_bookings import (
    BookingOut,
    BookingWish,
    NoWords,
    TakeWish,
    WaitingList,
    WaitingOut,
    WaitingQuery,
)
from controller.web.api.paging import page_of
from controller.web.api.problems import ApiProblem, Problem, not_found
from controller.web.api.routes import PREFIX, Answer, Call, Route, route

PANEL = TokenScope.PANEL
_PROBLEMS = (*REFUSALS, Problem.NOT_WAITING)


class WaitingResource:
    def __init__(self, house: ApiHouse) -> None:
        self._house = house

    def routes(self) -> Iterator[Route]:
        yield route(
            "GET", "/waiting", "listWaiting", "Who waits, the first to ask first: for staff all, for a panel its room's offers, else one's own",
            self.list, TokenScope.BOOKINGS_READ, query=WaitingQuery, gives=WaitingList,
            problems=(Problem.NEEDS_PERSON,),
        )  # fmt: skip
        yield route(
            "POST", "/waiting", "joinWaiting", "Wait for a time that is taken", self.join, WRITE,
            takes=BookingWish, gives=WaitingOut, status=HTTPStatus.CREATED, creates=True, problems=_PROBLEMS,
        )  # fmt: skip
        yield route(
            "POST", "/waiting/{waiting}/take", "takeOffered", "Book what was offered", self.take, WRITE, PANEL,
            takes=TakeWish, gives=BookingOut, status=HTTPStatus.CREATED, versioned=True, creates=True, problems=_PROBLEMS,
        )  # fmt: skip
        yield route(
            "POST", "/waiting/{waiting}/withdraw", "withdrawWaiting", "Wait no longer", self.withdraw, WRITE,
            takes=NoWords, gives=WaitingOut, problems=_PROBLEMS,
        )  # fmt: skip

    async def list(self, call: Call[WaitingQuery, None]) -> Answer:
        now, area = self._house.now(), call.token.area
        if call.query.room is not None:
            area = self._house.room(call.query.room)[0].id
            call.check_room(area)
        stored = self._house.bookings.stores.waiting
        if self._house.is_staff(call.by):
            found = await stored.waiting_list(now, area)
        elif _is_panel(call):
            found = [one for one in await stored.waiting_list(now, area) if one.state is WaitingState.OFFERED]
        else:
            found = [one for one in await stored.waiting_of(call.person(), now) if area in (None, one.area)]
        shown, after = page_of(found, lambda one: (one.made_at.isoformat(), str(one.id)), call.query)
        return Answer(WaitingList(items=[self._out(one, call) for one in shown], next=after))

    async def join(self, call: Call[Nothing, BookingWish]) -> Answer:
        wish = wish_of(call, call.body, self._house)
        by, how = acting(call, WRITE)
        waiting = await self._house.bookings.wait_for(wish, by, how)
        return Answer(self._out(waiting, call), HTTPStatus.CREATED)

    async def take(self, call: Call[Nothing, TakeWish]) -> Answer:
        waiting = await self._found(call)
        by, how = acting(call, WRITE)
        if _is_panel(call):
            by = PersonId(named_at_panel(call, call.body.person, self._house) or "")
            if by not in self._house.people().people:  # no other answer than for somebody who is known
                raise ApiProblem(Problem.NOT_YOURS, f"{waiting.id} is somebody else's place.")
        work = self._house.bookings.take(waiting.id, by, how)
        booking = await (or_nothing_told(work) if _is_panel(call) else work)
        place = f"{PREFIX}/bookings/{booking.id}"
        return Answer(told(booking, call, self._house), HTTPStatus.CREATED, version_of(booking), place)

    async def withdraw(self, call: Call[Nothing, NoWords]) -> Answer:
        waiting = await self._found(call)
        by, how = acting(call, WRITE)
        return Answer(self._out(await self._house.bookings.withdraw(waiting.id, by, how), call))

    async def _found(self, call: Call[Any, Any]) -> Waiting:
        id = WaitingId(call.path["waiting"])
        waiting = await self._house.bookings.stores.waiting.waiting(id)
        if waiting is None:
            raise not_found("place in a waiting list", id)
        call.check_room(AreaId(waiting.area))
        return waiting

    def _out(self, waiting: Waiting, call: Call[Any, Any]) -> WaitingOut:
        mine = call.by == waiting.person
        is_known = mine or self._house.is_staff(call.by)
        return WaitingOut(
            id=waiting.id,
            room=waiting.area,
            start=waiting.start,
            end=waiting.end,
            state=waiting.state,
            mine=mine,
            person=waiting.person if is_known else None,
            title=waiting.title if is_known else None,
            offered_until=waiting.offered_until,
            booking=waiting.booking if is_known else None,
        )


def _is_panel(call: Call[Any, Any]) -> bool:
    """The screen beside a room's door acts for nobody; whoever waits says their name there."""
    return call.by is None and may(call.token, PANEL)
