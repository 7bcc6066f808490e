"""Notices in memory: the NoticeStore port, and a notifier that keeps what it is given."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime

from controller.domain.community import Profile
from controller.domain.ids import PersonId
from controller.domain.notices import Channel, Notice
from controller.services.notices.outbox import SendError
from controller.services.notices.store import Kept, NoticeState
from controller.services.notices.words import Message


class MemoryNotices:
    """For these people."""

    def __init__(self, people: Collection[PersonId]) -> None:
        self.people = people
        self.kept: dict[int, Kept] = {}
        self._cursor: int | None = None

    async def cursor(self) -> int | None:
        return self._cursor

    async def add(self, notices: Sequence[Notice], at: datetime, cursor: int) -> int:
        before = len(self.kept)
        for one in notices:
            if one.person in self.people and one.key not in {kept.notice.key for kept in self.kept.values()}:
                number = max(self.kept, default=0) + 1
                self.kept[number] = Kept(number, one, at, NoticeState.WAITING, 0, at)
        self._cursor = cursor
        return len(self.kept) - before

    async def due(self, at: datetime, limit: int) -> list[Kept]:
        found = [one for one in self.kept.values() if one.state is NoticeState.WAITING and one.next_at <= at]
        return sorted(found, key=lambda one: (one.next_at, one.number))[:limit]

    async def sent(self, number: int, at: datetime) -> None:
        self.kept[number] = replace(self.kept[number], state=NoticeState.SENT, sent_at=at, error=None)

    async def put_off(self, number: int, until: datetime, error: str) -> None:
        one = self.kept[number]
        self.kept[number] = replace(one, next_at=until, attempts=one.attempts + 1, error=error)

    async def give_up(self, number: int, at: datetime, error: str) -> None:
        one = self.kept[number]
        self.kept[number] = replace(one, state=NoticeState.FAILED, attempts=one.attempts + 1, error=error)

    async def retry(self, number: int | None, at: datetime) -> int:
        again = [
            one
            for one in self.kept.values()
            if one.state is NoticeState.FAILED and (number is None or one.number == number)
        ]
        for one in again:
            self.kept[one.number] = replace(one, state=NoticeState.WAITING, next_at=at, made_at=at, attempts=0)
        return len(again)

    async def newest(self, limit: int, state: NoticeState | None = None) -> list[Kept]:
        found = [one for one in self.kept.values() if state is None or one.state is state]
        return sorted(found, key=lambda one: -one.number)[:limit]

    async def forget_before(self, at: datetime) -> int:
        over = [one for one in self.kept.values() if one.state is not NoticeState.WAITING and one.made_at < at]
        for one in over:
            del self.kept[one.number]
        return len(over)


class Mailbox:
    """A notifier that keeps what it is given, and fails as long as it is told to."""

    def __init__(self) -> None:
        self.sent: list[tuple[PersonId, Message]] = []
        self.channels_used: list[Channel] = []
        self.fails: SendError | None = None
        self.deaf: Channel | None = None

    def channels(self, profile: Profile) -> tuple[Channel, ...]:
        ways = ((Channel.MAIL, profile.email), (Channel.WEBHOOK, profile.webhook))
        return tuple(channel for channel, address in ways if address)

    async def send(self, profile: Profile, channel: Channel, message: Message) -> None:
        if self.fails is not None:
            raise self.fails
        if channel is self.deaf:
            raise SendError("away")
        self.channels_used.append(channel)
        self.sent.append((profile.person, message))
