"""Who may pass a door: one read is answered once, by the first failing step; the others are kept for staff.

The order of the questions is STEPS, what lets somebody in is in `grants`, when a refused badge would work in
`nearest`. Pure: everything that counts is in the arguments, so a decision can be explained and replayed.
"""

from dataclasses import dataclass
from datetime import datetime

from controller.domain.access_steps import MAX_READ_AGE, STEPS, Failing, Step
from controller.domain.building import Door
from controller.domain.door import release_seconds
from controller.domain.grants import Cost, Grant, GrantKind
from controller.domain.membership import Person
from controller.domain.nearest import Miss, nearest_miss
from controller.domain.rights import DenyReason, Read, Rights

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
    "Read",
    "Rights",
    "Step",
    "decide",
]


@dataclass(frozen=True, slots=True)
class Granted:
    """The door may open for `hold_s` seconds. `failed`: what would have refused an entry, when somebody leaves."""

    grant: Grant
    hold_s: float
    failed: tuple[Failing, ...] = ()


@dataclass(frozen=True, slots=True)
class Denied:
    """The door stays as it is. `reason` is the first of `failed`, which holds every failing step in order."""

    reason: DenyReason
    failed: tuple[Failing, ...]
    miss: Miss | None = None

    @property
    def is_ignored(self) -> bool:
        """Whether the message was no live read at all, so that there was nothing to refuse."""
        return self.reason in (DenyReason.REPLAYED, DenyReason.STALE_READ)


Decision = Granted | Denied


def decide(read: Read, rights: Rights, at: datetime) -> Decision:
    """Answer one read. Leaving is never denied: a live read on the way out of a known door is always granted."""
    grant: Grant | None = None
    failed: list[Failing] = []
    for step, check in STEPS:
        answer = check(read, rights, at)
        if isinstance(answer, Grant):
            grant = answer
        elif answer is not None:
            failed.append(Failing(step, answer))

    door = rights.door
    is_live = not failed or failed[0].step is not Step.MESSAGE
    if read.direction == "out" and door is not None and is_live:
        return Granted(Grant(GrantKind.EXIT, door.id), _hold(door, rights.person), tuple(failed))
    if grant is not None and door is not None and not failed:
        return Granted(grant, _hold(door, rights.person))
    return Denied(failed[0].reason, tuple(failed), nearest_miss(read, rights, failed, at))


def _hold(door: Door, person: Person | None) -> float:
    return release_seconds(door.timings, slow=person is not None and person.needs_time)
