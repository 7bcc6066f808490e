"""A decision as a fact: the answer, and every input it was made from, so that it can be explained later.

It holds the credential's id and the badge's last two characters, never its number.
"""

from datetime import datetime

from controller.domain.access import Denied, Granted
from controller.domain.facts import Fact, FactKind, Plain
from controller.domain.reservations import charge_as_plain
from controller.domain.rights import DenyReason, Read, Rights
from controller.domain.times import Skew, skew_of
from controller.services.policy.replay import inputs_of
from devices.badges import Badge

# Such a read never had a chance to unlock: logged apart, so that refusals stay a list of people at doors.
_IGNORED = frozenset({DenyReason.REPLAYED, DenyReason.STALE_READ})


def decision_fact(
    read: Read,
    rights: Rights,
    decision: Granted | Denied,
    registry_version: int,
    badge: Badge | None,
    said: datetime | None = None,
) -> Fact:
    """The row of the event log for one read. `correlation` is the read's id: the whole tap carries it.

    `said` is the moment as the reader's own clock had it; one that runs ahead of ours is recorded.
    """
    inputs = inputs_of(read, rights)
    detail: dict[str, Plain] = {
        "policy": rights.space.version,
        "registry": registry_version,
        "credential": rights.credential.id if rights.credential is not None else None,
        "last_two": badge.last_two if badge is not None else None,
        "reader": read.reader,
        "read_at": read.read_at.isoformat(),
        "age_s": round(min(read.age_s, 1e9), 3),
        "direction": read.direction,
        "failed": tuple({"step": failing.step, "reason": failing.reason} for failing in decision.failed),
        "inputs": inputs or None,
    }
    if said is not None and skew_of(ahead := (said - read.received_at).total_seconds()) is not Skew.NONE and ahead > 0:
        detail["clock_ahead_s"] = round(min(ahead, 1e9), 3)
    if isinstance(decision, Granted):
        kind = FactKind.ENTRY_GRANTED
        detail |= {"grant": decision.grant.kind, "via": decision.grant.via, "hold_s": decision.hold_s}
        if decision.grant.in_grace:
            detail["in_grace"] = True
        if decision.grant.charge is not None:
            detail["charge"] = charge_as_plain(decision.grant.charge)
        if decision.soft:
            detail["soft"] = tuple(decision.soft)
    else:
        kind = FactKind.READ_IGNORED if decision.reason in _IGNORED else FactKind.ENTRY_DENIED
        detail["reason"] = decision.reason
        if decision.miss is not None:
            detail["miss"] = decision.miss.reason
            if decision.miss.next_time is not None:
                detail["next_time"] = decision.miss.next_time.isoformat()
    return Fact(
        kind,
        read.received_at,
        door=rights.door.id if rights.door is not None else None,
        device=read.reader,
        area=rights.door.inner if rights.door is not None else None,
        person=rights.person.id if rights.person is not None else None,
        message_id=read.message_id,
        correlation=read.correlation,
        detail={key: value for key, value in detail.items() if value is not None},
    )
