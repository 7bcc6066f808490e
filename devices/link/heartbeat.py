"""Is the broker really there? Beats go out, come back through it, and their absence says what is wrong.

paho's own `is_connected` stayed true for 13 s on a cut link and for ever in a dead thread. Pure: the caller
sends, receives and holds the clock.
"""

from collections import deque
from enum import Enum, auto
from itertools import islice

MISSES = 2  # one lost beat is a busy moment; two are a verdict

# Nagle's algorithm meeting a delayed ACK costs 40 ms; a broker on the same network answers in one.
SLOW_TRIP_S = 0.020
TRIPS = 3  # the best of a few: one slow trip is a busy machine, not a setting


class Verdict(Enum):
    ALIVE = auto()
    MUTE = auto()  # bytes still come, our beats do not: overloaded, or the broker's ACL eats them
    DEAD = auto()  # nothing comes at all: frozen, or the link is half open


class Heartbeat:
    """The beats of one connection."""

    __slots__ = ("_beats", "_grace_s", "_under_way")

    def __init__(self, every_s: float) -> None:
        self._grace_s = every_s / 2
        self._beats = 0
        self._under_way: deque[tuple[int, float]] = deque()

    def beat(self, now: float) -> int:
        """Note that a beat goes out and return its number."""
        self._beats += 1
        self._under_way.append((self._beats, now))
        return self._beats

    def returned(self, number: int, now: float) -> float | None:
        """Note that a beat came back; return its trip in seconds, or None if it was not on its way."""
        trip = None
        while self._under_way and self._under_way[0][0] <= number:
            sent, at = self._under_way.popleft()
            if sent == number:
                trip = now - at
        return trip

    def last_returned(self, now: float) -> float | None:
        """For a probe without a number (PINGRESP answers in order): the oldest beat under way came back."""
        return self.returned(self._under_way[0][0], now) if self._under_way else None

    def verdict(self, now: float, last_byte_at: float) -> Verdict:
        missed = [at for _, at in islice(self._under_way, MISSES) if now - at >= self._grace_s]
        if len(missed) < MISSES:
            return Verdict.ALIVE
        # Whatever came before the last of them went out proves nothing about now.
        return Verdict.DEAD if last_byte_at < missed[-1] else Verdict.MUTE


class SlowTripCanary:
    """Finds the broker whose every answer waits for a delayed ACK.

    It shows in a conversation alone: after a pause the kernel acknowledges at once [measured]. So while it
    `wants_more`, the next beat should follow the last without one.
    """

    __slots__ = ("_trips",)

    def __init__(self) -> None:
        self._trips: list[float] = []

    @property
    def wants_more(self) -> bool:
        return len(self._trips) < TRIPS

    def idle_trip(self, trip_s: float) -> float | None:
        """Note a trip made while nothing else was under way; the trip's seconds when, once, it is time to warn."""
        if not self.wants_more:
            return None
        self._trips.append(trip_s)
        best = min(self._trips)
        return best if len(self._trips) == TRIPS and best >= SLOW_TRIP_S else None
