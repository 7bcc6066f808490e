"""When a weekly schedule is open: windows, holidays, and two nights a year."""

import itertools
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.domain.ids import ScheduleId
from controller.domain.schedule import (
    EVERY_DAY,
    WeeklySchedule,
    Window,
    business_day,
    instant,
    instants,
    is_open,
    next_opening,
)
from tests.unit.domain.house import CHRISTMAS, CLOCK, HOURS, MON_TO_FRI, MORNINGS, NIGHTS, PARIS, SF, SPACE, local

NO_HOLIDAYS: frozenset[date] = frozenset()
YEARS = range(2026, 2031)
ZONES = [pytest.param(SF, id="san-francisco"), pytest.param(PARIS, id="paris")]
FOUR_CUT_OFF = 4 * 60


def opened(windows: WeeklySchedule | tuple[Window, ...], text: str, zone: ZoneInfo = SF, *, fold: int = 0) -> bool:
    schedule = windows if isinstance(windows, WeeklySchedule) else WeeklySchedule(ScheduleId("s"), windows)
    return is_open(schedule, local(text, zone, fold=fold), zone, {CHRISTMAS})


# --- ordinary days ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("2026-11-23 08:59:59", False, id="a second before"),
        pytest.param("2026-11-23 09:00", True, id="from is inclusive"),
        pytest.param("2026-11-23 17:59:59", True, id="the last second"),
        pytest.param("2026-11-23 18:00", False, id="to is exclusive"),
        pytest.param("2026-11-22 12:00", False, id="not on a Sunday"),
    ],
)
def test_a_window_is_open_from_inclusive_to_exclusive(text: str, expected: bool) -> None:
    assert opened(SPACE.schedules[HOURS], text) is expected


def test_a_window_may_last_until_twenty_four_hundred() -> None:
    until_midnight = (Window(frozenset({0}), 20 * 60, 24 * 60),)

    assert opened(until_midnight, "2026-11-23 23:59:59")
    assert not opened(until_midnight, "2026-11-24 00:00")


def test_an_overnight_window_belongs_to_the_day_it_starts() -> None:
    monday_night = (Window(frozenset({0}), 22 * 60, 2 * 60),)

    assert opened(monday_night, "2026-11-24 01:59")
    assert not opened(monday_night, "2026-11-24 02:00")
    assert not opened(monday_night, "2026-11-23 01:00")


def test_always_is_every_day_from_midnight_to_midnight() -> None:
    assert opened(SPACE.schedules[CLOCK], "2026-11-22 00:00")
    assert opened(SPACE.schedules[CLOCK], "2026-11-22 23:59:59")


# --- holidays -----------------------------------------------------------------------------------------


def test_a_holiday_closes_the_windows_that_start_on_it() -> None:
    assert not opened(SPACE.schedules[HOURS], "2026-12-25 12:00")
    assert not opened(SPACE.schedules[CLOCK], "2026-12-25 12:00")


def test_the_tail_of_the_night_before_a_holiday_stays_open() -> None:
    assert opened(SPACE.schedules[NIGHTS], "2026-12-25 01:00")
    assert not opened(SPACE.schedules[NIGHTS], "2026-12-25 23:00")
    assert not opened(SPACE.schedules[NIGHTS], "2026-12-26 01:00")


def test_a_schedule_may_stay_open_on_holidays() -> None:
    assert opened(SPACE.schedules[MORNINGS], "2026-12-25 06:30")


# --- the two nights -----------------------------------------------------------------------------------


def changes(year: int, zone: ZoneInfo) -> tuple[date, date]:
    """The dates in spring and autumn on which the clocks change, found without our code."""
    days = [date(year, 1, 1) + timedelta(days=n) for n in range(365)]

    def offset(day: date) -> timedelta | None:
        return datetime(day.year, day.month, day.day, 12, tzinfo=zone).utcoffset()

    spring, autumn = (day for before, day in itertools.pairwise(days) if offset(before) != offset(day))
    return spring, autumn


def hours(window: Window, day: date, zone: ZoneInfo) -> float:
    start, end = instants(window, day, zone)
    return (end - start).total_seconds() / 3600


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("year", YEARS)
def test_a_night_window_differs_by_one_hour_on_two_nights_a_year_only(year: int, zone: ZoneInfo) -> None:
    night = Window(EVERY_DAY, 22 * 60, 6 * 60)
    spring, autumn = changes(year, zone)

    lengths = {}
    for n in range(365):
        day = date(year, 1, 1) + timedelta(days=n)
        lengths[day] = hours(night, day, zone)

    assert {day: length for day, length in lengths.items() if length != 8.0} == {
        spring - timedelta(days=1): 7.0,
        autumn - timedelta(days=1): 9.0,
    }


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("year", YEARS)
def test_windows_of_the_day_keep_their_local_hours_all_year(year: int, zone: ZoneInfo) -> None:
    day_window = Window(EVERY_DAY, 9 * 60, 18 * 60)

    for n in range(365):
        day = date(year, 1, 1) + timedelta(days=n)
        start, end = (moment.astimezone(zone) for moment in instants(day_window, day, zone))

        assert (start.date(), start.hour, start.minute) == (day, 9, 0)
        assert (end.date(), end.hour, end.minute) == (day, 18, 0)


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("year", YEARS)
def test_in_autumn_the_start_is_the_first_occurrence_and_the_end_the_last(year: int, zone: ZoneInfo) -> None:
    _, autumn = changes(year, zone)
    # 01:30 in San Francisco and 02:30 in Paris come twice.
    twice = 90 if zone is SF else 150

    from_it = hours(Window(EVERY_DAY, twice, twice + 60), autumn, zone)
    to_it = hours(Window(EVERY_DAY, twice - 60, twice), autumn, zone)

    assert (from_it, to_it) == (2.0, 2.0)


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("year", YEARS)
def test_a_time_inside_the_spring_gap_becomes_the_first_instant_that_exists(year: int, zone: ZoneInfo) -> None:
    spring, _ = changes(year, zone)
    missing = 150  # 02:30 is skipped in both zones

    assert instant(spring, missing, zone) == instant(spring, 180, zone)
    assert instant(spring, missing, zone, last=True) == instant(spring, 180, zone)
    assert hours(Window(EVERY_DAY, 60, missing), spring, zone) == 1.0
    assert hours(Window(EVERY_DAY, missing, 240), spring, zone) == 1.0


def test_a_window_wholly_inside_the_gap_is_empty_that_night() -> None:
    in_gap = Window(EVERY_DAY, 125, 175)

    assert hours(in_gap, date(2026, 3, 8), SF) == 0.0
    assert not opened((in_gap,), "2026-03-08 03:00")


def test_the_repeated_hour_is_open_both_times() -> None:
    small_hours = (Window(EVERY_DAY, 60, 120),)

    assert opened(small_hours, "2026-11-01 01:30", fold=0)
    assert opened(small_hours, "2026-11-01 01:30", fold=1)
    assert not opened(small_hours, "2026-11-01 02:00")


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("year", YEARS)
def test_every_window_stays_one_piece_through_both_nights(year: int, zone: ZoneInfo) -> None:
    for night in changes(year, zone):
        for window in (Window(EVERY_DAY, 22 * 60, 6 * 60), Window(EVERY_DAY, 90, 210), Window(EVERY_DAY, 0, 24 * 60)):
            only = replace(window, days=frozenset({(night - timedelta(days=window.end < window.start)).weekday()}))
            schedule = WeeklySchedule(ScheduleId("s"), (only,))
            since = datetime(night.year, night.month, night.day, tzinfo=UTC) - timedelta(hours=24)
            minutes = [since + timedelta(minutes=5 * n) for n in range(3 * 24 * 12)]

            states = [is_open(schedule, at, zone, NO_HOLIDAYS) for at in minutes]

            assert [state for state, _ in itertools.groupby(states)] == [False, True, False]


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("year", YEARS)
def test_a_day_from_midnight_to_midnight_has_23_or_25_hours_on_the_two_dates(year: int, zone: ZoneInfo) -> None:
    spring, autumn = changes(year, zone)
    whole = Window(EVERY_DAY, 0, 24 * 60)

    assert (hours(whole, spring, zone), hours(whole, autumn, zone)) == (23.0, 25.0)


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("year", YEARS)
def test_a_business_day_has_23_or_25_hours_on_the_two_dates_and_24_on_all_others(year: int, zone: ZoneInfo) -> None:
    spring, autumn = changes(year, zone)
    # The cut-off at 04:00 comes after the clocks change, so it is the business day before that is short or long.
    odd = {spring - timedelta(days=1): 23, autumn - timedelta(days=1): 25}
    since = datetime(year, 1, 2, tzinfo=UTC)

    days = [business_day(since + timedelta(hours=n), zone, FOUR_CUT_OFF) for n in range(363 * 24)]

    lengths = {day: len(list(same)) for day, same in itertools.groupby(days)}
    whole = list(lengths.items())[1:-1]
    assert {day: length for day, length in whole if length != 24} == odd


windows = st.builds(
    Window,
    days=st.frozensets(st.integers(0, 6), min_size=1),
    start=st.integers(0, 1439),
    end=st.integers(1, 1440),
).filter(lambda window: window.start != window.end)
moments = st.datetimes(datetime(2026, 1, 1), datetime(2031, 1, 1)).map(lambda moment: moment.replace(tzinfo=UTC))


@given(windows, moments, st.sampled_from([SF, PARIS]))
def test_open_is_what_a_clock_on_the_wall_says_away_from_the_two_nights(
    window: Window, at: datetime, zone: ZoneInfo
) -> None:
    wall = at.astimezone(zone)
    if any((wall - timedelta(days=n)).utcoffset() != (wall + timedelta(days=n)).utcoffset() for n in (1, 2)):
        return
    minutes = wall.hour * 60 + wall.minute
    tonight = (
        wall.weekday() in window.days
        and minutes >= window.start
        and (minutes < window.end or window.end <= window.start)
    )
    since_yesterday = (wall.weekday() - 1) % 7 in window.days and window.end <= window.start and minutes < window.end

    assert is_open(WeeklySchedule(ScheduleId("s"), (window,)), at, zone, NO_HOLIDAYS) is (tonight or since_yesterday)


# --- the next opening ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("at", "opening"),
    [
        pytest.param("2026-11-23 12:00", "2026-11-23 12:00", id="open now"),
        pytest.param("2026-11-23 07:00", "2026-11-23 09:00", id="later today"),
        pytest.param("2026-11-23 18:00", "2026-11-24 09:00", id="tomorrow"),
        pytest.param("2026-11-27 19:00", "2026-11-30 09:00", id="after the weekend"),
        pytest.param("2026-12-24 19:00", "2026-12-28 09:00", id="after a holiday and the weekend"),
    ],
)
def test_the_next_opening_is_the_first_instant_of_being_open(at: str, opening: str) -> None:
    assert next_opening(SPACE.schedules[HOURS], local(at), SF, {CHRISTMAS}) == local(opening)


@pytest.mark.parametrize(
    ("at", "opening"),
    [
        pytest.param("2026-03-08 00:00", "2026-03-08 03:00", id="a time in the gap is the first that exists"),
        pytest.param("2026-10-31 23:00", "2026-11-01 01:30", id="a time that comes twice is its first occurrence"),
    ],
)
def test_the_next_opening_on_the_two_nights(at: str, opening: str) -> None:
    start = 150 if at.startswith("2026-03") else 90
    schedule = WeeklySchedule(ScheduleId("s"), (Window(EVERY_DAY, start, start + 60),))

    assert next_opening(schedule, local(at), SF, NO_HOLIDAYS) == local(opening, fold=0)


def test_beyond_two_weeks_there_is_no_next_opening() -> None:
    at = local("2026-12-01 20:00")
    closed = {date(2026, 12, 1) + timedelta(days=n) for n in range(20)}

    assert next_opening(SPACE.schedules[HOURS], at, SF, closed) is None
    assert next_opening(WeeklySchedule(ScheduleId("never")), at, SF, closed) is None


@given(st.lists(windows, min_size=1, max_size=3), moments, st.sampled_from([SF, PARIS]))
def test_at_the_next_opening_it_is_open_and_a_moment_before_it_is_not(
    some: list[Window], at: datetime, zone: ZoneInfo
) -> None:
    schedule = WeeklySchedule(ScheduleId("s"), tuple(some))

    opening = next_opening(schedule, at, zone, NO_HOLIDAYS)

    assert opening is not None
    assert is_open(schedule, opening, zone, NO_HOLIDAYS)
    before = opening - timedelta(microseconds=1)
    assert opening == at or before < at or not is_open(schedule, before, zone, NO_HOLIDAYS)


# --- the business day ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "day"),
    [
        pytest.param("2026-11-24 02:00", "2026-11-23", id="02:00 belongs to yesterday"),
        pytest.param("2026-11-24 03:59:59", "2026-11-23", id="a second before the cut-off"),
        pytest.param("2026-11-24 04:00", "2026-11-24", id="the cut-off begins the day"),
    ],
)
def test_a_business_day_runs_from_cut_off_to_cut_off(text: str, day: str) -> None:
    assert business_day(local(text), SF, FOUR_CUT_OFF) == date.fromisoformat(day)


def test_a_cut_off_in_the_repeated_hour_begins_the_day_once() -> None:
    days = [business_day(local("2026-11-01 00:00") + timedelta(minutes=10 * n), SF, 90) for n in range(24)]

    assert days == sorted(days)
    assert business_day(local("2026-11-01 01:10", fold=1), SF, 90) == date(2026, 11, 1)


def test_mondays_to_fridays_are_five() -> None:
    week = WeeklySchedule(ScheduleId("s"), (Window(MON_TO_FRI, 0, 1440),))
    monday = local("2026-11-23 12:00")

    assert [is_open(week, monday + timedelta(days=n), SF, NO_HOLIDAYS) for n in range(7)] == [True] * 5 + [False] * 2
