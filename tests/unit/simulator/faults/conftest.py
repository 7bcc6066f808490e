"""A device that writes down what reaches it, and time that moves when a test says so."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest

from devices.units import Input
from simulator.dry.timers import Timers
from simulator.faults import Fault
from simulator.faults.kinds import settings_of
from simulator.faults.meddler import Meddler


@dataclass
class Victim:
    """Ten honest lines of a device; its switches go through the meddler as those of a real one."""

    id: str = "door-front"
    done: list[object] = field(default_factory=list)
    meddler: Meddler | None = None

    def feed(self, given: Input) -> None:
        if self.meddler is None or self.meddler.feels(given):
            self.done.append(given)

    def meddled(self, meddler: Meddler) -> None:
        self.meddler = meddler

    def hang_up(self, why: str) -> None:
        self.done.append(why)

    async def cut_power(self) -> None:
        self.done.append("dark")

    async def give_power(self) -> None:
        self.done.append("awake")

    @asynccontextmanager
    async def double(self, every_s: float) -> AsyncIterator[None]:
        self.done.append(f"double every {every_s:g} s")
        yield
        self.done.append("double gone")


@dataclass
class Told:
    """What was written down: kind, device, what."""

    lines: list[tuple[str, str, str]] = field(default_factory=list)

    def tell(self, fault: Fault, device: str, what: str) -> None:
        self.lines.append((fault.kind, device, what))

    @property
    def words(self) -> list[str]:
        return [what for _, _, what in self.lines]


class Time(Timers):
    def passes(self, seconds: float) -> None:
        end = self.now + seconds
        while self.next_at <= end:
            self.run_next()
        self.now = end


@pytest.fixture
def time() -> Time:
    return Time(1000.0)


@pytest.fixture
def told() -> Told:
    return Told()


@pytest.fixture
def door() -> Victim:
    return Victim()


@pytest.fixture
def meddler(door: Victim, time: Time, told: Told) -> Meddler:
    door.meddler = Meddler(door, lambda: time.now, time.put_off, told.tell)
    return door.meddler


@pytest.fixture
def fault() -> Callable[..., Fault]:
    def made(kind: str, *devices: str, begins_s: float = 0.0, ends_s: float | None = None, **settings: Any) -> Fault:
        struck = frozenset(devices or ("door-front",))
        return Fault(kind, "door-front", struck, begins_s, ends_s, settings_of(kind, settings))

    return made
