"""Who may pass a door: one read is answered once, by the first failing step; the others are kept for staff.

The order of the questions is STEPS, what lets somebody in is in `sources`, when a refused badge would work in
`nearest`. Pure: everything that counts is in the arguments, so a decision can be explained and replayed.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from controller.domain.access_steps import MAX_READ_AGE, STEPS, Failing, NeedsPin, Step
from controller.domain.building import Door
from controller.domain.door import release_seconds
from controller.domain.grants import Cost, Grant, GrantKind
from controller.domain.membership import Person
from controller.domain.nearest import Miss, nearest_miss
from controller.domain.rights import DenyReason, Read, Rights
from controller.domain.shared import PinEntry
from controller.domain.shared_steps import Weighed

__all__ = [
    "MAX_READ_AGE",
    "STEPS",
    "Cost",
    "Decision",
    "Denied",
    "DenyReason",
    "Failing",
    "Grant",
    "GrantKind",
    "Granted",
    "Miss",
    "NeedsPin",
    "Read",
    "Rights",
    "Step",
    "decide",
]


@dataclass(frozen=True, slots=True)
class Granted:
    """The door may open for `hold_s` seconds.

    `failed`: what would have refused an entry, when somebody leaves. `soft`: what staff should hear although it
    refuses nobody: a soft anti-passback, a zone over its number.
    """

    grant: Grant
    hold_s: float
    failed: tuple[Failing, ...] = ()
    soft: tuple[DenyReason, ...] = ()
    is_duress: bool = False  # the PIN says that somebody is being forced: open as usual, alert silently


@dataclass(frozen=True, slots=True)
class Denied:
    """The door stays as it is. `reason` is the first of `failed`, which holds every failing step in order."""

    reason: DenyReason
    failed: tuple[Failing, ...]
    miss: Miss | None = None
    is_duress: bool = False
    # Of whoever waits for a second person: what lets them in as soon as one comes.
    as_first: Grant | None = None

    @property
    def is_ignored(self) -> bool:
        """Whether the message was no live read at all, so that there was nothing to refuse."""
        return self.reason in (DenyReason.REPLAYED, DenyReason.STALE_READ)


Decision: TypeAlias = Granted | Denied | NeedsPin


def decide(read: Read, rights: Rights, at: datetime) -> Decision:
    """Answer one read. Leaving is never denied: a live read on the way out of a known door is always granted."""
    grant: Grant | None = None
    soft: tuple[DenyReason, ...] = ()
    failed: list[Failing] = []
    for step, check in STEPS:
        answer = check(read, rights, at)
        if answer is None:
            continue
        if isinstance(answer, Grant):
            grant = answer
        elif isinstance(answer, DenyReason):
            failed.append(Failing(step, answer))
        elif isinstance(answer, Weighed):
            soft = answer.soft
        elif not failed:
            return answer

    door = rights.door
    is_duress = _is_duress(read, rights)
    is_live = not failed or failed[0].step is not Step.MESSAGE
    if read.direction == "out" and door is not None and is_live:
        exit_ = Grant(GrantKind.EXIT, door.id)
        return Granted(exit_, _hold(door, rights.person), tuple(failed), is_duress=is_duress)
    if grant is not None and door is not None and not failed:
        return Granted(grant, _hold(door, rights.person), (), soft, is_duress)
    # The last question of all: whoever fails at nothing else is let in together with the next.
    as_first = grant if failed[0].reason is DenyReason.SECOND_PERSON_MISSING else None
    return Denied(failed[0].reason, tuple(failed), nearest_miss(rights, failed, at), is_duress, as_first)


def _is_duress(read: Read, rights: Rights) -> bool:
    return read.pin is PinEntry.DURESS or (rights.credential is not None and rights.credential.is_duress)


def _hold(door: Door, person: Person | None) -> float:
    return release_seconds(door.timings, slow=person is not None and person.needs_time)
