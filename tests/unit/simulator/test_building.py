"""The simulator's own reading of a space file: tolerant of what it does not use, exact about what is wrong."""

import random
import re
from datetime import date, datetime, timedelta
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.building import Building
from simulator.building_file import load
from simulator.dry import Day, lived
from simulator.errors import InputError
from simulator.hours import Hours, read_hours
from simulator.machines import machine_of
from simulator.page.floors import draw
from simulator.people import make_people


def test_reads_the_whole_sample_building(parisoma: Building):
    assert parisoma.zone.key == "America/Los_Angeles"
    assert parisoma.doors["street"].outer == "outside"
    assert all(door.unit in parisoma.devices for door in parisoma.doors.values())
    assert {"meeting", "booth", "kitchen", "classroom"} <= {room.kind for room in parisoma.rooms()}


def test_the_smallest_space_gets_the_formats_defaults(one_door: Building):
    door = one_door.doors["front"]

    assert (door.unit, door.badge_reader, door.release_s) == ("door-front", "door-front", 5.0)
    assert one_door.areas["studio"].floor_m2 == 40.0
    assert one_door.plans["member"].hours.always


def test_what_lies_within_an_area_comes_with_a_plan(tmp_path: Path):
    building = load(space(tmp_path, "{hall: {zones: [z]}, nook: {within: hall}, den: {within: nook}, far: {}}"))

    assert building.plans["p"].areas == {"hall", "nook", "den"}


def test_a_reader_apart_is_where_badges_are_held(tmp_path: Path):
    building = load(
        space(
            tmp_path,
            "{hall: {zones: [z]}}",
            "{pole: {kind: reader, door: d}, exit-pole: {kind: reader, door: d, direction: out}}",
        )
    )

    door = building.doors["d"]
    assert (door.badge_reader, door.reader_out, door.unit) == ("pole", "exit-pole", "door-d")


def test_outlines_are_measured(tmp_path: Path):
    building = load(
        space(tmp_path, "{hall: {zones: [z], outline: [0, 0, 5, 4]}, tri: {outline: [[0, 0], [4, 0], [0, 3]]}}")
    )

    assert building.areas["hall"].floor_m2 == 20
    assert building.areas["tri"].floor_m2 == 6


def test_short_readers_decide_what_badges_the_house_uses(tmp_path: Path):
    building = load(
        space(tmp_path, "{hall: {zones: [z]}}", "{pole: {kind: reader, door: d, reader_profile: wiegand26}}")
    )

    assert building.badge_format == ("wiegand26", 24)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("a: [", "this is not YAML", id="broken YAML"),
        pytest.param("hello: 1", "it has no `areas`", id="another file"),
        pytest.param(
            "areas: {hall: {}}\ndoors:\n  d: {from: outside, to: hal}",
            ":3: door 'd' names area 'hal', which does not exist; did you mean 'hall'?",
            id="door into nowhere",
        ),
        pytest.param(
            "areas:\n  hall: {within: hell}", ":2: area 'hall' names area 'hell'", id="within an area that is not there"
        ),
        pytest.param(
            "areas: {hall: {}}\ndevices:\n  s: {kind: sensor, area: hell}",
            ":3: device 's' names area 'hell'",
            id="sensor in an area that is not there",
        ),
        pytest.param("zone: Mars/Olympus\nareas: {hall: {}}", "'Mars/Olympus' is not known", id="zone"),
        pytest.param("areas: {hall: {outline: [1, 2]}}", "is neither [x, y, width, depth] nor", id="outline"),
        pytest.param("areas: 7", "`areas` is not a list of named things", id="section of the wrong kind"),
        pytest.param(
            "areas: {hall: {}}\nschedules: {s: never}\nplans: {p: {where: hall, schedule: s}}",
            "schedule 's': 'never' is not days and hours",
            id="schedule",
        ),
    ],
)
def test_says_file_line_thing_and_what_would_be_right(tmp_path: Path, text: str, message: str):
    file = tmp_path / "space.yaml"
    file.write_text(text)

    with pytest.raises(InputError) as caught:
        load(file)

    assert str(file) in str(caught.value)
    assert message in str(caught.value)


def test_a_file_that_is_not_there_is_named():
    with pytest.raises(InputError, match=r"nowhere\.yaml: cannot be read as a space file: No such file"):
        load(Path("nowhere.yaml"))


def test_a_door_is_found_by_id_or_name_and_a_slip_is_answered_with_what_was_meant(parisoma: Building):
    assert parisoma.door("Street Door").id == "street"

    with pytest.raises(InputError, match="no door 'streat'; did you mean 'street'"):
        parisoma.door("streat")


def test_a_thing_whose_id_is_its_name_is_offered_once(one_door: Building):
    with pytest.raises(InputError, match=r"^no room 'qq'; known are: studio$"):
        one_door.room("qq")


UTC = ZoneInfo("UTC")


@pytest.mark.parametrize(
    ("written", "at", "is_open"),
    [
        ("always", "2026-11-22 03:00", True),
        ("mon-fri 09:00-18:00", "2026-11-20 17:59", True),
        ("mon-fri 09:00-18:00", "2026-11-20 18:00", False),
        ("mon-fri 09:00-18:00", "2026-11-22 12:00", False),
        ("thu 17:30-00:30+1", "2026-11-20 00:15", True),
        ("thu 17:30-00:30+1", "2026-11-20 00:30", False),
        ("fri-mon 08:00-24:00", "2026-11-22 23:59", True),
        (["mon 08:00-09:00", "sun 10:00-11:00"], "2026-11-22 10:30", True),
        ({"open": "daily 06:00-07:00", "on_holidays": True}, "2026-11-22 06:30", True),
        ({"always": True}, "2026-11-22 03:00", True),
    ],
)
def test_hours_are_open_when_they_say(written: object, at: str, is_open: bool):
    moment = datetime.fromisoformat(at).replace(tzinfo=UTC)

    assert read_hours(written).is_open(moment) is is_open


def test_a_holiday_closes_hours_that_do_not_say_otherwise():
    christmas = datetime(2026, 12, 25, 12, tzinfo=UTC)
    holidays = {christmas.date()}

    assert not read_hours("daily 08:00-20:00").is_open(christmas, holidays)
    assert read_hours({"open": "daily 08:00-20:00", "on_holidays": True}).is_open(christmas, holidays)
    assert Hours(always=True).is_open(christmas, holidays)


def space(folder: Path, areas: str, devices: str = "{}") -> Path:
    file = folder / "space.yaml"
    file.write_text(
        f"areas: {areas}\ndevices: {devices}\ndoors: {{d: {{from: outside, to: hall}}}}\nplans: {{p: {{where: z}}}}\n"
    )
    return file


def test_a_holiday_of_some_zones_keeps_nobody_at_home(tmp_path: Path):
    path = space(tmp_path, "{hall: {zones: [z]}}")
    path.write_text(
        path.read_text()
        + "holidays: {2026-12-24: {name: Eve, zones: [z]}, 2026-12-25: Christmas, 2026-12-26: {name: Boxing Day}}\n"
    )

    assert load(path).holidays == {date(2026, 12, 25), date(2026, 12, 26)}


@pytest.mark.parametrize(
    ("entry", "line", "message"),
    [
        ("areas:\n  hall:\n    room: {kind: meeting, seats: many}", 3, "area 'hall', room: seats is a whole number"),
        ("areas:\n  hall:\n    room: {seats: -1}", 3, "seats is a whole number from 0 to 10,000; this is -1"),
        ("areas:\n  hall: {room: [meeting]}", 2, "area 'hall': room is {name: value}; this is ['meeting']"),
        ("areas:\n  hall: {within: [hall]}", 2, "area 'hall': within is words; this is ['hall']"),
        ("areas:\n  hall: {zones: 7}", 2, "zones is a name or a list of names; this is 7"),
        ("areas:\n  hall: {outline: [0, 0, -3, 4]}", 2, "is neither [x, y, width, depth] nor"),
        ("areas:\n  hall: {outline: [0, 0, .inf, 4]}", 2, "is neither [x, y, width, depth] nor"),
        ("floors: {g: {size: wide}}\nareas: {hall: {}}", 1, "floor 'g': size is [width, depth] in metres"),
        ("areas: {hall: {}}\ndevices:\n  s: {every_s: soon}", 3, "device 's': every_s is a number from 0.01 to 86,400"),
        ("areas: {hall: {}}\ndevices:\n  s: {every_s: -1}", 3, "this is -1"),
        ("areas: {hall: {}}\ndevices:\n  s: {every_s: .nan}", 3, "this is nan"),
        ("areas: {hall: {}}\ndevices:\n  s: {kind: lamp}", 3, "device 's': there is no kind 'lamp'; known are"),
        ("areas: {hall: {}}\ndevices:\n  s: {kind: senser}", 3, "did you mean 'sensor'?"),
        ("areas: {hall: {}}\ndevices:\n  u: {kind: door_unit}", 3, "a door unit says of which door it is"),
        ("areas: {hall: {}}\ndevices:\n  s: {channels: {co2: 1}}", 3, "channels is a name or a list of names"),
        ("areas: {hall: {}}\ndevices:\n  s: {direction: up}", 3, "there is no direction 'up'"),
        ("areas: {hall: {}}\ndevices:\n  Big One: {kind: sensor}", 3, "device id 'Big One' is not usable in a topic"),
        ("areas: {hall: {}}\ndoors:\n  d: {to: hall}", 3, "a door says which areas it joins: `from: …` is missing"),
        ("areas: {hall: {}}\ndoors:\n  d: {from: [1], to: hall}", 3, "from is words; this is [1]"),
        (
            "areas: {hall: {}}\ndoors:\n  d: {from: hall, to: hall, timings: 5}",
            3,
            "timings is {name: value}; this is 5",
        ),
        ("areas: {hall: {}}\ndoors:\n  d: {from: hall, to: hall, contact: maybe}", 3, "contact is true or false"),
        ("areas: {hall: {}}\nplans:\n  p: {schedule: [always]}", 3, "plan 'p': schedule is words"),
        ("areas: {hall: {}}\nplans:\n  p: {days_per_week: 9}", 3, "days_per_week is a whole number from 1 to 7"),
        (
            "areas: {hall: {}}\nschedules:\n  s: 5\nplans: {p: {schedule: s}}",
            3,
            "schedule 's': 5 is not days and hours",
        ),
        ("areas: {hall: {}}\ngrace: {days: soon}", 2, "grace: days is a whole number from 0"),
        ("areas: {hall: {}}\nroot: 'a/#'", 2, "topic root 'a/#' holds a wildcard"),
        ("areas: {hall: {}}\nholidays:\n  2026-13-45: Never", 3, "'2026-13-45' cannot be read: month must be in 1..12"),
        ("areas: {hall: {}}\nholidays: 5", 2, "holidays is {name: value}; this is 5"),
        ("areas: &all {hall: {}}", 1, "'all' is an anchor; write the value out"),
        ("areas: {hall: {}}\ndeep: " + "[" * 100_000, 2, "nothing in a space file lies deeper than 16 levels"),
        ("areas: {hall: {}}\nname: \x01", 1, "a character that YAML does not allow"),
    ],
)
def test_what_cannot_be_meant_is_refused_at_its_line(tmp_path: Path, entry: str, line: int, message: str):
    file = tmp_path / "space.yaml"
    file.write_text(entry)

    with pytest.raises(InputError) as caught:
        load(file)

    assert str(caught.value).startswith(f"{file}:{line}: ")
    assert message in str(caught.value)


SAMPLE = (Path(__file__).parents[3] / "simulator" / "spaces" / "parisoma.yaml").read_text()
PLACES = [(found.start(1), found.end(1)) for found in re.finditer(r": *([^\s{}\[\],#][^{}\[\],#\n]*)", SAMPLE)]
JUNK = [
    "many",
    "-1",
    "0",
    "1e9",
    ".nan",
    "[]",
    "[1, x]",
    "{a: b}",
    "true",
    "2026-13-45",
    '""',
    "null",
    "[[0, 0]]",
    "lamp",
]


@settings(max_examples=60, deadline=None)
@given(place=st.sampled_from(PLACES), junk=st.sampled_from(JUNK))
def test_whatever_stands_in_a_space_file_it_is_lived_in_or_refused_in_words(place: tuple[int, int], junk: str):
    """From the file to each device powered on: what is taken must be fit to use."""
    begins, ends = place
    with TemporaryDirectory() as folder:
        file = Path(folder) / "space.yaml"
        file.write_text(SAMPLE[:begins] + junk + SAMPLE[ends:])
        building = taken(file)
        if building is None:
            return
        draw(building)
    dice = random.Random(1)
    for device in building.devices.values():
        machine_of(device, building, dice, "0000cafe", None)
    day = datetime(2026, 11, 17, 4, tzinfo=building.zone)
    people = make_people(building, 1, day.date(), 12)
    for _ in islice(lived(Day(building, people, 1, day, day + timedelta(minutes=5))), 400):
        pass


def taken(file: Path) -> Building | None:
    """None where it is refused with its name and a line."""
    try:
        return load(file)
    except InputError as refused:
        if not re.match(rf"{re.escape(str(file))}:\d+: ", str(refused)):
            raise
        return None
