"""A scenario of its file: everything checked against the space before anything is started.

Each complaint says file, line, what is wrong and what would be right. Steps are read in `stepping`, and what is
expected of them in `expecting`.
"""

from collections.abc import Mapping
from dataclasses import fields
from datetime import UTC, datetime
from pathlib import Path

from simulator import faults as faults_of
from simulator.building import Building
from simulator.building_file import load
from simulator.errors import at_place, did_you_mean
from simulator.faults import BROKER, Fault
from simulator.faults.reading import span_s
from simulator.people import SimPerson
from simulator.scenarios.expecting import expectation
from simulator.scenarios.finding import space_of
from simulator.scenarios.lines import Part, opened
from simulator.scenarios.model import Scenario, Wanted
from simulator.scenarios.stepping import Steps

KEYS = ["about", "space", "starts", "lasts", "seed", "people", "life", "given", "steps", "faults", "expect"]
TROUBLES = ["lost", "blocked", "expired", "future", "ended", "paused", "overdue", "grace"]
# What somebody may be asked for; never the number of a badge or a PIN.
TRAITS = ["trouble", *(f.name for f in fields(SimPerson) if f.name not in ("badge", "badge_format", "pin")), "has_pin"]
LONGEST_S = 600.0
_STARTS = "%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"
# As `natoma demo --as-if` takes them: beyond, a moment of one zone has no name in another.
_YEARS = range(1970, 2101)
_SPEEDS = 0.01, 1000.0


def read(path: Path) -> Scenario:
    """The scenario of this file, with its space; raises InputError with file and line."""
    file = opened(path)
    file.only(KEYS, "a scenario")
    space = space_of(file.get("space"))
    building = at_place(file.at("space"), lambda: load(space))
    about = file.get("about")
    starts = _starts(file.get("starts"), building) if file.has("starts") else None
    lasts_s = _lasts(file.get("lasts"))
    people = {name: _wanted(part, building) for name, part in file.get("people").items()}
    reader = Steps(building, people, lasts_s, starts)
    given = tuple(reader.given(entry) for entry in file.get("given").entries())
    steps = [reader.step(entry) for entry in file.get("steps").entries()]
    faults = tuple(_fault(entry, building, lasts_s, starts) for entry in file.get("faults").entries())
    expect = tuple(expectation(entry, building, reader.taps, lasts_s, starts) for entry in file.get("expect").entries())
    if not expect:
        raise file.get("expect").wrong("a scenario says what must be true: `expect:` with a list")
    return Scenario(
        name=file.path.stem,
        path=file.path,
        about=" ".join(about.text("about").split()),
        space=space,
        building=building,
        lasts_s=lasts_s,
        starts=starts,
        seed=file.get("seed").whole("seed") if file.has("seed") else 1,
        people=people,
        speed=_speed(file.get("life")),
        given=given,
        steps=tuple(sorted(steps, key=lambda step: step.at_s)),
        faults=faults,
        expect=expect,
        strikes_broker=any(not fault.devices and fault.target == BROKER for fault in faults),
    )


def _starts(said: Part, building: Building) -> datetime:
    local = _local(said.value)
    if local is None:
        raise said.wrong(f"starts {said.shown} is no local time; write 2026-11-17 10:00")
    if local.year not in _YEARS:
        raise said.wrong(f"starts in the year {local.year}; take one from {_YEARS.start} to {_YEARS.stop - 1}")
    at = local.replace(tzinfo=building.zone)
    if at.astimezone(UTC).astimezone(building.zone).replace(tzinfo=None) != local:
        raise said.wrong(
            f"starts {local:%Y-%m-%d %H:%M}: clocks in {building.zone} skip that hour; take one that comes"
        )
    return at


def _local(value: object) -> datetime | None:
    if isinstance(value, datetime):
        return value if value.tzinfo is None else None
    if not isinstance(value, str):
        return None
    for form in _STARTS:
        try:
            return datetime.strptime(value, form)  # noqa: DTZ007  # the zone is the space's
        except ValueError:
            continue
    return None


def _lasts(said: Part) -> float:
    lasts_s = span_s(said.value)
    if not lasts_s or lasts_s > LONGEST_S:
        raise said.wrong(f"lasts {said.shown} is no length; write 20s or 1m, up to {LONGEST_S / 60:g}m")
    return lasts_s


def _speed(life: Part) -> float | None:
    if life.value is None:
        return None
    life.only(["speed"], "life")
    speed = life.get("speed").number("speed") if life.has("speed") else 1.0
    if not _SPEEDS[0] <= speed <= _SPEEDS[1]:
        raise life.get("speed").wrong(f"speed {speed:g} is out of reach; take 0.01 to 1000, 1 is real time")
    return speed


def _fault(entry: Part, building: Building, lasts_s: float, starts: datetime | None) -> Fault:
    fault = faults_of.read(entry.value, building, entry.at, starts)
    if fault.begins_s >= lasts_s:
        raise entry.get("from").wrong(f"the scenario is over after {lasts_s:g} s, before this fault begins")
    return fault


def _wanted(part: Part, building: Building) -> Wanted:
    if part.value == "stranger":
        return Wanted(part.line, is_stranger=True)
    part.only(TRAITS, "somebody")
    traits: dict[str, str] = {}
    for key, told in part.items():
        if key == "trouble" and told.value not in TROUBLES:
            raise told.wrong(f"trouble {told.value!r} is none of theirs; {did_you_mean(str(told.value), TROUBLES)}")
        if key == "has_pin":
            told.truth("has_pin")
        traits[key] = "yes" if told.value is True else "" if told.value in (False, None) else str(told.value)
        if key == "plan":
            _require_plan(told, traits[key], building.plans)
    return Wanted(part.line, traits)


def _require_plan(told: Part, plan: str, plans: Mapping[str, object]) -> None:
    """Of nobody's plan nobody can be, whoever is in the people file."""
    if plan and plan.casefold() not in [known.casefold() for known in plans]:
        raise told.wrong(f"the space has no plan {plan!r}; {did_you_mean(plan, list(plans))}")
