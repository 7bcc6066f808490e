"""How a booking repeats: its dates, its hours over both nights of a clock change, its words."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controller.domain.booking.recurrence import (
    LONGEST,
    MOST,
    Occurrence,
    dates,
    in_words,
    occurrence,
    occurrences,
    rule_refusal,
)
from controller.domain.booking.values import Frequency, Recurrence
from tests.unit.domain.booking.at_the_desk import refusal
from tests.unit.domain.house import PARIS, SF

MONDAY = date(2026, 11, 23)
WEEKLY = Recurrence(Frequency.WEEKLY, MONDAY, 10 * 60, 90, count=3)
DAILY = replace(WEEKLY, frequency=Frequency.DAILY)
MONTHLY = replace(WEEKLY, frequency=Frequency.MONTHLY)


def days(rule: Recurrence) -> list[str]:
    return [day.isoformat() for day in dates(rule)]


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        pytest.param(DAILY, ["2026-11-23", "2026-11-24", "2026-11-25"], id="daily"),
        pytest.param(replace(DAILY, interval=10), ["2026-11-23", "2026-12-03", "2026-12-13"], id="every ten days"),
        pytest.param(WEEKLY, ["2026-11-23", "2026-11-30", "2026-12-07"], id="weekly"),
        pytest.param(
            replace(WEEKLY, weekdays=frozenset({0, 2}), count=4),
            ["2026-11-23", "2026-11-25", "2026-11-30", "2026-12-02"],
            id="two days a week",
        ),
        pytest.param(
            replace(WEEKLY, interval=2, weekdays=frozenset({0, 4})),
            ["2026-11-23", "2026-11-27", "2026-12-07"],
            id="every other week",
        ),
        pytest.param(
            replace(WEEKLY, first=date(2026, 11, 25), weekdays=frozenset({0})),
            ["2026-11-25", "2026-11-30", "2026-12-07"],
            id="the first date is one, whatever the weekdays say",
        ),
        pytest.param(
            replace(WEEKLY, count=None, until=date(2026, 12, 7)),
            ["2026-11-23", "2026-11-30", "2026-12-07"],
            id="until, inclusive",
        ),
        pytest.param(
            replace(WEEKLY, count=5, until=date(2026, 11, 30)), ["2026-11-23", "2026-11-30"], id="whichever ends first"
        ),
        pytest.param(MONTHLY, ["2026-11-23", "2026-12-23", "2027-01-23"], id="monthly"),
        pytest.param(
            replace(MONTHLY, first=date(2026, 12, 31), count=4),
            ["2026-12-31", "2027-01-31", "2027-03-31", "2027-05-31"],
            id="months without a 31st are skipped",
        ),
        pytest.param(replace(MONTHLY, interval=3), ["2026-11-23", "2027-02-23", "2027-05-23"], id="each quarter"),
        pytest.param(replace(MONTHLY, nth=4), ["2026-11-23", "2026-12-28", "2027-01-25"], id="the fourth Monday"),
        pytest.param(
            replace(MONTHLY, first=date(2026, 11, 27), nth=-1),
            ["2026-11-27", "2026-12-25", "2027-01-29"],
            id="the last Friday",
        ),
        pytest.param(
            replace(MONTHLY, first=date(2026, 11, 3), nth=1), ["2026-11-03", "2026-12-01", "2027-01-05"], id="first"
        ),
    ],
)
def test_a_rule_falls_on_these_dates(rule: Recurrence, expected: list[str]) -> None:
    assert days(rule) == expected
    assert rule_refusal(rule) is None


@pytest.mark.parametrize("rule", [DAILY, WEEKLY, MONTHLY])
def test_the_calendar_ends_and_so_does_every_rule(rule: Recurrence) -> None:
    found = days(replace(rule, first=date(9999, 12, 1), count=None))

    assert found[0] == "9999-12-01"
    assert found == sorted(found)


# --- bad input ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rule", "sentence"),
    [
        pytest.param(replace(WEEKLY, count=None), "it never ends; the last date, or how many times", id="never ends"),
        pytest.param(replace(WEEKLY, count=0), "0 times is never; once or more", id="no date"),
        pytest.param(
            replace(WEEKLY, until=date(2026, 11, 22)), "it ends on 2026-11-22; 2026-11-23 or later", id="ends before"
        ),
        pytest.param(
            replace(WEEKLY, interval=0), "every 0 weeks does not repeat; an interval of 1 to 366", id="no interval"
        ),
        pytest.param(
            replace(DAILY, interval=10**12),
            "every 1000000000000 days does not repeat; an interval of 1 to 366",
            id="interval beyond the calendar",
        ),
        pytest.param(
            replace(WEEKLY, minutes=0), "0 minutes is no length of a booking; a minute to a week", id="no length"
        ),
        pytest.param(
            replace(WEEKLY, minutes=7 * 1440 + 1),
            "10081 minutes is no length of a booking; a minute to a week",
            id="longer than a week",
        ),
        pytest.param(
            replace(WEEKLY, start_minutes=1440),
            "1440 minutes after midnight is no time of that day; a start from 00:00 to 23:59",
            id="no time of day",
        ),
        pytest.param(
            replace(WEEKLY, weekdays=frozenset({0, 7})),
            "a weekday is one of 0 to 6, and here is 7; 0 for Monday to 6 for Sunday",
            id="eighth day of the week",
        ),
        pytest.param(
            replace(DAILY, weekdays=frozenset({0})),
            "only a weekly series has weekdays; a weekly one, or no weekdays",
            id="weekdays of days",
        ),
        pytest.param(
            replace(WEEKLY, nth=1),
            "1 is no week of a month to repeat on; of a monthly series, 1 to 4, or -1 for the last",
            id="first week of weeks",
        ),
        pytest.param(
            replace(MONTHLY, nth=5),
            "5 is no week of a month to repeat on; of a monthly series, 1 to 4, or -1 for the last",
            id="fifth Monday",
        ),
        pytest.param(
            replace(MONTHLY, nth=1),
            "2026-11-23 is not the first Monday of its month; a first date that is",
            id="not the first Monday",
        ),
        pytest.param(
            replace(MONTHLY, nth=-1),
            "2026-11-23 is not the last Monday of its month; a first date that is",
            id="not the last Monday",
        ),
        pytest.param(
            replace(DAILY, first=date(9001, 1, 1)),
            "9001-01-01 is too far ahead; a first date that people will see",
            id="beyond all calendars",
        ),
        pytest.param(
            replace(DAILY, count=401), "this is more than 400 dates; at most 400: until 2027-12-27", id="401 dates"
        ),
        pytest.param(
            replace(DAILY, count=10**12), "this is more than 400 dates; at most 400: until 2027-12-27", id="no end"
        ),
        pytest.param(
            replace(WEEKLY, count=None, until=date(2028, 12, 25)),
            "2028-12-25 is more than two years after 2026-11-23; until 2028-11-23 at the latest",
            id="beyond two years",
        ),
    ],
)
def test_a_rule_that_cannot_be_says_what_would_be_right(rule: Recurrence, sentence: str) -> None:
    assert refusal(rule_refusal(rule)).sentence == sentence


def test_four_hundred_dates_and_two_years_are_allowed() -> None:
    assert rule_refusal(replace(DAILY, count=400)) is None
    assert rule_refusal(replace(WEEKLY, count=None, until=MONDAY + LONGEST)) is None
    assert len(occurrences(replace(DAILY, count=None), SF)) == MOST


# --- wall time ------------------------------------------------------------------------------------


def at(text: str, zone: ZoneInfo = SF, *, fold: int = 0) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone, fold=fold).astimezone(UTC)


def test_an_occurrence_is_by_the_wall() -> None:
    assert occurrences(replace(WEEKLY, first=date(2026, 10, 26), count=2), SF) == [
        Occurrence(date(2026, 10, 26), at("2026-10-26 10:00"), at("2026-10-26 11:30")),
        Occurrence(date(2026, 11, 2), at("2026-11-02 10:00"), at("2026-11-02 11:30")),
    ]


@pytest.mark.parametrize(
    ("day", "start", "minutes", "begins", "ends"),
    [
        pytest.param("2027-03-14", 150, 60, "2027-03-14 03:00", "2027-03-14 03:30", id="begins in the missing hour"),
        pytest.param("2027-03-14", 90, 60, "2027-03-14 01:30", "2027-03-14 03:00", id="ends in it"),
        pytest.param("2027-03-14", 125, 30, "2027-03-14 03:00", "2027-03-14 03:30", id="all of it in there"),
        pytest.param("2027-03-13", 1380, 300, "2027-03-13 23:00", "2027-03-14 04:00", id="over the night"),
    ],
)
def test_in_spring_what_does_not_exist_begins_with_the_first_that_does(
    day: str, start: int, minutes: int, begins: str, ends: str
) -> None:
    found = occurrence(replace(DAILY, start_minutes=start, minutes=minutes), date.fromisoformat(day), SF)

    assert (found.start, found.end) == (at(begins), at(ends))


def test_in_autumn_the_repeated_hour_is_in_it_whole() -> None:
    found = occurrence(replace(DAILY, start_minutes=60, minutes=30), date(2026, 11, 1), SF)

    assert (found.start, found.end) == (at("2026-11-01 01:00"), at("2026-11-01 01:30", fold=1))
    assert found.end - found.start == timedelta(minutes=90)


FREQUENCIES = st.sampled_from([DAILY, WEEKLY, MONTHLY])


@settings(max_examples=60, deadline=None)
@given(
    rule=FREQUENCIES,
    first=st.dates(date(2026, 1, 1), date(2030, 12, 31)),
    start=st.integers(0, 1439),
    minutes=st.integers(1, 24 * 60),
    interval=st.integers(1, 4),
    zone=st.sampled_from([SF, PARIS]),
)
def test_every_date_comes_once_and_keeps_its_local_hours(
    rule: Recurrence, first: date, start: int, minutes: int, interval: int, zone: ZoneInfo
) -> None:
    rule = replace(rule, first=first, start_minutes=start, minutes=minutes, interval=interval, count=400)
    found = occurrences(rule, zone)

    assert [each.day for each in found] == sorted({each.day for each in found})
    for each in found:
        wall = datetime.combine(each.day, datetime.min.time()) + timedelta(minutes=start)
        _keeps(each.start, wall, zone)
        _keeps(each.end, wall + timedelta(minutes=minutes), zone, each)


def _keeps(found: datetime, wall: datetime, zone: ZoneInfo, each: Occurrence | None = None) -> None:
    """By the wall, or, where the wall never says so, within the hour that does not exist."""
    shown = found.astimezone(zone).replace(tzinfo=None)
    exists = wall.replace(tzinfo=zone).astimezone(UTC).astimezone(zone).replace(tzinfo=None) == wall
    if exists:
        assert shown == wall
    else:
        assert timedelta() < shown - wall <= timedelta(hours=1)


@pytest.mark.parametrize("zone", [SF, PARIS], ids=str)
@pytest.mark.parametrize("start", [0, 90, 150, 10 * 60, 23 * 60 + 30])
def test_for_five_years_every_day_keeps_its_local_hours_over_both_nights(zone: ZoneInfo, start: int) -> None:
    rule = replace(DAILY, first=date(2026, 1, 1), start_minutes=start, minutes=60, count=None)
    all_days = [date(2026, 1, 1) + timedelta(days=n) for n in range(5 * 365 + 1)]
    found = [occurrence(rule, day, zone) for day in all_days]

    moved = 0
    for each in found:
        wall = datetime.combine(each.day, datetime.min.time()) + timedelta(minutes=start)
        shown = each.start.astimezone(zone).replace(tzinfo=None)
        moved += shown != wall
        assert timedelta() <= shown - wall <= timedelta(hours=1)
        assert timedelta(minutes=30) <= each.end - each.start <= timedelta(hours=2)
    # One night a year an hour is missing: between two and three o'clock in both.
    assert moved == (5 if start == 150 else 0)
    assert all(one.start < other.start for one, other in pairwise(found))


# --- words ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        pytest.param(
            replace(WEEKLY, weekdays=frozenset({0, 2}), until=date(2027, 3, 1), count=None),
            "every Monday and Wednesday, 10:00-11:30, until 2027-03-01",
            id="two days a week",
        ),
        pytest.param(WEEKLY, "every Monday, 10:00-11:30, 3 times", id="weekly"),
        pytest.param(
            replace(WEEKLY, interval=2, weekdays=frozenset({0, 1, 4})),
            "every 2 weeks on Monday, Tuesday and Friday, 10:00-11:30, 3 times",
            id="every other week",
        ),
        pytest.param(DAILY, "every day, 10:00-11:30, 3 times", id="daily"),
        pytest.param(replace(DAILY, interval=3), "every 3 days, 10:00-11:30, 3 times", id="every three days"),
        pytest.param(MONTHLY, "every month on the 23rd, 10:00-11:30, 3 times", id="monthly"),
        pytest.param(
            replace(MONTHLY, first=date(2026, 12, 31), interval=2),
            "every 2 months on the 31st (not in months without one), 10:00-11:30, 3 times",
            id="not in every month",
        ),
        pytest.param(
            replace(MONTHLY, nth=4), "every month on the fourth Monday, 10:00-11:30, 3 times", id="fourth Monday"
        ),
        pytest.param(
            replace(MONTHLY, first=date(2026, 11, 12)), "every month on the 12th, 10:00-11:30, 3 times", id="12th"
        ),
        pytest.param(
            replace(MONTHLY, first=date(2026, 11, 2)), "every month on the 2nd, 10:00-11:30, 3 times", id="2nd"
        ),
        pytest.param(replace(DAILY, start_minutes=1320, minutes=120), "every day, 22:00-24:00, 3 times", id="24:00"),
        pytest.param(
            replace(DAILY, start_minutes=1320, minutes=240), "every day, 22:00-02:00 the next day, 3 times", id="night"
        ),
        pytest.param(
            replace(DAILY, start_minutes=600, minutes=2 * 1440 + 60),
            "every day, 10:00-11:00 2 days later, 3 times",
            id="days",
        ),
    ],
)
def test_a_rule_in_words(rule: Recurrence, words: str) -> None:
    assert in_words(rule) == words
