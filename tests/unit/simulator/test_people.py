"""The people of a sample building: the same for a seed, diverse enough to be refused for every reason."""

import csv
import hashlib
import io
from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, time
from pathlib import Path

import pytest

from controller.domain.ids import PersonId
from controller.domain.membership import Membership, Right, Standing
from controller.domain.standing import local_day, standing_on
from controller.services.people.people import why_not_a_pin
from controller.services.people.people_cells import rights_cell
from controller.services.people.people_file import read_people_file
from controller.space import parse
from devices.badges import read, refuse_at_enrolment
from simulator.building import Building
from simulator.entitled import guess, is_welcome, what_of
from simulator.errors import InputError
from simulator.people import COLUMNS, SimPerson, find_person, make_people, read_people, style_of, write_people
from simulator.people.characters import Characters, characters_of

TODAY = date(2026, 11, 17)


def test_the_same_seed_makes_the_same_people_badge_for_badge(parisoma: Building, people: list[SimPerson]):
    assert make_people(parisoma, 1, TODAY) == people
    assert [person.badge for person in make_people(parisoma, 2, TODAY)] != [person.badge for person in people]


def test_there_are_two_hundred_of_every_plan(parisoma: Building, people: list[SimPerson]):
    assert len(people) == 200
    assert {person.plan for person in people} == {"", *parisoma.plans}
    assert len({person.id for person in people}) == len({person.badge for person in people}) == 200


def test_a_small_house_has_a_few_people_and_most_of_them_get_in(one_door: Building):
    few = make_people(one_door, 1, TODAY)

    assert len(few) == 12
    assert sum(person.is_in_good_standing for person in few) >= 8


def test_there_is_somebody_for_every_refusal(people: list[SimPerson]):
    standings = Counter(person.standing for person in people)
    badges = Counter(person.badge_state for person in people)

    assert min(standings[one] for one in ("ended", "paused")) >= 3
    assert min(badges["lost"], badges["blocked"]) >= 1
    assert any(person.valid_until for person in people)
    assert any(person.valid_from for person in people)


def test_there_are_bills_that_the_house_bears_with_and_bills_too_late_for_it(
    parisoma: Building, people: list[SimPerson], tmp_path: Path
):
    space = parse(parisoma.source.read_text())
    day = local_day(datetime(2026, 11, 17, 20, tzinfo=UTC), space.zone, space.cut_off_minutes)
    write_people(people, tmp_path / "people.csv")
    file = read_people_file((tmp_path / "people.csv").read_text(), "people.csv", space)
    bills = {
        row.id: Membership(row.id, row.plan, row.starts, None, row.standing, None, row.due_since, row.due_cents)
        for row in file.rows
        if row.plan is not None and row.starts is not None and row.standing is not None and row.due_cents is not None
    }
    judged = {who: standing_on(held, day, space.grace) for who, held in bills.items()}

    assert Counter(judged.values()) == {Standing.OVERDUE: 4, Standing.GRACE: 3}
    assert {person.standing for person in people if person.due} == {"active"}
    for person in people:
        if person.due:
            assert is_welcome(person, parisoma, TODAY) == (judged[PersonId(person.id)] is Standing.GRACE)


def test_two_of_the_staff_may_do_everything_and_the_others_what_a_desk_needs(people: list[SimPerson]):
    rights = [rights_cell(person.rights) for person in people if person.kind == "staff"]

    assert rights[:2] == [frozenset(Right)] * 2
    assert set(rights[2:]) == {frozenset({Right.OVERRIDE_DOORS, Right.FORGIVE})}
    assert {person.rights for person in people if person.kind != "staff"} == {""}


def test_a_few_who_pay_for_two_days_a_week_pay_for_more_as_they_go(people: list[SimPerson]):
    assert [person.plan for person in people if person.pays_as_you_go == "yes"] == ["two-days"] * 3


def test_what_people_may_and_owe_changes_neither_who_they_are_nor_their_badges(parisoma: Building):
    """As they were before anybody had rights, a bill, or paid as they went: people files out there stay good."""
    people = make_people(parisoma, 1, TODAY)

    assert (people[0].id, people[-1].id) == ("grace-santos", "ivan-ozturk")
    told = "".join(f"{person.name}{person.badge}" for person in people)
    assert hashlib.sha256(told.encode()).hexdigest().startswith("4cf103f47b79")


def test_teams_rent_the_offices_and_fill_their_seats(parisoma: Building, people: list[SimPerson]):
    offices = Counter(person.office for person in people if person.office)

    assert set(offices) == {f"office-20{number}" for number in range(1, 8)}
    assert set(offices.values()) == {4}
    for office in offices:
        assert len({person.team for person in people if person.office == office}) == 1


def test_staff_know_a_pin_where_a_door_asks_for_one_and_nobody_elsewhere(
    parisoma: Building, one_door: Building, people: list[SimPerson]
):
    pins = [person.pin for person in people if person.kind == "staff"]

    assert [door.id for door in parisoma.doors.values() if door.asks_pin] == ["server-room"]
    assert len(set(pins)) == len(pins) > 0
    assert all(why_not_a_pin(pin) is None for pin in pins)
    assert {person.pin for person in people if person.kind != "staff"} == {""}
    assert {person.pin for person in make_people(one_door, 1, TODAY)} == {""}
    assert not any(pin in repr(people) for pin in pins)


def test_every_badge_could_be_enrolled(people: list[SimPerson]):
    for person in people:
        assert refuse_at_enrolment(read(person.badge, bits=56, format=person.badge_format)) is None


def test_no_repr_spells_a_badge(people: list[SimPerson]):
    assert people[0].badge not in repr(people)


def test_the_file_is_its_owners_alone_and_reads_back(tmp_path: Path, people: list[SimPerson]):
    file = tmp_path / "people.csv"
    file.write_text("old and open to all")
    file.chmod(0o644)

    write_people(people, file)

    assert file.stat().st_mode & 0o777 == 0o600
    assert read_people(file) == people
    assert tuple(next(csv.reader(io.StringIO(file.read_text())))) == COLUMNS


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name,plan\nA,b\n", ":1: this is not a people file: it has no column id"),
        ("id,name\nada,\n", ":2: a person needs an id and a name"),
        (
            "id,name,due_since\nbo,Bo,\nada,Ada,2026-13-45\n",
            ":3: due_since '2026-13-45' is no day of the calendar; write it like 2026-03-01",
        ),
        ("id,name,due_since\nada,Ada,0000-01-01\n", ":2: due_since '0000-01-01' is no day of the calendar"),
        ("id,name,due\nada,Ada,120 EUR\n", ":2: due '120 EUR' is no amount; write it like 120 or 120.50"),
        ("id,name,due\nada,Ada,nan\n", ":2: due 'nan' is no amount"),
        ("id,name,valid_until\nada,Ada,soon\n", ":2: valid_until 'soon' is no day like 2026-03-01"),
        ("id,name,valid_from\nada,Ada,2026-03-01T09:00\n", ":2: valid_from '2026-03-01T09:00' is no day"),
        ("id,name,valid_from\nada,Ada,9999-12-31T23:59:59Z\n", ":2: valid_from '9999-12-31T23:59:59Z' is no day"),
    ],
)
def test_a_file_that_is_not_one_says_so(tmp_path: Path, text: str, message: str):
    file = tmp_path / "people.csv"
    file.write_text(text)

    with pytest.raises(InputError) as caught:
        read_people(file)

    assert message in str(caught.value)


def test_a_missing_file_and_an_unwritable_one_are_named(tmp_path: Path):
    with pytest.raises(InputError, match="cannot be read as a people file"):
        read_people(tmp_path / "none.csv")
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="cannot be written"):
        write_people([], tmp_path / "file" / "people.csv")


def test_somebody_is_found_by_name_beginning_id_or_number(people: list[SimPerson]):
    somebody = people[7]

    for text in (somebody.name, somebody.name.upper(), somebody.id, somebody.badge.lower()):
        assert find_person(people, text) is somebody


def test_a_number_nobody_holds_is_a_strangers(people: list[SimPerson]):
    assert find_person(people, "04 00 00 00 00 00 01") is None


def test_a_misspelt_name_is_answered_with_the_right_one(people: list[SimPerson]):
    wrong = people[7].name[:-1] + "x"

    with pytest.raises(InputError, match=f"did you mean '{people[7].name}'"):
        find_person(people, wrong)


def test_how_a_plan_is_lived_follows_from_what_it_says(parisoma: Building):
    assert {plan.id: style_of(plan) for plan in parisoma.plans.values()} == {
        "day-pass": "day", "two-days": "part", "full-time": "full", "team": "team", "cohort": "cohort",
        "alumni": "alumni", "runners": "hosted", "visiting": "visiting", "event": "event",
    }  # fmt: skip


ADA = SimPerson(id="ada", name="Ada", kind="member", plan="full-time")


@pytest.mark.parametrize(
    ("span", "day", "told"),
    [
        pytest.param({"valid_until": "2026-12-31"}, "2026-12-31", None, id="its last day"),
        pytest.param({"valid_until": "2026-12-31"}, "2027-01-01", "badge no longer valid", id="the day after"),
        pytest.param({"valid_until": "2026-12-31T08:00:00Z"}, "2026-12-30", None, id="ends at local midnight"),
        pytest.param({"valid_until": "2026-12-31T08:00:00Z"}, "2026-12-31", "badge no longer valid", id="and is over"),
        pytest.param({"valid_from": "2026-03-01"}, "2026-03-01", None, id="its first day"),
        pytest.param({"valid_from": "2026-03-01"}, "2026-02-28", "badge not valid yet", id="the day before"),
        pytest.param({"valid_from": "2026-03-01T07:59:00Z"}, "2026-02-28", None, id="from a moment of that local day"),
        pytest.param({"valid_from": "2026-03-01T08:00:00Z"}, "2026-02-28", "badge not valid yet", id="from midnight"),
    ],
)
def test_a_badge_is_judged_by_the_day_and_not_by_having_a_span(
    parisoma: Building, span: dict[str, str], day: str, told: str | None
):
    person, on = replace(ADA, **span), date.fromisoformat(day)
    noon = datetime.combine(on, time(12), parisoma.zone)

    assert is_welcome(person, parisoma, on) is (told is None)
    assert what_of(person, parisoma, on) == (told or "plan full-time")
    assert guess(parisoma)(person, None, noon) is (told is None)


def test_whoever_is_known_for_a_habit_has_a_badge_without_an_end(parisoma: Building):
    bounded = [replace(ADA, id=f"ada-{number}", valid_until="2099-12-31") for number in range(20)]

    assert characters_of(parisoma, bounded, 1) == Characters()
