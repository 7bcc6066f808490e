"""What staff are alerted to by a decision, whatever it was; the decision itself is made already."""

from collections.abc import Iterator
from dataclasses import dataclass

from controller.domain.access import Denied, Granted
from controller.domain.alarm import AlarmKind
from controller.domain.ids import AreaId, DoorId, PersonId
from controller.domain.rights import DenyReason, Rights

_CREDENTIALS = {
    DenyReason.CREDENTIAL_LOST: AlarmKind.CREDENTIAL_LOST_USED,
    DenyReason.CREDENTIAL_BLOCKED: AlarmKind.CREDENTIAL_BLOCKED_USED,
}
_SOFT = {DenyReason.ANTI_PASSBACK: AlarmKind.PASSBACK, DenyReason.OCCUPANCY_FULL: AlarmKind.CAPACITY}


@dataclass(frozen=True, slots=True)
class Alert:
    """One alarm to raise."""

    kind: AlarmKind
    door: DoorId
    area: AreaId | None = None
    person: PersonId | None = None


def alerts_of(decision: Granted | Denied, rights: Rights) -> Iterator[Alert]:
    """A lost or blocked badge that was shown, a rule that was only noted, and a PIN entered under duress."""
    door, person = rights.door, rights.person
    if door is None:
        return
    who = person.id if person is not None else None
    if decision.is_duress:
        # Whether or not the door opens: somebody is being forced at it.
        yield Alert(AlarmKind.DURESS, door.id, person=who)
    if isinstance(decision, Denied):
        kind = _CREDENTIALS.get(decision.reason)
        if kind is not None:
            yield Alert(kind, door.id, person=who)
        return
    for reason in decision.soft:
        # How full a place is concerns the place, whoever came last.
        if reason is DenyReason.OCCUPANCY_FULL:
            yield Alert(_SOFT[reason], door.id, area=door.inner)
        elif reason in _SOFT:
            yield Alert(_SOFT[reason], door.id, person=who)
