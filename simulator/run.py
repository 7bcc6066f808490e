"""A running simulation: the world's hands on the fleet's doors, until somebody says stop.

The parts are built here and nowhere else; what they do is theirs.
"""

import asyncio
import contextlib
import logging
import signal
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from devices.link import Delivery
from simulator.building import Building
from simulator.clock import WorldClock, now
from simulator.control import Control, require_none_runs, serve
from simulator.device import Surroundings
from simulator.endpoint import DataDir, Endpoint
from simulator.entitled import guess
from simulator.faults.desk import Desk
from simulator.faults.opening import opened as faults_opened
from simulator.faults.proxy import Proxy
from simulator.fleet import Fleet
from simulator.hands import Hands
from simulator.hardware import Witness
from simulator.people import SimPerson
from simulator.performing import Instruments, Performer
from simulator.world import World

logger = logging.getLogger(__name__)

# The world is looked at this often when nothing is due: rooms breathe meanwhile.
_IDLE_S = 0.5
# After a machine was asleep the world does not live the lost hours in one gulp of taps.
_LONGEST_GAP_S = 30.0
_STORY_EVERY_S = 300.0


@dataclass(frozen=True, slots=True)
class Simulation:
    """What to run, all of it checked before anything is started."""

    building: Building
    people: Sequence[SimPerson]
    endpoint: Endpoint
    seed: int
    start: datetime
    speed: float = 1.0
    socket: Path | None = None
    # Made up here, with badges no controller was told of: nobody can be called by name from outside.
    are_strangers: bool = False
    # Of the page to walk about in; 0 takes a free one, None has none.
    page_port: int | None = None
    # Of the port before the broker, through which faults can strike it; 0 takes a free one, None has none.
    proxy_port: int | None = None


@dataclass(frozen=True, slots=True)
class Stage:
    """A simulation that runs, for who does something with it."""

    fleet: Fleet
    hands: Hands
    instruments: Instruments
    life: "Liveliness"
    faults: Desk | None


class Play(Protocol):
    """What goes on in a simulation in place of a day without an end, and who watches."""

    @property
    def witness(self) -> Witness: ...
    @property
    def listener(self) -> tuple[str, Callable[[Delivery], None]]: ...
    async def goes_on(self, stage: Stage) -> None: ...


async def run(simulation: Simulation, stop: asyncio.Event | None = None, play: Play | None = None) -> None:
    """Until SIGINT, SIGTERM, `stop`, or the end of `play`; devices say goodbye before this returns."""
    stop = stop or asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    try:
        await _run(simulation, stop, play)
    finally:
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)


async def _run(simulation: Simulation, stop: asyncio.Event, play: Play | None) -> None:
    building = simulation.building
    if simulation.socket is not None:
        # Before any device of ours connects under a name that is in use.
        await require_none_runs(simulation.socket)
    clock = WorldClock(now(), simulation.start, simulation.speed)
    admits = guess(building)
    world = World(
        building,
        simulation.people,
        simulation.seed,
        simulation.start,
        pace=simulation.speed,
        # Doors judge by the real hour, whatever hour people live.
        admits=lambda person, door, at: admits(person, door, clock.real(at)),
    )
    instruments = Instruments(building, world, simulation.seed)
    async with AsyncExitStack() as stack:
        endpoint, broker = simulation.endpoint, None
        if simulation.proxy_port is not None:
            broker = await stack.enter_async_context(Proxy(endpoint.host, endpoint.port, simulation.proxy_port))
            endpoint = endpoint.through(broker.port)
            logger.info("a way to the broker that faults can strike: 127.0.0.1:%d", broker.port)
        fleet = await stack.enter_async_context(
            Fleet(
                building,
                endpoint,
                Surroundings(now, instruments.read, play.witness if play is not None else None),
                seed=simulation.seed,
                listener=play.listener if play is not None else None,
            )
        )
        visitors = await stack.enter_async_context(asyncio.TaskGroup())
        hands = Hands(fleet, building, visitors)
        faults = None
        if simulation.socket is not None:
            known = () if simulation.are_strangers else simulation.people
            if_nobody = DataDir(simulation.socket.parent).nobody_known() + ", and start the simulator again"
            folder = simulation.socket.parent
            faults = await stack.enter_async_context(faults_opened(building, fleet.devices, broker, visitors, folder))
            control = Control(hands, building, known, if_nobody, faults)
            await stack.enter_async_context(serve(simulation.socket, control))
        if simulation.page_port is not None:
            # Here, so that no other command waits for a web server to be imported.
            from simulator.page.opening import opened

            page = opened(
                building, simulation.people, world, fleet, instruments, visitors, simulation.page_port,
                are_strangers=simulation.are_strangers,
            )  # fmt: skip
            logger.info("walk about in it: %s", await stack.enter_async_context(page))
        _say_hello(simulation, clock)
        life = Liveliness(world, fleet, clock)
        if play is None:
            await life.live(stop)
            return
        living = visitors.create_task(life.live(stop), name="people who live there")
        playing = visitors.create_task(play.goes_on(Stage(fleet, hands, instruments, life, faults)), name="play")
        # Whatever ends first, the play or the wish to stop, ends both.
        await asyncio.wait({living, playing}, return_when=asyncio.FIRST_COMPLETED)
        playing.cancel()
        stop.set()


def _say_hello(simulation: Simulation, clock: WorldClock) -> None:
    local = now().astimezone(simulation.building.zone)
    logger.info("%s: %d people, seed %d", simulation.building.name, len(simulation.people), simulation.seed)
    if simulation.are_strangers:
        logger.warning("they are made up, for want of a people file: doors know none of their badges")
    if clock.is_elsewhere:
        logger.info(
            "it is %s there, so people live %s instead; doors still judge by the real hour and refuse some",
            local.strftime("%A %H:%M"),
            clock.began_world.strftime("%A %H:%M"),
        )


class Liveliness:
    """Lets the world live, and does with the fleet's devices what its people do."""

    def __init__(
        self,
        world: World,
        fleet: Fleet,
        clock: WorldClock,
        real: Callable[[], datetime] = now,
        idle_s: float = _IDLE_S,
    ) -> None:
        self._world = world
        self._clock = clock
        self._real = real
        self._idle_s = idle_s
        self._answered = asyncio.Event()
        self.performer = Performer(world, fleet, asyncio.get_running_loop().call_later, self._answered.set)

    async def live(self, stop: asyncio.Event) -> None:
        loop = asyncio.get_running_loop()
        told_at = loop.time()
        while not stop.is_set():
            self._answered.clear()
            moment = self._clock.world(self._real())
            if moment - self._world.now > _LONGEST_GAP_S * self._clock.speed:
                moment = self._world.now + _LONGEST_GAP_S * self._clock.speed
            for act in self._world.advance(moment):
                self.performer.perform(act)
            if loop.time() - told_at > _STORY_EVERY_S:
                told_at = loop.time()
                self._tell()
            await self._wait()

    async def _wait(self) -> None:
        """Until something is due, an answer came, or it is time to look again."""
        due = (self._world.next_due - self._clock.world(self._real())) / self._clock.speed
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(min(self._idle_s, max(0.005, due))):
                await self._answered.wait()

    def _tell(self) -> None:
        inside = sum(self._world.whereabouts().values())
        story = self.performer.story
        logger.info(
            "%d people inside; in the last five minutes %d taps, %d granted, %d denied, %d without an answer",
            inside, story["taps"], story["granted"], story["denied"], story["try_again"],
        )  # fmt: skip
        story.clear()
