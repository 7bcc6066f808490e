"""A door alone: whom its list admits, by the same rules as the controller."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devices.accesslist import LocalDecision, OpenedList, Reason, decide_offline, open_list
from devices.badges import CONTRACT, Base, ReaderProfile
from devices.messages import AccessEntry, AccessRight, BadgeReadData
from tests.support.lists import ALICE, ALWAYS, BOB, EVE, KEYS, LIST_KEY, NOON, card, entry, hash_of, numbered, sealed

DAYTIME = tuple((day * 1440 + 480, day * 1440 + 1200) for day in range(7))  # 08:00 to 20:00
BLOCKED, STAFF, EMERGENCY = AccessRight.BLOCKED, AccessRight.STAFF, AccessRight.EMERGENCY


def opened(*entries: AccessEntry, **terms: object) -> OpenedList:
    return open_list(numbered(sealed(*entries, **terms)), KEYS.public_key, "door-street")  # type: ignore[arg-type]


def ask(held: OpenedList, shown: BadgeReadData, at: datetime = NOON, **more: object) -> LocalDecision:
    return decide_offline(held, LIST_KEY, shown, CONTRACT, at, **more)  # type: ignore[arg-type]


def answer(*args: object, **more: object) -> tuple[bool, str]:
    decision = ask(*args, **more)  # type: ignore[arg-type]
    return decision.admitted, decision.reason.value


def paris(text: str) -> datetime:
    """A UTC instant; the name only says where the test thinks."""
    return datetime.fromisoformat(text).astimezone(UTC)


def test_an_entitled_member_is_let_in_and_a_stranger_is_not():
    held = opened(entry(ALICE))

    assert answer(held, ALICE) == (True, "member")
    assert answer(held, EVE) == (False, "unknown_credential")


def test_blocked_badges_go_first_whatever_else_the_list_says_of_them():
    held = opened(entry(ALICE, STAFF), entry(ALICE), entry(ALICE, BLOCKED))

    assert answer(held, ALICE) == (False, "credential_blocked")


@pytest.mark.parametrize("right", [STAFF, EMERGENCY])
def test_past_valid_until_only_staff_and_emergency_badges_work(right: AccessRight):
    held = opened(entry(ALICE, right), entry(BOB))
    later = NOON + timedelta(days=3)

    assert answer(held, ALICE, later) == (True, right.value)
    assert answer(held, BOB, later) == (False, "list_expired")


def test_with_the_clock_unknown_only_24_7_holders_staff_and_emergency_enter():
    held = opened(
        entry(ALICE, holidays=True),
        entry(BOB, weekly=DAYTIME),
        entry(EVE, STAFF),
        closed=(date(2026, 5, 8),),
    )
    unset = datetime(1970, 1, 1, tzinfo=UTC)

    assert answer(held, ALICE, unset, clock_known=False) == (True, "member")
    assert answer(held, BOB, unset, clock_known=False) == (False, "clock_unknown")
    assert answer(held, EVE, unset, clock_known=False) == (True, "staff")


@pytest.mark.parametrize(
    "limited",
    [
        {"days": 3},
        {"until": NOON},
        {"since": NOON},
        {"weekly": ((0, 5000), (5001, 10080))},
        {"weekly": ((0, 10079),)},
        {},  # closed on holidays
    ],
    ids=["quota", "ends", "begins", "a gap", "a minute short", "closed dates"],
)
def test_what_only_looks_like_24_7_is_not_let_in_without_a_clock(limited: dict[str, object]):
    held = opened(entry(ALICE, **limited), closed=(date(2026, 5, 8),))

    assert answer(held, ALICE, clock_known=False) == (False, "clock_unknown")


def test_windows_that_meet_make_a_whole_week():
    days = tuple((day * 1440, day * 1440 + 1440) for day in range(7))

    assert answer(opened(entry(ALICE, weekly=days)), ALICE, clock_known=False) == (True, "member")


def test_a_clock_far_before_the_lists_issue_counts_as_unknown():
    held = opened(entry(ALICE, weekly=DAYTIME))

    assert answer(held, ALICE, NOON - timedelta(days=1)) == (False, "clock_unknown")


@pytest.mark.parametrize(
    ("at", "admitted"),
    [
        ("2026-05-04T07:59:59+02:00", False),
        ("2026-05-04T08:00:00+02:00", True),
        ("2026-05-04T19:59:59+02:00", True),
        ("2026-05-04T20:00:00+02:00", False),
    ],
)
def test_weekly_hours_are_from_inclusive_to_exclusive_in_the_spaces_zone(at: str, admitted: bool):
    held = opened(entry(ALICE, weekly=DAYTIME), issued=paris("2026-05-04T00:00:00+02:00"))

    assert answer(held, ALICE, paris(at)) == (admitted, "member" if admitted else "outside_hours")


def test_an_overnight_window_belongs_to_the_day_it_starts_over_the_end_of_the_week_too():
    sunday_night = ((6 * 1440 + 1320, 7 * 1440 + 360),)  # Sunday 22:00 to Monday 06:00
    on_monday, on_sunday = (
        opened(entry(ALICE, weekly=sunday_night), issued=paris("2026-05-10T12:00:00+02:00"), closed=(day,))
        for day in (date(2026, 5, 11), date(2026, 5, 10))
    )

    assert answer(on_monday, ALICE, paris("2026-05-11T05:59:00+02:00"))[0]
    assert not answer(on_sunday, ALICE, paris("2026-05-11T05:59:00+02:00"))[0]


def test_a_holiday_closes_plan_hours_but_not_entries_marked_for_holidays():
    held = opened(entry(ALICE), entry(BOB, holidays=True), closed=(date(2026, 5, 4),))

    assert answer(held, ALICE) == (False, "outside_hours")
    assert answer(held, BOB) == (True, "member")


def test_on_the_night_clocks_go_back_a_window_stays_one_piece():
    # 25 October 2026: 03:00 becomes 02:00. A window of 01:00 to 02:30 lasts until the second 02:30.
    night = ((6 * 1440 + 60, 6 * 1440 + 150),)
    held = opened(entry(ALICE, weekly=night), issued=paris("2026-10-24T12:00:00+02:00"))

    assert answer(held, ALICE, paris("2026-10-25T02:45:00+02:00"))[0]
    assert answer(held, ALICE, paris("2026-10-25T02:29:00+01:00"))[0]
    assert not answer(held, ALICE, paris("2026-10-25T02:30:00+01:00"))[0]


def test_a_time_inside_the_spring_gap_becomes_the_first_valid_instant():
    # 29 March 2026: 02:00 becomes 03:00.
    night = ((6 * 1440 + 150, 6 * 1440 + 240),)  # 02:30 to 04:00
    held = opened(entry(ALICE, weekly=night), issued=paris("2026-03-28T12:00:00+01:00"))

    assert not answer(held, ALICE, paris("2026-03-29T01:59:00+01:00"))[0]
    assert answer(held, ALICE, paris("2026-03-29T03:00:00+02:00"))[0]


def test_a_booking_opens_in_its_window_only():
    held = opened(entry(ALICE, once=((NOON, NOON + timedelta(hours=1)),)))

    assert answer(held, ALICE, NOON)[0]
    assert answer(held, ALICE, NOON + timedelta(hours=1)) == (False, "outside_hours")


def test_an_entry_is_good_from_since_until_until():
    held = opened(entry(ALICE, since=NOON, until=NOON + timedelta(hours=1)))

    assert answer(held, ALICE, NOON - timedelta(seconds=1)) == (False, "credential_not_yet_valid")
    assert answer(held, ALICE, NOON)[0]
    assert answer(held, ALICE, NOON + timedelta(hours=1)) == (False, "credential_expired")


def test_a_staff_badge_that_has_ended_is_no_staff_badge():
    held = opened(entry(ALICE, STAFF, until=NOON))

    assert answer(held, ALICE, NOON) == (False, "credential_expired")


def test_offline_grants_use_the_quota_left_at_issue():
    held = opened(entry(ALICE, days=1), valid=timedelta(days=5))

    first = ask(held, ALICE, NOON)
    again = ask(held, ALICE, NOON + timedelta(hours=4), used=first.used)
    tomorrow = ask(held, ALICE, NOON + timedelta(days=1), used=first.used)

    assert (first.admitted, first.uses_day) == (True, True)
    assert (again.admitted, again.uses_day) == (True, False)
    assert (tomorrow.admitted, tomorrow.reason) == (False, Reason.QUOTA_USED_UP)


def test_two_at_night_belongs_to_yesterdays_day():
    held = opened(entry(ALICE, days=1), valid=timedelta(days=5))
    first = ask(held, ALICE, paris("2026-05-04T22:00:00+02:00"))

    assert ask(held, ALICE, paris("2026-05-05T03:59:00+02:00"), used=first.used).admitted
    assert not ask(held, ALICE, paris("2026-05-05T04:00:00+02:00"), used=first.used).admitted


def test_next_weeks_days_are_counted_apart_from_this_weeks():
    monday = paris("2026-05-11T04:00:00+02:00")
    held = opened(
        entry(ALICE, days=0, until=monday), entry(ALICE, days=1, since=monday), valid=timedelta(days=9)
    )  # fmt: skip
    sunday = paris("2026-05-10T15:00:00+02:00")

    assert answer(held, ALICE, sunday) == (False, "quota_used_up")
    assert answer(held, ALICE, monday, used=frozenset({(hash_of(ALICE), date(2026, 5, 10))})) == (True, "member")


def test_a_day_is_used_only_where_nothing_else_lets_the_member_in():
    held = opened(entry(ALICE, days=1), entry(ALICE, once=((NOON, NOON + timedelta(hours=1)),)))

    assert not ask(held, ALICE, NOON).uses_day


def test_the_time_a_holder_needs_goes_with_the_entry():
    assert ask(opened(entry(ALICE, hold_s=15.0)), ALICE).hold_s == 15.0


def test_a_token_is_known_as_a_badge_is():
    token = BadgeReadData(token="guest-7f3a")
    held = opened(AccessEntry(h=hash_of(token), weekly=ALWAYS))

    assert answer(held, token) == (True, "member")
    assert answer(held, BadgeReadData(token="guest-7f3b")) == (False, "unknown_credential")


def test_what_is_no_badge_opens_nothing():
    assert answer(opened(entry(ALICE)), BadgeReadData(card="not a badge")) == (False, "unreadable_badge")


def test_digits_with_several_meanings_open_only_if_exactly_one_is_known():
    sloppy = ReaderProfile(base=Base.DECIMAL_BYTES, size=4)
    shown = BadgeReadData(card="1111111")
    one, other = card("01010B6F"), card("01016F0B")
    for known, admitted in (((one,), True), ((one, other), False), ((), False)):
        held = opened(*(entry(badge) for badge in known))
        assert decide_offline(held, LIST_KEY, shown, sloppy, NOON).admitted is admitted


SHOWN = st.sampled_from([ALICE, BOB, EVE, BadgeReadData(card="junk"), BadgeReadData(token="t"), BadgeReadData(pin="1")])
HELD = st.sampled_from([opened(), opened(entry(ALICE, BLOCKED)), opened(entry(BOB, days=0), entry(EVE, STAFF))])
MOMENTS = st.datetimes(datetime(1970, 1, 2), datetime(2030, 1, 1)).map(lambda at: at.replace(tzinfo=UTC))


@settings(max_examples=100)
@given(HELD, SHOWN, MOMENTS, st.booleans())
def test_exit_is_never_denied(held: OpenedList, shown: BadgeReadData, at: datetime, clock_known: bool):
    leaving = shown.model_copy(update={"direction": "out"})

    assert ask(held, leaving, at, clock_known=clock_known).admitted


@settings(max_examples=100)
@given(
    st.lists(st.tuples(st.sampled_from([ALICE, BOB]), st.sampled_from(AccessRight), st.booleans()), max_size=5),
    MOMENTS,
    st.booleans(),
)
def test_a_blocked_badge_is_never_granted(
    named: list[tuple[BadgeReadData, AccessRight, bool]], at: datetime, clock_known: bool
):
    held = opened(*(entry(badge, right, holidays=always or None) for badge, right, always in named))

    for badge in (ALICE, BOB):
        rights = {right for shown, right, _ in named if shown is badge}
        decision = ask(held, badge, at, clock_known=clock_known)
        assert not (BLOCKED in rights and decision.admitted)
        assert rights or not decision.admitted
