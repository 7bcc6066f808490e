"""A virtual device in a foreign dialect without a link: its machine, its tongue, and all that it says."""

import json
import random
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from devices.channels import Bolt
from devices.messages import BadgeReadData, Scalar
from devices.units import Effect, Input, Machine
from devices.units.steps import (
    BadgeShown,
    BoltFelt,
    Connected,
    Measured,
    MoveBolt,
    Publish,
    ReleaseLock,
    Sample,
    Show,
    StartTimer,
    TimerFired,
)
from simulator.building import Building
from simulator.dialects.choosing import chosen
from simulator.dialects.device import tongue_of, without_limits
from simulator.dialects.tongue import Acts, Say, Tongue, Wait, in_words_of
from simulator.machines import machine_of

# A quarter past ten in the morning of the sample building.
NOW = datetime(2026, 11, 17, 18, 15, tzinfo=UTC)
ANNA = BadgeReadData(card="04AF68DACB5A80", bits=56, format="iso14443a", direction="in")
WIEGAND = BadgeReadData(card="4D7603", bits=24, format="wiegand26", direction="in")


@dataclass
class Speaker:
    """What happens to it happens at `now`; its bolt arrives at once, unless it is stuck."""

    machine: Machine
    tongue: Tongue
    now: datetime = NOW
    said: list[Say] = field(default_factory=list)
    shown: list[Show] = field(default_factory=list)
    released: list[ReleaseLock] = field(default_factory=list)
    timers: dict[str, float] = field(default_factory=dict)
    drawn_for: list[Bolt] = field(default_factory=list)
    is_stuck: bool = False

    def feed(self, given: Input) -> "Speaker":
        self.machine, effects = self.machine.step(given, self.now)
        for effect in effects:
            self._do(effect)
        return self

    def connect(self) -> "Speaker":
        return self.feed(Connected())

    def measure(self, **values: Scalar) -> "Speaker":
        return self.feed(Measured(values))

    def tap(self, badge: BadgeReadData = ANNA) -> "Speaker":
        return self.feed(BadgeShown(badge))

    def hear(self, topic: str, text: str | dict[str, Any] = "") -> "Speaker":
        body = text if isinstance(text, str) else json.dumps(text)
        self.tongue, acts = self.tongue.hears(topic, body.encode(), self.machine, self.now)
        self.act(acts)
        return self

    def tick(self) -> "Speaker":
        """The dialect's own time is up."""
        self.tongue, acts = self.tongue.ticks(self.machine, self.now)
        self.act(acts)
        return self

    def fire(self, timer: str) -> "Speaker":
        return self.feed(TimerFired(timer))

    def later(self, seconds: float) -> "Speaker":
        self.now += timedelta(seconds=seconds)
        return self

    def forget(self) -> "Speaker":
        """As if nothing had been said yet."""
        self.said.clear()
        return self

    @property
    def topics(self) -> list[str]:
        return [say.topic for say in self.said]

    def last(self, topic: str) -> Say:
        return next(say for say in reversed(self.said) if say.topic == topic)

    def text(self, topic: str) -> str:
        return self.last(topic).body.decode()

    def json(self, topic: str) -> Any:
        return json.loads(self.last(topic).body)

    def _do(self, effect: Effect) -> None:
        match effect:
            case Publish(message=message):
                self.tongue, acts = in_words_of(self.tongue, message, self.now)
                self.act(acts)
            case MoveBolt(to=to) if not self.is_stuck:
                self.drawn_for.append(to)
                self.feed(BoltFelt(to))
            case StartTimer(name=name, after_s=after):
                self.timers[name] = after
            case Show():
                self.shown.append(effect)
            case ReleaseLock():
                self.released.append(effect)
            case Sample():
                pass

    def act(self, acts: Acts) -> None:
        inputs: list[Input] = []
        for act in acts:
            match act:
                case Say():
                    self.said.append(act)
                case Wait(after_s=after):
                    self.timers["dialect"] = after
                case ReleaseLock():
                    self.released.append(act)
                case _:
                    inputs.append(act)
        for given in inputs:
            self.feed(given)


def speaker(building: Building, device_id: str, dialect: str) -> Speaker:
    """A device of this building, switched on and not connected yet."""
    spoken = chosen(building, [f"{device_id}={dialect}"])
    device = spoken.devices[device_id]
    machine = machine_of(device, spoken, random.Random(1), "boot-1", None)
    return Speaker(without_limits(machine), tongue_of(device, spoken))
