"""Spaces made up by numbers: the controller's own checker accepts them, whatever the numbers."""

from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from controller.space import load
from simulator.building_file import load as load_building
from simulator.cli import main
from simulator.errors import InputError
from simulator.maker import Wanted, plan, written

LARGEST = Wanted(doors=2000, floors=40)


def made(tmp_path: Path, wanted: Wanted, seed: int = 1) -> Path:
    file = tmp_path / "space.yaml"
    file.write_text(written(plan(wanted, seed), name="Made up", zone="Europe/Paris", seed=seed))
    return file


@settings(max_examples=40, deadline=None)
@given(doors=st.integers(1, 120), floors=st.none() | st.integers(1, 7), rooms=st.none() | st.integers(0, 90), seed=st.integers(0, 9))  # fmt: skip
def test_whatever_the_numbers_the_file_checks_and_has_just_so_many_doors(tmp_path_factory, doors, floors, rooms, seed):
    try:
        file = made(tmp_path_factory.mktemp("made"), Wanted(doors, floors, rooms), seed)
    except InputError:
        return  # what is said then is tested below
    space = load(file)
    assert len(space.doors) == doors
    assert rooms is None or sum(area.id.startswith("room-") for area in space.areas.values()) == rooms


def test_two_thousand_doors_are_a_space_both_programs_read(tmp_path):
    file = made(tmp_path, LARGEST)
    assert len(load(file).doors) == 2000
    assert len(load_building(file).doors) == 2000


def test_the_same_numbers_and_seed_make_the_same_file_and_another_seed_another():
    one, again, other = (written(plan(Wanted(30), seed), name="A", zone="UTC", seed=1) for seed in (1, 1, 2))
    assert one == again
    assert one != other


def test_one_door_is_a_house_without_rooms(tmp_path):
    space = load(made(tmp_path, Wanted(1)))
    assert list(space.doors) == ["street"]
    assert set(space.areas) >= {"lobby", "hall-0"}


def test_every_room_of_an_ordinary_house_has_a_door_from_its_corridor(tmp_path):
    space = load(made(tmp_path, Wanted(doors=24, floors=3)))
    inner = [door.inner for door in space.doors.values()]
    assert all(area in inner for area in space.areas if area.startswith("room-"))


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        (Wanted(0), "--doors 0 is out of reach; take 1 to 2,000"),
        (Wanted(2001), "--doors 2001 is out of reach; take 1 to 2,000"),
        (Wanted(5, floors=0), "--floors 0 is out of reach; take 1 to 99"),
        (Wanted(5, rooms=-1), "--rooms -1 is out of reach; take 0 to 2,000"),
        (
            Wanted(60, floors=1, rooms=20),
            "--doors 60 are more than the walls of 20 rooms on 1 floor have place for; take 43 at most, or --rooms 29",
        ),
        (Wanted(5, floors=1, rooms=200), "--rooms 200 do not fit on 1 floor of 99 each; take --floors 3 or more"),
    ],
)
def test_a_number_that_cannot_be_is_named_with_one_that_can(wanted, said):
    with pytest.raises(InputError) as refused:
        plan(wanted, 1)
    assert str(refused.value) == said


def test_the_rooms_that_are_proposed_are_enough():
    assert len(plan(Wanted(60, floors=1, rooms=29), 1).doors) == 60


@pytest.mark.parametrize(
    ("zone", "name", "said"),
    [
        ("Mars/Olympus", "A", "--zone 'Mars/Olympus' is not known"),
        ("UTC", "…", "--name '…' is no name for a space"),
        ("UTC", 'A "B"', "--name 'A \"B\"' is no name for a space"),
    ],
)
def test_a_zone_or_a_name_that_is_none_is_refused(zone, name, said):
    with pytest.raises(InputError, match=said):
        written(plan(Wanted(1), 1), name=name, zone=zone, seed=1)


def test_the_command_writes_a_file_and_never_over_another(tmp_path):
    file = tmp_path / "tower.yaml"
    words = ["space", "--doors", "12", "--name", "North Tower", "--out", str(file)]
    assert CliRunner().invoke(main, words).exit_code == 0
    space = load(file)
    assert (space.name, len(space.doors)) == ("North Tower", 12)
    again = CliRunner().invoke(main, words)
    assert again.exit_code == 2
    assert "is there already, and is not written over" in again.output


def test_sensors_and_probes_speak_as_often_as_told(tmp_path):
    file = tmp_path / "quick.yaml"
    file.write_text(written(plan(Wanted(6), 1), name="A", zone="UTC", seed=1, every_s=2.5))
    space = load(file)

    assert {device.every_s for device in space.devices.values() if device.kind in ("sensor", "probe")} == {2.5}
    assert "--every 2.5" in file.read_text()


@pytest.mark.parametrize("every_s", [0.5, 7200.0, float("nan")])
def test_a_cadence_no_sensor_keeps_is_refused(every_s):
    with pytest.raises(InputError, match="is out of reach; take 1 to 3600 seconds"):
        written(plan(Wanted(6), 1), name="A", zone="UTC", seed=1, every_s=every_s)
