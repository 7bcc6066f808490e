"""What sending readings on needs: a database that takes lines, and a place that remembers how far it is.

`sender` says what goes when, `courier` sees one batch through. Nothing here knows HTTP or SQL.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from controller.domain.history.delivery import MOST_LINES, Parked, Refused, Reply, Sent
from controller.services.history.ports import LoggedReadings, ReadingsLog


class Database(Protocol):
    """Takes lines. What it or the network does is a reply, never an error."""

    @property
    def address(self) -> str: ...  # for people; without a secret
    async def lines_of(self, rows: Sequence[LoggedReadings]) -> list[str]: ...  # one for each reading; holds up nobody
    async def write(self, lines: Sequence[str]) -> Reply: ...


@dataclass(frozen=True, slots=True)
class Parking:
    """What became of the lines that were to be parked."""

    new: int = 0  # that were not there already
    dropped: int = 0  # the oldest, where there were too many


class SendingStore(Protocol):
    """How far the log was sent, and what was refused; durable when a call returns, StoreError when it cannot be."""

    async def sent(self) -> Sent: ...
    # Both or neither.
    async def advance(self, sent: Sent, refused: Sequence[Refused], at: datetime) -> Parking: ...
    async def parked(self) -> int: ...  # how many there are
    async def due(self, limit: int) -> list[Parked]: ...  # those to be tried again, oldest first
    # Of those tried: `taken` are forgotten, `refused` wait for somebody again.
    async def tried(self, taken: Sequence[int], refused: Sequence[tuple[int, str]], at: datetime) -> None: ...
    async def wished(self) -> int: ...  # how often somebody has asked that it be tried at once


@dataclass(frozen=True, slots=True)
class Outgoing:
    """What readings are sent on from, to, and by."""

    log: ReadingsLog
    database: Database
    store: SendingStore
    most: int = MOST_LINES  # lines of one request
