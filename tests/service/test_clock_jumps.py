"""A house whose machine's clock jumps by an hour, either way: nobody gains by it, and no booking ends twice or not at all.

The machine's clock is wrong and what passes is not, as when somebody sets it by hand.
"""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from controller.adapters.clock import HouseClock
from controller.domain.booking.rules import Wish
from controller.domain.facts import FactKind
from controller.domain.holdings import BookingState
from controller.services.booking.desk import How
from tests.support.booking_house import ALICE, PINE, BookingHouse, at
from tests.support.services import LoopClock

HOUR = timedelta(hours=1)


class JumpyClock(HouseClock):
    """A house's clock over a machine's that a test sets wrong; both durations are the loop's."""

    def __init__(self, known: datetime | None = None, *, off: timedelta = timedelta(0)) -> None:
        self.off_by = off
        self._true = LoopClock()
        super().__init__(
            known, wall=lambda: self._true.now() + self.off_by, passed=self._true.monotonic, vouched=lambda: False
        )

    def monotonic(self) -> float:
        return self._true.monotonic()

    def true(self) -> datetime:
        return self._true.now()


@pytest.mark.parametrize("jump", [HOUR, -HOUR], ids=["ahead", "back"])
async def test_a_booking_opens_its_room_in_its_own_time_and_not_in_the_clocks(jump: timedelta) -> None:
    clock = JumpyClock()
    house = BookingHouse(clock=clock)
    async with house.living():
        await house.book("13:00", "14:00")
        assert house.answer(ALICE) != "granted"

        clock.off_by = jump  # by the clock it is 13:01 now, or 11:01
        await asyncio.sleep(60)
        assert house.answer(ALICE) != "granted"

        await asyncio.sleep((at("13:01") - clock.true()).total_seconds())
        assert house.answer(ALICE) == "granted"


@pytest.mark.parametrize("jump", [HOUR, -HOUR], ids=["ahead", "back"])
async def test_a_booking_nobody_came_to_is_released_once_and_when_it_is_due(jump: timedelta) -> None:
    clock = JumpyClock()
    house = BookingHouse(clock=clock)
    async with house.living():
        made = await house.book("12:15", "13:00")
        await house.until(at("12:20"))
        clock.off_by = jump
        await asyncio.sleep(120)
        assert (await house.stands(made)).state is BookingState.BOOKED

        await asyncio.sleep((at("12:25") - clock.true()).total_seconds() + 1.5)
        kept = await house.stands(made)
        assert (kept.state, kept.end) == (BookingState.RELEASED, at("12:25"))

        clock.off_by = timedelta(0)
        await asyncio.sleep(1800)

    assert len(house.heard_of(FactKind.BOOKING_RELEASED)) == 1


async def test_after_a_start_in_1970_what_is_due_happens_once_the_clock_is_set_and_not_before() -> None:
    began = at("12:00")
    clock = JumpyClock(began, off=datetime(1970, 1, 1, tzinfo=UTC) - began)
    house = BookingHouse(clock=clock)
    async with house.living():
        wish = Wish(PINE, at("12:15"), at("13:00"), ALICE.id)
        made = await house.desk.book(wish, ALICE.id, How.PAGE)
        await asyncio.sleep(600)
        assert (await house.stands(made)).state is BookingState.BOOKED
        assert clock.off is not None

        clock.off_by = timedelta(0)
        await asyncio.sleep((at("12:25") - clock.true()).total_seconds() + 1.5)

        assert clock.off is None
        assert (await house.stands(made)).state is BookingState.RELEASED
    (fact,) = house.heard_of(FactKind.BOOKING_RELEASED)
    assert fact.detail["booking"] == made.id
