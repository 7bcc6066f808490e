"""A calendar of this house written as iCalendar, for programs that subscribe to it. All times are UTC: no zone to explain."""

from datetime import datetime, timedelta

import icalendar

from controller.domain.calendars import Feed, Stamped

_PRODUCT = "-//Natoma//Natoma//EN"
# How often a subscriber is asked to come again; most take what they like.
_REFRESH = timedelta(minutes=15)


_ESCAPED = str.maketrans({"\\": "\\\\", ";": "\\;", ",": "\\,", "\n": "\\n"})


class _Text(icalendar.vText):
    """Escaped as RFC 5545 says (3.3.11); the library would take a backslash before an N for a line break."""

    def to_ical(self) -> bytes:
        return self.translate(_ESCAPED).encode()


def written(feed: Feed) -> bytes:
    """The whole calendar; lines folded, text escaped."""
    calendar = icalendar.Calendar()
    calendar.add("PRODID", _PRODUCT)
    calendar.add("VERSION", "2.0")
    calendar.add("METHOD", "PUBLISH")
    name = " ".join(_plain(feed.name).split())
    calendar.add("NAME", _Text(name))
    calendar.add("X-WR-CALNAME", _Text(name))
    calendar.add("REFRESH-INTERVAL", icalendar.vDuration(_REFRESH), parameters={"VALUE": "DURATION"})
    calendar.add("X-PUBLISHED-TTL", "PT15M")
    for one in feed.events:
        calendar.add_component(_event(one))
    body: bytes = calendar.to_ical()
    return body


def _event(one: Stamped) -> icalendar.Event:
    event = icalendar.Event()
    told = one.event
    event.add("UID", told.uid)
    event.add("DTSTAMP", _whole(one.since))
    event.add("LAST-MODIFIED", _whole(one.since))
    event.add("SEQUENCE", one.sequence)
    event.add("DTSTART", _whole(told.start))
    event.add("DTEND", _whole(told.end))
    event.add("SUMMARY", _Text(_plain(told.title)))
    event.add("STATUS", told.status.value)
    if told.place:
        event.add("LOCATION", _Text(_plain(told.place)))
    if told.made_at is not None:
        event.add("CREATED", _whole(told.made_at))
    return event


def _whole(at: datetime) -> datetime:
    return at.replace(microsecond=0)


def _plain(text: str) -> str:
    """Lines stay lines; what no calendar may hold is left out."""
    return "".join(
        letter for letter in text.replace("\r\n", "\n").replace("\r", "\n") if letter == "\n" or letter.isprintable()
    )
