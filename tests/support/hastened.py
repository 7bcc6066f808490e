"""An event loop and a clock that go faster than the world: five minutes of waiting pass in seconds, in real processes.

Threads, disks and sockets keep their own pace, so what they take seems longer than it is. For outages, where nearly all
of the time is spent waiting; for services on memory stores there is `leaping`.
"""

import asyncio
import selectors
import time
from datetime import datetime, timedelta
from typing import Any


class _HastenedSelector:
    def __init__(self, speed: float) -> None:
        self._real = selectors.DefaultSelector()
        self._speed = speed

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        return self._real.select(None if timeout is None else timeout / self._speed)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)


class HastenedLoop(asyncio.SelectorEventLoop):
    """Use it as a loop factory; its clock is that of the machine, `speed` times as fast: the same one in each process."""

    def __init__(self, speed: float) -> None:
        super().__init__(_HastenedSelector(speed))  # type: ignore[arg-type]  # a selector in all that a loop asks of one
        self._speed = speed

    def time(self) -> float:
        return time.monotonic() * self._speed


class HastenedClock:
    """The `Clock` that goes with it: `begins` was the time when the machine's own clock stood at `since`."""

    def __init__(self, speed: float, begins: datetime, since: float) -> None:
        self._speed = speed
        self._begins = begins
        self._since = since

    def now(self) -> datetime:
        return self._begins + timedelta(seconds=(time.monotonic() - self._since) * self._speed)

    def monotonic(self) -> float:
        return time.monotonic() * self._speed
