"""Whatever people, sensors and time do to bookings: no two stand in each other's way, nobody is sent out, no right stays."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import timedelta
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from controller.domain.booking.conflicts import held_until
from controller.domain.booking.no_show import EMPTY_FOR
from controller.domain.booking.rules import Edit, Wish
from controller.domain.facts import FactKind
from controller.domain.holdings import HOLDS_ITS_TIME, Booking, BookingState
from controller.services.booking.desk import BookingRefused, How
from tests.support.booking_house import ALICE, BEN, CLEO, PINE, BookingHouse
from tests.support.leaping import LeapingLoop

MINUTE = timedelta(minutes=1)
PEOPLE = (ALICE, BEN, CLEO)
who = st.sampled_from(PEOPLE)
which = st.integers(0, 5)
soon = st.integers(-1, 8).map(lambda quarters: quarters * 15)
long = st.integers(1, 4).map(lambda quarters: quarters * 15)

STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("book"), who, soon, long),
        st.tuples(st.just("move"), which, soon, long),
        st.tuples(st.just("cancel"), which),
        st.tuples(st.just("check in"), which),
        st.tuples(st.just("end"), which),
        st.tuples(st.just("walk in"), who),
        st.tuples(st.just("feel"), st.booleans()),
        st.tuples(st.just("wait"), st.sampled_from((1, 4, 6, 9, 15))),
    ),
    min_size=3,
    max_size=12,
)

# Each day begins with a booking that nobody has come to when somebody is felt in its room, and ends when it is due.
BEGINS = (("book", ALICE, 15, 60), ("wait", 20), ("feel", True))


class Day:
    """One room, and what has been seen of it."""

    def __init__(self, house: BookingHouse) -> None:
        self.house = house
        self.felt = []

    async def do(self, step: tuple[object, ...]) -> None:
        house, (what, *rest) = self.house, step
        now = house.clock.now().replace(second=0, microsecond=0)
        if what == "book":
            person, start, length = rest
            begins = now + start * MINUTE
            await _asked(house.desk.book(Wish(PINE, begins, begins + length * MINUTE, person.id), person.id, How.PAGE))
        elif what == "walk in":
            # A door without a way out told of: whoever went in is in, as far as anybody can say.
            if house.answer(rest[0]) == "granted":
                house.walks_in(rest[0])
        elif what == "feel":
            house.feels(bool(rest[0]))
            if rest[0]:
                self.felt.append(house.clock.now())
        elif what == "wait":
            await asyncio.sleep(60.0 * rest[0])
        elif (booking := await self._one(rest[0])) is not None:
            await _asked(self._to_one(booking, what, rest, now))
        await asyncio.sleep(1.5)
        await self.check()

    async def _to_one(self, booking: Booking, what: object, rest: list[object], now) -> None:
        desk = self.house.desk
        if what == "move":
            begins = now + rest[1] * MINUTE
            await desk.change(booking.id, Edit(start=begins, end=begins + rest[2] * MINUTE), booking.owner)
        elif what == "cancel":
            await desk.cancel(booking.id, booking.owner)
        elif what == "check in":
            await desk.check_in(booking.id, booking.owner, How.PAGE)
        else:
            await desk.end_now(booking.id, booking.owner)

    async def _one(self, number: int) -> Booking | None:
        all_ = sorted(self.house.registry.now.bookings.values(), key=lambda one: one.id)
        return all_[number % len(all_)] if all_ else None

    async def check(self) -> None:
        house, now = self.house, self.house.clock.now()
        everything = list(house.registry.now.bookings.values())
        live = [one for one in everything if one.state in HOLDS_ITS_TIME]
        for one, after in pairwise(sorted(live, key=lambda one: one.start)):
            assert held_until(one) <= after.start
        for person in PEOPLE:
            opens = any(
                one.owner == person.id and one.start - 10 * MINUTE <= now < one.end
                for one in live
                if one.state is BookingState.BOOKED
            )
            assert opens or house.answer(person) != "granted"

    def check_releases(self) -> None:
        for fact in self.house.heard_of(FactKind.BOOKING_RELEASED):
            assert not any(fact.at - EMPTY_FOR < felt <= fact.at for felt in self.felt)


async def _asked(ask: Awaitable[object]) -> None:
    with suppress(BookingRefused):
        await ask


@settings(max_examples=15, deadline=None)
@given(STEPS)
def test_no_two_bookings_overlap_no_occupied_room_is_released_and_no_right_outlives_its_booking(steps):
    async def day() -> None:
        house = BookingHouse()
        async with house.living():
            one = Day(house)
            for step in (*BEGINS, *steps, ("wait", 9)):
                await one.do(step)
        one.check_releases()

    _on_a_leaping_loop(day)


def _on_a_leaping_loop(do: Callable[[], Awaitable[None]]) -> None:
    with asyncio.Runner(loop_factory=LeapingLoop) as runner:
        runner.run(do())
