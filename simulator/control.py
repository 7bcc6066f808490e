"""The socket of a running simulator: one JSON line asks, one answers.

One client id is one client: while a simulator runs, its devices are in its hands, and whoever wants to tap
a badge asks it here. The socket lies in the data directory, for its owner only.
"""

import asyncio
import contextlib
import json
import logging
import os
import stat
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from simulator.building import Building
from simulator.errors import InputError, RunError, SimulatorError
from simulator.faults.desk import Desk
from simulator.hands import Hands
from simulator.people import SimPerson, find_person
from simulator.pocket import person_with_number, pocket_of

logger = logging.getLogger(__name__)

_LONGEST_ANSWER_S = 30.0
# What sun_path holds, less its final zero.
_PATH_LIMIT = 107


class Control:
    """Answers requests with the hands of this simulator; `people` are those who can be called by name.

    `if_nobody` says how there would be some; `faults` is where things are broken on purpose.
    """

    def __init__(
        self,
        hands: Hands,
        building: Building,
        people: Sequence[SimPerson],
        if_nobody: str = "there are none",
        faults: Desk | None = None,
    ) -> None:
        self._faults = faults
        self._hands = hands
        self._building = building
        self._people = people
        self._if_nobody = if_nobody

    async def answer(self, request: Mapping[str, object]) -> Mapping[str, object]:
        if self._faults is not None and str(request.get("do")).startswith("fault-"):
            return self._faults.answer(request)
        if request.get("do") == "press-button":
            room = self._building.room(str(request.get("room", "")))
            self._hands.press_button(room)
            return {"room": room.id, "words": f"{room.name}: the button was pressed"}
        door = self._building.door(str(request.get("door", "")))
        match request.get("do"):
            case "tap":
                badge, token, pin = (str(request.get(name) or "") for name in ("badge", "token", "pin"))
                direction = "out" if request.get("direction") == "out" else "in"
                pocket = pocket_of(self._whose(badge) if badge else None, direction, token=token, pin=pin)
                outcome = await self._hands.use(pocket, door, direction, walk=request.get("walk") is not False)
                return {**outcome.as_dict(), "words": outcome.in_words()}
            case "press-exit":
                held = request.get("for_s")
                if isinstance(held, int | float):
                    await self._hands.hold_exit(door, float(held))
                    return {"door": door.id, "words": f"{door.name}: the exit button was held for {held:g} s"}
                await self._hands.press_exit(door)
                return {"door": door.id, "words": f"{door.name}: left"}
            case "open":
                seconds = request.get("for_s")
                for_s = float(seconds) if isinstance(seconds, int | float) else 2.0
                stood = await self._hands.open(door, for_s)
                return {**stood.as_dict(), "words": stood.in_words()}
            case other:
                raise InputError(f"the simulator cannot {other!r}; it can tap, press-exit, press-button and open")

    def _whose(self, badge: str) -> SimPerson:
        return find_person(self._people, badge, self._if_nobody) or person_with_number(badge)


@asynccontextmanager
async def serve(path: Path, control: Control) -> AsyncIterator[None]:
    """Listen while the block runs; raises RunError when a simulator already does."""

    async def serve_one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            writer.write(json.dumps(await _reply(control, await reader.readline())).encode() + b"\n")
            await writer.drain()
        writer.close()

    await require_none_runs(path)
    _make_room(path)
    before = os.umask(0o177)
    try:
        server = await asyncio.start_unix_server(serve_one, _short(path))
    except OSError as exc:
        raise RunError(f"{path}: no socket can be made there: {exc.strerror or exc}") from exc
    finally:
        os.umask(before)
    try:
        yield
    finally:
        server.close()
        _make_room(path)


async def _reply(control: Control, line: bytes) -> Mapping[str, object]:
    try:
        request = json.loads(line)
        if not isinstance(request, dict):
            raise InputError("a request is a JSON object")
        return await control.answer(request)
    except (InputError, ValueError) as exc:
        return {"error": str(exc), "exit_code": 2}
    except (SimulatorError, TimeoutError) as exc:
        return {"error": str(exc) or "the reader did not answer", "exit_code": 1}


async def require_none_runs(path: Path) -> None:
    """Of two simulators each throws the other's devices out; raises RunError where one already listens."""
    if await is_running(path):
        raise RunError(f"a simulator already runs with {path.parent}; stop it, or give this one another --data")


async def is_running(path: Path) -> bool:
    """Does a simulator listen here? A socket left by a dead one does not count."""
    if not _is_socket(path):
        return False
    try:
        _, writer = await asyncio.open_unix_connection(_short(path))
    except OSError:
        return False
    writer.close()
    return True


async def ask(path: Path, request: Mapping[str, object]) -> Mapping[str, object]:
    """Ask the simulator that listens here; raises what it answers as an error."""
    try:
        async with asyncio.timeout(_LONGEST_ANSWER_S + float(str(request.get("for_s", 0)))):
            reader, writer = await asyncio.open_unix_connection(_short(path))
            writer.write(json.dumps(request).encode() + b"\n")
            line = await reader.readline()
            writer.close()
    except (OSError, TimeoutError) as exc:
        raise RunError(f"the simulator at {path} does not answer") from exc
    if not line:
        raise RunError(f"the simulator at {path} stopped before it answered")
    answer: dict[str, object] = json.loads(line)
    if "error" in answer:
        kind = InputError if answer.get("exit_code") == 2 else RunError
        raise kind(str(answer["error"]))
    return answer


def _make_room(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)


def _is_socket(path: Path) -> bool:
    return path.exists() and stat.S_ISSOCK(path.stat().st_mode)


def _short(path: Path) -> str:
    """The path as a socket address can hold it: as it is, or from here."""
    for text in (str(path), os.path.relpath(path)):
        if len(os.fsencode(text)) <= _PATH_LIMIT:
            return text
    raise RunError(f"{path} is too long for a socket ({_PATH_LIMIT} bytes); give a shorter --data")
