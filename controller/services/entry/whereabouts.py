"""Following where people are: facts as they happen, the cut-off each night, and what staff forgive.

What a fact moves is `domain.whereabouts`'s. "Forgive" is typed in another process and reaches this one through the event
log, where it is kept anyway: who forgave whom, and why.
"""

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime

from controller.domain.building import Space
from controller.domain.facts import Fact, FactKind
from controller.domain.house_rights import may, who_may
from controller.domain.ids import PersonId
from controller.domain.membership import Person, Right
from controller.domain.whereabouts import Layout, Whereabouts
from controller.errors import InputError, StoreError
from controller.services.desk.house_desk import person_of
from controller.services.ports import Clock, EventLog, LoggedFact

logger = logging.getLogger(__name__)

# Whoever was forgiven is told "try again" by somebody at the desk: it counts before they are back at the door.
LOOK_EVERY = 0.3
BATCH = 500
# Facts that other processes write into the log.
_FROM_ELSEWHERE = frozenset({FactKind.ON_AIR_ASKED, FactKind.WHEREABOUTS_FORGIVEN})


class Following:
    """Keeps `whereabouts` with what happens."""

    def __init__(self, space: Callable[[], Space], clock: Clock) -> None:
        self._space = space
        self._laid_out = space()
        self._clock = clock
        layout = Layout.of(self._laid_out)
        self.whereabouts = Whereabouts(layout, layout.day(clock.now()))
        self._position = 0

    def recall(self, facts: Iterable[LoggedFact]) -> None:
        """After a restart: what has happened since the cut-off, oldest first."""
        for logged in facts:
            self._position = max(self._position, logged.position)
            if self.whereabouts.layout.day(logged.fact.at) == self.whereabouts.day:
                self.whereabouts.take(logged.fact)

    def took(self, logged: LoggedFact) -> None:
        """One fact, as it happens."""
        self.whereabouts.take(logged.fact)

    def look(self) -> None:
        """Once a second: the cut-off, and another version of the space."""
        if (space := self._space()) is not self._laid_out:
            self._laid_out = space
            self.whereabouts.relayout(Layout.of(space))
        today = self.whereabouts.layout.day(self._clock.now())
        if today != self.whereabouts.day:
            self.whereabouts.new_day(today)

    async def run(self, log: EventLog, tell: Callable[[Fact], None]) -> None:
        """Tell, as any other fact, what other processes have written into the log, until cancelled."""
        failing = False
        if not self._position:
            self._position = next((logged.position for logged in await log.latest(1)), 0)
        while True:
            await asyncio.sleep(LOOK_EVERY)
            try:
                for logged in await log.after(self._position, BATCH):
                    self._position = logged.position
                    if logged.fact.kind in _FROM_ELSEWHERE:
                        tell(logged.fact)
            except StoreError as error:
                logger.log(logging.DEBUG if failing else logging.WARNING, "the event log cannot be read: %s", error)
                failing = True
            else:
                failing = False


async def recalled(log: EventLog, since: datetime, *, at_least: int = 0) -> list[LoggedFact]:
    """Everything in the log from a moment on, and the newest few in any case, oldest first."""
    limit = max(BATCH, at_least)
    while True:
        facts = await log.latest(limit)
        if len(facts) < limit or facts[0].fact.at < since:
            newest = len(facts) - at_least
            return [logged for place, logged in enumerate(facts) if logged.fact.at >= since or place >= newest]
        limit *= 4


def forgiven(people: Mapping[PersonId, Person], who: str, by: str, reason: str, at: datetime) -> Fact:
    """The fact of somebody being forgiven, by somebody who may; InputError otherwise."""
    person = person_of(who, people, "PERSON")
    staff = who_forgives(people, by)
    if not reason.strip():
        raise InputError("--reason: is empty — say why, it is kept with the fact")
    return Fact(FactKind.WHEREABOUTS_FORGIVEN, at, person=person.id, detail={"by": staff.id, "reason": reason.strip()})


def who_forgives(people: Mapping[PersonId, Person], by: str) -> Person:
    """Whoever was named, if they hold the right to forgive."""
    person = person_of(by, people)
    if may(person, Right.FORGIVE):
        return person
    others = ", ".join(one.name for one in who_may(people.values(), Right.FORGIVE))
    ask = f"ask {others}" if others else f"nobody may yet: give somebody the right {Right.FORGIVE}"
    raise InputError(f"{person.name} may not forgive (right {Right.FORGIVE}) — {ask}")
