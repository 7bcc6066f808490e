"""The event log read by page, from a moment on or backwards: it is too long to hold at once, and kept in order of position.

For questions asked beside a running service; the service itself hears each fact as it happens.
"""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Protocol

from controller.domain.facts import Fact
from controller.services.ports import LoggedFact

PAGE = 2_000
# Facts are told in the order in which they came in, and a door's own ones when it is back.
_OUT_OF_ORDER = timedelta(days=1)


class Recorded(Protocol):
    """What happened, as any reader of the event log gives it."""

    async def after(self, position: int, limit: int = ...) -> list[LoggedFact]: ...
    async def latest(self, limit: int = ...) -> list[LoggedFact]: ...


class NothingHappened:
    """The log of a house that was never run."""

    async def after(self, position: int, limit: int = PAGE) -> list[LoggedFact]:
        return []

    async def latest(self, limit: int = PAGE) -> list[LoggedFact]:
        return []


async def facts_since(log: Recorded, since: datetime) -> AsyncIterator[LoggedFact]:
    """Everything that happened from a moment on, oldest first."""
    position = await position_before(log, since - _OUT_OF_ORDER)
    while page := await log.after(position, PAGE):
        position = page[-1].position
        for logged in page:
            if logged.fact.at >= since:
                yield logged


async def newest_about(log: Recorded, message_id: str) -> list[Fact]:
    """The facts of the newest tap with this id, oldest first; none when there is no such tap."""
    newest = await log.latest(1)
    end = newest[0].position if newest else 0
    found: list[Fact] = []
    while end > 0:
        page = [one for one in await log.after(max(end - PAGE, 0), min(PAGE, end)) if one.position <= end]
        its = [one.fact for one in page if message_id in (one.fact.message_id, one.fact.correlation)]
        if found and not its:
            break  # a tap is over within a page of its beginning, and older ids may be used again
        found = its + found
        end -= PAGE
    return found


async def position_before(log: Recorded, at: datetime) -> int:
    """A position no later than the first fact of this moment: the log is searched as one opens a dictionary."""
    newest = await log.latest(1)
    low, high = 0, newest[0].position if newest else 0
    while low < high:
        middle = (low + high) // 2
        following = await log.after(middle, 1)
        if following and following[0].fact.at < at:
            low = following[0].position
        else:
            high = middle
    return low
