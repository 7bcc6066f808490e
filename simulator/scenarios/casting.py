"""Who of the people file plays whom in a scenario: for each name the first who fits and is nobody else."""

import random
from collections.abc import Mapping, Sequence
from datetime import date

from simulator.building import Building
from simulator.entitled import what_of
from simulator.errors import InputError
from simulator.people import SimPerson
from simulator.scenarios.model import Scenario, Wanted

# What `what_of` calls each trouble a scenario may ask for.
_CALLED = {"badge no longer valid": "expired", "badge not valid yet": "future"}
# Who is asked for by one of these need not be in good standing.
_TELLING = frozenset({"standing", "badge_state", "valid_from", "valid_until", "until", "due", "due_since"})


def cast(scenario: Scenario, people: Sequence[SimPerson], today: date) -> Mapping[str, SimPerson]:
    """Everybody by the name they have in the scenario; raises InputError, with the line, where nobody fits."""
    found: dict[str, SimPerson] = {}
    for name, wanted in scenario.people.items():
        if wanted.is_stranger:
            found[name] = _stranger(name, scenario)
            continue
        taken = {person.id for person in found.values()}
        fitting = (one for one in people if one.id not in taken and _fits(one, wanted, scenario.building, today))
        person = next(fitting, None)
        if person is None:
            asked = ", ".join(f"{key} {value!r}" for key, value in wanted.traits.items())
            raise InputError(
                f"{scenario.path}:{wanted.line}: nobody of the people file can be {name!r}: of {len(people)} nobody else "
                f"has {asked} and a badge"
            )
        found[name] = person
    return found


def _fits(person: SimPerson, wanted: Wanted, building: Building, today: date) -> bool:
    if not person.badge:
        return False
    trouble = _trouble(person, building, today)
    asked = wanted.traits.get("trouble")
    if asked is not None and trouble != asked:
        return False
    if asked is None and trouble is not None and not _TELLING & wanted.traits.keys():
        return False
    return all(_has(person, trait, value) for trait, value in wanted.traits.items() if trait != "trouble")


def _has(person: SimPerson, trait: str, value: str) -> bool:
    if trait == "has_pin":
        return bool(person.pin) is bool(value)
    told = str(getattr(person, trait)).casefold()
    return value.casefold() in told.split() if trait == "rights" and value else told == value.casefold()


def _trouble(person: SimPerson, building: Building, today: date) -> str | None:
    called = what_of(person, building, today)
    if called.startswith(("badge ", "membership ")):
        return _CALLED.get(called, called.split()[-1])
    return None


def _stranger(name: str, scenario: Scenario) -> SimPerson:
    """A badge that no house gave out: of another maker than those of the people file."""
    badge_format, bits = scenario.building.badge_format
    digits = bits // 4
    number = random.Random(f"stranger/{name}/{scenario.seed}").getrandbits(bits - 8)
    badge = f"E0{number:0{digits - 2}X}" if badge_format == "iso14443a" else f"{number or 1:0{digits}X}"
    return SimPerson(id=name, name=name, kind="guest", badge=badge, badge_format=badge_format)
