"""What a booking opens, when, and for whom. The office stands for a room: its way is the street, the landing, its door."""

from dataclasses import replace

import pytest

from controller.domain.access import Cost, DenyReason, Grant, GrantKind, Miss, Rights
from controller.domain.booking.order import with_not_before
from controller.domain.building import Door
from controller.domain.holdings import Booking, BookingState
from controller.domain.house import ExtraHoliday, HouseState
from controller.domain.ids import BookingId, CredentialId, PersonId, ZoneId
from controller.domain.membership import Credential, CredentialKind, Person, PersonKind, Standing
from controller.domain.usage import Charge, ChargeKind
from tests.unit.domain.asking import answer, booking, granted, miss, next_time, used, with_plans
from tests.unit.domain.house import (
    ALICE,
    CHRISTMAS,
    FULL,
    LANDING,
    NOON,
    OFFICE,
    OFFICE_DOOR,
    SERVER_DOOR,
    SPACE,
    STREET,
    TWO_DAYS,
    local,
    member,
    read,
    rights,
)

IN_IT = local("2026-11-23 14:30")


def booked(*bookings: Booking, at: Door = OFFICE_DOOR, **more: object) -> Rights:
    return replace(rights(at=at), bookings=bookings, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        pytest.param("2026-11-23 13:49:59", DenyReason.BOOKING_TOO_EARLY, id="a second too early"),
        pytest.param("2026-11-23 13:50", GrantKind.BOOKING, id="ten minutes before"),
        pytest.param("2026-11-23 14:59:59", GrantKind.BOOKING, id="the last second"),
        pytest.param("2026-11-23 15:00", DenyReason.BOOKING_OVER, id="its end is exclusive"),
    ],
)
def test_a_rooms_door_opens_from_ten_minutes_before_until_the_end(at: str, expected: object) -> None:
    assert answer(booked(booking()), local(at)) == expected


@pytest.mark.parametrize("door", [pytest.param(STREET, id="street"), pytest.param(LANDING, id="landing")])
@pytest.mark.parametrize(
    ("at", "expected"),
    [
        pytest.param("2026-11-23 13:44:59", DenyReason.BOOKING_TOO_EARLY, id="a second too early"),
        pytest.param("2026-11-23 13:45", GrantKind.BOOKING, id="fifteen minutes before"),
        pytest.param("2026-11-23 15:09:59", GrantKind.BOOKING, id="ten minutes after"),
        pytest.param("2026-11-23 15:10", DenyReason.BOOKING_OVER, id="and no longer"),
    ],
)
def test_the_doors_on_the_way_open_from_fifteen_minutes_before_to_ten_after(
    door: Door, at: str, expected: object
) -> None:
    assert answer(booked(booking(), at=door), local(at)) == expected


def test_a_room_never_opens_before_the_previous_bookings_end_plus_buffer() -> None:
    after_another = booking(not_before=local("2026-11-23 13:55"))

    assert answer(booked(after_another), local("2026-11-23 13:54")) == DenyReason.BOOKING_TOO_EARLY
    assert answer(booked(after_another), local("2026-11-23 13:55")) == GrantKind.BOOKING
    assert answer(booked(after_another, at=STREET), local("2026-11-23 13:45")) == GrantKind.BOOKING


def test_a_buffer_that_reaches_into_the_booking_holds() -> None:
    assert answer(booked(booking(not_before=local("2026-11-23 14:05"))), local("2026-11-23 14:04")) == (
        DenyReason.BOOKING_TOO_EARLY
    )


@pytest.mark.parametrize("state", [state for state in BookingState if state is not BookingState.BOOKED])
def test_a_released_or_cancelled_booking_opens_nothing(state: BookingState) -> None:
    assert answer(booked(booking(state=state)), IN_IT) == DenyReason.NO_MEMBERSHIP
    assert answer(replace(booked(booking(state=state)), memberships=(member(),)), IN_IT) == DenyReason.NO_RIGHT


def test_the_owner_and_the_participants_enter_and_nobody_else() -> None:
    others = booking(owner=PersonId("bob"))

    assert answer(booked(booking()), IN_IT) == GrantKind.BOOKING
    assert answer(booked(replace(others, participants=frozenset({ALICE.id}))), IN_IT) == GrantKind.BOOKING
    assert answer(replace(booked(others), memberships=(member(),)), IN_IT) == DenyReason.NO_RIGHT


def test_a_booking_opens_no_other_door() -> None:
    assert answer(booked(booking(), at=SERVER_DOOR), IN_IT) == DenyReason.NO_RIGHT
    assert answer(booked(booking(area=SERVER_DOOR.inner), at=SERVER_DOOR), IN_IT) == DenyReason.NO_RIGHT


def test_a_booking_says_which_and_costs_less_than_any_plan() -> None:
    both = booked(booking(), at=STREET, memberships=(member(FULL), member(TWO_DAYS)))

    assert granted(both, IN_IT) == Grant(GrantKind.BOOKING, OFFICE, Cost.BOOKING, ref="b1")


def test_of_two_bookings_in_a_row_the_second_opens_when_the_first_is_over() -> None:
    next_one = booking("2026-11-23 15:00", "2026-11-23 16:00")

    assert answer(booked(booking(), next_one), local("2026-11-23 15:00")) == GrantKind.BOOKING


# --- holidays -----------------------------------------------------------------------------------------

ON_CHRISTMAS = booking("2026-12-25 14:00", "2026-12-25 15:00")


def test_on_a_holiday_a_booking_opens_only_if_it_is_confirmed_for_it() -> None:
    at = local("2026-12-25 14:30")

    assert answer(booked(ON_CHRISTMAS), at) == DenyReason.OUTSIDE_HOURS
    assert answer(booked(replace(ON_CHRISTMAS, holiday_confirmed=True)), at) == GrantKind.BOOKING


def test_a_holiday_of_other_zones_leaves_a_booking_alone() -> None:
    north, at = ZoneId("north"), local("2026-12-25 14:30")
    in_north = replace(SPACE.areas[OFFICE], zones=frozenset({north}))
    space = replace(SPACE, holiday_zones={CHRISTMAS: frozenset({ZoneId("south")})})

    assert answer(booked(ON_CHRISTMAS, space=space), at) == GrantKind.BOOKING
    closed = replace(
        space,
        areas={**SPACE.areas, OFFICE: in_north},
        holiday_zones={CHRISTMAS: frozenset({north})},
    )
    assert answer(booked(ON_CHRISTMAS, space=closed), at) == DenyReason.OUTSIDE_HOURS


def test_a_holiday_announced_since_counts_as_one_of_the_file() -> None:
    announced = HouseState(holidays=(ExtraHoliday(NOON.date(), "Flood"),))

    assert answer(booked(booking(), house=announced), IN_IT) == DenyReason.OUTSIDE_HOURS


def test_a_booking_over_midnight_belongs_to_the_day_it_starts() -> None:
    eve = booking("2026-12-24 22:00", "2026-12-25 02:00")

    assert answer(booked(eve), local("2026-12-25 01:00")) == GrantKind.BOOKING


# --- without a membership, and with a bad one ---------------------------------------------------------


def test_whoever_takes_part_in_a_booking_needs_no_membership() -> None:
    ended = member(ends="2026-10-01")

    assert answer(booked(booking()), IN_IT) == GrantKind.BOOKING
    assert answer(booked(booking(), memberships=(ended,)), IN_IT) == GrantKind.BOOKING


def test_before_it_begins_the_booking_is_told_rather_than_a_membership() -> None:
    assert miss(booked(booking()), NOON) == Miss(DenyReason.BOOKING_TOO_EARLY, local("2026-11-23 13:50"))
    assert answer(booked(booking()), NOON) == DenyReason.BOOKING_TOO_EARLY


def test_a_booking_of_last_week_excuses_nobody() -> None:
    last_week = booking("2026-11-16 14:00", "2026-11-16 15:00")

    assert answer(booked(last_week), NOON) == DenyReason.NO_MEMBERSHIP


@pytest.mark.parametrize(
    ("standing", "expected"),
    [
        pytest.param(Standing.OVERDUE, DenyReason.MEMBERSHIP_OVERDUE, id="overdue"),
        pytest.param(Standing.PAUSED, DenyReason.MEMBERSHIP_PAUSED, id="paused"),
    ],
)
def test_a_booking_does_not_excuse_a_membership_unpaid_or_paused(standing: Standing, expected: DenyReason) -> None:
    assert answer(booked(booking(), memberships=(member(standing=standing),)), IN_IT) == expected


# --- guests, by a token, with nothing but a booking ---------------------------------------------------

GINA = Person(PersonId("gina"), "Gina", PersonKind.GUEST)
QR = Credential(CredentialId("qr-1"), GINA.id, CredentialKind.TOKEN)


@pytest.mark.parametrize(
    ("door", "at", "expected"),
    [
        pytest.param(STREET, "2026-11-23 13:44", DenyReason.BOOKING_TOO_EARLY, id="street, too early"),
        pytest.param(STREET, "2026-11-23 13:45", GrantKind.BOOKING, id="street"),
        pytest.param(LANDING, "2026-11-23 13:45", GrantKind.BOOKING, id="landing"),
        pytest.param(OFFICE_DOOR, "2026-11-23 13:49", DenyReason.BOOKING_TOO_EARLY, id="room, too early"),
        pytest.param(OFFICE_DOOR, "2026-11-23 13:50", GrantKind.BOOKING, id="room"),
        pytest.param(OFFICE_DOOR, "2026-11-23 15:00", DenyReason.BOOKING_OVER, id="room, over"),
        pytest.param(LANDING, "2026-11-23 15:09", GrantKind.BOOKING, id="landing, on the way out and back"),
        pytest.param(STREET, "2026-11-23 15:10", DenyReason.BOOKING_OVER, id="street, over"),
        pytest.param(STREET, "2026-11-24 14:00", DenyReason.NO_MEMBERSHIP, id="the day after"),
        pytest.param(SERVER_DOOR, "2026-11-23 14:30", DenyReason.NO_RIGHT, id="no other door"),
    ],
)
def test_a_guest_of_a_booking_enters_by_it_alone_and_for_its_time(door: Door, at: str, expected: object) -> None:
    invited = booking(participants=frozenset({GINA.id}))
    held = replace(rights(at=door, person=GINA, credential=QR), bookings=(invited,))

    assert answer(held, local(at)) == expected


def test_who_is_no_longer_a_guest_of_it_stays_outside() -> None:
    held = replace(rights(at=STREET, person=GINA, credential=QR), bookings=())

    assert answer(held, IN_IT) == DenyReason.NO_MEMBERSHIP


def test_a_guest_inside_when_it_ends_walks_out() -> None:
    held = replace(
        rights(at=OFFICE_DOOR, person=GINA, credential=QR), bookings=(booking(participants=frozenset({GINA.id})),)
    )

    assert answer(held, local("2026-11-23 15:30"), read(direction="out")) == GrantKind.EXIT


def test_what_is_booked_as_it_begins_opens_every_door_on_the_way_at_once() -> None:
    now = local("2026-11-23 14:00:30")
    walk_up = booking("2026-11-23 14:00", "2026-11-23 14:30", made_at=now, checked_in_at=now)

    assert all(answer(booked(walk_up, at=door), now) == GrantKind.BOOKING for door in (STREET, LANDING, OFFICE_DOOR))


# --- the order of a room's bookings -------------------------------------------------------------------


def test_each_booking_is_told_when_the_one_before_it_is_cleared_up() -> None:
    first = booking("2026-11-23 14:00", "2026-11-23 15:00", id=BookingId("b1"))
    asked = booking("2026-11-23 15:15", "2026-11-23 16:00", id=BookingId("b2"), state=BookingState.REQUESTED)
    gone = booking("2026-11-23 16:15", "2026-11-23 16:20", id=BookingId("b3"), state=BookingState.RELEASED)
    last = booking("2026-11-23 16:20", "2026-11-23 17:00", id=BookingId("b4"))

    found = with_not_before([last, gone, asked, first], 15)

    after_first = local("2026-11-23 15:15")
    assert [(one.id, one.not_before) for one in found] == [
        ("b1", None),
        ("b2", after_first),
        ("b3", after_first),
        ("b4", after_first),
    ]


# --- the day it uses, or not --------------------------------------------------------------------------


def test_a_booking_day_does_not_use_a_day_by_default() -> None:
    assert granted(booked(booking(), memberships=(member(TWO_DAYS),)), IN_IT).charge is None


def test_a_booking_day_uses_a_day_where_the_plan_says_so() -> None:
    held = booked(booking(), memberships=(member(TWO_DAYS),), space=with_plans(two_days={"booking_uses_day": True}))

    assert granted(held, IN_IT).charge == Charge(ChargeKind.QUOTA_DAY, ALICE.id, NOON.date(), plan=TWO_DAYS)
    assert granted(replace(held, usage=used("2026-11-23")), IN_IT).charge is None


def test_a_booking_opens_beyond_the_days_and_counts_no_quota_over() -> None:
    held = booked(booking("2026-11-26 14:00", "2026-11-26 15:00"), memberships=(member(TWO_DAYS),))
    held = replace(held, space=with_plans(two_days={"booking_uses_day": True}), usage=used("2026-11-23", "2026-11-24"))

    assert granted(held, local("2026-11-26 14:30")) == Grant(GrantKind.BOOKING, OFFICE, Cost.BOOKING, ref="b1")


def test_the_next_booking_is_the_next_time() -> None:
    tomorrow = booking("2026-11-24 10:00", "2026-11-24 11:00", not_before=local("2026-11-24 09:55"))

    assert next_time(booked(booking(), tomorrow), local("2026-11-23 16:00")) == local("2026-11-24 09:55")
    assert answer(booked(booking(), tomorrow), local("2026-11-23 16:00")) == DenyReason.BOOKING_TOO_EARLY
