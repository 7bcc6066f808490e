"""Says on the board which certificates run out, 30 days before they do.

What is read, from which file or connection, is the adapter's; until when is soon, `domain.papers`'.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Sequence

from controller.domain.papers import Paper, running_out
from controller.services.ports import Clock
from controller.services.screens.health import HealthBoard

COMPONENT = "certificates"
# Files that were renewed count at the next connect, which asks by itself; this is for what nobody touches.
EVERY_S = 3600.0


class PapersWatch:
    """`run` for ever; without TLS there is nothing to say and no line of it."""

    def __init__(self, read: Callable[[], Awaitable[Sequence[Paper]]], board: HealthBoard, clock: Clock) -> None:
        self._read = read
        self._board = board
        self._clock = clock
        self._asked = asyncio.Event()

    def link_back(self) -> None:
        """The broker has shown its certificate again."""
        self._asked.set()

    async def run(self) -> None:
        while True:
            self._asked.clear()
            await self.look()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(EVERY_S):
                    await self._asked.wait()

    async def look(self) -> None:
        papers = await self._read()
        if not papers:
            return
        ending = running_out(papers, self._clock.now())
        first = min(one.good_until for one in papers)
        text = "; ".join(map(self._words, ending)) or f"all are good until {first:%Y-%m-%d} at least"
        self._board.report(COMPONENT, ok=not ending, text=text, vital=False)

    def _words(self, paper: Paper) -> str:
        left = (paper.good_until - self._clock.now()).days
        until = f"on {paper.good_until:%Y-%m-%d}"
        if left < 0:
            return f"{paper.name} ended {until}: renew it"
        return f"{paper.name} ends {until}, in {left} days: renew it"
