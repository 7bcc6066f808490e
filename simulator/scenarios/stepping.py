"""A step of a scenario, read from one entry of its file: the ten things that can be done, and commands before them."""

import re
import shlex
from collections.abc import Callable, Mapping
from datetime import datetime

from simulator.building import Building, Door
from simulator.errors import at_place, did_you_mean
from simulator.faults.reading import moment_s, span_s
from simulator.scenarios.lines import Part
from simulator.scenarios.model import (
    Breathe,
    Deed,
    FirePanel,
    HoldOpen,
    PressButton,
    PressExit,
    Say,
    Step,
    Tamper,
    TapDoor,
)

# In a command: a folder of its own for each play.
FOLDER = "folder"
_OF_A_COMMAND = ["exits", "prints", "keeps", "reads"]
_WORD = re.compile(r"\{([A-Za-z_][\w-]*)\}")


class Steps:
    """Reads one after the other, in the file's order: a later one may name what an earlier one keeps.

    Each raises InputError with file and line for what cannot be done.
    """

    def __init__(self, building: Building, people: Mapping[str, object], lasts_s: float, starts: datetime | None):
        self.taps: list[str] = []  # the names that expectations may ask for
        self._building = building
        self._people = people
        self._lasts_s = lasts_s
        self._starts = starts
        self._words = {FOLDER, *people}  # what `{…}` in a command may name by now

    def given(self, entry: Part) -> Step:
        entry.only(["natoma", *_OF_A_COMMAND], "an entry of `given`")
        return Step(entry.line, 0.0, self._say(entry, "natoma"))

    def step(self, entry: Part) -> Step:
        do = entry.get("do").text("a step: `do:`, what is done,") if entry.has("do") else ""
        if do not in _STEPS:
            raise entry.get("do").wrong(
                f"there is no step {do!r}; {did_you_mean(do, list(_STEPS))}" if do else "a step says what to `do:`"
            )
        keys, read_deed = _STEPS[do]
        entry.only(["at", "do", *keys], f"{do}")
        if not entry.has("at"):
            raise entry.wrong("a step says when: `at: 5s`")
        at = entry.get("at")
        at_s = moment_s(at.value, at.where, self._starts)
        if at_s > self._lasts_s:
            raise at.wrong(f"at {at.value!r}: the scenario is over after {self._lasts_s:g} s")
        return Step(entry.line, at_s, read_deed(self, entry))

    # --- what can be done -------------------------------------------------------------------------

    def tap(self, entry: Part) -> Deed:
        door = self._door(entry)
        who = entry.get("who").text("who") if entry.has("who") else ""
        if who and who not in self._people:
            raise entry.get("who").wrong(f"nobody here is {who!r}: {did_you_mean(who, list(self._people))}")
        token = self._filled(entry.get("token"), "token") if entry.has("token") else ""
        if bool(who) == bool(token):
            raise entry.wrong("a tap shows one thing: `who:` for somebody's badge, or `token:`")
        direction = entry.get("direction").value if entry.has("direction") else "in"
        if direction not in ("in", "out"):
            raise entry.get("direction").wrong(f"direction is in or out, not {direction!r}")
        if direction == "out" and door.reader_out is None:
            raise entry.get("direction").wrong(f"{door.name} has no reader on the inside; leave with press-exit")
        name = entry.get("name").text("name") if entry.has("name") else ""
        if name in self.taps:
            raise entry.get("name").wrong(f"there is a tap {name!r} already")
        self.taps += [name] if name else []
        types_pin = self._pin(entry.get("pin")) if entry.has("pin") else ""
        stays = entry.has("stay") and entry.get("stay").truth("stay")
        return TapDoor(door, who, token, types_pin, direction, stays, name)

    def hold_open(self, entry: Part) -> Deed:
        return HoldOpen(self._door(entry), self._for(entry))

    def open(self, entry: Part) -> Deed:
        return HoldOpen(self._door(entry), self._for(entry) if entry.has("for") else 1.0)

    def press_exit(self, entry: Part) -> Deed:
        return PressExit(self._door(entry), self._for(entry) if entry.has("for") else None)

    def press_button(self, entry: Part) -> Deed:
        told = entry.get("room")
        name = told.text("room")
        room = at_place(told.where, lambda: self._building.room(name))
        lights = [d for d in self._building.devices.values() if d.kind == "light" and "button" in d.channels]
        if room.id not in [light.area for light in lights]:
            there = ", ".join(sorted(str(light.area) for light in lights)) or "none"
            raise told.wrong(f"{room.name} has no button; rooms with one: {there}")
        return PressButton(room.id)

    def breathe(self, entry: Part) -> Deed:
        return Breathe(self._device(entry.get("device"), ("sensor", "probe")))

    def tamper(self, entry: Part) -> Deed:
        return Tamper(self._device(entry.get("device"), ("door_unit", "reader", "sensor", "light")))

    def fire(self, entry: Part) -> Deed:
        return FirePanel(self._device(entry.get("device"), ("sensor",)), active=True)

    def fire_over(self, entry: Part) -> Deed:
        return FirePanel(self._device(entry.get("device"), ("sensor",)), active=False)

    def says(self, entry: Part) -> Deed:
        return self._say(entry, "say")

    def _say(self, entry: Part, key: str) -> Say:
        told = entry.get(key)
        words = self._filled(told, "what is said to the house")
        command = shlex.split(words)[0]
        if not command or command.startswith(("-", "#", "{")):
            raise told.wrong(f"{words!r} begins with no command of natoma; write it like people show {{mia}}")
        keeps = {}
        for name, part in entry.get("keeps").items():
            if name in self._people or name == FOLDER:
                raise part.wrong(f"{name!r} is {'somebody' if name in self._people else 'a word of ours'} already")
            pattern = part.text("a pattern")
            try:
                groups = re.compile(pattern).groups
            except re.error as exc:
                raise part.wrong(f"{pattern!r} is no pattern: {exc}") from exc
            if groups != 1:
                raise part.wrong(f"{pattern!r} has {groups} groups in ( ); what is kept stands in one")
            keeps[name] = pattern
        self._words |= set(keeps)
        prints = entry.get("prints").text("prints") if entry.has("prints") else None
        exits = entry.get("exits").whole("exits") if entry.has("exits") else 0
        reads = entry.get("reads").text("reads: which file in {folder}, it") if entry.has("reads") else None
        return Say(words, exits, prints, keeps, reads)

    # --- parts ------------------------------------------------------------------------------------

    def _filled(self, said: Part, what: str) -> str:
        text = said.text(what)
        for name in _WORD.findall(text):
            if name not in self._words:
                raise said.wrong(f"nobody and nothing here is {{{name}}}; {did_you_mean(name, sorted(self._words))}")
        try:
            shlex.split(text)
        except ValueError as exc:
            raise said.wrong(f"{text!r} cannot be typed: {exc}") from exc
        return text

    def _pin(self, told: Part) -> str:
        if told.value == "wrong":
            return "wrong"
        if not isinstance(told.value, bool):
            raise told.wrong(f"pin: true types it where it is asked for, and wrong another; this is {told.shown}")
        return "right" if told.value else ""

    def _door(self, entry: Part) -> Door:
        told = entry.get("door")
        name = told.text("door")
        return at_place(told.where, lambda: self._building.door(name))

    def _device(self, told: Part, kinds: tuple[str, ...]) -> str:
        name, known = told.value, [d.id for d in self._building.devices.values() if d.kind in kinds]
        if name not in known:
            raise told.wrong(f"there is no {' or '.join(kinds)} {name!r}; {did_you_mean(str(name), known)}")
        return str(name)

    def _for(self, entry: Part) -> float:
        told = entry.get("for")
        seconds = span_s(told.value)
        if not seconds:
            raise told.wrong(f"for {told.value!r} is no length of time; write 5s")
        return seconds


_STEPS: dict[str, tuple[list[str], Callable[[Steps, Part], Deed]]] = {
    "tap": (["who", "token", "door", "pin", "direction", "stay", "name"], Steps.tap),
    "hold-open": (["door", "for"], Steps.hold_open),
    "open": (["door", "for"], Steps.open),
    "press-exit": (["door", "for"], Steps.press_exit),
    "press-button": (["room"], Steps.press_button),
    "breathe": (["device"], Steps.breathe),
    "tamper": (["device"], Steps.tamper),
    "fire": (["device"], Steps.fire),
    "fire-over": (["device"], Steps.fire_over),
    "natoma": (["say", *_OF_A_COMMAND], Steps.says),
}
