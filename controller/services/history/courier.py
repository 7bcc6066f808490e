"""One batch of lines, seen through: sent, halved, waited for, until every line of it is taken or refused for good.

What follows from an answer is `domain.history.delivery`'s; which lines there are and what is kept of them is `sender`'s.
"""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Protocol

from controller.domain.history.delivery import (
    MOST_LINES,
    Effect,
    Heard,
    Part,
    Phase,
    Refused,
    Reply,
    Size,
    after_taken,
    after_too_large,
    heard,
    parts_of,
    pause_s,
    step,
)
from controller.services.history.outgoing import Database
from controller.services.meters import Meters
from controller.services.ports import Clock

logger = logging.getLogger(__name__)

# So often a pause is looked up from: does somebody want it tried at once? And the page shows how old the oldest is.
LOOK_EVERY = 1.0


class Desk(Protocol):
    """Who hears how it goes."""

    def stopped(self, why: str) -> None: ...  # only somebody can mend it
    def resumed(self) -> None: ...
    async def is_wished(self) -> bool: ...  # asked in every pause: is it to be tried at once?


@dataclass(slots=True)
class Delivered:
    """What became of a batch."""

    refused: list[Refused] = field(default_factory=list)
    # The database had gone meanwhile, and may have forgotten what it confirmed just before.
    resend_recent: bool = False


class Courier:
    """Goes again and again, for ever; `phase` and `trouble` say how it goes."""

    def __init__(
        self,
        database: Database,
        desk: Desk,
        meters: Meters,
        clock: Clock,
        *,
        most: int = MOST_LINES,
        random: Random | None = None,
    ) -> None:
        self._database = database
        self._desk = desk
        self._clock = clock
        self._random = random or Random()
        self._answers = {
            said: meters.counter("natoma_sending_requests_total", "Requests, by what came back.", answer=said)
            for said in Heard
        }
        self._taken = meters.counter("natoma_sending_lines_total", "Readings a database has taken.")
        self._took = meters.histogram("natoma_sending_request_seconds", "Time until a database answered.")
        self._failures = 0
        self.size = Size(most, most)
        self.phase = Phase.FLOWING
        self.trouble = ""  # why nothing goes; "" while all is well

    async def deliver(self, lines: Sequence[str]) -> Delivered:
        """Returns when every line is taken, or refused for good."""
        todo, done = list(lines), Delivered()
        parts = parts_of(len(todo), self.size.lines)[::-1]  # the next to go is the last
        while parts:
            part = parts.pop()
            reply = await self._post(todo[part.start : part.end])
            said = heard(reply, len(part))
            self._answers[said].add()
            before = self.phase
            self.phase, effects = step(before, said)
            if reply.anew and self.phase is Phase.FLOWING:
                done.resend_recent = True
            self._note(before, reply)
            for effect in effects:
                if effect is Effect.PAUSE:
                    parts.append(part)
                    await self._rest(reply)
                elif effect is Effect.HALVE:
                    parts.extend(_halves(todo, part, said))
                else:
                    self._do(effect, todo[part.start : part.end], reply, done)
        return done

    async def _post(self, lines: Sequence[str]) -> Reply:
        started = self._clock.monotonic()
        reply = await self._database.write(lines)
        self._took.observe(self._clock.monotonic() - started)
        return reply

    def _do(self, effect: Effect, lines: Sequence[str], reply: Reply, done: Delivered) -> None:
        match effect:
            case Effect.MOVE_ON:
                self._taken.add(len(lines))
                self.size = after_taken(self.size)
            case Effect.SEND_LESS:
                self.size = after_too_large(self.size, len(lines))
            case Effect.PARK:
                done.refused.extend(Refused(line, reply.words) for line in lines)
            case Effect.STOP:
                self._desk.stopped(self.trouble)
            case Effect.RESUME:
                self._desk.resumed()
            case Effect.RESEND_RECENT:
                done.resend_recent = True

    def _note(self, before: Phase, reply: Reply) -> None:
        """WARNING when it begins to fail, DEBUG while it goes on, INFO when it is over."""
        address = self._database.address
        if self.phase is Phase.FLOWING:
            if before is not Phase.FLOWING:
                logger.info("the database at %s takes readings again", address)
            self._failures, self.trouble = 0, ""
            return
        self._failures += 1
        self.trouble = f"the database at {address} {_MEANING[self.phase]}: {reply.words}"
        logger.log(logging.DEBUG if before is self.phase else logging.WARNING, "readings wait: %s", self.trouble)

    async def _rest(self, reply: Reply) -> None:
        chance = self._random.random()
        until = self._clock.monotonic() + pause_s(self.phase, self._failures, chance, reply.retry_after_s)
        while (left := until - self._clock.monotonic()) > 0:
            await asyncio.sleep(min(left, LOOK_EVERY))
            if await self._desk.is_wished():
                return


_MEANING = {
    Phase.SLOWED: "asks us to wait",
    Phase.AWAY: "does not answer",
    Phase.STOPPED: "does not let us write (look at influx_url, influx_org, influx_bucket and influx_token)",
}


def _halves(lines: list[str], part: Part, said: Heard) -> list[Part]:
    """Both halves, the first to go last. What is bad is often all of one series: sorted, it is found in a few steps."""
    if said is Heard.BAD_AMONG:
        lines[part.start : part.end] = sorted(lines[part.start : part.end])
    first, second = part.halves()
    return [second, first]
