"""A decision explained: the same `decide` the doors use, run on a badge, a door and a moment somebody asks about."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from controller.domain.access import Decision, Denied, Granted, Read, Rights, decide
from controller.domain.building import Door
from controller.domain.ids import DeviceId
from controller.services.decisions import decision_fact
from controller.services.wording import REASONS, Wording, moment

STEPS = {
    "message": "the message",
    "door": "the door",
    "credential": "the badge",
    "pin": "the PIN",
    "person": "the person",
    "lockdown": "lockdown",
    "grants": "what they may do",
    "shared": "who is inside",
}


@dataclass(frozen=True, slots=True)
class Explanation:
    """An answer for a person, and the same as plain values."""

    text: str
    plain: Mapping[str, object]
    is_granted: bool


def explain(
    rights: Rights, door: Door, at: datetime, registry_version: int, wording: Wording, *, asked_at: datetime
) -> Explanation:
    """What would happen if this were shown at this door at this moment."""
    read = Read(DeviceId(door.unit), "explain", at, at, 0.0)
    decision = decide(read, rights, at)
    fact = decision_fact(read, rights, decision, registry_version, None)
    who = rights.person.name if rights.person is not None else "This badge"
    when = moment(at.isoformat(), rights.space.zone, asked_at)
    if isinstance(decision, Granted):
        lines = [f"{who} would be let in at {door.name}, {when}: {wording.grant(fact)}."]
        lines.append(f"The door would stay unlocked for {decision.hold_s:g} s.")
    else:
        lines = [f"{who} would be refused at {door.name}, {when}: {wording.reason(fact, asked_at)}."]
        lines += _other_failures(decision)
        if "next_time" not in fact.detail:
            lines.append("Waiting would not change that.")
    lines.append(f"Decided by version {rights.space.version} of the space and {registry_version} of the people.")
    return Explanation("\n".join(lines), _plain(decision, fact.detail, rights, door, at), isinstance(decision, Granted))


def _other_failures(decision: Denied) -> list[str]:
    """Everything else that stands in the way, in the order in which it is asked."""
    return [
        f"Also, about {STEPS.get(failing.step, failing.step)}: {REASONS.get(failing.reason, str(failing.reason))}."
        for failing in decision.failed[1:]
    ]


def _plain(
    decision: Decision, detail: Mapping[str, object], rights: Rights, door: Door, at: datetime
) -> Mapping[str, object]:
    return {
        "answer": "granted" if isinstance(decision, Granted) else "denied",
        "person": rights.person.id if rights.person is not None else None,
        "door": door.id,
        "at": at.isoformat(),
        **{key: value for key, value in detail.items() if key not in ("reader", "read_at", "age_s", "direction")},
    }
