"""What keeping needs of the stores: their oldest parts, named, and a way to let go of them."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from controller.domain.facts import FactKind
from controller.domain.keeping import Trust
from controller.services.ports import LoggedFact


class PastFacts(Protocol):
    """The event log, for whoever cleans it. Positions stay what they are; the newest fact is never deleted."""

    async def after(self, position: int, limit: int = ...) -> list[LoggedFact]: ...
    async def latest(self, limit: int = ...) -> list[LoggedFact]: ...
    # Those of before that moment which may name somebody, past `position` and up to `upto`.
    async def naming(self, position: int, upto: int, before: datetime) -> list[LoggedFact]: ...
    # Positions of such facts of these kinds, or of all others.
    async def outlived(
        self, position: int, upto: int, before: datetime, kinds: Collection[FactKind], *, others: bool = ...
    ) -> list[int]: ...
    async def rewrite(self, instead: Sequence[LoggedFact], gone: Sequence[int]) -> None: ...  # all of it or nothing


class Measured(StrEnum):
    """What a file of history holds."""

    READINGS = "readings"
    HOURLY = "hourly"


@dataclass(frozen=True, slots=True)
class HistoryFile:
    """One file of readings: a month of them, or a year of their hours. Nothing in it is from `end` or later."""

    name: str
    holds: Measured
    end: datetime
    size: int


class PastReadings(Protocol):
    """The store of readings, for whoever cleans it."""

    async def files(self) -> list[HistoryFile]: ...  # the oldest first
    async def drop(self, file: HistoryFile) -> None: ...  # whoever reads in it meanwhile reads on
    async def refused_before(self, before: datetime) -> int: ...
    async def forget_refused(self, before: datetime, limit: int) -> int: ...  # how many went, `limit` at most


class KnownTime(Protocol):
    """What the house knows of the time, over its restarts. What cannot be read is not known."""

    async def load(self) -> Trust | None: ...
    async def save(self, trust: Trust) -> None: ...
