"""What holds in every scenario without being asked, pure; a fault of the scenario excuses whom it strikes.

Each law answers with what was seen that breaks it, or with nothing.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

from devices.messages import Signal
from simulator.faults import Fault
from simulator.faults.kinds import BROKER, CONTROLLER
from simulator.scenarios.model import Scenario
from simulator.scenarios.sightings import Drew, Showed, Sighting, Tapped, Told, Turned, Wished, in_s
from simulator.scenarios.spans import first_within, spans_of

# The reader's own second, and what a busy machine takes to notice that it is over.
ANSWER_S = 1.0
_SLACK_S = 0.15
# A link that was struck comes back within this, and says what it has to.
_RECOVERS_S = 12.0
# Of a lamp, its wish and its report.
LAMP_S = 1.0
# From the leaf to what the house tells all: its grace, a decision, and the pause between two such messages.
FORCED_S = 6.0
# Whoever pressed the exit is through by then.
_LEAVES_S = 15.0
# A clock that is read twice.
_READ_TWICE_S = 0.05
_CLOCKS = frozenset({"clock-skew"})
_SENSES = frozenset({"stuck-contact", "jammed-lock", "sensor-stuck", "sensor-drift", "sensor-nan", *_CLOCKS})

S = TypeVar("S", bound=Sighting)


def broken_laws(scenario: Scenario, seen: Sequence[Sighting]) -> list[tuple[str, str]]:
    """Every law with the first that broke it; "" where it holds."""
    return [(law, next(judge(scenario, seen), "")) for law, judge in LAWS.items()]


def _one_draw_for_one_yes(scenario: Scenario, seen: Sequence[Sighting]) -> Iterator[str]:
    """By the read it answers, else by its own id: whoever sends it again under another id has not asked again.

    A fault may make two of one command, and a link that comes back may bring it again; neither gives it another id.
    """
    unlocks: dict[tuple[str, str], list[Told]] = defaultdict(list)
    for told in _of(Told, seen):
        if told.do == "unlock":
            unlocks[told.device, told.re or told.command].append(told)
    for (device, cause), several in unlocks.items():
        first = several[0]
        for again in several[1:]:
            if again.command == first.command and _may_come_twice(scenario, device, again.at):
                continue
            same = "the same id" if again.command == first.command else "another id"
            yield (
                f"{device} was told at {in_s(first.at)} and at {in_s(again.at)}, under {same}, to unlock for {cause}"
            )
    drawn: dict[tuple[str, str], list[Drew]] = defaultdict(list)
    for drew in _of(Drew, seen):
        drawn[drew.device, drew.for_request or drew.command].append(drew)
    for (device, cause), draws in drawn.items():
        if len(draws) > 1:
            yield f"{device} drew its bolt at {in_s(draws[0].at)} and again at {in_s(draws[1].at)} for {cause}"


def _nothing_late_is_obeyed(scenario: Scenario, seen: Sequence[Sighting]) -> Iterator[str]:
    for told in _of(Told, seen):
        if told.obeyed and told.late_s > _READ_TWICE_S and not _is_struck(scenario, told.device, told.at, _CLOCKS):
            yield f"{told.device} obeyed {told.do} at {in_s(told.at)}, {in_s(told.late_s)} after it had expired"


def _every_tap_is_answered(scenario: Scenario, seen: Sequence[Sighting]) -> Iterator[str]:
    for number, tapped in enumerate(seen):
        if not isinstance(tapped, Tapped) or tapped.at > scenario.lasts_s - ANSWER_S - _SLACK_S:
            continue
        shown = next((one for one in _of(Showed, seen[number + 1 :]) if _answers(one, tapped.device)), None)
        took = shown.at - tapped.at if shown is not None else float("inf")
        if shown is not None and shown.by_house and took <= ANSWER_S + _SLACK_S:
            continue
        if _is_struck(scenario, tapped.device, tapped.at):
            continue
        what = (
            "nothing was shown"
            if shown is None
            else f"{shown.signal} ({shown.reason or 'by itself'}) after {in_s(took)}"
        )
        yield f"{tapped.device}, asked at {in_s(tapped.at)}: {what}"


def _a_light_keeps_its_hours(scenario: Scenario, seen: Sequence[Sighting]) -> Iterator[str]:
    for device in sorted({wished.device for wished in _of(Wished, seen)}):
        wishes = [one for one in _of(Wished, seen) if one.device == device]
        turns = [one for one in _of(Turned, seen) if (one.who, one.what) == (device, "light")]
        for wish in wishes:
            if wish.on and wish.until is None:
                yield f"{device} was told at {in_s(wish.at)} to be on for ever"
        for begins, ends, wish in _meant(wishes, scenario.lasts_s):
            off_from = wish.until if wish.on and wish.until is not None else begins
            if wish.on and not _is_struck(scenario, device, begins):
                stays = min(ends, off_from)
                lit = first_within(spans_of(turns, "off", float("inf")), begins + LAMP_S, stays - LAMP_S)
                if lit is not None:
                    yield f"{device} was off at {in_s(lit)}, told at {in_s(begins)} to be on until {in_s(off_from)}"
            late = first_within(spans_of(turns, "on", float("inf")), max(off_from, begins) + LAMP_S, ends)
            if late is not None:
                yield f"{device} was still on at {in_s(late)}, told to be off from {in_s(off_from)}"


def _a_forced_leaf_is_called_forced(scenario: Scenario, seen: Sequence[Sighting]) -> Iterator[str]:
    bolt: dict[str, str] = {}
    left: dict[str, float] = {}
    for one in _of(Turned, seen):
        if one.what == "bolt":
            bolt[one.who] = one.to
        elif one.what == "exit":
            left[one.who] = one.at
        elif one.what == "leaf" and one.to == "open" and one.at > 0 and bolt.get(one.who) == "locked":
            by = one.at + FORCED_S
            if one.at - left.get(one.who, -_LEAVES_S) < _LEAVES_S or by > scenario.lasts_s:
                continue
            door = next((door.id for door in scenario.building.doors.values() if door.unit == one.who), "")
            told = any(
                turned.who == f"door:{door}" and turned.to == "forced" and one.at <= turned.at <= by
                for turned in _of(Turned, seen)
            ) or _was(seen, f"door:{door}", "forced", one.at)
            if not told and not _is_struck(scenario, one.who, one.at):
                yield f"{one.who} felt its leaf open at {in_s(one.at)} behind a shut bolt, and the house told nobody"


LAWS: Mapping[str, Callable[[Scenario, Sequence[Sighting]], Iterator[str]]] = {
    "a lock is told once to unlock for one yes": _one_draw_for_one_yes,
    "nothing expired is obeyed": _nothing_late_is_obeyed,
    "a reader shows the house's answer within a second": _every_tap_is_answered,
    "an on-air light is on while it is told to be, and not longer": _a_light_keeps_its_hours,
    "a leaf that moves behind a shut bolt is said to be forced": _a_forced_leaf_is_called_forced,
}


def is_reached_by(fault: Fault, device: str) -> bool:
    """Whether it stands between this device and the controller's answer."""
    if device in fault.devices:
        return fault.kind not in _SENSES
    return not fault.devices and fault.target in (BROKER, CONTROLLER)


def _may_come_twice(scenario: Scenario, device: str, at: float) -> bool:
    """Whether a fault on the way down can have made two of one command; a read that comes twice is still one read."""
    down = [fault for fault in scenario.faults if fault.settings.get("way") != "up"]
    return _is_struck(replace(scenario, faults=tuple(down)), device, at)


def _is_struck(scenario: Scenario, device: str, at: float, also: frozenset[str] = frozenset()) -> bool:
    """At this moment, or so shortly before that it cannot have recovered."""
    for fault in scenario.faults:
        ends = fault.ends_s if fault.ends_s is not None else scenario.lasts_s
        reached = is_reached_by(fault, device) or (device in fault.devices and fault.kind in also)
        # What is said just before it begins may still be under way.
        if reached and fault.begins_s - ANSWER_S <= at <= ends + _RECOVERS_S:
            return True
    return False


def _of(kind: type[S], seen: Sequence[Sighting]) -> list[S]:
    return [one for one in seen if isinstance(one, kind)]


def _answers(one: Showed, device: str) -> bool:
    """A warning about the door answers nobody."""
    return one.device == device and one.signal != Signal.WARNING


def _meant(wishes: Sequence[Wished], end: float) -> Iterator[tuple[float, float, Wished]]:
    """Each wish with the span in which it is the newest."""
    for number, wish in enumerate(wishes):
        yield wish.at, wishes[number + 1].at if number + 1 < len(wishes) else end, wish


def _was(seen: Sequence[Sighting], who: str, value: str, at: float) -> bool:
    """Whether the newest word about it, of any kind, at that moment was this."""
    latest = {turned.what: turned.to for turned in _of(Turned, seen) if turned.who == who and turned.at <= at}
    return value in latest.values()
