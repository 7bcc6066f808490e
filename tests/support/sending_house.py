"""A house that measures, keeps and sends on, as a process that may be killed: the product's own store and sender.

Each reading is numbered, and its value and its moment follow from its number. A number is printed once its reading is
durable, which is when a device would be told that we have it: what is printed is the oracle.
"""

import asyncio
import contextlib
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
from tests.support.controller import ROOT, clean_environment, eventually
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
            with contextlib.suppress(StoreError):  # not kept: the same again, as from a device that was not told
                await store.append([row(number, pace)])
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
    """The process, from the outside; its folder stays through `kill` and `start`."""

    def __init__(self, folder: Path, settings: InfluxSettings, pace: Pace) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._said = folder / "said.txt"
        self._said.touch()
        self._words = [str(folder), json.dumps(asdict(settings)), json.dumps(asdict(pace))]
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = [sys.executable, "-m", "tests.support.sending_house", *self._words, str(self.kept)]
        with self._said.open("ab") as out, (self._folder / "log.txt").open("ab") as log:
            self._process = subprocess.Popen(
                ["setpriv", "--pdeathsig=KILL", *command], cwd=ROOT, env=clean_environment(), stdout=out, stderr=log
            )

    def kill(self) -> None:
        """End it as a power cut does; fine where it is gone already."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def finish(self, within: float = 30.0) -> None:
        """Measure no more, send all there is, and end."""
        assert self._process is not None
        self._process.terminate()
        code = self._process.wait(within)
        self._process = None
        assert code == 0, (self._folder / "log.txt").read_text()[-2000:]

    def wait_for(self, more: int) -> None:
        """Return once so many more readings are durable."""
        enough = self.kept + more

        def is_enough() -> bool:
            assert self._process is not None
            assert self._process.poll() is None, f"it ended: {(self._folder / 'log.txt').read_text()[-2000:]}"
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


if __name__ == "__main__":
    _folder, _settings, _pace, _first = sys.argv[1:]
    pace = Pace(**json.loads(_pace))
    with asyncio.Runner(loop_factory=lambda: HastenedLoop(pace.speed)) as runner:
        runner.run(_live(Path(_folder), InfluxSettings(**json.loads(_settings)), pace, int(_first)))
