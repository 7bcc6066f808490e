"""What a visitor of the simulated building can do: at a door tap, type a PIN, press exit, push, hold it open; in a room press its button.

The same hands for `natoma-sim tap` on its own and for a running simulator asked over its socket.
"""

import asyncio
from collections.abc import Callable
from dataclasses import asdict, dataclass

from devices.messages import IN_GRACE, Signal
from devices.units import Light
from devices.units.steps import ButtonPressed, Show
from simulator.building import Area, Building, Door
from simulator.errors import InputError
from simulator.fleet import Fleet
from simulator.people import SimPerson
from simulator.pocket import Pocket, pocket_of

# The reader itself gives up after a second; beyond this something is wrong with us.
_ANSWER_S = 3.0
# The lock's own command may come a moment after the reader's.
_LOCK_S = 1.0
_BUSY_S = 3.0
_REACH_S = 0.7
_WALK_S = 2.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """What somebody standing at the door saw."""

    door: str
    door_name: str
    shown: str  # granted, denied, try_again, enter_pin: the last of it
    reason: str | None = None
    unlocked_for_s: float | None = None
    asked_pin: bool = False  # the reader showed that before

    @property
    def granted(self) -> bool:
        return self.shown == Signal.GRANTED

    def as_dict(self) -> dict[str, object]:
        return {**asdict(self), "granted": self.granted}

    def in_words(self) -> str:
        """As the reader shows it, line by line."""
        return "\n".join((*(["enter your PIN"] if self.asked_pin else []), self._last_words()))

    def _last_words(self) -> str:
        told = " — a payment is late" if self.reason == IN_GRACE else ""
        if self.granted and self.unlocked_for_s is not None:
            return f"granted, {self.door_name} unlocked for {self.unlocked_for_s:g} s{told}"
        if self.granted:
            return f"granted, but the lock of {self.door_name} did not say that it opened{told}"
        if self.shown == Signal.ENTER_PIN:
            return "enter your PIN: the door waits 15 s for it; give it with --pin"
        if self.shown == Signal.DENIED:
            return f"denied: {self.reason or 'no reason given'}"
        return "no answer" if self.reason == "no_answer" else f"try again: {self.reason or 'the reader is busy'}"


@dataclass(frozen=True, slots=True)
class Stood:
    """What somebody saw who held a door open."""

    door: str
    door_name: str
    held_for_s: float  # measured, not as asked
    forced: bool  # it was locked when it was pushed
    felt: bool  # without a contact nobody but the hand knows
    still_open: bool  # somebody else holds it on

    def as_dict(self) -> dict[str, object]:
        return asdict(self)

    def in_words(self) -> str:
        seconds = f"{round(self.held_for_s, 1 if self.held_for_s >= 1 else 2):g} s"
        words = f"{self.door_name}: {'forced, ' if self.forced else ''}stood open for {seconds}"
        if not self.felt:
            words += ", but it has no contact and could not tell"
        return f"{words}; somebody else still holds it" if self.still_open else words


class Hands:
    """`background`: where somebody walks through while the answer is already told; without it the walk comes first."""

    def __init__(self, fleet: Fleet, building: Building, background: asyncio.TaskGroup | None = None) -> None:
        self._fleet = fleet
        self._building = building
        self._background = background

    async def tap(
        self, person: SimPerson, door: Door, direction: str = "in", *, pin: str = "", walk: bool = True
    ) -> Outcome:
        """Hold the badge to the door's reader and, when it is green, walk through unless told not to."""
        return await self.use(pocket_of(person, direction, pin=pin), door, direction, walk=walk)

    async def use(self, pocket: Pocket, door: Door, direction: str = "in", *, walk: bool = True) -> Outcome:
        """Show what there is to show, type the PIN when the reader asks for it or there is nothing else, and walk."""
        reader = door.badge_reader if direction == "in" else door.reader_out
        if reader is None:
            raise InputError(f"{door.name} has no reader on the inside; leave with press-exit")
        show, asked_pin = await self._at_reader(reader, pocket)
        unlocked_for = None
        if show.signal is Signal.GRANTED and door.unit in self._fleet.devices:
            unlocked_for = await self._fleet.devices[door.unit].unlocked(_LOCK_S)
        if unlocked_for is not None and walk:
            if self._background is None:
                await self._walk_through(door)
            else:
                self._background.create_task(self._walk_through(door), name=f"somebody walks through {door.id}")
        return Outcome(door.id, door.name, show.signal.value, show.reason, unlocked_for, asked_pin)

    async def press_exit(self, door: Door) -> None:
        """The handle or the button inside, and out."""
        self._fleet.press_exit(door)
        await self._walk_through(door)

    def press_button(self, room: Area) -> None:
        """The button of the room's light: a booth's asks for on air, or ends it."""
        for light in self._fleet.in_area(room.id, "light"):
            if isinstance(light.machine, Light) and light.machine.has_button:
                light.feed(ButtonPressed())
                return
        lights = (
            each for each in self._building.devices.values() if each.kind == "light" and "button" in each.channels
        )
        there = sorted(each.area for each in lights if each.area is not None)
        raise InputError(
            f"{room.name} has no button; {'there is one in ' + ', '.join(there) if there else 'no room has'}"
        )

    async def hold_exit(self, door: Door, for_s: float) -> None:
        """Lean on the button inside and go nowhere: a button that stays pressed is stuck."""
        with self._fleet.exit_held(door):
            await asyncio.sleep(for_s)

    async def open(self, door: Door, for_s: float) -> Stood:
        """Push the door and let go after `for_s`; a bolt that is drawn gives way, one that is not is forced."""
        loop = asyncio.get_running_loop()
        forced = not self._fleet.can_push(door)
        began = loop.time()
        with self._fleet.held_open(door):
            await asyncio.sleep(for_s)
            held_for = loop.time() - began
        return Stood(door.id, door.name, held_for, forced, door.has_contact, self._fleet.is_held(door))

    async def _walk_through(self, door: Door) -> None:
        await asyncio.sleep(_REACH_S)
        self._fleet.move_leaf(door, True)
        await asyncio.sleep(_WALK_S)
        self._fleet.move_leaf(door, False)

    async def _at_reader(self, reader: str, pocket: Pocket) -> tuple[Show, bool]:
        """What the reader shows in the end, and whether it was the answer to a PIN it had asked for."""
        fleet, (shown, pin) = self._fleet, (pocket.shown, pocket.pin)
        show = None
        if shown is not None:
            show = await self._answer(lambda answer: fleet.tap(reader, shown, answer))
        if pin is None or (show is not None and show.signal is not Signal.ENTER_PIN):
            assert show is not None  # an empty pocket is none
            return show, False
        return await self._answer(lambda answer: fleet.enter_pin(reader, pin, answer)), show is not None

    async def _answer(self, ask: Callable[[Callable[[Show], None]], None]) -> Show:
        loop = asyncio.get_running_loop()
        deadline = loop.time() + _BUSY_S
        while True:
            answer: asyncio.Future[Show] = loop.create_future()
            ask(answer.set_result)
            async with asyncio.timeout(_ANSWER_S):
                show = await answer
            if show.reason != "busy" or loop.time() > deadline:
                return show
            # Somebody else stands at the reader.
            await asyncio.sleep(0.2)
