"""Says on the board which certificates run out, 30 days before they do.

What is read, from which file or connection, is the adapter's; until when is soon, `domain.papers`'.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from controller.domain.papers import Paper, running_out
from controller.services.ports import Clock
from controller.services.screens.health import HealthBoard

COMPONENT = "certificates"
# A renewed file is seen before whoever renewed it has gone; the broker's own is new after a connect.
EVERY_S = 10.0


class PapersWatch:
    """`run` for ever; without TLS there is nothing to say and no line of it."""

    def __init__(self, read: Callable[[], Awaitable[Sequence[Paper]]], board: HealthBoard, clock: Clock) -> None:
        self._read = read
        self._board = board
        self._clock = clock

    async def run(self) -> None:
        while True:
            await self.look()
            await asyncio.sleep(EVERY_S)

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
