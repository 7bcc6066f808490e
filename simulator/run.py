"""A running simulation: the world's hands on the fleet's doors, until somebody says stop.

The parts are built here and nowhere else; what they do is theirs.
"""

import asyncio
import contextlib
import logging
import random
import signal
from collections import Counter
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from devices.messages import Scalar, Signal
from devices.units.steps import ButtonPressed, Show
from simulator.acts import Act, MoveLeaf, PressButton, PressExit, Tap
from simulator.building import Building, Door
from simulator.clock import WorldClock, now
from simulator.control import Control, serve
from simulator.device import Surroundings
from simulator.endpoint import DataDir, Endpoint
from simulator.entitled import guess
from simulator.fleet import Fleet
from simulator.hands import Hands
from simulator.instruments import measure
from simulator.people import SimPerson
from simulator.pocket import badge_data
from simulator.world import World

logger = logging.getLogger(__name__)

# The world is looked at this often when nothing is due: rooms breathe meanwhile.
_IDLE_S = 0.5
# After a machine was asleep the world does not live the lost hours in one gulp of taps.
_LONGEST_GAP_S = 30.0
_STORY_EVERY_S = 300.0
# Six digits by somebody who knows them, and less than the world's people wait at a reader.
_TYPING_S = 1.5


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


async def run(simulation: Simulation, stop: asyncio.Event | None = None) -> None:
    """Until SIGINT, SIGTERM or `stop`; devices say goodbye before this returns."""
    stop = stop or asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    try:
        await _run(simulation, stop)
    finally:
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)


async def _run(simulation: Simulation, stop: asyncio.Event) -> None:
    building = simulation.building
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
        fleet = await stack.enter_async_context(
            Fleet(building, simulation.endpoint, Surroundings(now, instruments.read), seed=simulation.seed)
        )
        if simulation.socket is not None:
            visitors = await stack.enter_async_context(asyncio.TaskGroup())
            known = () if simulation.are_strangers else simulation.people
            if_nobody = DataDir(simulation.socket.parent).nobody_known() + ", and start the simulator again"
            control = Control(Hands(fleet, building, visitors), building, known, if_nobody)
            await stack.enter_async_context(serve(simulation.socket, control))
        _say_hello(simulation, clock)
        await Liveliness(world, fleet, clock).live(stop)


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


class Instruments:
    """What each sensor reads, from the world's rooms."""

    def __init__(self, building: Building, world: World, seed: int) -> None:
        self._building = building
        self._world = world
        self._dice = {device: random.Random(f"{seed}/{device}") for device in building.devices}

    def read(self, device_id: str) -> dict[str, Scalar]:
        device = self._building.devices[device_id]
        if device.area is None:
            return {}
        return measure(device.channels, self._world.room(device.area), self._dice[device_id])


class Liveliness:
    """Lets the world live, and does with the fleet's devices what its people do."""

    def __init__(self, world: World, fleet: Fleet, clock: WorldClock) -> None:
        self._world = world
        self._fleet = fleet
        self._clock = clock
        self._answered = asyncio.Event()
        self._story: Counter[str] = Counter()

    async def live(self, stop: asyncio.Event) -> None:
        loop = asyncio.get_running_loop()
        told_at = loop.time()
        while not stop.is_set():
            self._answered.clear()
            moment = self._clock.world(now())
            if moment - self._world.now > _LONGEST_GAP_S * self._clock.speed:
                moment = self._world.now + _LONGEST_GAP_S * self._clock.speed
            for act in self._world.advance(moment):
                self._perform(act)
            if loop.time() - told_at > _STORY_EVERY_S:
                told_at = loop.time()
                self._tell()
            await self._wait()

    def _perform(self, act: Act) -> None:
        match act:
            case Tap():
                self._story["taps"] += 1
                self._fleet.tap(
                    act.device, badge_data(act.person, act.direction), lambda show: self._answers(act, show)
                )
            case PressExit(door=door):
                self._fleet.press_exit(door)
            case MoveLeaf(door=door, is_open=True, person=SimPerson() as person) if act.inward and self._is_shut(door):
                # Green, but the bolt did not draw: she stands there and tries again.
                self._world.answered(person.id, False)
            case MoveLeaf(door=door, is_open=is_open):
                self._fleet.move_leaf(door, is_open)
            case PressButton(area=area):
                for device in self._fleet.in_area(area, "light"):
                    device.feed(ButtonPressed())

    def _is_shut(self, door: Door) -> bool:
        return not self._fleet.can_push(door)

    def _answers(self, tap: Tap, show: Show) -> None:
        self._story[show.signal.value] += 1
        if show.signal is Signal.ENTER_PIN and tap.person.pin:
            asyncio.get_running_loop().call_later(_TYPING_S, self._types, tap)
            return
        self._world.answered(tap.person.id, show.signal is Signal.GRANTED)
        self._answered.set()

    def _types(self, tap: Tap) -> None:
        self._fleet.enter_pin(tap.device, tap.person.pin, lambda show: self._answers(tap, show))

    async def _wait(self) -> None:
        """Until something is due, an answer came, or it is time to look again."""
        due = (self._world.next_due - self._clock.world(now())) / self._clock.speed
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(min(_IDLE_S, max(0.005, due))):
                await self._answered.wait()

    def _tell(self) -> None:
        inside = sum(self._world.whereabouts().values())
        logger.info(
            "%d people inside; in the last five minutes %d taps, %d granted, %d denied, %d without an answer",
            inside, self._story["taps"], self._story["granted"], self._story["denied"], self._story["try_again"],
        )  # fmt: skip
        self._story.clear()
