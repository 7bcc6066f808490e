"""The doors between the street and each area."""

from dataclasses import replace

from controller.domain.ids import OUTSIDE, AreaId, DoorId
from controller.domain.ways import Passage, ways_in
from tests.unit.domain.house import FLOOR, LOBBY, OFFICE, SERVERS, SPACE, STAIRS, door

A, B, C = AreaId("a"), AreaId("b"), AreaId("c")


def passage(id: str, outer: AreaId, inner: AreaId) -> Passage:
    return Passage(DoorId(id), outer, inner)


def test_every_door_on_the_way_belongs_to_it() -> None:
    assert SPACE.ways[OFFICE] == {"street", "landing", "office"}
    assert SPACE.ways[FLOOR] == {"street", "landing"}


def test_an_area_within_another_is_reached_with_it() -> None:
    assert SPACE.ways[STAIRS] == SPACE.ways[LOBBY] == {"street"}


def test_nobodys_way_leads_through_a_door_for_staff() -> None:
    assert SPACE.ways[SERVERS] == frozenset()


def test_of_several_ways_the_shortest_count_and_all_of_them() -> None:
    doors = [
        passage("front", OUTSIDE, A),
        passage("back", OUTSIDE, B),
        passage("a-c", A, C),
        passage("b-c", B, C),
        passage("a-b", A, B),
    ]

    ways = ways_in({A: None, B: None, C: None}, doors)

    assert ways[C] == {"front", "a-c", "back", "b-c"}
    assert ways[B] == {"back"}


def test_an_area_without_a_way_has_none() -> None:
    assert ways_in({A: None}, [passage("in", B, A)]) == {A: frozenset()}


def test_areas_that_lie_within_each_other_do_not_lead_round_for_ever() -> None:
    assert ways_in({A: B, B: A}, [passage("in", OUTSIDE, A)])[A] in ({"in"}, frozenset())


def test_the_ways_follow_the_doors_when_the_space_changes() -> None:
    shortcut = door("shortcut", OUTSIDE, FLOOR)
    changed = replace(SPACE, doors={**SPACE.doors, shortcut.id: shortcut})

    assert changed.ways[FLOOR] == {"shortcut"}
