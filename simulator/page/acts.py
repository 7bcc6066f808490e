"""What a visitor of the page does in the building, and the words that tell how it went.

The hands are `simulator.hands`; here is who is meant, what lasts (a propped door, a cut power), and who asked
nonsense: that is an InputError, in the words of the thing that is wrong.
"""

import asyncio
import secrets
from collections.abc import Coroutine, Mapping, Sequence
from contextlib import ExitStack
from datetime import date

from simulator.building import Building, Device, Door
from simulator.entitled import is_welcome, what_of
from simulator.errors import InputError, did_you_mean
from simulator.fleet import Fleet
from simulator.hands import Hands, Outcome
from simulator.people import SimPerson
from simulator.performing import Instruments
from simulator.pocket import person_with_number, pocket_of

Answer = Mapping[str, object]

STRANGER = "stranger"
_LISTED = 40
_PUSHED_S = 2.0


class Acts:
    """`people` are those with a badge; `background` is where somebody walks while the page has its answer."""

    def __init__(
        self,
        building: Building,
        people: Sequence[SimPerson],
        fleet: Fleet,
        instruments: Instruments,
        background: asyncio.TaskGroup,
        today: date,
    ) -> None:
        self._building = building
        self._people = {person.id: person for person in people if person.badge}
        self._fleet = fleet
        self._instruments = instruments
        self._background = background
        self._today = today
        self._hands = Hands(fleet, building, background)
        # Seven random bytes: a card from another house, which nobody here knows.
        self._stranger = person_with_number(f"04{secrets.token_hex(6)}")
        self._propped: dict[str, ExitStack] = {}

    def found(self, text: str) -> Sequence[Answer]:
        """People whose name holds every word of this, those in order first; their badge is not told."""
        words = text.casefold().split()
        fitting = [p for p in self._people.values() if all(word in p.name.casefold() for word in words)]
        fitting.sort(key=lambda person: not is_welcome(person, self._building, self._today))
        if not words:
            fitting = self._one_of_each(fitting)
        return [
            {"id": p.id, "name": p.name, "what": what_of(p, self._building, self._today)} for p in fitting[:_LISTED]
        ]

    async def do(self, asked: Mapping[str, object]) -> Answer:
        """Do it and tell what was seen; InputError where there is no such thing."""
        match str(asked.get("do", "")):
            case "tap":
                return await self._taps(asked)
            case "pin":
                pocket = pocket_of(None, _side(asked), pin=str(asked.get("pin", "")))
                door = self._door(asked)
                return _as_answer(await self._unless_silent(self._hands.use(pocket, door, _side(asked)), door))
            case "press-exit":
                door = self._door(asked)
                self._walks(self._hands.press_exit(door), f"somebody leaves by {door.id}")
                return {"words": f"{door.name}: out by the {_way_out(door)}"}
            case "open":
                return self._pushes(self._door(asked))
            case "prop" | "let-go" as wanted:
                return self._props(self._door(asked), is_on=wanted == "prop")
            case "press-button":
                room = self._building.room(str(asked.get("room", "")))
                self._hands.press_button(room)
                return {"words": f"{room.name}: the button was pressed"}
            case "breathe":
                return self._breathes(str(asked.get("device", "")))
            case "cut" | "give" as wanted:
                return await self._power(str(asked.get("device", "")), is_on=wanted == "give")
            case other:
                raise InputError(
                    f"nobody here can {other!r}; try tap, pin, press-exit, open, prop, let-go, press-button, breathe, "
                    "cut or give"
                )

    def close(self) -> None:
        """Every hand lets go."""
        for held in self._propped.values():
            held.close()
        self._propped.clear()

    # --- at a door --------------------------------------------------------------------------------

    async def _taps(self, asked: Mapping[str, object]) -> Answer:
        person, door = self._person(str(asked.get("person", ""))), self._door(asked)
        outcome = self._hands.use(pocket_of(person, _side(asked)), door, _side(asked))
        return _as_answer(await self._unless_silent(outcome, door))

    @staticmethod
    async def _unless_silent(using: Coroutine[None, None, Outcome], door: Door) -> Outcome:
        try:
            return await using
        except TimeoutError:
            return Outcome(door.id, door.name, "try_again", "no_answer")

    def _pushes(self, door: Door) -> Answer:
        gives = self._fleet.can_push(door)
        self._walks(self._hands.open(door, _PUSHED_S), f"somebody pushes {door.id}")
        return {"words": f"{door.name}: pushed open" if gives else f"{door.name}: forced open, the bolt was shot"}

    def _props(self, door: Door, *, is_on: bool) -> Answer:
        if is_on and door.id not in self._propped:
            held = ExitStack()
            held.enter_context(self._fleet.held_open(door))
            self._propped[door.id] = held
        elif not is_on and (stood := self._propped.pop(door.id, None)) is not None:
            stood.close()
        return {"words": f"{door.name}: {'held open' if is_on else 'let go'}"}

    def _walks(self, walk: Coroutine[None, None, object], name: str) -> None:
        self._background.create_task(walk, name=name)

    # --- at a device ------------------------------------------------------------------------------

    def _breathes(self, device_id: str) -> Answer:
        device = self._device(device_id)
        if "co2" not in device.channels:
            raise InputError(f"{device_id} measures no CO2; breathe on one that does")
        self._instruments.breathe_on(device_id)
        self._fleet.devices[device_id].measure_now()
        return {"words": f"{device_id}: somebody breathes on it"}

    async def _power(self, device_id: str, *, is_on: bool) -> Answer:
        device = self._fleet.devices[self._device(device_id).id]
        await (device.give_power() if is_on else device.cut_power())
        return {"words": f"{device_id}: {'has power again' if is_on else 'without power'}"}

    # --- who and what is meant --------------------------------------------------------------------

    def _person(self, person_id: str) -> SimPerson:
        if person_id == STRANGER:
            return self._stranger
        if person_id not in self._people:
            raise InputError(f"nobody here is {person_id!r}; take somebody from the list")
        return self._people[person_id]

    def _door(self, asked: Mapping[str, object]) -> Door:
        return self._building.door(str(asked.get("door", "")))

    def _device(self, device_id: str) -> Device:
        found = self._building.devices.get(device_id)
        if found is None:
            raise InputError(f"no device {device_id!r}; {did_you_mean(device_id, list(self._building.devices))}")
        return found

    def _one_of_each(self, people: Sequence[SimPerson]) -> list[SimPerson]:
        """First somebody of every kind, as `natoma-sim list` offers them, then the others."""
        first: dict[str, SimPerson] = {}
        for person in people:
            first.setdefault(what_of(person, self._building, self._today), person)
        chosen = {person.id for person in first.values()}
        return [*first.values(), *(person for person in people if person.id not in chosen)]


def _side(asked: Mapping[str, object]) -> str:
    return "out" if asked.get("side") == "out" else "in"


def _as_answer(outcome: Outcome) -> Answer:
    wants_pin = outcome.shown == "enter_pin"
    words = f"{outcome.door_name} asks for the PIN" if wants_pin else outcome.in_words()
    return {"words": words, "shown": outcome.shown, "granted": outcome.granted, "asks_pin": wants_pin}


def _way_out(door: Door) -> str:
    return "button" if door.exit_button else "bar" if door.is_escape else "handle"
