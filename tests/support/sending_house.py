"""A house that measures, keeps and sends on, as a process that may be killed: the product's own store and sender.

Each reading is numbered, and its value and its moment follow from its number. A number is printed once its reading is
durable, which is when a device would be told that we have it: what is printed is the oracle.
"""

import asyncio
import contextlib
import ctypes
import json
import os
import signal
import sqlite3
import subprocess
import sys
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from random import Random

from controller.adapters.influx.client import TIMEOUT_S, open_database
from controller.adapters.influx.settings import InfluxSettings
from controller.adapters.influx.state import SendingFile
from controller.adapters.telemetry.store import APPEND_DEADLINE_S, TelemetryStore
from controller.domain.history.values import Measured, Source
from controller.domain.ids import AreaId, DeviceId
from controller.errors import StoreError
from controller.services.doors.alarms import Alarms
from controller.services.history.outgoing import Outgoing
from controller.services.history.sender import CONSUMER, House, Sender
from controller.services.meters import Meters
from controller.services.ports import TelemetryRow
from controller.services.screens.health import HealthBoard
from controller.services.screens.live import LiveFeed
from tests.support.controller import ROOT, clean_environment, eventually, is_alive
from tests.support.hastened import HastenedClock, HastenedLoop

BEGINS = datetime(2025, 6, 15, 12, tzinfo=UTC)
BEGINS_MS = 1_749_988_800_000
AIR = Source(
    DeviceId("air"),
    AreaId("hall"),
    {"temperature": Measured("temperature", "°C"), "on": Measured(), "mode": Measured()},
)


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast time goes, and what is measured in it."""

    since: float  # of the machine's clock, where the test began
    speed: float = 1.0
    every_s: float = 1.0  # seconds of the hastened clock between two messages
    together: int = 1  # messages of one millisecond


def row(number: int, pace: Pace) -> TelemetryRow:
    """The message of this number: a number, a switch and a text."""
    at_ms = moment_ms(number, pace)
    values = {"temperature": number / 10, "on": number % 3 == 0, "mode": f"mode {number % 5}"}
    return TelemetryRow(AIR.device, f"n-{number}", at_ms, at_ms, values, source=AIR)


def moment_ms(number: int, pace: Pace) -> int:
    return BEGINS_MS + number // pace.together * 10


async def _live(folder: Path, settings: InfluxSettings, pace: Pace, first: int) -> None:
    clock = HastenedClock(pace.speed, BEGINS, pace.since)
    feed = LiveFeed()
    enough = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, enough.set)
    async with (
        # The disk and the server keep the world's pace, so what they may take is told in the world's seconds.
        await TelemetryStore.open(
            folder / "telemetry.db", deadline_s=APPEND_DEADLINE_S * pace.speed, consumers=(CONSUMER,)
        ) as store,
        await SendingFile.open(folder / "sending.db") as sending,
        open_database(settings, clock, timeout_s=TIMEOUT_S * pace.speed) as database,
        asyncio.TaskGroup() as tasks,
    ):
        house = House(
            lambda fact: _say("fact", fact.kind),
            Alarms(None, lambda fact: None, feed, clock),
            HealthBoard(feed, clock.now),
            Meters(),
            clock,
        )
        sender = Sender(Outgoing(store, database, sending), house, random=Random(1))
        running = tasks.create_task(sender.run(), name="sender")
        number = first
        while not enough.is_set():
            try:
                await store.append([row(number, pace)])
            except StoreError as error:  # not kept: the same again, as from a device that was not told
                _say("not", error)
            else:
                _say("kept", number)
                number += 1
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(enough.wait(), pace.every_s)
        while sender.behind:
            await asyncio.sleep(0.2)
        running.cancel()


def _say(*words: object) -> None:
    """One write, so that a kill leaves whole lines."""
    os.write(1, f"{' '.join(map(str, words))}\n".encode())


class SendingHouse:
    """The process, from the outside; its folder stays through `kill` and `start`. `close` it last of all.

    Each life of it is forked from one that has its imports: on a busy machine they take seconds.
    """

    def __init__(self, folder: Path, settings: InfluxSettings, pace: Pace) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._said = folder / "said.txt"
        self._said.touch()
        words = [str(folder), json.dumps(asdict(settings)), json.dumps(asdict(pace))]
        with (folder / "log.txt").open("ab") as log:
            self._warm = subprocess.Popen(
                ["setpriv", "--pdeathsig=KILL", sys.executable, "-m", "tests.support.sending_house", *words],
                cwd=ROOT,
                env=clean_environment(),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        self._pid = 0

    def close(self) -> None:
        self.kill()
        self._warm.kill()
        self._warm.communicate()

    def start(self) -> None:
        assert self._warm.stdin is not None
        self._warm.stdin.write(f"{self.kept}\n")
        self._warm.stdin.flush()
        self._pid = int(self._told())

    def kill(self) -> None:
        """End it as a power cut does; fine where it is gone already."""
        if self._pid:
            os.kill(self._pid, signal.SIGKILL)
            self._ended()

    def finish(self) -> None:
        """Measure no more, send all there is, and end."""
        os.kill(self._pid, signal.SIGTERM)
        assert self._ended() == 0, (self._folder / "log.txt").read_text()[-2000:]

    def _ended(self) -> int:
        self._pid = 0
        return int(self._told())

    def _told(self) -> str:
        assert self._warm.stdout is not None
        return self._warm.stdout.readline()

    def wait_for(self, more: int) -> None:
        """Return once so many more readings are durable."""
        enough = self.kept + more

        def is_enough() -> bool:
            assert is_alive(self._pid), f"it ended: {(self._folder / 'log.txt').read_text()[-2000:]}"
            return self.kept >= enough

        eventually(is_enough, f"{more} more readings kept")

    @property
    def kept(self) -> int:
        """How many messages it was told are durable; they are numbered without a gap."""
        return self._said.read_text().count("kept ")

    @property
    def sent(self) -> int:
        """How many messages the database has taken, as the sender has noted it."""
        with contextlib.closing(sqlite3.connect(self._folder / "sending.db")) as file:
            ((position,),) = file.execute("SELECT position FROM sent").fetchall()
        return int(position)

    @property
    def facts(self) -> list[str]:
        return [line.split()[1] for line in self._said.read_text().splitlines() if line.startswith("fact ")]


def _lives(folder: Path, settings: InfluxSettings, pace: Pace) -> None:
    """One life for each line that says with which number it begins: its process is told, then how it ended."""
    for line in sys.stdin:
        pid = os.fork()
        if not pid:
            # Killed with who forked it.
            ctypes.CDLL(None).prctl(1, signal.SIGKILL)
            os.dup2(os.open(folder / "said.txt", os.O_WRONLY | os.O_APPEND), 1)
            with asyncio.Runner(loop_factory=lambda: HastenedLoop(pace.speed)) as runner:
                runner.run(_live(folder, settings, pace, int(line)))
            return
        _say(pid)
        _say(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))


if __name__ == "__main__":
    _lives(Path(sys.argv[1]), InfluxSettings(**json.loads(sys.argv[2])), Pace(**json.loads(sys.argv[3])))
