"""What a scenario expects, read from one entry of its file: which claim it is, of whom, and when."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from devices.channels import Bolt, Mode
from devices.messages import Do, EventType, Signal
from simulator.building import Building
from simulator.errors import at_place, did_you_mean
from simulator.faults.fault import devices_of
from simulator.faults.reading import moment_s, span_s
from simulator.scenarios.lines import Part
from simulator.scenarios.model import Answered, Between, Claim, Expectation, Happened, Life, Readings, Stood, When
from simulator.scenarios.sightings import word_of
from simulator.scenarios.words import NONE, OF_A_DOOR, OF_A_ROOM, OF_THE_HOUSE, REASONS

_TIMES = ["at", "by", "after", "throughout", "never", "times", "at_least"]
_LINKS = ["up", "lost"]
# What devices feel of themselves, and the words for it.
_DOOR_FEELS = {
    "bolt": [bolt.value for bolt in Bolt],
    "leaf": ["open", "closed"],
    "mode": [mode.value for mode in Mode],
    "link": _LINKS,
}
# What the house tells all who listen, under a name of ours where devices feel something of the same name.
_DOOR_IS_TOLD = {"alarm": "alarm", "state": "state", "meant": "mode", "device_state": "device"}
_HAPPENS = {
    "says": [event.value for event in EventType],
    "shows": [signal.value for signal in Signal],
    "told": [do.value for do in Do],
}
_LIFE = ["taps", "answered", "entitled"]


def expectation(
    entry: Part, building: Building, taps: Sequence[str], lasts_s: float, starts: datetime | None
) -> Expectation:
    """Raises InputError with file and line for what cannot be expected."""
    if not isinstance(entry.value, dict):
        raise entry.wrong(f"an expectation is {{tap: …, shows: …}} or another of its forms; this is {entry.value!r}")
    form = next((key for key in _FORMS if entry.has(key)), None)
    if form is None:
        asked = next((str(key) for key in entry.value), "")
        raise entry.wrong(f"nothing is expected of {asked!r}; {did_you_mean(asked, list(_FORMS))}")
    claim = _FORMS[form](_Entry(entry, building, taps, lasts_s, starts))
    why = entry.get("why").text("why") if entry.has("why") else ""
    return Expectation(entry.line, _as_written(entry.value), claim, why)


@dataclass(frozen=True, slots=True)
class _Entry:
    entry: Part
    building: Building
    taps: Sequence[str]
    lasts_s: float
    starts: datetime | None

    # --- forms ------------------------------------------------------------------------------------

    def tap(self) -> Claim:
        entry = self.entry
        entry.only(["tap", "shows", "reason", "within", "why"], "an expectation of a tap")
        name = self._one_of("tap", list(self.taps))
        return Answered(name, self._one_of("shows", _HAPPENS["shows"]), self._reason(), self._span("within"))

    def door(self) -> Claim:
        told = self.entry.get("door")
        name = told.text("door")
        door = at_place(told.where, lambda: self.building.door(name))
        how = self._which([*_DOOR_FEELS, *_DOOR_IS_TOLD, *_HAPPENS], "a door")
        if how in _HAPPENS:
            return self._happened("door", how, devices_of(f"door:{door.id}", self.building))
        self.entry.only(["door", how, *_TIMES, "why"], "this expectation of a door")
        if how in _DOOR_IS_TOLD:
            what = _DOOR_IS_TOLD[how]
            return Stood(f"door:{door.id}", what, self._one_of(how, OF_A_DOOR[what]), self._when())
        if how == "leaf" and not door.has_contact:
            raise self.entry.get(how).wrong(f"{door.name} has no contact; nobody feels its leaf")
        return Stood(door.unit, how, self._one_of(how, _DOOR_FEELS[how]), self._when())

    def light(self) -> Claim:
        told = self.entry.get("light")
        lights = {d.id: d.id for d in self.building.devices.values() if d.kind == "light"}
        lights |= {str(d.area): d.id for d in self.building.devices.values() if d.kind == "light"}
        name = word_of(told.value)
        if name not in lights:
            raise told.wrong(f"there is no light {name!r}; {did_you_mean(name, list(lights))}")
        self.entry.only(["light", "is", *_TIMES, "why"], "an expectation of a light")
        return Stood(lights[name], "light", self._one_of("is", ["on", "off"]), self._when())

    def device(self) -> Claim:
        name = self._one_of("device", list(self.building.devices))
        how = self._which(["link", *_HAPPENS], "a device")
        if how in _HAPPENS:
            return self._happened("device", how, frozenset({name}))
        self.entry.only(["device", "link", *_TIMES, "why"], "this expectation of a device")
        return Stood(name, "link", self._one_of("link", _LINKS), self._when())

    def room(self) -> Claim:
        told = self.entry.get("room")
        name = told.text("room")
        room = at_place(told.where, lambda: self.building.room(name))
        how = self._which(list(OF_A_ROOM), "a room")
        self.entry.only(["room", how, *_TIMES, "why"], "an expectation of a room")
        return Stood(f"room:{room.id}", how, self._one_of(how, OF_A_ROOM[how]), self._when())

    def house(self) -> Claim:
        self.entry.only(["house", "is", *_TIMES, "why"], "an expectation of the house")
        what = self._one_of("house", list(OF_THE_HOUSE))
        words = OF_THE_HOUSE[what]
        value = self._one_of("is", words) if words is not None else self._number_or_none()
        return Stood("house", what, value, self._when())

    def readings(self) -> Claim:
        self.entry.only(["readings", "at_least", "why"], "an expectation of readings")
        self._one_of("readings", ["acknowledged"])
        return Readings(self._at_least())

    def life(self) -> Claim:
        self.entry.only(["life", "at_least", "why"], "an expectation of life")
        return Life(self._one_of("life", _LIFE), self._at_least())

    def area(self) -> Claim:
        self.entry.only(["area", "channel", "between", "at", "after", "by", "why"], "an expectation of an area")
        area = self._one_of("area", list(self.building.areas))
        there = [d for d in self.building.devices.values() if d.area == area]
        channel = self._one_of("channel", sorted({channel for device in there for channel in device.channels}))
        told = self.entry.get("between")
        if not isinstance(told.value, list) or len(told.value) != 2:
            raise told.wrong(f"between is [least, most]; this is {told.value!r}")
        low, high = (part.number("between: each of the two") for part in told.entries())
        if low > high:
            raise told.wrong(f"between [{low:g}, {high:g}]: the first is the greater")
        devices = frozenset(device.id for device in there if channel in device.channels)
        return Between(devices, channel, low, high, self._when())

    def _happened(self, form: str, how: str, devices: frozenset[str]) -> Claim:
        self.entry.only([form, how, "reason", *_TIMES, "why"], f"this expectation of a {form}")
        when = self._when()
        if when.at_s is not None or when.throughout is not None:
            raise self.entry.wrong("what happens has no duration; say `by`, `after`, `times` or `never` of it")
        return Happened(devices, how, self._one_of(how, _HAPPENS[how]), self._reason(), when)

    # --- parts ------------------------------------------------------------------------------------

    def _which(self, known: list[str], what: str) -> str:
        found = [key for key in known if self.entry.has(key)]
        if len(found) != 1:
            raise self.entry.wrong(f"of {what} one of these is expected: {', '.join(known)}")
        return found[0]

    def _one_of(self, key: str, known: list[str]) -> str:
        told = self.entry.get(key)
        word = word_of(told.value)
        if not self.entry.has(key) or word not in known:
            raise told.wrong(f"{key} cannot be {word!r}; {did_you_mean(word, known)}")
        return word

    def _number_or_none(self) -> str:
        told = self.entry.get("is")
        if not self.entry.has("is"):
            raise told.wrong("how many are expected: `is: 2`")
        return NONE if told.value == NONE else word_of(told.whole("is"))

    def _reason(self) -> str | None:
        return self._one_of("reason", REASONS) if self.entry.has("reason") else None

    def _at_least(self) -> int:
        """From one: at least none is always so. Without a word, one."""
        return self.entry.get("at_least").whole("at_least", 1) if self.entry.has("at_least") else 1

    def _span(self, key: str) -> float | None:
        if not self.entry.has(key):
            return None
        told = self.entry.get(key)
        seconds = span_s(told.value)
        if seconds is None:
            raise told.wrong(f"{key} {told.value!r} is no length of time; write 1s or 500ms")
        return seconds

    def _moment(self, part: Part) -> float:
        if part.value == "end":
            return self.lasts_s
        seconds = moment_s(part.value, part.where, self.starts)
        if seconds > self.lasts_s:
            raise part.wrong(f"{part.value!r}: the scenario is over after {self.lasts_s:g} s")
        return seconds

    def _when(self) -> When:
        entry = self.entry
        at_s, after_s, by_s = (self._moment(entry.get(k)) if entry.has(k) else None for k in ("at", "after", "by"))
        throughout = None
        if entry.has("throughout"):
            told = entry.get("throughout")
            if not isinstance(told.value, list) or len(told.value) != 2:
                raise told.wrong(f"throughout is [from, until]; this is {told.value!r}")
            begins, ends = (self._moment(part) for part in told.entries())
            throughout = (begins, ends)
            if begins >= ends:
                raise told.wrong(f"throughout {told.value!r} ends before it begins")
        if after_s is not None and by_s is not None and after_s >= by_s:
            raise entry.get("by").wrong("by is not after `after`")
        if (at_s is not None or throughout is not None) and (after_s is not None or by_s is not None):
            raise entry.wrong("say `at`, or `throughout`, or a window by `after` and `by`; not two of them")
        never = entry.has("never") and entry.get("never").truth("never")
        if sum((never, entry.has("times"), entry.has("at_least"))) > 1:
            raise entry.wrong("say one of `never`, `times` and `at_least`")
        times = 0 if never else entry.get("times").whole("times") if entry.has("times") else None
        if throughout is not None and times is not None:
            raise entry.wrong("`throughout` says all the time; for how often say `after` and `by`")
        return When(at_s, throughout, after_s, by_s, times, self._at_least())


_FORMS: dict[str, Callable[[_Entry], Claim]] = {
    "tap": _Entry.tap,
    "door": _Entry.door,
    "light": _Entry.light,
    "device": _Entry.device,
    "room": _Entry.room,
    "house": _Entry.house,
    "readings": _Entry.readings,
    "life": _Entry.life,
    "area": _Entry.area,
}


def _as_written(value: dict[str, Any]) -> str:
    def said(one: object) -> str:
        return "[" + ", ".join(said(each) for each in one) + "]" if isinstance(one, list) else word_of(one)

    words = {key: "true" if key == "never" else said(one) for key, one in value.items() if key != "why"}
    return ", ".join(f"{key}: {word}" for key, word in words.items())
