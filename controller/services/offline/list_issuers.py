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
from controller.domain.ids import CredentialId, DoorId, PartnerId, PersonId
from controller.domain.membership import Credential, CredentialKind, Person, PersonKind
from controller.domain.offline import OfflineKind, Span, offline_rights
from controller.services.entry.access_index import NOTHING, AccessIndex
from controller.services.offline.list_entries import template_of
from controller.services.ports import RegistrySnapshot
from controller.services.visitors.visits import called_back
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


class Partners:
    """Says it for every list; what was called back is looked for once in each version of the registry."""

    def __init__(self, index: AccessIndex) -> None:
        self._index = index
        self._people = index.people
        self._known: dict[PartnerId, _CalledBack] = {}
        self._left_out: set[tuple[DoorId, PartnerId]] = set()

    def vouching(self, door: Door, span: Span, salt: bytes) -> Vouching:
        """The partners whose members may come in at this door while the list lasts."""
        issuers: list[AccessIssuer] = []
        entries: list[Prepared] = []
        room = ROOM_BYTES
        for partner in self._index.space.partners.values():
            h = issuer_hash(salt, partner.id)
            own = [named(template, h) for template in self._templates(partner, door, span)]
            if not own:
                continue
            issuer = self._issuer(partner, h, span)
            size = size_of(issuer)
            if size > room:
                # Without what was called back, nobody of theirs can be let in unseen.
                self._leaves_out(door, partner)
                continue
            room -= size
            issuers.append(issuer)
            entries += own
        return Vouching(tuple(issuers), tuple(entries))

    def _leaves_out(self, door: Door, partner: Partner) -> None:
        is_news = (door.id, partner.id) not in self._left_out
        self._left_out.add((door.id, partner.id))
        logger.log(
            logging.WARNING if is_news else logging.DEBUG,
            "%s: more passes of %s were revoked than its list has room for: unseen passes of theirs open nothing while "
            "it is alone",
            door.name,
            partner.name,
        )

    def _templates(self, partner: Partner, door: Door, span: Span) -> Iterator[Prepared]:
        """As for a visitor whom nobody knows, with a pass as long as the list."""
        somebody = Person(PersonId(f"{partner.id}/"), partner.name, PersonKind.VISITOR)
        visit = VisitingPass("", partner.id, somebody.id, partner.plan, span.start, span.end, _DAYS)
        credential = Credential(CredentialId(""), somebody.id, CredentialKind.TOKEN)
        rights = self._index.rights_of(door, credential, somebody, NOTHING, (visit,))
        for right in offline_rights(rights, door, span):
            if right.kind is OfflineKind.MEMBER:
                yield template_of(right)

    def _issuer(self, partner: Partner, h: str, span: Span) -> AccessIssuer:
        known = self._called_back(partner.id)
        # What began longer ago than any pass lasts is over by itself.
        subs = {subject: until for subject, until in known.subjects.items() if until > span.start - LONGEST - _A_DAY}
        # Who may not come here at all: whatever pass they bring, it began before then.
        subs |= dict.fromkeys(known.banned, span.end + _A_DAY)
        return AccessIssuer(iss=partner.id, key=partner.public_key, h=h, revoked=known.ids or None, subs=subs or None)

    def _called_back(self, partner: PartnerId) -> "_CalledBack":
        people = self._index.people
        if people is not self._people:
            self._people, self._known = people, {}
        known = self._known.get(partner)
        if known is None:
            ids, subjects = called_back(partner, people.revoked_passes)
            known = self._known[partner] = _CalledBack(tuple(sorted(ids)), subjects, _banned(partner, people))
        return known


@dataclass(frozen=True, slots=True)
class _CalledBack:
    """Of one partner's: passes by id, by when a member's began, and members who are banned here."""

    ids: tuple[str, ...]
    subjects: Mapping[str, datetime]
    banned: tuple[str, ...]


def _banned(partner: PartnerId, people: RegistrySnapshot) -> tuple[str, ...]:
    prefix = f"{partner}/"
    return tuple(
        person.id.removeprefix(prefix)
        for person in people.people.values()
        if person.banned and person.kind is PersonKind.VISITOR and person.id.startswith(prefix)
    )
