"""What a guest may do: go where the host may go, for a window, on the host's guest days. Alice invites Gus."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from controller.domain.access import Cost, DenyReason, Grant, GrantKind, Miss, Rights
from controller.domain.building import Door, Space
from controller.domain.holdings import GuestPass
from controller.domain.ids import PersonId, PlanId
from controller.domain.membership import Membership, Person, PersonKind, Standing
from controller.domain.rights import HostedGuest
from controller.domain.usage import Charge, ChargeKind, Usage
from tests.unit.domain.asking import answer, granted, miss, next_time, with_plans
from tests.unit.domain.house import (
    ALICE,
    FULL,
    LANDING,
    LOBBY,
    NIGHT,
    NOON,
    OFFICE_DOOR,
    SPACE,
    STREET,
    TWO_DAYS,
    lease,
    local,
    member,
    rights,
)

GUS = Person(PersonId("gus"), "Gus", PersonKind.GUEST)
TODAY = NOON.date()
PASS = GuestPass("g1", GUS.id, ALICE.id, local("2026-11-23 10:00"), local("2026-11-25 18:00"))


def invited(*memberships: Membership, at: Door = STREET, space: Space = SPACE, **more: object) -> Rights:
    hosted = replace(HostedGuest(PASS, ALICE, memberships or (member(),)), **more)  # type: ignore[arg-type]
    return replace(rights(at=at, person=GUS, space=space), guest_passes=(hosted,))


def charged(plan: PlanId | None = FULL) -> Charge:
    return Charge(ChargeKind.GUEST_DAY, ALICE.id, TODAY, subject=GUS.id, plan=plan)


def guests(*names: str, day: date = TODAY) -> Usage:
    return Usage(guest_days={day: frozenset(PersonId(name) for name in names)})


TWO_GUESTS = with_plans(full_time={"guest_days_per_month": 2})


def test_guest_days_go_to_the_host() -> None:
    assert granted(invited()) == Grant(GrantKind.GUEST, ALICE.id, Cost.QUOTA_DAY, charge=charged(), ref="g1")


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        pytest.param("2026-11-23 09:59", DenyReason.PASS_NOT_YET_VALID, id="before the window"),
        pytest.param("2026-11-23 10:00", GrantKind.GUEST, id="as it begins"),
        pytest.param("2026-11-25 17:59", GrantKind.GUEST, id="in its last minute"),
        pytest.param("2026-11-25 18:00", DenyReason.PASS_OVER, id="as it ends"),
    ],
)
def test_guests_are_invited_by_a_member_for_a_window(at: str, expected: object) -> None:
    assert answer(invited(), local(at)) == expected


def test_a_guest_is_told_when_the_window_begins() -> None:
    assert miss(invited(), local("2026-11-23 08:00")) == Miss(DenyReason.PASS_NOT_YET_VALID, local("2026-11-23 10:00"))


def test_an_invitation_taken_back_opens_nothing() -> None:
    assert answer(invited(guest_pass=replace(PASS, is_revoked=True))) == DenyReason.PASS_REVOKED


def test_a_guest_goes_where_and_when_the_host_may_go() -> None:
    assert answer(invited(at=LANDING)) == GrantKind.GUEST
    assert answer(invited(at=OFFICE_DOOR)) == DenyReason.NO_RIGHT
    assert answer(invited(), local("2026-11-23 20:00")) == DenyReason.OUTSIDE_HOURS
    assert next_time(invited(), local("2026-11-23 20:00")) == local("2026-11-24 09:00")


def test_by_the_hosts_lease_a_guest_comes_around_the_clock() -> None:
    at = local("2026-11-24 03:00")

    assert answer(invited(at=OFFICE_DOOR, host_leases=(lease(),)), at) == GrantKind.GUEST


@pytest.mark.parametrize(
    "membership",
    [
        pytest.param(member(standing=Standing.OVERDUE), id="overdue"),
        pytest.param(member(standing=Standing.PAUSED), id="paused"),
        pytest.param(member(ends="2026-11-01"), id="ended"),
        pytest.param(member(due_since=date(2026, 11, 1), due_cents=100), id="a bill beyond grace"),
    ],
)
def test_the_guest_of_a_member_who_may_not_enter_may_not_either(membership: Membership) -> None:
    assert answer(invited(membership)) == DenyReason.NO_RIGHT


def test_the_guest_of_a_banned_member_may_not_enter() -> None:
    assert answer(invited(host=replace(ALICE, banned=True))) == DenyReason.NO_RIGHT


def test_a_bill_keeps_the_guest_out_of_the_office_too() -> None:
    unpaid = invited(member(standing=Standing.OVERDUE), at=OFFICE_DOOR, host_leases=(lease(),))

    assert answer(unpaid) == DenyReason.NO_RIGHT


def test_a_guest_uses_none_of_the_hosts_own_days_and_needs_none_left() -> None:
    used_up = Usage(quota_days=frozenset({date(2026, 11, 23), date(2026, 11, 24)}))

    grant = granted(invited(member(TWO_DAYS), host_usage=used_up), local("2026-11-25 12:00"))

    assert grant.charge is not None
    assert grant.charge.kind is ChargeKind.GUEST_DAY


def test_a_guest_who_is_counted_today_comes_back_for_free() -> None:
    assert granted(invited(host_usage=guests("gus", "ann"), space=TWO_GUESTS)).charge is None


def test_a_guest_let_in_at_another_door_and_not_come_yet_is_charged_here_again() -> None:
    on_the_way = replace(guests("gus", "ann"), guests_on_their_way=frozenset({GUS.id}))
    both = replace(guests("gus", "ann", "bob"), guests_on_their_way=frozenset({GUS.id}))

    assert granted(invited(host_usage=on_the_way, space=TWO_GUESTS)).charge == charged()
    assert answer(invited(host_usage=both, space=TWO_GUESTS)) == DenyReason.QUOTA_USED_UP


def test_guest_days_are_counted_by_calendar_month_of_business_days() -> None:
    full = guests("ann", "bob", day=date(2026, 11, 2))

    assert answer(invited(host_usage=full, space=TWO_GUESTS)) == DenyReason.QUOTA_USED_UP
    last_month = guests("ann", "bob", day=date(2026, 10, 31))
    assert granted(invited(host_usage=last_month, space=TWO_GUESTS)).charge == charged()


def test_the_next_month_gives_guest_days_again() -> None:
    into_december = replace(PASS, end=local("2026-12-10 00:00"))
    held = invited(host_usage=guests("ann", "bob"), space=TWO_GUESTS, guest_pass=into_december)

    assert miss(held, local("2026-11-24 12:00")) == Miss(DenyReason.QUOTA_USED_UP, local("2026-12-01 09:00"))


def test_a_zone_that_is_not_counted_uses_no_guest_day() -> None:
    lobby = replace(SPACE.areas[LOBBY], counted=False)
    space = replace(TWO_GUESTS, areas={**SPACE.areas, LOBBY: lobby})

    assert granted(invited(host_usage=guests("ann", "bob"), space=space)).charge is None


def test_a_guest_by_the_office_counts_on_the_hosts_plan_and_an_office_alone_counts_no_limit() -> None:
    by_both = invited(at=OFFICE_DOOR, host_leases=(lease(),), host_usage=guests("ann", "bob"), space=TWO_GUESTS)
    office = HostedGuest(PASS, ALICE, (), (lease(),))
    by_office = replace(rights(at=OFFICE_DOOR, person=GUS), guest_passes=(office,))

    assert answer(by_both) == DenyReason.QUOTA_USED_UP
    assert granted(by_office).charge == charged(None)


def test_a_pass_that_ran_out_today_is_told_and_one_of_last_month_is_not() -> None:
    assert answer(invited(), local("2026-11-25 20:00")) == DenyReason.PASS_OVER
    assert answer(invited(), local("2026-12-25 20:00")) == DenyReason.NO_MEMBERSHIP


def test_at_night_before_the_window_the_first_of_the_hosts_hours_in_it_is_told() -> None:
    assert next_time(invited(), NIGHT) == local("2026-11-23 10:00")


def test_a_guest_is_told_when_the_hosts_membership_begins() -> None:
    assert miss(invited(member(starts="2026-11-25"))) == Miss(DenyReason.NO_RIGHT, local("2026-11-25 09:00"))


def test_the_hosts_office_opens_to_the_guest_once_the_unpaid_membership_is_over() -> None:
    unpaid = member(standing=Standing.OVERDUE, ends="2026-11-24")

    assert next_time(invited(unpaid, at=OFFICE_DOOR, host_leases=(lease(),))) == local("2026-11-25 04:00")


def test_a_guest_is_told_no_time_while_the_house_is_closed_for_weeks() -> None:
    closed = {TODAY + timedelta(days=n): "Works" for n in range(16)}

    assert miss(invited(space=replace(SPACE, holidays=closed))) == Miss(DenyReason.OUTSIDE_HOURS, None)
