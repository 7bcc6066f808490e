"""When a room is free: of a day, for who stands in front of it, for who wants to stay."""

from dataclasses import replace
from datetime import date

import pytest

from controller.domain.booking.free import Rooms, extend_until, free_slots, free_until, walk_ups
from controller.domain.booking.open_times import Span
from controller.domain.building import Space
from controller.domain.holdings import Booking, BookingState
from controller.domain.house import HouseState
from controller.domain.ids import BookingId
from tests.unit.domain.booking.at_the_desk import CELL, HALL, HOUSE, PINE, pine, with_room
from tests.unit.domain.house import CHRISTMAS, HOURS, NIGHTS, NOON, local

MONDAY = date(2026, 11, 23)


def rooms(*bookings: Booking, space: Space = HOUSE) -> Rooms:
    return Rooms(space, HouseState(), bookings)


def span(start: str, end: str) -> Span:
    return Span(local(f"2026-11-{start}"), local(f"2026-11-{end}"))


NOTHING_BEFORE = local("2026-11-22 09:00")


@pytest.mark.parametrize(
    ("bookings", "expected"),
    [
        pytest.param((), [span("23 00:00", "24 00:00")], id="all day"),
        pytest.param((pine(),), [span("23 00:00", "23 13:45"), span("23 15:15", "24 00:00")], id="around a booking"),
        pytest.param(
            (pine(), pine("2026-11-23 15:40", "2026-11-23 23:50", id=BookingId("b2"))),
            [span("23 00:00", "23 13:45")],
            id="ten minutes between two are not shown",
        ),
        pytest.param(
            (pine(), pine("2026-11-23 15:45", "2026-11-23 23:50", id=BookingId("b2"))),
            [span("23 00:00", "23 13:45"), span("23 15:15", "23 15:30")],
            id="a quarter of an hour is",
        ),
        pytest.param(
            (pine("2026-11-22 22:00", "2026-11-23 08:00"), pine("2026-11-24 00:10", "2026-11-24 09:00")),
            [span("23 08:15", "23 23:55")],
            id="bookings of the days around",
        ),
        pytest.param(
            (pine(area=CELL), pine(state=BookingState.CANCELLED), pine("2026-11-25 14:00", "2026-11-25 15:00")),
            [span("23 00:00", "24 00:00")],
            id="others",
        ),
    ],
)
def test_a_day_is_free_around_its_bookings_and_their_clearing_up(
    bookings: tuple[Booking, ...], expected: list[Span]
) -> None:
    assert free_slots(HOUSE.areas[PINE], MONDAY, rooms(*bookings), NOTHING_BEFORE) == expected


def test_what_is_past_is_not_free() -> None:
    at = local("2026-11-23 12:34:56")

    assert free_slots(HOUSE.areas[PINE], MONDAY, rooms(), at) == [span("23 12:34", "24 00:00")]
    assert free_slots(HOUSE.areas[PINE], MONDAY, rooms(), local("2026-11-24 12:00")) == []


def test_a_day_is_free_in_the_rooms_hours_alone_and_not_on_holidays() -> None:
    nights = with_room(hours=NIGHTS)

    assert free_slots(HOUSE.areas[HALL], MONDAY, rooms(), NOTHING_BEFORE) == [span("23 09:00", "23 18:00")]
    assert free_slots(HOUSE.areas[HALL], date(2026, 11, 28), rooms(), NOTHING_BEFORE) == []
    assert free_slots(HOUSE.areas[PINE], CHRISTMAS, rooms(), NOTHING_BEFORE) == []
    assert free_slots(nights.areas[PINE], MONDAY, rooms(space=nights), NOTHING_BEFORE) == [
        span("23 00:00", "23 02:00"),
        span("23 22:00", "24 00:00"),
    ]


def test_the_night_the_clocks_go_back_has_an_hour_more() -> None:
    (free,) = free_slots(HOUSE.areas[PINE], date(2026, 11, 1), rooms(), local("2026-10-01 09:00"))

    assert (free.end - free.start).total_seconds() == 25 * 3600


@pytest.mark.parametrize(
    ("bookings", "minutes"),
    [
        pytest.param((), [15, 30, 60], id="free all day"),
        pytest.param((pine("2026-11-23 13:15", "2026-11-23 14:00"),), [15, 30, 60], id="an hour, and clearing up"),
        pytest.param((pine("2026-11-23 13:14", "2026-11-23 14:00"),), [15, 30], id="a minute less"),
        pytest.param((pine("2026-11-23 12:30", "2026-11-23 14:00"),), [15], id="a quarter of an hour"),
        pytest.param((pine("2026-11-23 12:29", "2026-11-23 14:00"),), [], id="not even that"),
        pytest.param((pine("2026-11-23 11:00", "2026-11-23 13:00"),), [], id="taken"),
        pytest.param((pine("2026-11-23 11:00", "2026-11-23 11:50"),), [], id="being cleared up"),
    ],
)
def test_who_stands_in_front_of_a_room_is_offered_what_fits(bookings: tuple[Booking, ...], minutes: list[int]) -> None:
    found = walk_ups(HOUSE.areas[PINE], rooms(*bookings), NOON)

    assert [(each.end - each.start).total_seconds() / 60 for each in found] == minutes
    assert all(each.start == NOON for each in found)


def test_a_walk_up_begins_with_the_minute_and_is_no_longer_than_the_room_allows() -> None:
    short = with_room(longest_minutes=30)
    found = walk_ups(short.areas[PINE], rooms(space=short), local("2026-11-23 12:00:59"))

    assert found == [span("23 12:00", "23 12:15"), span("23 12:00", "23 12:30")]
    assert walk_ups(HOUSE.areas[HALL], rooms(), local("2026-11-23 17:30")) == [
        span("23 17:30", "23 17:45"),
        span("23 17:30", "23 18:00"),
    ]
    assert walk_ups(HOUSE.areas[HALL], rooms(), local("2026-11-23 20:00")) == []
    no_room = replace(HOUSE.areas[PINE], room=None)
    assert len(walk_ups(no_room, rooms(), NOON)) == 3


def test_a_room_is_free_until_the_next_booking_or_for_a_day() -> None:
    assert free_until(HOUSE.areas[PINE], NOON, rooms(pine())) == local("2026-11-23 13:45")
    assert free_until(HOUSE.areas[PINE], NOON, rooms()) == local("2026-11-24 12:00")
    assert free_until(HOUSE.areas[PINE], local("2026-11-23 14:30"), rooms(pine())) is None


@pytest.mark.parametrize(
    ("others", "space", "expected"),
    [
        pytest.param((), HOUSE, "2026-11-24 14:00", id="a day"),
        pytest.param(
            (pine("2026-11-23 17:00", "2026-11-23 18:00", id=BookingId("b2")),),
            HOUSE,
            "2026-11-23 16:45",
            id="the next",
        ),
        pytest.param((), with_room(longest_minutes=90), "2026-11-23 15:30", id="its longest"),
        pytest.param((), with_room(longest_minutes=30), "2026-11-23 15:00", id="it is longer already"),
        pytest.param((), with_room(hours=HOURS), "2026-11-23 18:00", id="until it closes"),
        pytest.param((), with_room(hours=NIGHTS), "2026-11-23 15:00", id="confirmed outside of the hours"),
    ],
)
def test_a_booking_can_be_extended_until_the_next_one_or_closing_time(
    others: tuple[Booking, ...], space: Space, expected: str
) -> None:
    assert extend_until(pine(), space.areas[PINE], rooms(pine(), *others, space=space)) == local(expected)


def test_a_booking_of_what_is_no_room_any_more_has_no_longest() -> None:
    no_room = replace(HOUSE.areas[PINE], room=None)

    assert extend_until(pine(), no_room, rooms(pine())) == local("2026-11-24 14:00")
