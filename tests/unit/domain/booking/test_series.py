"""What becomes of each date of a series, and what an edit or a cancellation of a part of it changes."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from itertools import count

import pytest

from controller.domain.booking.rules import Circumstances, Edit, RefuseReason
from controller.domain.booking.series import (
    Expanded,
    SeriesChange,
    cancel_part,
    day_of,
    edit_part,
    expand,
    part_of,
)
from controller.domain.booking.values import Frequency, Part, Recurrence, Series, SkipReason
from controller.domain.holdings import Booking, BookingState
from controller.domain.house import ExtraHoliday, HouseState
from controller.domain.ids import BookingId, SeriesId
from tests.unit.domain.booking.at_the_desk import (
    ALICE_ASKS,
    BOB,
    CELL,
    HOUSE,
    PINE,
    STUDIO,
    WITH_STUDIO,
    asking,
    pine,
    refusal,
)
from tests.unit.domain.house import ALICE, FULL, NOON, local

FIRST = date(2026, 11, 24)  # a Tuesday
RULE = Recurrence(Frequency.WEEKLY, FIRST, 10 * 60, 60, weekdays=frozenset({1}), count=5)
STANDUP = Series(
    SeriesId("s1"),
    PINE,
    ALICE.id,
    RULE,
    "America/Los_Angeles",
    participants=frozenset({BOB.id}),
    title="Stand-up",
    made_at=local("2026-11-20 12:00"),
)
AFTER_TWO = local("2026-12-02 12:00")
"""Two of the five dates are over by then."""


def expanded(series: Series = STANDUP, known: Circumstances = ALICE_ASKS) -> Expanded:
    ids = count(1)
    answer = expand(series, known, lambda: BookingId(f"b{next(ids)}"))
    assert isinstance(answer, Expanded), answer
    return answer


def changed(edit: Edit, part: Part, pivot: int = 2, at: datetime = NOON, series: Series = STANDUP) -> SeriesChange:
    bookings = expanded(series).made
    answer = edit_part(series, bookings, bookings[pivot], edit, part, at, SeriesId("s2"))
    assert isinstance(answer, SeriesChange), answer
    return answer


def days(bookings: object) -> list[str]:
    return [day_of(one).isoformat() for one in bookings]  # type: ignore[attr-defined]


# --- each date ------------------------------------------------------------------------------------


def test_each_date_becomes_a_booking_of_the_series() -> None:
    made = expanded().made

    assert days(made) == ["2026-11-24", "2026-12-01", "2026-12-08", "2026-12-15", "2026-12-22"]
    assert made[0] == Booking(
        BookingId("b1"),
        PINE,
        local("2026-11-24 10:00"),
        local("2026-11-24 11:00"),
        ALICE.id,
        participants=frozenset({BOB.id}),
        title="Stand-up",
        made_at=NOON,
        series=SeriesId("s1"),
        series_day=FIRST,
        held_until=local("2026-11-24 11:15"),
    )


def test_conflicts_and_closed_days_are_listed_and_skipped_and_never_moved() -> None:
    works = HouseState(holidays=(ExtraHoliday(date(2026, 12, 8), "Works"),))
    taken = pine("2026-12-01 09:00", "2026-12-01 10:00")  # cleared up until 10:15
    plans = {**HOUSE.plans, FULL: replace(HOUSE.plans[FULL], booking_days_ahead=28)}
    known = asking(house=works, others=[taken], space=replace(HOUSE, plans=plans))

    found = expanded(known=known)

    assert days(found.made) == ["2026-11-24", "2026-12-15"]
    assert found.skipped == {
        date(2026, 12, 1): SkipReason.CONFLICT,
        date(2026, 12, 8): SkipReason.CLOSED,
        date(2026, 12, 22): SkipReason.REFUSED,
    }
    assert found.refused[date(2026, 12, 1)].sentence == "Pine is cleared up until 10:15; free from 10:15"


def test_a_series_that_staff_have_confirmed_is_booked_on_closed_days_too() -> None:
    closed = replace(ALICE_ASKS, house=HouseState(holidays=(ExtraHoliday(date(2026, 12, 1), "Painters"),)))
    staff = replace(closed, by_staff=True)
    confirmed = replace(STANDUP, holiday_confirmed=True)

    assert date(2026, 12, 1) in expanded(STANDUP, staff).refused
    assert date(2026, 12, 1) in expanded(confirmed, closed).refused, "a member confirms nothing"
    assert expanded(confirmed, staff).refused == {}


def test_the_hours_of_a_month_count_the_dates_before() -> None:
    plans = {**HOUSE.plans, FULL: replace(HOUSE.plans[FULL], booking_hours_per_month=2.0)}

    found = expanded(known=asking(space=replace(HOUSE, plans=plans)))

    assert days(found.made) == ["2026-11-24", "2026-12-01", "2026-12-08"]
    assert found.refused[date(2026, 12, 15)].reason is RefuseReason.HOURS_USED_UP


def test_a_series_whose_dates_run_into_each_other_skips_every_other() -> None:
    daily = replace(STANDUP, rule=Recurrence(Frequency.DAILY, FIRST, 600, 24 * 60 + 60, count=3))

    assert days(expanded(daily).made) == ["2026-11-24", "2026-11-26"]


def test_a_series_of_which_nothing_can_be_booked_is_refused_with_the_first_reason() -> None:
    ids = iter(())
    assert refusal(expand(STANDUP, asking(memberships=()), lambda: BookingId("b"))).reason is RefuseReason.NO_PLAN
    wrong = replace(STANDUP, rule=replace(RULE, count=0))
    assert refusal(expand(wrong, ALICE_ASKS, lambda: next(ids))).reason is RefuseReason.RULE


# --- parts ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("part", "expected"),
    [
        (Part.ONE, ["2026-12-15"]),
        (Part.FOLLOWING, ["2026-12-15", "2026-12-22"]),
        (Part.ALL, ["2026-12-08", "2026-12-15", "2026-12-22"]),
    ],
)
def test_a_part_is_one_or_the_following_or_all_that_have_not_begun(part: Part, expected: list[str]) -> None:
    made = expanded().made

    assert days(part_of(reversed(made), made[3], part, AFTER_TWO)) == expected


def test_what_was_cancelled_is_in_no_part() -> None:
    made = list(expanded().made)
    made[3] = replace(made[3], state=BookingState.CANCELLED)

    assert days(part_of(made, made[2], Part.FOLLOWING, NOON)) == ["2026-12-08", "2026-12-22"]


def test_a_booking_without_a_day_stands_for_the_day_it_is_on() -> None:
    assert day_of(pine()) == date(2026, 11, 23)


# --- editing --------------------------------------------------------------------------------------


def test_an_edit_of_one_leaves_the_series_alone() -> None:
    edit = Edit(title="Guests")

    assert changed(edit, Part.ONE) == SeriesChange((), ((expanded().made[2], edit),))


def test_an_edit_of_all_before_anything_has_begun_changes_the_series_itself() -> None:
    change = changed(Edit(title="Sit-down", participants=frozenset({ALICE.id}), is_live=False, area=CELL), Part.ALL)

    assert change.series == (replace(STANDUP, title="Sit-down", participants=frozenset(), is_live=False, area=CELL),)
    assert days(one for one, _ in change.edits) == days(expanded().made)
    assert {(edit.start, edit.end, edit.title) for _, edit in change.edits} == {(None, None, "Sit-down")}


def test_an_edit_of_the_following_splits_the_series() -> None:
    series = replace(STANDUP, skipped={date(2026, 12, 1): SkipReason.CONFLICT, date(2026, 12, 29): SkipReason.CLOSED})
    bookings = [one for one in expanded().made if day_of(one) != date(2026, 12, 1)]

    change = edit_part(series, bookings, bookings[1], Edit(title="New"), Part.FOLLOWING, NOON, SeriesId("s2"))

    assert isinstance(change, SeriesChange)
    old, new = change.series
    assert old == replace(
        series,
        rule=replace(RULE, until=date(2026, 12, 7), count=None),
        skipped={date(2026, 12, 1): SkipReason.CONFLICT},
    )
    assert new == replace(
        series,
        id=SeriesId("s2"),
        title="New",
        rule=replace(RULE, first=date(2026, 12, 8), count=3),
        made_at=NOON,
        skipped={date(2026, 12, 29): SkipReason.CLOSED},
    )
    assert {one.series for one, _ in change.edits} == {SeriesId("s2")}


def test_an_edit_of_all_after_some_are_over_is_one_of_those_to_come() -> None:
    old, new = changed(Edit(title="New"), Part.ALL, at=AFTER_TWO).series

    assert (old.rule.until, new.rule.first, new.rule.count) == (date(2026, 12, 7), date(2026, 12, 8), 3)


def test_new_hours_are_local_hours_on_each_date() -> None:
    series = replace(STANDUP, rule=replace(RULE, first=date(2027, 3, 2), count=None, until=date(2027, 3, 16)))
    bookings = expanded(series, asking(now="2027-02-22 12:00")).made
    edit = Edit(start=local("2027-03-02 14:30"), end=local("2027-03-02 15:00"))

    change = edit_part(series, bookings, bookings[0], edit, Part.ALL, local("2027-02-22 12:00"), SeriesId("s2"))

    assert isinstance(change, SeriesChange)
    assert [(edit.start, edit.end) for _, edit in change.edits] == [
        (local(f"{day} 14:30"), local(f"{day} 15:00")) for day in ("2027-03-02", "2027-03-09", "2027-03-16")
    ]
    (after,) = change.series
    assert (after.rule.start_minutes, after.rule.minutes, after.id) == (14 * 60 + 30, 30, SeriesId("s1"))


def test_a_new_end_alone_makes_each_longer() -> None:
    change = changed(Edit(end=local("2026-12-08 12:30")), Part.FOLLOWING)

    assert [(edit.start, edit.end) for _, edit in change.edits] == [
        (local(f"{day} 10:00"), local(f"{day} 12:30")) for day in ("2026-12-08", "2026-12-15", "2026-12-22")
    ]


def test_a_move_by_days_moves_every_date_by_as_many() -> None:
    change = changed(Edit(start=local("2026-12-10 10:00"), end=local("2026-12-10 11:00")), Part.ALL)

    assert days(one for one, _ in change.edits) == [
        "2026-11-26",
        "2026-12-03",
        "2026-12-10",
        "2026-12-17",
        "2026-12-24",
    ]
    (after,) = change.series
    assert after.rule == replace(RULE, first=date(2026, 11, 26), weekdays=frozenset({3}))


def test_a_move_by_days_moves_the_days_without_a_booking_as_well() -> None:
    skipped = {date(2026, 12, 1): SkipReason.CONFLICT, date(2026, 12, 29): SkipReason.CANCELLED}
    two_days_later = Edit(start=local("2026-12-10 10:00"), end=local("2026-12-10 11:00"))

    old, new = changed(two_days_later, Part.FOLLOWING, series=replace(STANDUP, skipped=skipped)).series

    assert old.skipped == {date(2026, 12, 1): SkipReason.CONFLICT}
    assert new.skipped == {date(2026, 12, 31): SkipReason.CANCELLED}


def test_each_date_of_a_live_series_goes_on_air_and_none_where_nothing_does() -> None:
    live = replace(STANDUP, area=STUDIO, is_live=True)
    known = asking(space=WITH_STUDIO)

    assert [one.is_live for one in expanded(live, known).made] == [True] * 5
    assert refusal(expand(replace(live, area=PINE), known, lambda: BookingId("b"))).reason is RefuseReason.INVALID


def test_what_was_moved_by_itself_comes_back_to_its_date() -> None:
    bookings = list(expanded().made)
    bookings[3] = replace(bookings[3], start=local("2026-12-16 16:00"), end=local("2026-12-16 17:00"))
    edit = Edit(start=local("2026-12-08 09:00"), end=local("2026-12-08 10:00"))

    change = edit_part(STANDUP, bookings, bookings[2], edit, Part.FOLLOWING, NOON, SeriesId("s2"))

    assert isinstance(change, SeriesChange)
    assert change.edits[1][1].start == local("2026-12-15 09:00")


def test_a_monthly_series_keeps_its_day() -> None:
    monthly = replace(STANDUP, rule=Recurrence(Frequency.MONTHLY, FIRST, 600, 60, until=date(2027, 2, 1)))
    bookings = expanded(monthly).made
    other_day = Edit(start=local("2026-11-25 10:00"), end=local("2026-11-25 11:00"))
    other_hour = Edit(start=local("2026-11-24 12:00"), end=local("2026-11-24 13:00"))

    answer = edit_part(monthly, bookings, bookings[0], other_day, Part.ALL, NOON, SeriesId("s2"))

    assert refusal(answer).words == "a monthly series keeps its day of the month"
    assert isinstance(
        edit_part(monthly, bookings, bookings[0], other_hour, Part.ALL, NOON, SeriesId("s2")), SeriesChange
    )


def test_an_edit_that_makes_no_sense_says_so() -> None:
    bookings = expanded().made
    backwards = Edit(start=local("2026-12-08 11:00"), end=local("2026-12-08 10:00"))

    assert (
        refusal(edit_part(STANDUP, bookings, bookings[2], backwards, Part.ALL, NOON, SeriesId("s2"))).reason
        is RefuseReason.RULE
    )
    assert (
        refusal(
            edit_part(STANDUP, bookings, bookings[2], Edit(), Part.ALL, local("2027-01-01 12:00"), SeriesId("s2"))
        ).sentence
        == "nothing of this series is still to come; make a new one"
    )


# --- cancelling -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("part", "cancelled", "has_ended"),
    [
        (Part.ONE, ["2026-12-08"], False),
        (Part.FOLLOWING, ["2026-12-08", "2026-12-15", "2026-12-22"], True),
        (Part.ALL, ["2026-11-24", "2026-12-01", "2026-12-08", "2026-12-15", "2026-12-22"], True),
    ],
)
def test_what_is_cancelled_is_a_skipped_day(part: Part, cancelled: list[str], has_ended: bool) -> None:
    bookings = expanded().made
    series = replace(STANDUP, skipped={date(2027, 1, 5): SkipReason.CONFLICT})

    end = cancel_part(series, bookings, bookings[2], part, NOON)

    assert days(end.bookings) == cancelled
    assert end.series.ended_at == (NOON if has_ended else None)
    assert end.series.skipped == {
        date(2027, 1, 5): SkipReason.CONFLICT,
        **{date.fromisoformat(day): SkipReason.CANCELLED for day in cancelled},
    }


def test_days_are_days_of_the_house() -> None:
    evening = replace(STANDUP, rule=replace(RULE, start_minutes=20 * 60))

    assert {one.start.date() - day_of(one) for one in expanded(evening).made} == {timedelta(days=1)}
