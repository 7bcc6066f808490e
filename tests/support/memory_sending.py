"""What sending readings on needs, in memory: a log, a database that does as it is told, a place for the cursor."""

import asyncio
from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

from controller.adapters.influx.lines import Lines
from controller.domain.history.delivery import NOTHING_SENT, Parked, Refused, Reply, Sent
from controller.domain.history.values import Kind, Series, SeriesId
from controller.domain.ids import DeviceId
from controller.errors import StoreError
from controller.services.history.outgoing import Parking
from controller.services.history.ports import LoggedReadings

MIDNIGHT_NS = 1_795_392_000_000_000_000
TEMPERATURE = Series(SeriesId(1), DeviceId("sensor-1"), "t", Kind.NUMBER, "temperature", "°C")

TAKEN = Reply(204)
DENIED = Reply(401, "unauthorized access")
GONE = Reply(None, "connection refused")


class MemoryReadingsLog:
    """The `ReadingsLog` port: rows by position, from the oldest that is still there."""

    def __init__(self) -> None:
        self.rows: list[LoggedReadings] = []
        self.held: dict[str, int] = {}
        self.last_position = 0
        self.failing = False

    async def after(self, position: int, limit: int) -> list[LoggedReadings]:
        if self.failing:
            raise StoreError("the disk reports an error")
        start = bisect_right(self.rows, position, key=lambda row: row.position)
        return self.rows[start : start + limit]

    def release(self, consumer: str, upto: int) -> None:
        self.held[consumer] = upto

    def first_position(self) -> int:
        return self.rows[0].position if self.rows else self.last_position + 1

    # What the test does to it.

    def add(self, messages: int, *, at_ns: int | None = None, series: Series = TEMPERATURE) -> None:
        """So many messages more, each with one reading that says its own position."""
        for _ in range(messages):
            self.last_position += 1
            moment = MIDNIGHT_NS + self.last_position * 1_000_000 if at_ns is None else at_ns
            self.rows.append(LoggedReadings(self.last_position, moment, ((series, float(self.last_position)),)))

    def shed(self, upto: int) -> None:
        """The cap takes the oldest."""
        self.rows = [row for row in self.rows if row.position > upto]


class MemoryDatabase:
    """The `Database` port. It takes all, but for what `says` answers first."""

    address = "http://influx:8086"

    def __init__(self) -> None:
        self.points: list[str] = []  # what it was sent and took, in order
        self.requests: list[list[str]] = []
        self.replies: list[Reply] = []  # its next answers, instead of its own
        self.says: Callable[[Sequence[str]], Reply] = lambda _: TAKEN
        self.takes_s = 0.0

    async def lines_of(self, rows: Sequence[LoggedReadings]) -> list[str]:
        return Lines().of(rows)

    async def write(self, lines: Sequence[str]) -> Reply:
        self.requests.append(list(lines))
        await asyncio.sleep(self.takes_s)
        reply = self.replies.pop(0) if self.replies else self.says(lines)
        if reply.status == 204:
            self.points.extend(lines)
        return reply

    @property
    def lines(self) -> list[str]:
        """Every line of every request, taken or not."""
        return [line for request in self.requests for line in request]

    @property
    def values(self) -> list[int]:
        """Which readings it has, by the number each says; a point sent twice is one."""
        return sorted({value_of(line) for line in self.points})


def value_of(line: str) -> int:
    """The number that a line of `MemoryReadingsLog.add` says."""
    return int(line.split("value=")[1].split(" ")[0])


def refusing(bad: set[int], words: str = "unable to parse", *, says_how_many: bool = False) -> Callable[..., Reply]:
    """A database that finds some lines bad, and takes nothing of a request that has one."""

    def says(lines: Sequence[str]) -> Reply:
        found = sum(value_of(line) in bad for line in lines)
        if not found:
            return TAKEN
        return Reply(400, words, is_databases=True, dropped=found if says_how_many else 0)

    return says


def no_more_than(limit: int) -> Callable[[Sequence[str]], Reply]:
    return lambda lines: TAKEN if len(lines) <= limit else Reply(413, "request entity too large")


class MemorySending:
    """The `SendingStore` port, and what the command line asks of it."""

    def __init__(self, *, parked_limit: int = 100_000) -> None:
        self._parked_limit = parked_limit
        self._sent = NOTHING_SENT
        self._parked: dict[int, Parked] = {}
        self._number = 0
        self._wished = 0
        self.failing = False

    async def sent(self) -> Sent:
        return self._sent

    async def advance(self, sent: Sent, refused: Sequence[Refused], at: datetime) -> Parking:
        if self.failing:
            raise StoreError("the disk is full")
        self._sent = sent
        before = self._number
        for one in refused:
            known = next((parked for parked in self._parked.values() if parked.line == one.line), None)
            if known is not None:
                self._parked[known.number] = replace(known, at=at, words=one.words)
                continue
            self._number += 1
            self._parked[self._number] = Parked(self._number, at, one.line, one.words)
        too_many = sorted(self._parked)[: -self._parked_limit]
        for number in too_many:
            del self._parked[number]
        return Parking(self._number - before, len(too_many))

    async def parked(self) -> int:
        return len(self._parked)

    async def due(self, limit: int) -> list[Parked]:
        return [parked for _, parked in sorted(self._parked.items()) if parked.is_due][:limit]

    async def tried(self, taken: Sequence[int], refused: Sequence[tuple[int, str]], at: datetime) -> None:
        for number in taken:
            self._parked.pop(number, None)
        for number, words in refused:
            if number in self._parked:
                self._parked[number] = replace(self._parked[number], at=at, words=words, is_due=False)

    async def wished(self) -> int:
        return self._wished

    async def wish(self) -> None:
        self._wished += 1

    async def listed(self, limit: int) -> list[Parked]:
        return [parked for _, parked in sorted(self._parked.items())][-limit:]

    async def retry(self, numbers: Sequence[int]) -> int:
        meant = [number for number in self._parked if not numbers or number in numbers]
        for number in meant:
            self._parked[number] = replace(self._parked[number], is_due=True)
        return len(meant)

    async def drop(self, numbers: Sequence[int]) -> int:
        meant = [number for number in self._parked if not numbers or number in numbers]
        for number in meant:
            del self._parked[number]
        return len(meant)
