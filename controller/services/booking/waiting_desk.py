"""At the booking desk: waiting for a time that is taken, taking it when it is offered, waiting no longer."""

from controller.domain.booking import waiting as rules
from controller.domain.booking.rules import Refused, RefuseReason, Wish
from controller.domain.booking.values import Waiting, WaitingState
from controller.domain.booking.waiting import Input
from controller.domain.facts import FactKind
from controller.domain.holdings import Booking
from controller.domain.ids import PersonId, WaitingId
from controller.errors import InputError
from controller.services.booking.counter import (
    BookingRefused,
    Counter,
    How,
    accepted,
    new_waiting_id,
)

_QUICKER = frozenset({RefuseReason.OVERLAP, RefuseReason.BUFFER})


class WaitingDesk(Counter):
    """Who waits does so for themselves; staff may for anybody."""

    async def wait_for(self, wish: Wish, by: PersonId | None, how: How = How.COMMAND) -> Waiting:
        """A place in the line for a time that is taken; one that is free is booked instead."""
        known = await self.known(wish.area, wish.start, wish.end, wish.owner, by, how, participants=wish.participants)
        for other in await self.stores.waiting.waiting_of(wish.owner, self.now()):
            if (other.area, other.start, other.end) == (wish.area, wish.start, wish.end):
                raise InputError(f"{wish.owner!r} waits for that time already: {other.id}")
        waiting = accepted(rules.judge_waiting(wish, known, new_waiting_id()))
        await self.stores.waiting.put_waiting(waiting)
        return waiting

    async def take(self, id: WaitingId, by: PersonId | None, how: How = How.COMMAND) -> Booking:
        """Book what was offered. BookingRefused where somebody else was quicker: who waited waits on."""
        waiting = await self._theirs(id, by, how)
        now = self.now()
        if waiting.state is not WaitingState.OFFERED or rules.due(waiting, now) is not None:
            raise BookingRefused(
                Refused(RefuseReason.NOT_WAITING, f"{id} is not offered now: it is {_said(waiting, self)}", _WAIT)
            )
        wish = rules.wish_of(waiting, now)
        known = await self.known(
            wish.area, wish.start, wish.end, wish.owner, by, how, participants=wish.participants, speaks_for_owner=True
        )
        try:
            made = await self.make(wish, known)
        except BookingRefused as error:
            if error.refused.reason in _QUICKER:
                await self._lost(waiting, by, how)
            raise
        await self.stores.waiting.change_waiting(id, lambda one: rules.after(one, Input.TAKE, now, made.id))
        self.tell_made(made, by, how)
        self.tell_waiting(FactKind.WAITING_WON, waiting, by, how, booking=made.id)
        return made

    async def withdraw(self, id: WaitingId, by: PersonId | None, how: How = How.COMMAND) -> Waiting:
        """Wait no longer."""
        waiting = await self._theirs(id, by, how)
        after = await self._move(waiting, Input.WITHDRAW)
        if after.state is not WaitingState.WITHDRAWN:
            raise BookingRefused(
                Refused(RefuseReason.NOT_WAITING, f"{id} is {after.state} already", "cancel what came of it")
            )
        return after

    async def waiting(self, id: WaitingId) -> Waiting:
        """InputError where nobody waits under this id."""
        found = await self.stores.waiting.waiting(id)
        if found is None:
            raise InputError(f"nobody waits under {id!r} — `natoma book list --waiting` shows who does")
        return found

    async def _theirs(self, id: WaitingId, by: PersonId | None, how: How) -> Waiting:
        waiting = await self.waiting(id)
        if by != waiting.person and not self.is_staff(by, how):
            raise BookingRefused(Refused(RefuseReason.NOT_YOURS, f"{id} is somebody else's place", "ask staff"))
        return waiting

    async def _lost(self, waiting: Waiting, by: PersonId | None, how: How) -> None:
        after = await self._move(waiting, Input.LOST)
        if after.state is WaitingState.WAITING:
            self.tell_waiting(FactKind.WAITING_LAPSED, waiting, by, how, reason="somebody else was quicker")

    async def _move(self, waiting: Waiting, event: Input) -> Waiting:
        now = self.now()
        _, after = await self.stores.waiting.change_waiting(waiting.id, lambda one: rules.after(one, event, now))
        return after


_WAIT = "wait for an offer, or book another time"


def _said(waiting: Waiting, desk: Counter) -> str:
    has_lapsed = waiting.state is WaitingState.OFFERED and rules.due(waiting, desk.now()) is not None
    return "over" if has_lapsed else str(waiting.state)
