"""What an import would change, in words, line by line, for the table a person decides on."""

from collections.abc import Collection, Iterator, Sequence
from datetime import date

from controller.domain.ids import CredentialId
from controller.domain.membership import CredentialKind, Lease
from controller.services.people.people import Change, Held


def changes_of(before: Held | None, after: Held) -> Iterator[Change]:
    who = f"{after.person.name} ({after.person.id})"
    then = {} if before is None else _told(before)
    now = _told(after, _pins_set(before, after))
    if before is None:
        yield Change(who, "new", "", "; ".join(f"{what} {value}" for what, value in now.items() if what != "name"))
        return
    for what in sorted({*then, *now}, key=[*now, *then].index):
        if then.get(what) != now.get(what):
            yield Change(who, what, then.get(what, ""), now.get(what, ""))
    known = {one.id for one in before.credentials}
    for one in after.credentials:
        if one.id in known and one.id in after.list_digests and one.id not in before.list_digests:
            yield Change(who, f"{one.kind} ··{one.last_two}", "", "works from now on while the controller is away")


def _told(held: Held, new_pins: Collection[CredentialId] = ()) -> dict[str, str]:
    person = held.person
    told = {"name": person.name, "kind": str(person.kind)}
    if person.team is not None:
        told["team"] = person.team
    if person.needs_time:
        told["needs_time"] = "yes"
    if person.rights:
        told["rights"] = " ".join(sorted(person.rights))
    if person.pays_as_you_go:
        told["pays_as_you_go"] = "yes"
    if person.cohorts:
        told["cohort"] = " ".join(person.cohorts)
    if person.banned:
        told["banned"] = "yes"
    for one in held.memberships:
        ends = f" to {one.ends}" if one.ends else ""
        due = f", {one.due_cents / 100:.2f} due since {one.due_since}" if one.due_since else ""
        value = f"from {one.starts}{ends}, {one.standing}{due}"
        told[f"plan {one.plan}"] = _also(told.get(f"plan {one.plan}"), value)
    for credential in held.credentials:
        dates = [
            f"{word} {moment.isoformat()}"
            for word, moment in (("from", credential.valid_from), ("until", credential.valid_until))
            if moment is not None
        ]
        what = f"{credential.kind} ··{credential.last_two}" if credential.last_two else str(credential.kind)
        told[what] = _also(told.get(what), ", ".join([str(credential.state), *dates]))
        if credential.kind is CredentialKind.PIN and credential.id in new_pins:
            told[what] += ", new"
    return told


def lease_changes(before: Sequence[Lease], after: Sequence[Lease]) -> Iterator[Change]:
    for lease in sorted(set(before) ^ set(after), key=lambda one: (one.team, one.area, one in after)):
        dates = (f"from {lease.starts}" if lease.starts != date.min else "always") + (
            f" to {lease.ends}" if lease.ends else ""
        )
        added = lease in after
        yield Change(f"team {lease.team}", f"office {lease.area}", "" if added else dates, dates if added else "")


def _also(told: str | None, more: str) -> str:
    """Two of one name (two badges with the same last characters) are told side by side."""
    return more if told is None else f"{told} and {more}"


def _pins_set(before: Held | None, after: Held) -> frozenset[CredentialId]:
    """A PIN that changed looks like the old one: that it did is all there is to tell."""
    then = frozenset(before.digests.items()) if before is not None else frozenset()
    return frozenset(id_ for digest, id_ in after.digests.items() if (digest, id_) not in then)
