"""A policy rehearsed before it counts: recorded reads, decided again with all they were decided from.

Every read is asked of both policies with the same inputs, so what differs is the policy's doing alone. Who would have
come back an hour later, or gone to another door, nobody can know: usage and whereabouts are those of that day.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from controller.domain.access import DenyReason, Granted, NeedsPin, decide
from controller.domain.building import Space
from controller.domain.facts import Fact, FactKind, Plain
from controller.domain.ids import DoorId, PersonId
from controller.services.entry.decisions import decision_fact
from controller.services.policy.log_pages import Recorded, facts_since
from controller.services.policy.plain_values import UnreadableError
from controller.services.policy.replay import read_from, rights_from

ENTER_PIN = "enter_pin"
"""What a door that wants a PIN answers a badge."""

DECISIONS = frozenset({FactKind.ENTRY_GRANTED, FactKind.ENTRY_DENIED})


class Outcome(StrEnum):
    """What another policy would have made of a read."""

    LET_IN = "let_in"  # was refused
    REFUSED = "refused"  # was let in
    ASKED_PIN = "asked_pin"  # the door would ask for a PIN first; who has one nobody can know
    OTHER_REASON = "other_reason"  # refused either way, for another reason
    OTHER_GRANT = "other_grant"  # let in either way, by something else: perhaps at another cost
    SAME = "same"


class NotReplayed(StrEnum):
    """Why a recorded read cannot be asked again."""

    NO_INPUTS = "no_inputs"  # recorded before inputs were kept
    UNREADABLE = "unreadable"
    NO_SUCH_DOOR = "no_such_door"  # in the new file
    ANOTHER_CAUSE = "another_cause"  # the log could not be written: no policy refused it


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer to one read, with what words need: the detail of a decision's fact."""

    is_granted: bool
    detail: Mapping[str, Plain]

    @property
    def what(self) -> str:
        """The grant, or the reason of the refusal."""
        return str(self.detail.get("grant") if self.is_granted else self.detail.get("reason"))


@dataclass(frozen=True, slots=True)
class Difference:
    """One read that another policy would have answered otherwise."""

    outcome: Outcome
    person: PersonId | None
    door: DoorId
    at: datetime
    before: Answer
    after: Answer


@dataclass(slots=True)
class Rehearsal:
    """What came of it."""

    replayed: int = 0
    differences: list[Difference] = field(default_factory=list)
    not_replayed: Counter[NotReplayed] = field(default_factory=Counter)

    @property
    def counts(self) -> Counter[Outcome]:
        found = Counter(one.outcome for one in self.differences)
        found[Outcome.SAME] = self.replayed - len(self.differences)
        return found


@dataclass(frozen=True, slots=True)
class Group:
    """The same difference of one person at one door, however often."""

    outcome: Outcome
    person: PersonId | None
    door: DoorId
    before: Answer
    after: Answer
    times: int
    first: datetime
    last: datetime


def rehearse(facts: Iterable[Fact], policy: Space) -> Rehearsal:
    """Ask another policy about every recorded decision."""
    found = Rehearsal()
    for fact in facts:
        if fact.kind in DECISIONS:
            _take(found, fact, policy)
    return found


async def rehearse_log(log: Recorded, policy: Space, since: datetime) -> Rehearsal:
    """The same for what the log has from a moment on, page by page: a busy month is too much to hold at once."""
    found = Rehearsal()
    async for logged in facts_since(log, since):
        if logged.fact.kind in DECISIONS:
            _take(found, logged.fact, policy)
    return found


def grouped(differences: Iterable[Difference]) -> list[Group]:
    """Each person and door once; those refused first, then those let in, the most frequent of each first."""
    groups: dict[tuple[Outcome, PersonId | None, DoorId, str, str], list[Difference]] = {}
    for one in differences:
        groups.setdefault((one.outcome, one.person, one.door, one.before.what, one.after.what), []).append(one)
    found = [
        Group(
            outcome=its[0].outcome,
            person=its[0].person,
            door=its[0].door,
            before=its[0].before,
            after=its[0].after,
            times=len(its),
            first=min(one.at for one in its),
            last=max(one.at for one in its),
        )
        for its in groups.values()
    ]
    return sorted(found, key=lambda one: (_ORDER.index(one.outcome), -one.times, str(one.person), one.door))


_ORDER = (Outcome.REFUSED, Outcome.LET_IN, Outcome.ASKED_PIN, Outcome.OTHER_GRANT, Outcome.OTHER_REASON)


def _take(found: Rehearsal, fact: Fact, policy: Space) -> None:
    answer = _again(fact, policy)
    if isinstance(answer, NotReplayed):
        found.not_replayed[answer] += 1
        return
    found.replayed += 1
    before = Answer(fact.kind is FactKind.ENTRY_GRANTED, fact.detail)
    outcome = _outcome(before, answer)
    if outcome is not Outcome.SAME and fact.door is not None:
        found.differences.append(Difference(outcome, fact.person, fact.door, fact.at, before, answer))


def _again(fact: Fact, policy: Space) -> Answer | NotReplayed:
    detail = fact.detail
    if detail.get("reason") == DenyReason.LOG_UNAVAILABLE:
        return NotReplayed.ANOTHER_CAUSE
    # Of a badge nobody knows there is nothing to keep, and nothing is missing.
    inputs = detail.get("inputs", {} if detail.get("reason") == DenyReason.UNKNOWN_CREDENTIAL else None)
    if not isinstance(inputs, Mapping):
        return NotReplayed.NO_INPUTS
    door = policy.doors.get(fact.door) if fact.door is not None else None
    if door is None:
        return NotReplayed.NO_SUCH_DOOR
    try:
        read, rights = read_from(fact, inputs), rights_from(inputs, policy, door)
    except UnreadableError:
        return NotReplayed.UNREADABLE
    decision = decide(read, rights, fact.at)
    if isinstance(decision, NeedsPin):
        return Answer(False, {"reason": ENTER_PIN})
    return Answer(isinstance(decision, Granted), dict(decision_fact(read, rights, decision, 0, None).detail))


def _outcome(before: Answer, after: Answer) -> Outcome:
    if after.what == ENTER_PIN:
        return Outcome.ASKED_PIN
    if before.is_granted != after.is_granted:
        return Outcome.LET_IN if after.is_granted else Outcome.REFUSED
    if before.what == after.what and before.detail.get("via") == after.detail.get("via"):
        return Outcome.SAME
    return Outcome.OTHER_GRANT if after.is_granted else Outcome.OTHER_REASON
