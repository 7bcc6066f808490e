"""Where outside calendars and links are kept, and where outside calendars come from: ports."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol
from zoneinfo import ZoneInfo

from controller.domain.booking.outside import Outside, Reading
from controller.domain.calendars import CalendarLink
from controller.domain.ids import CalendarId, LinkId
from controller.errors import ControllerError


class SourceError(ControllerError):
    """The calendar could not be had now; a later try may succeed. Its text never holds the secret part of an address."""


@dataclass(frozen=True, slots=True)
class Report:
    """What became of the last reading, in sentences for staff."""

    booked: int = 0  # that stand, from this calendar
    conflicts: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    held_back: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Came:
    """How a reading went."""

    at: datetime
    etag: str | None = None
    modified: str | None = None
    content: str | None = None  # digest of the file
    error: str | None = None
    report: Report = field(default_factory=Report)


@dataclass(frozen=True, slots=True)
class KeptCalendar:
    outside: Outside
    url: str = field(repr=False)  # it may hold a password, and most calendars' addresses are secrets
    every_s: int
    last: Came | None = None
    is_removed: bool = False


@dataclass(frozen=True, slots=True)
class KeptLink:
    link: CalendarLink
    digest: bytes = field(repr=False)


class CalendarStore(Protocol):
    """Outside calendars. `version` rises when one is added or removed, by any process; with its readings it does not."""

    async def version(self) -> int: ...
    async def calendars(self) -> list[KeptCalendar]: ...  # removed ones too, by name
    async def put_calendar(self, calendar: KeptCalendar) -> int: ...  # a new one; what was read of it is `came`'s
    async def remove_calendar(self, id: CalendarId) -> int: ...  # removed already: no new version
    async def came(self, id: CalendarId, came: Came) -> None: ...


class LinkStore(Protocol):
    """Links, over the same version."""

    async def version(self) -> int: ...
    async def links(self) -> list[KeptLink]: ...  # revoked ones too, the first made first
    async def put_link(self, link: CalendarLink, digest: bytes) -> int: ...
    async def revoke_link(self, id: LinkId, at: datetime) -> int: ...  # revoked already: no new version


@dataclass(frozen=True, slots=True)
class Fetched:
    data: bytes = field(repr=False)
    etag: str | None = None
    modified: str | None = None


class Source(Protocol):
    async def fetch(self, url: str, etag: str | None = None, modified: str | None = None) -> Fetched | None:
        """The calendar at an address; None: it is as it was when these two were told.

        Raises:
            InputError: the address is none that may be read.
            SourceError: it cannot be had now.
        """


class Reader(Protocol):
    async def read(self, data: bytes, start: datetime, end: datetime, zone: ZoneInfo) -> Reading:
        """What takes time in that window; InputError says why a file is none that can be read."""


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """How calendars are had that are kept elsewhere."""

    source: Source
    reader: Reader
