"""A visiting pass that nobody has shown before, at a door alone: whose it is, and by which entries of the list.

The list names the partner spaces whose passes it honours, each with its public key and what it has called back; the
signature is verified here, at the door. Whether the entries admit anybody now is `deciding`'s.
"""

from dataclasses import dataclass
from datetime import datetime

from devices import passes
from devices.accesslist.hashing import visitor_hash
from devices.accesslist.opening import OpenedList
from devices.messages import AccessEntry, AccessIssuer
from devices.passes import Pass, PassError, Refusal


@dataclass(frozen=True, slots=True)
class Vouched:
    """A genuine pass of a partner; `h` is its holder's in this list, whichever pass they show."""

    found: Pass
    h: str
    entries: tuple[AccessEntry, ...]
    issuer: AccessIssuer

    def refusal_at(self, now: datetime) -> Refusal | None:
        """What is wrong with the pass itself."""
        until = (self.issuer.subs or {}).get(self.found.subject)
        if until is not None and self.found.start <= until:
            return Refusal.REVOKED
        try:
            passes.check_good(self.found, now, self.issuer.revoked or ())
        except PassError as error:
            return error.reason
        return None


def vouched(opened: OpenedList, token: str) -> Vouched | None:
    """None for what no partner of this list has signed, whatever it says it is."""
    if not passes.is_pass(token):
        return None
    try:
        found = passes.read(token, {name: issuer.key for name, issuer in opened.issuers.items()})
    except PassError:
        return None
    issuer = opened.issuers[found.issuer]
    h = visitor_hash(opened.salt, found.issuer, found.subject)
    return Vouched(found, h, opened.entries.get(issuer.h, ()), issuer)
