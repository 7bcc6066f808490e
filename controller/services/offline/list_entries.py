"""What somebody may do at a door, as entries of the door's access list.

Which rights those are is `domain.offline`'s; what an entry means to a door, `devices.accesslist`'s.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from functools import lru_cache
from typing import TypeAlias

from controller.domain.building import Door
from controller.domain.ids import CredentialId, PersonId
from controller.domain.membership import Credential, Person
from controller.domain.offline import OfflineKind, OfflineRight, Span, offline_rights
from controller.domain.rights import Rights
from controller.domain.shared import NOTHING_SHARED, Shared
from controller.services.entry.access_index import AccessIndex, Circumstances
from devices.accesslist import HASH_BYTES, Prepared, entry_hash, named, prepare
from devices.messages import AccessEntry, AccessRight

_RIGHTS = {
    OfflineKind.BLOCKED: AccessRight.BLOCKED,
    OfflineKind.EMERGENCY: AccessRight.EMERGENCY,
    OfflineKind.STAFF: AccessRight.STAFF,
    OfflineKind.MEMBER: AccessRight.MEMBER,
}
# Longer than any list lasts, and as many as an entry may say.
_MOST_DAYS = 366
# Dates are local and end at a cut-off: a day more on either side is sure to lie outside.
_DAYS_BESIDE = timedelta(days=2)
_NOBODY = "0" * (2 * HASH_BYTES)


Row: TypeAlias = tuple[tuple[str, tuple[Prepared, ...]], ...]
"""One person's entries, as small as they can be kept: hashes, each with the entries it shares with many others."""


def entries_of(row: Row) -> list[Prepared]:
    """A row's entries as a list has them."""
    return [named(template, h) for h, templates in row for template in templates]


class EntryMaker:
    """Entries of one list; what many people share is worked out once."""

    def __init__(self, index: AccessIndex, beside: Circumstances, door: Door, span: Span, salt: bytes) -> None:
        self._index = index
        self._beside = _Ahead(beside)
        self._door = door
        self._span = span
        self._salt = salt
        self._known: dict[object, tuple[Prepared, ...]] = {}

    def row(self, person: Person, credentials: Iterable[Credential]) -> Row:
        """What one person is known by and may do, for each of their credentials that doors can recognise."""
        found: list[tuple[str, tuple[Prepared, ...]]] = []
        for credential in credentials:
            digest = self._index.people.list_digests.get(credential.id)
            if digest is None:
                continue
            templates = self._templates(self._index.rights_of(self._door, credential, person, self._beside))
            if templates:
                found.append((entry_hash(self._salt, digest), templates))
        return tuple(found)

    def _templates(self, rights: Rights) -> tuple[Prepared, ...]:
        key = _shared_key(rights, self._span)
        known = self._known.get(key) if key is not None else None
        if known is None:
            known = tuple(template_of(right) for right in offline_rights(rights, self._door, self._span))
            if key is not None:
                self._known[key] = known
        return known


class _Ahead:
    """What may be known ahead of the moment: how much was used, and not who stands where."""

    def __init__(self, beside: Circumstances) -> None:
        self.usage_of = beside.usage_of
        self.held = beside.held

    def shared_at(self, door: Door, person: Person, credential: Credential | None) -> Shared:
        return NOTHING_SHARED


def _shared_key(rights: Rights, span: Span) -> object | None:
    """What alone decides, for whoever holds plans and leases and nothing of their own; None for anybody else."""
    person, credential, usage = rights.person, rights.credential, rights.usage
    if person is None or credential is None or usage.guest_days:
        return None
    if rights.bookings or rights.tickets or rights.guest_passes or rights.visits or rights.hosting:
        return None
    # Long begun is long begun, whenever it was; and what ends after the list may end at any time.
    begun, over = span.start.date() - _DAYS_BESIDE, span.end.date() + _DAYS_BESIDE
    held = [
        (
            (one.plan, one.standing, one.due_since, one.due_cents),
            max(one.starts, begun),
            None if one.ends is None or one.ends > over else one.ends,
        )
        for one in rights.memberships
    ]
    return (
        (person.kind, person.banned, person.needs_time, person.rights, person.pays_as_you_go),
        (credential.kind, credential.state, credential.valid_from, credential.valid_until),
        tuple(held),
        rights.leases,
        (usage.quota_days, usage.free_days, usage.day_pass_days, usage.day_passes_left, usage.pay_as_you_go_days),
    )


def credentials_by_person(index: AccessIndex) -> Mapping[PersonId, Sequence[Credential]]:
    """Every credential there is, tickets among them, by whose it is."""
    found: dict[PersonId, list[Credential]] = {}
    for credential in index.people.credentials.values():
        found.setdefault(credential.person, []).append(credential)
    for digest in index.people.ticket_digests:
        ticket, _ = index.credential(digest)
        if ticket is not None and ticket.id in index.people.list_digests:
            found.setdefault(ticket.person, []).append(ticket)
    return found


def credential_named(index: AccessIndex, id: CredentialId) -> tuple[Credential | None, Person | None]:
    """A credential that a list names, with its holder; a ticket is one too, and has its id from its digest's ticket."""
    credential = index.people.credentials.get(id)
    if credential is not None:
        return credential, index.people.people.get(credential.person)
    ticket = next((key for key, of in index.people.ticket_digests.items() if id == f"ticket:{of}"), None)
    return index.credential(ticket)


# Most people of a house share a few hundred rights: plans, with so many days left.
@lru_cache(maxsize=8192)
def template_of(right: OfflineRight) -> Prepared:
    """The entry, all but whose it is."""
    return prepare(
        AccessEntry(
            h=_NOBODY,
            right=_RIGHTS[right.kind],
            weekly=right.weekly,
            once=right.once or None,
            since=right.since,
            until=right.until,
            days=None if right.days is None else min(right.days, _MOST_DAYS),
            holidays=True if right.holidays else None,
            hold_s=right.hold_s,
        )
    )
