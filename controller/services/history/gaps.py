"""What was lost on its way to us, made facts: numbers that never came, a forgotten session, what a broker or we dropped.

How numbers are counted is `domain.history.sequence`'s. Here the counts of all devices are fed with what was kept, told
once a second, and kept through a restart: with them the last row that is in them, so that a start counts on with the
rows after it and neither misses a number nor finds a gap that is none.
"""

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Protocol

from controller.domain.facts import Fact, FactKind
from controller.domain.history.losses import dropped_since
from controller.domain.history.sequence import Count, Gap, News, booted, told, took, uncertain
from controller.domain.ids import DeviceId
from controller.errors import StoreError
from controller.services.meters import Meters
from controller.services.ports import Clock, LoggedFact, TelemetryRow
from controller.services.presence import Presence
from devices.codec import number_in

logger = logging.getLogger(__name__)

# What only overtook another on its way is here within this time: no gap, and no news.
SETTLES_S = 2.0
# A device that loses every second message is told as often as somebody could read it.
TOLD_EVERY_S = 10.0
# The rows of so long are read again at a start after a kill.
SAVED_EVERY_S = 10.0
# After news of a loss: the fact is on the disk first, so that a kill between never swallows it.
SAVED_AFTER_NEWS_S = 0.2
# Of very many gaps told at once, so many are named.
NAMED = 8

BROKER_QUEUE, BROKER_SESSION, SPOOL = "broker_queue", "broker_session", "spool"


@dataclass(frozen=True, slots=True)
class Remembered:
    """What the next run must know."""

    counts: Mapping[DeviceId, Count] = field(default_factory=dict)
    last: tuple[DeviceId, str] | None = None  # device and key of the newest row that is in the counts
    dropped: Mapping[str, int] = field(default_factory=dict)  # by broker, its own counter as we last saw it
    sessions: frozenset[str] = frozenset()  # names of those that a broker keeps for us
    at: datetime | None = None  # when this was kept; facts of later may tell what is counted again


class NumberStore(Protocol):
    """Keeps `Remembered`, and knows the rows of the telemetry log by the keys of their messages."""

    @property
    def before(self) -> Remembered: ...  # as the last run left it
    # The rows kept after this one, oldest first; None where the log does not have it.
    async def rows_after(self, last: tuple[DeviceId, str]) -> Sequence[tuple[DeviceId, str]] | None: ...
    async def save(self, remembered: Remembered) -> None: ...


@dataclass(slots=True)
class _Telling:
    """When a device's news are due: not before they have settled, nor soon after the last."""

    due: float | None = None
    told_at: float = float("-inf")


class Gaps:
    """The numbers of every device of the house, and the losses that no number tells."""

    def __init__(
        self,
        store: NumberStore,
        presence: Presence,
        note: Callable[[Fact], None],
        clock: Clock,
        meters: Meters,
        *,
        spool_dropped: Callable[[], int],
    ) -> None:
        self._store = store
        self._presence = presence
        self._note = note
        self._clock = clock
        self._meters = meters
        self._spool_dropped = spool_dropped
        self._spool_told = 0
        self._spool_told_at = float("-inf")
        self._counts: dict[DeviceId, Count] = {}
        self._tellings: dict[DeviceId, _Telling] = {}
        self._last: tuple[DeviceId, str] | None = None
        self._dropped: dict[str, int] = {}
        self._sessions: frozenset[str] = frozenset()
        self._saved = Remembered()
        self._news = asyncio.Event()
        meters.gauge(
            "natoma_messages_missing",
            "Numbers of devices that never came.",
            lambda: float(sum(count.missing for count in self._counts.values())),
        )

    def missing(self, device: DeviceId) -> int:
        """How many numbers of this device never came, ever."""
        return self._counts.get(device, Count()).missing

    # --- before anything comes in -----------------------------------------------------------------

    async def recall(self, facts: Iterable[LoggedFact]) -> None:
        """Count on where the last run ended; `facts` of before, so that nothing is told twice."""
        before = self._store.before
        self._counts, self._last = dict(before.counts), before.last
        self._dropped, self._sessions = dict(before.dropped), before.sessions
        if before.last is not None:
            await self._count_on(before.last)
        is_told = {
            (logged.fact.device, logged.fact.detail.get("numbers"))
            for logged in facts
            if logged.fact.kind is FactKind.GAP_FOUND and before.at is not None and logged.fact.at >= before.at
        }
        for device, count in self._counts.items():
            after, news = told(count)
            if news.found and (device, _names(news)) in is_told:
                self._counts[device] = after
            elif news.found or news.filled:
                self._is_due(device)
            self._presence.missing_is(device, count.missing)
        self._saved = replace(before, at=None)

    async def _count_on(self, last: tuple[DeviceId, str]) -> None:
        try:
            rows = await self._store.rows_after(last)
        except StoreError as error:
            logger.warning("gaps of before this start are not known: %s", error)
            rows = None
        if rows is None:
            self._counts = {device: uncertain(count) for device, count in self._counts.items()}
            return
        for device, key in rows:
            self._last = (device, key)
            numbered = number_in(key)
            if numbered is None:
                # Its number stood beside an id, if it had one.
                self._counts[device] = uncertain(self._counts.get(device, Count()))
                continue
            boot, number = numbered
            self._count(device, boot, number)

    # --- as it happens ----------------------------------------------------------------------------

    def kept(self, rows: Sequence[TelemetryRow]) -> None:
        """Rows that are durable and were new, in the order of the log."""
        for row in rows:
            if row.seq is not None:
                before, after = self._count(row.device, self._boot_of(row), row.seq)
                if before.missing != after.missing:
                    self._is_due(row.device)
                    self._presence.missing_is(row.device, after.missing)
        if rows:
            self._last = (rows[-1].device, rows[-1].key)

    def broker_dropped(self, broker: str, total: int, *, is_old: bool) -> None:
        """The broker's own count of messages it dropped; `is_old` when it was waiting for us."""
        count = dropped_since(self._dropped.get(broker), total, is_old=is_old)
        self._dropped[broker] = total
        if count:
            self._lost(BROKER_QUEUE, count)

    def session_kept(self, name: str) -> None:
        """A broker keeps this session of ours from now on: a later start that does not find it has lost something."""
        if name not in self._sessions:
            self._sessions |= {name}
            self._news.set()

    def session_lost(self, link: str) -> None:
        """The broker had no session where it should have: what waited in it is gone, and nobody knows how much."""
        self._lost(BROKER_SESSION, None, link=link)

    def look(self) -> None:
        """Once a second: what has settled is told."""
        now = self._clock.monotonic()
        for device, telling in self._tellings.items():
            if telling.due is not None and now >= telling.due:
                telling.due = None
                telling.told_at = now
                self._tell(device)
        dropped = self._spool_dropped()
        if dropped > self._spool_told and now - self._spool_told_at >= TOLD_EVERY_S:
            self._lost(SPOOL, dropped - self._spool_told)
            self._spool_told, self._spool_told_at = dropped, now

    # --- kept -------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Keep what the next run must know, now and then and after each loss; the last time on the way out."""
        failing = False
        try:
            while True:
                try:
                    async with asyncio.timeout(SAVED_EVERY_S):
                        await self._news.wait()
                    self._news.clear()
                except TimeoutError:
                    pass
                await asyncio.sleep(SAVED_AFTER_NEWS_S)
                try:
                    await self._save()
                except StoreError as error:
                    logger.log(logging.DEBUG if failing else logging.WARNING, "the counts wait: %s", error)
                    failing = True
                else:
                    failing = False
        finally:
            try:
                await self._save()
            except StoreError as error:
                logger.warning("the counts are as of the last %g s before: %s", SAVED_EVERY_S, error)

    async def _save(self) -> None:
        now = Remembered(dict(self._counts), self._last, dict(self._dropped), self._sessions)
        if now != self._saved:
            await self._store.save(replace(now, at=self._clock.now()))
            self._saved = now

    # --- small steps ------------------------------------------------------------------------------

    def _count(self, device: DeviceId, boot: str, number: int) -> tuple[Count, Count]:
        before = self._counts.get(device)
        if before is None:
            before = Count()
            self._news.set()  # the first of a device is the beginning of its count, also after a kill
        after = took(booted(before, boot) if boot else before, number)
        self._counts[device] = after
        return before, after

    def _boot_of(self, row: TelemetryRow) -> str:
        """The boot that was known when it came; another may have been announced since. An id says nothing of it."""
        numbered = number_in(row.key)
        return numbered[0] if numbered is not None else self._presence.of(row.device).presence.boot or ""

    def _is_due(self, device: DeviceId) -> None:
        telling = self._tellings.setdefault(device, _Telling())
        if telling.due is None:
            telling.due = max(self._clock.monotonic() + SETTLES_S, telling.told_at + TOLD_EVERY_S)

    def _tell(self, device: DeviceId) -> None:
        self._counts[device], news = told(self._counts[device])
        at = self._clock.now()
        if news.found:
            self._note(
                Fact(FactKind.GAP_FOUND, at, device=device, detail={"count": news.found, "numbers": _names(news)})
            )
        if news.filled:
            self._note(Fact(FactKind.GAP_FILLED, at, device=device, detail={"count": news.filled}))
        self._news.set()

    def _lost(self, where: str, count: int | None, **more: str) -> None:
        self._meters.counter("natoma_messages_lost_total", "Losses between devices and us.", where=where).add(
            count or 1
        )
        self._note(
            Fact(FactKind.MESSAGES_LOST, self._clock.now(), detail={"where": where, "count": count, **more}),
        )
        self._news.set()


def _names(news: News) -> str:
    named = ", ".join(_name(gap) for gap in news.gaps[:NAMED])
    more = len(news.gaps) - NAMED
    return f"{named} and {more} more gaps" if more > 0 else named


def _name(gap: Gap) -> str:
    return str(gap.first) if gap.count == 1 else f"{gap.first}-{gap.last}"
