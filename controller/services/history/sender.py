"""Readings sent on to a database: the log is the outbox, and a cursor over it says how far it is.

The cursor moves when the database has taken a batch, or its bad lines are parked, and is on the disk before the next
batch goes. How one batch gets there is `courier`'s; what an answer means is `domain.history.delivery`'s.
"""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from controller.domain.alarm import AlarmKind
from controller.domain.facts import Fact, FactKind
from controller.domain.history.delivery import (
    NOTHING_SENT,
    RESEND_EVERY,
    Sent,
    Trail,
    missed,
    rows_within,
    start_from,
)
from controller.errors import StoreError
from controller.services.doors.alarms import Alarms
from controller.services.history.courier import Courier, Delivered
from controller.services.history.outgoing import Outgoing
from controller.services.history.ports import LoggedReadings
from controller.services.lookouts import look_again_and_again
from controller.services.meters import Meters
from controller.services.ports import Clock
from controller.services.screens.health import HealthBoard

logger = logging.getLogger(__name__)

CONSUMER = "influxdb"
HEALTH = "sending readings on"
# What came within a second goes as one request: a building's worth, for the price of one.
LOOK_EVERY = 1.0
# Catching up takes no more than this of a machine that has doors to open: a hundred times what a large house measures.
LINES_PER_SECOND = 50_000
# One bad channel refused every second is one line a minute in the stream.
TELL_EVERY = 60.0
PARKED_AT_ONCE = 500
PARKED_EVERY = 5.0
DROPPED_WHY = "the database has refused more readings than are kept for it; the oldest of these are in the house's own history alone"
# Fewer than this are on their way, not behind.
FEW = 1_000


@dataclass(frozen=True, slots=True)
class House:
    """Who is told."""

    note: Callable[[Fact], None]
    alarms: Alarms
    board: HealthBoard
    meters: Meters
    clock: Clock


class Sender:
    """Sends for ever. One event loop's."""

    def __init__(
        self,
        outgoing: Outgoing,
        house: House,
        *,
        random: Random | None = None,
    ) -> None:
        self._log = outgoing.log
        self._database = outgoing.database
        self._store = outgoing.store
        self._house = house
        self._clock = house.clock
        self._courier = Courier(outgoing.database, self, house.meters, house.clock, most=outgoing.most, random=random)
        self._position: int | None = None  # None: not looked up yet
        self._sent = NOTHING_SENT
        self._furthest = 0
        self._trail = Trail()
        self._resent_at: float | None = None
        self._resend_from: int | None = None  # what the database may have forgotten begins behind it
        self._wishes = 0
        self._parked = 0
        self._looked_at = 0.0
        self._oldest_ns: int | None = None  # of what goes now
        self._rows_per_line = 1.0
        self._refused = _Tally(self._tell_parked, house.clock)
        self._dropped = _Tally(self._tell_dropped, house.clock)
        meters = house.meters
        self._shed = meters.counter("natoma_sending_shed_total", "Messages dropped for want of space before they went.")
        self._parked_dropped = meters.counter(
            "natoma_sending_parked_dropped_total", "Readings the database refused that were dropped for want of space."
        )
        meters.gauge("natoma_sending_behind", "Messages that are not yet sent on.", lambda: float(self.behind))
        meters.gauge("natoma_sending_oldest_seconds", "Age of the oldest reading not yet sent on.", self.oldest_s)
        meters.gauge("natoma_sending_parked", "Readings that the database refused.", lambda: float(self._parked))

    @property
    def behind(self) -> int:
        """Messages in the log that the database does not have."""
        return max(0, self._log.last_position - self._sent.position)

    def oldest_s(self) -> float:
        """How long ago the oldest of them was measured; 0 while there is none."""
        if self._oldest_ns is None or not self.behind:
            return 0.0
        return max(0.0, self._clock.now().timestamp() - self._oldest_ns / 1e9)

    async def run(self) -> None:
        await look_again_and_again(self.look, every=LOOK_EVERY, failing="readings are not sent on", logger=logger)

    async def look(self) -> None:
        """Send all there is."""
        try:
            if self._position is None:
                await self._begin()
            await self._send_parked()
            while await self._send_some():
                # Catching up may take hours.
                if self._clock.monotonic() - self._looked_at >= PARKED_EVERY:
                    await self._send_parked()
        finally:
            self.report()

    # --- where it goes on -------------------------------------------------------------------------

    async def _begin(self) -> None:
        self._sent = await self._store.sent()
        self._wishes = await self._store.wished()
        self._parked = await self._store.parked()
        start = start_from(self._sent, await self._mark_at(self._sent.position), self._log.last_position)
        if start.is_other_log:
            logger.warning(
                "the log of readings is not the one that was sent up to %d: all that is in it is sent again",
                self._sent.position,
            )
            self._sent = NOTHING_SENT
        self._position, self._furthest = start.position, self._sent.position
        self._trail = Trail().reached(start.position, self._clock.monotonic())
        self._log.release(CONSUMER, start.position)
        if not self._sent.position:
            # What has left the log before anybody wanted it sent on is not lost: it is in the house's own history.
            self._furthest = self._log.first_position() - 1
        elif gone := self._notice_missing(start.position):
            self._tell_skipped(gone)

    async def _mark_at(self, position: int) -> int | None:
        """When the row there was measured; None where it is not in the log any more."""
        rows = await self._log.after(position - 1, 1) if position else []
        return rows[0].at_ns if rows and rows[0].position == position else None

    # --- one batch --------------------------------------------------------------------------------

    async def _send_some(self) -> bool:
        """One request's worth; False when there is nothing left."""
        position = self._position or 0
        if self._log.last_position <= position:
            self._oldest_ns = None
            return False
        self._notice_missing(position)
        most = self._courier.size.lines
        rows = await self._log.after(position, max(1, int(most * self._rows_per_line)))
        if not rows:
            return False
        rows = rows[: rows_within([len(row.readings) for row in rows], most)]
        self._oldest_ns = rows[0].at_ns
        started = self._clock.monotonic()
        lines = await self._database.lines_of(rows)
        self._rows_per_line = len(rows) / max(1, len(lines))
        delivered = await self._courier.deliver(lines)
        await self._keep(rows[-1], delivered)
        self.report()
        await asyncio.sleep(max(0.0, len(lines) / LINES_PER_SECOND - (self._clock.monotonic() - started)))
        return True

    async def _keep(self, last: LoggedReadings, delivered: Delivered) -> None:
        """How far it is now, on the disk before anything else goes: a batch that is not noted goes once more."""
        now = self._clock.monotonic()
        trail = self._trail.reached(last.position, now)
        if delivered.resend_recent:
            self._resend_from = self._settled(trail)
        # Whoever goes on after a kill of ours must know of it as well.
        sent = Sent(last.position, last.at_ns, self._settled(trail))
        parking = await self._store.advance(sent, delivered.refused, self._clock.now())
        self._trail, self._sent, self._position = trail, sent, last.position
        self._furthest = max(self._furthest, last.position)
        self._log.release(CONSUMER, last.position)
        self._house.alarms.clear(AlarmKind.SENDING_STOPPED)  # one from before the last start
        if parking.new:
            self._parked += parking.new
            self._refused.add(parking.new, delivered.refused[0].words)
        if parking.dropped:
            self._parked -= parking.dropped
            self._parked_dropped.add(parking.dropped)
            self._dropped.add(parking.dropped, DROPPED_WHY)
        if self._resend_from is not None and (self._resent_at is None or now - self._resent_at >= RESEND_EVERY):
            # What goes again is settled no sooner than what goes for the first time.
            self._trail = Trail().reached(self._resend_from, now)
            self._resent_at, self._position, self._resend_from = now, self._resend_from, None
            logger.info("%s was away: what it took just before is sent again", self._database.address)

    def _settled(self, trail: Trail) -> int:
        """What the database has for good."""
        return trail.settled() if self._resend_from is None else min(trail.settled(), self._resend_from)

    def _notice_missing(self, position: int) -> int:
        """Count what left the log before it went. The log itself tells of it, as long as it knows that we read."""
        first = self._log.first_position()
        gone = missed(first, position, self._furthest)
        if gone:
            self._furthest = first - 1
            self._shed.add(gone)
        return gone

    # --- what was refused once --------------------------------------------------------------------

    async def _send_parked(self) -> None:
        """Those that somebody wants tried again; the cursor has nothing to do with them."""
        self._looked_at = self._clock.monotonic()
        while due := await self._store.due(PARKED_AT_ONCE):
            delivered = await self._courier.deliver([parked.line for parked in due])
            words = {refused.line: refused.words for refused in delivered.refused}
            taken = [parked.number for parked in due if parked.line not in words]
            still = [(parked.number, words[parked.line]) for parked in due if parked.line in words]
            await self._store.tried(taken, still, self._clock.now())
        self._parked = await self._store.parked()

    # --- how it goes ------------------------------------------------------------------------------

    def stopped(self, why: str) -> None:
        self._house.note(Fact(FactKind.SENDING_STOPPED, self._clock.now(), detail={"why": why}))
        self._house.alarms.raise_(AlarmKind.SENDING_STOPPED, detail={"why": why})

    def resumed(self) -> None:
        self._house.note(Fact(FactKind.SENDING_RESUMED, self._clock.now()))
        self._house.alarms.clear(AlarmKind.SENDING_STOPPED)

    async def is_wished(self) -> bool:
        """Whether somebody has said since the last time that it is to be tried at once; also, the page is told the age."""
        self.report()
        try:
            wishes = await self._store.wished()
        except StoreError:
            return False
        is_new, self._wishes = wishes != self._wishes, wishes
        return is_new

    def report(self) -> None:
        """Say on the board how it goes."""
        self._refused.tell_if_due()
        self._dropped.tell_if_due()
        figures = {
            "waiting": self.behind,
            "oldest_s": round(self.oldest_s()),
            "parked": self._parked,
            "parked_dropped": self._parked_dropped.value,
            "shed": self._shed.value,
        }
        trouble = self._courier.trouble
        text = trouble or f"to {self._database.address}"
        if self.behind > FEW or (trouble and self.behind):
            text += f"; {self.behind:,} messages wait, the oldest is {told_age(self.oldest_s())} old"
        if self._parked:
            text += f"; it refused {self._parked:,} {'reading' if self._parked == 1 else 'readings'}: natoma telemetry parked"
        # Doors and rooms do not need it.
        ok = not trouble and not self._parked
        self._house.board.report(HEALTH, ok=ok, text=text, figures=figures, vital=False)

    def _tell_parked(self, count: int, why: str) -> None:
        self._house.note(Fact(FactKind.POINTS_PARKED, self._clock.now(), detail={"count": count, "why": why}))

    def _tell_dropped(self, count: int, why: str) -> None:
        self._house.note(Fact(FactKind.READINGS_SHED, self._clock.now(), detail={"count": count, "why": why}))

    def _tell_skipped(self, messages: int) -> None:
        """Nobody read the log for a while, so it kept nothing for us."""
        why = f"{messages:,} messages left the log while nothing was sent on; they are in the house's own history"
        self._house.note(Fact(FactKind.READINGS_SHED, self._clock.now(), detail={"count": messages, "why": why}))


class _Tally:
    """Counts at once, tells at most once a minute."""

    def __init__(self, tell: Callable[[int, str], None], clock: Clock) -> None:
        self._tell = tell
        self._clock = clock
        self._count = 0
        self._why = ""
        self._told_at: float | None = None

    def add(self, count: int, why: str) -> None:
        self._count += count
        self._why = why
        self.tell_if_due()

    def tell_if_due(self) -> None:
        now = self._clock.monotonic()
        if self._count and (self._told_at is None or now - self._told_at >= TELL_EVERY):
            count, self._count, self._told_at = self._count, 0, now
            self._tell(count, self._why)


def told_age(seconds: float) -> str:
    """So old that a person can say it."""
    for limit, unit, name in ((120.0, 1.0, "s"), (7200.0, 60.0, "min"), (172_800.0, 3600.0, "h")):
        if seconds < limit:
            return f"{seconds / unit:.0f} {name}"
    return f"{seconds / 86_400:.0f} days"
