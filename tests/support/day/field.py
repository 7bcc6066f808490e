"""Everything with a wire in a simulated day: door units and readers that answer, sensors, and the booth's light.

They are the real device machines. Doors and sensors are on good lines; between the house and the light is one that
drops, delays and repeats. What lies at the broker, retained, is here as well.
"""

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from controller.domain.building import Door, Space
from controller.domain.ids import AreaId, DeviceId
from devices.channels import Bolt
from devices.messages import BadgeReadData, ChannelSpec, Desired, DesiredValue, Message, Signal, State, Status
from devices.topics import Kind
from devices.units import DoorProfile, DoorUnit, Light, Machine, OwnList, Reader, Sensor, SensorProfile, Voice
from devices.units.steps import (
    BadgeShown,
    BoltFelt,
    ButtonPressed,
    Connected,
    ContactFelt,
    Disconnected,
    Effect,
    ExitPressed,
    ExitReleased,
    Heard,
    Input,
    Measured,
    MoveBolt,
    Publish,
    Shine,
    Show,
    StartTimer,
    StopTimer,
    TimerFired,
)
from devices.units.voice import HEALTH_TIMER
from tests.support.services import RecordingOutbound

# A motor lock's.
_BOLT_S = 0.4
_RETAINED = frozenset({Kind.BIRTH, Kind.STATE, Kind.STATUS})
# Of a sensor that also says at once when somebody comes or leaves.
EVERY_S = 240.0
SENSED = {
    "co2": ChannelSpec(device_class="carbon_dioxide", unit="ppm"),
    "presence": ChannelSpec(device_class="occupancy"),
}

Say = Callable[[str, Message, bool], None]
"""A device says something to the house, retained or not."""


class Wires(RecordingOutbound):
    """What the house sends goes to the devices of a field."""

    def __init__(self) -> None:
        super().__init__()
        self.heard_by: Callable[[DeviceId, Message], None] = lambda device, message: None

    def send(
        self, device: DeviceId, message: Message, *, expiry_s: int | None = None, correlation: str | None = None
    ) -> None:
        super().send(device, message, expiry_s=expiry_s, correlation=correlation)
        asyncio.get_running_loop().call_soon(self.heard_by, device, message)


class Thing:
    """One device: its machine, its timers, its motor."""

    def __init__(self, id: DeviceId, machine: Machine, says: Callable[[DeviceId, Kind, Message], None], now: Callable[[], datetime]) -> None:  # fmt: skip
        self.id = id
        self.machine = machine
        self.shows: list[Show] = []
        self.shines: Callable[[bool], None] = lambda on: None
        self._says = says
        self._now = now
        self._timers: dict[str, asyncio.TimerHandle] = {}
        self._motor: asyncio.TimerHandle | None = None

    def feed(self, given: Input) -> None:
        self.machine, effects = self.machine.step(given, self._now())
        for effect in effects:
            self._do(effect)

    def forget_timers(self) -> None:
        for handle in self._timers.values():
            handle.cancel()
        self._timers.clear()

    def _do(self, effect: Effect) -> None:
        loop = asyncio.get_running_loop()
        match effect:
            case Publish(kind=kind, message=message):
                self._says(self.id, kind, message)
            case StartTimer(name=name) if name == HEALTH_TIMER:
                pass  # batteries are nobody's concern here
            case StartTimer(name=name, after_s=after):
                self._stop(name)
                self._timers[name] = loop.call_later(after, self._fires, name)
            case StopTimer(name=name):
                self._stop(name)
            case MoveBolt(to=to):
                if self._motor is not None:
                    self._motor.cancel()
                self._motor = loop.call_later(_BOLT_S, self.feed, BoltFelt(to))
            case Show(signal=signal) if signal is not Signal.WARNING:
                self.shows.append(effect)
            case Shine(on=on):
                self.shines(on)
            case _:
                pass

    def _fires(self, name: str) -> None:
        self._timers.pop(name, None)
        self.feed(TimerFired(name))

    def _stop(self, name: str) -> None:
        handle = self._timers.pop(name, None)
        if handle is not None:
            handle.cancel()


@dataclass
class Line:
    """A bad one: what goes in comes out late, twice, in another order, or not at all."""

    dice: random.Random
    lost: float = 0.25
    twice: float = 0.2
    late: float = 0.25
    carried: int = 0
    dropped: int = 0
    repeated: int = 0

    def carry(self, deliver: Callable[[], None]) -> bool:
        """Whether anything of it arrives."""
        if self.dice.random() < self.lost:
            self.dropped += 1
            return False
        copies = 2 if self.dice.random() < self.twice else 1
        self.repeated += copies - 1
        for _ in range(copies):
            self.carried += 1
            is_late = self.dice.random() < self.late
            delay = self.dice.uniform(1.0, 45.0) if is_late else self.dice.uniform(0.02, 0.4)
            asyncio.get_running_loop().call_later(delay, deliver)
        return True


@dataclass
class Field:
    """All of them. `say` is how the house hears; while it is stopped nobody does."""

    space: Space
    dice: random.Random
    now: Callable[[], datetime]
    things: dict[DeviceId, Thing] = field(default_factory=dict)
    retained: dict[tuple[DeviceId, Kind], Message] = field(default_factory=dict)
    say: Say | None = None
    # The driver's own eyes, at the ends of the light's line.
    is_told: Callable[[DesiredValue, int], None] = lambda wish, rev: None
    is_heard: Callable[[State, str], None] = lambda state, boot: None
    link_is: Callable[[bool, str], None] = lambda alive, boot: None
    out: Line = field(init=False)  # to the light
    back: Line = field(init=False)
    boots: int = 1
    state_boot: str = ""  # in which life of the light what lies at the broker was said
    link_at: float = 0.0  # statuses come in their order

    def __post_init__(self) -> None:
        self.out, self.back = Line(random.Random(self.dice.random())), Line(random.Random(self.dice.random()))
        (self.light,) = (id for id in self.space.devices if id.startswith("light-"))

    # --- coming to life -------------------------------------------------------------------------------

    def switch_on(self, doors: list[Door], rooms: list[AreaId]) -> None:
        """These doors with their readers, a sensor of each of these rooms, and the light; nothing else is looked at."""
        for door in doors:
            beside = door.readers
            profile = DoorProfile(door.name, reads_badges=True, other_readers=bool(beside), exit_release_s=0.0)
            self._add(door.unit, DoorUnit(Voice(f"{door.unit}-1"), profile, OwnList(door.unit, None)))
            for id in beside:
                faces = "out" if self.space.devices[id].direction == "out" else "in"
                self._add(id, Reader(Voice(f"{id}-1"), own=OwnList(id, None), direction=faces))
        for room in rooms:
            id = DeviceId(f"sensor-{room}")
            self._add(id, Sensor(Voice(f"{id}-1"), SensorProfile(SENSED, every_s=EVERY_S)))
        self._add(DeviceId(self.light), Light(Voice("light-1")))
        for thing in self.things.values():
            thing.feed(Connected())

    def _add(self, id: DeviceId, machine: Machine) -> None:
        self.things[id] = Thing(id, machine, self._said, self.now)

    def again(self) -> None:
        """The house has come back, and reads what the broker kept."""
        assert self.say is not None
        for (device, kind), message in list(self.retained.items()):
            if device == self.light and kind is Kind.STATUS:
                self.link_is(message.state == "ready", message.boot)  # type: ignore[attr-defined]
            if device == self.light and isinstance(message, State):
                self.is_heard(message, self.state_boot)
            self.say(device, message, True)

    # --- between the house and its devices ------------------------------------------------------------

    def heard(self, device: DeviceId, message: Message) -> None:
        """The house said something to a device."""
        thing = self.things.get(device)
        if thing is None:
            return
        if device != self.light or not isinstance(message, Desired):
            thing.feed(Heard(message))
            return
        self.is_told(message.v["onair"], message.rev)
        if self.out.carry(lambda: self._light_hears(message)):
            self.wish = message

    wish: Desired | None = None  # what the broker has for the light

    def _light_hears(self, message: Desired) -> None:
        light = self.things[DeviceId(self.light)]
        if light.machine.voice.online:  # type: ignore[attr-defined]
            light.feed(Heard(message, retained=True))

    def _said(self, device: DeviceId, kind: Kind, message: Message) -> None:
        if device != self.light:
            self._arrives(device, kind, message)
        elif isinstance(message, State):
            boot = f"light-{self.boots}"
            self.back.carry(lambda: self._arrives(device, kind, message, boot))
        elif isinstance(message, Status):
            loop = asyncio.get_running_loop()
            self.link_at = max(self.link_at + 0.01, loop.time() + self.dice.uniform(0.02, 5.0))
            loop.call_at(self.link_at, self._link, device, message)
        else:
            self._arrives(device, kind, message)

    def _link(self, device: DeviceId, message: Status) -> None:
        if self.say is not None:
            self.link_is(message.state == "ready", message.boot)
        self._arrives(device, Kind.STATUS, message)

    def _arrives(self, device: DeviceId, kind: Kind, message: Message, boot: str = "") -> None:
        if kind in _RETAINED:
            self.retained[device, kind] = message
        if device == self.light and isinstance(message, State):
            self.state_boot = boot
        if self.say is not None:
            if device == self.light and isinstance(message, State):
                self.is_heard(message, boot)
            self.say(device, message, False)

    # --- the light's troubles -------------------------------------------------------------------------

    def cut(self) -> None:
        """Its line is dead; after a while the broker reads its will."""
        light = self.things[DeviceId(self.light)]
        light.feed(Disconnected())
        will = light.machine.status(lost=True)
        loop = asyncio.get_running_loop()
        self.link_at = max(self.link_at + 0.01, loop.time() + 15.0)
        loop.call_at(self.link_at, self._link, light.id, will)

    def mend(self, *, reborn: bool) -> None:
        """It is back; `reborn`: it lost its power as well, and has forgotten everything."""
        light = self.things[DeviceId(self.light)]
        if reborn:
            self.boots += 1
            light.forget_timers()
            light.shines(False)
            light.machine = Light(Voice(f"light-{self.boots}"))
        light.feed(Connected())
        if self.wish is not None:
            light.feed(Heard(self.wish, retained=True))

    def press(self) -> None:
        self.things[DeviceId(self.light)].feed(ButtonPressed())

    @property
    def is_lit(self) -> bool:
        return self.things[DeviceId(self.light)].machine.is_on  # type: ignore[attr-defined,no-any-return]

    @property
    def lit_until(self) -> datetime | None:
        return self.things[DeviceId(self.light)].machine.until  # type: ignore[attr-defined,no-any-return]

    # --- people at doors ------------------------------------------------------------------------------

    async def show(self, door: Door, what: BadgeReadData) -> Show | None:
        """Hold it to the door's reader, and see what it shows; None: nothing, for it was busy."""
        reader = self.things[door.readers[0] if door.readers else door.unit]
        before = len(reader.shows)
        reader.feed(BadgeShown(what))
        for _ in range(30):
            await asyncio.sleep(0.1)
            if len(reader.shows) > before:
                return reader.shows[-1]
        return None

    async def gives(self, door: Door) -> bool:
        """Whether the bolt is drawn within two seconds."""
        unit = self.things[door.unit]
        for _ in range(10):
            if unit.machine.lock is Bolt.UNLOCKED:  # type: ignore[attr-defined]
                return True
            await asyncio.sleep(0.2)
        return False

    async def walk_through(self, door: Door, *, out: bool = False) -> None:
        """Push it, pass, let it fall shut."""
        unit = self.things[door.unit]
        if out:
            unit.feed(ExitPressed())
        unit.feed(ContactFelt(True))
        await asyncio.sleep(2.0)
        unit.feed(ContactFelt(False))
        if out:
            unit.feed(ExitReleased())

    def feel(self, room: AreaId, *, presence: bool, co2: float) -> None:
        """The room's sensor reads its instruments."""
        self.things[DeviceId(f"sensor-{room}")].feed(Measured({"presence": presence, "co2": round(co2)}))
