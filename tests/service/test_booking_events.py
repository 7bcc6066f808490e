"""A room that a public event takes: what the booking desk says of it."""

from dataclasses import replace
from datetime import timedelta

import pytest

from controller.domain.booking.rules import RefuseReason
from controller.domain.holdings import PublicEvent
from controller.domain.ids import EventId
from controller.services.booking.desk import BookingRefused
from tests.support.booking_house import BOOKED_PEOPLE, PINE, PINE_DOOR, SARA, BookingHouse, at
from tests.support.services import NOON, STREET

TALK = PublicEvent(
    EventId("talk"), "Talk", SARA.id, PINE, (STREET.id, PINE_DOOR.id), at("13:00"), at("14:00"), 20, is_public=True
)


def house() -> BookingHouse:
    return BookingHouse(replace(BOOKED_PEOPLE, events={TALK.id: TALK}))


async def test_the_desk_books_no_room_while_an_event_is_in_it():
    with pytest.raises(BookingRefused, match=r"^Pine is taken by Talk until 14:00; free from 14:00$") as caught:
        await house().book("13:30", "14:30")

    assert caught.value.refused.reason is RefuseReason.EVENT


async def test_what_is_free_ends_where_an_event_begins():
    slots = await house().desk.free_slots(PINE, NOON.date())

    assert [(one.start, one.end) for one in slots][:2] == [(NOON, at("13:00")), (at("14:00"), at("00:00", 24))]


async def test_the_panel_offers_a_quarter_of_an_hour_before_an_event_and_not_an_hour():
    here = house()
    offered = await here.desk.walk_ups(PINE)
    async with here.living():
        await here.until(at("12:30"))
        later = await here.desk.walk_ups(PINE)

    assert [one.end - one.start for one in offered] == [timedelta(minutes=n) for n in (15, 30, 60)]
    assert [one.end - one.start for one in later] == [timedelta(minutes=n) for n in (15, 30)]
