"""What is put off until a moment of the world: the event loop's timers where there is no loop."""

import heapq
from collections.abc import Callable
from itertools import count


class Put:
    """One thing that was put off."""

    __slots__ = ("at", "number", "then")

    def __init__(self, at: float, number: int, then: Callable[[], None]) -> None:
        self.at = at
        self.number = number
        self.then: Callable[[], None] | None = then

    def cancel(self) -> None:
        self.then = None

    def __lt__(self, other: "Put") -> bool:
        # Of two at one moment the one that was put off first: a day is the same each time.
        return (self.at, self.number) < (other.at, other.number)


class Agenda:
    """`now` is epoch seconds; it moves by `run_next` alone."""

    def __init__(self, now: float) -> None:
        self.now = now
        self._numbers = count()
        self._waiting: list[Put] = []

    def put_off(self, after_s: float, then: Callable[[], None]) -> Put:
        put = Put(self.now + after_s, next(self._numbers), then)
        heapq.heappush(self._waiting, put)
        return put

    @property
    def next_at(self) -> float:
        """When something is due; for ever away when nothing is."""
        while self._waiting and self._waiting[0].then is None:
            heapq.heappop(self._waiting)
        return self._waiting[0].at if self._waiting else float("inf")

    def run_next(self) -> None:
        """Go to the moment that is due, and do what waits for it."""
        put = heapq.heappop(self._waiting)
        self.now = max(self.now, put.at)
        if put.then is not None:
            put.then()
