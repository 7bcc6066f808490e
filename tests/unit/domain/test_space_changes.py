"""What one version of the building changes in another, in the space file's words: at once, or after a restart."""

from dataclasses import replace
from datetime import date

import pytest

from controller.domain.building import Floor, Grace, Space
from controller.domain.ids import ZoneId
from controller.domain.space_changes import SpaceChanges, changes_between
from tests.unit.domain.house import CHRISTMAS, GROUND, LOBBY, SPACE, STREET


def changed(old: Space = SPACE, **more: object) -> SpaceChanges:
    return changes_between(old, replace(old, **more))  # type: ignore[arg-type]


def with_street(**more: object) -> SpaceChanges:
    return changed(doors={**SPACE.doors, STREET.id: replace(STREET, **more)})  # type: ignore[arg-type]


def test_the_same_building_has_no_changes() -> None:
    assert not changed(version="v2")


def test_another_way_to_spell_badges_counts_at_once_and_is_not_spelt_out() -> None:
    spellings = {"old readers": {"order": "reversed"}}

    assert changed(reader_profiles=spellings) == SpaceChanges(at_once=("reader profiles are spelt differently",))


def test_what_is_drawn_otherwise_is_told_as_one_thing() -> None:
    assert with_street(at=(3.0, 4.0), width=2.0) == SpaceChanges(at_once=("door street: is drawn differently",))


def test_a_floor_that_is_wider_on_the_plan_is_drawn_differently() -> None:
    ground = {GROUND: Floor(GROUND, "Ground", 20.0, 10.0)}
    wider = {GROUND: Floor(GROUND, "Ground", 25.0, 10.0)}

    assert changed(replace(SPACE, floors=ground), floors=wider).at_once == ("floor ground: is drawn differently",)


def test_what_is_drawn_otherwise_hides_nothing_else_that_changes() -> None:
    changes = with_street(at=(3.0, 4.0), staff_only=True, has_contact=False)

    assert changes.at_once == ("door street: staff_only no → yes", "door street: is drawn differently")
    assert changes.after_restart == ("door street: contact yes → no",)


@pytest.mark.parametrize(
    ("holidays", "zones", "told"),
    [
        pytest.param({CHRISTMAS: "Christmas", date(2026, 12, 31): "New Year's Eve"}, {},
            "new holiday 2026-12-31, New Year's Eve", id="one more, and the other stays untold"),
        pytest.param({}, {}, "holiday 2026-12-25, Christmas, is gone", id="one less"),
        pytest.param({CHRISTMAS: "Noël"}, {}, "holiday 2026-12-25: name Christmas → Noël", id="another name"),
        pytest.param({CHRISTMAS: "Christmas"}, {CHRISTMAS: frozenset({ZoneId("upstairs")})},
            "holiday 2026-12-25, Christmas: now of upstairs", id="of one zone"),
    ],
)  # fmt: skip
def test_of_holidays_only_those_that_differ_are_told(
    holidays: dict[date, str], zones: dict[date, frozenset[ZoneId]], told: str
) -> None:
    assert changed(holidays=holidays, holiday_zones=zones) == SpaceChanges(at_once=(told,))


def test_a_longer_grace_is_told_and_the_amount_as_money() -> None:
    assert changed(grace=Grace(days=10, cents=25_050)).at_once == (
        "grace: days 7 → 10",
        "grace: amount 200.00 → 250.50",
    )


def test_an_area_on_another_floor_waits_for_a_restart() -> None:
    areas = {**SPACE.areas, LOBBY: replace(SPACE.areas[LOBBY], floor="attic")}  # type: ignore[arg-type]

    assert changed(areas=areas) == SpaceChanges(after_restart=("area lobby: floor ground → attic",))
