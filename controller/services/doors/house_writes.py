"""Work for the store of the house that must be done, in order, whenever the store can: a fire that began, a window opened.

Nothing waits for it: what it is about counts in memory already. What the house's state means is not known here.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

from controller.errors import InputError, StoreError

logger = logging.getLogger(__name__)

T = TypeVar("T")

RETRY_AFTER = 1.0


@dataclass(frozen=True, slots=True)
class _Work:
    what: str
    carry_out: Callable[[], Awaitable[None]]


class HouseWrites:
    """One thing after the other; what the store cannot take now is tried again until it can."""

    def __init__(self) -> None:
        self._waiting: deque[_Work] = deque()
        self._wake = asyncio.Event()
        self.failing = False

    def put(self, what: str, ask: Callable[[], Awaitable[T]], done: Callable[[T], None]) -> None:
        """Have the store asked this; `done` hears its answer."""

        async def carry_out() -> None:
            done(await ask())

        self._waiting.append(_Work(what, carry_out))
        self._wake.set()

    async def run(self) -> None:
        """Do what waits, for ever."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._waiting:
                await self._do(self._waiting[0])
                self._waiting.popleft()

    async def _do(self, work: _Work) -> None:
        while True:
            try:
                await work.carry_out()
            except StoreError as error:
                logger.log(logging.DEBUG if self.failing else logging.WARNING, "%s waits: %s", work.what, error)
                self.failing = True
                await asyncio.sleep(RETRY_AFTER)
            except InputError as error:
                # Somebody else was faster: a lockdown lifted twice, a window closed that nobody knows any more.
                logger.warning("%s is not written down: %s", work.what, error)
                return
            else:
                self.failing = False
                return
