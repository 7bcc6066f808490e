"""A building's days at full speed: world and devices as in the running simulator, time as a list of what is due.

What devices say, and what is answered, comes out in order as lines of the contract's capture format. The same building,
people, seed and span give the same lines, byte for byte.
"""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from devices import codec
from devices.messages import Command, Event, Message
from devices.topics import RULES, Kind, Topics
from devices.units.steps import Connected, Heard, Publish
from simulator.building import Building
from simulator.capture import Line, masked, text_of
from simulator.dry.answers import Answers
from simulator.dry.timers import Timers
from simulator.entitled import guess
from simulator.hardware import Hardware, Surroundings
from simulator.household import Household
from simulator.machines import machine_of
from simulator.people import SimPerson, make_outsiders
from simulator.performing import Instruments, Performer
from simulator.world import World

# From a reader to the controller and back, on a quiet network.
_TRIP_S = 0.01


@dataclass(frozen=True, slots=True)
class Day:
    """What to live: from `start` until `end`, both aware."""

    building: Building
    people: Sequence[SimPerson]
    seed: int
    start: datetime
    end: datetime
    with_badges: bool = False  # otherwise all but the last two characters of what was shown are masked


def lived(day: Day) -> Iterator[str]:
    """Each message as one line, without its line break."""
    return _Life(day).lines()


class _Life:
    def __init__(self, day: Day) -> None:
        self._day = day
        building = day.building
        admits = guess(building)
        self._timers = Timers(day.start.timestamp())
        self._clock = -1.0, day.start
        outsiders = make_outsiders(building, day.seed)
        self._world = World(building, [*day.people, *outsiders], day.seed, day.start, admits=admits)
        self._topics = Topics(building.root)
        self._lines: list[str] = []
        around = Surroundings(self._now, Instruments(building, self._world, day.seed).read)
        dice = random.Random(f"fleet/{day.seed}")
        devices = {
            device.id: Hardware(
                device.id,
                machine_of(device, building, dice, f"{dice.getrandbits(32):08x}", None),
                around,
                self._timers.put_off,
                lambda said, id=device.id: self._heard(id, said),  # type: ignore[misc]  # the id of this very device
            )
            for device in building.devices.values()
        }
        self._house = Household(building, devices)
        self._performer = Performer(self._world, self._house, self._timers.put_off)
        by_badge = {person.badge: person for person in day.people}
        by_ticket = {outsider.token: outsider for outsider in outsiders}
        self._answers = Answers(building, by_badge | by_ticket, admits, self._command)

    def lines(self) -> Iterator[str]:
        for device in self._house.devices.values():
            device.feed(Connected())
        end = self._day.end.timestamp()
        while True:
            yield from self._lines
            self._lines.clear()
            due = min(self._world.next_due, self._timers.next_at)
            if due >= end:
                return
            if self._timers.next_at <= self._world.next_due:
                self._timers.run_next()
                continue
            self._timers.now = max(self._timers.now, due)
            for act in self._world.advance(due):
                self._performer.perform(act)

    def _now(self) -> datetime:
        # Asked for several times at each moment.
        moment, at = self._clock
        if moment != self._timers.now:
            moment, at = self._timers.now, datetime.fromtimestamp(round(self._timers.now, 3), UTC)
            self._clock = moment, at
        return at

    def _heard(self, device: str, said: Publish) -> None:
        self._write(self._topics.up(device, said.kind), said.kind, said.message)
        if isinstance(said.message, Event):
            event = said.message
            self._timers.put_off(_TRIP_S, lambda: self._answers.said(device, event, self._now()))

    def _command(self, device: str, command: Command) -> None:
        self._write(self._topics.down(device, Kind.COMMAND), Kind.COMMAND, command)
        self._house.devices[device].feed(Heard(command))

    def _write(self, topic: str, kind: Kind, message: Message) -> None:
        rule = RULES[kind]
        line = Line(self._now(), topic, codec.encode(message), rule.qos, retain=rule.retained)
        self._lines.append(text_of(line if self._day.with_badges else masked(line)))
