"""Which time the house goes by when this machine's clock jumps.

A clock that was set wrong would let people in at hours that are not theirs, and fire what is due tomorrow. So time is held
against what has passed since it was last right, and against the last time that was known before a start. Where the two
clocks come from, and who vouches for one, is the adapter's.
"""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

# A time service that corrects a drift moves by less; at this much nobody's hours are another's.
TOLERATED = timedelta(seconds=60)
# Nothing of ours is older. A machine without a battery wakes in 1970, or when its system was made.
EARLIEST = datetime(2026, 1, 1, tzinfo=UTC)
# Nor is anything newer: a clock that says so was set by mistake, and at the end of all years no schedule can be read.
LATEST = datetime(2100, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class HouseTime:
    """It was `at` when `passed` seconds had gone by; by how much the machine's clock is `off`, where that is not believed."""

    at: datetime  # aware UTC
    passed: float
    off: timedelta | None = None
    is_unset: bool = False  # off since the start: the time is a floor, and whatever sets the clock will be beyond it

    @property
    def is_suspect(self) -> bool:
        return self.off is not None


def is_possible(at: datetime) -> bool:
    """Whether a house can live at this time."""
    return at < LATEST


def begun(wall: datetime, passed: float, known: datetime | None, *, is_vouched: bool) -> HouseTime:
    """The time at a start: never before the last that was known, for however long the house was away.

    A clock that is ahead is believed: nobody knows how long the power was off. No time beyond `LATEST` is.
    """
    floor = max(known, EARLIEST) if known is not None and is_possible(known) else EARLIEST
    if is_possible(wall) and (wall >= floor - TOLERATED or (is_vouched and wall >= EARLIEST)):
        return HouseTime(wall, passed)
    return HouseTime(floor, passed, wall - floor, is_unset=True)


def gone_on(last: HouseTime, wall: datetime, passed: float, *, is_vouched: bool) -> HouseTime:
    """The time now; a jump is believed when somebody vouches for it, or when it sets a clock that never was set."""
    expected = last.at + timedelta(seconds=passed - last.passed)
    off = wall - expected
    is_believed = is_vouched or (last.is_unset and off > TOLERATED)
    if abs(off) <= TOLERATED or (is_believed and is_possible(wall)):
        return HouseTime(wall, passed)
    return replace(last, at=expected, passed=passed, off=off)
