"""The system's clocks."""

import time
from datetime import UTC, datetime, timedelta

from controller.adapters.clock import SystemClock


def test_now_is_aware_and_in_utc() -> None:
    now = SystemClock().now()

    assert now.tzinfo is UTC
    assert abs(datetime.now(UTC) - now) < timedelta(minutes=1)


def test_monotonic_is_the_clock_of_the_loop() -> None:
    before = time.monotonic()

    assert before <= SystemClock().monotonic() <= time.monotonic()
