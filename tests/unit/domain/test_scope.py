"""Which doors a scope means."""

from dataclasses import replace

from controller.domain.house import Scope, ScopeKind
from controller.domain.ids import OUTSIDE, DoorId, ZoneId
from controller.domain.scope import covers, doors_of
from tests.unit.domain.house import FLOOR, GROUND, LANDING, SPACE, door

UPSTAIRS = ZoneId("upstairs")
WAY_OUT = door("way-out", FLOOR, OUTSIDE)
HOUSE = replace(
    SPACE,
    areas={**SPACE.areas, FLOOR: replace(SPACE.areas[FLOOR], zones=frozenset({UPSTAIRS}))},
    doors={**SPACE.doors, WAY_OUT.id: WAY_OUT},
)


def meant(kind: ScopeKind, id: str = "") -> list[str]:
    return [each.id for each in doors_of(Scope(kind, id), HOUSE)]


def test_a_door_that_leads_out_of_the_house_is_behind_no_zone() -> None:
    """Nobody comes into the zone by it: a lockdown of the zone has nothing to keep out there."""
    assert meant(ScopeKind.ZONE, UPSTAIRS) == [LANDING.id]
    assert not covers(Scope(ScopeKind.ZONE, UPSTAIRS), WAY_OUT, HOUSE)


def test_a_door_that_leads_out_belongs_to_its_floor_and_to_the_space() -> None:
    assert WAY_OUT.id in meant(ScopeKind.FLOOR, GROUND)
    assert meant(ScopeKind.SPACE) == list(HOUSE.doors)
    assert meant(ScopeKind.DOOR, WAY_OUT.id) == [WAY_OUT.id]


def test_a_scope_that_names_nothing_of_this_house_means_no_door() -> None:
    assert [meant(kind, DoorId("gone")) for kind in ScopeKind if kind is not ScopeKind.SPACE] == [[], [], []]
