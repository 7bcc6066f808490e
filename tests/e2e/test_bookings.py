"""Bookings on a real broker: what is edited anywhere counts at the door in under a second; no-shows; waiting lists."""

import asyncio
import json
import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from controller.cli.book_desk import open_book
from controller.domain.booking.rules import Edit, Wish
from controller.domain.holdings import Booking
from controller.domain.ids import AreaId, BookingId, PersonId
from tests.support.field import FieldDevice
from tests.support.live_house import PROMISED_S, Live, house_at, now, seen
from tests.support.rules_house import RulesHouse, at_registry

pytestmark = pytest.mark.broker

STAGE = AreaId("stage")
ALICE, OLGA, TOM, TIM = (PersonId(name) for name in ("alice", "olga", "tom", "tim"))


@pytest.fixture(scope="module")
def shared(rules_house: RulesHouse, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """One house for all tests; each leaves its room empty."""
    with house_at(tmp_path_factory.mktemp("bookings"), rules_house) as live:
        yield live


async def counts(live: Live, door: FieldDevice, person: str, *answers: str) -> float:
    """Seconds until this badge gets one of these answers."""
    began = time.monotonic()
    while (told := await live.answer(door, person)) not in answers:
        assert time.monotonic() - began < 10 * PROMISED_S, f"still {told}, never {answers}"
    return time.monotonic() - began


async def test_a_no_show_is_released_and_the_next_booking_s_early_entry_opens(shared: Live):
    start = now().replace(microsecond=0) - timedelta(minutes=11)
    missed = Booking(
        BookingId("b-missed"), STAGE, start, start + timedelta(minutes=14), TOM, made_at=start - timedelta(hours=1)
    )
    coming = Booking(BookingId("b-coming"), STAGE, missed.end, missed.end + timedelta(hours=1), ALICE, made_at=start)

    async def book(kept: Any, _: Any) -> None:
        await kept.bookings.put_bookings([missed, coming])

    async with shared.doors("stage") as doors:
        await at_registry(shared.data, book)
        await seen(lambda: _facts(shared, "booking_released", "b-missed"), "the release")
        await counts(shared, doors["stage"], "alice", "unlock")
        async with open_book(None, data=shared.data, space=shared.space) as opened:
            kept = await opened.desk.booking(missed.id)
            await opened.desk.cancel(coming.id, ALICE)

    (fact,) = _facts(shared, "booking_released", "b-missed")
    assert (fact["person"], str(kept.state)) == ("tom", "released")
    assert kept.end < missed.end == kept.booked_end


async def test_whoever_wins_what_they_waited_for_opens_the_door(shared: Live):
    start = now().replace(second=0, microsecond=0) - timedelta(minutes=20)
    there = Booking(BookingId("b-there"), STAGE, start, start + timedelta(hours=1), ALICE, checked_in_at=start)

    async def book(kept: Any, _: Any) -> None:
        await kept.bookings.put_booking(there)

    await at_registry(shared.data, book)
    async with shared.doors("stage") as doors, open_book(None, data=shared.data, space=shared.space) as opened:
        # The minute that runs now, which need not be the one in which this began.
        wished = now().replace(second=0, microsecond=0)
        waits = await opened.desk.wait_for(Wish(STAGE, wished, there.end, TIM), TIM)
        await opened.desk.end_now(there.id, ALICE)
        await seen(lambda: _facts(shared, "waiting_offered"), "the offer")
        made = await opened.desk.take(waits.id, TIM)
        took = await counts(shared, doors["stage"], "tim", "unlock")
        alice = await shared.answer(doors["stage"], "alice")
        await opened.desk.cancel(made.id, TIM)

    assert took < PROMISED_S
    assert alice == "booking_over"


async def test_what_is_booked_edited_moved_and_cancelled_elsewhere_counts_at_the_door_in_under_a_second(shared: Live):
    async with shared.doors("stage") as doors:
        stage = doors["stage"]
        assert await shared.answer(stage, "olga") == "no_right"

        booked = await asyncio.to_thread(shared.command, "book", "stage", _minute(), "1h", "--for", "olga", "--json")
        took = {"book": await counts(shared, stage, "olga", "unlock")}
        id = BookingId(json.loads(booked.out)["id"])

        async with open_book(None, data=shared.data, space=shared.space) as opened:
            await opened.desk.change(id, Edit(participants=frozenset({TOM})), OLGA)
            took["edit"] = await counts(shared, stage, "tom", "unlock")
            await opened.desk.cancel(id, OLGA)
            took["cancel"] = await counts(shared, stage, "olga", "no_right", "booking_over")
            start = now().replace(second=0, microsecond=0) + timedelta(minutes=5)
            later = await opened.desk.book(Wish(STAGE, start, start + timedelta(hours=1), TIM), TIM)
            took["book later"] = await counts(shared, stage, "tim", "unlock")
            day = timedelta(days=1)
            await opened.desk.change(later.id, Edit(start=later.start + day, end=later.end + day), TIM)
            took["move"] = await counts(shared, stage, "tim", "booking_too_early")
            await opened.desk.cancel(later.id, TIM)

    assert max(took.values()) < PROMISED_S, took


def _minute() -> str:
    return now().replace(second=0, microsecond=0).isoformat()


def _facts(live: Live, kind: str, booking: str | None = None) -> list[dict[str, Any]]:
    return [one for one in live.controller.facts(kind) if booking in (None, one["detail"].get("booking"))]
