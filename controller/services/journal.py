"""The journal: how facts reach the event log and the live feed.

`record` is for what must be durable before anything else happens (a decision); `note` for what may be
durable a moment later (a door that closed). Neither is ever lost silently: what cannot be written is
kept, retried and shown.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from controller.domain.facts import Fact
from controller.errors import StoreError
from controller.services.ports import Appended, EventLog, LoggedFact

logger = logging.getLogger(__name__)

# Long enough to share one commit among the facts of a tap, short enough that nobody waits for it.
NOTE_PAUSE = 0.05
# About an hour of a busy building; past it the oldest are dropped and counted.
NOTES_KEPT = 20_000
RETRY_AFTER = 1.0
# Facts of one commit: a few milliseconds of the log's time, so that a tap's decision never waits long behind them.
BATCH = 500


class Journal:
    """Writes facts to the log, in order, and tells listeners at once."""

    def __init__(self, log: EventLog, listener: Callable[[LoggedFact], None], *, notes_kept: int = NOTES_KEPT) -> None:
        self._notes_kept = notes_kept
        self._log = log
        self._listener = listener
        self._notes: deque[_Note] = deque()
        self._wake = asyncio.Event()
        self._last_position = 0
        self.dropped = 0
        self.failing = False

    def record(self, fact: Fact) -> "asyncio.Future[Appended]":
        """Hand the fact to the log; durable once the future has its result, which may be at once.

        Nobody is told of it yet: what depends on the record (a door) comes before the screens, see `announce`.
        The future holds a StoreError if the log cannot be written now; the caller's policy decides what that means.
        """
        return self._log.append(fact)

    def announce(self, fact: Fact, appended: Appended) -> None:
        """Tell the listener of a recorded fact, in the loop's next turn: the door's answer is written out first."""
        self._last_position = max(self._last_position, appended.position)
        asyncio.get_running_loop().call_soon(self._listener, LoggedFact(appended.position, fact))

    def tell(self, fact: Fact) -> None:
        """Show a fact that is, or will be, written elsewhere."""
        self._listener(LoggedFact(self._last_position, fact))

    def note(self, fact: Fact, acknowledge: Callable[[], None] | None = None, /) -> None:
        """Shown at once, durable within NOTE_PAUSE while the log works; the message it tells of is acknowledged then.

        While the log fails, nothing more is held back: acknowledgements go out in order, so those of door events
        would keep the broker from sending the reads behind them. The notes wait here instead.
        """
        self.tell(fact)
        if acknowledge is not None and self.failing:
            acknowledge()
            acknowledge = None
        self._notes.append(_Note(fact, acknowledge))
        self._keep_to_limit()
        self._wake.set()

    async def run(self) -> None:
        """Write notes until cancelled; the last ones are written on the way out."""
        try:
            while True:
                await self._wake.wait()
                await asyncio.sleep(NOTE_PAUSE)
                await self._write_notes()
        finally:
            await self._write_notes(retry=False)

    async def _write_notes(self, *, retry: bool = True) -> None:
        self._wake.clear()
        while self._notes:
            batch = [self._notes.popleft() for _ in range(min(len(self._notes), BATCH))]
            # Cancelled meanwhile, it is waited for all the same: given to the log again it would be there twice.
            facts = [note.fact for note in batch]
            writing = asyncio.get_running_loop().create_task(self._log.append_all(facts), name="facts")
            try:
                await asyncio.shield(writing)
            except StoreError as error:
                self._put_back(batch)
                level = logging.DEBUG if self.failing else logging.WARNING
                logger.log(level, "event log: %d facts wait: %s", len(self._notes), error)
                self.failing = True
                if not retry:
                    return
                _release(self._notes)
                await asyncio.sleep(RETRY_AFTER)
            except asyncio.CancelledError:
                await asyncio.wait({writing})
                if writing.exception() is not None:
                    self._put_back(batch)
                raise
            else:
                self.failing = False
                _release(batch)

    def _put_back(self, batch: Sequence["_Note"]) -> None:
        self._notes.extendleft(reversed(batch))
        self._keep_to_limit()

    def _keep_to_limit(self) -> None:
        while len(self._notes) > self._notes_kept:
            _release([self._notes.popleft()])
            self.dropped += 1


@dataclass(slots=True)
class _Note:
    """A fact on its way to the log, and the message that waits for it."""

    fact: Fact
    acknowledge: Callable[[], None] | None


def _release(notes: Iterable[_Note]) -> None:
    for note in notes:
        if note.acknowledge is not None:
            note.acknowledge()
            note.acknowledge = None
