"""Who of the people file plays whom."""

from dataclasses import replace
from datetime import date

import pytest

from simulator.errors import InputError
from simulator.people import SimPerson
from simulator.scenarios.casting import cast
from simulator.scenarios.model import Scenario
from simulator.scenarios.reading import read
from tests.unit.simulator.scenarios.conftest import Write

TODAY = date(2026, 11, 17)


def member(name: str, **fields: str) -> SimPerson:
    known = {
        "plan": "member",
        "standing": "active",
        "badge_state": "active",
        "badge": f"04{ord(name[0]):012X}",
        **fields,
    }
    return SimPerson(id=name, name=name.title(), kind=known.pop("kind", "member"), **known)


LOST = member("lou", badge_state="lost")
PEOPLE = [
    LOST,
    member("pat", badge=""),
    member("ann"),
    member("ben", team="Alder Maps"),
    member("dana", kind="staff", plan="", rights="override_doors forgive", pin="483920"),
    member("gil", due="20.00", due_since="2026-11-15"),
    member("old", valid_until="2026-01-01T00:00:00Z"),
]


@pytest.fixture
def wanting(write: Write):
    def scenario(people: str) -> Scenario:
        return read(write(f"people: {people}"))

    return scenario


def played(scenario: Scenario) -> dict[str, str]:
    return {name: person.id for name, person in cast(scenario, PEOPLE, TODAY).items()}


def test_the_first_in_good_standing_with_a_badge_who_fits_plays_and_nobody_twice(wanting):
    assert played(wanting("{mia: {plan: member}, tom: {plan: member}}")) == {"mia": "ann", "tom": "ben"}


@pytest.mark.parametrize(
    ("wanted", "who"),
    [
        ("{trouble: lost}", "lou"),
        ("{trouble: expired}", "old"),
        ("{trouble: grace}", "gil"),
        ("{badge_state: lost}", "lou"),
        ("{team: alder maps}", "ben"),
        ("{kind: staff}", "dana"),
        ("{rights: forgive}", "dana"),
        ("{has_pin: true}", "dana"),
        ("{plan: member, has_pin: false}", "ann"),
        ("{name: Ann}", "ann"),
    ],
)
def test_somebody_is_found_by_what_is_asked_of_them(wanting, wanted: str, who: str):
    assert played(wanting(f"{{x: {wanted}}}")) == {"x": who}


def test_where_nobody_fits_the_line_is_told(wanting):
    scenario = wanting("{mia: {plan: member, name: Nobody}}")

    with pytest.raises(InputError) as complaint:
        cast(scenario, PEOPLE, TODAY)

    assert str(complaint.value) == (
        f"{scenario.path}:4: nobody of the people file can be 'mia': of 7 nobody else has plan 'member', "
        "name 'Nobody' and a badge"
    )


def test_a_strangers_badge_is_nobodys_and_always_the_same(wanting):
    scenario = wanting("{eve: stranger, eva: stranger}")
    first, again = (cast(scenario, PEOPLE, TODAY) for _ in range(2))

    assert first["eve"].badge == again["eve"].badge != first["eva"].badge
    assert first["eve"].badge not in [person.badge for person in PEOPLE]
    assert first["eve"].badge not in repr(first)


def test_a_stranger_of_a_house_with_short_readers_has_a_short_number(wanting, monkeypatch: pytest.MonkeyPatch):
    scenario = wanting("{eve: stranger}")
    door = replace(scenario.building.devices["reader-front"], reader_profile="wiegand26")
    short = replace(scenario.building, devices={**scenario.building.devices, door.id: door})

    stranger = cast(replace(scenario, building=short), PEOPLE, TODAY)["eve"]

    assert (len(stranger.badge), stranger.badge_format) == (6, "wiegand26")
