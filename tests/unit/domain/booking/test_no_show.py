"""Who came, who did not, and what becomes of the room."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from controller.domain.booking.no_show import (
    NOBODY,
    Due,
    Presence,
    asks_to_end,
    check_in,
    comes_for,
    due,
    misses_in_a_row,
    needs_check_in,
    released,
)
from controller.domain.booking.rules import Circumstances, RefuseReason
from controller.domain.holdings import Booking, BookingState
from controller.domain.ids import BookingId
from tests.unit.domain.booking.at_the_desk import (
    ALICE_ASKS,
    BOB,
    BOB_ASKS,
    CELL,
    PANEL_ASKS,
    PINE,
    STAFF_ASK,
    asking,
    pine,
    refusal,
)
from tests.unit.domain.house import ALICE, local

TEN_PAST = local("2026-11-23 14:10")


def at(text: str) -> datetime:
    return local(f"2026-11-23 {text}")


# --- what is due ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        pytest.param("13:00", Due.NOTHING, id="before it begins"),
        pytest.param("14:09:59", Due.NOTHING, id="a second before ten past"),
        pytest.param("14:10", Due.RELEASE, id="ten past"),
        pytest.param("14:59", Due.RELEASE, id="late, for we were not running"),
        pytest.param("15:00", Due.NOTHING, id="over: nothing is left to give back"),
    ],
)
def test_what_nobody_came_for_is_released_ten_minutes_after_its_start(moment: str, expected: Due) -> None:
    assert due(pine(), at(moment)) is expected


@pytest.mark.parametrize(
    ("booking", "expected"),
    [
        pytest.param(pine(checked_in_at=at("14:05")), Due.NOTHING, id="they came"),
        pytest.param(pine("2026-11-23 14:00", "2026-11-23 22:00"), Due.NOTHING, id="eight hours"),
        pytest.param(pine("2026-11-23 14:00", "2026-11-23 21:59"), Due.RELEASE, id="a minute less"),
        pytest.param(pine(state=BookingState.CANCELLED), Due.NOTHING, id="cancelled"),
        pytest.param(pine(state=BookingState.RELEASED), Due.NOTHING, id="released already"),
        pytest.param(pine(state=BookingState.REQUESTED), Due.DECLINE, id="never answered"),
    ],
)
def test_what_needs_no_check_in_is_left_alone_and_an_unanswered_request_is_declined(
    booking: Booking, expected: Due
) -> None:
    assert due(booking, TEN_PAST) is expected


@pytest.mark.parametrize(
    ("presence", "expected"),
    [
        pytest.param(Presence(occupied=True), Due.IN_USE, id="somebody is felt"),
        pytest.param(Presence(occupied=True, last_felt=at("13:00")), Due.IN_USE, id="counted heads that sit still"),
        pytest.param(Presence(occupied=False, last_felt=at("14:00:01")), Due.IN_USE, id="felt a moment ago"),
        pytest.param(Presence(occupied=False, last_felt=at("14:00")), Due.RELEASE, id="the party before has left"),
        pytest.param(Presence(occupied=False), Due.RELEASE, id="empty"),
        pytest.param(Presence(last_felt=at("14:08")), Due.IN_USE, id="the sensor fell silent a moment ago"),
        pytest.param(NOBODY, Due.RELEASE, id="no sensor"),
    ],
)
def test_a_room_is_never_released_under_people(presence: Presence, expected: Due) -> None:
    assert due(pine(), TEN_PAST, presence) is expected


def test_a_room_that_was_in_use_is_released_once_it_has_been_empty_for_ten_minutes() -> None:
    left = Presence(occupied=False, last_felt=at("14:20"))

    assert due(pine(), at("14:29:59"), left) is Due.IN_USE
    assert due(pine(), at("14:30"), left) is Due.RELEASE


def test_a_released_booking_is_truncated_and_its_room_free_at_once() -> None:
    assert released(pine(), TEN_PAST) == replace(
        pine(), state=BookingState.RELEASED, end=TEN_PAST, held_until=TEN_PAST, booked_end=at("15:00")
    )
    assert released(pine(booked_end=at("16:00")), TEN_PAST).booked_end == at("16:00")


# --- checking in ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "known",
    [
        pytest.param(asking(now="2026-11-23 13:50"), id="the owner, ten minutes before"),
        pytest.param(asking(BOB_ASKS, now="2026-11-23 14:00"), id="a participant"),
        pytest.param(asking(STAFF_ASK, now="2026-11-23 14:00"), id="staff"),
        pytest.param(asking(now="2026-11-23 14:40"), id="late, for it was in use"),
    ],
)
def test_a_tap_checks_in(known: Circumstances) -> None:
    booking = pine(participants=frozenset({BOB.id}))

    assert check_in(booking, known) == replace(booking, checked_in_at=known.now)


def test_the_panel_checks_in_whoever_stands_there() -> None:
    known = asking(PANEL_ASKS, now="2026-11-23 14:00")

    assert check_in(pine(), known, at_panel=True) == pine(checked_in_at=at("14:00"))
    assert refusal(check_in(pine(), known)).reason is RefuseReason.NOT_YOURS


def test_who_is_checked_in_stays_so_from_the_first_time_on() -> None:
    came = pine(checked_in_at=at("13:55"))

    assert check_in(came, asking(now="2026-11-23 14:05")) == came


@pytest.mark.parametrize(
    ("booking", "known", "sentence"),
    [
        pytest.param(pine(), BOB_ASKS, "only who takes part checks in; ask its owner to add you", id="somebody else"),
        pytest.param(pine(), ALICE_ASKS, "it is too early; check in from 2026-11-23 13:50 on", id="two hours before"),
        pytest.param(
            pine(state=BookingState.REQUESTED), ALICE_ASKS, "it waits for approval; ask staff", id="requested"
        ),
        pytest.param(pine(state=BookingState.RELEASED), ALICE_ASKS, "it is released; book a new one", id="released"),
        pytest.param(pine(), asking(now="2026-11-23 15:00"), "it is over; book a new one", id="over"),
    ],
)
def test_a_check_in_that_cannot_be_says_why(booking: Booking, known: Circumstances, sentence: str) -> None:
    assert refusal(check_in(booking, known)).sentence == sentence


@pytest.mark.parametrize(
    ("moment", "counts"),
    [("13:49:59", False), ("13:50", True), ("14:09:59", True), ("14:30", True), ("15:00", False)],
)
def test_going_in_checks_in_from_ten_minutes_before_as_long_as_it_stands(moment: str, counts: bool) -> None:
    assert comes_for([pine()], ALICE.id, PINE, at(moment)) == ([pine()] if counts else [])


@pytest.mark.parametrize(
    "booking",
    [
        pytest.param(pine(owner=BOB.id), id="somebody else's"),
        pytest.param(pine(area=CELL), id="another room"),
        pytest.param(pine(state=BookingState.REQUESTED), id="not approved"),
        pytest.param(pine(checked_in_at=at("13:55")), id="came before"),
    ],
)
def test_going_in_counts_for_ones_own_bookings_of_this_room(booking: Booking) -> None:
    assert comes_for([booking], ALICE.id, PINE, at("14:00")) == []


def test_going_in_between_two_of_ones_bookings_counts_for_both() -> None:
    first = pine(owner=BOB.id, participants=frozenset({ALICE.id}))
    second = pine("2026-11-23 15:00", "2026-11-23 16:00", id=BookingId("b2"))

    assert comes_for([second, first], ALICE.id, PINE, at("14:55")) == [first, second]


# --- series ---------------------------------------------------------------------------------------

CAME, MISSED, CANCELLED, AHEAD = "came", "missed", "cancelled", "ahead"


def series_of(*what: str) -> list[Booking]:
    """A booking a day, up to Monday noon; `ahead` is one to come."""
    found = []
    for n, each in enumerate(what):
        start = local("2026-11-01 10:00") + timedelta(days=n)
        one = replace(
            pine(), id=BookingId(f"b{n}"), start=start, end=start + timedelta(hours=1), series_day=start.date()
        )
        if each == AHEAD:
            one = replace(one, start=start + timedelta(days=60), end=start + timedelta(days=60, hours=1))
        states = {MISSED: BookingState.RELEASED, CANCELLED: BookingState.CANCELLED}
        found.append(replace(one, state=states.get(each, BookingState.BOOKED)))
    return found


@pytest.mark.parametrize(
    ("what", "in_a_row", "asks"),
    [
        pytest.param((), 0, False, id="nothing yet"),
        pytest.param((CAME, CAME), 0, False, id="they come"),
        pytest.param((MISSED, MISSED), 2, False, id="twice"),
        pytest.param((MISSED, MISSED, MISSED), 3, True, id="three times"),
        pytest.param((MISSED, MISSED, CAME, MISSED), 1, False, id="one visit starts anew"),
        pytest.param((MISSED, CANCELLED, MISSED, MISSED), 3, True, id="a day without a booking is none"),
        pytest.param((MISSED, MISSED, MISSED, MISSED), 4, False, id="asked already"),
        pytest.param((MISSED,) * 6, 6, True, id="asked again"),
        pytest.param((MISSED, MISSED, MISSED, AHEAD), 3, True, id="what is to come changes nothing"),
    ],
)
def test_staff_are_asked_to_end_a_series_after_three_misses_in_a_row(
    what: tuple[str, ...], in_a_row: int, asks: bool
) -> None:
    now = local("2026-11-23 12:00")

    assert misses_in_a_row(reversed(series_of(*what)), now) == in_a_row
    assert asks_to_end(series_of(*what), now) is asks


def test_who_has_come_today_has_come_before_it_is_over() -> None:
    *_, last = series_of(MISSED, MISSED, AHEAD)

    assert (
        misses_in_a_row(
            [*series_of(MISSED, MISSED), replace(last, checked_in_at=at("12:00"), series_day=None)], at("12:00")
        )
        == 0
    )
    assert needs_check_in(last)
