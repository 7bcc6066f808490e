"""Two clocks: the real one, which every message carries, and the world's, which may run ahead, faster or elsewhere.

The controller judges freshness by the real clock, so messages never lie about it. Habits need a morning, so
somebody who tries the simulator at three on a Sunday night gets a weekday's life.
"""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache

from simulator.building import Building
from simulator.errors import InputError

# Between these hours of a weekday the building is lively by itself.
LIVELY_FROM, LIVELY_TO = time(7, 45), time(18, 30)
# Where the world begins when now is a dull hour: most have come, the rest are on their way.
GOOD_MORNING = time(9, 40)
_CLOCK = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)")
# In the environment, so that a house and its simulator live at the same other time; the controller reads it too.
SHIFT = "NATOMA_CLOCK_SHIFT"


def now() -> datetime:
    """The real moment, aware UTC, or the one that somebody wants it to be. The only place of the simulator that asks."""
    return datetime.now(UTC) + shift()


@cache
def shift() -> timedelta:
    """By how much the real moment is ahead of this machine's clock: nothing, unless somebody asked for another date."""
    return shift_in(os.environ)


def shift_in(environment: Mapping[str, str]) -> timedelta:
    """What the environment says of it; raises InputError where that is no number of seconds that leads to a date."""
    text = environment.get(SHIFT, "")
    try:
        found = timedelta(seconds=float(text or 0))
        _ = datetime.now(UTC) + found
    except (ValueError, OverflowError):
        raise InputError(
            f"{SHIFT} {text!r} is no number of seconds that leads to a date — write signed seconds, -86400 for "
            "yesterday, or unset it for the real time"
        ) from None
    return found


@dataclass(frozen=True, slots=True)
class WorldClock:
    """Where the world began, and how much faster it runs."""

    began_real: datetime
    began_world: datetime
    speed: float = 1.0

    def world(self, real: datetime) -> float:
        """The world's moment (epoch seconds) at a real one."""
        return self.began_world.timestamp() + (real - self.began_real).total_seconds() * self.speed

    def real(self, world: datetime) -> datetime:
        """The real moment at which the world reaches one of its own."""
        return self.began_real + (world - self.began_world) / self.speed

    @property
    def is_elsewhere(self) -> bool:
        """Do people live another hour than the wall clock's?"""
        return abs((self.began_world - self.began_real).total_seconds()) > 60


def world_start(building: Building, real: datetime, wanted: str) -> datetime:
    """Where to begin: `now`, a time of day like `09:30`, or `auto`; raises InputError for anything else."""
    local = real.astimezone(building.zone)
    if wanted == "now":
        return local
    if wanted == "auto":
        if _is_working_day(local.date(), building) and LIVELY_FROM <= local.time() <= LIVELY_TO:
            return local
        return datetime.combine(_working_day(local.date(), building), GOOD_MORNING, building.zone)
    match = _CLOCK.fullmatch(wanted)
    if match is None:
        raise InputError(f"--start {wanted!r} is not a time of day; write it like 09:30, or now, or auto")
    at = time(int(match[1]), int(match[2]))
    return datetime.combine(_working_day(local.date(), building), at, building.zone)


def _working_day(day: date, building: Building) -> date:
    """This day, or the last one before it on which people work."""
    while not _is_working_day(day, building):
        day -= timedelta(days=1)
    return day


def _is_working_day(day: date, building: Building) -> bool:
    return day.weekday() < 5 and day not in building.holidays
