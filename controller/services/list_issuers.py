"""The partner spaces in a door's access list: whose passes it honours unseen, what one opens there, what is called back.

What a visitor may do is asked of `domain.offline`, as for anybody in the list; how a door verifies a pass is
`devices.accesslist`'s. A partner whose plan does not lead through the door is not in its list at all.
"""

import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from controller.domain.building import Door, Partner
from controller.domain.holdings import VisitingPass
from controller.domain.ids import CredentialId, PersonId
from controller.domain.membership import Credential, CredentialKind, Person, PersonKind
from controller.domain.offline import OfflineKind, Span, offline_rights
from controller.services.access_index import NOTHING, AccessIndex
from controller.services.list_entries import template_of
from controller.services.visits import called_back
from devices.accesslist import Prepared, issuer_hash, named, size_of
from devices.messages import AccessIssuer
from devices.passes import LONGEST

logger = logging.getLogger(__name__)

# Of a list's first page of 32 KiB. A partner for whom no room is left is honoured by asking the house only.
ROOM_BYTES = 8 * 1024
# How many days are left of somebody never seen nobody can know; one is what every partner's members have.
_DAYS = 1
_A_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Vouching:
    """What a list says of partners."""

    issuers: tuple[AccessIssuer, ...] = ()
    entries: tuple[Prepared, ...] = field(default=(), repr=False)


NO_PARTNERS = Vouching()


def vouching(index: AccessIndex, door: Door, span: Span, salt: bytes) -> Vouching:
    """The partners whose members may come in at this door while the list lasts."""
    issuers: list[AccessIssuer] = []
    entries: list[Prepared] = []
    room = ROOM_BYTES
    for partner in index.space.partners.values():
        h = issuer_hash(salt, partner.id)
        own = [named(template, h) for template in _templates(index, partner, door, span)]
        if not own:
            continue
        issuer = _issuer(index, partner, h, span)
        size = size_of(issuer)
        if size > room:
            # Without what was called back, nobody of theirs can be let in unseen.
            logger.warning(
                "%s: %d passes of %s were revoked, more than its list has room for: unseen passes of theirs open "
                "nothing while it is alone",
                door.name,
                len(issuer.revoked or ()) + len(issuer.subs or {}),
                partner.name,
            )
            continue
        room -= size
        issuers.append(issuer)
        entries += own
    return Vouching(tuple(issuers), tuple(entries))


def _templates(index: AccessIndex, partner: Partner, door: Door, span: Span) -> Iterator[Prepared]:
    """As for a visitor whom nobody knows, with a pass as long as the list."""
    somebody = Person(PersonId(f"{partner.id}/"), partner.name, PersonKind.VISITOR)
    visit = VisitingPass("", partner.id, somebody.id, partner.plan, span.start, span.end, _DAYS)
    credential = Credential(CredentialId(""), somebody.id, CredentialKind.TOKEN)
    rights = index.rights_of(door, credential, somebody, NOTHING, (visit,))
    for right in offline_rights(rights, door, span):
        if right.kind is OfflineKind.MEMBER:
            yield template_of(right)


def _issuer(index: AccessIndex, partner: Partner, h: str, span: Span) -> AccessIssuer:
    ids, subjects = called_back(partner.id, index.people.revoked_passes)
    # What began longer ago than any pass lasts is over by itself.
    recent = {subject: until for subject, until in subjects.items() if until > span.start - LONGEST - _A_DAY}
    return AccessIssuer(
        iss=partner.id,
        key=partner.public_key,
        h=h,
        revoked=tuple(sorted(ids)) or None,
        subs={**recent, **_banned(index, partner, span)} or None,
    )


def _banned(index: AccessIndex, partner: Partner, span: Span) -> Mapping[str, datetime]:
    """Members of theirs who may not come here at all: whatever pass they bring, it began before then."""
    prefix = f"{partner.id}/"
    return {
        person.id.removeprefix(prefix): span.end + _A_DAY
        for person in index.people.people.values()
        if person.banned and person.kind is PersonKind.VISITOR and person.id.startswith(prefix)
    }
