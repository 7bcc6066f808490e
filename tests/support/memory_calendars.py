"""Outside calendars and links in memory: the honest twins of the CalendarStore and LinkStore ports."""

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime

from controller.domain.calendars import CalendarLink
from controller.domain.ids import CalendarId, LinkId, PersonId
from controller.errors import InputError, StoreError
from controller.services.calendars.stores import Came, KeptCalendar, KeptLink
from controller.services.people import registry_checks as checks


class MemoryCalendars:
    """Both ports. `people` are those who are there; None: everybody is."""

    def __init__(self, people: Collection[PersonId] | None = None) -> None:
        self._people = people
        self._calendars: dict[CalendarId, KeptCalendar] = {}
        self._links: dict[LinkId, KeptLink] = {}
        self._version = 0
        self.failure: StoreError | None = None

    async def version(self) -> int:
        if self.failure is not None:
            raise self.failure
        return self._version

    async def calendars(self) -> list[KeptCalendar]:
        return sorted(self._calendars.values(), key=lambda one: (one.outside.name, one.outside.id))

    async def put_calendar(self, calendar: KeptCalendar) -> int:
        outside = calendar.outside
        if self._people is not None and outside.owner not in self._people:
            raise checks.unknown("person", outside.owner, self._people, "`natoma people export` lists everybody")
        if outside.id in self._calendars:
            raise InputError(f"calendar {outside.id!r} is there already: a new calendar has an id of its own")
        self._calendars[outside.id] = replace(calendar, last=None)
        return self._next()

    async def remove_calendar(self, id: CalendarId) -> int:
        if id not in self._calendars:
            raise checks.unknown("calendar", id, self._calendars)
        if self._calendars[id].is_removed:
            return self._version
        self._calendars[id] = replace(self._calendars[id], is_removed=True, url="")
        return self._next()

    async def came(self, id: CalendarId, came: Came) -> None:
        if self.failure is not None:
            raise self.failure
        if id in self._calendars:
            self._calendars[id] = replace(self._calendars[id], last=came)

    async def links(self) -> list[KeptLink]:
        return sorted(self._links.values(), key=lambda one: (one.link.made_at, one.link.id))

    async def put_link(self, link: CalendarLink, digest: bytes) -> int:
        if link.id in self._links:
            raise InputError(f"link {link.id!r} is there already: a new link has an id of its own")
        self._links[link.id] = KeptLink(link, digest)
        return self._next()

    async def revoke_link(self, id: LinkId, at: datetime) -> int:
        if id not in self._links:
            raise checks.unknown("link", id, self._links)
        kept = self._links[id]
        if kept.link.revoked_at is not None:
            return self._version
        self._links[id] = replace(kept, link=replace(kept.link, revoked_at=at))
        return self._next()

    def _next(self) -> int:
        self._version += 1
        return self._version
