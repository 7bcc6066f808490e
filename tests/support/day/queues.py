"""Waiting lists of a simulated day: who waits, and what they make of an offer."""

import asyncio
import random
from datetime import timedelta

from controller.domain.booking.rules import Wish
from controller.domain.facts import FactKind
from controller.domain.ids import WaitingId
from tests.support.day.ledger import Held, Waits
from tests.support.day.life import MINUTE
from tests.support.day.people import Holder
from tests.support.day.stories import Bookings, Intent


class Queues(Bookings):
    """Of all rooms."""

    async def waits(self, one: Held, holder: Holder, after: float, dice: random.Random) -> None:
        """For the same time, or the first half of it."""
        day = self.day
        half = dice.random() < 0.3
        await asyncio.sleep(after)
        end = one.start + (one.end - one.start) / 2 if half and one.end - one.start >= 30 * MINUTE else one.end
        if day.now >= one.end - 10 * MINUTE or one.state not in ("booked", "requested"):
            return
        wish = Wish(one.room, one.start, end, holder.id)
        place = await day.asks(day.desk.wait_for(wish, holder.id))
        if place is None:
            return
        day.ledger.waits[place.id] = Waits(place.id, place.area, place.start, place.end, holder.id, day.now)
        day.ledger.counts["waited"] += 1

    async def hears_offers(self) -> None:
        """By a message, as it were: who is told takes it, lets it lapse, or somebody else is quicker."""
        day = self.day
        heard: asyncio.Queue[WaitingId] = asyncio.Queue()
        house = day.house
        house.services.listen(
            lambda logged: (
                heard.put_nowait(WaitingId(str(logged.fact.detail["waiting"])))
                if logged.fact.kind is FactKind.WAITING_OFFERED
                else None
            )
        )
        while day.house is house:
            try:
                async with asyncio.timeout(30.0):
                    id = await heard.get()
            except TimeoutError:
                continue
            self.begins(self._answers_offer(id))

    async def _answers_offer(self, id: WaitingId) -> None:
        day, wait = self.day, self.day.ledger.waits[id]
        dice = random.Random(f"{day.sets.seed}/{wait.person}/{wait.start}/{day.now}")
        what = dice.choices(("takes", "ignores", "is beaten"), (60, 20, 20))[0]
        await asyncio.sleep(dice.uniform(8, 420))
        if what == "ignores" or wait.offered_at is None:
            return
        start = max(wait.start, day.now.replace(second=0, microsecond=0))
        if what == "is beaten":
            quick = dice.choice(self.pool)
            await self.books(Intent(wait.room, start, wait.end, quick, (), "", day.now, dice))
            return
        is_free = day.ledger.free(wait.room, start, wait.end)
        made = await day.asks(day.desk.take(id, wait.person))
        if made is None:
            if (
                is_free
                and day.ledger.refused[-1] in ("overlap", "buffer", "not_waiting")
                and wait.offered_at is not None
            ):
                day.oracle.object(f"{id} was offered {wait.room}, and could not take it: {day.ledger.refused[-1]}")
            return
        if not is_free:
            day.oracle.object(f"{id} took {wait.room}, which was taken")
        one = self.keeps(made)
        if one.state == "requested" and not await self.answered(one, dice):
            day.ledger.changed_their_mind.add(id)
            return
        holder = day.holders[wait.person]
        await day.until(max(day.now + 6 * timedelta(seconds=1), one.start + dice.uniform(-4, 6) * MINUTE))
        if one.state != "booked" or day.now >= min(one.end, day.ends) - MINUTE:
            day.ledger.changed_their_mind.add(id)
            return
        if await day.goes(holder, one.room):
            await day.until(one.end - MINUTE)
            await day.leaves(holder.id, one.room)
