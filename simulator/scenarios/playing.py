"""A scenario played in a running simulation, at its own moments; what was seen of it is the witness'.

Before the beginning the house is told what is given, and has to show every door as there.
"""

import asyncio
import logging
import shlex
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from devices.link import Delivery
from devices.units.steps import FireFelt, Tampered
from simulator.clock import now
from simulator.entitled import guess
from simulator.errors import InputError, RunError
from simulator.faults import Fault
from simulator.people import SimPerson
from simulator.pocket import pocket_of
from simulator.run import Stage
from simulator.scenarios.housetalk import HouseTalk
from simulator.scenarios.model import (
    Breathe,
    FirePanel,
    HoldOpen,
    PressButton,
    PressExit,
    Say,
    Scenario,
    Step,
    Tamper,
    TapDoor,
)
from simulator.scenarios.sightings import Ran, Showed, Tapped
from simulator.scenarios.witness import Witness

logger = logging.getLogger(__name__)

# A house may run so long before `starts`, for what is given to be said; and so late may it be.
EARLIEST_S, LATEST_S = 120.0, 5.0
_READY_S = 20.0
_CONFIRMED_S = 4.0
_LOOK_S = 0.05


def prepares_s(scenario: Scenario) -> float:
    """How long before `starts` a house should be up: its devices come, and whoever types is there, and types."""
    types = bool(scenario.given) or any(isinstance(step.deed, Say) for step in scenario.steps)
    return 6.0 + (4.0 if types else 0.0) + 1.0 * len(scenario.given)


def too_far(scenario: Scenario, at: datetime) -> str | None:
    """Why it cannot be played now, in words; None where it can."""
    if scenario.starts is None:
        return None
    ahead_s = (scenario.starts - at).total_seconds()
    if -LATEST_S <= ahead_s <= EARLIEST_S:
        return None
    local = at.astimezone(scenario.starts.tzinfo)
    return (
        f"{scenario.path}: it begins on {scenario.starts:%Y-%m-%d at %H:%M:%S}, and here it is {local:%Y-%m-%d %H:%M:%S}; "
        f"natoma demo --scenario {scenario.name if scenario.path.parent.name == 'files' else scenario.path} "
        "starts a house at that time"
    )


class Playing:
    """What `simulator.run` is to go on with; `witness` watches all devices from their first moment."""

    def __init__(self, scenario: Scenario, people: Mapping[str, SimPerson], data: Path, folder: Path) -> None:
        """`folder` is for what commands of this play write."""
        admits = guess(scenario.building)
        loop = asyncio.get_running_loop()
        self.witness = Witness(loop.time, now, admits)
        self._scenario = scenario
        self._people = people
        self.is_over = False  # played to its end
        said = [step.deed for step in (*scenario.given, *scenario.steps) if isinstance(step.deed, Say)]
        words = {name: person.id for name, person in people.items()}
        self._talk = HouseTalk(data, scenario.space, words, folder, said)

    @property
    def listener(self) -> tuple[str, Callable[[Delivery], None]]:
        """The device that hears what the house tells all: one that no fault strikes, where there is one."""
        struck = frozenset().union(*(fault.devices for fault in self._scenario.faults))
        devices = sorted(
            self._scenario.building.devices.values(), key=lambda d: (d.id in struck, d.kind != "door_unit")
        )
        return devices[0].id, self.witness.overhears

    async def goes_on(self, stage: Stage) -> None:
        """To its end; raises RunError when the house is not as it should be before the beginning.

        And InputError for a command that the house does not have: only its own program knows which it has.
        """
        async with self._talk:
            await self._goes_on(stage)

    async def _goes_on(self, stage: Stage) -> None:
        scenario = self._scenario
        await self._talk.ready()
        for step in (*scenario.given, *scenario.steps):
            if isinstance(step.deed, Say) and not self._talk.is_known(step.deed):
                raise InputError(
                    f"{scenario.path}:{step.line}: natoma has no command {shlex.split(step.deed.words)[0]!r}; "
                    "natoma --help lists them"
                )
        await self._until_ready()
        for step in scenario.given:
            assert isinstance(step.deed, Say)  # `given` is read as nothing else
            reply = await self._talk.say(step.deed)
            if reply.code != step.deed.exits or not _prints(reply.printed, step.deed):
                raise RunError(
                    f"{scenario.path}:{step.line}: natoma {step.deed.words} exited {reply.code}: {reply.told(step.deed)}"
                )
        late_s = await self._until_it_starts()
        self.witness.begins(late_s)
        stage.life.performer.on_tap = self.witness.saw_life
        if stage.faults is not None:
            for fault in scenario.faults:
                stage.faults.begins(_sooner(fault, late_s))
        logger.info("%s begins", scenario.name)
        await self._play(stage, late_s)
        if stage.faults is not None:
            stage.faults.answer({"do": "fault-clear"})
        await self._until_confirmed()
        self.is_over = True

    async def _play(self, stage: Stage, late_s: float) -> None:
        """The steps, each by a task of its own: a hand that holds a door does not keep others from theirs."""
        loop = asyncio.get_running_loop()
        began = loop.time() - late_s
        async with asyncio.TaskGroup() as steps:
            tasks = [
                steps.create_task(self._do_at(began + step.at_s, step, stage), name=f"step of line {step.line}")
                for step in self._scenario.steps
            ]
            await asyncio.sleep(max(0.0, began + self._scenario.lasts_s - loop.time()))
            for task in tasks:
                task.cancel()

    async def _do_at(self, moment: float, step: Step, stage: Stage) -> None:
        await asyncio.sleep(max(0.0, moment - asyncio.get_running_loop().time()))
        try:
            await self._do(step, stage)
        except (RunError, InputError, TimeoutError) as exc:
            # What a hand could not do is seen by what did not come of it.
            logger.warning("line %d: %s", step.line, str(exc) or "nobody answered")

    async def _do(self, step: Step, stage: Stage) -> None:
        building, hands = self._scenario.building, stage.hands
        match step.deed:
            case TapDoor() as tap:
                await self._tap(tap, stage)
            case PressExit(door=door, for_s=None):
                await hands.press_exit(door)
            case PressExit(door=door, for_s=float() as for_s):
                await hands.hold_exit(door, for_s)
            case HoldOpen(door=door, for_s=for_s):
                await hands.open(door, for_s)
            case PressButton(room=room):
                hands.press_button(building.areas[room])
            case Breathe(device=device):
                stage.instruments.breathe_on(device)
                stage.fleet.devices[device].measure_now()
            case Tamper(device=device):
                stage.fleet.devices[device].feed(Tampered())
            case FirePanel(device=device, active=active):
                stage.fleet.devices[device].feed(FireFelt(active))
            case Say() as said:
                reply = await self._talk.say(said)
                prints_it = _prints(reply.printed, said)
                self.witness.note(Ran(self.witness.at, step.line, reply.code, prints_it, reply.told(said)))

    async def _tap(self, tap: TapDoor, stage: Stage) -> None:
        person = self._people.get(tap.who)
        pin = _typed(tap.types_pin, person.pin if person is not None else "")
        pocket = pocket_of(person, tap.direction, token=self._talk.filled(tap.token), pin=pin)
        for thing in (pocket.shown, pocket.pin):
            if tap.name and thing is not None:
                self.witness.names_tap(thing, tap.name)
        at = self.witness.at
        outcome = await stage.hands.use(pocket, tap.door, tap.direction, walk=not tap.stays)
        if tap.name and not any(isinstance(one, Tapped) and one.tap == tap.name for one in self.witness.sightings):
            # No reader felt it: one without power, or one that somebody else kept busy.
            reader = tap.door.badge_reader if tap.direction == "in" else str(tap.door.reader_out)
            self.witness.note(Tapped(at, reader, tap.name))
            self.witness.note(Showed(self.witness.at, reader, outcome.shown, outcome.reason, by_house=False))

    # --- before and after -------------------------------------------------------------------------

    async def _until_ready(self) -> None:
        doors = [door for door in self._scenario.building.doors.values() if door.usable]

        def missing() -> list[str]:
            return [door.id for door in doors if self.witness.latest(f"door:{door.id}", "device") != "ready"]

        if not await _in_time(lambda: not missing(), _READY_S):
            raise RunError(
                f"the house does not show {', '.join(missing())} as ready: is a controller with this space file at the "
                f"same broker? natoma demo --scenario {self._scenario.name} starts all of it"
            )

    async def _until_it_starts(self) -> float:
        """By how much it is late: hours that matter are the wall clock's, and its own moments follow them."""
        starts = self._scenario.starts
        if starts is None:
            return 0.0
        await asyncio.sleep(max(0.0, (starts - now()).total_seconds()))
        late_s = max(0.0, (now() - starts).total_seconds())
        if late_s > LATEST_S:
            raise RunError(f"{self._scenario.path}: what is given took until {late_s:.0f} s after it should begin")
        return late_s

    async def _until_confirmed(self) -> None:
        """What is under way when it ends may still arrive."""
        await _in_time(lambda: not self.witness.awaits_confirmation, _CONFIRMED_S)


async def _in_time(holds: Callable[[], bool], within_s: float) -> bool:
    loop = asyncio.get_running_loop()
    deadline = loop.time() + within_s
    while not holds():
        if loop.time() > deadline:
            return False
        await asyncio.sleep(_LOOK_S)
    return True


def _sooner(fault: Fault, by_s: float) -> Fault:
    ends_s = max(0.1, fault.ends_s - by_s) if fault.ends_s is not None else None
    return replace(fault, begins_s=max(0.0, fault.begins_s - by_s), ends_s=ends_s)


def _typed(how: str, pin: str) -> str:
    """The PIN, another in its place, or none."""
    if how != "wrong":
        return pin if how else ""
    return f"{(int(pin) + 1) % 10 ** len(pin):0{len(pin)}}" if pin.isdigit() else "000000"


def _prints(printed: str, said: Say) -> bool:
    return said.prints is None or said.prints in printed
