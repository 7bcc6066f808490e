"""What two hundred people mean to do in a day: who books what, who comes, who does not, who is on air.

Chance is the day's own dice, thrown in one order at the start. What follows from each meaning is in `stories`,
`podcasts` and `queues`.
"""

import asyncio
import random
from datetime import datetime, timedelta

from controller.domain.booking.rules import Wish
from controller.domain.booking.values import Frequency, Part, Recurrence
from controller.domain.ids import AreaId
from controller.services.booking.desk import How
from tests.support.day.life import MINUTE, Day
from tests.support.day.oracle import BOOTH
from tests.support.day.people import LONGEST_MINUTES, ZONE_OF, Holder, bookers
from tests.support.day.podcasts import Podcasts
from tests.support.day.queues import Queues
from tests.support.day.stories import BUFFERS, CLASSROOM, Intent

MEETING = tuple(sorted(room for room, zone in ZONE_OF.items() if zone == "meeting"))
# What becomes of a booking, and how often.
ENDINGS = (
    ("comes", 25), ("taps", 8), ("nobody", 14), ("somebody else", 8), ("late", 8), ("stands at the door", 4),
    ("cancels", 10), ("moves", 6), ("extends", 6), ("ends early", 8), ("guest", 9), ("shares", 4),
)  # fmt: skip
PODCASTS = ("by button", "live", "leaves early", "by panel", "ends it", "runs over")


class Stories(Podcasts, Queues):
    """Laid out for one day; called with it, they begin."""

    def __init__(self, *, busy: float = 1.0) -> None:
        """`busy`: how much of the rooms' time is asked for."""
        self.busy = busy

    def __call__(self, day: Day, tasks: asyncio.TaskGroup) -> None:
        self.day, self.tasks = day, tasks
        self.pool = bookers(day.holders)
        self.staff = [one for one in day.holders.values() if one.is_staff and one.is_welcome]
        for room in day.rooms:
            for intent in self._intents(room):
                self.begins(self._lives(intent))
        for holder in day.holders.values():
            self.begins(self._arrives(holder, random.Random(day.dice.random())))
        for place, room in enumerate(MEETING[:3]):
            self.begins(self._series(room, place, random.Random(day.dice.random())))
        for _ in range(round(14 * self.busy)):
            self.begins(self._walks_up(random.Random(day.dice.random())))
        self.begins(self._light_fails(random.Random(day.dice.random())))
        self.begins(self._intrudes(random.Random(day.dice.random())))
        self.begins(self._tries_doors(random.Random(f"doors/{day.sets.seed}")))
        self.begins(self.hears_offers())
        if day.sets.restarts:
            self.begins(self._restarts())

    # --- laying out -----------------------------------------------------------------------------------

    def _intents(self, room: AreaId) -> list[Intent]:
        day, dice = self.day, random.Random(self.day.dice.random())
        found: list[Intent] = []
        starts = day.begins + 10 * MINUTE if room in MEETING else max(day.begins + 10 * MINUTE, day.sets.at(7, 10))
        stops = day.ends - 30 * MINUTE if room in MEETING else min(day.ends, day.sets.at(22, 55))
        podcasts = list(PODCASTS)
        dice.shuffle(podcasts)
        at = starts
        while at < stops:
            at += MINUTE * dice.choice((0, 0, 5, 15, 30)) / max(self.busy, 0.3)
            at = _aligned(at)
            minutes = (
                dice.choice((15, 20, 30, 30, 45, 60, 60, 90)) if room is not CLASSROOM else dice.choice((60, 90, 120))
            )
            owner = self._owner(room, minutes, dice)
            end = at + minutes * MINUTE
            if end > stops:
                break
            ending = dice.choices([one for one, _ in ENDINGS], [often for _, often in ENDINGS])[0]
            if room == BOOTH and minutes >= 30 and podcasts and dice.random() < 0.8:
                ending = podcasts.pop()
            others = tuple(dice.sample(self.pool, dice.choice((0, 1, 1, 2))))
            asked = day.begins + dice.uniform(1, 400) * timedelta(seconds=1)
            wanted: tuple[Holder, ...] = ()
            if ending in ("nobody", "cancels", "ends early", "late", "moves", "comes") and dice.random() < 0.3:
                wanted = tuple(self._owner(room, minutes, dice) for _ in range(dice.choice((1, 1, 2, 3))))
            if asked < at - 3 * MINUTE:
                found.append(Intent(room, at, end, owner, others, ending, asked, random.Random(dice.random()), wanted))
            at = end + BUFFERS.get(room, 0 * MINUTE)
        return found

    def _owner(self, room: AreaId, minutes: int, dice: random.Random) -> Holder:
        fit = [one for one in self.pool if LONGEST_MINUTES[one.plan] >= minutes]
        return dice.choice(fit)

    # --- around the booth -----------------------------------------------------------------------------

    async def _intrudes(self, dice: random.Random) -> None:
        """Somebody who may go into the booth by their plan tries it, again and again."""
        day = self.day
        curious = [one for one in self.pool if one.plan == "full-time"]
        while day.now < day.ends - 30 * MINUTE:
            await asyncio.sleep(dice.uniform(200, 900))
            person = dice.choice(curious)
            if day.oracle.on_air_for(day.now) is not None and not day.may(person, BOOTH, day.now):
                await day.goes(person, BOOTH)
                day.ledger.counts["kept out"] += 1

    async def _tries_doors(self, dice: random.Random) -> None:
        """People of any kind hold their badges to the doors of rooms, and go in nowhere."""
        day = self.day
        everybody = sorted(day.holders.values(), key=lambda one: one.id)
        while day.now < day.ends - 30 * MINUTE:
            await asyncio.sleep(dice.uniform(300, 1800))
            await day.goes(dice.choice(everybody), dice.choice(day.rooms), pushes=False)

    async def _light_fails(self, dice: random.Random) -> None:
        """Its line dies now and then, and sometimes its power."""
        day = self.day
        while day.now < day.ends:
            await asyncio.sleep(dice.uniform(600, 3600))
            day.field.cut()
            await asyncio.sleep(dice.uniform(5, 240))
            day.field.mend(reborn=dice.random() < 0.4)
            day.ledger.counts["light lost"] += 1

    # --- beside bookings ------------------------------------------------------------------------------

    async def _arrives(self, holder: Holder, dice: random.Random) -> None:
        day = self.day
        await day.until(day.begins + dice.uniform(5, 200) * MINUTE)
        may: bool | None = None
        if holder.is_welcome and (
            holder.is_staff or (holder.plan in ("full-time", "team") and day.now >= day.sets.at(7))
        ):
            may = True
        elif not holder.is_welcome and holder.plan in LONGEST_MINUTES:
            may = False
        await day.comes_in(holder, may=may)

    async def _series(self, room: AreaId, place: int, dice: random.Random) -> None:
        """Each day for three days; today's is like any other."""
        day = self.day
        await day.until(day.begins + (450 + 20 * place) * timedelta(seconds=1))
        owner = dice.choice([one for one in self.pool if one.plan in ("full-time", "team")])
        hour = dice.choice((9, 11, 14, 16))
        rule = Recurrence(Frequency.DAILY, day.sets.day, hour * 60, 45, count=3)
        wish = Wish(room, day.sets.at(hour), day.sets.at(hour, 45), owner.id)
        made = await day.asks(day.desk.book_series(wish, rule, owner.id))
        if made is None:
            return
        for booking in made.made:
            self.keeps(booking)
        day.ledger.counts["series"] += 1
        if dice.random() < 0.5:
            await asyncio.sleep(600)
            last = made.made[-1]
            changed = await day.asks(day.desk.cancel(last.id, owner.id, Part.FOLLOWING))
            for booking in changed.bookings if changed is not None else ():
                self._goes(day.ledger.held[booking.id], booking.start, "cancelled")

    async def _walks_up(self, dice: random.Random) -> None:
        """In front of a room that is free: booked at its panel, and gone into."""
        day = self.day
        minutes = day.sets.hours * 60
        await day.until(day.begins + dice.uniform(60, minutes - 60) * MINUTE)
        rooms = [*MEETING, BOOTH]
        dice.shuffle(rooms)
        owner = dice.choice([one for one in self.pool if one.plan in ("full-time", "team")])
        choice = dice.random()
        for room in rooms:
            slots = await day.asks(day.desk.walk_ups(room))
            if not slots:
                continue
            slot = slots[int(choice * len(slots))]
            intent = Intent(room, slot.start, slot.end, owner, (), "walks up", day.now, dice)
            one = await self.books(intent, walk_up=True, how=How.PANEL)
            if one is None:
                continue
            day.ledger.counts["walk-up"] += 1
            if await day.goes(owner, room):
                await day.until(one.end - MINUTE)
                await day.leaves(owner.id, room)
            return

    async def _restarts(self) -> None:
        day = self.day
        await day.until(day.begins + (day.ends - day.begins) * 0.4)
        await day.restart()
        self.begins(self.hears_offers())


def _aligned(at: datetime) -> datetime:
    """To the next five minutes."""
    over = (at.minute % 5) * MINUTE + timedelta(seconds=at.second, microseconds=at.microsecond)
    return at if not over else at - over + 5 * MINUTE
