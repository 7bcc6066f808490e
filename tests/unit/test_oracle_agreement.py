"""`decide` against the oracle: an independent telling of the access rules, on many whole random worlds.

Where they differ, one of them has misread the text; the message of a failure says what was asked and what each said.
"""

import ast
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controller.domain.access import Denied, Granted, NeedsPin, decide
from controller.domain.access_steps import Step
from controller.domain.building import AtCapacity, Zone
from controller.domain.ids import PersonId
from controller.domain.membership import CredentialState
from controller.domain.rights import DenyReason, Rights
from controller.domain.shared import PinEntry, Shared
from controller.domain.usage import Charge
from tests.oracle.oracle import Told, answer
from tests.oracle.worlds import World, world

ORACLE = Path(__file__).parents[1] / "oracle"
WORLDS = 20_000
PARTS = 8  # so that they spread over the cores there are
LAW_WORLDS = 1_000
pytestmark = pytest.mark.law
random_worlds = st.randoms(use_true_random=False).map(world)

# A few of these are rare by nature; a run that never saw one would say nothing about it.
SEEN_AT_LEAST = 5
NEVER_AN_ANSWER = {DenyReason.LOG_UNAVAILABLE}


def worlds(of: str, count: int = LAW_WORLDS) -> Iterator[World]:
    """The same ones each time, a dozen for what a single one costs that can shrink."""
    chance = Random(of)
    for _ in range(count):
        yield world(chance)


def told_by(decision: Granted | Denied | NeedsPin) -> Told:
    """The decision in the oracle's words."""
    match decision:
        case NeedsPin():
            return ("needs_pin",)
        case Granted(grant=grant):
            return ("granted", str(grant.kind), grant.cost.name.lower(), grant.charge)
        case Denied(reason=reason, failed=failed):
            return ("denied", reason, [each.reason for each in failed])


def check(asked: World) -> Told:
    """Fail where the two disagree; else what both say."""
    ours, theirs = told_by(decide(*asked)), answer(*asked)
    assert ours == theirs, (
        f"decide says {ours}, the oracle says {theirs}\nabout {asked.at}: {asked.read}\n{asked.rights}"
    )
    return ours


@pytest.mark.parametrize("part", range(PARTS))
def test_decide_agrees_with_the_oracle_on_20_000_random_worlds(part: int) -> None:
    chance = Random(f"access rules, part {part}")
    for _ in range(WORLDS // PARTS):
        check(world(chance))


@settings(max_examples=100, deadline=None)
@given(random_worlds)
def test_decide_agrees_with_the_oracle_and_a_disagreement_shrinks(asked: World) -> None:
    check(asked)


def test_the_random_worlds_reach_every_reason_and_every_way_in() -> None:
    chance = Random("what there is to see")
    seen: Counter[object] = Counter()
    for _ in range(6_000):
        told = answer(*world(chance))
        seen.update(told[2] if told[0] == "denied" else told[:3])
        if told[0] == "granted" and isinstance(told[-1], Charge):
            seen[told[-1].kind] += 1

    rare = {each: seen[each] for each in set(DenyReason) - NEVER_AN_ANSWER if seen[each] < SEEN_AT_LEAST}

    assert rare == {}
    kinds = ("staff", "lease", "booking", "event", "plan", "guest", "visiting", "pay_as_you_go", "exit")
    assert [kind for kind in kinds if seen[kind] < SEEN_AT_LEAST] == []
    charges = ("quota_day", "day_pass", "guest_day", "visit_day", "pay_as_you_go")
    assert [charge for charge in charges if seen[charge] < SEEN_AT_LEAST] == []


def test_the_next_time_that_is_told_is_the_first_at_which_the_oracle_lets_them_in() -> None:
    """By waiting alone: as if nobody else were there, and the PIN were right."""
    chance = Random("the next time it would work")
    told = 0
    for _ in range(6_000):
        asked = world(chance)
        decision = decide(*asked)
        if not isinstance(decision, Denied) or decision.miss is None or decision.miss.next_time is None:
            continue
        at, works = asked.at, decision.miss.next_time
        live = replace(asked.read, age_s=0.1, direction="in", pin=PinEntry.RIGHT)
        alone = replace(asked.rights, shared=Shared(first_person=PersonId("somebody")))
        told += 1

        assert answer(live, _without_limits(alone), works)[0] == "granted", f"{works} for {decision}\n{asked}"
        if decision.reason is not DenyReason.ANTI_PASSBACK and decision.failed[-1].step is not Step.SHARED:
            # A microsecond before at the latest, so that nothing rounds up to the very moment.
            for waited in (at + chance.random() * (works - at - timedelta(microseconds=1)) for _ in range(3)):
                assert answer(live, alone, waited)[0] == "denied", f"{waited}, before {works}, for {decision}\n{asked}"

    assert told > 300


def _without_limits(rights: Rights) -> Rights:
    zones = {id: Zone(id) for id in rights.space.zones}
    return replace(rights, space=replace(rights.space, zones=zones))


def test_the_oracle_knows_values_and_nothing_that_decides() -> None:
    values = {"building", "holdings", "house", "ids", "membership", "rights", "schedule", "shared", "usage"}
    for file in ORACLE.glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.ImportFrom) and str(node.module).startswith("controller"):
                assert str(node.module).removeprefix("controller.domain.") in values, f"{file.name}: {node.module}"
                # Of schedules only the values: when one is open is for the oracle to find out.
                names = {each.name for each in node.names}
                assert not node.module.endswith("schedule") or names <= {"WeeklySchedule", "Window"}  # type: ignore[union-attr]


# --- laws that need no oracle -------------------------------------------------------------------------


def test_no_exit_is_ever_denied() -> None:
    for asked in worlds("exits"):
        read = replace(asked.read, direction="out", retained=False, duplicate=False, age_s=0.2)
        rights = replace(asked.rights, door=asked.rights.door or next(iter(asked.rights.space.doors.values())))

        assert isinstance(decide(read, rights, asked.at), Granted), asked


@pytest.mark.parametrize("state", [CredentialState.BLOCKED, CredentialState.LOST])
def test_a_blocked_or_lost_badge_is_never_granted_an_entry(state: CredentialState) -> None:
    for asked in worlds(f"{state} badges"):
        if asked.rights.credential is None:
            continue
        rights = replace(asked.rights, credential=replace(asked.rights.credential, state=state))

        assert isinstance(decide(replace(asked.read, direction="in"), rights, asked.at), Denied), asked


@pytest.mark.parametrize(
    "spoiled", [{"retained": True}, {"duplicate": True}, {"age_s": 6.0}], ids=["retained", "duplicate", "old"]
)
def test_no_read_that_is_not_live_opens_anything_in_either_direction(spoiled: dict[str, bool | float]) -> None:
    for asked in worlds(f"not live: {spoiled}"):
        decision = decide(replace(asked.read, **spoiled), asked.rights, asked.at)  # type: ignore[arg-type]

        assert isinstance(decision, Denied), asked
        assert decision.is_ignored, asked


def test_a_ban_a_full_zone_and_a_late_bill_are_never_excused_by_what_else_is_held() -> None:
    for asked in worlds("no excuse"):
        person = asked.rights.person
        if person is None:
            continue
        banned = replace(asked.rights, person=replace(person, banned=True))
        zones = {id: replace(z, capacity=0, at_capacity=AtCapacity.DENY) for id, z in asked.rights.space.zones.items()}
        full = replace(asked.rights, space=replace(asked.rights.space, zones=zones))
        read = replace(asked.read, direction="in")

        assert not isinstance(decide(read, banned, asked.at), Granted), asked
        door = full.door
        if door is not None and full.space.areas[door.inner].zones - _zones_before(full.space.areas, door.outer):
            assert not isinstance(decide(read, full, asked.at), Granted), asked


def _zones_before(areas: object, outer: object) -> frozenset[str]:
    known = areas.get(outer)  # type: ignore[attr-defined]
    return known.zones if known is not None else frozenset()


def test_asked_again_about_the_same_world_it_says_the_same() -> None:
    for asked in worlds("asked again", 500):
        assert decide(*asked) == decide(*asked), asked


def test_the_order_in_which_things_are_held_never_decides() -> None:
    """Neither whether somebody comes in, nor what it costs."""
    for asked in worlds("order"):
        held = asked.rights
        turned = replace(
            held,
            memberships=held.memberships[::-1],
            bookings=held.bookings[::-1],
            tickets=held.tickets[::-1],
        )
        one, other = told_by(decide(*asked)), told_by(decide(asked.read, turned, asked.at))

        assert one[:3] == other[:3], asked


def test_a_second_is_enough_to_change_the_answer_at_an_edge() -> None:
    """Or the random worlds would never stand near one."""
    chance = Random("edges")
    changed = 0
    for _ in range(2_000):
        asked = world(chance)
        before, after = (answer(asked.read, asked.rights, asked.at + n * timedelta(seconds=1)) for n in (-1, 1))
        changed += before != after

    assert changed > 100
