"""A decision explained: the same `decide` the doors use, and each of its steps in words.

For a badge, a door and a moment somebody asks about, or for a read that was recorded with all it was decided from.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from controller.domain.access import STEPS, Granted, NeedsPin, Read, Rights, Step, decide
from controller.domain.access_steps import Answer
from controller.domain.building import Door, PinMode, Space
from controller.domain.facts import Fact, FactKind, Plain
from controller.domain.grants import Grant, GrantKind
from controller.domain.ids import DeviceId
from controller.domain.membership import PersonKind
from controller.domain.rights import DenyReason
from controller.domain.shared import PinEntry
from controller.domain.shared_steps import Weighed
from controller.domain.sources import CHEAPEST_FIRST
from controller.domain.standing import local_day
from controller.domain.usage import Charge, ChargeKind
from controller.services.entry.decisions import decision_fact
from controller.services.policy.plain_values import UnreadableError
from controller.services.policy.replay import read_from, rights_from
from controller.services.screens.wording import REASONS, Wording, moment

STEPS_IN_WORDS: dict[Step, str] = {
    Step.MESSAGE: "message",
    Step.DOOR: "door",
    Step.CREDENTIAL: "badge",
    Step.PIN: "PIN",
    Step.PERSON: "person",
    Step.LOCKDOWN: "lockdown",
    Step.GRANTS: "what they hold",
    Step.SHARED: "who is inside",
}
USES: dict[ChargeKind, str] = {
    ChargeKind.QUOTA_DAY: "uses one of the plan's days",
    ChargeKind.DAY_PASS: "uses a day pass",
    ChargeKind.GUEST_DAY: "uses one of the host's guest days",
    ChargeKind.VISIT_DAY: "uses one of the pass's free days",
    ChargeKind.PAY_AS_YOU_GO: "is charged as a day",
    ChargeKind.ROOM_MINUTES: "uses a room",  # never an entry's
}
SOURCES: dict[str, str] = {
    "by_lease": "office",
    "by_booking": "booking",
    "by_ticket": "ticket",
    "by_hosting": "event of theirs",
    "by_membership": "membership",
    "by_guest_pass": "guest pass",
    "by_visiting_pass": "visiting pass",
    "by_day_pass": "day pass",
    "by_paying_as_one_goes": "pay as you go",
}
"""What each source of `domain.sources` looks at; a test holds this against them."""

# With nobody known there is nothing to ask.
_ABOUT_SOMEBODY = frozenset({Step.PERSON, Step.LOCKDOWN, Step.GRANTS, Step.SHARED})


@dataclass(frozen=True, slots=True)
class Explanation:
    """An answer for a person, and the same as plain values."""

    text: str
    plain: Mapping[str, object]
    is_granted: bool


@dataclass(frozen=True, slots=True)
class _Asked:
    step: Step
    answer: Answer
    was_asked: bool = True

    @property
    def reason(self) -> DenyReason | None:
        return self.answer if isinstance(self.answer, DenyReason) else None


def explain(
    rights: Rights,
    door: Door,
    at: datetime,
    registry_version: int,
    wording: Wording,
    *,
    asked_at: datetime,
    unknown: Sequence[str] = (),
) -> Explanation:
    """What would happen if this were shown at this door at this moment; `unknown` is what nobody can say of it."""
    read = Read(DeviceId(door.unit), "explain", at, at, 0.0)
    decision = decide(read, rights, at)
    asks_pin = isinstance(decision, NeedsPin)
    if isinstance(decision, NeedsPin):
        read = replace(read, pin=PinEntry.RIGHT)
        decision = decide(read, rights, at)
    assert not isinstance(decision, NeedsPin)  # one was given
    fact = decision_fact(read, rights, decision, registry_version, None)
    who = rights.person.name if rights.person is not None else "This badge"
    when = moment(at.isoformat(), rights.space.zone, asked_at)
    if isinstance(decision, Granted):
        lines = [f"{who} would be let in at {door.name}, {when}: {wording.grant(fact)}."]
        lines.append(f"The door would stay unlocked for {decision.hold_s:g} s.")
    else:
        lines = [f"{who} would be refused at {door.name}, {when}: {wording.reason(fact, asked_at)}."]
        miss = fact.detail.get("miss")
        if miss is not None and miss not in (fact.detail["reason"], DenyReason.NO_RIGHT):
            lines.append(f"But for that: {REASONS[str(miss)]}.")
        if "next_time" not in fact.detail:
            lines.append("Waiting would not change that.")
    if asks_pin:
        lines.append("The door asks for a PIN first; this is the answer to the right one.")
    lines += [f"Not known here, and taken to be in order: {'; '.join(unknown)}."] if unknown else []
    trace = _Trace(read, rights, door, at, wording)
    lines += trace.lines()
    lines.append(f"Decided by version {rights.space.version} of the space and {registry_version} of the people.")
    plain = _plain(fact, at, trace) | ({"asks_pin": True} if asks_pin else {})
    return Explanation("\n".join(lines), plain, isinstance(decision, Granted))


def explain_recorded(
    fact: Fact, policy: Space | None, zone: ZoneInfo, wording: Wording, *, asked_at: datetime
) -> Explanation:
    """Why a read was answered as it was; `policy` is the version of that time, None where it is not kept any more."""
    why = wording.grant(fact) if fact.kind is FactKind.ENTRY_GRANTED else wording.reason(fact, asked_at)
    lines = [f"{wording.line(fact).text}, {moment(fact.at.isoformat(), zone, asked_at)}: {why}."]
    version = str(fact.detail.get("policy", "?"))
    trace: _Trace | None = None
    door = policy.doors.get(fact.door) if policy is not None and fact.door is not None else None
    inputs = _inputs(fact)
    if policy is None:
        lines.append(f"Version {version} of the space, by which this was decided, is not kept here.")
    elif door is None or inputs is None:
        lines.append("What it was decided from was not kept.")
    else:
        try:
            read, rights = read_from(fact, inputs), rights_from(inputs, policy, door)
            trace = _Trace(read, rights, door, fact.at, wording)
            lines += [*_otherwise(fact, read, rights), *trace.lines()]
        except UnreadableError as error:
            lines.append(f"What it was decided from cannot be read by this version of Natoma ({error}).")
    if trace is None:
        lines += _recorded_failures(fact)
    lines.append(f"Decided by version {version} of the space and {fact.detail.get('registry', '?')} of the people.")
    return Explanation("\n".join(lines), _plain(fact, fact.at, trace), fact.kind is FactKind.ENTRY_GRANTED)


class _Trace:
    """Every step asked by itself, and every grant there was."""

    def __init__(self, read: Read, rights: Rights, door: Door, at: datetime, wording: Wording) -> None:
        self._door = door
        self._wording = wording
        self._at = at
        known = rights.person is not None
        self.asked = tuple(
            _Asked(step, check(read, rights, at), known or step not in _ABOUT_SOMEBODY) for step, check in STEPS
        )
        self._has_pin = read.pin is not None
        self.taken = next((one.answer for one in self.asked if isinstance(one.answer, Grant)), None)
        self.grants, self.misses = _holdings(rights, door, at) if known else ([], [])

    def lines(self) -> list[str]:
        """The steps, then what opens the door, or would have."""
        width = max(map(len, STEPS_IN_WORDS.values()))
        lines = ["Step by step:"]
        lines += [f"  {STEPS_IN_WORDS[one.step]:<{width}}  {self._said(one)}" for one in self.asked]
        if self.grants:
            lines.append("What opens this door for them, the cheapest first:")
            lines += [f"  {self._grant(one)}" for one in self.grants]
        if self.misses:
            lines.append("What does not:" if self.grants else "What they hold does not open it:")
            lines += [f"  {SOURCES[source]}: {REASONS[reason]}" for source, reason in self.misses]
        return lines

    def plain(self) -> dict[str, object]:
        return {
            "steps": [
                {"step": str(one.step), "passed": one.reason is None if one.was_asked else None, "reason": one.reason}
                for one in self.asked
            ],
            "grants": [{"grant": str(one.kind), "via": one.via, "cost": one.cost.name.lower()} for one in self.grants],
            "misses": [{"source": SOURCES[source], "reason": str(reason)} for source, reason in self.misses],
        }

    def _said(self, one: _Asked) -> str:
        if not one.was_asked:
            return "not asked: nobody is known by this badge"
        if one.reason is not None:
            return f"fails: {REASONS.get(one.reason, str(one.reason))}"
        if one.step is Step.PIN and not self._has_pin and self._door.pin is not PinMode.REQUIRED:
            return "not asked for"
        if isinstance(one.answer, Weighed) and one.answer.soft:
            told = "; ".join(REASONS.get(reason, str(reason)) for reason in one.answer.soft)
            return f"passes, and staff are told: {told}"
        if isinstance(one.answer, Grant):
            return f"passes: {self._name(one.answer)}"
        return "passes"

    def _grant(self, grant: Grant) -> str:
        name = self._name(grant)
        uses = _uses(grant.charge)
        late = ", while a payment is late" if grant.in_grace else ""
        if grant != self.taken or any(one.reason for one in self.asked):
            return f"{name}: {uses}{late}"
        return f"{name}: {uses}{late}" + (" — taken, since it costs the least" if len(self.grants) > 1 else " — taken")

    def _name(self, grant: Grant) -> str:
        detail: dict[str, Plain] = {"grant": str(grant.kind), "via": grant.via}
        return self._wording.grant(Fact(FactKind.ENTRY_GRANTED, self._at, door=self._door.id, detail=detail))


def _holdings(rights: Rights, door: Door, at: datetime) -> tuple[list[Grant], list[tuple[str, DenyReason]]]:
    """Every grant, the cheapest first, and every near miss with the source it comes from."""
    grants: list[Grant] = []
    misses: list[tuple[str, DenyReason]] = []
    if rights.person is not None and rights.person.kind is PersonKind.STAFF:
        grants.append(Grant(GrantKind.STAFF))
    day = local_day(at, rights.space.zone, rights.space.cut_off_minutes)
    for _, source in CHEAPEST_FIRST:
        answer = source(rights, door, day, at)
        if isinstance(answer, Grant):
            grants.append(answer)
        elif answer is not None and answer is not DenyReason.NO_RIGHT:
            misses.append((name_of(source), answer))
    return sorted(grants, key=lambda one: one.cost), misses


def name_of(source: Callable[..., object]) -> str:
    """A source's own name, by which SOURCES knows it."""
    return source.__name__


def _uses(charge: Charge | None) -> str:
    return USES[charge.kind] if charge is not None else "uses nothing"


def _inputs(fact: Fact) -> Mapping[str, Plain] | None:
    inputs = fact.detail.get("inputs")
    if inputs is None and fact.detail.get("reason") == DenyReason.UNKNOWN_CREDENTIAL:
        return {}  # nothing is known of it, so nothing is missing
    return inputs if isinstance(inputs, Mapping) else None


def _otherwise(fact: Fact, read: Read, rights: Rights) -> list[str]:
    """A line where today's Natoma would answer these inputs otherwise; a change of the program must not go unseen."""
    decision = decide(read, rights, fact.at)
    if isinstance(decision, NeedsPin):
        return []
    again = decision_fact(read, rights, decision, 0, None)
    if (again.kind, again.detail.get("reason")) == (fact.kind, fact.detail.get("reason")):
        return []
    what = "let them in" if isinstance(decision, Granted) else f"refuse: {REASONS[decision.reason]}"
    return [f"This version of Natoma would {what}."]


_ABOUT = {
    str(step): word if step in (Step.GRANTS, Step.SHARED) else f"the {word}" for step, word in STEPS_IN_WORDS.items()
}


def _recorded_failures(fact: Fact) -> list[str]:
    """All the log itself has of what stood in the way, in the order in which it was asked."""
    failed = fact.detail.get("failed", ())
    lines = []
    for one in failed[1:] if isinstance(failed, tuple) else ():
        if isinstance(one, Mapping):
            step, reason = str(one.get("step")), str(one.get("reason"))
            word = _ABOUT.get(step, step)
            lines.append(f"Also, about {word}: {REASONS.get(reason, reason)}.")
    return lines


# What a script has no use for, or is told beside it.
_LEFT_OUT = frozenset({"reader", "read_at", "age_s", "direction", "inputs"})


def _plain(fact: Fact, at: datetime, trace: _Trace | None) -> dict[str, object]:
    return {
        "answer": "granted" if fact.kind is FactKind.ENTRY_GRANTED else "denied",
        "person": fact.person,
        "door": fact.door,
        "at": at.isoformat(),
        **{key: value for key, value in fact.detail.items() if key not in _LEFT_OUT},
        **(trace.plain() if trace is not None else {}),
    }
