"""What a space file means: its defaults, what follows from what, and the ten lines that are enough."""

from datetime import date
from pathlib import Path
from textwrap import dedent

import pytest

import controller.space
from controller.domain.building import Device, DeviceKind, DoorTimings, FailMode, OnLogFailure, RoomKind
from controller.domain.ids import AreaId, DeviceId, DoorId, FloorId, PlanId, ScheduleId
from controller.domain.schedule import Window
from controller.space import load, parse
from controller.space.geometry import border_distance, contains
from controller.space.readers import profiles_of
from controller.space.times import parse_window
from devices.badges import Base, ByteOrder

SPACES = Path(__file__).parents[2] / "simulator" / "spaces"
STARTER = Path(controller.space.__file__).parent / "starter.yaml"

HEAD = """\
natoma: 1
id: small
name: Small
zone: Europe/Paris
floors:
  ground: {size: [10, 8]}
"""
TWO_AREAS = HEAD + dedent("""\
    areas:
      lobby: {outline: [0, 0, 4, 8]}
      hall: {outline: [4, 0, 6, 8]}
    """)


def test_ten_lines_are_a_space():
    text = STARTER.read_text()

    space = load(STARTER)

    assert len(text.splitlines()) == 10
    assert text == (SPACES / "one-door.yaml").read_text(), "the starter and the smallest sample are one file"
    assert [(door.outer, door.inner, door.unit) for door in space.doors.values()] == [
        ("outside", "studio", "door-front")
    ]
    assert space.plans[PlanId("member")].areas == {"studio"}
    assert space.plans[PlanId("member")].schedule == "always"


def test_an_area_alone_on_its_floor_fills_it():
    space = parse(HEAD + "areas: {studio: {}}\ndoors: {front: {from: outside, to: studio}}\n")

    assert space.areas[AreaId("studio")].outline == ((0, 0), (10, 0), (10, 8), (0, 8))


def test_a_door_without_a_place_is_in_the_middle_of_the_longest_wall_its_areas_share():
    space = parse(TWO_AREAS + "doors:\n  front: {from: outside, to: lobby}\n  middle: {from: lobby, to: hall}\n")

    assert space.doors[DoorId("middle")].at == (4, 4)
    assert space.doors[DoorId("front")].at == (0, 4), "the west wall is the longest of the lobby's own"


def test_a_door_to_the_street_is_drawn_at_the_bottom_when_walls_are_as_long():
    space = parse(HEAD + "areas: {studio: {}}\ndoors: {front: {from: outside, to: studio}}\n")

    assert space.doors[DoorId("front")].at == (5, 8)


def test_a_door_has_the_defaults_of_the_trade():
    space = parse(TWO_AREAS + "doors:\n  front: {from: outside, to: lobby}\n  middle: {from: lobby, to: hall}\n")

    door = space.doors[DoorId("front")]

    assert door.timings == DoorTimings()
    assert (door.fail_mode, door.on_log_failure, door.has_contact) == (FailMode.SECURE, OnLogFailure.ADMIT, True)
    assert (door.enabled, door.in_maintenance, door.staff_only, door.fire_egress) == (True, False, False, False)
    assert door.floor == "ground"


def test_what_only_staff_may_open_is_not_opened_unrecorded_unless_the_file_says_so():
    text = (
        TWO_AREAS
        + "doors:\n  front: {from: outside, to: lobby, staff_only: true}\n  middle: {from: lobby, to: hall, staff_only: true, on_log_failure: admit}\n"
    )

    doors = parse(text).doors

    assert doors[DoorId("front")].on_log_failure is OnLogFailure.DENY
    assert doors[DoorId("middle")].on_log_failure is OnLogFailure.ADMIT


def test_a_door_brings_its_unit_and_its_readers():
    text = TWO_AREAS + dedent("""\
        doors:
          front: {from: outside, to: lobby, readers: [pole]}
          middle: {from: lobby, to: hall, unit: strike}
        devices:
          out: {kind: reader, door: front, direction: out}
          strike: {kind: door_unit, every_s: 20}
        """)

    space = parse(text)

    assert space.doors[DoorId("front")].readers == ("pole", "out")
    assert {device.id: (device.kind, device.door) for device in space.devices.values()} == {
        "out": (DeviceKind.READER, "front"),
        "strike": (DeviceKind.DOOR_UNIT, "middle"),
        "door-front": (DeviceKind.DOOR_UNIT, "front"),
        "pole": (DeviceKind.READER, "front"),
    }
    assert space.devices[DeviceId("strike")].every_s == 20


def test_a_device_without_a_place_is_at_its_door_or_in_the_middle_of_its_area():
    text = TWO_AREAS + dedent("""\
        doors:
          front: {from: outside, to: lobby, at: [2, 8]}
          middle: {from: lobby, to: hall}
        devices:
          air: {kind: sensor, area: hall}
        """)

    devices = parse(text).devices

    assert devices[DeviceId("air")] == Device(
        id=DeviceId("air"),
        kind=DeviceKind.SENSOR,
        area=AreaId("hall"),
        at=(7, 4),
        every_s=60,
        channels=("temperature", "humidity", "co2", "noise", "presence", "light"),
    )
    assert devices[DeviceId("door-front")].at == (2, 8)


def test_an_area_is_on_the_floor_of_what_it_lies_within():
    text = HEAD + dedent("""\
          first: {size: [10, 8]}
        areas:
          lobby: {floor: ground}
          gallery: {floor: first, outline: [0, 0, 6, 8], within: lobby}
          nook: {outline: [6, 0, 4, 8], within: gallery}
        doors:
          front: {from: outside, to: lobby}
        """)

    assert parse(text).areas[AreaId("nook")].floor == FloorId("first")


def test_a_plan_covers_areas_zones_and_everything_within_them():
    text = HEAD + dedent("""\
        areas:
          lobby: {outline: [0, 0, 2, 8]}
          hall: {outline: [2, 0, 4, 8], zones: [shared]}
          nook: {outline: [6, 0, 2, 8], within: hall}
          office: {outline: [8, 0, 2, 8], within: nook}
        doors:
          front: {from: outside, to: lobby}
          middle: {from: lobby, to: hall}
        plans:
          visitor: {where: lobby}
          full: {where: [lobby, shared]}
        """)

    plans = parse(text).plans

    assert plans[PlanId("visitor")].areas == {"lobby"}
    assert plans[PlanId("full")].areas == {"lobby", "hall", "nook", "office"}


@pytest.mark.parametrize(
    ("written", "kind", "seats", "bookable", "noise"),
    [
        ("meeting", RoomKind.MEETING, 0, True, 65),
        ("focus", RoomKind.FOCUS, 0, False, 50),
        ("{kind: booth, seats: 4}", RoomKind.BOOTH, 4, True, 45),
        ("{kind: meeting, bookable: false, noise_limit_db: 70}", RoomKind.MEETING, 0, False, 70),
        ("{}", RoomKind.OTHER, 0, False, 70),
    ],
)
def test_a_room_is_a_word_or_a_block_and_its_kind_sets_the_rest(
    written: str, kind: RoomKind, seats: int, bookable: bool, noise: float
):
    space = parse(HEAD + f"areas: {{studio: {{room: {written}}}}}\ndoors: {{front: {{from: outside, to: studio}}}}\n")

    room = space.areas[AreaId("studio")].room

    assert room is not None
    assert (room.kind, room.seats, room.bookable, room.noise_limit_db) == (kind, seats, bookable, noise)


def test_an_area_without_a_room_block_is_no_room():
    assert (
        parse(HEAD + "areas: {studio: {}}\ndoors: {d: {from: outside, to: studio}}\n").areas[AreaId("studio")].room
        is None
    )


@pytest.mark.parametrize(
    ("written", "days", "start", "end"),
    [
        ("mon-fri 08:00-20:00", {0, 1, 2, 3, 4}, 480, 1200),
        ("sat,sun 10:00-18:00", {5, 6}, 600, 1080),
        ("sat, sun 10:00-18:00", {5, 6}, 600, 1080),
        ("fri-mon 10:00-12:30", {4, 5, 6, 0}, 600, 750),
        ("Monday 9:00-17:00", {0}, 540, 1020),
        ("daily 06:30-23:00", set(range(7)), 390, 1380),
        ("06:30-23:00", set(range(7)), 390, 1380),
        ("08:00 - 20:00", set(range(7)), 480, 1200),
        ("fri 22:00-06:00+1", {4}, 1320, 360),
        ("fri 22:00-24:00", {4}, 1320, 1440),
        ("fri 22:00-00:00+1", {4}, 1320, 1440),
        ("wed 00:00-24:00", {2}, 0, 1440),
    ],
)
def test_hours_are_written_as_people_write_them(written: str, days: set[int], start: int, end: int):
    assert parse_window(written) == Window(frozenset(days), start, end)


def test_schedules_have_a_short_and_a_long_form():
    text = TWO_AREAS + dedent("""\
        doors:
          front: {from: outside, to: lobby, unlock_schedule: day}
          middle: {from: lobby, to: hall}
        schedules:
          day: mon-fri 08:00-20:00
          week: [mon-fri 08:00-20:00, sat 10:00-12:00]
          team: always
          runs: {open: "wed 06:00-07:30", on_holidays: yes}
        holidays:
          2026-12-25: Christmas
          2026-01-01: New Year
        """)

    space = parse(text)

    assert {name: (len(it.windows), it.always, it.on_holidays) for name, it in space.schedules.items()} == {
        "always": (0, True, True),
        "day": (1, False, False),
        "week": (2, False, False),
        "team": (0, True, True),
        "runs": (1, False, True),
    }
    assert list(space.holidays.items()) == [(date(2026, 1, 1), "New Year"), (date(2026, 12, 25), "Christmas")]
    assert space.doors[DoorId("front")].unlock_schedule == ScheduleId("day")


def test_text_is_text_and_no_times_or_truths_of_yaml_1_1():
    text = (
        HEAD.replace("name: Small", "name: no")
        + "cut_off: 03:30\nareas: {studio: {name: 201}}\ndoors: {d: {from: outside, to: studio}}\n"
    )

    space = parse(text)

    assert space.name == "no"
    assert space.cut_off_minutes == 210
    assert space.areas[AreaId("studio")].name == "201"


def test_furniture_is_set_out_with_its_chairs():
    text = HEAD.replace(
        "[10, 8]}", "[10, 8], drawings: [{kind: desk, outline: [1, 1, 2, 1], repeat: [2, 2], step: [3, 3], seats: 3}]}"
    )

    drawings = (
        parse(text + "areas: {studio: {}}\ndoors: {d: {from: outside, to: studio}}\n")
        .floors[FloorId("ground")]
        .drawings
    )

    assert [drawing.outline[0] for drawing in drawings if drawing.kind == "desk"] == [(1, 1), (4, 1), (1, 4), (4, 4)]
    assert sum(drawing.kind == "chair" for drawing in drawings) == 12


def test_a_house_may_have_readers_with_a_spelling_of_their_own():
    text = TWO_AREAS + dedent("""\
        doors:
          front: {from: outside, to: lobby}
          middle: {from: lobby, to: hall}
        devices:
          pole: {kind: reader, door: front, reader_profile: turnstile}
        reader_profiles:
          turnstile: {base: decimal, byte_order: reversed, size: 4}
        """)

    space = parse(text)
    profile = profiles_of(space)[space.devices[DeviceId("pole")].reader_profile]

    assert (profile.base, profile.byte_order, profile.size) == (Base.DECIMAL, ByteOrder.REVERSED, 4)


def test_the_version_is_of_the_text_and_changes_with_it():
    text = HEAD + "areas: {studio: {}}\ndoors: {d: {from: outside, to: studio}}\n"

    assert parse(text).version == parse(text, "elsewhere.yaml").version
    assert parse(text).version != parse(text + "# a note\n").version


@pytest.mark.parametrize(
    "outline",
    [
        "[[0, 0], [10, 0], [10, 2], [2, 2], [2, 8], [0, 8]]",
        "[[0, 0], [10, 0], [10, 8], [8, 8], [8, 2], [2, 2], [2, 8], [0, 8]]",
        "[[0, 0], [10, 0], [5, 8]]",
    ],
    ids=["L", "U", "triangle"],
)
def test_a_device_without_a_place_is_inside_its_area_whatever_its_shape(outline: str):
    text = HEAD + f"areas: {{hall: {{outline: {outline}}}}}\ndoors: {{d: {{from: outside, to: hall}}}}\n"

    space = parse(text + "devices: {air: {kind: sensor, area: hall}}\n")

    at = space.devices[DeviceId("air")].at
    assert at is not None
    assert contains(space.areas[AreaId("hall")].outline, at)
    assert border_distance(space.areas[AreaId("hall")].outline, at) > 0.8


def test_a_slanted_wall_is_shared_like_any_other():
    text = HEAD + dedent("""\
        areas:
          west: {outline: [[0, 0], [6, 0], [4, 8], [0, 8]]}
          east: {outline: [[6, 0], [10, 0], [10, 8], [4, 8]]}
        doors:
          front: {from: outside, to: west}
          slant: {from: west, to: east}
        """)

    assert parse(text).doors[DoorId("slant")].at == pytest.approx((5, 4), abs=0.001)


def test_walls_that_mean_to_be_one_may_miss_by_a_hair():
    text = HEAD + dedent("""\
        areas:
          north: {outline: [0, 0.335, 10, 0.67]}
          south: {outline: [0, 1.005, 10, 5]}
        doors:
          front: {from: outside, to: north}
          back: {from: north, to: south}
        """)

    assert parse(text).doors[DoorId("back")].at == pytest.approx((5, 1.005))
