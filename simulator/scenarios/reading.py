"""A scenario of its file: everything checked against the space before anything is started.

Each complaint says file, line, what is wrong and what would be right. What is expected is read in `expecting`.
"""

import re
import shlex
from collections.abc import Callable
from dataclasses import fields
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from simulator import faults as faults_of
from simulator.building import Building, Door, load
from simulator.errors import InputError, did_you_mean
from simulator.faults import BROKER
from simulator.faults.reading import moment_s, span_s
from simulator.people import SimPerson
from simulator.scenarios.expecting import expectation
from simulator.scenarios.finding import space_of
from simulator.scenarios.lines import Part, opened
from simulator.scenarios.model import (
    Breathe,
    Deed,
    FirePanel,
    HoldOpen,
    PressButton,
    PressExit,
    Say,
    Scenario,
    Step,
    Tamper,
    TapDoor,
    Wanted,
)

Made = TypeVar("Made")

KEYS = ["about", "space", "starts", "lasts", "seed", "people", "life", "given", "steps", "faults", "expect"]
TROUBLES = ["lost", "blocked", "expired", "future", "ended", "paused", "overdue", "grace"]
# What somebody may be asked for; never the number of a badge or a PIN.
TRAITS = ["trouble", *(f.name for f in fields(SimPerson) if f.name not in ("badge", "badge_format", "pin")), "has_pin"]
LONGEST_S = 600.0
# In a command: a folder of its own for each play.
FOLDER = "folder"
_OF_A_COMMAND = ["exits", "prints", "keeps", "reads"]
_STARTS = "%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"
_WORD = re.compile(r"\{([A-Za-z_][\w-]*)\}")
_SPEEDS = 0.01, 1000.0


def read(path: Path) -> Scenario:
    """The scenario of this file, with its space; raises InputError with file and line."""
    file = opened(path)
    file.only(KEYS, "a scenario")
    space = space_of(file.get("space"))
    building = _at(file.at("space"), lambda: load(space))
    return _Reader(file, space, building).scenario()


class _Reader:
    def __init__(self, file: Part, space: Path, building: Building) -> None:
        self.file = file
        self.space = space
        self.building = building
        self.starts = _starts(file.get("starts"), building) if file.has("starts") else None
        self.lasts_s = self._lasts()
        self.people: dict[str, Wanted] = {}
        self.words: set[str] = set()  # what `{…}` in a command may name by now
        self.taps: list[str] = []

    def scenario(self) -> Scenario:
        file = self.file
        about = file.get("about")
        self.people = {name: _wanted(part) for name, part in file.get("people").items()}
        self.words = {FOLDER, *self.people}
        given = tuple(self._given(entry) for entry in file.get("given").entries())
        steps = [self._step(entry) for entry in file.get("steps").entries()]
        faults = [
            faults_of.read(entry.value, self.building, entry.at, self.starts) for entry in file.get("faults").entries()
        ]
        for entry, fault in zip(file.get("faults").entries(), faults, strict=True):
            if fault.begins_s >= self.lasts_s:
                raise entry.get("from").wrong(
                    f"the scenario is over after {self.lasts_s:g} s, before this fault begins"
                )
        expect = tuple(
            expectation(entry, self.building, self.taps, self.lasts_s, self.starts)
            for entry in file.get("expect").entries()
        )
        if not expect:
            raise file.get("expect").wrong("a scenario says what must be true: `expect:` with a list")
        return Scenario(
            name=file.path.stem,
            path=file.path,
            about=" ".join(about.text("about").split()),
            space=self.space,
            building=self.building,
            lasts_s=self.lasts_s,
            starts=self.starts,
            seed=file.get("seed").whole("seed") if file.has("seed") else 1,
            people=self.people,
            speed=self._speed(),
            given=given,
            steps=tuple(sorted(steps, key=lambda step: step.at_s)),
            faults=tuple(faults),
            expect=expect,
            strikes_broker=any(not fault.devices and fault.target == BROKER for fault in faults),
        )

    def _lasts(self) -> float:
        said = self.file.get("lasts")
        lasts_s = span_s(said.value)
        if not lasts_s or lasts_s > LONGEST_S:
            raise said.wrong(f"lasts {said.value!r} is no length; write 20s or 1m, up to {LONGEST_S / 60:g}m")
        return lasts_s

    def _speed(self) -> float | None:
        life = self.file.get("life")
        if life.value is None:
            return None
        life.only(["speed"], "life")
        speed = life.get("speed").number("speed") if life.has("speed") else 1.0
        if not _SPEEDS[0] <= speed <= _SPEEDS[1]:
            raise life.get("speed").wrong(f"speed {speed:g} is out of reach; take 0.01 to 1000, 1 is real time")
        return speed

    # --- what happens -----------------------------------------------------------------------------

    def _given(self, entry: Part) -> Step:
        entry.only(["natoma", *_OF_A_COMMAND], "an entry of `given`")
        return Step(entry.line, 0.0, self._say(entry, "natoma"))

    def _step(self, entry: Part) -> Step:
        do = entry.get("do").text("a step: `do:`, what is done,") if entry.has("do") else ""
        if do not in _STEPS:
            raise entry.get("do").wrong(
                f"there is no step {do!r}; {did_you_mean(do, list(_STEPS))}" if do else "a step says what to `do:`"
            )
        keys, read_deed = _STEPS[do]
        entry.only(["at", "do", *keys], f"{do}")
        at = entry.get("at")
        at_s = moment_s(at.value, at.where, self.starts)
        if at_s > self.lasts_s:
            raise at.wrong(f"at {at.value!r}: the scenario is over after {self.lasts_s:g} s")
        return Step(entry.line, at_s, read_deed(self, entry))

    def tap(self, entry: Part) -> Deed:
        door = self._door(entry)
        who = entry.get("who").text("who") if entry.has("who") else ""
        if who and who not in self.people:
            raise entry.get("who").wrong(f"nobody here is {who!r}: {did_you_mean(who, list(self.people))}")
        token = self._words(entry.get("token"), "token") if entry.has("token") else ""
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
        room = _at(told.where, lambda: self.building.room(told.text("room")))
        lights = [d for d in self.building.devices.values() if d.kind == "light" and "button" in d.channels]
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
        words = self._words(entry.get(key), "what is said to the house")
        keeps = {}
        for name, part in entry.get("keeps").items():
            pattern = part.text("a pattern")
            try:
                groups = re.compile(pattern).groups
            except re.error as exc:
                raise part.wrong(f"{pattern!r} is no pattern: {exc}") from exc
            if groups != 1:
                raise part.wrong(f"{pattern!r} has {groups} groups in ( ); what is kept stands in one")
            keeps[name] = pattern
        self.words |= set(keeps)
        prints = entry.get("prints").text("prints") if entry.has("prints") else None
        exits = entry.get("exits").whole("exits") if entry.has("exits") else 0
        reads = entry.get("reads").text("reads: which file in {folder}, it") if entry.has("reads") else None
        return Say(words, exits, prints, keeps, reads)

    # --- parts of steps ---------------------------------------------------------------------------

    def _words(self, said: Part, what: str) -> str:
        text = said.text(what)
        for name in _WORD.findall(text):
            if name not in self.words:
                raise said.wrong(f"nobody and nothing here is {{{name}}}; {did_you_mean(name, sorted(self.words))}")
        try:
            shlex.split(text)
        except ValueError as exc:
            raise said.wrong(f"{text!r} cannot be typed: {exc}") from exc
        return text

    def _pin(self, told: Part) -> str:
        if told.value not in (True, False, "wrong"):
            raise told.wrong(f"pin: true types it where it is asked for, and wrong another; this is {told.value!r}")
        return "wrong" if told.value == "wrong" else "right" if told.value else ""

    def _door(self, entry: Part) -> Door:
        told = entry.get("door")
        return _at(told.where, lambda: self.building.door(told.text("door")))

    def _device(self, told: Part, kinds: tuple[str, ...]) -> str:
        name, known = told.value, [d.id for d in self.building.devices.values() if d.kind in kinds]
        if name not in known:
            raise told.wrong(f"there is no {' or '.join(kinds)} {name!r}; {did_you_mean(str(name), known)}")
        return str(name)

    def _for(self, entry: Part) -> float:
        told = entry.get("for")
        seconds = span_s(told.value)
        if not seconds:
            raise told.wrong(f"for {told.value!r} is no length of time; write 5s")
        return seconds


_STEPS: dict[str, tuple[list[str], Callable[[_Reader, Part], Deed]]] = {
    "tap": (["who", "token", "door", "pin", "direction", "stay", "name"], _Reader.tap),
    "hold-open": (["door", "for"], _Reader.hold_open),
    "open": (["door", "for"], _Reader.open),
    "press-exit": (["door", "for"], _Reader.press_exit),
    "press-button": (["room"], _Reader.press_button),
    "breathe": (["device"], _Reader.breathe),
    "tamper": (["device"], _Reader.tamper),
    "fire": (["device"], _Reader.fire),
    "fire-over": (["device"], _Reader.fire_over),
    "natoma": (["say", *_OF_A_COMMAND], _Reader.says),
}


def _starts(said: Part, building: Building) -> datetime:
    value = said.value
    if isinstance(value, datetime) and value.tzinfo is None:
        return value.replace(tzinfo=building.zone)
    for form in _STARTS if isinstance(value, str) else ():
        try:
            return datetime.strptime(value, form).replace(tzinfo=building.zone)
        except ValueError:
            continue
    raise said.wrong(f"starts {value!r} is no local time; write 2026-11-17 10:00")


def _wanted(part: Part) -> Wanted:
    if part.value == "stranger":
        return Wanted(part.line, is_stranger=True)
    part.only(TRAITS, "somebody")
    traits = {}
    for key, told in part.items():
        if key == "trouble" and told.value not in TROUBLES:
            raise told.wrong(f"trouble {told.value!r} is none of theirs; {did_you_mean(str(told.value), TROUBLES)}")
        if key == "has_pin":
            told.truth("has_pin")
        traits[key] = "yes" if told.value is True else "" if told.value in (False, None) else str(told.value)
    return Wanted(part.line, traits)


def _at(where: str, work: Callable[[], Made]) -> Made:
    try:
        return work()
    except InputError as exc:
        raise InputError(f"{where}: {exc}") from exc
