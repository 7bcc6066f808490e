"""The booking desk: who may ask what of it, what it answers, and what counts at the door at once."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from controller.domain.booking.rules import Edit, RefuseReason, Wish
from controller.domain.building import Plan
from controller.domain.facts import FactKind
from controller.domain.holdings import BookingState
from controller.domain.ids import AreaId, BookingId, PersonId, PlanId
from controller.domain.membership import Membership, Person
from controller.domain.usage import Charge, ChargeKind, LedgerEntry, LedgerRow
from controller.errors import InputError
from controller.services.booking.desk import BookingRefused, How
from tests.support.booking_house import (
    ALICE,
    BEN,
    BOOKED_PEOPLE,
    BOOKED_SPACE,
    CLEO,
    ELM,
    OAK,
    PINE,
    SARA,
    SMALL,
    BookingHouse,
    at,
)
from tests.support.services import HOURS, LOBBY, NOON, STREET


def refused_as(caught: pytest.ExceptionInfo[BookingRefused]) -> RefuseReason:
    return caught.value.refused.reason


# --- booking ----------------------------------------------------------------------------------------------------------


async def test_a_booking_opens_its_room_ten_minutes_before_and_the_doors_on_the_way_fifteen():
    house = BookingHouse()
    async with house.living():
        await house.book("12:30", "13:00")
        await house.until(at("12:15"))
        assert (house.answer(ALICE), house.answer(ALICE, STREET)) == ("booking_too_early", "granted")
        await house.until(at("12:20"))
        assert house.answer(ALICE) == "granted"


async def test_of_fifty_who_try_at_once_exactly_one_gets_the_room():
    house = BookingHouse()

    answers = await asyncio.gather(*(house.book("14:00", "15:00") for _ in range(50)), return_exceptions=True)

    assert sum(not isinstance(one, Exception) for one in answers) == 1
    assert {one.refused.reason for one in answers if isinstance(one, BookingRefused)} == {RefuseReason.OVERLAP}


async def test_whoever_is_too_late_is_told_when_the_room_is_free_and_not_by_whom_it_is_taken():
    house = BookingHouse()
    await house.book("14:00", "15:00", ALICE, ELM, title="Redundancies")

    with pytest.raises(BookingRefused) as caught:
        await house.book("14:30", "15:30", BEN, ELM)

    assert str(caught.value) == "Elm is booked until 15:00; free from 15:15"


async def test_the_store_s_own_refusal_is_told_in_the_same_words():
    house = BookingHouse()
    await house.book("14:00", "15:00", ALICE)
    quick = (await house.book("16:00", "17:00", BEN)).id

    error = await house.desk.taken(replace((await house.bookings.booking(quick)), start=at("14:30"), end=at("15:30")))

    assert str(error) == "Pine is booked until 15:00; free from 15:00"


async def test_a_member_books_for_nobody_else_and_staff_do():
    house = BookingHouse()
    wish = Wish(PINE, at("14:00"), at("15:00"), ALICE.id)

    with pytest.raises(BookingRefused) as caught:
        await house.desk.book(wish, BEN.id)
    made = await house.desk.book(wish, SARA.id)

    assert refused_as(caught) is RefuseReason.NOT_YOURS
    assert made.owner == ALICE.id


async def test_a_booking_is_told_with_its_owner_its_room_its_time_who_asked_and_how():
    house = BookingHouse()
    made = await house.desk.book(Wish(PINE, at("14:00"), at("15:00"), ALICE.id, title="Board"), SARA.id, How.API)

    (fact,) = house.heard_of(FactKind.BOOKING_MADE)

    assert (fact.person, fact.area) == (ALICE.id, PINE)
    assert fact.detail == {
        "booking": made.id,
        "start": at("14:00").isoformat(),
        "end": at("15:00").isoformat(),
        "how": "api",
        "by": SARA.id,
    }


async def test_somebody_nobody_knows_books_nothing():
    house = BookingHouse()
    with pytest.raises(BookingRefused) as caught:
        await house.desk.book(Wish(PINE, at("14:00"), at("15:00"), PersonId("zoe")), PersonId("zoe"))
    assert refused_as(caught) is RefuseReason.UNKNOWN_PERSON


async def test_a_command_that_names_nobody_is_asked_who_asks():
    house = BookingHouse()
    with pytest.raises(InputError, match="say who you are"):
        await house.desk.book(Wish(PINE, at("14:00"), at("15:00"), ALICE.id), None, How.COMMAND)


async def test_the_hours_of_a_month_are_held_against_what_was_booked_already():
    people = replace(BOOKED_PEOPLE, memberships={ALICE.id: (Membership(ALICE.id, SMALL, NOON.date().replace(day=1)),)})
    house = BookingHouse(people)
    await house.book("14:00", "15:30")

    with pytest.raises(BookingRefused) as caught:
        await house.book("16:00", "17:00")

    assert refused_as(caught) is RefuseReason.HOURS_USED_UP


def slow_to_tell(house: BookingHouse) -> None:
    """Between what is known of somebody's bookings and what is written, everybody else has their turn."""
    told = house.bookings.bookings_of

    async def later(*asked):
        found = await told(*asked)
        await asyncio.sleep(0)
        return found

    house.bookings.bookings_of = later


async def test_of_many_bookings_asked_for_at_once_the_hours_of_a_month_are_held_against_each():
    people = replace(BOOKED_PEOPLE, memberships={ALICE.id: (Membership(ALICE.id, SMALL, NOON.date().replace(day=1)),)})
    house = BookingHouse(people)
    slow_to_tell(house)

    asked = (house.book(f"{hour}:00", f"{hour + 1}:00") for hour in range(13, 21))
    answers = await asyncio.gather(*asked, return_exceptions=True)

    refused = [one.refused.reason for one in answers if isinstance(one, BookingRefused)]
    assert refused == [RefuseReason.HOURS_USED_UP] * 6


async def test_of_many_that_are_lengthened_at_once_the_hours_of_a_month_are_held_against_each():
    people = replace(BOOKED_PEOPLE, memberships={ALICE.id: (Membership(ALICE.id, SMALL, NOON.date().replace(day=1)),)})
    house = BookingHouse(people)
    made = [await house.book(f"{hour}:00", f"{hour}:30") for hour in (14, 15, 16)]
    slow_to_tell(house)

    asked = (house.desk.change(one.id, Edit(end=one.start + timedelta(hours=1)), ALICE.id) for one in made)
    answers = await asyncio.gather(*asked, return_exceptions=True)

    refused = [one.refused.reason for one in answers if isinstance(one, BookingRefused)]
    assert refused == [RefuseReason.HOURS_USED_UP] * 2


async def test_of_many_that_are_extended_at_once_the_hours_of_a_month_are_held_against_each():
    people = replace(BOOKED_PEOPLE, memberships={ALICE.id: (Membership(ALICE.id, SMALL, NOON.date().replace(day=1)),)})
    house = BookingHouse(people)
    made = [await house.book(f"{hour}:00", f"{hour}:30") for hour in (14, 15, 16)]
    slow_to_tell(house)

    asked = (house.desk.extend(one.id, ALICE.id, minutes=30) for one in made)
    answers = await asyncio.gather(*asked, return_exceptions=True)

    refused = [one.refused.reason for one in answers if isinstance(one, BookingRefused)]
    assert refused == [RefuseReason.HOURS_USED_UP] * 2


async def test_a_booking_that_is_not_there_is_named_in_the_answer():
    house = BookingHouse()
    with pytest.raises(InputError, match="no booking 'b-none'"):
        await house.desk.cancel(BookingId("b-none"), ALICE.id)


async def test_whoever_has_a_day_pass_books_where_day_passes_do():
    people = replace(BOOKED_PEOPLE, memberships={})
    house = BookingHouse(people)
    passes = Plan(PlanId("pass"), "Day pass", HOURS, frozenset({LOBBY}), kind="day_pass")
    house.index.publish(replace(BOOKED_SPACE, plans={passes.id: passes}))
    with pytest.raises(BookingRefused) as caught:
        await house.book("14:00", "15:00")
    charge = Charge(ChargeKind.DAY_PASS, ALICE.id, NOON.date())
    await house.ledger.append([LedgerRow(LedgerEntry.BOUGHT, charge, NOON)])
    assert (await house.book("14:00", "15:00")).state is BookingState.BOOKED
    assert refused_as(caught) is RefuseReason.NO_PLAN


async def test_a_room_taken_between_the_question_and_the_writing_is_refused_like_any_other():
    house = BookingHouse()
    mine = await house.book("16:00", "17:00")
    known = house.bookings.bookings_between

    async def a_moment_ago(start, end, area=None):
        house.bookings.bookings_between = known  # what the refusal says is how it is by then
        return []

    await house.book("14:00", "15:00", BEN)
    for ask in (
        house.book("14:30", "15:30", CLEO),
        house.desk.change(mine.id, Edit(start=at("14:30"), end=at("15:30")), ALICE.id),
    ):
        house.bookings.bookings_between = a_moment_ago
        with pytest.raises(BookingRefused, match="Pine is booked until 15:00"):
            await ask


# --- approval ---------------------------------------------------------------------------------------------------------


async def test_a_room_that_asks_for_approval_opens_once_staff_have_said_yes():
    house = BookingHouse()
    async with house.living():
        asked = await house.book("12:10", "13:00", ALICE, OAK)
        with pytest.raises(BookingRefused) as caught:
            await house.desk.approve(asked.id, BEN.id)
        approved = await house.desk.approve(asked.id, SARA.id)

    assert asked.state is BookingState.REQUESTED
    assert refused_as(caught) is RefuseReason.NEEDS_STAFF
    assert approved.state is BookingState.BOOKED
    assert [fact.kind for fact in house.told if fact.kind.startswith("booking")] == [
        FactKind.BOOKING_REQUESTED,
        FactKind.BOOKING_APPROVED,
    ]


async def test_a_request_holds_its_time_until_it_is_declined_and_whoever_declines_says_why():
    house = BookingHouse()
    asked = await house.book("14:00", "15:00", ALICE, OAK)
    with pytest.raises(BookingRefused):
        await house.book("14:00", "15:00", BEN, OAK)
    with pytest.raises(InputError, match="say why"):
        await house.desk.decline(asked.id, SARA.id, "  ")

    await house.desk.decline(asked.id, SARA.id, "painters")
    await house.book("14:00", "15:00", BEN, OAK)

    assert house.heard_of(FactKind.BOOKING_DECLINED)[0].detail["reason"] == "painters"


async def test_what_is_approved_after_it_has_begun_needs_no_check_in_and_one_moved_asks_again():
    house = BookingHouse()
    asked = await house.book("12:00", "13:00", room=OAK)
    later = await house.book("14:00", "15:00", room=OAK)
    await asyncio.sleep(300)
    approved = await house.desk.approve(asked.id, SARA.id)
    await house.desk.approve(later.id, SARA.id)
    moved = await house.desk.change(later.id, Edit(start=at("15:00"), end=at("16:00")), ALICE.id)

    assert approved.checked_in_at is not None
    assert moved.one.state is BookingState.REQUESTED
    kinds = [fact.kind for fact in house.told[-2:]]
    assert kinds == [FactKind.BOOKING_CHANGED, FactKind.BOOKING_REQUESTED]


# --- edits and cancellations ------------------------------------------------------------------------------------------


async def test_a_move_changes_what_the_door_answers_within_a_second():
    house = BookingHouse()
    async with house.living():
        made = await house.book("12:00", "13:00", BEN)
        await asyncio.sleep(1)
        assert house.answer(BEN) == "granted"
        later = await house.book("15:00", "16:00")
        changed = await house.desk.change(later.id, Edit(start=at("14:00"), end=at("14:30")), ALICE.id)
        await house.desk.cancel(made.id, BEN.id)
        await asyncio.sleep(1)
        assert house.answer(BEN) != "granted"
        await house.until(at("13:50"))
        assert house.answer(ALICE) == "granted"

    assert changed.one.start == at("14:00")
    (fact,) = house.heard_of(FactKind.BOOKING_CHANGED)
    assert fact.detail["was"] == {"start": at("15:00").isoformat(), "end": at("16:00").isoformat()}


async def test_nobody_moves_or_cancels_what_is_somebody_else_s():
    house = BookingHouse()
    made = await house.book("14:00", "15:00", participants=frozenset({CLEO.id}))

    for who in (BEN, CLEO):
        with pytest.raises(BookingRefused) as caught:
            await house.desk.cancel(made.id, who.id)
        assert refused_as(caught) is RefuseReason.NOT_YOURS
        with pytest.raises(BookingRefused) as caught:
            await house.desk.change(made.id, Edit(title="mine"), who.id)
        assert refused_as(caught) is RefuseReason.NOT_YOURS


async def test_a_move_onto_a_taken_time_leaves_the_booking_as_it_was():
    house = BookingHouse()
    await house.book("14:00", "15:00", BEN)
    mine = await house.book("15:00", "16:00")

    with pytest.raises(BookingRefused) as caught:
        await house.desk.change(mine.id, Edit(start=at("14:30"), end=at("15:30")), ALICE.id)

    assert refused_as(caught) is RefuseReason.OVERLAP
    assert await house.stands(mine) == mine


async def test_an_edit_that_changes_nothing_is_no_news():
    house = BookingHouse()
    made = await house.book("14:00", "15:00")
    await house.desk.change(made.id, Edit(start=made.start), ALICE.id)
    assert house.heard_of(FactKind.BOOKING_CHANGED) == []


async def test_a_title_is_in_no_fact():
    house = BookingHouse()
    made = await house.book("14:00", "15:00", title="Redundancies")
    await house.desk.change(made.id, Edit(title="Layoffs"), ALICE.id)
    assert "Redundancies" not in repr(house.told)
    assert "Layoffs" not in repr(house.told)


async def test_what_runs_is_ended_by_a_cancellation_and_the_rest_is_free():
    house = BookingHouse()
    made = await house.book("12:00", "14:00")
    await asyncio.sleep(1800)

    ended = (await house.desk.cancel(made.id, ALICE.id)).one
    await house.book("12:30", "14:00", BEN)

    assert (ended.state, ended.end) == (BookingState.BOOKED, at("12:30"))
    assert house.heard_of(FactKind.BOOKING_ENDED)[0].detail["was"] == {"end": at("14:00").isoformat()}


# --- while it runs ----------------------------------------------------------------------------------------------------


async def test_a_participant_and_the_panel_check_in_and_a_stranger_does_not():
    house = BookingHouse()
    one = await house.book("12:05", "13:00", participants=frozenset({CLEO.id}))
    two = await house.book("12:05", "13:00", room=ELM)

    with pytest.raises(BookingRefused) as caught:
        await house.desk.check_in(one.id, BEN.id, How.PAGE)
    by_cleo = await house.desk.check_in(one.id, CLEO.id, How.PAGE)
    by_panel = await house.desk.check_in(two.id, None, How.PANEL)
    await house.desk.check_in(two.id, None, How.PANEL)

    assert refused_as(caught) is RefuseReason.NOT_YOURS
    assert by_cleo.checked_in_at == by_panel.checked_in_at == house.clock.now()
    assert [fact.detail["how"] for fact in house.heard_of(FactKind.BOOKING_CHECKED_IN)] == ["page", "panel"]


async def test_the_panel_lengthens_what_runs_as_far_as_the_next_booking():
    house = BookingHouse()
    made = await house.book("12:00", "13:00")
    await house.book("13:30", "14:00", BEN)

    longer = await house.desk.extend(made.id, None, How.PANEL, minutes=30)
    with pytest.raises(BookingRefused) as caught:
        await house.desk.extend(made.id, None, How.PANEL, minutes=15)

    assert longer.end == at("13:30")
    assert refused_as(caught) in (RefuseReason.OVERLAP, RefuseReason.BUFFER)


async def test_an_extension_says_by_how_much_or_until_when_and_not_both():
    house = BookingHouse()
    made = await house.book("12:00", "13:00")
    with pytest.raises(InputError, match="one of the two"):
        await house.desk.extend(made.id, ALICE.id)
    assert (await house.desk.extend(made.id, ALICE.id, until=at("13:20"))).end == at("13:20")


@pytest.mark.parametrize("minutes", [-5, 0, 1441, 999_999_999_999])
async def test_nothing_is_extended_backwards_or_for_ever(minutes):
    house = BookingHouse()
    made = await house.book("12:00", "13:00")
    with pytest.raises(BookingRefused, match="by 1 to 1440 minutes") as caught:
        await house.desk.extend(made.id, ALICE.id, minutes=minutes)
    assert refused_as(caught) is RefuseReason.LENGTH
    assert await house.stands(made) == made


async def test_what_is_ended_early_is_free_at_once():
    house = BookingHouse()
    async with house.living():
        made = await house.book("12:00", "14:00")
        await house.until(at("12:20"))
        await house.desk.end_now(made.id, None, How.PANEL)
        await asyncio.sleep(1)
        assert house.answer(ALICE) == "booking_over"
        assert (await house.desk.walk_ups(PINE))[0].start <= house.clock.now()


async def test_the_panel_books_for_somebody_named_from_now_on_and_an_hour_at_most():
    house = BookingHouse()

    made = await house.desk.book(Wish(PINE, NOON, NOON + timedelta(hours=1), BEN.id, walk_up=True), None, How.PANEL)
    with pytest.raises(BookingRefused) as long:
        await house.desk.book(Wish(ELM, NOON, NOON + timedelta(hours=2), BEN.id, walk_up=True), None, How.PANEL)
    evening = Wish(ELM, at("20:00"), at("20:30"), BEN.id, walk_up=True)
    with pytest.raises(BookingRefused) as later:
        await house.desk.book(evening, None, How.PANEL)

    assert (made.owner, made.checked_in_at) == (BEN.id, NOON)
    assert refused_as(long) is refused_as(later) is RefuseReason.TOO_LONG
    assert house.heard_of(FactKind.BOOKING_MADE)[0].detail["how"] == "panel"


async def test_the_panel_cancels_nothing_and_moves_nothing():
    house = BookingHouse()
    made = await house.book("14:00", "15:00")
    for ask in (
        house.desk.cancel(made.id, None, how=How.PANEL),
        house.desk.change(made.id, Edit(start=at("15:00"), end=at("16:00")), None, how=How.PANEL),
    ):
        with pytest.raises(BookingRefused) as caught:
            await ask
        assert refused_as(caught) is RefuseReason.NOT_YOURS


# --- guests -----------------------------------------------------------------------------------------------------------


async def test_a_guest_s_token_opens_what_the_booking_opens_and_follows_it():
    house = BookingHouse()
    async with house.living():
        made = await house.book("12:30", "13:00")
        guest = await house.desk.invite_guest(made.id, "Gus Holm", None, ALICE.id, How.PAGE)
        await asyncio.sleep(1)
        assert house.answer(guest.token) == "booking_too_early"
        await house.until(at("12:20"))
        assert (house.answer(guest.token), house.answer(guest.token, STREET)) == ("granted", "granted")
        await house.desk.change(made.id, Edit(start=at("15:00"), end=at("16:00")), ALICE.id)
        await asyncio.sleep(1)
        assert house.answer(guest.token) == "booking_too_early"
        await house.desk.cancel(made.id, ALICE.id)
        await asyncio.sleep(1)
        assert house.answer(guest.token) == "no_membership"

    assert guest.opens_from == at("12:15")
    assert guest.token not in repr(guest)
    assert guest.token not in repr(house.told)


async def test_only_its_owner_and_staff_invite_and_not_to_what_is_over():
    house = BookingHouse()
    made = await house.book("12:00", "13:00", participants=frozenset({CLEO.id}))
    with pytest.raises(BookingRefused) as caught:
        await house.desk.invite_guest(made.id, "Gus", None, CLEO.id)
    assert refused_as(caught) is RefuseReason.NOT_YOURS
    await house.desk.cancel(made.id, ALICE.id)
    with pytest.raises(BookingRefused) as caught:
        await house.desk.invite_guest(made.id, "Gus", None, SARA.id)
    assert refused_as(caught) is RefuseReason.OVER_ALREADY


class Everybody:
    def __contains__(self, _: object) -> bool:
        return True


async def test_a_guest_s_address_is_kept_for_messages_and_one_that_is_none_is_refused_before_anything_is_written():
    house = BookingHouse()
    house.profiles.people = Everybody()
    made = await house.book("14:00", "15:00")
    with pytest.raises(InputError, match="is no address"):
        await house.desk.invite_guest(made.id, "Gus", "nowhere", ALICE.id)
    assert (await house.stands(made)).participants == frozenset()
    guest = await house.desk.invite_guest(made.id, "Gus", "gus@example.org", ALICE.id)
    assert (await house.profiles.profiles())[guest.person].email == "gus@example.org"
    assert "gus@example.org" not in repr(house.told)


async def test_a_booking_with_fifty_people_is_no_booking_but_an_event():
    crowd = {PersonId(f"p{n}"): Person(PersonId(f"p{n}"), f"P {n}") for n in range(50)}
    house = BookingHouse(replace(BOOKED_PEOPLE, people={**BOOKED_PEOPLE.people, **crowd}))
    made = await house.book("14:00", "15:00", participants=frozenset(crowd))
    with pytest.raises(InputError, match="50 at most"):
        await house.desk.invite_guest(made.id, "Gus", None, ALICE.id)


async def test_what_is_ended_in_its_first_minute_was_never_there():
    house = BookingHouse()
    made = await house.book("12:00", "13:00")
    await asyncio.sleep(20)
    ended = await house.desk.end_now(made.id, ALICE.id)
    assert ended.state is BookingState.CANCELLED
    assert [fact.kind for fact in house.told[-1:]] == [FactKind.BOOKING_CANCELLED]


async def test_a_house_that_keeps_no_addresses_says_so():
    house = BookingHouse()
    made = await house.book("14:00", "15:00")
    house.desk.stores = replace(house.desk.stores, profiles=None)
    with pytest.raises(InputError, match="keeps no addresses"):
        await house.desk.invite_guest(made.id, "Gus", "gus@example.org", ALICE.id)


@pytest.mark.parametrize(("name", "why"), [("  ", "is empty"), ("x" * 500, "at most"), ("Gus\x07", "control")])
async def test_a_guest_needs_a_name_that_people_can_read(name, why):
    house = BookingHouse()
    made = await house.book("14:00", "15:00")
    with pytest.raises(InputError, match=why):
        await house.desk.invite_guest(made.id, name, None, ALICE.id)


# --- free times -------------------------------------------------------------------------------------------------------


async def test_what_is_left_of_a_day_is_told_with_its_buffers():
    house = BookingHouse()
    await house.book("13:00", "14:00", room=ELM)

    slots = [(one.start, one.end) for one in await house.desk.free_slots(ELM, NOON.date())]

    assert slots == [(NOON, at("12:45")), (at("14:15"), at("00:00", day=24))]


@pytest.mark.parametrize("name", ["attic", "lobby"])
async def test_what_is_no_room_that_is_booked_is_told_with_those_that_are(name):
    house = BookingHouse()
    with pytest.raises(BookingRefused, match="one of: elm, oak, pine"):
        await house.desk.free_slots(AreaId(name), NOON.date())
