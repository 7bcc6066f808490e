"""An event loop whose clock leaps over every wait: an hour passes in no time, in the order it would have.

Timers, sleeps and timeouts of the code under test are real; only nobody waits for them. Threads and sockets would
not keep up, so this is for services on memory stores.
"""

import asyncio
import selectors
from typing import Any

STARTS_AT = 1_000.0  # seconds; a machine that has been up for a while


class EverybodyWaits(RuntimeError):
    """No timer runs and nothing is ready: in real time this test would hang for ever."""


class _LeapingSelector:
    def __init__(self) -> None:
        self._real = selectors.DefaultSelector()
        self.time = STARTS_AT

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = self._real.select(0)
        if not ready and timeout is None:
            raise EverybodyWaits("every task waits for something that nobody will do")
        if not ready and timeout is not None:
            self.time += timeout
        return ready

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)


class LeapingLoop(asyncio.SelectorEventLoop):
    """Use it as a loop factory; `time()` is what its timers have come to."""

    def __init__(self) -> None:
        self._leaps = _LeapingSelector()
        super().__init__(self._leaps)  # type: ignore[arg-type]  # a selector in all that a loop asks of one

    def time(self) -> float:
        return self._leaps.time
