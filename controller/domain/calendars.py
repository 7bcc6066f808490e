"""Links under which programs read the calendars of this house, and what such a calendar holds. Values only."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from controller.domain.ids import LinkId


class LinkKind(StrEnum):
    ROOM = "room"
    PERSON = "person"
    EVENTS = "events"


@dataclass(frozen=True, slots=True)
class CalendarLink:
    """A secret address that one calendar is read at; the secret itself is known by its digest alone."""

    id: LinkId
    kind: LinkKind
    subject: str  # which room or person; empty for the public events
    made_at: datetime
    revoked_at: datetime | None = None


class Status(StrEnum):
    """As iCalendar spells it."""

    CONFIRMED = "CONFIRMED"
    TENTATIVE = "TENTATIVE"
    CANCELLED = "CANCELLED"


@dataclass(frozen=True, slots=True)
class FeedEvent:
    """One event of a calendar that others read. Moments are aware UTC."""

    uid: str  # the same as long as there is anything to tell of it
    start: datetime
    end: datetime
    title: str
    place: str = ""
    status: Status = Status.CONFIRMED
    made_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Stamped:
    """An event and since when it is as it is; `sequence` rises with every change."""

    event: FeedEvent
    since: datetime
    sequence: int


@dataclass(frozen=True, slots=True)
class Feed:
    """A whole calendar, events by start."""

    name: str
    events: tuple[Stamped, ...]
    since: datetime  # of its newest change
