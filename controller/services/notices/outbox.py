"""The outbox: what happened is read from the event log, what is news waits in the store, and is sent until it arrives.

The event log is followed by a cursor, so it does not matter which process did something, and nothing is on the path of a
tap. A message is marked as sent after it was: killed between the two, it may arrive twice, and never not at all.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from random import Random
from typing import Protocol

from controller.domain.building import Space
from controller.domain.community import Language, Profile
from controller.domain.facts import Fact, FactKind
from controller.domain.ids import AreaId, PersonId
from controller.domain.membership import Person, PersonKind
from controller.domain.notices import Channel, Notice, notices_of
from controller.services.lookouts import look_again_and_again
from controller.services.notices.store import Kept, NoticeStore
from controller.services.notices.words import Message, Names, written
from controller.services.ports import Clock, EventLog
from controller.services.screens.health import HealthBoard

logger = logging.getLogger(__name__)

LOOK_EVERY = 1.0
BATCH = 500
AT_ONCE = 20
FIRST_PAUSE = timedelta(seconds=30)
LONGEST_PAUSE = timedelta(hours=1)
# What somebody is told a day later is no news any more; staff see what never arrived.
GIVE_UP_AFTER = timedelta(days=1)
KEPT_FOR = timedelta(days=30)
HEALTH = "notices"


class SendError(Exception):
    """It did not arrive. `is_final`: another try is of no use. The text holds no secret."""

    def __init__(self, why: str, *, is_final: bool = False) -> None:
        super().__init__(why)
        self.is_final = is_final


class Notifier(Protocol):
    """Carries messages out of the house; SendError when one did not go."""

    def channels(self, profile: Profile) -> tuple[Channel, ...]: ...  # by which ways somebody can be told
    async def send(self, profile: Profile, channel: Channel, message: Message) -> None: ...


@dataclass(frozen=True, slots=True)
class House:
    """What the outbox asks of the rest."""

    space: Callable[[], Space]
    people: Callable[[], Mapping[PersonId, Person]]
    profile: Callable[[PersonId], Profile | None]
    is_inside: Callable[[PersonId], bool]


class Outbox:
    """Reads, keeps, sends."""

    def __init__(
        self,
        store: NoticeStore,
        notifier: Notifier,
        house: House,
        note: Callable[[Fact], None],
        board: HealthBoard,
        clock: Clock,
        random: Random | None = None,
    ) -> None:
        self._store = store
        self._notifier = notifier
        self._house = house
        self._note = note
        self._board = board
        self._clock = clock
        self._random = random or Random()
        self._cursor: int | None = None
        self._failing = 0

    async def run(self, log: EventLog) -> None:
        """For ever."""
        await look_again_and_again(partial(self._look, log), every=LOOK_EVERY, failing="notices wait", logger=logger)

    async def _look(self, log: EventLog) -> None:
        try:
            await self.follow(log)
            await self.send_due()
            await self._store.forget_before(self._clock.now() - KEPT_FOR)
        finally:
            self._tell()

    # --- what happened ----------------------------------------------------------------------------

    async def follow(self, log: EventLog) -> None:
        """Keep what is news out of all that has happened since the last time."""
        if self._cursor is None:
            self._cursor = await self._store.cursor()
        if self._cursor is None:
            newest = await log.latest(1)
            self._cursor = newest[-1].position if newest else 0
            await self._store.add([], self._clock.now(), self._cursor)
        while batch := await log.after(self._cursor, BATCH):
            now = self._clock.now()
            news = [one for logged in batch for one in self._news(logged.fact, now)]
            await self._store.add(news, now, batch[-1].position)
            self._cursor = batch[-1].position

    def _news(self, fact: Fact, now: datetime) -> list[Notice]:
        found = notices_of(fact, now, self._house.space(), self._hosts())
        return [one.by(channel) for one in found for channel in self._ways_to(one.person)]

    def _ways_to(self, person: PersonId) -> tuple[Channel, ...]:
        profile = self._house.profile(person)
        return self._notifier.channels(profile) if profile is not None and profile.wants_notices else ()

    def _hosts(self) -> list[PersonId]:
        """Staff who are in and can be told; with nobody in, all of them."""
        staff = [one.id for one in self._house.people().values() if one.kind is PersonKind.STAFF]
        told = [one for one in staff if self._ways_to(one)]
        return [one for one in told if self._house.is_inside(one)] or told

    # --- on their way -----------------------------------------------------------------------------

    async def send_due(self) -> None:
        """Try everything whose time has come, side by side: one slow server holds up nobody else's."""
        due = await self._store.due(self._clock.now(), AT_ONCE)
        if due:
            await asyncio.gather(*(self._try(one) for one in due))

    async def _try(self, kept: Kept) -> None:
        profile = self._house.profile(kept.notice.person)
        if profile is None or not profile.wants_notices:
            # They changed their mind while it waited.
            await self._store.give_up(kept.number, self._clock.now(), "not wanted any more")
            return
        try:
            await self._notifier.send(profile, kept.notice.channel, self._message(kept.notice, profile.language))
        except SendError as error:
            await self._failed(kept, error)
        else:
            await self._store.sent(kept.number, self._clock.now())
            self._failing = 0

    async def _failed(self, kept: Kept, error: SendError) -> None:
        now = self._clock.now()
        self._failing += 1
        if error.is_final or now - kept.made_at >= GIVE_UP_AFTER:
            await self._store.give_up(kept.number, now, str(error))
            logger.warning("notice %d (%s) is given up: %s", kept.number, kept.notice.kind, error)
            detail = {"notice": kept.number, "kind": kept.notice.kind.value, "reason": str(error)}
            self._note(Fact(FactKind.NOTICE_FAILED, now, person=kept.notice.person, detail=detail))
            return
        pause = min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** min(kept.attempts, 10))
        # Half of it by chance: a server that was away is not asked by everything at once.
        await self._store.put_off(kept.number, now + pause * self._random.uniform(0.5, 1.0), str(error))
        logger.log(
            logging.WARNING if kept.attempts == 0 else logging.DEBUG,
            "notice %d (%s) did not go, it is tried again: %s",
            kept.number,
            kept.notice.kind,
            error,
        )

    def _message(self, notice: Notice, language: Language) -> Message:
        return written(notice, language, self._names())

    def _names(self) -> Names:
        space, people = self._house.space(), self._house.people()

        def room(id: AreaId) -> str:
            known = space.areas.get(id)
            return known.name if known is not None else id

        def person(id: PersonId) -> str:
            known = people.get(id)
            return known.name if known is not None else id

        return Names(space.zone, room, person)

    def _tell(self) -> None:
        ok = self._failing == 0
        text = "sent as they come" if ok else f"the last {self._failing} tries did not arrive: natoma notices list"
        self._board.report(HEALTH, ok=ok, text=text, vital=False)
