"""An event loop for a whole house in one process, whose clock stands while anything is on its way and leaps when nothing is.

Beside `leaping`, which is for services on memory stores: here are threads, a disk and a broker of its own, each at its own
pace. Time goes on only when no worker thread is at work, nothing waits for the disk, the broker sleeps (so it has handled
all it was sent) and no socket has news. What waits for a moment then gets it, in the order it would have.
"""

import asyncio
import contextlib
import math
import os
import selectors
import time
from collections.abc import Callable
from contextvars import Context
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from controller.adapters.clock import HouseClock

STARTS_AT = 1_000.0  # seconds; a machine that has been up for a while
# How long is looked for news while somebody is at work. A thread rings when it is done; a broker that goes to sleep does
# not, and is soon there, unless the machine has much else to do.
_FIRST_LOOK_S, _LONGEST_LOOK_S = 0.0002, 0.004
# The house looks some ten times a second whether something has changed, to be quick for people. At some hundred times
# their speed it need not: whatever in it sleeps so long, only to look again, sleeps `LOOKS_EVERY_S`.
_LOOKS = (0.09, 2.51)
LOOKS_EVERY_S = 20.0
# These look again by a timeout, for they can be woken: by some news, or by the end of the link whose pulse they feel.
# Everybody else's timeouts, and all that doors and hands wait for, are kept to.
_WAKEABLE = frozenset({"alarms", "access lists", "link server-access", "link server-telemetry"})
# Somebody who is at work that long has hung up, and in real time this would hang for ever.
_PATIENCE_S = 60.0

# What `asyncio.sleep` and `asyncio.wait` have called at their end; the timers of devices and doors have others.
_WAKES = asyncio.futures._set_result_unless_cancelled  # type: ignore[attr-defined]  # nothing public tells a sleep
_ENDS_WAIT = asyncio.tasks._release_waiter  # type: ignore[attr-defined]  # nor this


class NothingMoves(RuntimeError):
    """Something has been on its way for a minute: it would never arrive."""


class _Selector:
    def __init__(self, grain_s: float, patience_s: float) -> None:
        self._real = selectors.DefaultSelector()
        self._grain_s = grain_s
        self._patience_s = patience_s
        self._stands_at = STARTS_AT
        self._walks_since: float | None = time.monotonic()  # None: it leaps
        self._at_rest: Callable[[], bool] = lambda: False
        self.leapt = 0

    @property
    def walks(self) -> bool:
        return self._walks_since is not None

    @property
    def time(self) -> float:
        return self._stands_at + (time.monotonic() - self._walks_since if self._walks_since is not None else 0.0)

    def leap(self, at_rest: Callable[[], bool]) -> None:
        self._stands_at, self._walks_since, self._at_rest = self.time, None, at_rest

    def walk(self) -> None:
        if self._walks_since is None:
            self._walks_since = time.monotonic()

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if self.walks:
            return self._real.select(timeout)
        ready = self._real.select(0)
        if ready or (timeout is not None and timeout <= 0):
            return ready
        # Whoever could send is at rest after this, so what they have sent is here.
        ready = self._until_at_rest() or self._real.select(0)
        if ready:
            return ready
        if timeout is None:
            return self._real.select(_LONGEST_LOOK_S)
        due = self._stands_at + timeout
        self._stands_at = max(due, math.ceil(due / self._grain_s - 1e-6) * self._grain_s)
        self.leapt += 1
        return ready

    def _until_at_rest(self) -> list[tuple[selectors.SelectorKey, int]]:
        look_s, since = _FIRST_LOOK_S, time.monotonic()
        while not self._at_rest():
            ready = self._real.select(look_s)
            if ready:
                return ready
            look_s = min(2 * look_s, _LONGEST_LOOK_S)
            if time.monotonic() - since > self._patience_s:
                raise NothingMoves(f"somebody has been at work for {self._patience_s:g} s, and nothing comes of it")
        return []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)


class HouseLoop(asyncio.SelectorEventLoop):
    """As fast as the world until `leap`. Moments are rounded up to the grain, so that a day is no million leaps."""

    def __init__(self, grain_s: float = 0.5, patience_s: float = _PATIENCE_S) -> None:
        self._paced = _Selector(grain_s, patience_s)
        self.at_work = 0  # worker threads
        super().__init__(self._paced)  # type: ignore[arg-type]  # a selector in all that a loop asks of one

    def time(self) -> float:
        return self._paced.time

    @property
    def leapt(self) -> int:
        return self._paced.leapt

    def leap(self, all_at_rest: Callable[[], bool]) -> None:
        """From now on nobody waits; `all_at_rest` says of those beyond this process, and of the disk, whether they are."""
        self._paced.leap(lambda: not self.at_work and all_at_rest())

    def walk(self) -> None:
        """As fast as the world again."""
        self._paced.walk()

    def call_at(
        self, when: float, callback: Callable[..., object], *args: Any, context: Context | None = None
    ) -> asyncio.TimerHandle:
        delay = when - self.time()
        if not self._paced.walks and _LOOKS[0] <= delay <= _LOOKS[1] and _is_to_look_again(callback):
            when += LOOKS_EVERY_S - delay
        return super().call_at(when, callback, *args, context=context)

    def run_in_executor(self, executor: Any, func: Callable[..., Any], *args: Any) -> asyncio.Future[Any]:
        future = super().run_in_executor(executor, func, *args)
        self.at_work += 1
        future.add_done_callback(self._is_back)
        return future

    def _is_back(self, _: asyncio.Future[Any]) -> None:
        self.at_work -= 1


def _is_to_look_again(callback: Callable[..., object]) -> bool:
    if callback is _WAKES:
        return True
    task = asyncio.current_task()
    is_timeout = callback is _ENDS_WAIT or getattr(callback, "__func__", None) is asyncio.Timeout._on_timeout
    return is_timeout and task is not None and task.get_name() in _WAKEABLE


class LoopTime(HouseClock):
    """The house's clock and the simulator's: `begins` where the loop stands now, and never a second off it."""

    def __init__(self, loop: HouseLoop, begins: datetime) -> None:
        self._loop = loop
        self._began = (begins, loop.time())
        super().__init__(wall=self.wall, passed=loop.time, vouched=lambda: True)

    def wall(self) -> datetime:
        at, since = self._began
        # Whole milliseconds: so are those of the contract.
        return at.astimezone(UTC) + timedelta(milliseconds=round((self._loop.time() - since) * 1000))

    def monotonic(self) -> float:
        return self._loop.time()


class Asleep:
    """Whether another process of this machine has nothing to do, as the kernel tells of it."""

    def __init__(self, pid: int) -> None:
        self._stat = os.open(Path("/proc", str(pid), "task", str(pid), "stat"), os.O_RDONLY)

    def __call__(self) -> bool:
        """True once it waits. What was sent to it on this machine has woken it before the sending returned."""
        return os.pread(self._stat, 512, 0).rpartition(b") ")[2][:1] == b"S"

    def close(self) -> None:
        with contextlib.suppress(OSError):
            os.close(self._stat)
