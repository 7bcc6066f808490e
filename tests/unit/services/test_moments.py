"""Moments and spans as people type them."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from controller.errors import InputError
from controller.services.desk.moments import day_of, is_skipped, moment_of, span_of
from tests.unit.domain.house import NOON, SF, local


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("18:00", local("2026-11-23 18:00")),
        ("24:00", local("2026-11-24 00:00")),
        ("2026-11-28T10:00", local("2026-11-28 10:00")),
        ("2026-11-28T10:00+00:00", datetime(2026, 11, 28, 10, tzinfo=UTC)),
    ],
)
def test_a_moment_is_an_hour_today_or_a_date_with_its_hour(text: str, expected: datetime) -> None:
    assert moment_of("--until", text, SF, NOON) == expected


def test_an_hour_that_comes_twice_is_its_first_as_a_start_and_its_last_as_an_end() -> None:
    text = "2026-11-01T01:30"

    assert moment_of("--from", text, SF, NOON) == local("2026-11-01 01:30")
    assert moment_of("--to", text, SF, NOON, is_end=True) == local("2026-11-01 01:30", fold=1)


def test_an_hour_that_does_not_come_is_the_first_that_does() -> None:
    assert moment_of("--from", "2026-03-08T02:30", SF, NOON) == local("2026-03-08 03:00")


@pytest.mark.parametrize("text", ["9999-12-31T23:59", "0001-01-01T00:00", "2101-01-01T00:00Z", "1969-12-31T12:00"])
def test_a_moment_nobody_means_is_told_which_years_there_are(text: str) -> None:
    for read in (lambda: moment_of("--to", text, SF, NOON), lambda: day_of("--to", text[:10])):
        with pytest.raises(InputError, match=r"--to: .* is in the year \d+ — name a moment between 1970 and 2100"):
            read()


@pytest.mark.parametrize("text", ["20s", "1m 30s", "90 seconds"])
def test_a_span_of_seconds_is_told_that_a_minute_is_the_least(text: str) -> None:
    with pytest.raises(InputError, match=r"a minute is the least — write it like 2h, 45m or 1h30m"):
        span_of("--for", text)


@pytest.mark.parametrize(("end", "right"), [("00:30", "2026-11-24T00:30"), ("9:15", "2026-11-24T09:15")])
def test_an_end_over_before_its_start_is_told_how_the_next_day_is_written(end: str, right: str) -> None:
    begins = moment_of("START", "23:30", SF, NOON)

    with pytest.raises(InputError) as refused:
        moment_of("END", end, SF, begins, is_end=True)

    assert str(refused.value) == f"END: {end} of 2026-11-23 is not after 23:30 — for the next day write {right}"
    assert moment_of("END", right, SF, begins, is_end=True) == local(right.replace("T", " "))
    assert moment_of("END", "24:00", SF, begins, is_end=True) == local("2026-11-24 00:00")
    assert moment_of("START", "9:15", SF, begins) == local("2026-11-23 09:15"), "a start may be past: others judge it"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("2026-11-31T10:00", "November 2026 has 30 days"),
        ("2026-02-29", "February 2026 has 28 days"),
        ("2026-01-00", "January 2026 has 31 days"),
        ("2026-13-01T10:00", "a year has the months 01 to 12, and none is 13"),
    ],
)
def test_a_date_that_cannot_be_says_what_the_calendar_has(text: str, why: str) -> None:
    with pytest.raises(InputError) as as_moment:
        moment_of("--until", text, SF, NOON)
    with pytest.raises(InputError) as as_day:
        day_of("--until", text)

    assert str(as_moment.value) == f"--until: {text!r} is no moment: {why} — write it like 18:00 or 2026-11-23T18:00"
    assert str(as_day.value) == f"--until: {text!r} is no day: {why} — write it like 2026-12-25"


@pytest.mark.parametrize("text", ["25:00", "24:30", "tomorrow", "", "2026-11-23T25:00", "0000-02-30"])
def test_what_is_no_moment_is_told_how_to_write_one(text: str) -> None:
    with pytest.raises(InputError, match=r"--until: .* is no moment — write it like 18:00 or 2026-11-23T18:00"):
        moment_of("--until", text, SF, NOON)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2h", timedelta(hours=2)),
        ("45m", timedelta(minutes=45)),
        ("1h30m", timedelta(minutes=90)),
        ("1d", timedelta(days=1)),
    ],
)
def test_a_span_is_days_hours_and_minutes(text: str, expected: timedelta) -> None:
    assert span_of("--for", text) == expected


@pytest.mark.parametrize("text", ["", "2", "h", "-2h", "two hours", "0m"])
def test_what_is_no_span_is_told_how_to_write_one(text: str) -> None:
    with pytest.raises(InputError, match="--for: "):
        span_of("--for", text)


def test_a_day_is_a_date() -> None:
    assert day_of("DAY", "2026-12-25") == date(2026, 12, 25)
    with pytest.raises(InputError, match=r"DAY: '25.12.2026' is no day — write it like 2026-12-25"):
        day_of("DAY", "25.12.2026")


@pytest.mark.parametrize(
    ("text", "skipped"),
    [
        ("2026-03-29 02:30", True),
        ("2026-03-29T01:59", False),
        ("2026-03-29 03:00", False),
        ("2026-10-25 02:30", False),
        ("2026-03-29T02:30+01:00", False),
        ("02:30", True),
        ("03:30", False),
        ("24:00", False),
    ],
)
def test_an_hour_that_clocks_skip_is_known(text: str, skipped: bool) -> None:
    zone = ZoneInfo("Europe/Paris")
    at = moment_of("--as-if", text, zone, datetime(2026, 3, 29, 0, 30, tzinfo=zone))

    assert is_skipped(text, at, zone) is skipped
