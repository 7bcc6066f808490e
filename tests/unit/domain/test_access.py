"""Who may pass: the steps in their order, the grants, the nearest miss."""

from dataclasses import replace
from datetime import timedelta

import pytest

from controller.domain.access import (
    Cost,
    Denied,
    DenyReason,
    Failing,
    Grant,
    Granted,
    GrantKind,
    Miss,
    Rights,
    Step,
    decide,
)
from controller.domain.building import Door, DoorTimings, Space
from controller.domain.ids import PlanId
from controller.domain.membership import CredentialState, Membership, Person, Standing
from tests.unit.domain.asking import answer, failing, miss
from tests.unit.domain.house import (
    ALICE,
    CLOCK,
    DAY_PASS,
    FULL,
    HOST,
    LANDING,
    LOBBY,
    NIGHT,
    NOON,
    OFFICE,
    OFFICE_DOOR,
    RUNNERS,
    SERVER_DOOR,
    SERVERS,
    SPACE,
    STREET,
    TWO_DAYS,
    badge_of,
    lease,
    local,
    member,
    read,
    rights,
)

# --- 1. the message -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        pytest.param({"retained": True}, DenyReason.REPLAYED, id="retained"),
        pytest.param({"duplicate": True}, DenyReason.REPLAYED, id="duplicate"),
        pytest.param({"age_s": 5.1}, DenyReason.STALE_READ, id="older than 5 s"),
        pytest.param({"age_s": 5.0}, GrantKind.PLAN, id="5 s old is fresh"),
    ],
)
def test_a_message_that_is_no_live_read_opens_nothing(message: dict[str, object], expected: object) -> None:
    assert answer(rights(member()), read_=read(NOON, **message)) == expected


def test_an_ignored_read_is_told_apart_from_a_refused_one() -> None:
    ignored = decide(read(retained=True), rights(member()), NOON)
    refused = decide(read(), rights(), NOON)

    assert isinstance(ignored, Denied)
    assert isinstance(refused, Denied)
    assert (ignored.is_ignored, refused.is_ignored) == (True, False)
    assert ignored.miss is None


# --- 2. the door --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("door", "expected"),
    [
        pytest.param(None, DenyReason.UNKNOWN_DOOR, id="unknown"),
        pytest.param(replace(STREET, enabled=False), DenyReason.DOOR_DISABLED, id="disabled"),
        pytest.param(replace(STREET, in_maintenance=True), DenyReason.DOOR_IN_MAINTENANCE, id="in maintenance"),
    ],
)
def test_a_door_that_is_out_of_use_opens_for_nobody(door: Door | None, expected: DenyReason) -> None:
    assert answer(rights(member(), at=door)) == expected
    assert answer(rights(at=door, person=HOST)) == expected


# --- 3. the credential --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("credential", "expected"),
    [
        pytest.param({"state": CredentialState.LOST}, DenyReason.CREDENTIAL_LOST, id="lost"),
        pytest.param({"state": CredentialState.BLOCKED}, DenyReason.CREDENTIAL_BLOCKED, id="blocked"),
        pytest.param(
            {"valid_from": NOON + timedelta(seconds=1)}, DenyReason.CREDENTIAL_NOT_YET_VALID, id="not yet valid"
        ),
        pytest.param({"valid_until": NOON}, DenyReason.CREDENTIAL_EXPIRED, id="expired, the end being exclusive"),
        pytest.param({"valid_from": NOON}, GrantKind.PLAN, id="valid from this moment"),
        pytest.param({"valid_until": NOON + timedelta(seconds=1)}, GrantKind.PLAN, id="valid for another second"),
        pytest.param(
            {"state": CredentialState.LOST, "valid_until": NOON}, DenyReason.CREDENTIAL_LOST, id="lost before expired"
        ),
    ],
)
def test_a_credential_has_to_be_good_itself(credential: dict[str, object], expected: object) -> None:
    assert answer(rights(member(), credential=badge_of(ALICE, **credential))) == expected


def test_a_badge_nobody_knows_is_refused_as_such_and_for_nothing_else() -> None:
    assert failing(rights(person=None)) == [DenyReason.UNKNOWN_CREDENTIAL]


def test_a_badge_whose_holder_was_removed_is_nobodys() -> None:
    assert failing(rights(person=None, credential=badge_of(ALICE))) == [DenyReason.UNKNOWN_CREDENTIAL]


# --- 5. the person ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("memberships", "expected"),
    [
        pytest.param((), DenyReason.NO_MEMBERSHIP, id="none"),
        pytest.param((member(starts="2026-11-24"),), DenyReason.NO_MEMBERSHIP, id="one that has not begun"),
        pytest.param((member(ends="2026-11-22"),), DenyReason.MEMBERSHIP_ENDED, id="ended by its date"),
        pytest.param((member(standing=Standing.ENDED),), DenyReason.MEMBERSHIP_ENDED, id="ended by its standing"),
        pytest.param((member(standing=Standing.PAUSED),), DenyReason.MEMBERSHIP_PAUSED, id="paused"),
        pytest.param((member(standing=Standing.OVERDUE),), DenyReason.MEMBERSHIP_OVERDUE, id="overdue"),
        pytest.param(
            (member(ends="2026-10-01"), member(standing=Standing.OVERDUE)),
            DenyReason.MEMBERSHIP_OVERDUE,
            id="an old one and an unpaid one: the bill is told",
        ),
        pytest.param((member(standing=Standing.GRACE),), GrantKind.PLAN, id="in grace, entry works"),
        pytest.param(
            (member(DAY_PASS, standing=Standing.OVERDUE), member(FULL)),
            GrantKind.PLAN,
            id="one good membership is enough",
        ),
    ],
)
def test_a_membership_has_to_be_in_good_standing(memberships: tuple[object, ...], expected: object) -> None:
    assert answer(rights(*memberships)) == expected  # type: ignore[arg-type]


def test_in_grace_the_member_enters_and_is_told() -> None:
    decision = decide(read(), rights(member(standing=Standing.GRACE)), NOON)

    assert decision == Granted(Grant(GrantKind.PLAN, FULL, Cost.UNLIMITED_PLAN, in_grace=True), 5.0)


def test_a_future_plan_never_disables_the_current_one() -> None:
    assert answer(rights(member(ends="2026-11-30"), member(TWO_DAYS, starts="2026-12-01"))) == GrantKind.PLAN


def test_the_end_date_is_the_last_usable_day_until_the_cut_off() -> None:
    late = rights(member(PlanId("night-owl"), ends="2026-11-23"), space=_with_night_owl())

    assert answer(late, local("2026-11-24 01:30")) == GrantKind.PLAN
    assert answer(late, local("2026-11-24 04:00")) == DenyReason.MEMBERSHIP_ENDED


def _with_night_owl() -> Space:
    plan = replace(SPACE.plans[FULL], id=PlanId("night-owl"), schedule=CLOCK)
    return replace(SPACE, plans={**SPACE.plans, plan.id: plan})


def test_a_ban_always_wins() -> None:
    banned_host = replace(HOST, banned=True)
    banned_member = replace(ALICE, banned=True)

    assert answer(rights(person=banned_host)) == DenyReason.BANNED
    assert answer(rights(member(), person=banned_member, leases=(lease(),))) == DenyReason.BANNED


def test_staff_need_no_membership_and_pass_every_door_at_every_hour() -> None:
    for door in SPACE.doors.values():
        assert answer(rights(at=door, person=HOST), NIGHT) == GrantKind.STAFF


# --- 7. grants ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        pytest.param("2026-11-23 09:00", GrantKind.PLAN, id="as the hours begin"),
        pytest.param("2026-11-23 18:00", DenyReason.OUTSIDE_HOURS, id="as they end"),
        pytest.param("2026-11-22 12:00", DenyReason.OUTSIDE_HOURS, id="on a Sunday"),
        pytest.param("2026-12-25 12:00", DenyReason.OUTSIDE_HOURS, id="on a holiday"),
    ],
)
def test_a_plan_opens_its_doors_in_its_hours(at: str, expected: object) -> None:
    assert answer(rights(member()), local(at)) == expected


def test_a_plan_opens_only_the_doors_into_its_areas() -> None:
    assert answer(rights(member(), at=LANDING)) == GrantKind.PLAN
    assert answer(rights(member(), at=OFFICE_DOOR)) == DenyReason.NO_RIGHT


def test_a_hosted_group_enters_by_its_own_hours() -> None:
    assert answer(rights(member(RUNNERS)), local("2026-11-23 06:15")) == GrantKind.PLAN
    assert answer(rights(member(RUNNERS)), local("2026-12-25 06:15")) == GrantKind.PLAN
    assert answer(rights(member(RUNNERS)), local("2026-11-23 12:00")) == DenyReason.OUTSIDE_HOURS


def test_a_lease_opens_the_office_and_the_way_to_it_around_the_clock_and_on_holidays() -> None:
    team = rights(leases=(lease(),))

    for door in (STREET, LANDING, OFFICE_DOOR):
        for at in (NIGHT, NOON, local("2026-12-25 23:00")):
            assert answer(replace(team, door=door), at) == GrantKind.LEASE


def test_a_lease_opens_no_other_door() -> None:
    assert answer(rights(leases=(lease(),), at=SERVER_DOOR)) == DenyReason.NO_RIGHT
    assert answer(rights(leases=(lease(LOBBY),), at=LANDING)) == DenyReason.NO_RIGHT


def test_a_lease_ends_with_its_last_day() -> None:
    over = rights(leases=(lease(ends="2026-11-22"),), at=OFFICE_DOOR)

    assert answer(over, local("2026-11-23 03:59")) == GrantKind.LEASE
    assert answer(over, local("2026-11-23 04:00")) == DenyReason.NO_MEMBERSHIP


def test_an_office_does_not_excuse_an_unpaid_membership() -> None:
    assert answer(rights(member(standing=Standing.OVERDUE), leases=(lease(),))) == DenyReason.MEMBERSHIP_OVERDUE


def test_an_ended_membership_does_not_take_the_office_away() -> None:
    assert answer(rights(member(ends="2026-10-01"), leases=(lease(),))) == GrantKind.LEASE


def test_a_membership_that_was_ended_opens_nothing_beside_what_else_is_held() -> None:
    ended = member(standing=Standing.ENDED)

    assert answer(rights(ended, leases=(lease(LOBBY),))) == GrantKind.LEASE
    assert answer(rights(ended, leases=(lease(LOBBY),), at=LANDING)) == DenyReason.NO_RIGHT


def test_a_door_for_staff_opens_by_no_plan_and_no_lease() -> None:
    plan = replace(SPACE.plans[FULL], areas=frozenset({SERVERS}))
    space = replace(SPACE, plans={FULL: plan})

    assert answer(rights(member(), leases=(lease(SERVERS),), at=SERVER_DOOR, space=space)) == DenyReason.NO_RIGHT


def test_a_plan_the_space_no_longer_has_gives_no_right() -> None:
    assert answer(rights(member(PlanId("gone")))) == DenyReason.NO_RIGHT


@pytest.mark.parametrize(
    ("memberships", "via"),
    [
        pytest.param((member(DAY_PASS), member(TWO_DAYS), member(FULL)), FULL, id="unlimited before a quota day"),
        pytest.param((member(DAY_PASS), member(TWO_DAYS)), TWO_DAYS, id="a quota day before a day pass"),
        pytest.param((member(TWO_DAYS), member(DAY_PASS)), TWO_DAYS, id="in whatever order they are held"),
    ],
)
def test_of_several_grants_the_one_that_costs_the_member_least_is_taken(
    memberships: tuple[object, ...], via: str
) -> None:
    decision = decide(read(), rights(*memberships), NOON)  # type: ignore[arg-type]

    assert isinstance(decision, Granted)
    assert decision.grant.via == via


def test_a_lease_costs_less_than_any_plan() -> None:
    decision = decide(read(), rights(member(), leases=(lease(),)), NOON)

    assert decision == Granted(Grant(GrantKind.LEASE, OFFICE, Cost.LEASE), 5.0)


def test_a_cheaper_plan_that_is_closed_gives_way_to_an_open_one() -> None:
    early = local("2026-11-23 06:15")

    assert decide(read(early), rights(member(FULL), member(RUNNERS)), early) == Granted(
        Grant(GrantKind.PLAN, RUNNERS, Cost.UNLIMITED_PLAN), 5.0
    )


def test_online_decisions_use_server_time_whatever_the_reader_says() -> None:
    wrong_clock = read(NOON, read_at=NIGHT)

    assert answer(rights(member()), NOON, wrong_clock) == GrantKind.PLAN
    assert answer(rights(member()), NIGHT, replace(wrong_clock, read_at=NOON)) == DenyReason.OUTSIDE_HOURS


# --- the answer ---------------------------------------------------------------------------------------


def test_the_first_failing_step_names_the_reason_and_the_others_are_kept() -> None:
    decision = decide(
        read(age_s=6.0),
        rights(
            member(standing=Standing.PAUSED),
            at=replace(STREET, in_maintenance=True),
            credential=badge_of(ALICE, state=CredentialState.LOST),
        ),
        NIGHT,
    )

    assert isinstance(decision, Denied)
    assert decision.reason == DenyReason.STALE_READ
    assert decision.failed == (
        Failing(Step.MESSAGE, DenyReason.STALE_READ),
        Failing(Step.DOOR, DenyReason.DOOR_IN_MAINTENANCE),
        Failing(Step.CREDENTIAL, DenyReason.CREDENTIAL_LOST),
        Failing(Step.PERSON, DenyReason.MEMBERSHIP_PAUSED),
        Failing(Step.GRANTS, DenyReason.OUTSIDE_HOURS),
    )


def test_an_unpaid_plan_in_its_hours_is_refused_for_the_bill_alone() -> None:
    assert failing(rights(member(standing=Standing.OVERDUE))) == [DenyReason.MEMBERSHIP_OVERDUE]


@pytest.mark.parametrize(
    ("door", "person", "hold_s"),
    [
        pytest.param(STREET, ALICE, 5.0, id="five seconds"),
        pytest.param(replace(STREET, timings=DoorTimings(release=7.0)), ALICE, 7.0, id="as the door says"),
        pytest.param(replace(STREET, timings=DoorTimings(release=1.0)), ALICE, 3.0, id="never under three"),
        pytest.param(STREET, replace(ALICE, needs_time=True), 15.0, id="three times as long for who needs it"),
    ],
)
def test_the_door_stays_released_for_its_time(door: Door, person: Person, hold_s: float) -> None:
    decision = decide(read(), rights(member(), at=door, person=person), NOON)

    assert isinstance(decision, Granted)
    assert decision.hold_s == hold_s


# --- the nearest miss ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("at", "next_time"),
    [
        pytest.param("2026-11-23 07:00", "2026-11-23 09:00", id="later today"),
        pytest.param("2026-11-27 18:00", "2026-11-30 09:00", id="after the weekend"),
        pytest.param("2026-12-24 20:00", "2026-12-28 09:00", id="after the holiday"),
    ],
)
def test_outside_hours_the_next_opening_is_told(at: str, next_time: str) -> None:
    assert miss(rights(member()), local(at)) == Miss(DenyReason.OUTSIDE_HOURS, local(next_time))


def test_the_soonest_of_several_plans_is_told() -> None:
    assert miss(rights(member(), member(RUNNERS)), local("2026-11-23 20:00")) == Miss(
        DenyReason.OUTSIDE_HOURS, local("2026-11-24 09:00")
    )


def test_there_is_no_next_time_after_the_membership_has_ended() -> None:
    assert miss(rights(member(ends="2026-11-23")), local("2026-11-23 20:00")) == Miss(DenyReason.OUTSIDE_HOURS)


def test_a_membership_that_will_begin_tells_when_it_opens_this_door() -> None:
    coming = rights(member(starts="2026-11-28"))

    assert miss(coming) == Miss(DenyReason.NO_RIGHT, local("2026-11-30 09:00"))


def test_a_lease_that_will_begin_tells_so() -> None:
    assert miss(rights(leases=(lease(starts="2026-12-01"),))) == Miss(DenyReason.NO_RIGHT, local("2026-12-01 00:00"))


def test_an_unpaid_membership_that_ends_or_is_followed_gives_the_office_back() -> None:
    ending = rights(member(ends="2026-11-30", standing=Standing.OVERDUE), leases=(lease(),), at=OFFICE_DOOR)
    followed = rights(member(standing=Standing.OVERDUE), member(starts="2027-01-02"), leases=(lease(),), at=OFFICE_DOOR)

    for held, next_time in ((ending, "2026-12-01 04:00"), (followed, "2027-01-02 00:00")):
        decision = decide(read(), held, NOON)
        assert isinstance(decision, Denied)
        assert decision.miss == Miss(DenyReason.MEMBERSHIP_OVERDUE, local(next_time))


@pytest.mark.parametrize(
    "held",
    [
        pytest.param(member(starts="0001-01-01", ends="9999-12-31", standing=Standing.PAUSED), id="a pause for ever"),
        pytest.param(member(starts="9999-12-31"), id="a beginning at the end of time"),
        pytest.param(member(RUNNERS, starts="0001-01-01", ends="9999-12-31"), id="since and for ever"),
    ],
)
def test_dates_at_the_ends_of_the_calendar_are_only_dates(held: Membership) -> None:
    assert isinstance(decide(read(), rights(held), NOON), Denied)


def test_a_badge_that_is_not_yet_valid_tells_when_it_will_be() -> None:
    tomorrow = NOON + timedelta(days=1)
    early = rights(member(), credential=badge_of(ALICE, valid_from=tomorrow))
    early_host = rights(person=HOST, credential=badge_of(HOST, valid_from=tomorrow))

    assert miss(early) == Miss(DenyReason.CREDENTIAL_NOT_YET_VALID, tomorrow)
    assert miss(early_host) == Miss(DenyReason.CREDENTIAL_NOT_YET_VALID, tomorrow)


@pytest.mark.parametrize(
    ("held", "expected"),
    [
        pytest.param(rights(member(), at=OFFICE_DOOR), Miss(DenyReason.NO_RIGHT), id="no plan for this door"),
        pytest.param(rights(), Miss(DenyReason.NO_RIGHT), id="no membership"),
        pytest.param(rights(member(standing=Standing.OVERDUE)), None, id="unpaid"),
        pytest.param(rights(person=None), None, id="an unknown badge"),
        pytest.param(rights(member(), at=None), None, id="an unknown door"),
        pytest.param(rights(member(PlanId("gone"))), Miss(DenyReason.NO_RIGHT), id="a plan that is gone"),
        pytest.param(rights(leases=(lease(),), at=SERVER_DOOR), Miss(DenyReason.NO_RIGHT), id="a lease elsewhere"),
    ],
)
def test_where_waiting_is_no_help_no_time_is_told(held: Rights, expected: Miss | None) -> None:
    assert miss(held) == expected


def test_a_schedule_that_stays_closed_for_weeks_tells_no_time() -> None:
    closed = {NOON.date() + timedelta(days=n): "closed" for n in range(-1, 30)}

    assert miss(rights(member(), space=replace(SPACE, holidays=closed))) == Miss(DenyReason.OUTSIDE_HOURS)


# --- leaving ------------------------------------------------------------------------------------------


def test_who_leaves_is_let_out_and_what_would_have_refused_an_entry_is_kept() -> None:
    lost = rights(at=STREET, person=None, credential=None)

    decision = decide(read(direction="out"), lost, NOON)

    assert decision == Granted(
        Grant(GrantKind.EXIT, STREET.id), 5.0, (Failing(Step.CREDENTIAL, DenyReason.UNKNOWN_CREDENTIAL),)
    )


def test_an_old_message_is_nobody_leaving() -> None:
    assert answer(rights(member()), read_=read(direction="out", age_s=6.0)) == DenyReason.STALE_READ
    assert answer(rights(member(), at=None), read_=read(direction="out")) == DenyReason.UNKNOWN_DOOR
