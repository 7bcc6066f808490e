"""Whether the clock may be deleted by: what a wrong one lets go of is gone for good.

Which one is believed is `domain.keeping.trusted`'s; here it is followed over restarts. What is known at first is read
out of the log: facts written by a wrong clock are in it too, behind the moment at which it jumped.
"""

import math
from collections.abc import Callable
from datetime import timedelta

from controller.domain.keeping import PROVEN, Trust, trusted
from controller.services.keeping.ports import KnownTime, PastFacts, PastReadings
from controller.services.ports import Clock

PAGE = 2_000
# Between two facts a house may have stood still: no more than this counts as having run.
RAN_BETWEEN_FACTS = timedelta(days=1)


class Guard:
    """`look` before anything is deleted, and often enough that running counts. `is_suspect`: the clock is off."""

    def __init__(
        self,
        known: KnownTime,
        facts: PastFacts,
        readings: PastReadings,
        clock: Clock,
        is_suspect: Callable[[], bool] = lambda: False,
    ) -> None:
        self._known = known
        self._facts = facts
        self._readings = readings
        self._clock = clock
        self._is_suspect = is_suspect
        self._looked: float | None = None  # monotonic

    async def look(self) -> str | None:
        """Why nothing may be deleted now; None where it may. StoreError when what is known cannot be kept."""
        if self._is_suspect():
            self._looked = None
            return "this machine's clock is suspect"
        trust = await self._judged()
        await self._known.save(trust)
        if trust.doubted is None:
            return None
        days = math.ceil((PROVEN - trust.ran) / timedelta(days=1))
        return (
            f"the clock says {trust.doubted:%F %R} UTC, and the last that was seen before it went ahead is of "
            f"{trust.sure:%F %R} UTC; if it is right, run natoma keep --yes, or let the house run for {days} days"
        )

    async def confirm(self) -> None:
        """A person says that the clock is right."""
        await self._known.save(Trust(self._clock.now()))

    async def _judged(self) -> Trust:
        now, monotonic = self._clock.now(), self._clock.monotonic()
        ran = timedelta(seconds=monotonic - self._looked) if self._looked is not None else timedelta(0)
        self._looked = monotonic
        known = await self._known.load() or await self._from_the_log()
        return trusted(known, now, ran) if known is not None else Trust(now)

    async def _from_the_log(self) -> Trust | None:
        known, position, before = None, 0, None
        while page := await self._facts.after(position, PAGE):
            for one in page:
                at = one.fact.at
                if known is None or before is None:
                    # Where the log is newer than the readings, it may have begun with the wrong clock.
                    ended = [file.end for file in await self._readings.files() if file.end <= at]
                    known = Trust(max(ended, default=at))
                    before = at
                ran = min(max(at - before, timedelta(0)), RAN_BETWEEN_FACTS)
                known, before = trusted(known, at, ran), at
            position = page[-1].position
        return known
