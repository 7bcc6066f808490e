"""A building lives a day, or several, through a real broker and the real controller, in minutes: all but the broker in one
process, on a clock that leaps. What was said, answered, measured and stored is counted on both sides and compared.
"""

import asyncio
import json
import sqlite3
import time
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import closing, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Literal

from controller.adapters.broker import BrokerProgram
from controller.app import Running
from controller.app.compose import run
from controller.app.stores import open_history, open_registry
from controller.cli.people import import_people
from controller.config import Settings, Web
from controller.domain.history.values import Selection, Span
from controller.space import load as load_space
from devices.messages import EventType, Signal
from devices.units.reading import NO_ANSWER
from devices.units.steps import Show
from simulator.building import Building
from simulator.building_file import load as load_building
from simulator.clock import WorldClock
from simulator.device import Surroundings, Untouched, VirtualDevice
from simulator.endpoint import DataDir
from simulator.entitled import guess
from simulator.fleet import Fleet
from simulator.people import SimPerson, make_people, write_people
from simulator.performing import Instruments
from simulator.run import Liveliness
from simulator.world import DAY_STARTS, World
from tests.support.leaping_house import Asleep, HouseLoop, LoopTime

# Once a quarter of an hour each device says that it is there, which is every few real seconds: nobody is thrown out for
# silence, and a day is not two million pings.
BEAT_EVERY_S = 900.0
# What was said last is answered and on the disk by then.
SETTLES_S = 30.0
# Air and warmth of a room are looked at so often when nobody is on their way.
IDLE_S = 5.0
EVER = Span(datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC))
_READS = (EventType.BADGE_READ, EventType.PIN_ENTERED)
_ALONE = ("local_granted", "local_denied")


@dataclass(frozen=True, slots=True)
class WholeDay:
    """What to live: from `start`, local to the space, for so many hours."""

    space: Path
    start: datetime
    hours: float
    data: Path
    seed: int = 1
    people: int | None = None  # None: as many as the house suits


@dataclass(slots=True)
class Counted:
    """What devices said and showed, counted where they did."""

    reads: int = 0
    shown: Counter[str] = field(default_factory=Counter)  # by signal, and reason where it is no answer
    messages: int = 0  # with readings in them
    readings: int = 0

    @property
    def unanswered(self) -> int:
        return self.shown["no_answer"]


@dataclass(frozen=True, slots=True)
class Lived:
    """What became of it."""

    people: int
    devices: int
    counted: Counted
    stored: int
    refused: int
    facts: Mapping[str, int]
    alarms: Mapping[str, int]
    reconnects: int
    leaps: int
    house_s: float
    wall_s: float
    cpu_s: float  # of this process
    broker_cpu_s: float

    def wrong(self) -> list[str]:
        """All that should hold and does not, in words."""
        said, facts = self.counted, self.facts
        decided = sum(facts.get(kind, 0) for kind in ("entry_granted", "entry_denied", "read_ignored", "pin_asked"))
        alone = sum(facts.get(kind, 0) for kind in _ALONE)
        laws = (
            (said.unanswered == 0, f"{said.unanswered} of {said.reads} reads were not answered"),
            (decided == said.reads, f"{said.reads} reads were said and {decided} decided"),
            (alone == 0, f"{alone} reads were decided by doors alone, though the controller was there"),
            (self.refused == 0, f"{self.refused} messages were refused"),
            (
                self.stored == said.readings,
                f"{said.readings} readings were said and {self.stored} are stored",
            ),
            (self.reconnects == 0, f"{self.reconnects} times a device lost its link"),
            (facts.get("device_lost", 0) == 0, f"{facts.get('device_lost', 0)} times a device was taken for lost"),
        )
        return [what for holds, what in laws if not holds]


class _Ear(Untouched):
    """Hears what a device says, and passes everything on as it is."""

    def __init__(self, counted: Counted) -> None:
        self._counted = counted

    def passes(
        self,
        way: Literal["up", "down"],
        kind: str,
        payload: bytes,
        retain: bool,
        go: Callable[[bytes, bool], None],
        _lost: object = None,
    ) -> None:
        if way == "up" and kind == "telemetry":
            self._counted.messages += 1
            said = json.loads(payload)
            values = [said, *said.get("batch", ())]
            self._counted.readings += sum(len(one.get("v", ())) for one in values)
        elif way == "up" and kind == "event" and json.loads(payload)["type"] in _READS:
            self._counted.reads += 1
        go(payload, retain)

    def shows(self, show: Show) -> None:
        is_lost = show.signal is Signal.TRY_AGAIN and show.reason == NO_ANSWER
        self._counted.shown["no_answer" if is_lost else show.signal.value] += 1


def live(day: WholeDay, grain_s: float = 0.5) -> Lived:
    """Live it, on a loop of its own."""
    with asyncio.Runner(loop_factory=lambda: HouseLoop(grain_s)) as runner:
        return runner.run(_live(day))


def begins(on: date, building: Building) -> datetime:
    """When a day of the simulator begins."""
    return datetime.combine(on, DAY_STARTS, building.zone)


async def _live(day: WholeDay) -> Lived:
    loop = asyncio.get_running_loop()
    assert isinstance(loop, HouseLoop)
    building, space = load_building(day.space), load_space(day.space)
    clock = LoopTime(loop, day.start)
    settings = Settings(data=day.data, space=day.space, web=Web(port=0), broker=BrokerProgram.MOSQUITTO)
    people = await _moved_in(day, building, settings)
    stop, is_up = asyncio.Event(), loop.create_future()

    async def ready(running: Running) -> None:
        is_up.set_result(running)

    house = loop.create_task(run(settings, space, stop=stop, on_ready=ready, clock=clock), name="controller")
    await asyncio.wait({house, is_up}, return_when=asyncio.FIRST_COMPLETED)
    if house.done():
        house.result()
    try:
        lived = await _lived(day, building, people, is_up.result(), clock, loop)
    finally:
        loop.walk()
        stop.set()
        await house
    stored, refused = await _stored(settings)
    return replace(lived, stored=stored, refused=refused)


async def _moved_in(day: WholeDay, building: Building, settings: Settings) -> list[SimPerson]:
    people = make_people(building, day.seed, day.start.date(), day.people)
    day.data.mkdir(parents=True, exist_ok=True, mode=0o700)
    file = day.data / "people.csv"
    write_people(people, file)
    space = load_space(day.space)
    async with open_registry(settings.home, space):
        pass  # a house that has its plans; the import asks for one
    await import_people(settings, space, file)
    return people


async def _lived(
    day: WholeDay, building: Building, people: list[SimPerson], running: Running, clock: LoopTime, loop: HouseLoop
) -> Lived:
    assert running.embedded is not None
    assert running.embedded.process is not None
    pid = running.embedded.process.pid
    broker_sleeps = Asleep(pid)
    admits = guess(building)
    world_clock = WorldClock(clock.wall(), day.start)
    world = World(
        building,
        people,
        day.seed,
        day.start,
        admits=lambda person, door, at: admits(person, door, world_clock.real(at)),
    )
    instruments = Instruments(building, world, day.seed)
    counted = Counted()
    ear = _Ear(counted)
    endpoint = DataDir(day.data).endpoint(None, None, None, None)
    around = Surroundings(clock.wall, instruments.read)
    fleet = Fleet(building, endpoint, around, seed=day.seed, beat_every_s=BEAT_EVERY_S)
    _listen(fleet.devices, ear)
    async with fleet:
        links = [device.link for device in fleet.devices.values()]

        def all_at_rest() -> bool:
            return not running.is_writing() and broker_sleeps()

        over, liveliness = asyncio.Event(), Liveliness(world, fleet, world_clock, clock.wall, idle_s=IDLE_S)
        wall, cpu, broker_cpu, since = time.monotonic(), time.process_time(), _cpu_of(pid), loop.time()
        loop.leap(all_at_rest)
        life = loop.create_task(liveliness.live(over), name="people")
        try:
            await asyncio.wait({life}, timeout=day.hours * 3600)
            over.set()
            await life
            for device in fleet.devices.values():
                device.stop()  # no more readings: what was said is compared with what is stored
            await asyncio.sleep(SETTLES_S)
            facts, alarms = _facts_of(day.data), _alarms_of(day.data)
        finally:
            over.set()
            loop.walk()
            broker_sleeps.close()
        return Lived(
            people=len(people),
            devices=len(fleet.devices),
            counted=counted,
            stored=0,
            refused=0,
            facts=facts,  # before they say goodbye, which is told as a loss
            alarms=alarms,
            reconnects=sum(link.state.reconnects for link in links),
            leaps=loop.leapt,
            house_s=loop.time() - since,
            wall_s=time.monotonic() - wall,
            cpu_s=time.process_time() - cpu,
            broker_cpu_s=_cpu_of(pid) - broker_cpu,
        )


def _listen(devices: Mapping[str, VirtualDevice], ear: _Ear) -> None:
    for device in devices.values():
        device.meddled(ear)
        device.on_show = ear.shows


def _facts_of(data: Path) -> dict[str, int]:
    with closing(sqlite3.connect(data / "events.db")) as events:
        return dict(events.execute("SELECT kind, count(*) FROM fact GROUP BY kind"))


def _alarms_of(data: Path) -> dict[str, int]:
    with closing(sqlite3.connect(data / "natoma.db")) as registry:
        return dict(registry.execute("SELECT kind, sum(count) FROM alarm GROUP BY kind"))


async def _stored(settings: Settings) -> tuple[int, int]:
    """How many readings are in the history, and how many messages were refused, by what is on the disk in the end."""
    async with open_history(settings.home) as history:
        counts = await history.counts_by_hour(Selection(), EVER)
    with closing(sqlite3.connect(settings.data / "telemetry.db")) as log:
        refused = log.execute("SELECT coalesce(sum(seen), 0) FROM refused_count").fetchone()[0]
    return sum(sum(hours.values()) for hours in counts.values()), int(refused)


def _cpu_of(pid: int) -> float:
    """Seconds of a core that a process has used."""
    with suppress(OSError):
        used = Path("/proc", str(pid), "stat").read_text().rpartition(")")[2].split()[11:13]
        return sum(map(int, used)) / 100
    return 0.0
