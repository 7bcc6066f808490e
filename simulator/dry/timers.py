"""What is put off until a moment of the world: the event loop's timers where there is no loop."""

import heapq
from collections.abc import Callable
from itertools import count


class Put:
    """One thing that was put off."""

    __slots__ = ("then",)

    def __init__(self, then: Callable[[], None]) -> None:
        self.then: Callable[[], None] | None = then

    def cancel(self) -> None:
        self.then = None


class Timers:
    """`now` is epoch seconds; it moves by `run_next` alone."""

    def __init__(self, now: float) -> None:
        self.now = now
        self._numbers = count()
        # Of two at one moment the one that was put off first: a day is the same each time.
        self._waiting: list[tuple[float, int, Put]] = []

    def put_off(self, after_s: float, then: Callable[[], None]) -> Put:
        put = Put(then)
        heapq.heappush(self._waiting, (self.now + after_s, next(self._numbers), put))
        return put

    @property
    def next_at(self) -> float:
        """When something is due; for ever away when nothing is."""
        while self._waiting and self._waiting[0][2].then is None:
            heapq.heappop(self._waiting)
        return self._waiting[0][0] if self._waiting else float("inf")

    def run_next(self) -> None:
        """Go to the moment that is due, and do what waits for it."""
        at, _, put = heapq.heappop(self._waiting)
        self.now = max(self.now, at)
        if put.then is not None:
            put.then()
