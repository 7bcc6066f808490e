"""What is going to happen in the world, in order, and the dice that decide how long hands take."""

import heapq
import random
from collections.abc import Callable, Iterator
from itertools import count
from typing import TypeAlias

from simulator.acts import Act

Happening: TypeAlias = Callable[[], Iterator[Act]]
"""Something that happens at its moment, and the acts that come of it."""

Span: TypeAlias = tuple[float, float] | float
"""Seconds of hands and feet: between these two, or exactly this."""


class Agenda:
    """`now` is epoch seconds on the world's calendar; `pace` is how much faster than hands it runs."""

    def __init__(self, now: float, dice: random.Random) -> None:
        self.now = now
        self.pace = 1.0
        self.dice = dice
        self._numbers = count(1)
        self._ahead: list[tuple[float, int, Happening]] = []

    @property
    def next_due(self) -> float | None:
        return self._ahead[0][0] if self._ahead else None

    def at(self, moment: float, happens: Happening) -> None:
        # Of two at one moment the one that was put there first: a day is the same each time.
        heapq.heappush(self._ahead, (moment, next(self._numbers), happens))

    def soon(self, happens: Happening) -> None:
        self.at(self.now, happens)

    def after(self, hands: Span, happens: Happening) -> None:
        """So many seconds of hands later: they keep real time at any pace."""
        seconds = self.dice.uniform(*hands) if isinstance(hands, tuple) else hands
        self.at(self.now + seconds * self.pace, happens)

    def number(self) -> int:
        """One that nobody had: tells a plan still meant from one overtaken by another."""
        return next(self._numbers)

    def due(self, to: float) -> Happening | None:
        """What happens next until then; `now` moves to it. None when nothing more does."""
        if not self._ahead or self._ahead[0][0] > to:
            return None
        at, _, happens = heapq.heappop(self._ahead)
        self.now = max(self.now, at)
        return happens
