"""Podcasts of a simulated day: the booth put on air by its button, at the panel or by itself, and taken off again."""

import asyncio
from datetime import timedelta

from controller.domain.membership import Person
from controller.domain.rooms.on_air import How as OnAirHow
from controller.services.booking.desk import How
from controller.services.rooms.booth import NotOnAirError
from tests.support.day.ledger import Held
from tests.support.day.life import MINUTE
from tests.support.day.oracle import BOOTH
from tests.support.day.people import Holder
from tests.support.day.stories import Bookings, Intent


class Podcasts(Bookings):
    """`_<ending>` for each of PODCASTS of `plan`."""

    async def _in_the_booth(self, one: Held, intent: Intent) -> bool:
        if not await self._comes(one, intent, stays=False):
            return False
        await self.day.until(one.start + intent.dice.uniform(8.5, 10) * MINUTE)
        return one.state == "booked"

    async def _presses(self) -> None:
        """Whoever is in the booth; it knows nobody. It asks, or it stops."""
        day = self.day
        async with day.acting():
            day.ledger.asked_on.append((day.now, "button", None))
            day.ledger.asked_off.append(day.now)
            day.field.press()
            await asyncio.sleep(0.2)

    async def _by_button(self, one: Held, intent: Intent) -> None:
        if not await self._in_the_booth(one, intent):
            return
        await self._presses()
        await self.day.until(one.end - intent.dice.uniform(3, 8) * MINUTE)
        if self.day.oracle.is_wanted:
            await self._presses()
        await self._all_leave(one)

    async def _live(self, one: Held, intent: Intent) -> None:
        """It goes on air by itself as it begins, and off as it ends."""
        await self._comes(one, intent, stays=False)
        await self.day.until(one.end - MINUTE)
        await self._all_leave(one)

    async def _leaves_early(self, one: Held, intent: Intent) -> None:
        """On air, and gone: five minutes later it is over."""
        if not await self._in_the_booth(one, intent):
            return
        await self._presses()
        await self.day.until(one.start + (one.end - one.start) * 0.5)
        await self._all_leave(one)

    async def _by_panel(self, one: Held, intent: Intent) -> None:
        day = self.day
        if not await self._in_the_booth(one, intent):
            return
        stranger = next(other for other in self.pool if other.id not in one.people)
        await self._starts(stranger)  # who has no business there is refused
        await self._starts(intent.owner)
        await day.until(one.end - intent.dice.uniform(4, 9) * MINUTE)
        await self._stops(intent.owner)
        await day.until(one.end - 2 * MINUTE)
        await self._all_leave(one)

    async def _starts(self, person: Holder) -> None:
        day = self.day
        async with day.acting():
            try:
                day.house.booths.start(BOOTH, self._known(person), OnAirHow.PANEL)
            except NotOnAirError as error:
                day.ledger.refused.append(str(error.refusal.reason))
            else:
                day.ledger.asked_on.append((day.now, "panel", None))
                held = day.ledger.now_in(BOOTH, day.now)
                if held is None or person.id not in held.people:
                    day.oracle.object(f"{person.id} put the booth on air, and it is not theirs")

    async def _stops(self, person: Holder) -> None:
        day = self.day
        async with day.acting():
            day.ledger.asked_off.append(day.now)
            try:
                day.house.booths.stop(BOOTH, self._known(person), OnAirHow.PANEL)
            except NotOnAirError as error:
                day.ledger.refused.append(str(error.refusal.reason))

    def _known(self, person: Holder) -> Person:
        return self.day.house.registry.now.people[person.id]

    async def _ends_it(self, one: Held, intent: Intent) -> None:
        """The booking is ended while it is on air."""
        if not await self._in_the_booth(one, intent):
            return
        await self._presses()
        await self.day.until(one.start + (one.end - one.start) * 0.6)
        await self._all_leave(one)
        await self._ended(one, intent.owner.id)

    async def _runs_over(self, one: Held, intent: Intent) -> None:
        """Extended while it is on air; it ends with the booking's new end."""
        if not await self._in_the_booth(one, intent):
            return
        await self._presses()
        await self.day.until(one.end - 6 * MINUTE)
        await self._longer(one, 15, intent.owner.id, How.PAGE)
        await self.day.until(one.end + 20 * timedelta(seconds=1))
        await self._all_leave(one)
