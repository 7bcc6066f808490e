"""The system's clocks."""

import logging
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from controller.adapters.clock import SHIFT, HouseClock, SystemClock, last_known, live_at, read_last_time, shift_in
from controller.errors import InputError

A_WEEK = timedelta(days=7)


def test_now_is_aware_and_in_utc() -> None:
    now = SystemClock().now()

    assert now.tzinfo is UTC
    assert abs(datetime.now(UTC) - now) < timedelta(minutes=1)


def test_monotonic_is_the_clock_of_the_loop() -> None:
    before = time.monotonic()

    assert before <= SystemClock().monotonic() <= time.monotonic()


@pytest.mark.parametrize(
    ("left", "said"),
    [
        (b"9999-12-31T23:59:59+00:00", "it says 9999-12-31, and no house lives then"),
        (b"9999-12-31T23:59:59-05:00", "that is no time"),
        (b"2100-01-01T00:00:00+00:00", "it says 2100-01-01"),
        (b"\xff\xfe", "that is no time"),
        (b"", "that is no time"),
    ],
)
def test_a_last_time_no_house_can_live_at_is_not_gone_by_and_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, left: bytes, said: str
) -> None:
    (tmp_path / "last-time").write_bytes(left)

    with caplog.at_level(logging.WARNING):
        known = last_known(tmp_path / "last-time")

    assert known is None
    assert f"{tmp_path / 'last-time'} is not gone by" in caplog.text
    assert said in caplog.text
    assert HouseClock(known).off is None


def test_a_last_time_that_cannot_be_opened_is_told_and_none_at_all_is_not(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "folder").mkdir()

    assert last_known(tmp_path / "none") is None
    assert not caplog.records
    with pytest.raises(ValueError, match="cannot be read"):
        read_last_time(tmp_path / "folder")


def test_another_date_is_asked_for_in_the_environment_and_every_clock_keeps_to_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(SHIFT, f"{-A_WEEK.total_seconds()}")
    # A house that lived in the present goes back a week with the rest: somebody asked for it.
    clocks = [SystemClock(), HouseClock(), HouseClock(known=datetime.now(UTC), vouched=lambda: False)]

    for clock in clocks:
        assert abs(datetime.now(UTC) - A_WEEK - clock.now()) < timedelta(minutes=1)
        assert clock.shift == -A_WEEK
    assert HouseClock().off is None


def test_a_clock_that_a_test_holds_keeps_to_the_test(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(SHIFT, "86400")
    noon = datetime(2026, 3, 2, 12, tzinfo=UTC)

    held = HouseClock(wall=lambda: noon, passed=lambda: 0.0)

    assert (held.now(), held.shift) == (noon, timedelta(0))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("tomorrow", "'tomorrow' is no number of seconds that leads to a date"),
        ("nan", "'nan' is no number of seconds"),
        ("1e300", "'1e300' is no number of seconds that leads to a date"),
        ("-1e11", "'-1e11' is no number of seconds that leads to a date"),
        ("-4e9", "and no house lives then"),
        ("4e9", "and no house lives then"),
    ],
)
def test_a_shift_that_leads_nowhere_is_refused_with_what_would_be_right(text: str, said: str) -> None:
    with pytest.raises(InputError, match="-86400 for yesterday") as told:
        shift_in({SHIFT: text})

    assert said in str(told.value)
    assert shift_in({SHIFT: ""}) == shift_in({}) == timedelta(0)


def test_from_a_moment_on_every_clock_made_here_lives_then(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(SHIFT, "0")  # put back afterwards
    before_two = datetime(2026, 11, 1, 8, 58, tzinfo=UTC)

    shift = live_at(before_two)

    assert abs(SystemClock().now() - before_two) < timedelta(minutes=1)
    assert SystemClock().shift == shift
