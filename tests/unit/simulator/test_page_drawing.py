"""What the simulator's page draws: floors from the space file, and people on chairs and before doors, without names."""

from pathlib import Path

import pytest

from simulator.building import OUTSIDE, Building, Door
from simulator.building_file import load
from simulator.page.floors import Floor, draw
from simulator.page.geometry import Side, contains, sides
from simulator.page.places import Places
from simulator.world import Seen

SPACES = sorted((Path(__file__).parents[3] / "simulator" / "spaces").glob("*.yaml"))


@pytest.fixture(scope="module")
def floors(parisoma: Building) -> tuple[Floor, ...]:
    return draw(parisoma)


@pytest.mark.parametrize("space", SPACES, ids=lambda path: path.stem)
def test_every_door_and_area_of_a_space_is_drawn_once(space: Path):
    building = load(space)
    floors = draw(building)

    assert sorted(mark.id for floor in floors for mark in floor.marks) == sorted(building.doors)
    assert sorted(area.id for floor in floors for area in floor.areas) == sorted(building.areas)


def test_a_badge_is_held_outside_and_people_stand_on_both_sides(parisoma: Building, floors: tuple[Floor, ...]):
    outlines = {area.id: area.outline for floor in floors for area in floor.areas}
    for mark in (mark for floor in floors for mark in floor.marks):
        door = parisoma.doors[mark.id]
        assert contains(outlines[door.inner], mark.behind), mark.id
        assert not contains(outlines[door.inner], mark.before), mark.id
        assert not contains(outlines[door.inner], mark.reader), mark.id


def test_a_wall_has_a_gap_where_its_door_is(floors: tuple[Floor, ...]):
    (ground, *_) = floors
    street = next(mark for mark in ground.marks if mark.id == "street")
    leaf = Side((street.at[0] - 0.7, street.at[1]), (street.at[0] + 0.7, street.at[1]))

    assert all(wall.shared_with(leaf) is None for wall in ground.walls)


def test_chairs_stand_in_the_area_they_belong_to(floors: tuple[Floor, ...]):
    (ground, *_) = floors
    outlines = {area.id: area.outline for area in ground.areas}

    assert len(ground.chairs["open-space"]) == 3 * 4 * 4 + 3, "the ping-pong tables, and a sofa for three"
    assert all(contains(outlines[area], chair) for area, chairs in ground.chairs.items() for chair in chairs)


def test_a_floor_without_a_size_or_with_nonsense_on_it_is_left_out(tmp_path: Path):
    space = tmp_path / "space.yaml"
    space.write_text(
        "natoma: 1\nid: odd\nfloors: {ground: {size: [8, 5], drawings: [{kind: desk}, nonsense]}, attic: {}}\n"
        "areas: {hall: {floor: ground}, loft: {floor: attic}}\ndoors: {front: {from: outside, to: hall}}\n"
    )
    (ground,) = draw(load(space))

    assert (ground.id, [area.id for area in ground.areas], len(ground.pieces)) == ("ground", ["hall"], 0)


@pytest.mark.parametrize(
    "nonsense", ["seats: many", "seats: -4", "seats: 1000000000", "repeat: [1, x]", "repeat: [.inf, 2]"]
)
def test_a_number_that_makes_no_sense_in_a_drawing_is_left_out(tmp_path: Path, nonsense: str):
    space = tmp_path / "space.yaml"
    space.write_text(
        f"floors: {{ground: {{size: [8, 5], drawings: [{{kind: table, outline: [1, 1, 2, 1], {nonsense}}}]}}}}\n"
        "areas: {hall: {floor: ground}}\n"
    )
    (ground,) = draw(load(space))

    assert [piece.kind for piece in ground.pieces] == ["table"]


def test_what_a_room_says_lies_behind_no_reader(floors: tuple[Floor, ...]):
    """A lamp hid how many people are in the lobby."""
    lobby = next(area for floor in floors for area in floor.areas if area.id == "lobby")
    classroom = next(mark for floor in floors for mark in floor.marks if mark.id == "classroom")

    words_end = lobby.label[0] - 1.8
    assert classroom.reader[0] + 0.22 < words_end
    assert abs(classroom.reader[1] - lobby.label[1]) < 1, "it hangs at their height"


def test_a_side_less_a_gap_in_its_middle_is_two():
    (wall, *_) = sides(((0, 0), (10, 0), (10, 5), (0, 5)))

    assert list(wall.without([Side((4, 0), (6, 0))])) == [Side((0, 0), (4, 0)), Side((6, 0), (10, 0))]


def at(number: int, area: str, doing: str = "desk", door: Door | None = None, place: int = 0) -> Seen:
    return Seen(number, area, doing, door, place)


def test_everybody_has_a_place_of_their_own_inside_their_area(floors: tuple[Floor, ...]):
    outlines = {area.id: area.outline for floor in floors for area in floor.areas}
    crowd = [at(number, "lobby", "break" if number % 3 else "desk") for number in range(30)]

    dots = Places(floors).of(crowd)

    assert len(dots) == 30
    assert all(contains(outlines["lobby"], (dot.x, dot.y)) for dot in dots.values())
    few = Places(floors).of(crowd[:12])
    assert len({(dot.x, dot.y) for dot in few.values()}) == 12


def test_who_works_sits_on_a_chair_and_stays_there_whoever_comes_and_goes(floors: tuple[Floor, ...]):
    places = Places(floors)
    alone = places.of([at(7, "open-space")])[7]
    in_company = places.of([at(number, "open-space") for number in range(20)])

    assert (alone.x, alone.y) in [(round(x, 2), round(y, 2)) for x, y in floors[0].chairs["open-space"]]
    assert in_company[7] == alone
    assert places.of([at(7, "open-space")]) == {7: alone}


def test_people_wait_outside_the_door_one_behind_the_other(parisoma: Building, floors: tuple[Floor, ...]):
    street = parisoma.doors["street"]
    dots = Places(floors).of([at(n, OUTSIDE, "walking", street, n) for n in range(3)])

    assert [dot.floor for dot in dots.values()] == ["ground"] * 3
    assert [round(dot.y, 2) for dot in dots.values()] == [22.75, 23.3, 23.85]
    assert len({dot.x for dot in dots.values()}) == 1


def test_who_leaves_waits_inside_and_who_is_nowhere_drawn_is_not_seen(parisoma: Building, floors: tuple[Floor, ...]):
    street = parisoma.doors["street"]
    dots = Places(floors).of([at(1, "lobby", "walking", street), at(2, "a-place-nobody-drew")])

    assert list(dots) == [1]
    assert dots[1].y == pytest.approx(21.25)
