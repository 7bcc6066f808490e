"""What becomes of one booking in a simulated day: made, come to or not, moved, cancelled, shared, ended.

Each story is a coroutine that sleeps from one act to the next, by dice of its own: how long something takes changes
nobody's mind. Who means to do what is laid out in `plan`.
"""

import asyncio
import random
from collections.abc import Coroutine
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from controller.domain.booking.rules import Edit, Wish
from controller.domain.holdings import Booking
from controller.domain.ids import AreaId, PersonId
from controller.services.booking.desk import How
from tests.support.day.ledger import Held
from tests.support.day.life import MINUTE, Day
from tests.support.day.oracle import BOOTH
from tests.support.day.people import Holder, guest

CLASSROOM = AreaId("classroom")
BUFFERS = {CLASSROOM: 30 * MINUTE, BOOTH: 10 * MINUTE}


@dataclass(frozen=True)
class Intent:
    """One booking somebody means to make, and what is to become of it."""

    room: AreaId
    start: datetime
    end: datetime
    owner: Holder
    others: tuple[Holder, ...]
    ending: str
    asked_at: datetime
    dice: random.Random = field(repr=False)
    wanted_by: tuple[Holder, ...] = ()


class Bookings:
    """The ones that anybody may have of any room: `_<ending>` for each."""

    day: Day
    tasks: asyncio.TaskGroup
    pool: list[Holder]
    staff: list[Holder]

    def begins(self, story: Coroutine[object, object, object]) -> None:
        self.tasks.create_task(story)  # type: ignore[arg-type]

    async def waits(self, one: Held, holder: Holder, after: float, dice: random.Random) -> None:
        """For a time that is taken; see `queues`."""
        raise NotImplementedError

    async def _lives(self, intent: Intent) -> None:
        day = self.day
        await day.until(intent.asked_at)
        one = await self.books(intent, is_live=intent.ending == "live")
        if one is None:
            return
        for place, holder in enumerate(intent.wanted_by):
            self.begins(self.waits(one, holder, intent.dice.uniform(20, 300 + 60 * place), intent.dice))
        if one.state == "requested" and not await self.answered(one, intent.dice):
            return
        story = getattr(self, "_" + intent.ending.replace(" ", "_"))
        await story(one, intent)

    async def books(
        self, intent: Intent, *, is_live: bool = False, walk_up: bool = False, how: How = How.PAGE
    ) -> Held | None:
        day = self.day
        wish = Wish(
            intent.room, intent.start, intent.end, intent.owner.id,
            frozenset(one.id for one in intent.others), is_live=is_live, walk_up=walk_up,
        )  # fmt: skip
        is_free = day.ledger.free(intent.room, intent.start, intent.end)
        made = await day.asks(day.desk.book(wish, None if walk_up else intent.owner.id, how))
        if made is None:
            if is_free and day.ledger.refused[-1] in ("overlap", "buffer"):
                day.oracle.object(f"{intent.room} is free, and was refused as taken")
            return None
        if not is_free:
            day.oracle.object(f"{intent.room} was booked twice")
        return self.keeps(made, walk_up=walk_up)

    def keeps(self, made: Booking, *, walk_up: bool = False) -> Held:
        """Into the driver's book: what its people were told."""
        now = self.day.now
        is_short = made.end - made.start <= 15 * MINUTE
        one = Held(
            made.id, made.area, made.start, made.end, made.owner, {made.owner, *made.participants}, now,
            BUFFERS.get(made.area, 0 * MINUTE), state=str(made.state), is_live=made.is_live,
            asks=not (walk_up or is_short or now >= made.start or made.end - made.start >= timedelta(hours=8)),
        )  # fmt: skip
        one.until.append((now, one.end))
        self.day.ledger.held[one.id] = one
        self.day.ledger.counts["booked"] += 1
        return one

    async def answered(self, one: Held, dice: random.Random) -> bool:
        day, chance = self.day, dice.random()
        await day.until(max(day.now, one.start - dice.uniform(20, 200) * MINUTE))
        if one.state != "requested":
            return False
        by = dice.choice(self.staff)
        if chance < 0.75:
            if await day.asks(day.desk.approve(one.id, by.id)) is not None:
                one.state = "booked"
                one.asks = one.asks and day.now < one.start
            return one.state == "booked"
        no = "the room is being painted"
        if chance < 0.9 and await day.asks(day.desk.decline(one.id, by.id, no)) is not None:
            self._goes(one, one.start, "declined")
        return False  # or nobody answers: ten minutes after its start it is declined

    def _goes(self, one: Held, since: datetime, why: str) -> None:
        one.state = "gone"
        self.day.ledger.gives_back(one, max(since, one.start), one.end, self.day.now, why)

    # --- what becomes of them -------------------------------------------------------------------------

    async def _comes(self, one: Held, intent: Intent, *, stays: bool = True) -> bool:
        """The people of it, one after the other; the first who is in counts."""
        day, dice = self.day, intent.dice
        people = [intent.owner, *intent.others]
        first = dice.uniform(-7, 7)
        leaves = dice.uniform(0.2, 4)
        await day.until(one.start + first * MINUTE)
        is_in = False
        for person in people:
            is_in = await day.goes(person, one.room) or is_in
            await asyncio.sleep(dice.uniform(3, 40))
        if stays:
            await day.until(one.end - leaves * MINUTE)
            await self._all_leave(one)
        return is_in

    async def _all_leave(self, one: Held) -> None:
        for person in sorted(one.people & self.day.ledger.inside[one.room]):
            await self.day.leaves(person, one.room)
            await asyncio.sleep(3.0)

    async def _taps(self, one: Held, intent: Intent) -> None:
        """In by a door that a friend held open: a tap on the panel, or on the page."""
        day, dice = self.day, intent.dice
        at_panel = dice.random() < 0.5
        await day.until(one.start + dice.uniform(-9, 9) * MINUTE)
        if one.state != "booked":
            return
        by = None if at_panel else intent.owner.id
        done = await day.asks(day.desk.check_in(one.id, by, How.PANEL if at_panel else How.PAGE))
        if done is None:
            day.oracle.object(f"{one.id}: its people tapped, and were refused")
            return
        one.came = one.came or day.now
        day.ledger.enters(intent.owner.id, one.room, day.now)
        day.feel(one.room)
        await day.until(one.end - dice.uniform(1, 10) * MINUTE)
        await day.leaves(intent.owner.id, one.room)

    async def _nobody(self, one: Held, intent: Intent) -> None:
        """Nothing happens."""

    async def _somebody_else(self, one: Held, intent: Intent) -> None:
        """Nobody of it comes, and somebody sits there: they may, by their plan."""
        day, dice = self.day, intent.dice
        them = dice.choice([one for one in self.pool if one.plan == "full-time"])
        if them.id in one.people:
            return
        await day.until(one.start + dice.uniform(-2, 8) * MINUTE)
        if await day.goes(them, one.room):
            await asyncio.sleep(dice.uniform(600, 2400))
            await day.leaves(them.id, one.room)

    async def _late(self, one: Held, intent: Intent) -> None:
        """After the ten minutes: the booking is gone, or somebody was there meanwhile."""
        day, dice = self.day, intent.dice
        await day.until(one.start + dice.uniform(11, 25) * MINUTE)
        if await day.goes(intent.owner, one.room):
            await asyncio.sleep(dice.uniform(200, 900))
            await day.leaves(intent.owner.id, one.room)

    async def _stands_at_the_door(self, one: Held, intent: Intent) -> None:
        """The door opens for them, and they do not go in."""
        await self.day.until(one.start + intent.dice.uniform(-5, 8) * MINUTE)
        await self.day.goes(intent.owner, one.room, pushes=False)

    async def _cancels(self, one: Held, intent: Intent) -> None:
        day = self.day
        await day.until(max(day.now + 60 * timedelta(seconds=1), one.start - intent.dice.uniform(2, 120) * MINUTE))
        if one.state == "booked" and await day.asks(day.desk.cancel(one.id, intent.owner.id)) is not None:
            self._goes(one, one.start, "cancelled")

    async def _moves(self, one: Held, intent: Intent) -> None:
        """A quarter of an hour later or earlier, where there is room."""
        day, dice = self.day, intent.dice
        by = dice.choice((-15, 15, 30)) * MINUTE
        await day.until(max(day.now + MINUTE, one.start - dice.uniform(20, 100) * MINUTE))
        start, end = one.start + by, one.end + by
        if one.state == "booked" and start > day.now + 12 * MINUTE:
            is_free = day.ledger.free(one.room, start, end, but=one.id)
            was = one.start, one.end
            done = await day.asks(day.desk.change(one.id, Edit(start=start, end=end), intent.owner.id))
            if done is not None:
                if not is_free:
                    day.oracle.object(f"{one.id} was moved upon another")
                one.start, one.end = start, end
                one.until.append((day.now, end))
                day.ledger.gives_back(one, *was, day.now, "moved")
                one.state = str(done.bookings[0].state)
        await self._comes(one, intent)

    async def _extends(self, one: Held, intent: Intent) -> None:
        day, dice = self.day, intent.dice
        minutes, at_panel = dice.choice((15, 30)), dice.random() < 0.5
        await self._comes(one, intent, stays=False)
        await day.until(one.end - dice.uniform(2, 9) * MINUTE)
        await self._longer(one, minutes, None if at_panel else intent.owner.id, How.PANEL if at_panel else How.PAGE)
        await day.until(one.end - MINUTE)
        await self._all_leave(one)

    async def _longer(self, one: Held, minutes: int, by: PersonId | None, how: How) -> None:
        day = self.day
        if one.state != "booked" or day.now >= one.end - 5 * timedelta(seconds=1):
            return
        end = one.end + minutes * MINUTE
        is_free = day.ledger.free(one.room, one.start, end, but=one.id)
        if await day.asks(day.desk.extend(one.id, by, how, minutes=minutes)) is None:
            return
        if not is_free:
            day.oracle.object(f"{one.id} was extended upon another")
        one.end, one.came = end, one.came or day.now
        one.until.append((day.now, end))
        day.ledger.counts["extended"] += 1

    async def _ends_early(self, one: Held, intent: Intent) -> None:
        day, dice = self.day, intent.dice
        share = dice.uniform(0.3, 0.8)
        if not await self._comes(one, intent, stays=False):
            return
        await day.until(one.start + (one.end - one.start) * share)
        await self._all_leave(one)
        await self._ended(one, intent.owner.id)

    async def _ended(self, one: Held, by: PersonId) -> None:
        day = self.day
        if one.state != "booked" or not one.start < day.now < one.end - MINUTE:
            return
        was = one.end
        if await day.asks(day.desk.end_now(one.id, by, How.PAGE)) is None:
            return
        one.end = day.now.replace(second=0, microsecond=0)
        one.until.append((day.now, one.end))
        one.came = one.came or day.now
        if one.end <= one.start:
            self._goes(one, one.start, "cancelled")
        day.ledger.gives_back(one, one.end, was, day.now, "ended")
        day.ledger.counts["ended"] += 1

    async def _guest(self, one: Held, intent: Intent) -> None:
        """Somebody from outside comes alone, by the token; the owner is on holiday."""
        day, dice = self.day, intent.dice
        await day.until(max(day.now + MINUTE, one.start - dice.uniform(30, 60) * MINUTE))
        if one.state != "booked" or day.now >= one.end:
            return
        given = await day.asks(day.desk.invite_guest(one.id, "Gus Guest", None, one.owner))
        if given is None:
            return
        one.people.add(given.person)
        visitor = guest(given.person, given.token)
        await day.until(one.start - 20 * MINUTE)
        if one.start - 19 * MINUTE > day.now:
            await day.goes(visitor, one.room)  # too early: nothing opens
        await day.until(one.start + dice.uniform(-8, 8) * MINUTE)
        if await day.goes(visitor, one.room):
            await day.until(one.end - 2 * MINUTE)
            await day.leaves(visitor.id, one.room)

    async def _shares(self, one: Held, intent: Intent) -> None:
        """A participant is added, and comes in the owner's place."""
        day, dice = self.day, intent.dice
        friend = dice.choice(self.pool)
        await day.until(max(day.now + MINUTE, one.start - dice.uniform(15, 90) * MINUTE))
        if one.state != "booked" or day.now >= one.end:
            return
        edit = Edit(participants=frozenset(one.people | {friend.id}) - {one.owner})
        if await day.asks(day.desk.change(one.id, edit, one.owner)) is not None:
            one.people.add(friend.id)
        await day.until(one.start + dice.uniform(-8, 8) * MINUTE)
        if await day.goes(friend, one.room):
            await day.until(one.end - 2 * MINUTE)
            await day.leaves(friend.id, one.room)
