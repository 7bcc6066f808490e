"""What somebody asks for: read from their words, and refused with what would be right."""

from dataclasses import replace

import pytest

from simulator.errors import InputError
from simulator.load.asked import Wanted, cast, rate, seconds
from simulator.load.schedule import Arrival

WANTED = Wanted(taps=10, readings=100, for_s=5)


@pytest.mark.parametrize(
    ("text", "per_s"), [("500/s", 500), ("10,000/s", 10_000), ("30/min", 0.5), ("36/h", 0.01), ("2.5", 2.5), ("0", 0)]
)
def test_a_pace_is_so_many_in_a_time(text, per_s):
    assert rate("--taps", text) == per_s


@pytest.mark.parametrize("text", ["", "fast", "-5/s", "5/day", "/s", "1e9"])
def test_what_is_no_pace_is_refused_with_one_that_is(text):
    with pytest.raises(InputError, match=r"--taps .* is no pace; write it like 500/s"):
        rate("--taps", text)


def test_a_pace_beyond_any_house_is_refused():
    with pytest.raises(InputError, match=r"--readings 200000/s is out of reach; take 100,000/s at most"):
        rate("--readings", "200000/s")


@pytest.mark.parametrize(("text", "s"), [("60s", 60), ("5m", 300), ("0.5", 0.5), ("1h", 3600)])
def test_a_time_is_seconds_minutes_or_an_hour(text, s):
    assert seconds("--for", text) == s


@pytest.mark.parametrize("text", ["0s", "soon", "2h", "-3s", ""])
def test_what_is_no_time_is_refused(text):
    with pytest.raises(InputError, match="write it like 60s or 5m, an hour at most"):
        seconds("--for", text)


def test_readers_are_those_people_use_first_and_none_asks_for_a_pin(parisoma, people, morning):
    gates = cast(parisoma, people, WANTED, morning).gates
    doors = {door.unit: door for door in parisoma.doors.values()}

    assert gates
    assert not any(doors[gate.lock].asks_pin for gate in gates)
    ways_out = [doors[gate.lock].is_escape or doors[gate.lock].staff_only for gate in gates]
    assert ways_out == sorted(ways_out)
    assert [gate.lock for gate in cast(parisoma, people, replace(WANTED, readers=2), morning).gates] == [
        gate.lock for gate in gates[:2]
    ]


def test_those_come_to_a_door_whom_it_lets_in(parisoma, people, morning):
    office = next(gate for gate in cast(parisoma, people, WANTED, morning).gates if gate.lock == "door-street")
    lost = next(person.badge for person in people if person.badge_state == "lost")

    assert 1 < len(office.shown) <= 50
    assert lost not in {shown.card for shown in office.shown}


def test_the_same_seed_has_the_same_people_and_readings(parisoma, people, morning):
    assert cast(parisoma, people, WANTED, morning) == cast(parisoma, people, WANTED, morning)
    assert cast(parisoma, people, WANTED, morning) != cast(parisoma, people, replace(WANTED, seed=2), morning)


def test_only_what_is_asked_for_takes_part(parisoma, people, morning):
    quiet = cast(parisoma, people, replace(WANTED, readings=0), morning)
    empty = cast(parisoma, [], replace(WANTED, taps=0), morning)

    assert quiet.gates
    assert not quiet.probes
    assert empty.probes
    assert not empty.gates


def test_a_device_that_speaks_another_dialect_takes_no_part(parisoma, people, morning):
    foreign = {
        name: replace(device, dialect="tasmota")
        if name in ("door-street", "reader-street", "sensor-kitchen")
        else device
        for name, device in parisoma.devices.items()
    }
    before = cast(parisoma, people, WANTED, morning)
    after = cast(replace(parisoma, devices=foreign), people, WANTED, morning)

    assert {"door-street", "sensor-kitchen"} <= before.devices
    assert not {"door-street", "sensor-kitchen"} & after.devices


def test_too_few_readers_are_told_with_how_many_there_are_and_how_to_get_more(one_door, people, morning):
    with pytest.raises(InputError) as told:
        cast(one_door, people, Wanted(taps=500, readings=10_000, for_s=60, readers=200, sensors=2000), morning)

    assert (
        "--readers 200: one-door.yaml has 1, counting doors whose reader asks for no PIN. Take 1 at most, or make"
        in str(told.value)
    )
    for command in (
        "natoma-sim space --doors 200 --rooms 2000 --out load-200-2000.yaml",
        "natoma-sim people --space load-200-2000.yaml --data load-200-2000 --count 200 --out load-200-2000/people.csv",
        "natoma people import load-200-2000/people.csv --space load-200-2000.yaml --data load-200-2000 --apply",
        "natoma run --space load-200-2000.yaml --data load-200-2000",
    ):
        assert command in str(told.value)


def test_too_few_sensors_are_told_as_well(parisoma, people, morning):
    with pytest.raises(
        InputError, match=r"--sensors 5000: parisoma.yaml has \d+, counting sensors that read something"
    ):
        cast(parisoma, people, replace(WANTED, sensors=5000), morning)


def test_where_there_is_no_sensor_at_all_it_says_how_to_go_without(one_door, people, morning):
    with pytest.raises(
        InputError, match=r"one-door.yaml has no sensors that read something; say --readings 0, or make"
    ):
        cast(one_door, people, WANTED, morning)


@pytest.mark.parametrize("wanted", [replace(WANTED, readers=0), replace(WANTED, sensors=-1)])
def test_none_of_something_asked_for_is_too_few(wanted, parisoma, people, morning):
    with pytest.raises(InputError, match="take at least 1, or leave it out"):
        cast(parisoma, people, wanted, morning)


def test_a_load_of_nothing_is_none(parisoma, people, morning):
    with pytest.raises(InputError, match="are no load"):
        cast(parisoma, people, Wanted(taps=0, readings=0, for_s=1, arrival=Arrival.EVEN), morning)


def test_people_without_badges_cannot_tap(parisoma, people, morning):
    with pytest.raises(InputError, match="nobody in the people file has a badge"):
        cast(parisoma, [replace(people[0], badge="")], WANTED, morning)


def test_no_badge_is_in_a_repr(parisoma, people, morning):
    shown = repr(cast(parisoma, people, WANTED, morning))

    assert not any(person.badge in shown for person in people)
