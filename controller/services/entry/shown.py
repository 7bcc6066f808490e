"""What somebody showed at a reader, and whose it is: a badge, a PIN, or the token of a ticket or a visitor's pass.

Numbers come in and digests go on: nothing here keeps what was shown.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from controller.domain.building import Device, Door
from controller.domain.holdings import VisitingPass
from controller.domain.membership import Credential, Person
from controller.domain.rights import Rights
from controller.services.entry.access_index import AccessIndex, Circumstances
from devices import badges
from devices.badges import Badge, ReaderProfile
from devices.messages import BadgeReadData, Event
from devices.passes import is_pass


class Digests(Protocol):
    """The keyed digests under which the registry knows badges, PINs and tokens."""

    def of(self, badge: Badge) -> bytes: ...
    def of_pin(self, pin: str) -> bytes: ...
    def of_token(self, token: str) -> bytes: ...


@dataclass(frozen=True, slots=True)
class Visitor:
    """Somebody of a partner space, as their pass says and our policy takes it."""

    credential: Credential
    person: Person
    visits: tuple[VisitingPass, ...]


class Visitors(Protocol):
    """Knows the passes of partner spaces; None for a token that is none of theirs."""

    def visitor(self, token: str, at: datetime) -> Visitor | None: ...


@dataclass(frozen=True, slots=True)
class Shown:
    """What was shown, without its number: the digest it is known by, and of a badge what a screen may show."""

    digest: bytes | None = field(default=None, repr=False)
    badge: Badge | None = None
    visitor: Visitor | None = None


NOTHING_SHOWN = Shown()


class Recognition:
    """Turns what a reader says into rights at its door."""

    def __init__(
        self,
        index: AccessIndex,
        digests: Digests,
        profiles: Callable[[Device], ReaderProfile],
        beside: Circumstances,
        visitors: Visitors,
    ) -> None:
        self._index = index
        self._digests = digests
        self._profiles = profiles
        self._beside = beside
        self._visitors = visitors

    def shown(self, reader: Device, event: Event, at: datetime) -> Shown:
        """What this event shows; BadgeError when it is no badge as this reader spells them."""
        data = event.data
        if not isinstance(data, BadgeReadData):
            return NOTHING_SHOWN
        if data.card is not None:
            badge = badges.read(data.card, self._profiles(reader), bits=data.bits, format=data.format)
            return Shown(self._digests.of(badge), badge)
        if data.pin is not None:
            return Shown(self._digests.of_pin(data.pin))
        assert data.token is not None  # exactly one of the three: the contract
        digest = self._digests.of_token(data.token)
        if is_pass(data.token):
            # Verified each time, though its digest is known by then: who is no partner any more vouches for nobody.
            visitor = self._visitors.visitor(data.token, at)
            return Shown(digest, visitor=visitor) if visitor is not None else NOTHING_SHOWN
        return Shown(digest)

    def rights(self, door: Door | None, shown: Shown) -> Rights:
        """All that is known about whoever showed it, for a decision at this door now."""
        visitor = shown.visitor
        if visitor is not None:
            return self._index.rights_of(door, visitor.credential, visitor.person, self._beside, visitor.visits)
        return self._index.rights(door, shown.digest, self._beside)
