"""Group commit: callers hand requests over, one thread commits everything that waits in one transaction.

Alone a request is committed at once; under load each commit takes along all that came during the
last one, so the disk sets the pace and nobody polls. What a request means is the store's own `apply`.

A request has a deadline. Past it `commit` raises StoreError, so that a door never waits for a disk:

* the queue was long, or another process holds the lock: the request is withdrawn, surely not
  committed, ever;
* inside a transaction that hangs on the disk: nobody can know. If it does land, the thread calls
  `on_late` for it and commits the request that answers (a correction) before anything else.
"""

import asyncio
import logging
import queue
import sqlite3
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from controller.adapters.ballast import Ballast
from controller.adapters.sqlite_file import WRITER_BUSY_MS, is_busy, primary_code, store_error
from controller.adapters.tidying import COMMITS_PER_CHECKPOINT, Tidying
from controller.errors import StoreError

logger = logging.getLogger(__name__)

R = TypeVar("R")
A = TypeVar("A")

# A commit this quick is worth doing where one stands: an SSD's is, an SD card's is not.
FAST_S = 0.002
# One stall of 50 ms makes the disk slow for the next dozen commits.
TYPICAL_WEIGHT = 0.2


@dataclass(frozen=True, slots=True)
class StoreHealth:
    """How a store is doing, for the page, the metrics and /healthz."""

    name: str
    ok: bool
    error: str  # "" while all is well
    waiting: int  # rows handed over and not yet committed
    rows: int  # committed since start
    commits: int
    last_commit_s: float  # how long the last commit took
    has_ballast: bool  # spare space to free when the disk is full


@dataclass(slots=True, eq=False)
class _Job(Generic[R, A]):
    request: R
    weight: int
    due: float
    future: "asyncio.Future[A] | None"  # None: the store's own correction, nobody waits
    abandoned: bool = False  # its caller was told that it failed
    committed: bool = False


class GroupCommit(Generic[R, A]):
    """One writer thread over one connection; `commit` may be called from the loop that opened it."""

    def __init__(
        self,
        name: str,
        path: Path,
        connection: sqlite3.Connection,
        apply: Callable[[sqlite3.Connection, Sequence[R]], Sequence[A]],
        *,
        deadline_s: float,
        limit: int,
        per_commit: int = 5000,
        pause_s: float = 0.0,
        ballast: Ballast | None = None,
        is_one_statement: Callable[[R], bool] | None = None,
        on_late: Callable[[R, A], R | None] | None = None,
        on_rollback: Callable[[], None] | None = None,
        on_commit: Callable[[], None] | None = None,
        on_idle: Callable[[sqlite3.Connection], bool | None] | None = None,
        fast_s: float = FAST_S,
        commits_per_checkpoint: int = COMMITS_PER_CHECKPOINT,
    ) -> None:
        """`limit`: rows that may wait, beyond it `commit` refuses. `pause_s`: least time between two commits when busy.

        `is_one_statement`: such a request, alone, is applied without BEGIN and COMMIT around it: SQLite makes
        one statement a transaction of its own. It is not the disk that this spares but the interpreter's lock,
        which a thread must win back from a busy loop after every statement.

        `on_commit` is called, on the committing thread, before anybody is told of it. `on_idle` answers True while it has
        more to do: it is called again soon, between commits where there are any.
        """
        self.name = name
        self.path = path
        self._connection = connection
        self._apply = apply
        self._deadline_s = deadline_s
        self._limit = limit
        self._per_commit = per_commit
        self._pause_s = pause_s
        self._ballast = ballast
        self._is_one_statement = is_one_statement
        self._on_late = on_late
        self._on_rollback = on_rollback
        self._on_commit = on_commit
        self._tidying = Tidying(connection, on_idle, ballast, commits_per_checkpoint)
        self._fast_s = fast_s  # 0: nothing is ever committed on the loop's thread
        self._loop = asyncio.get_running_loop()
        self._using = threading.Lock()  # held while the connection is in use, by whichever thread
        self._typical_s = 0.0  # how long commits take of late
        self._lock = threading.Lock()  # guards what both threads touch, down to the next blank line
        self._queue: deque[_Job[R, A]] = deque()
        self._queued = 0
        self._awake = False
        self._stopping = False

        # Only rung when the thread may be asleep; one ring too many is one look at an empty queue.
        self._bell: queue.SimpleQueue[None] = queue.SimpleQueue()
        self._pending: deque[_Job[R, A]] = deque()  # the loop's: oldest first, for the deadlines
        self._sweep: asyncio.TimerHandle | None = None
        self._error = ""
        self._rows = 0
        self._commits = 0
        self._last_commit_s = 0.0
        connection.execute(f"PRAGMA busy_timeout={WRITER_BUSY_MS}")
        self._thread = threading.Thread(target=self._run, name=f"{name} writer", daemon=True)
        self._thread.start()

    # The loop's side.

    async def commit(self, request: R, weight: int = 1) -> A:
        """What `apply` answered for the request, once it is durable; StoreError when it is not in time."""
        return await self.submit(request, weight)

    def submit(self, request: R, weight: int = 1) -> "asyncio.Future[A]":
        """As `commit`, for a caller that goes on and looks at the future later. Order of submission is kept.

        It never raises: a refusal is in the future as well, where the caller looks for it.
        """
        future: asyncio.Future[A] = self._loop.create_future()
        job = _Job[R, A](request, weight, self._loop.time() + self._deadline_s, future)
        asleep = False
        with self._lock:
            if self._stopping:
                future.set_exception(StoreError(f"{self.path}: the {self.name} is closed"))
            elif self._queued + weight > self._limit and self._queue:
                future.set_exception(StoreError(f"{self.path}: {self._queued} rows wait already, {self._limit} may"))
            else:
                self._queue.append(job)
                self._queued += weight
                asleep, self._awake = not self._awake, True
        if future.done():
            return future
        if asleep:
            self._bell.put(None)
        self._pending.append(job)
        if self._sweep is None:
            self._sweep = self._loop.call_at(job.due, self._withdraw_overdue)
        return future

    def commit_now(self, request: R, weight: int = 1) -> A | None:
        """Commit on the loop's own thread and answer at once, or None where that is not the better way.

        Handing over to a thread and back costs as much as a fast disk's commit itself, and a person stands at a
        door. So a lone request on a disk that has been fast of late is committed right here; any other (a
        group, a slow or failing disk, a busy writer) is for `submit`. A disk that turns slow holds the loop up
        once; docs/decisions/0006 says why that is borne.
        """
        if self._error or self._queue or self._pending or self._stopping or self._typical_s >= self._fast_s:
            return None
        if not self._using.acquire(blocking=False):
            return None
        try:
            began = time.perf_counter()
            answer = self._apply(self._connection, [request])[0]
            if self._connection.in_transaction:
                self._connection.execute("COMMIT")
            if self._on_commit is not None:
                self._on_commit()
        except Exception:  # noqa: BLE001 - the thread will meet the same, and knows what to do about it
            self._rollback()
            return None
        else:
            was_tidy = self._count(weight, time.perf_counter() - began)
        finally:
            self._using.release()
        if was_tidy:
            self._bell.put(None)  # the thread sleeps; it has something to tidy up once this is quiet
        return answer

    @property
    def is_busy(self) -> bool:
        """Whether anybody still waits for an answer."""
        self._forget_done()
        return bool(self._pending)

    def health(self) -> StoreHealth:
        ballast = self._ballast is None or self._ballast.is_there
        return StoreHealth(
            self.name,
            not self._error,
            self._error,
            self._queued,
            self._rows,
            self._commits,
            self._last_commit_s,
            ballast,
        )

    async def close(self) -> None:
        """Commit what waits, then close the connection."""
        with self._lock:
            self._stopping = True
        self._bell.put(None)
        await self._loop.run_in_executor(None, self._thread.join)
        if self._sweep is not None:
            self._sweep.cancel()

    def _withdraw_overdue(self) -> None:
        self._sweep = None
        now = self._loop.time()
        while self._pending and (self._pending[0].due <= now or _is_done(self._pending[0])):
            job = self._pending.popleft()
            if _is_done(job):
                continue
            with self._lock:
                if job.committed:  # its answer is on the way
                    continue
                job.abandoned = True
            why = self._error or f"{self.path}: nothing was committed for {self._deadline_s * 1000:.0f} ms"
            assert job.future is not None
            job.future.set_exception(StoreError(why))
        if self._pending:
            self._sweep = self._loop.call_at(self._pending[0].due, self._withdraw_overdue)

    def _resolve(self, jobs: Sequence[_Job[R, A]], answers: Sequence[A]) -> None:
        for job, answer in zip(jobs, answers, strict=True):
            if job.future is not None and not job.future.done():
                job.future.set_result(answer)
        self._forget_done()

    def _refuse(self, jobs: Sequence[_Job[R, A]], exc: Exception) -> None:
        for job in jobs:
            if job.future is not None and not job.future.done():
                job.future.set_exception(exc)
        self._forget_done()

    def _forget_done(self) -> None:
        while self._pending and _is_done(self._pending[0]):
            self._pending.popleft()

    # The thread's side.

    def _run(self) -> None:
        try:
            while self._wait_for_work():
                with self._using:
                    began = time.perf_counter()
                    self._commit_waiting()
                self._pause(began)
        finally:
            with self._using:
                self._tidy()
                self._connection.close()

    def _wait_for_work(self) -> bool:
        """Sleep until something waits; False when told to stop and nothing does."""
        while True:
            with self._lock:
                while self._queue and self._queue[0].abandoned:
                    self._queued -= self._queue.popleft().weight
                if self._queue:
                    return True
                if self._stopping:
                    return False
                self._awake = False
            try:
                self._bell.get(timeout=self._tidying.patience_s)
            except queue.Empty:
                with self._using:
                    self._tidy()

    def _commit_waiting(self) -> None:
        began = time.perf_counter()
        jobs = self._take_one_statement()
        try:
            if not jobs:
                # The lock first, the requests after: while another process holds it they can still be withdrawn.
                self._connection.execute("BEGIN IMMEDIATE")
                jobs = self._take()
            answers = self._apply(self._connection, [job.request for job in jobs])
            if self._connection.in_transaction:
                self._connection.execute("COMMIT")
            if self._on_commit is not None:
                self._on_commit()
        except Exception as exc:  # noqa: BLE001 - the thread must outlive any request; each caller gets its own
            self._rollback()
            self._failed(jobs, exc)
            return
        self._count(sum(job.weight for job in jobs), time.perf_counter() - began)
        self._recovered()
        self._answer(jobs, answers)
        if self._tidying.is_due:
            self._tidy()

    def _count(self, rows: int, took_s: float) -> bool:
        self._commits += 1
        self._rows += rows
        self._last_commit_s = took_s
        self._typical_s += TYPICAL_WEIGHT * (took_s - self._typical_s)
        return self._tidying.count(rows)

    def _take_one_statement(self) -> list[_Job[R, A]]:
        """The request that waits, if it is alone, one statement, and cannot become overdue while it waits for the lock."""
        if self._is_one_statement is None or self._error:
            return []
        with self._lock:
            if len(self._queue) != 1:
                return []
            job = self._queue[0]
            fresh = job.due - self._loop.time() > 2 * WRITER_BUSY_MS / 1000
            if job.abandoned or not fresh or not self._is_one_statement(job.request):
                return []
            self._queue.clear()
            self._queued = 0
        return [job]

    def _take(self) -> list[_Job[R, A]]:
        jobs: list[_Job[R, A]] = []
        weight = 0
        with self._lock:
            while self._queue and (not jobs or weight + self._queue[0].weight <= self._per_commit):
                job = self._queue.popleft()
                self._queued -= job.weight
                if not job.abandoned:
                    jobs.append(job)
                    weight += job.weight
        return jobs

    def _answer(self, jobs: list[_Job[R, A]], answers: Sequence[A]) -> None:
        with self._lock:
            for job, answer in zip(jobs, answers, strict=True):
                job.committed = True
                if job.abandoned:
                    self._correct(job, answer)
        self._call(self._resolve, jobs, answers)

    def _correct(self, job: _Job[R, A], answer: A) -> None:
        """Commit, before anything else, the store's own note that this request landed after its caller was told no."""
        correction = self._on_late(job.request, answer) if self._on_late is not None else None
        if correction is not None:
            self._queue.appendleft(_Job[R, A](correction, 1, job.due, None))
            self._queued += 1

    def _failed(self, jobs: list[_Job[R, A]], exc: Exception) -> None:
        error = store_error(self.path, exc) if isinstance(exc, sqlite3.Error) else None
        if error is None:
            self._isolate(jobs, exc)
            return
        self._report(str(error))
        assert isinstance(exc, sqlite3.Error)
        if is_busy(exc) or (
            primary_code(exc) == sqlite3.SQLITE_FULL and self._ballast is not None and self._ballast.free()
        ):
            self._put_back(jobs)  # to try again at once, until their deadline
        else:
            # Those still in the queue share the fate: what failed is the file, not the request.
            self._call(self._refuse, jobs or self._take(), error)

    def _isolate(self, jobs: list[_Job[R, A]], exc: Exception) -> None:
        """A request no transaction can hold must not spoil its neighbours: each is tried alone."""
        if len(jobs) <= 1:
            logger.error("%s: a request could not be written", self.name, exc_info=exc)
            self._call(self._refuse, jobs, exc)
            return
        for job in jobs:
            self._put_back([job])
            self._commit_one()

    def _commit_one(self) -> None:
        per_commit, self._per_commit = self._per_commit, 0  # `_take` then takes exactly one
        try:
            self._commit_waiting()
        finally:
            self._per_commit = per_commit

    def _put_back(self, jobs: list[_Job[R, A]]) -> None:
        with self._lock:
            self._queue.extendleft(reversed(jobs))
            self._queued += sum(job.weight for job in jobs)

    def _rollback(self) -> None:
        try:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
        except sqlite3.Error:
            logger.exception("%s: could not roll back", self.name)
        if self._on_rollback is not None:
            self._on_rollback()

    def _call(self, what: Callable[..., None], *args: object) -> None:
        try:
            self._loop.call_soon_threadsafe(what, *args)
        except RuntimeError:  # the loop is closed: nobody is left to be told
            logger.debug("%s: the loop is gone", self.name)

    def _report(self, error: str) -> None:
        if not self._error:
            logger.warning("%s cannot be written: %s", self.name, error)
        self._error = error

    def _recovered(self) -> None:
        if self._error:
            logger.info("%s is written again", self.name)
        self._error = ""

    def _pause(self, began: float) -> None:
        if self._pause_s and self._queue and not self._stopping:
            time.sleep(max(0.0, self._pause_s - (time.perf_counter() - began)))

    def _tidy(self) -> None:
        try:
            self._tidying.tidy(is_well=not self._error)
        except sqlite3.Error as exc:
            self._rollback()
            logger.debug("%s: could not tidy up: %s", self.name, exc)


def _is_done(job: _Job[R, A]) -> bool:
    return job.future is None or job.future.done()
