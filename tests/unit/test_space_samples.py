"""The sample buildings are right to the centimetre: they are what people see first, and what they copy."""

import json
from itertools import combinations
from pathlib import Path

import pytest
import yaml
from jsonschema import Draft202012Validator

from controller.domain.building import DeviceKind, RoomKind, Space
from controller.space import check, check_text, load
from controller.space.errors import Problems
from controller.space.file import RoomEntry
from controller.space.geometry import contains, overlap, size_of
from controller.space.locate import Plain, locate
from controller.space.report import as_json, as_text
from controller.space.schema import PATH, rendered, space_schema

SPACES = Path(__file__).parents[2] / "simulator" / "spaces"
SAMPLES = sorted(SPACES.glob("*.yaml"))


def plain(path: Path) -> Plain:
    return locate(path.read_text(), Problems(path.name, {}), {})


@pytest.fixture(scope="module", params=SAMPLES, ids=lambda path: path.stem)
def sample(request: pytest.FixtureRequest) -> Space:
    return load(request.param)


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_a_sample_has_no_problem_and_no_warning(path: Path):
    assert check(path).problems == ()


def test_areas_tile_their_floor_around_courtyards(sample: Space):
    for floor in sample.floors.values():
        outlines = [area.outline for area in sample.areas.values() if area.floor == floor.id]
        voids = [drawing.outline for drawing in floor.drawings if drawing.kind == "void"]
        # A void in the middle of an area is a hole in its floor; one outside of all areas is a courtyard.
        courtyards = [void for void in voids if not any(overlap(void, outline) for outline in outlines)]

        covered = sum(map(size_of, [*outlines, *courtyards]))

        assert covered == pytest.approx(floor.width * floor.depth), f"a gap on floor {floor.id}"
        assert all(overlap(one, other) < 0.01 for one, other in combinations(outlines, 2)), f"floor {floor.id}"


def test_names_are_written_inside_their_areas(sample: Space):
    for area in sample.areas.values():
        assert area.label is None or contains(area.outline, area.label), area.id


def test_every_area_but_staff_rooms_and_stores_can_be_reached_by_somebody_with_a_plan_or_a_lease(sample: Space):
    for area in sample.areas.values():
        staff_only = [door for door in sample.doors.values() if door.inner == area.id and door.staff_only]
        assert sample.ways[area.id] or staff_only, f"there is no way to {area.id}"


def test_ids_of_devices_follow_the_contract(sample: Space):
    for device in sample.devices:
        assert 1 <= len(device) <= 40
        assert set(device) <= set("abcdefghijklmnopqrstuvwxyz0123456789-")


def test_parisoma_is_the_building_that_was_described():
    space = load(SPACES / "parisoma.yaml")
    kinds = [area.room.kind for area in space.areas.values() if area.room is not None]

    assert str(space.zone) == "America/Los_Angeles"
    assert list(space.floors) == ["ground", "first", "second"]
    assert kinds.count(RoomKind.MEETING) == 5
    assert kinds.count(RoomKind.BOOTH) == kinds.count(RoomKind.CLASSROOM) == 1
    assert 25 <= len(space.doors) <= 30
    assert sum(drawing.kind == "ping_pong" for drawing in space.floors["ground"].drawings) == 12  # type: ignore[index]
    assert any(drawing.kind == "void" for drawing in space.floors["first"].drawings)  # type: ignore[index]
    assert any(device.kind is DeviceKind.LIGHT and "button" in device.channels for device in space.devices.values())
    assert all(not day.isoweekday() > 5 for day in space.holidays), "observed holidays fall on weekdays"


def test_trudaine_is_the_building_that_was_described():
    space = load(SPACES / "trudaine.yaml")
    names = {area.name for area in space.areas.values()}

    assert str(space.zone) == "Europe/Paris"
    assert {"Amphithéâtre", "Réfectoire", "Café"} <= names
    assert 6_900 <= sum(size_of(area.outline) for area in space.areas.values()) <= 7_500


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_the_schema_for_editors_accepts_the_samples(path: Path):
    assert [error.message for error in Draft202012Validator(space_schema()).iter_errors(plain(path))] == []


@pytest.mark.parametrize(
    "change",
    [
        {"dors": {}},
        {"natoma": 2},
        {"floors": {"ground": {"size": [10]}}},
        {"areas": {"Big Hall": {}}},
        {"areas": {"hall": {"room": "metting"}}},
        {"doors": {"front": {"from": "outside"}}},
        {"doors": {"front": {"from": "outside", "to": "studio", "egress": "badge"}}},
        {"schedules": {"day": 8}},
        {"holidays": {"Christmas": "2026-12-25"}},
    ],
    ids=lambda change: json.dumps(change),
)
def test_the_schema_for_editors_marks_what_the_checker_refuses(change: dict[str, object]):
    smallest = plain(SPACES / "one-door.yaml")
    assert isinstance(smallest, dict)

    assert not Draft202012Validator(space_schema()).is_valid({**smallest, **change})


@pytest.mark.parametrize(
    ("cut_off", "minutes"),
    [('"04:00"', 240), ("4:00", 240), ("04:00", 240), ("240", 240), ("0:00", 0), ("24:01", None), ("1441", None),
     ("-1", None), ("4 am", None), ("4.5", None), ("true", None)],
)  # fmt: skip
def test_the_schema_and_the_checker_read_a_cut_off_alike(cut_off: str, minutes: int | None):
    text = (SPACES / "one-door.yaml").read_text() + f"\ncut_off: {cut_off}\n"

    space = check_text(text).space

    assert (space and space.cut_off_minutes) == minutes
    if cut_off != "24:01":  # a shape the schema knows; that no day has this minute is the checker's to tell
        assert Draft202012Validator(space_schema()).is_valid(yaml.safe_load(text)) == (minutes is not None)


def test_the_written_schema_is_the_one_the_models_make():
    assert PATH.read_text() == rendered(), "run python -m controller.space.schema"


def test_a_report_sums_up_for_a_person_and_counts_for_a_script(tmp_path: Path):
    fine = check(SPACES / "one-door.yaml")
    text = (SPACES / "one-door.yaml").read_text()
    (broken_file := tmp_path / "s.yaml").write_text(text.replace("to: studio", "to: studo"))
    broken = check(broken_file)

    assert as_text(fine).endswith("fine: One door, 1 floor, 1 area, 1 door, 1 device, 1 plan (version 090bcee599eb)")
    assert as_text(broken).splitlines() == [
        f"{broken_file}:8: door front, to: 'studo' is not an area of this file — did you mean 'studio'?",
        f"{broken_file}: not usable: 1 error, 0 warnings",
    ]
    told = json.loads(as_json(broken))
    assert (told["ok"], told["errors"], told["space"]) == (False, 1, None)
    assert told["problems"] == [
        {
            "severity": "error",
            "line": 8,
            "path": ["doors", "front", "to"],
            "thing": "door front, to",
            "value": "'studo'",
            "why": "is not an area of this file",
            "fix": "did you mean 'studio'?",
        }
    ]
    assert json.loads(as_json(fine))["space"]["devices"]["door_unit"] == 1


def test_the_examples_of_the_docs_are_right():
    docs = (SPACES.parents[1] / "docs" / "space.md").read_text()
    _, ten_lines, rooms, *others = (block.split("```")[0] for block in docs.split("```yaml\n")[1:])
    devices, zones, hours, partners = others
    head = (SPACES / "parisoma.yaml").read_text().split("\ndevices:\n")[0]
    head = head.replace("unlock_schedule: reception", "unlock_schedule: opening")
    plans = "plans: {visiting: {where: [house, ground], schedule: members}}\n"

    assert ten_lines == (SPACES / "one-door.yaml").read_text()
    assert check_text(f"{head}\n{devices}{zones}{hours}{partners}{plans}").problems == ()
    written = [RoomEntry.model_validate(area["room"]) for area in yaml.safe_load(rooms).values()]
    assert [(room.kind, room.longest) for room in written] == [(RoomKind.CLASSROOM, 480), (RoomKind.MEETING, 240)]
