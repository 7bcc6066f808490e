"""Bookings that are over, in the ledger: one row each, corrected by rows of their own, through restarts and edits."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from controller.domain.ids import BookingId, PersonId
from controller.domain.membership import Person, Right
from controller.domain.usage import Charge, ChargeKind, LedgerEntry, LedgerRow
from controller.errors import InputError, StoreError
from controller.services.booking.billing import Billing
from controller.services.desk.ledger_desk import LedgerDesk
from tests.support.booking_house import ALICE, BEN, BookingHouse, at
from tests.support.memory_stores import MemoryLedger
from tests.support.services import NOON, SPACE

HERA = Person(PersonId("hera"), "Hera", rights=frozenset({Right.FORGIVE}))


def rows(house: BookingHouse) -> list[tuple[LedgerEntry, str, str | None, int, str]]:
    return [
        (row.entry, row.charge.holder, row.charge.subject, row.amount, row.reason)
        for row in house.ledger.rows
        if row.charge.kind is ChargeKind.ROOM_MINUTES
    ]


async def test_a_booking_that_is_over_is_one_row_of_its_minutes():
    house = BookingHouse()
    async with house.living(looks=10.0):
        made = await house.book("12:00", "12:45")
        await house.until(at("12:44"))
        assert rows(house) == []
        await house.until(at("12:50"))
    assert rows(house) == [(LedgerEntry.USED, ALICE.id, made.id, 45, "used")]


async def test_what_was_given_back_is_not_billed():
    house = BookingHouse()
    async with house.living(looks=10.0):
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


async def test_a_ledger_that_cannot_be_written_now_is_written_later():
    house = BookingHouse()
    append = house.ledger.append

    async def full(rows, cursor=None):
        raise StoreError("the disk is full")

    async with house.living(looks=10.0):
        await house.book("12:00", "12:20")
        house.ledger.append = full
        await house.until(at("12:25"))
        house.ledger.append = append
        await house.until(at("12:27"))
    assert len(rows(house)) == 1


# --- at the desk ------------------------------------------------------------------------------------------------------


@pytest.fixture
def ledger():
    return MemoryLedger()


@pytest.fixture
async def desk(ledger):
    charge = Charge(ChargeKind.ROOM_MINUTES, ALICE.id, NOON.date(), BookingId("b-1"))
    await ledger.append(
        [
            LedgerRow(LedgerEntry.USED, charge, NOON, 45, reason="used"),
            LedgerRow(LedgerEntry.CORRECTED, charge, NOON, -15, reason="changed"),
        ]
    )
    return LedgerDesk(ledger, SPACE, {one.id: one for one in (ALICE, HERA)}, NOON)


async def test_the_ledger_shows_minutes_with_their_booking(desk):
    used, corrected, *_ = await desk.show("alice")
    assert used == "Mon 23 Nov  used        room time 45 min of booking b-1"
    assert corrected == "Mon 23 Nov  corrected   room time -15 min of booking b-1"


async def test_a_booking_is_refunded_whole_by_another_row_and_once(desk, ledger):
    said = await desk.refund_booking("alice", "b-1", "hera", "no heating")
    assert said == "Alice has 30 min of booking b-1 back."
    assert (ledger.rows[-1].entry, ledger.rows[-1].amount, ledger.rows[-1].by) == (LedgerEntry.REFUNDED, -30, "hera")
    with pytest.raises(InputError, match="given back already"):
        await desk.refund_booking("alice", "b-1", "hera", "no heating")
    with pytest.raises(InputError, match="never billed"):
        await desk.refund_booking("alice", "b-2", "hera", "no heating")


async def test_minutes_are_not_refunded_or_waived_as_if_they_were_days(desk):
    for ask in (desk.refund, desk.waive):
        with pytest.raises(InputError, match="refund --booking"):
            await ask("alice", NOON.date(), ChargeKind.ROOM_MINUTES, None, "hera", "no heating")


async def test_rows_are_exported_by_their_days_both_included(desk):
    day = NOON.date()
    assert len(await desk.export(day, day)) == 2
    assert await desk.export(day + timedelta(days=1), day + timedelta(days=2)) == []
    with pytest.raises(InputError, match="is before --from"):
        await desk.export(day, day - timedelta(days=1))


async def test_a_correction_of_nothing_is_refused_by_the_store(ledger):
    charge = Charge(ChargeKind.ROOM_MINUTES, ALICE.id, NOON.date(), BookingId("b-1"))
    with pytest.raises(InputError, match="0 minutes; a correction is the difference"):
        await ledger.append([LedgerRow(LedgerEntry.CORRECTED, charge, NOON, 0, reason="none")])
