"""What somebody has used: rows of the ledger, and what is reserved, folded into what a decision reads."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.domain.ids import PersonId, PlanId
from controller.domain.reservations import charge_as_plain, charge_from_plain, usage_of
from controller.domain.usage import Charge, ChargeKind, LedgerEntry, LedgerRow, Usage

ALICE, BOB = PersonId("alice"), PersonId("bob")
MON, TUE, WED = (date(2026, 11, 23) + timedelta(days=days) for days in range(3))
SUN = MON - timedelta(days=1)
NOON = datetime(2026, 11, 23, 20, tzinfo=UTC)
DAY, PASS, GUEST, PAYG = ChargeKind.QUOTA_DAY, ChargeKind.DAY_PASS, ChargeKind.GUEST_DAY, ChargeKind.PAY_AS_YOU_GO
USED, REFUNDED, WAIVED, BOUGHT = LedgerEntry.USED, LedgerEntry.REFUNDED, LedgerEntry.WAIVED, LedgerEntry.BOUGHT


def row(entry: LedgerEntry, kind: ChargeKind = DAY, day: date = MON, amount: int = 1, **more: object) -> LedgerRow:
    return LedgerRow(entry, charge(kind, day, **more), NOON, amount)


def charge(kind: ChargeKind = DAY, day: date = MON, **more: object) -> Charge:
    return Charge(kind, ALICE, day, **more)  # type: ignore[arg-type]


def test_count_is_distinct_business_days_with_a_confirmed_entry():
    assert usage_of([row(USED), row(USED, day=TUE)], (), WED).quota_days == {MON, TUE}


def test_plan_change_mid_week_keeps_the_days_used():
    rows = [row(USED, plan=PlanId("two-days")), row(USED, day=TUE, plan=PlanId("five-days"))]

    assert usage_of(rows, (), WED).quota_days == {MON, TUE}


@pytest.mark.parametrize(("ago", "counts"), [(0, True), (29, True), (30, False), (34, False)])
def test_a_visitors_days_are_those_of_the_last_thirty(ago: int, counts: bool):
    day = WED - timedelta(days=ago)

    assert usage_of([row(USED, ChargeKind.VISIT_DAY, day)], (), WED).visit_days == ({day} if counts else frozenset())


def test_guest_days_go_to_the_host():
    usage = usage_of([row(USED, GUEST, subject=BOB)], [charge(GUEST, subject=PersonId("carol"))], MON)

    assert usage.guest_days == {MON: {BOB, "carol"}}
    assert usage.quota_days == frozenset()


def test_guests_reserved_for_today_and_not_come_yet_are_told_apart():
    reserved = [charge(GUEST, subject=guest) for guest in (BOB, PersonId("carol"))]
    reserved += [charge(GUEST, SUN, subject=PersonId("dora"))]

    usage = usage_of([row(USED, GUEST, subject=BOB)], reserved, MON)

    assert usage.guests_on_their_way == {"carol"}
    assert usage.guest_days == {MON: {BOB, "carol"}, SUN: {"dora"}}


def test_a_refund_is_a_new_row_and_takes_one_use_back():
    assert usage_of([row(USED), row(REFUNDED, amount=-1)], (), TUE).quota_days == frozenset()


def test_coming_again_on_a_day_that_was_refunded_uses_nothing():
    rows = [row(USED), row(REFUNDED, amount=-1)]  # a second USED of the day is no row: it is there already

    assert usage_of(rows, (), TUE).quota_days == frozenset()


@pytest.mark.parametrize("back", [row(REFUNDED, amount=-1), row(WAIVED)], ids=["refunded", "waived"])
def test_today_given_back_lets_in_again_for_nothing_and_is_none_of_the_days_used(back):
    usage = usage_of([row(USED, day=SUN), row(USED), back], (), MON)

    assert (usage.quota_days, usage.free_days) == ({SUN, MON}, {MON})
    assert usage_of([row(USED, day=SUN), row(USED), back], (), TUE) == usage_of([row(USED, day=SUN)], (), TUE)


def test_a_day_pass_given_back_today_is_back_and_today_stays_paid():
    usage = usage_of([row(BOUGHT, PASS), row(USED, PASS), row(REFUNDED, PASS, amount=-1)], (), MON)

    assert (usage.day_passes_left, usage.day_pass_days) == (1, {MON})


def test_a_guests_day_given_back_today_is_there_for_another_guest():
    rows = [row(USED, GUEST, subject=BOB), row(REFUNDED, GUEST, amount=-1, subject=BOB)]

    assert usage_of(rows, (), MON).guest_days == {}


def test_a_waived_day_lets_in_on_the_day_and_is_not_counted_after_it():
    rows = [row(USED), row(USED, day=TUE), row(WAIVED, day=TUE)]

    assert usage_of(rows, (), TUE).quota_days == {MON, TUE}
    assert usage_of(rows, (), WED).quota_days == {MON}


@pytest.mark.parametrize(
    ("rows", "left"),
    [
        ([row(BOUGHT, PASS, amount=5)], 5),
        ([row(BOUGHT, PASS, amount=5), row(USED, PASS)], 4),
        ([row(BOUGHT, PASS, amount=5), row(USED, PASS), row(REFUNDED, PASS, amount=-1)], 5),
        ([row(WAIVED, PASS)], 1),
        ([row(USED, PASS)], 0),
    ],
    ids=["bought", "one used", "that one refunded", "one given", "never below nothing"],
)
def test_day_passes_left_are_those_bought_and_given_less_those_used(rows, left):
    assert usage_of(rows, (), WED).day_passes_left == left


@pytest.mark.parametrize("kind", [kind for kind in ChargeKind if kind is not PASS])
def test_what_is_bought_is_passes_and_buying_anything_else_uses_nothing(kind):
    assert usage_of([row(BOUGHT, kind, amount=3)], (), MON) == Usage()


def test_a_pass_used_long_ago_is_still_used():
    rows = [row(BOUGHT, PASS, day=MON - timedelta(days=300)), row(USED, PASS, day=MON - timedelta(days=200))]

    assert usage_of(rows, (), MON) == Usage()


def test_what_a_holder_reserved_today_makes_the_same_charge_again_at_the_next_read():
    rows = [row(BOUGHT, PASS)]

    assert usage_of(rows, [charge(PASS), charge(DAY)], MON) == usage_of(rows, (), MON)


def test_what_is_reserved_for_the_day_before_counts_until_its_door_tells():
    usage = usage_of([row(BOUGHT, PASS)], [charge(PASS), charge(DAY)], TUE)

    assert (usage.day_passes_left, usage.quota_days, usage.day_pass_days) == (0, {MON}, {MON})


def test_what_is_reserved_and_used_already_counts_once():
    assert usage_of([row(BOUGHT, PASS, amount=2), row(USED, PASS)], [charge(PASS)], TUE).day_passes_left == 1


def test_days_of_more_than_five_weeks_ago_are_history():
    rows = [row(USED, day=MON - timedelta(weeks=5, days=1)), row(USED, PAYG, day=MON - timedelta(weeks=5))]

    usage = usage_of(rows, (), MON)

    assert (usage.quota_days, usage.pay_as_you_go_days) == (frozenset(), {MON - timedelta(weeks=5)})


ROWS = st.builds(
    row,
    st.sampled_from([USED, WAIVED]),
    st.sampled_from(list(ChargeKind)),
    st.dates(MON - timedelta(days=40), MON),
    subject=st.sampled_from([None, BOB]),
) | st.builds(row, st.just(BOUGHT), st.just(PASS), st.just(MON), st.integers(1, 5))


@given(st.lists(ROWS, max_size=12), st.randoms())
def test_the_order_of_the_rows_does_not_matter(rows, chance):
    shuffled = list(rows)
    chance.shuffle(shuffled)

    assert usage_of(shuffled, (), MON) == usage_of(rows, (), MON)


@given(st.lists(ROWS, max_size=12), st.sampled_from(list(ChargeKind)))
def test_reserving_never_gives_anything_back(rows, kind):
    before, after = usage_of(rows, (), MON), usage_of(rows, [charge(kind)], MON)

    assert before.quota_days <= after.quota_days
    assert before.visit_days <= after.visit_days
    assert before.day_passes_left >= after.day_passes_left


@pytest.mark.parametrize(
    "one", [charge(), charge(GUEST, subject=BOB), charge(plan=PlanId("two-days"))], ids=["day", "guest", "plan"]
)
def test_a_charge_survives_being_written_into_a_fact(one):
    assert charge_from_plain(charge_as_plain(one)) == one


@pytest.mark.parametrize("plain", [None, "quota_day", {}, {"kind": "tip", "holder": "alice", "day": "2026-11-23"}])
def test_what_is_no_charge_charges_nothing(plain):
    assert charge_from_plain(plain) is None
