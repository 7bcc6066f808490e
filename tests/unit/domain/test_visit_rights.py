"""What a visiting pass opens: the mapped plan, for some free days."""

from dataclasses import replace
from datetime import timedelta

import pytest

from controller.domain.access import Cost, DenyReason, Grant, GrantKind, Miss, Rights
from controller.domain.building import Door, Partner, Space
from controller.domain.holdings import VisitingPass
from controller.domain.ids import PartnerId, PersonId
from controller.domain.membership import Person, PersonKind
from controller.domain.usage import Charge, ChargeKind, Usage
from tests.unit.domain.asking import answer, days, granted, miss
from tests.unit.domain.house import FULL, LOBBY, NOON, OFFICE_DOOR, SPACE, STREET, TWO_DAYS, local, rights

CELINE = Person(PersonId("trudaine/celine"), "Céline", PersonKind.VISITOR)
PASS = VisitingPass(
    "v1",
    PartnerId("trudaine"),
    CELINE.id,
    TWO_DAYS,
    local("2026-11-23 08:00"),
    local("2026-12-11 20:00"),
    days=3,
)


def visiting(*used: str, at: Door = STREET, space: Space = SPACE, **more: object) -> Rights:
    held = replace(PASS, **more)  # type: ignore[arg-type]
    return replace(rights(at=at, person=CELINE, space=space), visits=(held,), usage=Usage(visit_days=days(*used)))


def test_a_visiting_pass_opens_the_mapped_plan_and_uses_a_free_day() -> None:
    assert granted(visiting()) == Grant(
        GrantKind.VISITING,
        "trudaine",
        Cost.QUOTA_DAY,
        charge=Charge(ChargeKind.VISIT_DAY, CELINE.id, NOON.date(), plan=TWO_DAYS),
        ref="v1",
    )


def test_coming_back_the_same_day_is_free() -> None:
    assert granted(visiting("2026-11-23")).charge is None


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        pytest.param("2026-11-23 07:59", DenyReason.PASS_NOT_YET_VALID, id="before"),
        pytest.param("2026-12-11 17:59", GrantKind.VISITING, id="on its last day"),
        pytest.param("2026-12-11 20:00", DenyReason.PASS_OVER, id="after"),
        pytest.param("2026-11-23 19:00", DenyReason.OUTSIDE_HOURS, id="at the plan's hours only"),
    ],
)
def test_a_visiting_pass_is_good_for_its_window(at: str, expected: object) -> None:
    assert answer(visiting(), local(at)) == expected


def test_free_days_are_counted_in_all() -> None:
    used = visiting("2026-11-23", "2026-11-24", "2026-12-01")

    assert miss(used, local("2026-12-02 12:00")) == Miss(DenyReason.QUOTA_USED_UP)


def test_a_passs_own_days_are_those_used_since_it_began() -> None:
    earlier = visiting("2026-11-09", "2026-11-16", days=1)

    assert granted(earlier).charge is not None
    assert miss(visiting("2026-11-16", "2026-11-23", days=1), local("2026-11-30 12:00")) == Miss(
        DenyReason.QUOTA_USED_UP
    )


@pytest.mark.parametrize(("agreed", "enters"), [(2, False), (3, True), (None, True)])
def test_days_agreed_with_the_partner_are_counted_over_all_passes(agreed: int | None, enters: bool) -> None:
    partner = Partner(PASS.partner, "Trudaine", "", TWO_DAYS, agreed)
    space = replace(SPACE, partners={partner.id: partner})
    used = visiting("2026-11-09", "2026-11-16", days=1, space=space)

    assert answer(used) == (GrantKind.VISITING if enters else DenyReason.QUOTA_USED_UP)


def test_the_plans_days_of_a_week_hold_for_visitors_too() -> None:
    used = visiting("2026-11-23", "2026-11-24")

    assert miss(used, local("2026-11-25 12:00")) == Miss(DenyReason.QUOTA_USED_UP, local("2026-11-30 09:00"))


def test_without_a_number_of_free_days_the_plans_own_quota_alone_counts() -> None:
    used = visiting("2026-11-02", "2026-11-09", "2026-11-16", days=None)

    assert answer(used) == GrantKind.VISITING
    assert answer(visiting("2026-11-02", "2026-11-09", "2026-11-16", days=None, plan=FULL)) == GrantKind.VISITING


def test_a_revoked_pass_opens_nothing() -> None:
    assert answer(visiting(is_revoked=True)) == DenyReason.PASS_REVOKED


def test_a_pass_that_was_taken_back_is_told_until_it_would_have_been_over() -> None:
    assert answer(visiting(is_revoked=True), PASS.end - timedelta(seconds=1)) == DenyReason.PASS_REVOKED
    assert answer(visiting(is_revoked=True), PASS.end) == DenyReason.NO_MEMBERSHIP


def test_a_visitor_goes_no_further_than_the_plan() -> None:
    assert answer(visiting(at=OFFICE_DOOR)) == DenyReason.NO_RIGHT


def test_a_zone_that_is_not_counted_uses_no_free_day() -> None:
    lobby = replace(SPACE.areas[LOBBY], counted=False)
    space = replace(SPACE, areas={**SPACE.areas, LOBBY: lobby})

    assert granted(visiting("2026-11-02", "2026-11-09", "2026-11-16", space=space)).charge is None
