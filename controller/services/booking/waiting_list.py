"""Who waits for a room: a time that becomes free is offered to the first who asked, and after ten minutes to the next.

Who is next is `domain.booking.waiting`'s. How a time became free does not matter: released, cancelled, moved, ended
early, by any process, it is free when nothing stands there. An offer keeps nobody else out.
"""

import asyncio
import logging
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from controller.domain.booking import waiting as rules
from controller.domain.booking.conflicts import buffer_of, held_until, standing_in
from controller.domain.booking.values import Waiting, WaitingState
from controller.domain.booking.waiting import Input
from controller.domain.building import Space
from controller.domain.facts import Fact, FactKind, Plain
from controller.domain.holdings import Booking
from controller.domain.ids import AreaId, BookingId, WaitingId
from controller.services.booking.counter import How
from controller.services.booking.stores import BookingStore, WaitingStore
from controller.services.lookouts import look_again_and_again
from controller.services.ports import Clock, LoggedFact

logger = logging.getLogger(__name__)

LOOK_EVERY = 0.5
# What ended while nobody looked is closed all the same.
_LOOKED_BACK = timedelta(days=7)
_WHY = {Input.LAPSE: "not taken in time", Input.LOST: "somebody else was quicker", Input.END: "its time is over"}


class WaitingList:
    """All who wait, in all rooms."""

    def __init__(
        self,
        store: WaitingStore,
        bookings: BookingStore,
        space: Callable[[], Space],
        note: Callable[[Fact], None],
        clock: Clock,
    ) -> None:
        self._store = store
        self._bookings = bookings
        self._space = space
        self._note = note
        self._clock = clock
        self._version: int | None = None
        self._line: list[Waiting] = []
        self._offers_told: set[tuple[WaitingId, str]] = set()

    def recall(self, facts: Iterable[LoggedFact]) -> None:
        """After a restart: which offers were told already."""
        for logged in facts:
            if logged.fact.kind is FactKind.WAITING_OFFERED:
                detail = logged.fact.detail
                self._offers_told.add((WaitingId(str(detail.get("waiting"))), str(detail.get("until"))))

    async def run(self) -> None:
        """Look, for ever."""
        await asyncio.sleep(LOOK_EVERY)
        await look_again_and_again(self.look, every=LOOK_EVERY, failing="waiting lists wait", logger=logger)

    async def look(self) -> None:
        """What time has brought, what was lost, who is offered what."""
        now = self._clock.now()
        version = await self._store.version()
        if version != self._version:
            self._line = await self._store.waiting_list(now - _LOOKED_BACK)
            self._version = version
        for area in {one.area for one in self._line}:
            await self._look_at(area, now)
        for one in self._line:
            self._tell_offer(one)

    async def _look_at(self, area: AreaId, now: datetime) -> None:
        known = self._space().areas.get(area)
        buffer = buffer_of(known) if known is not None else timedelta()
        line = [one for one in self._line if one.area == area]
        first, last = min(one.start for one in line), max(one.end for one in line)
        there = await self._bookings.bookings_between(first - buffer, last + buffer, area)
        for one in line:
            booked = _in_the_way(one, there, now, buffer)
            event = rules.due(one, now) or (Input.LOST if booked else None)
            theirs = next((other.id for other in booked if other.owner == one.person), None)
            if theirs is not None:
                # The desk has booked it for them and is about to say so; if it could not, that is said when the offer ends.
                event = Input.TAKE if event in (Input.LAPSE, Input.END) else None
            if event is not None:
                await self._move(one, event, now, theirs)
        while (chosen := rules.next_in_line(self._of(area), there, buffer, now)) is not None:
            moved = await self._move(chosen, Input.OFFER, now)
            if moved.state is not WaitingState.OFFERED:
                return  # withdrawn at this very moment; looked at again in half a second

    def _of(self, area: AreaId) -> list[Waiting]:
        return [one for one in self._line if one.area == area]

    async def _move(self, waiting: Waiting, event: Input, now: datetime, booking: BookingId | None = None) -> Waiting:
        """One step in the line, as it stands in the store by then."""
        before: list[Waiting] = []

        def stepped(standing: Waiting) -> Waiting:
            before.append(standing)
            return rules.after(standing, event, now, booking)

        _, after = await self._store.change_waiting(waiting.id, stepped)
        # Ours, or somebody's who was quicker: either way that is how it stands.
        self._line = [after if one.id == after.id else one for one in self._line]
        was_offered = before[-1].state is WaitingState.OFFERED
        if was_offered and after.state is not WaitingState.OFFERED and event in _WHY:
            self._tell(FactKind.WAITING_LAPSED, after, reason=_WHY[event])
        elif was_offered and after.state is WaitingState.WON and booking is not None:
            self._tell(FactKind.WAITING_WON, after, booking=booking)
        return after

    def _tell_offer(self, waiting: Waiting) -> None:
        if waiting.state is not WaitingState.OFFERED or waiting.offered_until is None:
            return
        offer = waiting.id, waiting.offered_until.isoformat()
        if offer not in self._offers_told:
            self._offers_told.add(offer)
            self._tell(FactKind.WAITING_OFFERED, waiting, until=offer[1])

    def _tell(self, kind: FactKind, waiting: Waiting, **more: Plain) -> None:
        detail: dict[str, Plain] = {
            "waiting": waiting.id,
            "start": waiting.start.isoformat(),
            "end": waiting.end.isoformat(),
            "how": str(How.HOUSE),
        }
        self._note(Fact(kind, self._clock.now(), area=waiting.area, person=waiting.person, detail={**detail, **more}))


def _in_the_way(waiting: Waiting, there: list[Booking], now: datetime, buffer: timedelta) -> list[Booking]:
    """What stands now in a time that was offered."""
    if waiting.state is not WaitingState.OFFERED:
        return []
    start, end = rules.time_left(waiting, now)
    return [one for one in standing_in(waiting.area, there) if start < held_until(one) and one.start < end + buffer]
