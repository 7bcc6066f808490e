"""What is told to whom, out of what happened: one fact, no notice or some, each to one person.

What is told late is no news, and tells nobody. A key names what is told: the same news told twice is one notice.
How it reads is in the templates of `services.notices`; whether and where somebody wants it, in their profile.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from controller.domain.building import Space
from controller.domain.facts import Fact, FactKind
from controller.domain.ids import PersonId
from controller.domain.schedule import business_day

# Up to here an event is late, beyond it is history: `times.lateness`.
NEWS_FOR = timedelta(minutes=15)


class NoticeKind(StrEnum):
    """What somebody is told; each has a template in every language."""

    BOOKING_MADE = "booking_made"  # for them, by somebody else or at a room's panel
    BOOKING_APPROVED = "booking_approved"
    BOOKING_DECLINED = "booking_declined"
    BOOKING_CANCELLED = "booking_cancelled"  # by somebody else
    BOOKING_CHANGED = "booking_changed"  # by somebody else
    BOOKING_RELEASED = "booking_released"
    SERIES_MISSED = "series_missed"
    WAITING_OFFERED = "waiting_offered"
    WAITING_WON = "waiting_won"
    WAITING_LAPSED = "waiting_lapsed"
    GUEST_ARRIVED = "guest_arrived"
    GRACE = "grace"
    FIRST_VISIT = "first_visit"


class Channel(StrEnum):
    """By which way somebody is told; each is a message of its own, so that one that fails repeats no other."""

    MAIL = "mail"
    WEBHOOK = "webhook"


@dataclass(frozen=True, slots=True)
class News:
    """What one person is to be told. `data` is what its template is filled with: ids and moments, no sentences."""

    key: str
    kind: NoticeKind
    person: PersonId
    data: Mapping[str, str] = field(default_factory=dict)

    def by(self, channel: Channel) -> "Notice":
        return Notice(f"{self.key}/{channel}", self.kind, self.person, channel, self.data)


@dataclass(frozen=True, slots=True)
class Notice:
    """The same as one message by one way."""

    key: str
    kind: NoticeKind
    person: PersonId
    channel: Channel
    data: Mapping[str, str] = field(default_factory=dict)


# To the owner of the booking, or whoever waits, whoever did it.
_TO_THEIR_OWN: Mapping[FactKind, NoticeKind] = {
    FactKind.BOOKING_APPROVED: NoticeKind.BOOKING_APPROVED,
    FactKind.BOOKING_DECLINED: NoticeKind.BOOKING_DECLINED,
    FactKind.BOOKING_RELEASED: NoticeKind.BOOKING_RELEASED,
    FactKind.SERIES_MISSED: NoticeKind.SERIES_MISSED,
    FactKind.WAITING_OFFERED: NoticeKind.WAITING_OFFERED,
    FactKind.WAITING_WON: NoticeKind.WAITING_WON,
    FactKind.WAITING_LAPSED: NoticeKind.WAITING_LAPSED,
}
# What somebody did themselves is no news to them.
_IF_BY_ANOTHER: Mapping[FactKind, NoticeKind] = {
    FactKind.BOOKING_MADE: NoticeKind.BOOKING_MADE,
    FactKind.BOOKING_REQUESTED: NoticeKind.BOOKING_MADE,
    FactKind.BOOKING_CANCELLED: NoticeKind.BOOKING_CANCELLED,
    FactKind.BOOKING_CHANGED: NoticeKind.BOOKING_CHANGED,
}
_SAID_OF_BOOKINGS = ("start", "end", "reason", "until", "times")


def notices_of(fact: Fact, now: datetime, space: Space, hosts: Collection[PersonId]) -> Iterator[News]:
    """Whom this fact is news to; `hosts` welcome who comes for the first time."""
    if now - fact.at > NEWS_FOR or fact.person is None:
        return
    if (kind := _TO_THEIR_OWN.get(fact.kind)) is not None:
        yield _of_booking(kind, fact, fact.person)
    elif (kind := _IF_BY_ANOTHER.get(fact.kind)) is not None:
        # Whose calendar it came from wrote it there; dozens at once would be no news to them.
        if fact.detail.get("by") != fact.person and fact.detail.get("how") != "calendar":
            yield _of_booking(kind, fact, fact.person)
    elif fact.kind is FactKind.GUEST_ARRIVED:
        yield from _guest(fact, space)
    elif fact.kind is FactKind.FIRST_VISIT:
        for host in sorted(hosts):
            if host != fact.person:
                yield News(f"first_visit/{fact.person}/{host}", NoticeKind.FIRST_VISIT, host, {"who": fact.person})
    elif fact.kind is FactKind.ENTRY_GRANTED and fact.detail.get("in_grace") is True:
        day = business_day(fact.at, space.zone, space.cut_off_minutes)
        yield News(f"grace/{fact.person}/{day}", NoticeKind.GRACE, fact.person)


def _of_booking(kind: NoticeKind, fact: Fact, to: PersonId) -> News:
    data = {name: str(fact.detail[name]) for name in _SAID_OF_BOOKINGS if fact.detail.get(name) is not None}
    if fact.area is not None:
        data["room"] = fact.area
    about = fact.detail.get("waiting") or fact.detail.get("booking") or fact.detail.get("series")
    # What may happen again to the same booking is news again: it is told apart by its moment.
    return News(f"{kind}/{about}/{fact.at.isoformat()}", kind, to, data)


def _guest(fact: Fact, space: Space) -> Iterator[News]:
    host, guest = fact.detail.get("host"), fact.person
    if not isinstance(host, str) or guest is None:
        return
    day = business_day(fact.at, space.zone, space.cut_off_minutes)
    yield News(f"guest_arrived/{guest}/{host}/{day}", NoticeKind.GUEST_ARRIVED, PersonId(host), {"who": guest})
