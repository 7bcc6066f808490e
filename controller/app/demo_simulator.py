"""The simulator, a program of its own, as the demo asks it for people, for scenarios, and to bring a house to life.

It is never imported: the two know each other by their command lines alone. See docs/decisions/0003.
"""

import asyncio
import contextlib
import importlib.util
import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, Self

from controller.adapters.children import die_with_parent
from controller.errors import InputError, StartupError

SAMPLE = "parisoma.yaml"
# What it still has to say when it is told to stop: every device its goodbye.
STOP_LIMIT = 4.0
START_LIMIT = 20.0
_WRONG_INPUT = 2


@dataclass(frozen=True, slots=True)
class Scenario:
    """What whoever starts a house for it has to know of a scenario."""

    name: str
    path: Path
    space: Path
    starts: datetime | None  # None: any hour will do
    prepares_s: float  # so long before that a house is to be ready
    lasts_s: float
    seed: int
    strikes_broker: bool  # then both of us reach it through a port of the simulator's


def sample_space() -> Path:
    """The sample building's file, which comes with the simulator."""
    found = importlib.util.find_spec("simulator")
    if found is None or not found.submodule_search_locations:
        raise StartupError("the demo needs the simulator package, which is not installed here; use `natoma run`")
    return Path(found.submodule_search_locations[0]) / "spaces" / SAMPLE


def scenario_named(name: str) -> Scenario:
    """InputError in the simulator's own words where there is none, or its file is wrong."""
    told = json.loads(_asked("scenario", name, "--json"))
    return Scenario(
        name=str(told["name"]),
        path=Path(told["path"]),
        space=Path(told["space"]),
        starts=datetime.fromisoformat(told["starts"]) if told["starts"] is not None else None,
        prepares_s=float(told["prepares_s"]),
        lasts_s=float(told["lasts_s"]),
        seed=int(told["seed"]),
        strikes_broker=bool(told["strikes_broker"]),
    )


def make_people(space: Path, seed: int, out: Path) -> None:
    """The same seed, the same people, in a file like anybody else's."""
    out.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    _asked("people", "--space", str(space), "--seed", str(seed), "--out", str(out))


class Simulator:
    """A running `natoma-sim`, as a child that does not outlive us."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._is_told = False
        self._ending = asyncio.get_running_loop().create_task(process.wait(), name="simulator")

    @classmethod
    async def start(cls, words: Sequence[str], say_to: IO[bytes] | None = None) -> Self:
        """What it says goes there, else where ours goes."""
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "simulator", *words),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=say_to,
            stderr=say_to,
            preexec_fn=die_with_parent,
        )
        return cls(process)

    @property
    def code(self) -> int | None:
        """Its exit code; None while it runs."""
        return self._process.returncode

    @property
    def ended_by_itself(self) -> bool:
        return self.code is not None and not self._is_told

    def at_end(self, do: Callable[[], None]) -> None:
        """However it ends."""
        self._ending.add_done_callback(lambda _: do())

    async def listens(self, port: int) -> None:
        """Return once it does, or has ended instead; a StartupError where it does neither."""
        try:
            async with asyncio.timeout(START_LIMIT):
                while True:
                    if self.code is not None or await _is_open(port):
                        return
                    await asyncio.sleep(0.02)
        except TimeoutError:
            raise StartupError(f"the simulator did not open port {port} within {START_LIMIT:g} s") from None

    async def stop(self) -> None:
        """Gone when this returns."""
        if self.code is None:
            self._is_told = True
            with contextlib.suppress(ProcessLookupError):
                self._process.terminate()
        try:
            await asyncio.wait_for(asyncio.shield(self._ending), STOP_LIMIT)
        except TimeoutError:
            self._process.kill()
            await self._ending


async def _is_open(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()
    return True


def _asked(*words: str) -> str:
    done = subprocess.run([sys.executable, "-m", "simulator", *words], capture_output=True, text=True)
    if done.returncode == 0:
        return done.stdout
    why = (done.stderr.strip() or done.stdout.strip()).removeprefix("natoma-sim: ")
    if done.returncode == _WRONG_INPUT:
        raise InputError(why)
    raise StartupError(f"the simulator could not answer `natoma-sim {words[0]}`: {why.splitlines()[-1] if why else ''}")
