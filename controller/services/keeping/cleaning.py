"""Cleaning: what is older than it may be kept goes, at the start and once a day.

Facts that name somebody lose their names first and are deleted much later; what was measured goes by whole files. All of
it in small slices with pauses between: a tap that comes meanwhile waits for one of them at most.
"""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from controller.domain.facts import Fact, FactKind, Plain
from controller.domain.keeping import GAPS, TOLD_LATE, Keeping, anonymous
from controller.errors import StoreError
from controller.services.keeping.guard import Guard
from controller.services.keeping.ports import Measured, PastFacts, PastReadings
from controller.services.policy.log_pages import position_before
from controller.services.ports import Clock

logger = logging.getLogger(__name__)

DAY = timedelta(days=1)
AGAIN_S = 60.0
# Looked at in one read, and changed in one commit: some milliseconds each.
PAGE = 2_000
SLICE = 100
PAUSE_S = 0.02
# How often the clock is looked at: so much of having run by it is lost by a stop.
LOOK_S = 3600.0

NAMES = "Names in the event log"
FACTS = "Facts in the event log"
GAPS_TOLD = "Facts about lost readings"
READINGS = "Readings"
HOURLY = "Readings by the hour"
REFUSED = "Refused messages"


@dataclass(frozen=True, slots=True)
class Cleaned:
    """What went, or would go: of before which moment, and how many (rows, or files of readings)."""

    what: str
    before: datetime
    count: int


class Cleaner:
    """Over the two stores; `run` is a task, `clean` one round of it."""

    def __init__(
        self, facts: PastFacts, readings: PastReadings, keeping: Keeping, clock: Clock, note: Callable[[Fact], None]
    ) -> None:
        self._facts = facts
        self._readings = readings
        self._keeping = keeping
        self._clock = clock
        self._note = note

    async def run(self, guard: Guard) -> None:
        """For ever; `guard` says when nothing may be deleted."""
        next_round = self._clock.monotonic()
        told: float | None = None
        while True:
            wait = LOOK_S
            try:
                why = await guard.look()
                now = self._clock.monotonic()
                if why is not None:
                    if told is None or now - told >= DAY.total_seconds():
                        logger.warning("nothing is cleaned: %s", why)
                        told = now
                elif now >= next_round:
                    await self.clean()
                    next_round = now + DAY.total_seconds()
            except StoreError as error:
                logger.warning("cleaning waits: %s", error)
                wait = AGAIN_S
            await asyncio.sleep(wait)

    async def clean(self) -> list[Cleaned]:
        """Let go of everything that is due, and say so. Cut short, the next round goes on."""
        found = await self._round(is_real=True)
        for one in found:
            detail: dict[str, Plain] = {"what": one.what, "before": one.before.isoformat(), "count": one.count}
            self._note(Fact(FactKind.HISTORY_CLEANED, self._clock.now(), detail=detail))
        return found

    async def due(self) -> list[Cleaned]:
        """What `clean` would let go of now; nothing is changed."""
        return await self._round(is_real=False)

    async def _round(self, *, is_real: bool) -> list[Cleaned]:
        now, keeping = self._clock.now(), self._keeping
        found = [
            Cleaned(NAMES, at := now - keeping.access, await self._forget_names(at, is_real=is_real)),
            Cleaned(FACTS, at := now - keeping.events, await self._delete(at, of_gaps=False, is_real=is_real)),
            Cleaned(GAPS_TOLD, at := now - keeping.gaps, await self._delete(at, of_gaps=True, is_real=is_real)),
            Cleaned(READINGS, at := now - keeping.telemetry, await self._drop(Measured.READINGS, at, is_real=is_real)),
            Cleaned(HOURLY, at := now - keeping.hourly, await self._drop(Measured.HOURLY, at, is_real=is_real)),
            Cleaned(REFUSED, at := now - keeping.refused, await self._forget_refused(at, is_real=is_real)),
        ]
        return [one for one in found if one.count]

    # --- the event log ------------------------------------------------------------------------------

    async def _forget_names(self, before: datetime, *, is_real: bool) -> int:
        count = 0
        position, end = await self._positions(before)
        while position < end:
            upto = min(position + PAGE, end)
            named = await self._facts.naming(position, upto, before)
            for start in range(0, len(named) if is_real else 0, SLICE):
                slice_ = named[start : start + SLICE]
                await self._facts.rewrite([replace(one, fact=anonymous(one.fact)) for one in slice_], ())
                await asyncio.sleep(PAUSE_S)
            count += len(named)
            position = upto
        return count

    async def _delete(self, before: datetime, *, of_gaps: bool, is_real: bool) -> int:
        count = 0
        position, end = await self._positions(before)
        newest = await self._facts.latest(1)
        # The newest stays, however old: the next one's number follows from it.
        end = min(end, newest[0].position - 1) if newest else 0
        while position < end:
            upto = min(position + PAGE, end)
            gone = await self._facts.outlived(position, upto, before, GAPS, others=not of_gaps)
            for start in range(0, len(gone) if is_real else 0, SLICE):
                await self._facts.rewrite((), gone[start : start + SLICE])
                await asyncio.sleep(PAUSE_S)
            count += len(gone)
            position = upto
        return count

    async def _positions(self, before: datetime) -> tuple[int, int]:
        """Where to begin and to stop looking for facts of before that moment; some were told late."""
        oldest = await self._facts.after(0, 1)
        if not oldest or oldest[0].fact.at - TOLD_LATE > before:
            return 0, 0
        return oldest[0].position - 1, await position_before(self._facts, before + TOLD_LATE)

    # --- readings -----------------------------------------------------------------------------------

    async def _drop(self, holds: Measured, before: datetime, *, is_real: bool) -> int:
        old = [one for one in await self._readings.files() if one.holds is holds and one.end <= before]
        for file in old if is_real else ():
            await self._readings.drop(file)
        return len(old)

    async def _forget_refused(self, before: datetime, *, is_real: bool) -> int:
        if not is_real:
            return await self._readings.refused_before(before)
        count = 0
        while gone := await self._readings.forget_refused(before, SLICE):
            count += gone
            await asyncio.sleep(PAUSE_S)
        return count
