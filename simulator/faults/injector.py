"""Faults that come and go while a simulation runs: whose turn it is, and what it takes to begin and to end each.

What a fault makes of a message is the plan's; how it is asked for from outside, `desk`'s.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from functools import partial
from types import TracebackType
from typing import Protocol, Self

from simulator.errors import InputError, RunError
from simulator.faults.fault import Fault
from simulator.faults.kinds import BROKER, CONTROLLER
from simulator.faults.meddler import Feels, Meddler, Room
from simulator.faults.plan import every
from simulator.hardware import Later, PutOff

logger = logging.getLogger(__name__)

_PROXY_WANTED = (
    "the broker can be struck only through the simulator's own port: start it with --proxy PORT, and have whoever "
    "is to feel it connect there; natoma demo --proxy PORT does both"
)

_FOLDER_WANTED = "the controller can be frozen only where its data folder is known: give --data"


class Victim(Feels, Protocol):
    """What a fault needs of a device."""

    def meddled(self, meddler: Meddler) -> None: ...
    def hang_up(self, why: str) -> None: ...
    async def cut_power(self) -> None: ...
    async def give_power(self) -> None: ...
    def double(self, every_s: float) -> AbstractAsyncContextManager[object]: ...


class Broker(Protocol):
    """What a fault needs of the port in front of a broker."""

    def stop(self) -> None: ...
    def kill(self) -> None: ...
    async def start(self) -> None: ...
    def freeze(self) -> None: ...
    def thaw(self) -> None: ...


class Controller(Protocol):
    """What a fault needs of the program that holds the data folder."""

    def freeze(self) -> None: ...
    def thaw(self) -> None: ...


@dataclass(slots=True, eq=False)
class Running:
    """A fault that was added and is not over; `began_s` is None before its time."""

    number: int
    fault: Fault
    added_s: float
    began_s: float | None = None
    timers: dict[str, Later] = field(default_factory=dict)
    doubles: list[asyncio.Event] = field(default_factory=list)


class Injector:
    """Close it with `async with`: then no fault is left, and every device has power."""

    def __init__(
        self,
        devices: Mapping[str, Victim],
        broker: Broker | None,
        *,
        clock: Callable[[], float],
        put_off: PutOff,
        tasks: asyncio.TaskGroup,
        tell: Callable[[Fault, str, str], None],
        controller: Controller | None = None,
    ) -> None:
        """`clock` and `put_off` are of the same time; `tell` writes down each time that something was done."""
        self._devices = devices
        self._broker = broker
        self._controller = controller
        self._clock = clock
        self._put_off = put_off
        self._tasks = tasks
        self._tell = tell
        self._added = 0
        self.running: list[Running] = []
        room = Room()
        self._meddlers = {name: Meddler(device, clock, put_off, tell, room) for name, device in devices.items()}
        for name, meddler in self._meddlers.items():
            devices[name].meddled(meddler)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, _kind: type[BaseException] | None, _exc: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self.clear()

    def add(self, fault: Fault) -> Running:
        """From now on, or when its time comes. Raises InputError for a broker or a controller we cannot strike."""
        if _is_of(fault, BROKER) and self._broker is None:
            raise InputError(_PROXY_WANTED)
        if _is_of(fault, CONTROLLER) and self._controller is None:
            raise InputError(_FOLDER_WANTED)
        self._added += 1
        running = Running(self._added, fault, self._clock())
        self.running.append(running)
        if fault.begins_s > 0:
            running.timers["begin"] = self._put_off(fault.begins_s, partial(self._begin, running))
        else:
            self._begin(running)
        return running

    def clear(self, number: int | None = None) -> list[Running]:
        """End this one, or all; what was ended."""
        over = [running for running in self.running if number in (None, running.number)]
        for running in over:
            self._end(running)
        return over

    # --- one fault --------------------------------------------------------------------------------

    def _begin(self, running: Running) -> None:
        fault = running.fault
        running.began_s = self._clock()
        if fault.ends_s is not None:
            running.timers["end"] = self._put_off(fault.ends_s - fault.begins_s, partial(self._end, running))
        logger.info("fault %d begins: %s", running.number, fault.in_words())
        if not fault.devices:
            self._tell(fault, fault.target, "begins")
            self._strike_program(fault)
        for name in sorted(fault.devices & self._devices.keys()):
            self._tell(fault, name, "begins")
            self._strike(running, name)

    def _end(self, running: Running) -> None:
        if running not in self.running:
            return
        self.running.remove(running)
        for timer in running.timers.values():
            timer.cancel()
        if running.began_s is None:
            return
        fault = running.fault
        logger.info("fault %d is over: %s", running.number, fault.in_words())
        for over in running.doubles:
            over.set()
        if not fault.devices:
            self._tell(fault, fault.target, "is over")
            self._spare_program(fault)
        for name in sorted(fault.devices & self._devices.keys()):
            self._tell(fault, name, "is over")
            self._spare(fault, name)

    def _strike(self, running: Running, name: str) -> None:
        device, fault = self._devices[name], running.fault
        match fault.kind:
            case "power-cut":
                self._tasks.create_task(device.cut_power(), name=f"power cut of {name}")
            case "flap":
                self._again(running, name, 1)
            case "identity-clash":
                over = asyncio.Event()
                running.doubles.append(over)
                self._tasks.create_task(_clash(device, fault, over), name=f"double of {name}")
            case _:
                self._meddlers[name].begins(fault)

    def _spare(self, fault: Fault, name: str) -> None:
        match fault.kind:
            case "power-cut":
                if not any(one.fault.kind == "power-cut" and name in one.fault.devices for one in self._acting()):
                    self._tasks.create_task(self._devices[name].give_power(), name=f"power for {name}")
            case "flap" | "identity-clash":
                pass
            case _:
                self._meddlers[name].ends(fault)

    def _again(self, running: Running, name: str, number: int) -> None:
        """Hang up once, and once more when it is due: the link comes back by itself in between."""
        self._tell(running.fault, name, "hung up")
        self._devices[name].hang_up("flapping")
        due_s = every(running.fault, name, number)
        running.timers[name] = self._put_off(due_s, lambda: self._again(running, name, number + 1))

    # --- the broker and the controller ------------------------------------------------------------

    def _strike_program(self, fault: Fault) -> None:
        if _is_of(fault, CONTROLLER):
            assert self._controller is not None  # `add` refuses otherwise
            self._controller.freeze()
            return
        assert self._broker is not None  # `add` refuses otherwise
        match fault.kind:
            case "stop":
                self._broker.stop()
            case "kill":
                self._broker.kill()
            case _:
                self._broker.freeze()

    def _spare_program(self, fault: Fault) -> None:
        left = {one.fault.kind for one in self._acting() if _is_of(one.fault, fault.target)}
        if _is_of(fault, CONTROLLER):
            assert self._controller is not None
            if not left:
                self._controller.thaw()
            return
        assert self._broker is not None
        if "freeze" not in left:
            self._broker.thaw()
        if not left & {"stop", "kill"}:
            self._tasks.create_task(_start(self._broker), name="the broker takes connections again")

    def _acting(self) -> list[Running]:
        return [running for running in self.running if running.began_s is not None]


def _is_of(fault: Fault, program: str) -> bool:
    return not fault.devices and fault.target == program


async def _start(broker: Broker) -> None:
    try:
        await broker.start()
    except RunError as exc:
        # Somebody else has the port by now: the fault stays, and whoever looks for a reason finds it.
        logger.error("the broker stays away: %s", exc)


async def _clash(device: Victim, fault: Fault, over: asyncio.Event) -> None:
    async with device.double(fault.number("every_s")):
        await over.wait()
