"""Who comes for the first time ever: noticed once, at their first entry, and only of people of this house.

The first entry of each is kept with the people. A house that ran before anybody kept it has them in its event log, which
is read once: nobody who has been coming for weeks is welcomed as new.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import datetime
from functools import partial

from controller.domain.facts import Fact, FactKind
from controller.domain.ids import PersonId
from controller.errors import StoreError
from controller.services.people.profiles import ProfileStore
from controller.services.ports import EventLog, LoggedFact

logger = logging.getLogger(__name__)

BATCH = 1000
AGAIN = 5.0
# Entries that wait for the store; what is beyond them is noticed at that person's next entry.
WAITING_LIMIT = 1000


class FirstEntries:
    """Notes each first entry, and says so as a fact."""

    def __init__(
        self, store: ProfileStore, is_newcomer: Callable[[PersonId, datetime], bool], tell: Callable[[Fact], None]
    ) -> None:
        self._store = store
        self._is_newcomer = is_newcomer
        self._tell = tell
        self._known: set[PersonId] = set()
        self._waiting: asyncio.Queue[Fact] = asyncio.Queue(WAITING_LIMIT)

    def took(self, logged: LoggedFact) -> None:
        """One fact, as it happens."""
        fact = logged.fact
        if fact.kind is FactKind.ENTRY_TAKEN and fact.person is not None and fact.person not in self._known:
            try:
                self._waiting.put_nowait(fact)
            except asyncio.QueueFull:
                logger.debug("first entries: %s is noticed at the next entry", fact.person)

    async def run(self, log: EventLog, now: datetime) -> None:
        """For ever; what happened before `now` is news to nobody."""
        await self._until_done(partial(self._learn, log, now))
        while True:
            fact = await self._waiting.get()
            await self._until_done(partial(self._note, fact))

    async def _learn(self, log: EventLog, now: datetime) -> None:
        self._known = set(await self._store.first_entries())
        if self._known:
            return
        position = 0
        while batch := await log.after(position, BATCH):
            for logged in batch:
                fact = logged.fact
                if fact.kind is FactKind.ENTRY_TAKEN and fact.person is not None and fact.at < now:
                    await self._remember(fact.person, fact.at)
            position = batch[-1].position

    async def _note(self, fact: Fact) -> None:
        person = fact.person
        assert person is not None
        is_first = person not in self._known and await self._remember(person, fact.at)
        if is_first and self._is_newcomer(person, fact.at):
            self._tell(Fact(FactKind.FIRST_VISIT, fact.at, door=fact.door, person=person, correlation=fact.correlation))

    async def _remember(self, person: PersonId, at: datetime) -> bool:
        if person in self._known:
            return False
        is_new = await self._store.note_first_entry(person, at)
        self._known.add(person)
        return is_new

    async def _until_done(self, work: Callable[[], Awaitable[None]]) -> None:
        """A store that cannot be written now can be later; the entries wait."""
        while True:
            try:
                await work()
            except StoreError as error:
                logger.warning("first entries wait: %s", error)
                await asyncio.sleep(AGAIN)
            else:
                return
