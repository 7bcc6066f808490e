"""Bookings as time goes by, line by line of what was promised: check-in, release, motion, series, restarts."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from controller.domain.alarm import AlarmKind
from controller.domain.booking.rules import Wish
from controller.domain.facts import FactKind
from controller.domain.holdings import Booking, BookingState
from controller.domain.ids import AreaId, BookingId, SeriesId
from controller.services.booking.desk import How
from controller.services.ports import LoggedFact
from tests.support.booking_house import ALICE, BEN, BOOKED_PEOPLE, CLEO, ELM, OAK, PINE, SARA, BookingHouse, at
from tests.support.services import LAB_DOOR, LoopClock

RELEASED, CHECKED_IN, IN_USE = FactKind.BOOKING_RELEASED, FactKind.BOOKING_CHECKED_IN, FactKind.BOOKING_IN_USE


# --- check-in ---------------------------------------------------------------------------------------------------------


async def test_a_confirmed_entry_of_the_owner_is_a_check_in():
    house = BookingHouse()
    async with house.living():
        made = await house.book("12:15", "13:00")
        await house.until(at("12:06"))
        house.walks_in(ALICE)
        await house.until(at("12:40"))
    kept = await house.stands(made)
    assert kept.state is BookingState.BOOKED
    assert kept.checked_in_at is not None
    (fact,) = house.heard_of(CHECKED_IN)
    assert (fact.detail["how"], fact.detail["by"], fact.person) == ("door", "alice", ALICE.id)


async def test_a_confirmed_entry_of_a_participant_is_a_check_in():
    house = BookingHouse()
    async with house.living():
        made = await house.book("12:15", "13:00", participants=frozenset({CLEO.id}))
        await house.until(at("12:20"))
        house.walks_in(CLEO)
        await house.until(at("12:40"))
    assert (await house.stands(made)).state is BookingState.BOOKED


@pytest.mark.parametrize(
    ("who", "more"),
    [(BEN, {}), (ALICE, {"direction": "out"}), (ALICE, {"door": LAB_DOOR}), (ALICE, {"at": at("11:30")})],
    ids=["somebody else", "going out", "another door", "an entry before its window, told late"],
)
async def test_what_is_no_entry_of_theirs_into_this_room_in_time_is_no_check_in(who, more):
    house = BookingHouse()
    async with house.living():
        made = await house.book("12:15", "13:00")
        await house.until(at("12:20"))
        house.walks_in(who, **more)
        await house.until(at("12:25"))
    assert (await house.stands(made)).checked_in_at is None
    assert house.heard_of(CHECKED_IN) == []


async def test_a_room_that_somebody_else_walked_into_is_not_released_either():
    house = BookingHouse()
    async with house.living():
        made = await house.book("12:15", "13:00")
        await house.until(at("12:20"))
        house.walks_in(BEN)
        await house.until(at("12:30"))
    assert (await house.stands(made)).state is BookingState.BOOKED
    assert len(house.heard_of(IN_USE)) == 1


async def test_an_entry_told_late_by_a_door_that_was_alone_checks_in_with_its_own_time():
    house = BookingHouse()
    async with house.living():
        made = await house.book("12:15", "13:00")
        await house.until(at("12:24"))
        house.walks_in(ALICE, at=at("12:16"), late_s=480.0)
        await house.until(at("12:30"))
    assert (await house.stands(made)).checked_in_at == at("12:16")


async def test_a_tap_on_the_panel_keeps_the_room():
    house = BookingHouse()
    async with house.living():
        made = await house.book("12:15", "13:00")
        await house.until(at("12:06"))
        await house.desk.check_in(made.id, None, How.PANEL)
        await house.until(at("12:40"))
    assert (await house.stands(made)).state is BookingState.BOOKED


# --- release ----------------------------------------------------------------------------------------------------------


async def test_a_booking_nobody_came_to_is_released_at_start_plus_ten_truncated_and_its_owner_told():
    house = BookingHouse()
    async with house.living():
        made = await house.book("12:15", "13:00")
        await house.until(at("12:24"))
        assert (await house.stands(made)).state is BookingState.BOOKED
        await house.until(at("12:25"))
        kept = await house.stands(made)
        assert house.answer(ALICE) != "granted"
    assert (kept.state, kept.end, kept.booked_end) == (BookingState.RELEASED, at("12:25"), at("13:00"))
    (fact,) = house.heard_of(RELEASED)
    assert (fact.person, fact.area, fact.detail["booking"]) == (ALICE.id, PINE, made.id)


async def test_after_a_release_the_next_booking_s_door_opens_early_again():
    house = BookingHouse()
    async with house.living():
        await house.book("12:15", "12:55")
        await house.book("12:55", "13:30", BEN)
        await house.until(at("12:44"))
        assert house.answer(BEN) == "booking_too_early"
        await house.until(at("12:45"))
        assert house.answer(BEN) == "granted"


async def test_a_released_room_is_anybody_s_from_that_minute_on():
    house = BookingHouse()
    async with house.living():
        await house.book("12:15", "13:00")
        await house.until(at("12:25"))
        assert (await house.book("12:25", "13:00", BEN)).state is BookingState.BOOKED


@pytest.mark.parametrize(
    ("start", "end"), [("12:00", "13:00"), ("12:15", "12:30"), ("12:30", "20:30")], ids=["now", "short", "all day"]
)
async def test_booked_after_its_start_or_short_or_for_all_day_it_needs_no_check_in(start, end):
    house = BookingHouse()
    async with house.living():
        made = await house.desk.book(Wish(PINE, at(start), at(end), ALICE.id), SARA.id)
        await house.until(at("12:45"))
    assert (await house.stands(made)).state is BookingState.BOOKED
    assert house.heard_of(RELEASED) == []


async def test_a_request_that_nobody_answered_in_time_is_declined_and_its_room_free():
    house = BookingHouse()
    async with house.living():
        asked = await house.book("12:15", "13:00", room=OAK)
        await house.until(at("12:25"))
        assert (await house.stands(asked)).state is BookingState.DECLINED
    assert house.heard_of(FactKind.BOOKING_DECLINED)[0].detail["reason"] == "nobody answered in time"


# --- never under people -----------------------------------------------------------------------------------------------


async def test_motion_in_the_room_blocks_the_release_and_flags_it_once():
    house = BookingHouse()
    async with house.living():
        made = await house.book("12:15", "13:00")
        await house.keeps_feeling(True, until=at("12:45"))
        assert (await house.stands(made)).state is BookingState.BOOKED
    (fact,) = house.heard_of(IN_USE)
    assert (fact.person, fact.area) == (ALICE.id, PINE)
    assert house.heard_of(RELEASED) == []


async def test_a_room_that_was_in_use_is_released_once_nobody_has_been_felt_for_ten_minutes():
    house = BookingHouse()
    async with house.living():
        made = await house.book("12:15", "13:30")
        await house.keeps_feeling(True, until=at("12:30"))
        await house.keeps_feeling(False, until=at("12:38"))
        assert (await house.stands(made)).state is BookingState.BOOKED
        await house.keeps_feeling(False, until=at("12:45"))
    kept = await house.stands(made)
    assert kept.state is BookingState.RELEASED
    assert at("12:39") <= kept.end <= at("12:42")


async def test_whoever_checks_in_while_the_release_is_on_its_way_keeps_the_room():
    house = BookingHouse()
    async with house.living(poll=3600.0):  # the index does not hear of the check-in in time
        made = await house.book("12:15", "13:00")
        house.index.load(await house.registry.load())
        await house.until(at("12:24"))
        await house.desk.check_in(made.id, ALICE.id, How.PAGE)
        await house.until(at("12:26"))
    assert (await house.stands(made)).state is BookingState.BOOKED
    assert house.heard_of(RELEASED) == []


async def test_somebody_who_walks_in_while_the_release_is_on_its_way_is_not_sent_out():
    house = BookingHouse()
    async with house.living():
        made = await house.book("12:15", "13:00")
        read = house.bookings.booking

        async def read_a_moment_later(id):
            found = await read(id)
            house.feels(True)
            return found

        house.bookings.booking = read_a_moment_later  # the release was due by then: it reads before it writes
        await house.until(at("12:26"))
        house.bookings.booking = read
        assert (await house.stands(made)).state is BookingState.BOOKED
    assert house.heard_of(RELEASED) == []
    assert [fact.detail["booking"] for fact in house.heard_of(IN_USE)] == [made.id]


# --- restarts ---------------------------------------------------------------------------------------------------------


async def restarted(house: BookingHouse, moment) -> BookingHouse:
    """The same data at another moment, with what the log has."""
    after = BookingHouse(await house.registry.load(), clock=LoopClock(moment))
    await after.services.recall([LoggedFact(number, fact) for number, fact in enumerate(house.told, 1)], {})
    return after


async def test_a_controller_that_was_down_at_start_plus_ten_releases_late_and_says_so():
    house = BookingHouse()
    made = await house.book("12:15", "13:00")
    after = await restarted(house, at("12:40"))
    async with after.living():
        await asyncio.sleep(3)
    kept = await after.stands(made)
    assert (kept.state, kept.end) == (BookingState.RELEASED, at("12:40"))


async def test_what_was_over_before_the_controller_came_back_is_left_as_it_was():
    house = BookingHouse()
    made = await house.book("12:15", "13:00")
    after = await restarted(house, at("13:20"))
    async with after.living():
        await asyncio.sleep(3)
    assert await after.stands(made) == made


async def test_a_flag_is_not_raised_again_after_a_restart():
    house = BookingHouse()
    async with house.living():
        await house.book("12:15", "13:00")
        await house.keeps_feeling(True, until=at("12:30"))
    after = await restarted(house, at("12:31"))
    async with after.living():
        after.feels(True)
        await asyncio.sleep(30)
    assert after.heard_of(IN_USE, RELEASED) == []


async def test_a_release_whose_fact_was_lost_with_the_process_is_told_after_the_start_and_once():
    house = BookingHouse()
    async with house.living():
        made = await house.book("12:15", "13:00")
        await house.until(at("12:30"))
    house.told = [fact for fact in house.told if fact.kind is not RELEASED]
    after = await restarted(house, at("12:40"))
    async with after.living():
        await asyncio.sleep(5)
    (fact,) = after.heard_of(RELEASED)
    assert (fact.detail["booking"], fact.at) == (made.id, at("12:25"))


# --- series -----------------------------------------------------------------------------------------------------------


async def test_after_three_no_shows_of_a_series_staff_are_asked_to_end_it():
    house = BookingHouse()
    async with house.living():
        for day, start, end in ((21, "12:15", "12:45"), (22, "12:45", "13:15"), (23, "13:15", "13:45")):
            of_a_series = Wish(
                PINE, at(start), at(end), ALICE.id, series=SeriesId("s-1"), series_day=at(start, day).date()
            )
            await house.desk.book(of_a_series, ALICE.id)
        await house.until(at("12:56"))
        assert house.heard_of(FactKind.SERIES_MISSED) == []
        await house.until(at("13:26"))
    (fact,) = house.heard_of(FactKind.SERIES_MISSED)
    assert fact.detail["times"] == 3
    (alarm,) = [one for one in house.alarms.open if one.kind is AlarmKind.SERIES_MISSED]
    assert (alarm.subject.person, alarm.subject.area) == (ALICE.id, PINE)


# --- paused -----------------------------------------------------------------------------------------------------------


async def test_whoever_is_paused_with_bookings_to_come_is_shown_to_staff_until_it_is_over():
    house = BookingHouse()
    async with house.living():
        await house.book("15:00", "16:00")
        await house.registry.set_standing(ALICE.id, "paused")
        await asyncio.sleep(3)
        assert house.alarms.stands(AlarmKind.PAUSED_WITH_BOOKINGS, person=ALICE.id)
        await house.registry.set_standing(ALICE.id, "active")
        await asyncio.sleep(3)
        assert not house.alarms.stands(AlarmKind.PAUSED_WITH_BOOKINGS, person=ALICE.id)


async def test_a_pause_with_no_booking_to_come_is_nobody_s_alarm():
    house = BookingHouse(replace(BOOKED_PEOPLE))
    async with house.living():
        await house.registry.set_standing(BEN.id, "paused")
        await asyncio.sleep(3)
    assert [one for one in house.alarms.open if one.kind is AlarmKind.PAUSED_WITH_BOOKINGS] == []


async def test_whoever_is_banned_with_bookings_to_come_is_shown_to_staff_until_they_are_cancelled():
    house = BookingHouse()
    async with house.living():
        made = await house.book("15:00", "16:00")
        await house.registry.set_standing(ALICE.id, "paused")
        await house.registry.set_banned(ALICE.id, True)
        await asyncio.sleep(3)
        assert house.alarms.stands(AlarmKind.BANNED_WITH_BOOKINGS, person=ALICE.id)
        assert not house.alarms.stands(AlarmKind.PAUSED_WITH_BOOKINGS, person=ALICE.id)
        await house.desk.cancel(made.id, SARA.id)
        await asyncio.sleep(3)
        assert not house.alarms.stands(AlarmKind.BANNED_WITH_BOOKINGS, person=ALICE.id)


async def test_a_room_that_is_gone_with_bookings_to_come_is_shown_to_staff_once_until_they_are_cancelled():
    attic = AreaId("attic")
    house = BookingHouse()
    async with house.living():
        for number, clock in enumerate(("15:00", "16:00")):
            there = Booking(BookingId(f"b-{number}"), attic, at(clock), at(clock) + timedelta(hours=1), ALICE.id)
            await house.bookings.put_booking(there)
        await asyncio.sleep(3)
        assert house.alarms.stands(AlarmKind.BOOKED_ROOM_GONE, area=attic)
        assert [one.count for one in house.alarms.open if one.kind is AlarmKind.BOOKED_ROOM_GONE] == [1]
        for number in (0, 1):
            await house.desk.cancel(BookingId(f"b-{number}"), SARA.id)
        await asyncio.sleep(3)
        assert not house.alarms.stands(AlarmKind.BOOKED_ROOM_GONE, area=attic)


# --- the log of a day -------------------------------------------------------------------------------------------------


async def test_every_booking_s_end_is_explained_by_a_fact():
    house = BookingHouse()
    async with house.living():
        came = await house.book("12:15", "12:45")
        missed = await house.book("12:45", "13:30", BEN, ELM)
        gone = await house.book("14:00", "15:00", CLEO)
        await house.until(at("12:16"))
        house.walks_in(ALICE)
        await house.desk.cancel(gone.id, CLEO.id)
        await house.until(at("13:31"))
    told = {
        (fact.kind, fact.detail["booking"]) for fact in house.told if fact.kind.startswith("booking") and fact.detail
    }
    assert (CHECKED_IN, came.id) in told
    assert (RELEASED, missed.id) in told
    assert (FactKind.BOOKING_CANCELLED, gone.id) in told
    assert timedelta(0) < (await house.stands(missed)).booked_end - (await house.stands(missed)).end
