"""Bookings that are over, in the ledger: one row each, corrected by rows of their own, through restarts and edits."""

import asyncio
from dataclasses import replace
from datetime import timedelta

from controller.domain.usage import ChargeKind, LedgerEntry
from controller.services.booking.billing import Billing
from tests.support.booking_house import ALICE, BEN, BookingHouse, at


def rows(house: BookingHouse) -> list[tuple[LedgerEntry, str, str | None, int, str]]:
    return [
        (row.entry, row.charge.holder, row.charge.subject, row.amount, row.reason)
        for row in house.ledger.rows
        if row.charge.kind is ChargeKind.ROOM_MINUTES
    ]


async def test_a_booking_that_is_over_is_one_row_of_its_minutes():
    house = BookingHouse()
    async with house.living():
        made = await house.book("12:00", "12:45")
        await house.until(at("12:44"))
        assert rows(house) == []
        await house.until(at("12:50"))
    assert rows(house) == [(LedgerEntry.USED, ALICE.id, made.id, 45, "used")]


async def test_what_was_given_back_is_not_billed():
    house = BookingHouse()
    async with house.living():
        ended = await house.book("12:00", "13:00")
        missed = await house.book("13:00", "14:00", BEN)
        gone = await house.book("14:00", "14:10")
        await house.desk.cancel(gone.id, ALICE.id)
        await house.until(at("12:20"))
        await house.desk.end_now(ended.id, ALICE.id)
        await house.until(at("14:15"))
    assert rows(house) == [
        (LedgerEntry.USED, ALICE.id, ended.id, 20, "ended_early"),
        (LedgerEntry.USED, BEN.id, missed.id, 10, "no_show"),
    ]


async def test_looking_again_and_starting_anew_bill_nothing_twice():
    house = BookingHouse()
    await house.book("12:00", "12:45")
    await asyncio.sleep(3600)
    for _ in range(3):
        billing = Billing(house.bookings, house.ledger, lambda: house.index.space, house.clock)
        await billing.look()
        await billing.look(timedelta(hours=3))
    assert len(rows(house)) == 1


async def test_a_controller_that_was_off_for_days_bills_what_ended_meanwhile():
    house = BookingHouse()
    made = await house.book("12:00", "12:45")
    await asyncio.sleep(20 * 24 * 3600)
    await Billing(house.bookings, house.ledger, lambda: house.index.space, house.clock).look()
    assert rows(house) == [(LedgerEntry.USED, ALICE.id, made.id, 45, "used")]


async def test_an_edit_after_billing_is_a_row_of_the_difference_and_the_first_row_stays():
    house = BookingHouse()
    billing = Billing(house.bookings, house.ledger, lambda: house.index.space, house.clock)
    made = await house.book("12:00", "12:45")
    await asyncio.sleep(3600)
    await billing.look()
    await house.bookings.change_booking(made.id, lambda one: replace(one, end=at("12:30"), held_until=None))
    await billing.look()
    await billing.look()
    assert rows(house) == [
        (LedgerEntry.USED, ALICE.id, made.id, 45, "used"),
        (LedgerEntry.CORRECTED, ALICE.id, made.id, -15, "the booking was changed after it was billed"),
    ]


async def test_what_was_booked_before_anybody_wrote_down_when_is_not_billed_afterwards():
    house = BookingHouse()
    made = await house.book("12:00", "12:45")
    await house.bookings.change_booking(made.id, lambda one: replace(one, made_at=None))
    await asyncio.sleep(3600)
    await Billing(house.bookings, house.ledger, lambda: house.index.space, house.clock).look()
    assert rows(house) == []
