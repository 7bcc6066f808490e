"""The reserve file: decisions a door took while the event log could not be written, one JSON line each.

Its space is taken beforehand, so that it can be written on a full disk; every line is on the disk
before `write` returns. Once the log is well again `drain` moves the lines into it. Where the log has
a decision of its own on the same message (a commit that hung and landed after all), the line is the
truth: it is what the door did, and it goes in beside it, saying so.

No line can carry a badge number: a fact has none.
"""

import asyncio
import json
import logging
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from controller.domain.facts import Fact, FactKind
from controller.domain.ids import AreaId, DeviceId, DoorId, PersonId
from controller.errors import StartupError, StoreError
from controller.services.ports import EventLog

logger = logging.getLogger(__name__)

# Some 600 decisions: an hour of a busy street door.
RESERVE_BYTES = 256 << 10
# The disk that failed the log may fail this too, and a person stands waiting.
WRITE_DEADLINE_S = 0.1
# What reading a line of it may say that a bad disk has spoilt.
_SPOILT = (ValueError, KeyError, TypeError, AttributeError)


class Reserve:
    """One preallocated file; lines from its start, zeros after them."""

    def __init__(self, path: Path, *, size: int = RESERVE_BYTES, deadline_s: float = WRITE_DEADLINE_S) -> None:
        self.path = path
        self._size = size
        self._deadline_s = deadline_s
        try:
            if not path.exists() or path.stat().st_size < size:
                _extend(path, size)
            self._file = os.open(path, os.O_RDWR)
        except OSError as exc:
            raise StartupError(f"{path} cannot be reserved ({exc.strerror}): free {size // 1024} KiB.") from exc
        self._end = sum(len(line) for line in self._lines())
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="reserve file")

    @property
    def is_empty(self) -> bool:
        return self._end == 0

    def write(self, fact: Fact) -> None:
        """On the disk when it returns; StoreError when it is full, or not there in time (it may still land)."""
        line = json.dumps(_plain(fact), ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
        writing = self._thread.submit(self._write, line)
        try:
            # The loop waits too, but never longer than this: the log has failed just now, and a disk that hangs
            # must not stop the other doors.
            writing.result(self._deadline_s)
        except TimeoutError as exc:
            writing.cancel()
            raise StoreError(f"{self.path}: nothing was written for {self._deadline_s * 1000:.0f} ms") from exc

    async def drain(self, log: EventLog) -> int:
        """Move every line into the log, then empty the file; how many there were. Cut short and repeated, none is doubled."""
        return await self._drain(log) if self._end else 0

    async def close(self) -> None:
        await asyncio.to_thread(self._thread.shutdown)
        os.close(self._file)

    async def _drain(self, log: EventLog) -> int:
        facts, spoilt = [], []
        for line in self._lines():
            try:
                facts.append(_fact(json.loads(line)))
            except _SPOILT:
                spoilt.append(line)
        upto = self._end
        if spoilt:
            await asyncio.get_running_loop().run_in_executor(self._thread, self._set_aside, spoilt)
        for fact in facts:
            appended = await log.append(replace(fact, detail={**fact.detail, "from_reserve": True}))
            if appended.duplicate and fact.message_id is not None and fact.device is not None:
                await self._set_right(log, fact, appended.position)
        if self._end == upto:  # else another line came meanwhile: the next drain takes them all
            await asyncio.get_running_loop().run_in_executor(self._thread, self._empty, upto)
        logger.info("%s: %d decisions moved into the event log", self.path, len(facts))
        return len(facts)

    async def _set_right(self, log: EventLog, fact: Fact, position: int) -> None:
        before = await log.decided(DeviceId(str(fact.device)), str(fact.message_id))
        if before is None or before.fact.detail.get("from_reserve"):
            return  # an earlier drain was cut short: it is there already
        done = {**fact.detail, "from_reserve": True, "instead_of": position, "decision": fact.kind.value}
        await log.append(replace(fact, kind=FactKind.LOG_RESTORED, message_id=None, detail=done))

    def _write(self, line: bytes) -> None:
        if self._end + len(line) > self._size:
            raise StoreError(f"{self.path}: full ({self._size // 1024} KiB)")
        try:
            os.pwrite(self._file, line, self._end)
            os.fsync(self._file)
        except OSError as exc:
            raise StoreError(f"{self.path}: {exc.strerror}") from exc
        self._end += len(line)

    def _set_aside(self, lines: Sequence[bytes]) -> None:
        """What a bad disk made of a decision holds up no other, and is not thrown away."""
        aside = self.path.with_name(self.path.name + ".spoilt")
        with aside.open("ab") as file:
            aside.chmod(0o600)
            file.writelines(lines)
            file.flush()
            os.fsync(file.fileno())
        logger.error("%s: %d decisions cannot be read; they are in %s", self.path, len(lines), aside.name)

    def _empty(self, upto: int) -> None:
        # From the front: cut short, the first byte already says that nothing is here.
        os.pwrite(self._file, bytes(upto), 0)
        os.fsync(self._file)
        self._end = 0

    def _lines(self) -> Iterator[bytes]:
        return _lines_of(self.path)


def look_into(path: Path) -> tuple[int, str | None]:
    """How many decisions wait there, and why one of them cannot be read; nothing where there is no such file."""
    waiting, why = 0, None
    try:
        for line in _lines_of(path):
            waiting += 1
            _fact(json.loads(line))
    except FileNotFoundError:
        pass
    except (OSError, *_SPOILT) as error:
        why = repr(error)
    return waiting, why


def _lines_of(path: Path) -> Iterator[bytes]:
    """Every whole line; one cut short by a crash was never answered for, and is written over."""
    for line in path.read_bytes().split(b"\0", 1)[0].splitlines(keepends=True):
        if not line.endswith(b"\n"):
            return
        yield line


def _extend(path: Path, size: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("ab") as file:
        file.write(bytes(size - file.tell()))  # real blocks, not a hole
        file.flush()
        os.fsync(file.fileno())
    path.chmod(0o600)


def _plain(fact: Fact) -> dict[str, Any]:
    told = {
        "kind": fact.kind.value,
        "at": fact.at.isoformat(),
        "door": fact.door,
        "device": fact.device,
        "area": fact.area,
        "person": fact.person,
        "message_id": fact.message_id,
        "correlation": fact.correlation,
        "detail": dict(fact.detail),
    }
    return {name: value for name, value in told.items() if value is not None}


def _fact(plain: dict[str, Any]) -> Fact:
    def maybe(name: str, type_: Any) -> Any:
        return type_(plain[name]) if name in plain else None

    return Fact(
        kind=FactKind(plain["kind"]),
        at=datetime.fromisoformat(plain["at"]),
        door=maybe("door", DoorId),
        device=maybe("device", DeviceId),
        area=maybe("area", AreaId),
        person=maybe("person", PersonId),
        message_id=plain.get("message_id"),
        correlation=plain.get("correlation"),
        detail=plain["detail"],
    )
