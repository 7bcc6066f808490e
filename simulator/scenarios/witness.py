"""Who watches the devices of a scenario and writes down what they felt, heard, said and showed.

What follows from it is `checking`'s and `laws`'. It keeps no badge number, PIN or token longer than a tap lasts.
"""

import json
from collections.abc import Callable, Mapping
from datetime import datetime

from devices.channels import Bolt
from devices.link import Delivery
from devices.messages import (
    Ack,
    AckPhase,
    BadgeReadData,
    Command,
    Desired,
    DesiredValue,
    Event,
    EventType,
    Message,
    Telemetry,
)
from devices.topics import Kind
from devices.units import DoorUnit, Effects, Input, Light, Machine, Reader, Sensor
from devices.units.light import ONAIR_CHANNEL
from devices.units.steps import BadgeShown, ExitPressed, Heard, MoveBolt, PinEntered, Publish, Show
from simulator.acts import Tap
from simulator.building import Door
from simulator.people import SimPerson
from simulator.scenarios.sightings import (
    Drew,
    Lived,
    Measured,
    Said,
    Sent,
    Showed,
    Sighting,
    Tapped,
    Told,
    Turned,
    Wished,
    word_of,
)


class Witness:
    """`clock` is in seconds; `now` the true time, whatever a device believes. It begins when it is told to."""

    def __init__(
        self,
        clock: Callable[[], float],
        now: Callable[[], datetime],
        entitled: Callable[[SimPerson, Door, datetime], bool],
    ) -> None:
        self._clock = clock
        self._now = now
        self._entitled = entitled
        self._began: float | None = None
        self._latest: dict[tuple[str, str], str] = {}
        self._named: list[tuple[object, str]] = []
        self._unconfirmed: set[tuple[str, int]] = set()
        self.sightings: list[Sighting] = []

    def begins(self, late_s: float = 0.0) -> None:
        """It should have begun so long ago. What is now was so at 0; of what was before nothing is written down."""
        self._began = self._clock() - late_s
        self.sightings += [Turned(0.0, who, what, to) for (who, what), to in self._latest.items()]

    @property
    def at(self) -> float:
        return 0.0 if self._began is None else round(self._clock() - self._began, 3)

    def note(self, sighting: Sighting) -> None:
        if self._began is not None:
            self.sightings.append(sighting)

    def names_tap(self, shown: object, name: str) -> None:
        """The next badge that is this very one is the tap of this name."""
        self._named.append((shown, name))

    def latest(self, who: str, what: str) -> str | None:
        return self._latest.get((who, what))

    @property
    def awaits_confirmation(self) -> bool:
        return bool(self._unconfirmed)

    # --- what it sees -----------------------------------------------------------------------------

    def saw(self, device_id: str, given: Input, machine: Machine, effects: Effects) -> None:
        self._turned(device_id, machine)
        match given:
            case BadgeShown(data=data):
                self.note(Tapped(self.at, device_id, self._name_of(data), _asked(effects)))
            case PinEntered(digits=digits):
                self.note(Tapped(self.at, device_id, self._name_of(digits), _asked(effects)))
            case Heard(message=Command() as command):
                self._told(device_id, command, effects)
            case Heard(message=Desired() as desired) if ONAIR_CHANNEL in desired.v:
                self._wished(device_id, desired.v[ONAIR_CHANNEL])
            case ExitPressed():
                self.note(Turned(self.at, device_id, "exit", "pressed"))
            case _:
                pass
        for effect in effects:
            match effect:
                case Show():
                    by_house = isinstance(given, Heard)
                    self.note(Showed(self.at, device_id, effect.signal.value, effect.reason, by_house))
                case Publish(kind=Kind.EVENT, message=Event() as event):
                    self.note(Said(self.at, device_id, event.type.value))
                case Publish(kind=Kind.TELEMETRY, message=Telemetry() as telemetry):
                    for values in (
                        [telemetry.v] if telemetry.v is not None else [one.v for one in telemetry.batch or ()]
                    ):
                        self.note(Measured(self.at, device_id, values))
                case MoveBolt(to=Bolt.UNLOCKED) if isinstance(given, Heard) and isinstance(given.message, Command):
                    self.note(Drew(self.at, device_id, given.message.id, given.message.re))
                case _:
                    pass

    def heard_of(self, device_id: str, message: Message, *, confirmed: bool) -> None:
        if not isinstance(message, Telemetry) or message.seq is None:
            return
        if confirmed:
            self._unconfirmed.discard((device_id, message.seq))
        else:
            self._unconfirmed.add((device_id, message.seq))
        self.note(Sent(self.at, device_id, message.seq, confirmed))

    def saw_life(self, tap: Tap, show: Show | None) -> None:
        showed, reason = (show.signal.value, show.reason) if show is not None else (None, None)
        entitled = self._entitled(tap.person, tap.door, self._now())
        self.note(Lived(self.at, tap.person.id, tap.door.id, tap.direction, entitled, showed, reason))

    def overhears(self, delivery: Delivery) -> None:
        """What the house tells all who listen."""
        who = _subject(delivery.topic)
        try:
            told = json.loads(delivery.payload) if delivery.payload else {}
        except ValueError:
            return
        if who is None or not isinstance(told, Mapping):
            return
        # Of what is over, and of what it does not know, the house says nothing more.
        silent = {what: None for subject, what in self._latest if subject == who and what not in told}
        calm = {"alarm": None} if who.startswith("door:") else {}
        for what, value in {**calm, **silent, **told}.items():
            if value is None or isinstance(value, str | int | float | bool):
                self._becomes(who, str(what), word_of(value))

    # --- parts ------------------------------------------------------------------------------------

    def _turned(self, device_id: str, machine: Machine) -> None:
        for what, to in _aspects(machine).items():
            self._becomes(device_id, what, to)

    def _becomes(self, who: str, what: str, to: str) -> None:
        if self._latest.get((who, what)) != to:
            self._latest[who, what] = to
            self.note(Turned(self.at, who, what, to))

    def _told(self, device_id: str, command: Command, effects: Effects) -> None:
        age_s = (self._now() - command.ts).total_seconds()
        acks = [one.message for one in effects if isinstance(one, Publish) and isinstance(one.message, Ack)]
        # One that comes again is answered as before, and moves nothing.
        is_new = not any(
            isinstance(seen, Told) and (seen.device, seen.command) == (device_id, command.id) for seen in self.sightings
        )
        obeyed = (
            is_new and bool(acks) and all(ack.phase is not AckPhase.REFUSED for ack in acks if ack.re == command.id)
        )
        late_s = round(age_s - command.ttl_ms / 1000, 3)
        self.note(Told(self.at, device_id, command.id, command.do.value, command.re, late_s, obeyed))

    def _wished(self, device_id: str, wish: DesiredValue) -> None:
        until = None
        if wish.until is not None:
            until = round(self.at + (wish.until - self._now()).total_seconds(), 3)
        self.note(Wished(self.at, device_id, wish.value in (True, "on"), until))

    def _name_of(self, shown: BadgeReadData | str) -> str:
        for number, (named, name) in enumerate(self._named):
            if named is shown:
                del self._named[number]
                return name
        return ""


def _aspects(machine: Machine) -> dict[str, str]:
    """How a device is, as far as scenarios ask."""
    aspects = {}
    if isinstance(machine, DoorUnit | Reader | Light | Sensor):
        aspects["link"] = "up" if machine.voice.online else "lost"
    if isinstance(machine, DoorUnit):
        aspects |= {"bolt": machine.lock.value, "leaf": "open" if machine.is_open else "closed"}
        aspects["mode"] = machine.mode.value
    if isinstance(machine, Light):
        aspects["light"] = word_of(machine.is_on)
    return aspects


def _asked(effects: Effects) -> str | None:
    """The id under which a reader asked the house."""
    events = [one.message for one in effects if isinstance(one, Publish) and isinstance(one.message, Event)]
    return next((event.id for event in events if event.type in (EventType.BADGE_READ, EventType.PIN_ENTERED)), None)


def _subject(topic: str) -> str | None:
    """`door:…`, `room:…` or `house` of a topic below `live`."""
    _, _, path = topic.partition("/live/")
    what, _, name = path.partition("/")
    if what == "space":
        return "house"
    return f"{what}:{name}" if what in ("door", "room") and name else None
