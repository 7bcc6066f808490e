"""A decision explained: the same answer the door would give, every step of it, and when it would be another."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from controller.domain.access import Read, Step, decide
from controller.domain.building import Space
from controller.domain.facts import Fact
from controller.domain.holdings import Booking
from controller.domain.house import HouseState, Lockdown, Scope
from controller.domain.ids import AreaId, BookingId, CredentialId, DeviceId, DoorId, PersonId, PlanId, TeamId
from controller.domain.membership import Credential, CredentialState, Lease, Membership, Person, PersonKind, Standing
from controller.domain.reservations import usage_of
from controller.domain.rights import Rights
from controller.domain.shared import Position, Shared
from controller.domain.sources import CHEAPEST_FIRST
from controller.domain.usage import Charge, ChargeKind, LedgerEntry, LedgerRow, Usage
from controller.services.entry.decisions import decision_fact
from controller.services.policy.explain import (
    SOURCES,
    STEPS_IN_WORDS,
    USES,
    Explanation,
    explain,
    explain_recorded,
    name_of,
)
from controller.services.screens.wording import Wording
from controller.space import parse

FILE = """\
natoma: 1
id: small
name: Small
zone: Europe/Paris
floors:
  ground: {size: [10, 8]}
areas:
  lobby: {name: Lobby, outline: [0, 0, 5, 8], zones: [house]}
  office: {name: Office, outline: [5, 0, 5, 8], room: meeting}
doors:
  street: {name: Street door, from: outside, to: lobby}
  office: {name: Office door, from: lobby, to: office}
schedules:
  day: mon-fri 09:00-18:00
plans:
  full: {name: Full-time, where: house, schedule: day}
  two: {name: Two days, where: house, schedule: day, days_per_week: 2}
"""
SPACE = parse(FILE)
STREET, OFFICE = DoorId("street"), DoorId("office")
NOON = datetime(2026, 11, 23, 11, 0, tzinfo=UTC)  # a Monday; 12:00 in Paris
NIGHT = NOON + timedelta(hours=11)  # 23:00
ALICE = Person(PersonId("alice"), "Alice", team=TeamId("rocket"))
BADGE = Credential(CredentialId("c1"), ALICE.id)
FULL = Membership(ALICE.id, PlanId("full"), NOON.date())
TWO = Membership(ALICE.id, PlanId("two"), NOON.date())


def rights(
    *held: Membership, door: DoorId = STREET, person: Person | None = ALICE, space: Space = SPACE, **more: Any
) -> Rights:
    credential = more.pop("credential", BADGE if person is not None else None)
    return Rights(space, space.doors[door], credential, person, held, **more)


def wording(space: Space = SPACE) -> Wording:
    return Wording(lambda: space, lambda: {ALICE.id: ALICE})


def asked(known: Rights, at: datetime = NOON, unknown: Sequence[str] = ()) -> Explanation:
    assert known.door is not None
    return explain(known, known.door, at, 7, wording(known.space), asked_at=NOON, unknown=unknown)


def test_coming_again_on_a_day_that_was_given_back_uses_nothing_and_says_so():
    day = Charge(ChargeKind.QUOTA_DAY, ALICE.id, NOON.date(), plan=TWO.plan)
    rows = [
        LedgerRow(LedgerEntry.USED, day, NOON),
        LedgerRow(LedgerEntry.REFUNDED, day, NOON, -1, "hera", "no heating"),
    ]
    known = rights(TWO, usage=usage_of(rows, (), NOON.date()))

    assert "  plan Two days: uses nothing — taken" in asked(known).text.splitlines()


def test_a_day_given_back_is_none_of_the_days_of_the_week_when_the_next_time_is_told():
    monday, night = NOON.date(), NIGHT + timedelta(days=1)
    both = frozenset({monday, monday + timedelta(days=1)})
    used = rights(TWO, usage=Usage(quota_days=both))
    back = rights(TWO, usage=Usage(quota_days=both, free_days=frozenset({monday + timedelta(days=1)})))

    assert "it would work from Mon 30 Nov 2026 09:00" in asked(used, night).text
    assert "it would work from Wed 09:00" in asked(back, night).text


def test_who_would_be_let_in_is_told_with_every_step_and_what_it_uses():
    answer = asked(rights(FULL))

    assert answer.is_granted
    assert answer.text.splitlines() == [
        "Alice would be let in at Street door, today 12:00: plan Full-time.",
        "The door would stay unlocked for 5 s.",
        "Step by step:",
        "  message         passes",
        "  door            passes",
        "  badge           passes",
        "  PIN             not asked for",
        "  person          passes",
        "  lockdown        passes",
        "  what they hold  passes: plan Full-time",
        "  who is inside   passes",
        "What opens this door for them, the cheapest first:",
        "  plan Full-time: uses nothing — taken",
        f"Decided by version {SPACE.version} of the space and 7 of the people.",
    ]


def test_who_would_be_refused_is_told_when_it_would_work():
    answer = asked(rights(FULL), NIGHT)

    assert not answer.is_granted
    assert answer.text.splitlines()[0] == (
        "Alice would be refused at Street door, today 23:00: "
        "the plan does not cover this hour; it would work from tomorrow 09:00."
    )
    assert "Waiting" not in answer.text
    assert "  what they hold  fails: the plan does not cover this hour" in answer.text
    assert answer.text.splitlines()[-3:-1] == [
        "What they hold does not open it:",
        "  membership: the plan does not cover this hour",
    ]


def test_tomorrow_is_the_day_after_the_question_not_after_the_moment_asked_about():
    answer = asked(rights(FULL), NIGHT + timedelta(days=2))  # Wednesday, asked on Monday

    assert answer.text.splitlines()[0].startswith("Alice would be refused at Street door, Wed 23:00")
    assert "it would work from Thu 09:00" in answer.text


def test_of_several_grants_the_cheapest_is_taken_and_the_others_are_told():
    lease = Lease(TeamId("rocket"), AreaId("office"), NOON.date())

    lines = asked(rights(FULL, TWO, leases=(lease,))).text.splitlines()

    start = lines.index("What opens this door for them, the cheapest first:")
    assert lines[start + 1 : start + 3] == [
        "  lease of Office: uses nothing — taken, since it costs the least",
        "  plan Full-time: uses nothing",
    ]


def test_what_an_entry_would_use_is_told():
    assert "plan Two days: uses one of the plan's days — taken" in asked(rights(TWO)).text


def test_a_week_that_is_used_up_is_told_with_the_next_free_day():
    monday = NOON.date()
    used = Usage(quota_days=frozenset({monday, monday + timedelta(days=1)}))

    answer = asked(rights(TWO, usage=used), NOON + timedelta(days=2))

    assert answer.text.splitlines()[0].endswith(
        "the days of this week are used up; it would work from Mon 30 Nov 2026 09:00."
    )
    assert "  membership: the days of this week are used up" in answer.text


def test_a_booking_that_has_not_begun_is_told_beside_what_else_is_held():
    booking = Booking(BookingId("b"), AreaId("office"), NOON + timedelta(hours=2), NOON + timedelta(hours=3), ALICE.id)

    answer = asked(rights(FULL, door=OFFICE, bookings=(booking,)))

    assert "the booking has not begun; it would work from today 13:50." in answer.text.splitlines()[0]
    assert "  booking: the booking has not begun" in answer.text


def test_everything_else_that_stands_in_the_way_is_told_in_order():
    blocked = replace(BADGE, state=CredentialState.BLOCKED)
    unpaid = replace(FULL, standing=Standing.OVERDUE)

    lines = asked(rights(unpaid, credential=blocked), NIGHT).text.splitlines()

    assert lines[0].endswith("this badge is blocked.")
    assert lines[1:3] == ["But for that: the plan does not cover this hour.", "Waiting would not change that."]
    assert [line.split("  ")[1].strip() for line in lines if "fails:" in line] == ["badge", "person", "what they hold"]
    assert "  person          fails: a payment is overdue" in lines


def test_a_lockdown_is_a_step_of_its_own():
    house = HouseState(lockdowns=(Lockdown("l1", Scope(), NOON, PersonId("zoe"), "a drill"),))

    answer = asked(rights(FULL, house=house))

    assert "  lockdown        fails: there is a lockdown" in answer.text
    assert "  what they hold  passes: plan Full-time" in answer.text
    assert "taken" not in answer.text, "nothing is taken by who is refused"


def test_who_is_inside_is_a_step_of_its_own():
    hard = parse(FILE + "zones: {house: {passback: hard}}\n")
    shared = Shared(positions={"house": Position.IN})  # type: ignore[dict-item]

    answer = asked(rights(FULL, space=hard, shared=shared))

    assert "  who is inside   fails: this badge is inside already" in answer.text


def test_what_staff_are_told_although_it_refuses_nobody_is_told():
    soft = parse(FILE + "zones: {house: {passback: soft}}\n")
    shared = Shared(positions={"house": Position.IN})  # type: ignore[dict-item]

    answer = asked(rights(FULL, space=soft, shared=shared))

    assert answer.is_granted
    assert "  who is inside   passes, and staff are told: this badge is inside already" in answer.text


def test_a_door_that_asks_for_a_pin_is_explained_for_the_right_one():
    keypad = parse(FILE.replace("to: lobby}", "to: lobby, pin: required}"))

    answer = asked(rights(FULL, space=keypad))

    assert answer.is_granted
    assert "The door asks for a PIN first; this is the answer to the right one." in answer.text
    assert "  PIN             passes" in answer.text
    assert answer.plain["asks_pin"] is True


def test_an_unknown_badge_has_no_name_and_no_steps_about_a_person():
    answer = asked(rights(person=None))

    assert answer.text.startswith("This badge would be refused at Street door")
    assert answer.plain["person"] is None
    assert "  person          not asked: nobody is known by this badge" in answer.text


def test_what_nobody_can_know_is_said():
    answer = asked(rights(FULL), unknown=("where people will be then",))

    assert "Not known here, and taken to be in order: where people will be then." in answer.text


@pytest.mark.parametrize("kind", [PersonKind.STAFF, PersonKind.MEMBER], ids=str)
@pytest.mark.parametrize("at", [NOON, NIGHT], ids=["noon", "night"])
def test_the_plain_answer_is_what_a_script_can_read(kind: PersonKind, at: datetime):
    answer = asked(rights(FULL, person=replace(ALICE, kind=kind)), at)

    plain = json.loads(json.dumps(answer.plain))
    assert plain["answer"] == ("granted" if answer.is_granted else "denied")
    assert (plain["person"], plain["door"], plain["at"]) == ("alice", "street", at.isoformat())
    assert answer.is_granted is (kind is PersonKind.STAFF or at is NOON)
    assert [one["step"] for one in plain["steps"]] == [str(step) for step in Step]
    assert not {"reader", "inputs"} & set(plain)


def test_every_step_every_source_and_every_use_has_its_words():
    assert set(STEPS_IN_WORDS) == set(Step)
    assert set(SOURCES) == {name_of(source) for _, source in CHEAPEST_FIRST}
    assert set(USES) == set(ChargeKind)


# --- what was recorded ----------------------------------------------------------------------------


def recorded(known: Rights, at: datetime = NOON) -> Fact:
    read = Read(DeviceId("door-street"), "m1", at, at, 0.0)
    fact = decision_fact(read, known, decide(read, known, at), 7, None)  # type: ignore[arg-type]
    return replace(fact, detail=_frozen(json.loads(json.dumps(fact.detail))))


def _frozen(value: Any) -> Any:
    if isinstance(value, list):
        return tuple(map(_frozen, value))
    return {key: _frozen(one) for key, one in value.items()} if isinstance(value, dict) else value


def looked_up(fact: Fact, policy: Space | None = SPACE) -> Explanation:
    return explain_recorded(fact, policy, SPACE.zone, wording(), asked_at=NOON + timedelta(days=3))


def test_a_recorded_read_is_explained_from_what_it_was_decided_from():
    answer = looked_up(recorded(rights(FULL), NIGHT))

    lines = answer.text.splitlines()
    assert lines[0] == (
        "Alice was refused at Street door, Mon 23 Nov 2026 23:00: "
        "the plan does not cover this hour; it would work from Tue 24 Nov 2026 09:00."
    )
    assert "  what they hold  fails: the plan does not cover this hour" in lines
    assert lines[-1] == f"Decided by version {SPACE.version} of the space and 7 of the people."
    assert not answer.is_granted


def test_a_recorded_grant_is_explained_by_the_policy_of_its_time_not_of_today():
    changed = parse(FILE.replace("09:00-18:00", "13:00-18:00"))

    answer = explain_recorded(recorded(rights(FULL)), SPACE, changed.zone, wording(changed), asked_at=NOON)

    assert answer.is_granted
    assert "  plan Full-time: uses nothing — taken" in answer.text


def test_a_policy_that_is_not_kept_any_more_is_said_and_what_the_log_has_is_told():
    unpaid = replace(FULL, standing=Standing.OVERDUE)

    answer = looked_up(recorded(rights(unpaid), NIGHT), None)

    assert f"Version {SPACE.version} of the space, by which this was decided, is not kept here." in answer.text
    assert "Also, about the what they hold" not in answer.text
    assert "Also, about what they hold: the plan does not cover this hour." in answer.text


def test_a_read_recorded_without_its_inputs_is_told_as_far_as_the_log_goes():
    fact = recorded(rights(FULL), NIGHT)
    fact = replace(fact, detail={key: value for key, value in fact.detail.items() if key != "inputs"})

    assert "What it was decided from was not kept." in looked_up(fact).text


def test_damaged_inputs_are_said_and_stop_nothing():
    fact = recorded(rights(FULL), NIGHT)

    text = looked_up(replace(fact, detail={**fact.detail, "inputs": {"person": 7}})).text

    assert "cannot be read by this version of Natoma" in text
    assert text.startswith("Alice was refused")


def test_an_unknown_badge_of_the_log_is_explained_too():
    answer = looked_up(recorded(rights(person=None)))

    assert "  badge           fails: this badge is not known here" in answer.text


def test_an_answer_that_the_program_would_not_give_any_more_is_said():
    fact = recorded(rights(FULL), NIGHT)
    otherwise = replace(fact, detail={**fact.detail, "reason": "quota_used_up"})

    assert "This version of Natoma would refuse: the plan does not cover this hour." in looked_up(otherwise).text
