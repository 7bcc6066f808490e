"""What a device's word about time is worth: when something was measured, how old it is, what it may still cause.

`received` is always our own clock. A device without a clock, or with a wrong one, is believed as far as it
can be and marked; how its messages then order is in `telemetry`.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

# A stamp further ahead than this is no late correction but a wrong clock; the time of arrival is nearer the truth.
MAX_AHEAD = timedelta(minutes=5)
# Up to here a wrong clock is a nuisance; beyond, it may not decide what came first.
MAX_SKEW = timedelta(seconds=60)
# What was measured longer ago was kept while the line was down: history, not news.
BACKFILL_AFTER = timedelta(minutes=5)
# Longer than any buffer holds: such a clock was never set (it says 1970), and nobody knows when this was.
MAX_BACKLOG = timedelta(days=31)


class TimeFlag(StrEnum):
    """What is odd about a message's time; kept beside it."""

    TIME_MISSING = "time_missing"
    CLOCK_SKEW = "clock_skew"
    BACKFILL = "backfill"


@dataclass(frozen=True, slots=True)
class Stamp:
    """When something was measured, as well as we know, and when we heard of it. Both aware UTC."""

    at: datetime
    received: datetime
    flag: TimeFlag | None = None

    @property
    def order_at(self) -> datetime:
        """The time to order by, where there is no sequence: the device's own, unless its clock is known to be wrong."""
        return self.received if self.flag is TimeFlag.CLOCK_SKEW else self.at

    @property
    def is_backfill(self) -> bool:
        """Whether it is history: it raises no alarm and triggers nothing."""
        return self.flag is TimeFlag.BACKFILL

    @property
    def is_unset(self) -> bool:
        """Whether the device's clock was never set, so that no time can be given to what it says."""
        return self.received - self.at > MAX_BACKLOG


def stamped(said: datetime | None, received: datetime) -> Stamp:
    """Place a message in time: by its own word where that can be, else by its arrival."""
    if said is None:
        return Stamp(received, received, TimeFlag.TIME_MISSING)
    ahead = said - received
    if ahead > MAX_AHEAD:
        return Stamp(received, received, TimeFlag.CLOCK_SKEW)
    if ahead > MAX_SKEW:
        return Stamp(said, received, TimeFlag.CLOCK_SKEW)
    return Stamp(said, received, TimeFlag.BACKFILL if -ahead > BACKFILL_AFTER else None)


class Skew(StrEnum):
    """How far a device's clock is off, by what is done about it."""

    NONE = "none"
    RECORDED = "recorded"
    WARNED = "warned"
    IGNORED = "ignored"  # its time no longer orders anything


def skew_of(offset_s: float) -> Skew:
    """Grade a clock offset, fast or slow."""
    off = abs(offset_s)
    if off > MAX_SKEW.total_seconds():
        return Skew.IGNORED
    if off > 5.0:
        return Skew.WARNED
    return Skew.RECORDED if off > 2.0 else Skew.NONE


class Lateness(StrEnum):
    """What an event that reaches us late may still cause. None of the late ones unlocks, lights or writes to anyone."""

    NORMAL = "normal"
    LATE = "late"  # recorded; its alarm is shown as late
    HISTORY = "history"  # recorded only


def lateness(age_s: float) -> Lateness:
    """Grade an event by how long ago it happened."""
    if age_s <= 60.0:
        return Lateness.NORMAL
    return Lateness.LATE if age_s <= 15 * 60.0 else Lateness.HISTORY


def age_seconds(said: datetime | None, age_ms: float | None, received: datetime) -> float:
    """How old an event is by the oldest word on it: its own stamp, or the age a clockless reader counted itself."""
    by_stamp = (received - said).total_seconds() if said is not None else 0.0
    by_count = age_ms / 1000 if age_ms is not None else 0.0
    return max(by_stamp, by_count, 0.0)
