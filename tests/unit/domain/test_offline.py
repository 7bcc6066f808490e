"""What doors are given to decide by: for random worlds the same answer as a live read, and each rule by itself."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from random import Random

import pytest

from controller.domain.access import Denied, Granted, Step, decide
from controller.domain.building import PinMode
from controller.domain.holdings import EventEntry, HeldTicket, PublicEvent, Ticket
from controller.domain.ids import EventId, TicketId
from controller.domain.membership import Credential, CredentialKind, CredentialState, PersonKind, Right
from controller.domain.offline import OfflineKind, OfflineRight, Span, closed_within, offline_rights, weekly_minutes
from controller.domain.rights import DenyReason, Rights
from controller.domain.shared import PinEntry
from controller.domain.usage import Usage
from controller.services.offline.list_entries import template_of
from devices.accesslist import LocalDecision, Terms, decide_offline, named, open_list, seal
from devices.badges import CONTRACT
from tests.oracle.worlds import world
from tests.support.lists import ALICE as BADGE
from tests.support.lists import KEYS, LIST_KEY, SALT, SIGNING_KEY, hash_of
from tests.unit.domain.house import (
    ALICE,
    CHRISTMAS,
    DAY_PASS,
    FULL,
    HOST,
    NOON,
    OFFICE_DOOR,
    SPACE,
    STREET,
    TWO_DAYS,
    badge_of,
    lease,
    local,
    member,
    rights,
)

DAY = Span(NOON, NOON + timedelta(hours=24))
WORLDS = 400


def offline_answer(held: Rights, span: Span, at: datetime) -> LocalDecision:
    """What a door with the list of this span would say at this moment."""
    door = held.door
    assert door is not None
    found = offline_rights(held, door, span)
    terms = Terms(
        "door-street", 1, span.start, span.end, SALT, held.space.zone.key, held.space.cut_off_minutes,
        closed_within(door, held.space, held.house, span),
    )  # fmt: skip
    pages = seal(terms, [named(template_of(one), hash_of(BADGE)) for one in found], SIGNING_KEY)
    opened = open_list(dict(enumerate(pages)), KEYS.public_key, "door-street")
    return decide_offline(opened, LIST_KEY, BADGE, CONTRACT, at)


@pytest.mark.parametrize("part", range(3))
def test_a_door_alone_answers_as_a_live_read_would_but_for_what_only_the_moment_knows(part: int):
    agreed = 0
    for seed in range(part * WORLDS, (part + 1) * WORLDS):
        chance = Random(seed)  # dice, not secrets
        read, held, at = world(chance)
        person, door = held.person, held.door
        if door is None:
            continue
        if person is not None and Right.EMERGENCY_ENTRY in person.rights:
            continue
        if (
            (door.pin is PinMode.REQUIRED or door.two_person)
            and person is not None
            and person.kind is not PersonKind.STAFF
        ):
            assert not offline_answer(held, Span(at, at + timedelta(hours=1)), at).admitted
            continue
        before = timedelta(seconds=chance.choice((0, 1, 3600, 40_000)))
        after = timedelta(seconds=chance.choice((1, 3600, 40_000, 700_000)))
        live = replace(
            read, read_at=at, received_at=at, age_s=0.0, retained=False, duplicate=False, direction="in",
            pin=PinEntry.RIGHT,
        )  # fmt: skip
        online = decide(live, held, at)
        assert isinstance(online, Granted | Denied)
        refused = [one for one in online.failed if one.step is not Step.SHARED] if isinstance(online, Denied) else []
        assert offline_answer(held, Span(at - before, at + after), at).admitted is not bool(refused), (seed, refused)
        agreed += 1
    assert agreed > WORLDS / 2


def kinds(held: Rights, span: Span = DAY) -> set[OfflineKind]:
    assert held.door is not None
    return {one.kind for one in offline_rights(held, held.door, span)}


@pytest.mark.parametrize("state", [CredentialState.LOST, CredentialState.BLOCKED])
def test_lost_and_blocked_badges_are_blocked_at_every_door(state: CredentialState):
    held = rights(member(), credential=badge_of(ALICE, state=state))

    assert kinds(held) == {OfflineKind.BLOCKED}


def test_whoever_is_banned_is_blocked():
    assert kinds(rights(member(), person=replace(ALICE, banned=True))) == {OfflineKind.BLOCKED}


def test_nobodys_badge_has_no_rights():
    assert offline_rights(rights(person=None), STREET, DAY) == ()


@pytest.mark.parametrize("change", [{"enabled": False}, {"in_maintenance": True}])
def test_a_door_out_of_service_lets_nobody_in(change: dict[str, bool]):
    door = replace(STREET, **change)  # type: ignore[arg-type]

    assert kinds(rights(member(), at=door, person=HOST)) == set()


@pytest.mark.parametrize("change", [{"pin": PinMode.REQUIRED}, {"two_person": True}])
def test_a_door_that_asks_for_more_than_a_badge_has_only_staff_and_emergency_entries(change: dict[str, object]):
    door = replace(STREET, **change)  # type: ignore[arg-type]
    brigade = replace(ALICE, rights=frozenset({Right.EMERGENCY_ENTRY}))

    assert kinds(rights(member(), at=door)) == set()
    assert kinds(rights(at=door, person=HOST)) == {OfflineKind.STAFF}
    assert kinds(rights(member(), at=door, person=brigade)) == {OfflineKind.EMERGENCY}


@pytest.mark.parametrize("mode", PinMode)
def test_a_pin_is_on_no_list_whatever_the_door_says_of_pins(mode):
    pin = Credential(badge_of(ALICE).id, ALICE.id, CredentialKind.PIN)

    assert kinds(rights(member(), credential=pin, at=replace(STREET, pin=mode))) == set()


def test_a_lease_is_good_around_the_clock_and_on_holidays():
    (held,) = offline_rights(rights(leases=(lease(),)), OFFICE_DOOR, DAY)

    assert (held.weekly, held.holidays) == (((0, 10080),), True)


def test_the_days_left_of_this_week_and_all_of_the_next_go_with_the_entry():
    week = Span(NOON, NOON + timedelta(days=7))
    used = replace(
        rights(member(TWO_DAYS)), usage=Usage(quota_days=frozenset({date(2026, 11, 22), date(2026, 11, 23)}))
    )

    found = offline_rights(used, STREET, week)

    monday = local("2026-11-30 04:00")
    assert {(one.days, one.since, one.until) for one in found} == {
        (1, None, monday),
        (2, monday, None),
        # Today is used already, and so is free; yesterday is over.
        (None, None, local("2026-11-24 04:00")),
    }


def test_today_given_back_is_free_and_takes_none_of_the_weeks_days():
    today = frozenset({date(2026, 11, 23)})
    back = replace(rights(member(TWO_DAYS)), usage=Usage(quota_days=today, free_days=today))

    found = offline_rights(back, STREET, DAY)

    assert {(one.days, one.until) for one in found} == {
        (2, None),
        (None, local("2026-11-24 04:00")),
    }


def test_who_pays_as_one_goes_is_let_in_and_the_bill_is_made_when_the_door_tells():
    payer = replace(ALICE, pays_as_you_go=True)

    assert {one.days for one in offline_rights(rights(member(TWO_DAYS), person=payer), STREET, DAY)} == {None}


def test_day_passes_left_are_days_at_the_door():
    held = replace(rights(), usage=Usage(day_passes_left=3))

    assert {one.days for one in offline_rights(held, STREET, DAY)} == {3}
    assert offline_rights(held, OFFICE_DOOR, DAY) == ()


def test_a_ticket_is_good_once_the_host_has_come_and_at_the_first_door_once():
    event = PublicEvent(
        EventId("talk"), "Talk", HOST.id, STREET.inner, (STREET.id,), NOON, NOON + timedelta(hours=2), 10,
        EventEntry.TICKET,
    )  # fmt: skip
    ticket = Ticket(TicketId("t1"), event.id, person=ALICE.id)

    def with_ticket(**more: object) -> Rights:
        begun = replace(event, host_entered_at=more.pop("host_entered_at", NOON))  # type: ignore[arg-type]
        return replace(rights(), tickets=(HeldTicket(ticket, begun, **more),))  # type: ignore[arg-type]

    (good,) = offline_rights(with_ticket(), STREET, DAY)
    assert good.once == ((NOON, NOON + timedelta(hours=2)),)
    assert offline_rights(with_ticket(host_entered_at=None), STREET, DAY) == ()
    assert offline_rights(with_ticket(is_inside=True), STREET, DAY) == ()
    assert offline_rights(with_ticket(heads=10), STREET, DAY) == ()


def test_who_needs_time_has_it_at_a_door_alone():
    (held,) = offline_rights(rights(member(), person=replace(ALICE, needs_time=True)), STREET, DAY)

    assert held.hold_s == 15.0


def test_what_outlives_the_list_says_no_end_and_what_ends_in_it_does():
    (lasting,) = offline_rights(rights(member(ends="2027-12-31")), STREET, DAY)
    (ending,) = offline_rights(rights(member(ends="2026-11-23")), STREET, DAY)
    valid = badge_of(ALICE, valid_from=NOON + timedelta(hours=1), valid_until=NOON + timedelta(hours=2))
    (badge,) = offline_rights(rights(member(), credential=valid), STREET, DAY)

    assert (lasting.since, lasting.until) == (None, None)
    assert ending.until == local("2026-11-24 04:00")
    assert (badge.since, badge.until) == (valid.valid_from, valid.valid_until)


def test_an_unpaid_plan_opens_nothing_from_the_day_its_grace_is_over():
    held = rights(member(due_since=date(2026, 11, 17), due_cents=100))

    (grace,) = offline_rights(held, STREET, Span(NOON, NOON + timedelta(days=3)))

    assert grace.until == local("2026-11-24 04:00")


def test_holidays_near_the_list_go_with_it():
    christmas = Span(local("2026-12-24 12:00"), local("2026-12-25 12:00"))

    assert closed_within(STREET, SPACE, rights().house, christmas) == (CHRISTMAS,)
    assert closed_within(STREET, SPACE, rights().house, DAY) == ()


def test_an_overnight_window_runs_on_past_its_day():
    nights = next(one for name, one in SPACE.schedules.items() if name == "nights")

    assert weekly_minutes(nights)[-1] == (6 * 1440 + 1320, 7 * 1440 + 120)


def test_a_plan_for_one_day_is_no_day_of_a_quota():
    (held,) = offline_rights(rights(member(DAY_PASS)), STREET, DAY)

    assert held == OfflineRight(OfflineKind.MEMBER, weekly_minutes(SPACE.schedules[SPACE.plans[FULL].schedule]))


def test_the_words_of_a_refusal_are_the_controllers_own():
    held = rights(member())
    late = offline_answer(held, DAY, local("2026-11-23 20:00"))

    assert late.reason.value == DenyReason.OUTSIDE_HOURS
