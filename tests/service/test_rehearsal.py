"""A rehearsal tells who would have been refused, or let in, had another space file counted, and nothing else."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest

from controller.domain.access import Denied, DenyReason, Granted, NeedsPin, Read, Rights, decide
from controller.domain.building import Space
from controller.domain.facts import Fact, FactKind
from controller.domain.ids import CredentialId, DeviceId, DoorId, PersonId, PlanId
from controller.domain.membership import Credential, Membership, Person, PersonKind
from controller.domain.usage import Usage
from controller.services.entry.decisions import decision_fact
from controller.services.policy.rehearsal import NotReplayed, Outcome, Rehearsal, grouped, rehearse, rehearse_log
from controller.services.ports import LoggedFact
from controller.space import parse
from tests.oracle.worlds import world

FILE = """\
natoma: 1
id: small
name: Small
zone: Europe/Paris
floors:
  ground: {size: [10, 8]}
areas:
  lobby: {outline: [0, 0, 5, 8], zones: [house]}
  hall: {outline: [5, 0, 5, 8], zones: [inner]}
doors:
  front: {from: outside, to: lobby}
  middle: {from: lobby, to: hall}
schedules:
  day: mon-fri 08:00-18:00
plans:
  full: {where: [house, inner], schedule: day}
  lobby: {where: house, schedule: always}
"""
NOON = datetime(2026, 11, 23, 11, 0, tzinfo=UTC)  # a Monday; 12:00 in Paris
EVENING = NOON + timedelta(hours=8)
ALICE = Person(PersonId("alice"), "Alice")
BOB = Person(PersonId("bob"), "Bob")
FULL = (Membership(ALICE.id, PlanId("full"), NOON.date()),)
FRONT, MIDDLE = DoorId("front"), DoorId("middle")


def recorded(
    person: Person | None = ALICE,
    door: DoorId = FRONT,
    at: datetime = NOON,
    *,
    under: str = FILE,
    memberships: Sequence[Membership] = FULL,
    **more: Any,
) -> Fact:
    """A read as the service decides it and the log gives it back."""
    space = parse(under)
    read = Read(DeviceId(f"door-{door}"), f"m-{at.timestamp()}-{door}", at, at, 0.0)
    credential = Credential(CredentialId("c"), person.id) if person is not None else None
    held = tuple(memberships) if person is not None else ()
    rights = Rights(space, space.doors[door], credential, person, held, **more)
    decision = decide(read, rights, at)
    assert isinstance(decision, Granted | Denied)
    return as_logged(decision_fact(read, rights, decision, 7, None))


def as_logged(fact: Fact) -> Fact:
    return replace(fact, detail=_frozen(json.loads(json.dumps(fact.detail))))


def _frozen(value: Any) -> Any:
    if isinstance(value, list):
        return tuple(map(_frozen, value))
    return {key: _frozen(one) for key, one in value.items()} if isinstance(value, dict) else value


def asked_of(new: str, *facts: Fact) -> Rehearsal:
    return rehearse(facts, parse(new))


def test_the_same_policy_answers_every_read_the_same() -> None:
    found = asked_of(FILE, recorded(), recorded(at=EVENING), recorded(None), recorded(BOB, memberships=()))

    assert (found.replayed, found.differences, dict(found.not_replayed)) == (4, [], {})
    assert found.counts[Outcome.SAME] == 4


def test_who_would_have_been_refused_is_told_with_what_let_them_in_and_why_not() -> None:
    shorter = FILE.replace("mon-fri 08:00-18:00", "mon-fri 08:00-11:30")

    (one,) = asked_of(shorter, recorded()).differences

    assert (one.outcome, one.person, one.door, one.at) == (Outcome.REFUSED, "alice", "front", NOON)
    assert (one.before.what, one.before.detail["via"]) == ("plan", "full")
    assert (one.after.what, one.after.is_granted) == (DenyReason.OUTSIDE_HOURS, False)


def test_who_would_have_been_let_in_is_told_with_what_refused_them() -> None:
    longer = FILE.replace("08:00-18:00", "08:00-22:00")

    (one,) = asked_of(longer, recorded(at=EVENING)).differences

    assert (one.outcome, one.before.what, one.after.what) == (Outcome.LET_IN, "outside_hours", "plan")


def test_a_holiday_that_was_not_one_refuses() -> None:
    found = asked_of(FILE + "holidays: {2026-11-23: A day off}\n", recorded(), recorded(at=NOON + timedelta(days=1)))

    assert [one.outcome for one in found.differences] == [Outcome.REFUSED]


def test_a_holiday_of_another_zone_refuses_nobody() -> None:
    closed = FILE + "holidays: {2026-11-23: {name: Cleaning, zones: [inner]}}\n"

    found = asked_of(closed, recorded(door=FRONT), recorded(door=MIDDLE))

    assert [(one.door, one.outcome) for one in found.differences] == [(MIDDLE, Outcome.REFUSED)]


def test_the_days_used_then_count_against_the_new_quota() -> None:
    monday = NOON.date()
    used = Usage(quota_days=frozenset({monday, monday + timedelta(days=1)}))
    wednesday = NOON + timedelta(days=2)
    two_days = FILE.replace("schedule: day}", "schedule: day, days_per_week: 2}")

    (one,) = asked_of(two_days, recorded(at=wednesday, usage=used)).differences

    assert (one.outcome, one.after.what) == (Outcome.REFUSED, DenyReason.QUOTA_USED_UP)


def test_another_plan_that_would_have_let_them_in_is_another_grant_and_no_refusal() -> None:
    both = (*FULL, Membership(ALICE.id, PlanId("lobby"), NOON.date()))
    shorter = FILE.replace("mon-fri 08:00-18:00", "mon-fri 08:00-11:30")

    (one,) = asked_of(shorter, recorded(memberships=both)).differences

    assert (one.outcome, one.after.detail["via"]) == (Outcome.OTHER_GRANT, "lobby")


def test_a_refusal_for_another_reason_is_told_apart() -> None:
    (one,) = asked_of(
        FILE.replace("where: [house, inner], schedule: day", "where: inner"), recorded(at=EVENING)
    ).differences

    assert (one.outcome, one.before.what, one.after.what) == (Outcome.OTHER_REASON, "outside_hours", "no_right")


def test_a_door_that_would_ask_for_a_pin_is_no_refusal() -> None:
    (one,) = asked_of(FILE.replace("to: lobby}", "to: lobby, pin: required}"), recorded()).differences

    assert (one.outcome, one.after.what) == (Outcome.ASKED_PIN, "enter_pin")


def test_staff_are_let_in_by_any_policy_with_the_door() -> None:
    staff = replace(ALICE, kind=PersonKind.STAFF)
    closed = FILE.replace("mon-fri 08:00-18:00", "sun 01:00-02:00").replace("to: hall}", "to: hall, staff_only: true}")

    assert asked_of(closed, recorded(staff), recorded(staff, MIDDLE)).differences == []


def test_a_badge_nobody_knows_is_refused_by_any_policy_and_needs_no_inputs() -> None:
    fact = recorded(None)

    assert "inputs" not in fact.detail
    assert asked_of(FILE, fact).replayed == 1


@pytest.mark.parametrize(
    ("fact", "why"),
    [
        pytest.param(
            replace(recorded(), detail={k: v for k, v in recorded().detail.items() if k != "inputs"}),
            NotReplayed.NO_INPUTS,
            id="recorded before inputs were kept",
        ),
        pytest.param(
            replace(recorded(), detail={**recorded().detail, "inputs": {"person": {"id": 7}}}),
            NotReplayed.UNREADABLE,
            id="damaged",
        ),
        pytest.param(replace(recorded(), door=DoorId("attic")), NotReplayed.NO_SUCH_DOOR, id="door that is gone"),
        pytest.param(
            replace(recorded(at=EVENING), detail={**recorded(at=EVENING).detail, "reason": "log_unavailable"}),
            NotReplayed.ANOTHER_CAUSE,
            id="refused by a full disk",
        ),
    ],
)
def test_a_read_that_cannot_be_asked_again_is_counted_with_the_reason(fact: Fact, why: NotReplayed) -> None:
    found = asked_of(FILE, fact, recorded())

    assert (found.replayed, dict(found.not_replayed), found.differences) == (1, {why: 1}, [])


def test_what_is_no_decision_is_no_read() -> None:
    found = asked_of(FILE, Fact(FactKind.DOOR_OPENED, NOON, door=FRONT), Fact(FactKind.READ_IGNORED, NOON, door=FRONT))

    assert (found.replayed, found.not_replayed) == (0, {})


def test_the_same_difference_of_one_person_at_one_door_is_one_line_with_a_count() -> None:
    shorter = FILE.replace("mon-fri 08:00-18:00", "mon-fri 08:00-11:30")
    later = NOON + timedelta(days=1)

    first, second = grouped(asked_of(shorter, recorded(), recorded(at=later), recorded(door=MIDDLE)).differences)

    assert (first.door, first.times, first.first, first.last) == (FRONT, 2, NOON, later)
    assert (second.door, second.times) == (MIDDLE, 1)


def test_refusals_come_first_and_the_most_frequent_before_the_rare() -> None:
    shifted = FILE.replace("mon-fri 08:00-18:00", "mon-fri 14:00-22:00")
    facts = [
        recorded(at=EVENING),
        recorded(),
        recorded(door=MIDDLE),
        recorded(door=MIDDLE, at=NOON + timedelta(minutes=1)),
    ]

    groups = grouped(asked_of(shifted, *facts).differences)

    assert [(one.outcome, one.door, one.times) for one in groups] == [
        (Outcome.REFUSED, MIDDLE, 2),
        (Outcome.REFUSED, FRONT, 1),
        (Outcome.LET_IN, FRONT, 1),
    ]


class Pages:
    """A log that gives no more at a time than it is asked for."""

    def __init__(self, facts: Sequence[Fact]) -> None:
        self.facts = [LoggedFact(n, fact) for n, fact in enumerate(facts, start=1)]
        self.given = 0

    async def after(self, position: int, limit: int = 500) -> list[LoggedFact]:
        found = self.facts[position : position + limit]
        self.given += len(found)
        return found

    async def latest(self, limit: int = 200) -> list[LoggedFact]:
        return self.facts[-limit:]


async def test_only_the_days_asked_for_are_read_from_a_long_log() -> None:
    fact = recorded()
    log = Pages([replace(fact, at=NOON + timedelta(minutes=n)) for n in range(10_000)])
    policy: Space = parse(FILE)

    found = await rehearse_log(log, policy, NOON + timedelta(minutes=9_900))

    assert found.replayed == 100
    assert log.given < 2_000, "the log is searched, not read from its beginning"


async def test_an_empty_log_has_nothing_to_ask() -> None:
    assert (await rehearse_log(Pages([]), parse(FILE), NOON)).replayed == 0


def test_the_policy_that_decided_decides_the_same_again_for_whatever_was_held() -> None:
    """Through the log and back, on random worlds: a difference is always the new policy's doing."""
    chance = Random("rehearsal")
    asked = 0
    for _ in range(500):
        read, rights, at = world(chance)
        door = rights.door
        if door is None or rights.space.doors.get(door.id) != door or read.retained or read.duplicate or read.age_s > 5:
            continue
        read = replace(read, received_at=at)
        decision = decide(read, rights, at)
        if isinstance(decision, NeedsPin):
            continue
        found = rehearse([as_logged(decision_fact(read, rights, decision, 7, None))], rights.space)
        assert (found.replayed, found.differences) == (1, []), (read, rights, decision)
        asked += 1
    assert asked > 300
