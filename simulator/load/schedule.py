"""When each message is meant to go out: seconds since the beginning, known before anything is sent. Pure and seeded."""

import heapq
import random
from collections.abc import Iterator
from enum import StrEnum


class Arrival(StrEnum):
    """How messages are spread: as strangers come, each on their own, or as a metronome beats."""

    POISSON = "poisson"
    EVEN = "even"


class What(StrEnum):
    TAP = "tap"
    READING = "reading"


def moments(rate: float, for_s: float, arrival: Arrival, dice: random.Random) -> Iterator[float]:
    """The moments of one kind, in order; a rate of 0 has none."""
    if rate <= 0:
        return
    if arrival is Arrival.EVEN:
        for number in range(round(rate * for_s)):
            yield number / rate
        return
    at = dice.expovariate(rate)
    while at < for_s:
        yield at
        at += dice.expovariate(rate)


def plan(taps: float, readings: float, for_s: float, arrival: Arrival, seed: int) -> Iterator[tuple[float, What]]:
    """Both kinds in order. More readings do not move a tap: each kind has dice of its own."""

    def of(what: What, rate: float) -> Iterator[tuple[float, What]]:
        dice = random.Random(f"load/{what}/{seed}")
        return ((at, what) for at in moments(rate, for_s, arrival, dice))

    return heapq.merge(of(What.TAP, taps), of(What.READING, readings))
