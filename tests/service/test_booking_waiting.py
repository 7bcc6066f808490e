"""Who waits for a room: offered what becomes free, in the order of asking, for ten minutes each; the winner's door opens."""

import asyncio

import pytest

from controller.domain.booking import waiting as rules
from controller.domain.booking.rules import Edit, RefuseReason, Wish
from controller.domain.booking.values import WaitingState
from controller.domain.booking.waiting import Input
from controller.domain.facts import FactKind
from controller.errors import InputError, StoreError
from controller.services.booking.desk import BookingRefused, How
from controller.services.ports import LoggedFact
from tests.support.booking_house import ALICE, BEN, CLEO, PINE, SARA, BookingHouse, at
from tests.support.services import LoopClock

OFFERED, WON, LAPSED = FactKind.WAITING_OFFERED, FactKind.WAITING_WON, FactKind.WAITING_LAPSED


def wish(start: str = "13:00", end: str = "14:00", owner=BEN) -> Wish:
    return Wish(PINE, at(start), at(end), owner.id)


async def test_a_released_time_is_offered_to_who_waits_and_whoever_takes_it_can_open_the_door_within_a_second():
    house = BookingHouse()
    async with house.living():
        await house.book("13:00", "14:00")
        waiting = await house.desk.wait_for(wish(), BEN.id, How.PAGE)
        await house.until(at("13:09"))
        assert house.heard_of(OFFERED) == []
        await house.until(at("13:10"))
        (fact,) = house.heard_of(OFFERED)
        assert fact.person == BEN.id
        made = await house.desk.take(waiting.id, BEN.id, How.PAGE)
        await asyncio.sleep(1)
        assert house.answer(BEN) == "granted"
    assert (made.start, made.end) == (at("13:10"), at("14:00"))
    assert made.checked_in_at is not None
    (won,) = house.heard_of(WON)
    assert (won.person, won.detail["booking"]) == (BEN.id, made.id)
    assert (await house.desk.waiting(waiting.id)).state is WaitingState.WON


@pytest.mark.parametrize("how", ["cancelled", "moved", "ended early"])
async def test_however_a_time_becomes_free_it_is_offered(how):
    house = BookingHouse()
    async with house.living():
        if how == "ended early":
            there = await house.book("12:00", "14:00")
            await house.desk.wait_for(wish("12:30"), BEN.id)
            await house.until(at("12:20"))
            await house.desk.end_now(there.id, ALICE.id)
        else:
            there = await house.book("13:00", "14:00")
            await house.desk.wait_for(wish(), BEN.id)
            if how == "moved":
                await house.desk.change(there.id, Edit(start=at("15:00"), end=at("16:00")), ALICE.id)
            else:
                await house.desk.cancel(there.id, ALICE.id)
        await asyncio.sleep(2)
    assert [fact.person for fact in house.heard_of(OFFERED)] == [BEN.id]


async def test_an_offer_not_taken_in_ten_minutes_goes_to_the_next_who_asked():
    house = BookingHouse()
    async with house.living():
        there = await house.book("13:00", "14:00")
        first = await house.desk.wait_for(wish(), BEN.id)
        await asyncio.sleep(1)
        await house.desk.wait_for(wish(owner=CLEO), CLEO.id)
        await house.desk.cancel(there.id, ALICE.id)
        await asyncio.sleep(120)
        assert [fact.person for fact in house.heard_of(OFFERED)] == [BEN.id]
        await asyncio.sleep(490)
        assert [fact.person for fact in house.heard_of(OFFERED)] == [BEN.id, CLEO.id]
        with pytest.raises(BookingRefused) as caught:
            await house.desk.take(first.id, BEN.id)
    assert caught.value.refused.reason is RefuseReason.NOT_WAITING
    (lapsed,) = house.heard_of(LAPSED)
    assert (lapsed.person, lapsed.detail["reason"]) == (BEN.id, "not taken in time")


async def test_whoever_books_an_offered_time_first_has_it_and_who_waited_waits_on():
    house = BookingHouse()
    async with house.living():
        there = await house.book("13:00", "14:00")
        waiting = await house.desk.wait_for(wish(), BEN.id)
        await house.desk.cancel(there.id, ALICE.id)
        await asyncio.sleep(2)
        quick = await house.book("13:00", "14:00", CLEO)
        with pytest.raises(BookingRefused) as caught:
            await house.desk.take(waiting.id, BEN.id)
        assert caught.value.refused.reason is RefuseReason.OVERLAP
        await asyncio.sleep(2)
        assert (await house.desk.waiting(waiting.id)).state is WaitingState.WAITING
        await house.desk.cancel(quick.id, CLEO.id)
        await asyncio.sleep(2)
    assert [fact.detail["reason"] for fact in house.heard_of(LAPSED)] == ["somebody else was quicker"]
    assert len(house.heard_of(OFFERED)) == 2


async def test_an_offer_that_is_booked_by_others_is_lost_without_anybody_trying_to_take_it():
    house = BookingHouse()
    async with house.living():
        there = await house.book("13:00", "14:00")
        waiting = await house.desk.wait_for(wish(), BEN.id)
        await house.desk.cancel(there.id, ALICE.id)
        await asyncio.sleep(2)
        await house.book("13:30", "14:30", CLEO)
        await asyncio.sleep(2)
        assert (await house.desk.waiting(waiting.id)).state is WaitingState.WAITING
    assert len(house.heard_of(LAPSED)) == 1


async def test_a_desk_that_died_after_booking_what_was_offered_has_won_all_the_same():
    house = BookingHouse()
    async with house.living():
        there = await house.book("13:00", "14:00")
        waiting = await house.desk.wait_for(wish(), BEN.id)
        await house.desk.cancel(there.id, ALICE.id)
        await asyncio.sleep(2)
        made = await house.book("13:00", "14:00", BEN)  # and nobody says what for
        await asyncio.sleep(60)
        assert (await house.desk.waiting(waiting.id)).state is WaitingState.OFFERED
        await asyncio.sleep(600)
        after = await house.desk.waiting(waiting.id)
    assert (after.state, after.booking) == (WaitingState.WON, made.id)
    assert [fact.detail["booking"] for fact in house.heard_of(WON)] == [made.id]
    assert house.heard_of(LAPSED) == []


async def test_a_free_time_is_booked_and_not_waited_for():
    house = BookingHouse()
    with pytest.raises(BookingRefused, match="is free on"):
        await house.desk.wait_for(wish(), BEN.id)


async def test_nobody_waits_twice_for_one_time_nor_for_others():
    house = BookingHouse()
    await house.book("13:00", "14:00")
    await house.desk.wait_for(wish(), BEN.id)
    with pytest.raises(InputError, match="already"):
        await house.desk.wait_for(wish(), BEN.id)
    with pytest.raises(BookingRefused) as caught:
        await house.desk.wait_for(wish(owner=CLEO), BEN.id)
    assert caught.value.refused.reason is RefuseReason.NOT_YOURS


async def test_who_withdraws_is_offered_nothing_and_only_they_and_staff_may():
    house = BookingHouse()
    async with house.living():
        there = await house.book("13:00", "14:00")
        waiting = await house.desk.wait_for(wish(), BEN.id)
        with pytest.raises(BookingRefused):
            await house.desk.withdraw(waiting.id, CLEO.id)
        gone = await house.desk.withdraw(waiting.id, SARA.id)
        assert await house.desk.withdraw(waiting.id, BEN.id) == gone
        await house.desk.cancel(there.id, ALICE.id)
        await asyncio.sleep(2)
    assert gone.state is WaitingState.WITHDRAWN
    assert house.heard_of(OFFERED) == []


async def test_what_was_won_is_not_withdrawn_but_cancelled():
    house = BookingHouse()
    async with house.living():
        there = await house.book("13:00", "14:00")
        waiting = await house.desk.wait_for(wish(), BEN.id)
        await house.desk.cancel(there.id, ALICE.id)
        await asyncio.sleep(2)
        await house.desk.take(waiting.id, BEN.id)
    with pytest.raises(BookingRefused, match="won already"):
        await house.desk.withdraw(waiting.id, BEN.id)


async def test_a_time_that_has_come_and_gone_is_waited_for_no_longer():
    house = BookingHouse()
    async with house.living():
        there = await house.book("12:00", "12:30")
        waiting = await house.desk.wait_for(wish("12:00", "12:30"), BEN.id)
        await house.until(at("12:31"))
        assert (await house.desk.waiting(waiting.id)).state is WaitingState.OVER
    assert there.checked_in_at is not None
    assert house.heard_of(OFFERED, LAPSED) == []


async def test_an_offer_is_told_once_though_the_controller_starts_anew():
    house = BookingHouse()
    async with house.living():
        there = await house.book("13:00", "14:00")
        waiting = await house.desk.wait_for(wish(), BEN.id)
        await house.desk.cancel(there.id, ALICE.id)
        await asyncio.sleep(2)
    after = BookingHouse(await house.registry.load(), clock=LoopClock(at("12:02")))
    await after.waiting.put_waiting(await house.desk.waiting(waiting.id))
    await after.services.recall([LoggedFact(number, fact) for number, fact in enumerate(house.told, 1)], {})
    async with after.living():
        await asyncio.sleep(3)
    assert after.heard_of(OFFERED) == []


@pytest.mark.parametrize("microsecond", [0, 1, 123_456, 999_999])
async def test_an_offer_is_told_once_though_a_store_keeps_no_microseconds(microsecond):
    house = BookingHouse(clock=LoopClock(at("12:00").replace(microsecond=microsecond)))
    async with house.living():
        there = await house.book("13:00", "14:00")
        waiting = await house.desk.wait_for(wish(), BEN.id)
        await house.desk.cancel(there.id, ALICE.id)
        await asyncio.sleep(2)
        await house.book("15:00", "16:00")
        await house.desk.wait_for(wish("15:00", "16:00", CLEO), CLEO.id)  # the line is read anew
        await asyncio.sleep(5)
        kept = await house.desk.waiting(waiting.id)
    assert [fact.person for fact in house.heard_of(OFFERED)] == [BEN.id]
    assert house.heard_of(OFFERED)[0].detail["until"] == kept.offered_until.isoformat()


async def test_an_offer_that_has_run_out_is_not_taken_though_nobody_has_looked_since():
    house = BookingHouse()
    there = await house.book("13:00", "14:00")
    waiting = await house.desk.wait_for(wish(), BEN.id)
    await house.desk.cancel(there.id, ALICE.id)
    now = house.clock.now()
    await house.waiting.change_waiting(waiting.id, lambda one: rules.after(one, Input.OFFER, now))

    await asyncio.sleep(600)
    with pytest.raises(BookingRefused, match="it is over") as caught:
        await house.desk.take(waiting.id, BEN.id)

    assert caught.value.refused.reason is RefuseReason.NOT_WAITING
    assert await house.bookings.bookings_of(BEN.id, at("12:00"), at("15:00")) == []


async def test_a_list_that_cannot_be_read_now_is_read_later():
    house = BookingHouse()
    version = house.waiting.version

    async def busy():
        raise StoreError("the database is locked")

    async with house.living():
        there = await house.book("13:00", "14:00")
        await house.desk.wait_for(wish(), BEN.id)
        house.waiting.version = busy
        await house.desk.cancel(there.id, ALICE.id)
        await asyncio.sleep(3)
        assert house.heard_of(OFFERED) == []
        house.waiting.version = version
        await asyncio.sleep(2)
    assert len(house.heard_of(OFFERED)) == 1


async def test_a_place_that_is_not_there_is_named():
    house = BookingHouse()
    with pytest.raises(InputError, match="'w-none'"):
        await house.desk.take("w-none", BEN.id)
