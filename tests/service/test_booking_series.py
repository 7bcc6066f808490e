"""Series at the booking desk: conflicts listed and skipped, one, the following or all changed."""

import asyncio
from dataclasses import replace
from datetime import date

import pytest

from controller.domain.booking.rules import Edit, RefuseReason, Wish
from controller.domain.booking.values import Frequency, Part, Recurrence, SkipReason
from controller.domain.facts import FactKind
from controller.domain.holdings import Booking, BookingState
from controller.domain.ids import BookingId, PersonId
from controller.domain.membership import Membership
from controller.errors import InputError, StoreError
from controller.services.booking.desk import BookingRefused, SeriesMade
from tests.support.booking_house import ALICE, BEN, BOOKED_PEOPLE, OAK, PINE, SARA, SMALL, BookingHouse, at
from tests.support.services import HOURS

MONDAY = date(2026, 11, 23)
FOUR_DAYS = Recurrence(Frequency.DAILY, MONDAY, 14 * 60, 60, count=4)


async def four_days(house: BookingHouse, by=ALICE) -> SeriesMade:
    wish = Wish(PINE, at("14:00"), at("15:00"), ALICE.id, frozenset({BEN.id}), "Standup")
    return await house.desk.book_series(wish, FOUR_DAYS, by.id)


def days(bookings) -> list[int]:
    return [one.series_day.day for one in bookings]


async def test_each_date_of_a_series_is_a_booking_with_its_people():
    house = BookingHouse()
    made = await four_days(house)
    assert days(made.made) == [23, 24, 25, 26]
    assert {(one.owner, one.participants, one.title) for one in made.made} == {
        (ALICE.id, frozenset({BEN.id}), "Standup")
    }
    assert await house.series.series(made.series.id) == made.series


async def test_dates_that_are_taken_are_listed_and_skipped_and_not_moved():
    house = BookingHouse()
    there = Wish(PINE, at("14:30", 24), at("15:30", 24), BEN.id)
    await house.desk.book(there, BEN.id)
    made = await four_days(house)
    assert days(made.made) == [23, 25, 26]
    ((day, reason, words),) = [(one.day, one.reason, one.words) for one in made.skipped]
    assert (day, reason) == (date(2026, 11, 24), SkipReason.CONFLICT)
    assert words.startswith("Pine is booked ")
    assert "Ben" not in words
    assert made.series.skipped == {date(2026, 11, 24): SkipReason.CONFLICT}


async def test_a_series_of_which_nothing_can_be_had_is_refused_with_the_reason_of_its_first_date():
    house = BookingHouse()
    once = Recurrence(Frequency.DAILY, MONDAY, 14 * 60, 60, count=1)
    await house.book("14:00", "15:00", BEN)
    with pytest.raises(BookingRefused) as caught:
        await house.desk.book_series(Wish(PINE, at("14:00"), at("15:00"), ALICE.id), once, ALICE.id)
    assert caught.value.refused.reason is RefuseReason.OVERLAP
    assert await house.series.series_of(ALICE.id) == []


def quicker_is_ben(house: BookingHouse, day: int) -> None:
    """Between the question and what is written, somebody else has the room."""
    together = house.bookings.together

    async def a_moment_later(work):
        house.bookings.together = together
        quick = Booking(BookingId("b-quick"), PINE, at("14:00", day), at("15:00", day), BEN.id)
        await house.bookings.put_booking(quick)
        return await together(work)

    house.bookings.together = a_moment_later


async def test_a_date_that_somebody_else_takes_while_it_is_being_booked_is_listed_as_well():
    house = BookingHouse()
    quicker_is_ben(house, 24)
    made = await four_days(house)
    assert days(made.made) == [23, 25, 26]
    assert [(one.day.day, one.reason) for one in made.skipped] == [(24, SkipReason.CONFLICT)]
    assert (await house.series.series(made.series.id)).skipped == made.series.skipped


async def test_of_a_series_whose_only_date_is_taken_at_that_moment_nothing_is_kept():
    house = BookingHouse()
    quicker_is_ben(house, 23)
    once = replace(FOUR_DAYS, count=1)
    with pytest.raises(BookingRefused, match="Pine is booked until 15:00"):
        await house.desk.book_series(Wish(PINE, at("14:00"), at("15:00"), ALICE.id), once, ALICE.id)
    assert house.series.kept == {}


async def test_a_series_that_never_ends_is_refused_before_anything_is_written():
    house = BookingHouse()
    endless = Recurrence(Frequency.WEEKLY, MONDAY, 14 * 60, 60)
    with pytest.raises(BookingRefused, match="it never ends"):
        await house.desk.book_series(Wish(PINE, at("14:00"), at("15:00"), ALICE.id), endless, ALICE.id)
    assert house.told == []


async def test_a_series_is_told_once_with_all_its_bookings():
    house = BookingHouse()
    made = await four_days(house)
    (fact,) = house.heard_of(FactKind.BOOKING_MADE)
    assert (fact.detail["booking"], *fact.detail["others"]) == tuple(one.id for one in made.made)


async def test_one_is_moved_and_the_others_stay():
    house = BookingHouse()
    made = (await four_days(house)).made
    await house.desk.change(made[1].id, Edit(start=at("16:00", 24), end=at("17:00", 24)), ALICE.id)
    starts = [one.start for one in await house.bookings.bookings_of_series(made[0].series)]
    assert starts == [at("14:00"), at("16:00", 24), at("14:00", 25), at("14:00", 26)]


async def test_all_take_the_new_hours_each_on_its_own_date():
    house = BookingHouse()
    made = (await four_days(house)).made
    changed = await house.desk.change(made[0].id, Edit(start=at("15:00"), end=at("16:30")), ALICE.id, Part.ALL)
    assert [(one.start, one.end) for one in changed.bookings] == [
        (at("15:00", day), at("16:30", day)) for day in (23, 24, 25, 26)
    ]


async def test_those_that_follow_become_a_series_of_their_own():
    house = BookingHouse()
    made = (await four_days(house)).made
    changed = await house.desk.change(
        made[2].id, Edit(start=at("16:00", 25), end=at("17:00", 25)), ALICE.id, Part.FOLLOWING
    )
    assert days(changed.bookings) == [25, 26]
    assert {one.series for one in changed.bookings} != {made[0].series}
    assert (await house.series.series(made[0].series)).rule.until == date(2026, 11, 24)


async def test_whichever_cannot_be_moved_stays_where_it_is_and_is_listed():
    house = BookingHouse()
    made = (await four_days(house)).made
    await house.desk.book(Wish(PINE, at("15:00", 25), at("16:00", 25), BEN.id), BEN.id)
    changed = await house.desk.change(made[0].id, Edit(start=at("15:00"), end=at("16:00")), ALICE.id, Part.ALL)
    assert days(changed.bookings) == [23, 24, 26]
    assert [(one.day.day, one.reason) for one in changed.skipped] == [(25, SkipReason.CONFLICT)]
    assert (await house.stands(made[2])).start == at("14:00", 25)


async def test_when_none_can_be_moved_the_reason_is_told_and_the_series_is_as_it_was():
    house = BookingHouse()
    made = await four_days(house)
    for day in (23, 24, 25, 26):
        await house.desk.book(Wish(PINE, at("16:00", day), at("17:00", day), BEN.id), BEN.id)
    edit = Edit(start=at("16:00"), end=at("17:00"))
    with pytest.raises(BookingRefused) as caught:
        await house.desk.change(made.made[0].id, edit, ALICE.id, Part.ALL)
    assert caught.value.refused.reason is RefuseReason.OVERLAP
    assert await house.series.series(made.series.id) == made.series


async def test_a_series_moved_by_a_day_makes_room_for_itself():
    house = BookingHouse()
    made = (await four_days(house)).made
    changed = await house.desk.change(made[0].id, Edit(start=at("14:00", 24), end=at("15:00", 24)), ALICE.id, Part.ALL)
    assert [one.start.day for one in changed.bookings] == [24, 25, 26, 27]
    assert changed.skipped == ()


async def test_one_is_cancelled_and_its_day_is_listed():
    house = BookingHouse()
    made = (await four_days(house)).made
    await house.desk.cancel(made[1].id, ALICE.id)
    assert (await house.series.series(made[0].series)).skipped == {date(2026, 11, 24): SkipReason.CANCELLED}
    assert (await house.stands(made[2])).state is BookingState.BOOKED


async def test_those_that_follow_are_cancelled_and_the_series_has_ended():
    house = BookingHouse()
    made = (await four_days(house)).made
    gone = await house.desk.cancel(made[1].id, SARA.id, Part.FOLLOWING)
    assert days(gone.bookings) == [24, 25, 26]
    assert (await house.series.series(made[0].series)).ended_at is not None
    assert (await house.stands(made[0])).state is BookingState.BOOKED
    (fact,) = house.heard_of(FactKind.BOOKING_CANCELLED)
    assert (len(fact.detail["others"]), fact.detail["by"]) == (2, SARA.id)


async def test_nobody_changes_or_cancels_somebody_else_s_series():
    house = BookingHouse()
    made = (await four_days(house)).made
    for ask in (
        house.desk.cancel(made[0].id, BEN.id, Part.ALL),
        house.desk.change(made[0].id, Edit(title="mine"), BEN.id, Part.ALL),
    ):
        with pytest.raises(BookingRefused) as caught:
            await ask
        assert caught.value.refused.reason is RefuseReason.NOT_YOURS


async def test_a_booking_of_no_series_is_not_changed_as_one():
    house = BookingHouse()
    made = await house.book("14:00", "15:00")
    with pytest.raises(InputError, match="is of no series"):
        await house.desk.cancel(made.id, ALICE.id, Part.ALL)


async def test_a_series_that_is_over_has_nothing_left_to_cancel():
    house = BookingHouse()
    made = (await four_days(house)).made
    await house.desk.cancel(made[0].id, ALICE.id, Part.ALL)
    with pytest.raises(BookingRefused, match="still to come"):
        await house.desk.cancel(made[0].id, ALICE.id, Part.ALL)


async def test_an_edit_of_a_series_that_fails_half_way_has_changed_nothing():
    house = BookingHouse()
    made = await four_days(house)
    before = house.registry.now
    judged = house.desk.rewrite_in

    def fails_at_the_third(book, id, change):
        if id == made.made[2].id:
            raise StoreError("the disk is full")
        return judged(book, id, change)

    house.desk.rewrite_in = fails_at_the_third
    for ask in (
        house.desk.change(made.made[0].id, Edit(start=at("15:00"), end=at("16:00")), ALICE.id, Part.ALL),
        house.desk.cancel(made.made[1].id, ALICE.id, Part.FOLLOWING),
    ):
        with pytest.raises(StoreError):
            await ask
    assert house.registry.now == before
    assert house.series.kept == {made.series.id: made.series}
    assert house.heard_of(FactKind.BOOKING_CHANGED, FactKind.BOOKING_CANCELLED) == []


async def test_an_edit_of_a_series_is_one_version_of_the_book():
    house = BookingHouse()
    made = await four_days(house)
    before = house.registry.now.version
    await house.desk.change(made.made[0].id, Edit(start=at("15:00"), end=at("16:00")), ALICE.id, Part.ALL)
    await house.desk.cancel(made.made[0].id, ALICE.id, Part.ALL)
    assert house.registry.now.version == before + 2


async def test_the_hours_of_a_month_are_held_against_each_date_of_series_asked_for_at_once():
    small = {ALICE.id: (Membership(ALICE.id, SMALL, date(2026, 1, 1)),)}
    house = BookingHouse(replace(BOOKED_PEOPLE, memberships=small))
    told = house.bookings.bookings_of

    async def later(*asked):
        found = await told(*asked)
        await asyncio.sleep(0)
        return found

    house.bookings.bookings_of = later
    rules = [replace(FOUR_DAYS, start_minutes=hour * 60) for hour in (14, 15, 16)]
    wish = Wish(PINE, at("14:00"), at("15:00"), ALICE.id)
    asked = (house.desk.book_series(wish, rule, ALICE.id) for rule in rules)
    first, *others = await asyncio.gather(*asked, return_exceptions=True)
    assert len(first.made) == 2
    assert [one.refused.reason for one in others] == [RefuseReason.HOURS_USED_UP] * 2


async def test_where_not_one_of_a_series_can_be_cancelled_the_reason_is_told_and_nothing_changes():
    house = BookingHouse()
    made = await four_days(house)
    for one in made.made:
        await house.bookings.change_booking(one.id, lambda booking: replace(booking, owner=PersonId("cleo")))
    with pytest.raises(BookingRefused) as caught:
        await house.desk.cancel(made.made[0].id, ALICE.id, Part.ALL)
    assert caught.value.refused.reason is RefuseReason.NOT_YOURS
    assert await house.series.series(made.series.id) == made.series


async def test_what_of_a_series_cannot_be_cancelled_is_listed_and_not_among_its_skipped_days():
    house = BookingHouse()
    made = await four_days(house)
    await house.bookings.change_booking(made.made[1].id, lambda booking: replace(booking, owner=PersonId("cleo")))
    gone = await house.desk.cancel(made.made[0].id, ALICE.id, Part.ALL)
    assert (days(gone.bookings), [one.day.day for one in gone.skipped]) == ([23, 25, 26], [24])
    assert sorted(day.day for day in (await house.series.series(made.series.id)).skipped) == [23, 25, 26]


async def test_a_series_in_a_room_of_approvals_is_told_as_asked_for_and_again_when_it_is_moved():
    house = BookingHouse()
    wish = Wish(OAK, at("14:00"), at("15:00"), ALICE.id)
    made = await house.desk.book_series(wish, FOUR_DAYS, ALICE.id)
    assert house.heard_of(FactKind.BOOKING_MADE) == []
    (asked,) = house.heard_of(FactKind.BOOKING_REQUESTED)
    assert len(asked.detail["others"]) == 3

    for one in made.made[:2]:
        await house.desk.approve(one.id, SARA.id)
    await house.desk.change(made.made[0].id, Edit(start=at("15:00"), end=at("16:00")), ALICE.id, Part.ALL)

    _, again = house.heard_of(FactKind.BOOKING_REQUESTED)
    assert (again.detail["booking"], again.detail["others"]) == (made.made[0].id, (made.made[1].id,))


@pytest.mark.parametrize(("by", "made"), [(SARA, [23, 24, 25, 26]), (ALICE, [])], ids=["staff", "its owner"])
async def test_staff_confirm_that_a_series_is_good_outside_of_its_room_s_hours(by, made):
    house = BookingHouse()
    space = house.desk.space()
    pine = space.areas[PINE]
    closed = replace(pine, room=replace(pine.room, hours=HOURS))
    house.desk.space = lambda: replace(space, areas={**space.areas, PINE: closed})
    wish = Wish(PINE, at("14:00"), at("15:00"), ALICE.id, holiday_confirmed=True)
    late = replace(FOUR_DAYS, start_minutes=20 * 60)
    if not made:
        with pytest.raises(BookingRefused) as caught:
            await house.desk.book_series(wish, late, by.id)
        assert caught.value.refused.reason is RefuseReason.CLOSED
        return
    answer = await house.desk.book_series(wish, late, by.id)
    assert days(answer.made) == made
    assert answer.series.holiday_confirmed


async def test_a_member_s_series_is_not_confirmed_by_asking_for_it():
    house = BookingHouse()
    wish = Wish(PINE, at("14:00"), at("15:00"), ALICE.id, holiday_confirmed=True)
    made = await house.desk.book_series(wish, FOUR_DAYS, ALICE.id)
    assert not made.series.holiday_confirmed


async def test_a_series_is_not_asked_for_in_front_of_its_room():
    house = BookingHouse()
    wish = Wish(PINE, at("14:00"), at("15:00"), ALICE.id, walk_up=True)
    with pytest.raises(BookingRefused, match="a series is not asked for in front of its room"):
        await house.desk.book_series(wish, FOUR_DAYS, ALICE.id)
    assert house.registry.now.bookings == {}
