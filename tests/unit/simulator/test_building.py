"""The simulator's own reading of a space file: tolerant of what it does not use, exact about what is wrong."""

from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from simulator.building import Building, load
from simulator.errors import InputError
from simulator.hours import Hours, read_hours


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
