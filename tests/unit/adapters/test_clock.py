"""The system's clocks."""

import logging
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from controller.adapters.clock import HouseClock, SystemClock, last_known, read_last_time


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
