"""Following the space file that is published: the running service takes another version up within a second.

What is published is kept by the adapter behind `Publications`, whoever wrote it. A version that would need a restart
is not taken up by halves: the old one counts on, and the log says what waits.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from controller.domain.building import Space
from controller.domain.facts import Fact, FactKind, Plain
from controller.domain.space_changes import changes_between
from controller.errors import ControllerError, StoreError
from controller.services.ports import Clock, Note

logger = logging.getLogger(__name__)

# A file's time and size, asked twice a second: a publication counts within one.
LOOK_EVERY = 0.4


@dataclass(frozen=True, slots=True)
class Publication:
    """One version of the space file that somebody made the one that counts."""

    version: str
    at: datetime  # aware UTC
    by: str
    reason: str = ""
    source: str = ""  # the file it came from


class Publications(Protocol):
    """What is published in this data folder, and what the service runs on."""

    def current(self) -> Publication | None: ...  # StoreError when it cannot be read
    def running(self) -> str | None: ...  # the version the service ran on last
    def runs(self, version: str) -> None: ...  # it runs on this one now


class Following:
    """`run` is a task: it takes up what is published, for ever."""

    def __init__(
        self,
        publications: Publications,
        *,
        running: Callable[[], Space],
        read: Callable[[str], Awaitable[Space]],
        adopt: Callable[[Space], Awaitable[None]],
        note: Note,
        clock: Clock,
    ) -> None:
        """`read` makes a space of a version, `adopt` makes it count everywhere."""
        self._publications = publications
        self._running = running
        self._read = read
        self._adopt = adopt
        self._note = note
        self._clock = clock
        self._set_aside: Publication | None = None  # said once, and not tried again
        self._failing = False

    async def run(self, every: float = LOOK_EVERY) -> None:
        self._started()
        while True:
            await asyncio.sleep(every)
            await self._look()

    def _started(self) -> None:
        """What was published while nobody ran counts from this start on."""
        version = self._running().version
        try:
            before, current = self._publications.running(), self._publications.current()
            if before not in (None, version):
                by = current if current is not None and current.version == version else None
                self._tell(version, before, by)
            self._publications.runs(version)
        except StoreError as error:
            self._fails(error)

    async def _look(self) -> None:
        """Take up another version, if there is one that can be."""
        try:
            published = self._publications.current()
            if published is not None and published.version != self._running().version:
                if published != self._set_aside:
                    await self._take(published)
            else:
                self._set_aside = None
        except StoreError as error:
            self._fails(error)
        else:
            self._failing = False

    async def _take(self, published: Publication) -> None:
        old = self._running()
        try:
            new = await self._read(published.version)
        except StoreError:
            raise
        except ControllerError as error:
            self._set_aside = published
            logger.error(
                "version %s of the space file cannot be taken up, %s counts on: %s",
                published.version,
                old.version,
                error,
            )
            return
        waiting = changes_between(old, new).after_restart
        if waiting:
            self._set_aside = published
            logger.warning(
                "version %s of the space file counts from the next start on, %s until then: %s",
                published.version,
                old.version,
                "; ".join(waiting),
            )
            return
        await self._adopt(new)
        logger.info("version %s of the space file counts, published by %s", new.version, published.by)
        self._tell(new.version, old.version, published)
        self._publications.runs(new.version)

    def _tell(self, version: str, before: str | None, published: Publication | None) -> None:
        detail: dict[str, Plain] = {"version": version, "before": before}
        if published is not None:
            detail |= {"by": published.by, "published_at": published.at.isoformat()}
            if published.reason:
                detail["reason"] = published.reason
        self._note(Fact(FactKind.POLICY_PUBLISHED, self._clock.now(), detail=detail))

    def _fails(self, error: StoreError) -> None:
        level = logging.DEBUG if self._failing else logging.WARNING
        logger.log(level, "what is published cannot be followed: %s", error)
        self._failing = True
