"""The order of acknowledgements: whatever order work finishes in, PUBACKs leave in the order messages came.

MQTT demands it (MQTT-4.6.0-2), and it keeps redelivery after a crash a clean tail instead of a torn one.
No sockets here; one ledger serves one connection and is thrown away with it, since a packet id of a dead
connection may name another message on the next.
"""

from collections import deque
from typing import NamedTuple


class Received(NamedTuple):
    mid: int
    qos: int
    at: float


class AckLedger:
    __slots__ = ("_done", "_first", "_waiting")

    def __init__(self) -> None:
        self._waiting: deque[Received] = deque()
        self._first = 0  # the order number of _waiting[0]
        self._done: set[int] = set()  # finished, but behind one that is not

    def __len__(self) -> int:
        return len(self._waiting)

    @property
    def oldest_at(self) -> float | None:
        """When the message all others wait for came in."""
        return self._waiting[0].at if self._waiting else None

    def received(self, mid: int, qos: int, at: float) -> int:
        """Note a message and return its order number."""
        self._waiting.append(Received(mid, qos, at))
        return self._first + len(self._waiting) - 1

    def finished(self, order: int) -> list[Received]:
        """Note that a message is done with; return what may be acknowledged now, first come first.

        A number that was given twice, or never, frees nothing.
        """
        if order != self._first or not self._waiting:
            if self._first < order < self._first + len(self._waiting):
                self._done.add(order)
            return []
        freed = [self._waiting.popleft()]
        self._first += 1
        while self._first in self._done:
            self._done.remove(self._first)
            freed.append(self._waiting.popleft())
            self._first += 1
        return freed
