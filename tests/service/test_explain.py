"""A decision explained: the same answer the door would give, in words, and when it would be another."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from controller.domain.access import Step
from controller.domain.building import Door
from controller.domain.membership import CredentialState, PersonKind, Standing
from controller.services.access_index import AccessIndex
from controller.services.explain import STEPS, Explanation, explain
from controller.services.ports import RegistrySnapshot
from controller.services.wording import Wording
from tests.support.services import ALICE, ALICES_BADGE, NOON, PEOPLE, SPACE, STREET

(DIGEST,) = PEOPLE.digests
NIGHT = NOON + timedelta(hours=11)  # 23:00


def asked(people: RegistrySnapshot = PEOPLE, door: Door = STREET, at=NOON, digest: bytes = DIGEST) -> Explanation:
    index = AccessIndex(SPACE, people)
    wording = Wording(lambda: SPACE, lambda: people.people)
    return explain(index.rights(door, digest), door, at, index.version, wording, asked_at=NOON)


def test_who_would_be_let_in_and_by_what():
    answer = asked()

    assert answer.is_granted
    assert answer.text.splitlines() == [
        "Alice would be let in at Street door, today 12:00: plan Full-time.",
        "The door would stay unlocked for 5 s.",
        "Decided by version v1 of the space and 7 of the people.",
    ]


def test_who_would_be_refused_and_when_it_would_work():
    answer = asked(at=NIGHT)

    assert not answer.is_granted
    assert answer.text.splitlines()[0] == (
        "Alice would be refused at Street door, today 23:00: "
        "the plan does not cover this hour; it would work from tomorrow 09:00."
    )
    assert "Waiting" not in answer.text


def test_tomorrow_is_the_day_after_the_question_not_after_the_moment_asked_about():
    answer = asked(at=NIGHT + timedelta(days=2))  # Wednesday, asked on Monday

    assert answer.text.splitlines()[0].startswith("Alice would be refused at Street door, Wed 23:00")
    assert "it would work from Thu 09:00" in answer.text


def test_every_step_of_a_decision_has_a_name():
    assert set(STEPS) == set(Step)


def test_everything_else_that_stands_in_the_way_is_told_in_order():
    blocked = replace(ALICES_BADGE, state=CredentialState.BLOCKED)
    unpaid = replace(PEOPLE.memberships[ALICE.id][0], standing=Standing.OVERDUE)
    people = replace(PEOPLE, credentials={blocked.id: blocked}, memberships={ALICE.id: (unpaid,)})

    lines = asked(people, at=NIGHT).text.splitlines()

    assert lines[0].endswith("this badge is blocked.")
    assert lines[1:3] == [
        "Also, about the person: a payment is overdue.",
        "Also, about what they may do: the plan does not cover this hour.",
    ]
    assert "Waiting would not change that." in lines


def test_an_unknown_badge_has_no_name():
    answer = asked(digest=b"never enrolled")

    assert answer.text.startswith("This badge would be refused at Street door")
    assert answer.plain["person"] is None


@pytest.mark.parametrize("kind", [PersonKind.STAFF, PersonKind.MEMBER], ids=str)
@pytest.mark.parametrize("at", [NOON, NIGHT], ids=["noon", "night"])
def test_the_plain_answer_is_what_a_script_can_read(kind, at):
    answer = asked(replace(PEOPLE, people={ALICE.id: replace(ALICE, kind=kind)}), at=at)

    plain = json.loads(json.dumps(answer.plain))
    assert plain["answer"] == ("granted" if answer.is_granted else "denied")
    assert (plain["person"], plain["door"], plain["at"]) == ("alice", "street", at.isoformat())
    assert answer.is_granted is (kind is PersonKind.STAFF or at is NOON)
    assert "reader" not in plain
