"""Outside calendars read again and again, each in its own time: what is new there is booked here within minutes.

A calendar that cannot be had is asked more and more rarely, and its bookings stand as they are. What it answers with
"as it was" costs nothing; once a day it is read whole, as the days ahead are others then.
"""

import asyncio
import hashlib
import logging
import random
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from controller.domain.booking.outside import Reading
from controller.domain.ids import CalendarId
from controller.errors import ControllerError, StoreError
from controller.services.calendars.stores import CalendarStore, Came, Fetched, KeptCalendar, Reader, Report, Source
from controller.services.calendars.taking import Taken, Taking, window_end
from controller.services.lookouts import look_again_and_again
from controller.services.ports import Clock

logger = logging.getLogger(__name__)

LOOK_EVERY = 1.0
SOONEST_S, USUALLY_S, RAREST_S = 60, 15 * 60, 24 * 60 * 60
"""How often a calendar may be read."""

BACK_OFF_LIMIT_S = 6 * 60 * 60.0
# A server that is down over lunch is no news.
FAILS_LONG = timedelta(hours=1)
# Bookings that are gone all at once stand for so long, unless somebody says that it is meant.
HELD_BACK_FOR = timedelta(hours=6)
# A few at once: one slow server keeps nobody waiting, and many calendars are no burst.
AT_ONCE = 4
HEALTH = "outside calendars"


@dataclass(slots=True)
class _Followed:
    """What the service knows of one calendar since it started."""

    kept: KeptCalendar
    due: float  # by the loop's clock
    came: Came | None
    reading: Reading | None = None  # the last whole one, judged for the days up to `until`
    until: datetime | None = None
    taken: Taken = field(default_factory=Taken)
    failures: int = 0
    failing_since: datetime | None = None
    held_since: datetime | None = None


class Polling:
    """All outside calendars of one house."""

    def __init__(
        self,
        store: CalendarStore,
        source: Source,
        reader: Reader,
        taking: Taking,
        clock: Clock,
        zone: Callable[[], ZoneInfo],
        report: Callable[[str, bool, str], None],
        *,
        spread: Callable[[], float] = random.random,
    ) -> None:
        """`report` is told how the part of this name is; `spread` is a number from 0 to 1 that nobody foresees."""
        self._store = store
        self._source = source
        self._reader = reader
        self._taking = taking
        self._clock = clock
        self._zone = zone
        self._report = report
        self._spread = spread
        self._version: int | None = None
        self._followed: dict[CalendarId, _Followed] = {}

    async def run(self) -> None:
        """Read whatever is due, for ever."""
        await look_again_and_again(self.look, every=LOOK_EVERY, failing="outside calendars wait", logger=logger)

    async def look(self) -> None:
        """Read those that are due, and say how all of them are."""
        await self._follow()
        now = self._clock.monotonic()
        due = sorted((one for one in self._followed.values() if one.due <= now), key=lambda one: one.due)[:AT_ONCE]
        async with asyncio.TaskGroup() as tasks:
            for one in due:
                tasks.create_task(self._read(one), name=f"read calendar {one.kept.outside.id}")
        self._tell()

    async def _follow(self) -> None:
        version = await self._store.version()
        if version == self._version:
            return
        before, now = self._followed, self._clock.monotonic()
        self._followed = {}
        for kept in await self._store.calendars():
            id = kept.outside.id
            if kept.is_removed:
                continue
            if id in before:
                self._followed[id] = before[id]
                continue
            # All at once at the start would be a burst; whoever adds one has just read it.
            first = self._spread() * min(SOONEST_S, kept.every_s)
            self._followed[id] = _Followed(kept, now + first, kept.last)
        self._version = version

    async def _read(self, one: _Followed) -> None:
        try:
            await self._read_once(one)
        except ControllerError as error:
            self._failed(one, error)
            with suppress(StoreError):  # it is told by the health board all the same
                await self._remember(one, error=str(error))
        else:
            if one.failures:
                logger.info("the calendar %s is read again", one.kept.outside.name)
            one.failures, one.failing_since = 0, None
            one.due = self._clock.monotonic() + one.kept.every_s * (0.9 + 0.2 * self._spread())

    async def _read_once(self, one: _Followed) -> None:
        now = self._clock.now()
        until = window_end(now)
        came = one.came if one.reading is not None and one.until == until else None
        fetched = await self._source.fetch(
            one.kept.url, came.etag if came is not None else None, came.modified if came is not None else None
        )
        is_same = fetched is None or (came is not None and came.content == content_of(fetched))
        if is_same and one.taken.is_settled and one.failing_since is None:
            return
        if fetched is not None and not is_same:
            one.reading, one.until = await self._reader.read(fetched.data, now, until, self._zone()), until
        assert one.reading is not None  # "as it was" is no answer before there was one
        sure = one.held_since is not None and now - one.held_since >= HELD_BACK_FOR
        one.taken = await self._taking.take(one.kept.outside, one.reading, until, sure=sure)
        one.held_since = (one.held_since or now) if one.taken.held_back else None
        await self._remember(one, fetched=fetched, report=one.taken.report)

    async def _remember(
        self, one: _Followed, *, fetched: Fetched | None = None, report: Report | None = None, error: str | None = None
    ) -> None:
        before = one.came or Came(self._clock.now())
        came = replace(before, at=self._clock.now(), error=error, report=report or before.report)
        if fetched is not None:
            came = replace(came, etag=fetched.etag, modified=fetched.modified, content=content_of(fetched))
        one.came = came
        await self._store.came(one.kept.outside.id, came)

    def _failed(self, one: _Followed, error: ControllerError) -> None:
        first = not one.failures
        one.failures += 1
        one.failing_since = one.failing_since or self._clock.now()
        wait = min(one.kept.every_s * 2.0 ** min(one.failures - 1, 16), BACK_OFF_LIMIT_S)
        one.due = self._clock.monotonic() + wait * (0.5 + 0.5 * self._spread())
        level = logging.WARNING if first else logging.DEBUG
        logger.log(level, "the calendar %s cannot be read: %s", one.kept.outside.name, error)

    def _tell(self) -> None:
        now = self._clock.now()
        long = [
            one
            for one in self._followed.values()
            if one.failing_since is not None and now - one.failing_since >= FAILS_LONG
        ]
        held = [one for one in self._followed.values() if one.taken.held_back]
        if long:
            words = long[0].came.error if long[0].came is not None else None
            more = f", and {len(long) - 1} more" if len(long) > 1 else ""
            text = f"{long[0].kept.outside.name} cannot be read: {words or 'the database does not answer'}{more}"
        elif held:
            one = held[0]
            text = (
                f"{len(one.taken.held_back)} bookings are gone from {one.kept.outside.name} all at once and stand all the "
                f"same: `natoma calendars show {one.kept.outside.id}`"
            )
        else:
            text = f"{len(self._followed)} read" if self._followed else "none"
        self._report(HEALTH, not long and not held, text)


def content_of(fetched: Fetched) -> str:
    """By which the same file is known again, of a server that does not say."""
    return hashlib.sha256(fetched.data).hexdigest()


def words_of_every(seconds: int) -> str:
    """How often, as it is typed."""
    sizes: Mapping[str, int] = {"d": 86_400, "h": 3_600, "m": 60}
    for unit, size in sizes.items():
        if seconds % size == 0:
            return f"{seconds // size}{unit}"
    return f"{seconds}s"
