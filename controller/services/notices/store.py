"""Where notices wait until they are sent: a port. The event log is followed by a cursor kept in the same transaction."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from controller.domain.notices import Notice


class NoticeState(StrEnum):
    WAITING = "waiting"
    SENT = "sent"
    FAILED = "failed"  # given up; `natoma notices retry` tries again


@dataclass(frozen=True, slots=True)
class Kept:
    """One notice on its way. Moments are aware UTC."""

    number: int
    notice: Notice
    made_at: datetime
    state: NoticeState
    attempts: int
    next_at: datetime  # not tried before
    sent_at: datetime | None = None
    error: str | None = None  # of the last attempt, without any address's secrets


class NoticeStore(Protocol):
    """Each writer is one transaction."""

    async def cursor(self) -> int | None: ...  # position in the event log; None: not begun
    # Those whose key is new, and how far the log has been read: both or neither.
    async def add(self, notices: Sequence[Notice], at: datetime, cursor: int) -> int: ...
    async def due(self, at: datetime, limit: int) -> list[Kept]: ...  # waiting, the longest due first
    async def sent(self, number: int, at: datetime) -> None: ...
    async def put_off(self, number: int, until: datetime, error: str) -> None: ...
    async def give_up(self, number: int, at: datetime, error: str) -> None: ...
    async def retry(self, number: int | None, at: datetime) -> int: ...  # failed ones wait again; how many
    async def newest(self, limit: int, state: NoticeState | None = None) -> list[Kept]: ...
    async def forget_before(self, at: datetime) -> int: ...  # those sent or given up, made before
