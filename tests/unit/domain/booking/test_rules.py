"""What may be booked, by whom, and in which words it is refused."""

from dataclasses import replace
from datetime import timedelta

import pytest

from controller.domain.booking.rules import RefuseReason, judge
from controller.domain.building import Grace, Plan
from controller.domain.holdings import Booking, BookingState
from controller.domain.house import ExtraHoliday, HouseState
from controller.domain.ids import AreaId, BookingId, PersonId, PlanId, ScheduleId, SeriesId, ZoneId
from controller.domain.membership import Standing
from controller.domain.schedule import EVERY_DAY, WeeklySchedule, Window
from tests.unit.domain.booking.at_the_desk import (
    ALICE_ASKS,
    BOB,
    BOB_ASKS,
    CELL,
    GINA,
    HALL,
    HOUSE,
    PANEL_ASKS,
    PEOPLE,
    PINE,
    STAFF_ASK,
    asking,
    booked,
    pine,
    refusal,
    said,
    why,
    wish,
    with_room,
)
from tests.unit.domain.house import ALICE, CHRISTMAS, DAY_PASS, FLOOR, FULL, HOST, HOURS, NIGHTS, NOON, local, member

ON_CHRISTMAS = wish("2026-12-25 10:00", "2026-12-25 11:00")


def with_plan(**more: object) -> object:
    """Alice asks, on a plan with these limits."""
    plans = {**HOUSE.plans, FULL: replace(HOUSE.plans[FULL], **more)}  # type: ignore[arg-type]
    return asking(space=replace(HOUSE, plans=plans))


# --- what a wish becomes --------------------------------------------------------------------------


def test_a_wish_becomes_a_booking_that_holds_its_room_until_it_is_cleared_up() -> None:
    asked = wish(participants=frozenset({ALICE.id, BOB.id}), title="Sprint", origin="cal:1")

    assert booked(asked) == Booking(
        BookingId("b2"),
        PINE,
        local("2026-11-23 14:00"),
        local("2026-11-23 15:00"),
        ALICE.id,
        participants=frozenset({BOB.id}),
        title="Sprint",
        made_at=NOON,
        held_until=local("2026-11-23 15:15"),
        origin="cal:1",
    )


def test_a_booking_knows_its_series() -> None:
    made = booked(wish(series=SeriesId("s1"), series_day=NOON.date()))

    assert (made.series, made.series_day) == (SeriesId("s1"), NOON.date())


@pytest.mark.parametrize(
    ("known", "expected"),
    [
        pytest.param(ALICE_ASKS, BookingState.REQUESTED, id="a member asks"),
        pytest.param(STAFF_ASK, BookingState.BOOKED, id="staff need no approval"),
    ],
)
def test_a_room_that_asks_for_approval_is_requested(known: object, expected: BookingState) -> None:
    assert why(wish(area=HALL), known) is expected  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("asked", "is_checked_in"),
    [
        pytest.param(wish(), False, id="an hour, in two hours"),
        pytest.param(wish("2026-11-23 14:00", "2026-11-23 14:15"), True, id="a quarter of an hour"),
        pytest.param(wish("2026-11-23 14:00", "2026-11-23 14:16"), False, id="a minute longer"),
        pytest.param(wish("2026-11-23 12:00", "2026-11-23 13:00"), True, id="from now on"),
        pytest.param(wish("2026-11-23 12:01", "2026-11-23 13:00"), False, id="from the next minute on"),
        pytest.param(wish("2026-11-23 12:01", "2026-11-23 13:00", walk_up=True), True, id="they stand before it"),
        pytest.param(wish("2026-11-23 12:10", "2026-11-23 13:00", walk_up=True), True, id="and it begins soon"),
    ],
)
def test_what_is_booked_late_or_short_or_at_the_door_counts_as_checked_in(asked: object, is_checked_in: bool) -> None:
    assert (booked(asked).checked_in_at == NOON) is is_checked_in  # type: ignore[arg-type]


def test_nobody_stands_in_a_room_for_what_is_not_soon() -> None:
    assert said(wish("2026-11-23 12:11", "2026-11-23 13:00", walk_up=True)) == (
        "nobody is in the room yet for what begins at 12:11; book it without checking in, and check in from 12:01 on"
    )
    a_week_ahead = wish("2026-11-30 14:00", "2026-11-30 15:00", walk_up=True)
    assert why(a_week_ahead) is why(a_week_ahead, STAFF_ASK) is RefuseReason.NOT_BEGUN


# --- the room -------------------------------------------------------------------------------------


def test_a_room_that_does_not_exist_is_named_with_those_that_do() -> None:
    assert said(wish(area=AreaId("oak"))) == "there is no room 'oak'; one of: cell, hall, office"


@pytest.mark.parametrize(
    "space",
    [
        pytest.param(with_room(bookable=False), id="a room that is not booked"),
        pytest.param(replace(HOUSE, areas={**HOUSE.areas, PINE: replace(HOUSE.areas[PINE], room=None)}), id="no room"),
    ],
)
def test_what_is_no_room_to_book_is_not_booked(space: object) -> None:
    assert said(wish(), asking(space=space)) == "Pine is not booked; a room that is, or just walk in"


# --- people ---------------------------------------------------------------------------------------


def test_only_staff_book_for_others() -> None:
    assert said(wish(), BOB_ASKS) == (
        "only staff book for others, and this is for Alice; book for yourself, and name the others as participants"
    )
    assert why(wish(), PANEL_ASKS) is RefuseReason.NOT_YOURS
    assert booked(wish(), STAFF_ASK).owner == ALICE.id


@pytest.mark.parametrize(
    "asked",
    [
        pytest.param(wish(participants=frozenset({PersonId("zoe")})), id="participant"),
        pytest.param(wish(owner=PersonId("zoe")), id="owner"),
    ],
)
def test_somebody_nobody_knows_is_named(asked: object) -> None:
    assert said(asked, STAFF_ASK) == (  # type: ignore[arg-type]
        "nobody here is called 'zoe'; the id of somebody the house knows; invite anybody else as a guest"
    )


def test_a_wish_for_somebody_unknown_names_their_id() -> None:
    assert "this is for zoe;" in said(wish(owner=PersonId("zoe")), BOB_ASKS)


def test_who_is_banned_takes_no_part_not_even_by_staff() -> None:
    known = asking(STAFF_ASK, people={**PEOPLE, BOB.id: replace(BOB, banned=True)})

    assert said(wish(participants=frozenset({BOB.id})), known) == "Bob may not enter the house; book without them"
    assert why(wish(owner=BOB.id), known) is RefuseReason.BANNED


def test_a_member_is_not_told_who_is_banned_and_who_is_unknown() -> None:
    known = asking(people={**PEOPLE, BOB.id: replace(BOB, banned=True)})
    banned, unknown = (
        refusal(judge(wish(participants=frozenset({id})), known, BookingId("b-new")))
        for id in (BOB.id, PersonId("zoe"))
    )

    assert banned.words == "'bob' cannot take part"
    assert (banned.reason, banned.words.replace("bob", "zoe"), banned.right) == (
        unknown.reason,
        unknown.words,
        unknown.right,
    )


def test_who_is_banned_is_told_so_of_themselves() -> None:
    known = asking(people={**PEOPLE, ALICE.id: replace(ALICE, banned=True)})

    assert why(wish(), known) is RefuseReason.BANNED


# --- its time -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("start", "end", "sentence"),
    [
        ("14:00", "14:00", "14:00 to 14:00 ends as it starts; an end after 14:00"),
        ("14:00", "13:00", "14:00 to 13:00 ends before it starts; an end after 14:00"),
        ("10:00", "11:00", "2026-11-23 10:00 to 11:00 is over; a time that ends after 12:00"),
        ("11:59", "13:00", "2026-11-23 11:59 is past; a start from 12:00 on"),
    ],
)
def test_a_time_that_cannot_be_says_what_would_be_right(start: str, end: str, sentence: str) -> None:
    assert said(wish(f"2026-11-23 {start}", f"2026-11-23 {end}")) == sentence
    assert said(wish(f"2026-11-23 {start}", f"2026-11-23 {end}"), asking(STAFF_ASK)) == sentence


@pytest.mark.parametrize("length", [timedelta(microseconds=1), timedelta(milliseconds=1), timedelta(seconds=59.999)])
def test_what_is_over_within_its_first_minute_is_no_booking(length: timedelta) -> None:
    asked = replace(wish(), end=wish().start + length)

    assert said(asked) == "14:00 to 14:00 is less than a minute; a minute at least"
    assert said(asked, STAFF_ASK) == "14:00 to 14:00 is less than a minute; a minute at least"
    assert booked(replace(asked, end=asked.start + timedelta(minutes=1))).end == local("2026-11-23 14:01")


def test_now_is_the_minute_that_has_started() -> None:
    late_in_the_minute = asking(now="2026-11-23 12:00:59")

    assert why(wish("2026-11-23 12:00", "2026-11-23 12:30"), late_in_the_minute) is BookingState.BOOKED
    assert why(wish("2026-11-23 12:00", "2026-11-23 12:30"), asking(now="2026-11-23 12:01")) is RefuseReason.PAST


@pytest.mark.parametrize(
    ("minutes", "expected"),
    [pytest.param(240, BookingState.REQUESTED, id="four hours"), pytest.param(241, RefuseReason.TOO_LONG, id="longer")],
)
def test_a_room_has_a_longest_booking(minutes: int, expected: object) -> None:
    asked = wish("2026-11-23 13:00", area=HALL)
    asked = replace(asked, end=asked.start + timedelta(minutes=minutes))

    assert why(asked) is expected


def test_a_booking_that_is_too_long_says_how_long_it_may_be() -> None:
    asked = wish("2026-11-23 12:30", "2026-11-23 17:00", area=HALL)

    assert said(asked) == "4 h 30 min is too long for Hall; at most 4 h"
    assert why(asked, STAFF_ASK) is BookingState.BOOKED


def test_over_a_clock_change_a_booking_is_as_long_as_the_wall_says_or_shorter() -> None:
    # Two o'clock comes twice on the first, and not at all on the fourteenth of March.
    for day, start in (("2026-11-01", "2026-10-30 12:00"), ("2027-03-14", "2027-03-12 12:00")):
        asked = wish(f"{day} 00:30", f"{day} 04:30", area=CELL)
        known = asking(with_plan(longest_booking_hours=4.0), now=start)  # type: ignore[arg-type]
        assert why(asked, known) is BookingState.BOOKED, day


# --- hours and holidays ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        pytest.param("14:00", "18:00", BookingState.REQUESTED, id="until it closes"),
        pytest.param("17:30", "18:01", RefuseReason.CLOSED, id="a minute longer"),
        pytest.param("18:00", "19:00", RefuseReason.CLOSED, id="after hours"),
    ],
)
def test_a_booking_lies_in_the_hours_of_its_room(start: str, end: str, expected: object) -> None:
    assert why(wish(f"2026-11-23 {start}", f"2026-11-23 {end}", area=HALL)) is expected


@pytest.mark.parametrize(
    ("day", "right"),
    [
        ("2026-11-24", "it is open 09:00 to 18:00"),
        ("2026-11-28", "it is closed all that day"),
    ],
)
def test_who_asks_outside_of_the_hours_is_told_them(day: str, right: str) -> None:
    said_of = said(wish(f"{day} 19:00", f"{day} 20:00", area=HALL))

    assert said_of == f"Hall cannot be booked from 19:00 to 20:00 on {day}; {right}"


def test_hours_that_touch_are_one_and_a_night_is_one_piece() -> None:
    split = WeeklySchedule(HOURS, (Window(EVERY_DAY, 9 * 60, 12 * 60), Window(EVERY_DAY, 12 * 60, 18 * 60)))
    space = with_room(space=replace(HOUSE, schedules={**HOUSE.schedules, HOURS: split}), hours=HOURS)

    assert why(wish("2026-11-24 11:00", "2026-11-24 13:00"), asking(space=space)) is BookingState.BOOKED
    assert said(wish("2026-11-24 08:00", "2026-11-24 13:00"), asking(space=space)).endswith("it is open 09:00 to 18:00")

    nights = asking(space=with_room(hours=NIGHTS))
    assert why(wish("2026-11-24 23:00", "2026-11-25 01:00"), nights) is BookingState.BOOKED
    assert why(wish("2026-11-25 00:30", "2026-11-25 01:00"), nights) is BookingState.BOOKED
    assert said(wish("2026-11-24 12:00", "2026-11-24 13:00"), nights).endswith("it is open 22:00 to 2026-11-25 02:00")


def test_two_stretches_of_a_day_are_both_told() -> None:
    split = WeeklySchedule(HOURS, (Window(EVERY_DAY, 9 * 60, 12 * 60), Window(EVERY_DAY, 13 * 60, 18 * 60)))
    space = with_room(space=replace(HOUSE, schedules={**HOUSE.schedules, HOURS: split}), hours=HOURS)

    assert said(wish("2026-11-24 11:00", "2026-11-24 14:00"), asking(space=space)).endswith(
        "it is open 09:00 to 12:00 and 13:00 to 18:00"
    )


def test_nobody_books_on_a_holiday_unless_staff_confirm_it() -> None:
    confirmed = replace(ON_CHRISTMAS, holiday_confirmed=True)

    assert said(ON_CHRISTMAS) == (
        "Pine is closed on 2026-12-25: Christmas; another day, or staff confirm it for that day"
    )
    assert why(confirmed) is RefuseReason.HOLIDAY, "a member confirms nothing"
    assert why(ON_CHRISTMAS, STAFF_ASK) is RefuseReason.HOLIDAY, "staff do not confirm by accident"
    assert booked(confirmed, STAFF_ASK).holiday_confirmed


def test_staff_confirm_a_time_outside_of_the_hours_as_well() -> None:
    late = wish("2026-11-23 19:00", "2026-11-23 20:00", area=HALL)

    assert why(late, STAFF_ASK) is RefuseReason.CLOSED
    assert why(replace(late, holiday_confirmed=True), STAFF_ASK) is BookingState.BOOKED


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        pytest.param("2026-12-24 23:00", "2026-12-25 02:00", BookingState.BOOKED, id="a night that began before"),
        pytest.param("2026-12-24 23:00", "2026-12-25 04:01", RefuseReason.HOLIDAY, id="beyond the cut-off"),
        pytest.param("2026-12-25 23:00", "2026-12-26 02:00", RefuseReason.HOLIDAY, id="the night of the holiday"),
        pytest.param("2026-12-26 01:00", "2026-12-26 02:00", BookingState.BOOKED, id="the small hours after"),
    ],
)
def test_a_night_belongs_to_the_day_it_began(start: str, end: str, expected: object) -> None:
    assert why(wish(start, end)) is expected


def test_a_room_that_is_open_on_holidays_needs_nobody_to_confirm_one() -> None:
    always = WeeklySchedule(ScheduleId("always"), always=True, on_holidays=True)
    schedules = {**HOUSE.schedules, ScheduleId("always"): always}
    space = with_room(space=replace(HOUSE, schedules=schedules), hours=ScheduleId("always"))

    assert booked(ON_CHRISTMAS, asking(space=space)).holiday_confirmed


def test_a_holiday_of_other_zones_is_none_and_an_announced_one_is() -> None:
    elsewhere = HouseState(
        holidays=(ExtraHoliday(local("2026-11-24 12:00").date(), "Works", frozenset({ZoneId("x")})),)
    )
    here = HouseState(holidays=(ExtraHoliday(local("2026-11-24 12:00").date(), "Works"),))
    asked = wish("2026-11-24 14:00", "2026-11-24 15:00")

    assert why(asked, asking(house=elsewhere)) is BookingState.BOOKED
    assert said(asked, asking(house=here)).startswith("Pine is closed on 2026-11-24: Works;")
    assert CHRISTMAS in HOUSE.holidays


# --- the plan -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("memberships", "sentence"),
    [
        pytest.param((), "Alice has no plan on 2026-11-23; a plan that books, or ask staff to book it", id="none"),
        pytest.param(
            (member(starts="2026-12-01"),),
            "Alice has no plan on 2026-11-23; a plan that books, or ask staff to book it",
            id="begins later",
        ),
        pytest.param(
            (member(ends="2026-10-31"),),
            "the plan of Alice ends on 2026-10-31, and this is on 2026-11-23; "
            "a day within the plan, or ask staff to book it",
            id="over",
        ),
        pytest.param(
            (member(standing=Standing.ENDED),),
            "the plan of Alice has ended; a day within the plan, or ask staff to book it",
            id="ended by hand",
        ),
        pytest.param(
            (member(standing=Standing.PAUSED),), "the plan of Alice is paused; resume it, then book", id="paused"
        ),
        pytest.param(
            (member(standing=Standing.PAUSED), member(standing=Standing.OVERDUE)),
            "the plan of Alice is unpaid for too long; pay the bill, then book",
            id="overdue",
        ),
        pytest.param(
            (member(PlanId("gone")),),
            "Alice has no plan on 2026-11-23; a plan that books, or ask staff to book it",
            id="a plan the house no longer has",
        ),
    ],
)
def test_without_a_plan_in_order_nobody_books(memberships: object, sentence: str) -> None:
    assert said(wish(), asking(memberships=memberships)) == sentence
    assert why(wish(), asking(STAFF_ASK, memberships=memberships)) is BookingState.BOOKED


def test_the_plan_counts_on_the_day_of_the_booking() -> None:
    begins = asking(memberships=(member(starts="2026-12-01"),))
    ends = asking(memberships=(member(ends="2026-12-01"),))
    in_december = wish("2026-12-02 14:00", "2026-12-02 15:00")

    assert why(in_december, begins) is BookingState.BOOKED
    assert why(in_december, ends) is RefuseReason.PLAN_ENDED


def test_a_bill_that_is_late_but_in_grace_today_does_not_stand_in_the_way_of_next_month() -> None:
    late = member(due_since=local("2026-11-20 12:00").date(), due_cents=5000)
    known = asking(memberships=(late,), space=replace(HOUSE, grace=Grace(7, 20_000)))

    assert why(wish("2026-12-20 14:00", "2026-12-20 15:00"), known) is BookingState.BOOKED


def test_a_plan_may_say_that_it_books_no_rooms() -> None:
    assert said(wish(), with_plan(may_book=False)) == (  # type: ignore[arg-type]
        "the plan 'Full-time' of Alice books no rooms; ask staff to book it"
    )


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        pytest.param("2026-12-22", BookingState.BOOKED, id="the last day"),
        pytest.param("2026-12-23", RefuseReason.TOO_FAR_AHEAD, id="a day further"),
    ],
)
def test_a_plan_books_so_many_days_ahead(day: str, expected: object) -> None:
    known = asking(with_plan(booking_days_ahead=30), now="2026-11-22 23:00")  # type: ignore[arg-type]

    assert why(wish(f"{day} 23:00", f"{day} 23:30"), known) is expected


def test_too_far_ahead_says_which_day_is_the_last() -> None:
    known = asking(with_plan(booking_days_ahead=30), now="2026-11-22 12:00")  # type: ignore[arg-type]

    assert said(wish("2027-01-04 10:00", "2027-01-04 11:00"), known) == (
        "2027-01-04 is too far ahead for the plan 'Full-time'; at most 30 days ahead: the last day is 2026-12-22"
    )


def test_a_plan_has_a_longest_booking() -> None:
    known = with_plan(longest_booking_hours=1.5)

    assert why(wish("2026-11-23 14:00", "2026-11-23 15:30"), known) is BookingState.BOOKED  # type: ignore[arg-type]
    assert said(wish("2026-11-23 14:00", "2026-11-23 15:45"), known) == (  # type: ignore[arg-type]
        "1 h 45 min is too long for the plan 'Full-time'; at most 1 h 30 min"
    )


def hours_so_far() -> list[Booking]:
    """Nine and a half hours of November, and much that does not count."""
    return [
        pine("2026-11-02 09:00", "2026-11-02 17:00"),
        pine("2026-11-03 09:00", "2026-11-03 10:00", state=BookingState.REQUESTED),
        pine("2026-11-04 09:00", "2026-11-04 09:10", state=BookingState.RELEASED, booked_end=local("2026-11-04 12:00")),
        pine("2026-11-05 09:00", "2026-11-05 09:20", booked_end=local("2026-11-05 12:00")),
        pine("2026-11-06 09:00", "2026-11-06 19:00", state=BookingState.CANCELLED),
        pine("2026-11-07 09:00", "2026-11-07 19:00", state=BookingState.DECLINED),
        pine("2026-10-31 09:00", "2026-10-31 19:00"),
        pine("2026-12-01 09:00", "2026-12-01 19:00"),
    ]


@pytest.mark.parametrize(
    ("end", "expected"),
    [("14:30", BookingState.BOOKED), ("14:31", RefuseReason.HOURS_USED_UP)],
)
def test_a_plan_has_so_many_hours_a_month(end: str, expected: object) -> None:
    known = asking(with_plan(booking_hours_per_month=10.0), own=hours_so_far())  # type: ignore[arg-type]

    assert why(wish("2026-11-23 14:00", f"2026-11-23 {end}"), known) is expected


def test_who_has_used_the_hours_is_told_what_is_left() -> None:
    known = asking(with_plan(booking_hours_per_month=10.0), own=hours_so_far())  # type: ignore[arg-type]
    used_up = asking(with_plan(booking_hours_per_month=9.0), own=hours_so_far())  # type: ignore[arg-type]

    assert said(wish(), known) == (
        "Alice has booked 9 h 30 min of 10 h in November 2026, and this is 1 h; at most 30 min, or another month"
    )
    assert said(wish(), used_up) == (
        "Alice has booked 9 h 30 min of 9 h in November 2026, and this is 1 h; another month, or ask staff to book it"
    )


def test_a_booking_over_the_end_of_the_month_counts_in_the_month_it_begins() -> None:
    known = asking(
        with_plan(booking_hours_per_month=2.0),  # type: ignore[arg-type]
        own=[pine("2026-11-30 23:00", "2026-12-01 01:00")],
    )

    assert why(wish("2026-12-01 14:00", "2026-12-01 16:00"), known) is BookingState.BOOKED
    assert why(wish("2026-11-28 14:00", "2026-11-28 15:00"), known) is RefuseReason.HOURS_USED_UP


def test_somebody_with_several_plans_books_by_the_one_that_allows_most() -> None:
    small = Plan(PlanId("small"), "Small", HOURS, frozenset(), booking_days_ahead=1)
    none = Plan(PlanId("none"), "None", HOURS, frozenset(), may_book=False)
    space = replace(HOUSE, plans={**HOUSE.plans, small.id: small, none.id: none})
    both = asking(space=space, memberships=(member(small.id), member(none.id), member(FULL)))
    few = asking(space=space, memberships=(member(none.id), member(small.id)))
    asked = wish("2026-11-27 14:00", "2026-11-27 15:00")

    assert why(asked, both) is BookingState.BOOKED
    assert why(asked, few) is RefuseReason.TOO_FAR_AHEAD, "the plan that came furthest says why not"


def test_a_day_pass_counts_like_a_plan_where_there_is_one() -> None:
    known = asking(memberships=(), has_day_pass=True)

    assert why(wish(), known) is BookingState.BOOKED
    assert DAY_PASS in HOUSE.plans


def test_guests_and_staff_book_by_what_they_are() -> None:
    assert why(wish(owner=GINA.id), asking(by=GINA.id, memberships=())) is RefuseReason.NO_PLAN
    assert why(wish(owner=HOST.id), STAFF_ASK) is BookingState.BOOKED


# --- the others -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("start", "end", "sentence"),
    [
        ("14:30", "15:30", "Pine is booked until 15:00; free from 15:15"),
        ("13:00", "16:00", "Pine is booked until 15:00; free from 15:15"),
        ("15:00", "16:00", "Pine is cleared up until 15:15; free from 15:15"),
        ("13:00", "14:00", "Pine is booked again from 14:00, and 15 min before that are for clearing up; end by 13:45"),
        (
            "13:45",
            "13:55",
            "Pine is booked again from 14:00, and 15 min before that are for clearing up; free from 15:15",
        ),
    ],
)
def test_a_time_that_is_taken_says_from_when_on_it_is_free(start: str, end: str, sentence: str) -> None:
    known = asking(others=[pine()])

    assert said(wish(f"2026-11-23 {start}", f"2026-11-23 {end}"), known) == sentence
    assert said(wish(f"2026-11-23 {start}", f"2026-11-23 {end}"), asking(STAFF_ASK, others=[pine()])) == sentence


def test_free_means_free_for_as_long_as_was_asked() -> None:
    known = asking(others=[pine("2026-11-23 16:00", "2026-11-24 09:00"), pine()])

    assert said(wish("2026-11-23 14:30", "2026-11-23 15:30"), known) == (
        "Pine is booked until 15:00; free from 2026-11-24 09:15"
    )


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(pine("2026-11-23 12:30", "2026-11-23 13:45"), id="cleared up as it begins"),
        pytest.param(pine("2026-11-23 15:15", "2026-11-23 16:00"), id="begins when it is cleared up"),
        pytest.param(pine(area=CELL), id="another room"),
        pytest.param(pine(state=BookingState.RELEASED), id="released"),
        pytest.param(pine(state=BookingState.CANCELLED), id="cancelled"),
        pytest.param(pine(state=BookingState.DECLINED), id="declined"),
    ],
)
def test_what_is_not_in_the_way_is_no_reason(other: Booking) -> None:
    assert why(wish(), asking(others=[other])) is BookingState.BOOKED


def test_a_request_holds_its_time() -> None:
    assert why(wish(), asking(others=[pine(state=BookingState.REQUESTED)])) is RefuseReason.OVERLAP


def test_a_booking_that_says_nothing_of_a_buffer_holds_its_room_to_its_end() -> None:
    known = asking(others=[pine("2026-11-23 13:00", "2026-11-23 14:00", held_until=None)])

    assert why(wish(), known) is BookingState.BOOKED
    assert judge(wish(), asking(others=[pine(area=FLOOR)]), BookingId("b")).__class__ is Booking
