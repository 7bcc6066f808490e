"""The system's two clocks: the only file of the controller where time enters.

Everything else is handed a `Clock`, so that a test can hold it still.
"""

import time
from datetime import UTC, datetime


class SystemClock:
    """Wall time in aware UTC, and the monotonic clock that asyncio's loop runs on."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic()
