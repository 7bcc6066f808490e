"""From a space to what its floor plan draws."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from controller.domain.building import Space
from controller.domain.ids import AreaId
from controller.space import load
from controller.web.floorplan import MARGIN_M, FloorPlan, draw
from tests.support.site import BOOTH, LOBBY, STREET, two_rooms

SAMPLES = sorted((Path(__file__).parents[3] / "simulator" / "spaces").glob("*.yaml"))


def the_floor(space: Space) -> FloorPlan:
    (floor,) = draw(space)
    return floor


def scale(floor: FloorPlan) -> float:
    return floor.width / (10 + 2 * MARGIN_M)


def test_an_area_is_drawn_where_it_is_and_at_one_scale():
    floor = the_floor(two_rooms())
    lobby = next(shape for shape in floor.shapes if shape.id == LOBBY)
    corners = [float(number) for number in re.findall(r"[\d.]+", lobby.path)]

    assert corners[0] == pytest.approx(MARGIN_M * scale(floor), abs=0.1)
    assert corners[2] - corners[0] == pytest.approx(10 * scale(floor), abs=0.2)


def test_the_door_of_the_street_opens_into_the_lobby_above_it():
    floor = the_floor(two_rooms())
    street = next(door for door in floor.doors if door.id == STREET)

    # Its own y axis, turned by the angle, is the way in: up on the page, from the street at the bottom.
    assert abs(street.angle) == 180
    assert street.mark[1] > street.y, "the mark stands outside, where one shows a badge"
    assert street.leads == "outside → Lobby"
    assert street.width == pytest.approx(1.2 * scale(floor), abs=0.1)


def test_a_door_that_misses_its_wall_by_a_little_is_drawn_in_it():
    space = two_rooms()
    crooked = replace(space.doors[STREET], at=(4, 7.8))
    moved = replace(space, doors={**space.doors, STREET: crooked})

    assert the_floor(moved).doors[0].y == the_floor(space).doors[0].y


def test_a_door_into_an_area_without_an_outline_opens_away_from_the_one_it_has():
    space = two_rooms()
    shapeless = replace(space, areas={**space.areas, BOOTH: replace(space.areas[BOOTH], outline=())})
    door = next(door for door in the_floor(shapeless).doors if door.id == "booth")

    assert abs(door.angle) == 180, "away from the lobby, which lies below it"
    assert door.mark[1] > door.y


def test_a_door_between_areas_without_outlines_is_drawn_where_it_says():
    space = two_rooms()
    floor = the_floor(replace(space, areas={}))

    assert (floor.doors[0].x, floor.doors[0].y) == pytest.approx(
        ((4 + MARGIN_M) * scale(floor), (8 + MARGIN_M) * scale(floor)), abs=0.1
    )


def test_walls_have_gaps_where_one_walks_through():
    floor = the_floor(two_rooms())
    street = next(door for door in floor.doors if door.id == STREET)
    numbers = [float(number) for number in re.findall(r"[\d.]+", floor.walls)]
    walls = list(zip(*[iter(numbers)] * 4, strict=True))
    beside = [(x1, x2) for x1, y1, x2, y2 in walls if y1 == y2 == street.y]

    assert len(beside) == 2, "the wall to the street is left and right of its door"
    assert not any(min(pair) < street.x < max(pair) for pair in beside)


def test_an_area_entered_without_a_door_has_no_wall_on_the_side_it_shares():
    space = two_rooms()
    closed = replace(space, areas={**space.areas, AreaId("store"): replace(space.areas[AreaId("store")], within=None)})

    assert the_floor(space).openings
    assert not the_floor(closed).openings


def test_an_opening_is_a_gap_and_the_rest_stays_wall():
    space = two_rooms()
    store = replace(space.areas[AreaId("store")], opening=(7, 4))
    floor = the_floor(replace(space, areas={**space.areas, store.id: store}))
    (x1, x2) = (float(x) for x in re.findall(r"([\d.]+),", floor.openings))

    assert abs(x2 - x1) == pytest.approx(1.2 * scale(floor), abs=0.2)


def test_a_booth_has_its_sign_and_another_room_none():
    shapes = {shape.id: shape for shape in the_floor(two_rooms()).shapes}

    assert shapes[BOOTH].sign is not None
    assert shapes[LOBBY].sign is None
    assert shapes["store"].kind == "area"


def test_the_name_is_written_where_the_space_says():
    space = two_rooms()
    labelled = replace(space.areas[LOBBY], label=(8, 7))
    floor = the_floor(replace(space, areas={**space.areas, LOBBY: labelled}))
    lobby = next(shape for shape in floor.shapes if shape.id == LOBBY)

    assert (lobby.x, lobby.y) == pytest.approx(((8 + MARGIN_M) * scale(floor), (7 + MARGIN_M) * scale(floor)), abs=0.1)


def test_a_name_too_long_for_its_room_is_cut_on_the_plan_only():
    space = two_rooms()
    long = "The room of requirement and of everything else that did not fit anywhere"
    floor = the_floor(replace(space, areas={**space.areas, BOOTH: replace(space.areas[BOOTH], name=long)}))
    booth = next(shape for shape in floor.shapes if shape.id == BOOTH)

    assert booth.written.endswith("…")
    assert booth.name == long


def test_a_space_without_floors_draws_nothing():
    assert draw(replace(two_rooms(), floors={}, areas={}, doors={})) == ()


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_every_sample_space_is_drawn_whole(path):
    space = load(path)
    floors = draw(space)

    assert [floor.id for floor in floors] == list(space.floors)
    assert {door.id for floor in floors for door in floor.doors} == set(space.doors)
    shown = {shape.id for floor in floors for shape in floor.shapes}
    assert shown == {area.id for area in space.areas.values() if area.outline}
    for floor in floors:
        for mark in floor.doors:
            assert 0 <= mark.mark[0] <= floor.width
            assert 0 <= mark.mark[1] <= floor.height
    assert draw(space) == floors, "the same space, the same drawing"


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_no_two_door_marks_of_a_sample_cover_each_other(path):
    for floor in draw(load(path)):
        marks = [door.mark for door in floor.doors]
        for index, (x, y) in enumerate(marks):
            assert all(abs(x - ox) > 12 or abs(y - oy) > 12 for ox, oy in marks[index + 1 :])
