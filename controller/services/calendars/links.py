"""Secret links: who has one may read that calendar, until it is revoked."""

import hashlib
import logging
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from difflib import get_close_matches

from controller.domain.building import Space
from controller.domain.calendars import CalendarLink, LinkKind
from controller.domain.ids import LinkId, PersonId
from controller.domain.membership import Person
from controller.errors import InputError
from controller.services.calendars.stores import LinkStore
from controller.services.desk.house_desk import person_of
from controller.services.lookouts import look_again_and_again
from controller.services.screens.lines import moment
from controller.services.tokens.desk import room_of

logger = logging.getLogger(__name__)

# A link that is revoked must be dead within a second.
FOLLOW_EVERY = 0.5
SECRET_BYTES = 32
SECRET_LENGTH = 43


def digest_of(secret: str) -> bytes:
    """What is kept of it: nobody tries 2^256 of them."""
    return hashlib.sha256(secret.encode()).digest()


class Links:
    """Those that count now, in memory."""

    def __init__(self, store: LinkStore) -> None:
        self._store = store
        self._version: int | None = None
        self._by_digest: Mapping[bytes, CalendarLink] = {}

    def of(self, secret: str) -> CalendarLink | None:
        """Whose calendar this secret opens; unknown and revoked are the same."""
        if len(secret) != SECRET_LENGTH or not secret.isascii():
            return None
        return self._by_digest.get(digest_of(secret))

    async def run(self) -> None:
        """Follow the store for ever."""
        await look_again_and_again(
            self.refresh, every=FOLLOW_EVERY, failing="calendar links are as they were", logger=logger
        )

    async def refresh(self) -> None:
        """Bring what is in memory to the store's newest version."""
        version = await self._store.version()
        if version == self._version:
            return
        kept = await self._store.links()
        self._by_digest = {one.digest: one.link for one in kept if one.link.revoked_at is None}
        self._version = version


@dataclass(frozen=True, slots=True)
class MadeLink:
    """A new link, and the one time its path is told."""

    link: CalendarLink
    said: str
    path: str = field(repr=False)


class LinkDesk:
    """One command's view of the links."""

    def __init__(self, store: LinkStore, space: Space, people: Mapping[PersonId, Person], now: datetime) -> None:
        self._store = store
        self._space = space
        self._people = people
        self._now = now

    async def link(self, kind: LinkKind, subject: str = "") -> MadeLink:
        """A new address of a calendar, beside those it has."""
        if kind is LinkKind.ROOM:
            subject = room_of(subject, self._space, "room")
        elif kind is LinkKind.PERSON:
            subject = person_of(subject, self._people, "person").id
        secret = secrets.token_urlsafe(SECRET_BYTES)
        link = CalendarLink(LinkId(f"link-{secrets.token_hex(4)}"), kind, subject, self._now)
        await self._store.put_link(link, digest_of(secret))
        return MadeLink(link, f"{link.id}  {self._line(link)}", f"/calendar/{secret}.ics")

    async def listed(self, *, all_: bool = False) -> list[str]:
        """Those that count, the first made first; with `all_` the revoked ones too."""
        kept = [one.link for one in await self._store.links()]
        return [f"{one.id}  {self._line(one)}" for one in kept if all_ or one.revoked_at is None]

    async def unlink(self, which: str) -> str:
        kept = {one.link.id: one.link for one in await self._store.links()}
        link = kept.get(LinkId(which))
        if link is None:
            close = get_close_matches(which, kept, 1, 0.5)
            hint = f"did you mean {close[0]}?" if close else "`natoma calendars links` shows them"
            raise InputError(f"no link {which!r} — {hint}")
        if link.revoked_at is not None:
            raise InputError(f"the link {which} is revoked already")
        await self._store.revoke_link(link.id, self._now)
        return f"The link {link.id} to {self._what(link)} is revoked: within a second nobody reads it any more."

    def _line(self, link: CalendarLink) -> str:
        made = f"made {moment(link.made_at.isoformat(), self._space.zone, self._now)}"
        return ", ".join([self._what(link), made, *(["revoked"] if link.revoked_at is not None else [])])

    def _what(self, link: CalendarLink) -> str:
        if link.kind is LinkKind.EVENTS:
            return "the public events"
        names: dict[str, str] = (
            {area.id: area.name for area in self._space.areas.values()}
            if link.kind is LinkKind.ROOM
            else {person.id: person.name for person in self._people.values()}
        )
        return f"the calendar of {names.get(link.subject, link.subject)}"
