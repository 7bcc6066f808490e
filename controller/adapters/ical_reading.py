"""A calendar that somebody else wrote, read as times that are taken (`domain.booking.outside`).

Files come from anywhere, so what one may cost is bounded (`ical_bounds`), and one bad event is a problem with a name
that never spoils the rest. `icalendar` reads the file, `recurring_ical_events` repeats. The service asks `ical_process`,
which does this in a process of its own.
"""

import hashlib
import itertools
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, TypeAlias
from zoneinfo import ZoneInfo

import icalendar
import recurring_ical_events  # type: ignore[import-untyped]

from controller.adapters.ical_bounds import MAX_ENTRIES, RIGHT, text_of
from controller.adapters.ical_rules import Budget, Unreadable, check_parts, parts_of
from controller.domain.booking.outside import Entry, Problem, Reading
from controller.domain.booking.said import LONGEST_TITLE
from controller.domain.schedule import instant
from controller.errors import InputError

_ONE_DAY = timedelta(days=1)
# A uid longer than this, or with what no log should hold, is known by its digest.
_UID_LIMIT = 120

# What stands in a component may be of a dozen kinds, and is asked for what it has.
_Component: TypeAlias = Any


def read_calendar(data: bytes, start: datetime, end: datetime, zone: ZoneInfo) -> Reading:
    """What takes time between `start` and `end` (aware UTC). Times without a zone are those of `zone`.

    Cancelled events and those that their calendar shows as free are not there. An event of whole days takes them from
    midnight to midnight in `zone`.

    Raises:
        InputError: it is too large, cut short, or no calendar at all; nothing of it was read.
    """
    with warnings.catch_warnings():
        # What the libraries make do with we make do with, or tell as a problem of the file.
        warnings.simplefilter("ignore")
        return _read(data, start, end, zone)


def _read(data: bytes, start: datetime, end: datetime, zone: ZoneInfo) -> Reading:
    entries: dict[str, Entry] = {}
    problems: list[Problem] = []
    budget = Budget(end)
    steps = itertools.count()
    for uid, events in _series(_parsed(text_of(data))).items():

        def tell(what: str, uid: str = uid, events: Sequence[_Component] = events) -> None:
            problems.append(Problem(uid, _title(events[0]), what))

        try:
            for entry in _entries(uid, events, start, end, zone, budget, tell):
                if entries.setdefault(entry.key, entry) != entry:
                    tell(
                        f"two of its events come at once, {entry.start:%Y-%m-%d %H:%M} UTC — give each a UID of its own"
                    )
                if next(steps) >= MAX_ENTRIES:
                    raise InputError(
                        f"the calendar takes more than {MAX_ENTRIES} times between {start:%Y-%m-%d} and {end:%Y-%m-%d} — "
                        "give each room a calendar of its own"
                    )
        except Unreadable as why:
            tell(str(why))
    return Reading(tuple(sorted(entries.values(), key=lambda one: (one.start, one.key))), tuple(problems))


def _parsed(text: str) -> Sequence[_Component]:
    # The library remembers the zones of every file it has read; those of one are no other's.
    icalendar.use_zoneinfo()  # type: ignore[no-untyped-call]
    try:
        return list(icalendar.Calendar.from_ical(text, multiple=True))
    except Exception as exc:  # noqa: BLE001 — a stranger's file: whatever the library trips over is wrong with the file
        raise InputError(f"the calendar cannot be read: {_short(exc)} — {RIGHT}") from None


def _series(calendars: Iterable[_Component]) -> Mapping[str, list[_Component]]:
    """Events by uid: the first event, its rule, and its exceptions belong together."""
    found: dict[str, list[_Component]] = {}
    for calendar in calendars:
        for event in calendar.walk("VEVENT"):
            found.setdefault(_uid(event), []).append(event)
    return found


def _uid(event: _Component) -> str:
    written = event.get("UID")
    uid = "" if written is None else str(written).strip()
    if uid and len(uid) <= _UID_LIMIT and uid.isprintable():
        return uid
    # Without one it is known by what it says: where it stands in the file may be another place tomorrow.
    said = uid or "".join(f"{name}:{event.get(name)!r};" for name in ("DTSTART", "RRULE", "RDATE", "SUMMARY"))
    return hashlib.sha256(said.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _entries(
    uid: str,
    events: Sequence[_Component],
    start: datetime,
    end: datetime,
    zone: ZoneInfo,
    budget: Budget,
    tell: Callable[[str], None],
) -> Iterator[Entry]:
    """What one event, with all its repeats and exceptions, takes; Unreadable, and nothing of it, where a part of it is."""
    try:
        for event in events:
            check_parts(event)
            if (why := _backwards(event, zone)) is not None:
                raise Unreadable(why)
        budget.take(events)
        taken = list(_occurrences(uid, events, start, end, zone))
    except Unreadable:
        raise
    except Exception as exc:  # noqa: BLE001 — as above; the next event may well be right
        raise Unreadable(f"its dates cannot be worked out: {_short(exc)}") from None
    empty = [entry for entry in taken if entry.end <= entry.start]
    if empty:
        tell(f"it takes no time: it ends as it begins, {empty[0].start:%Y-%m-%d %H:%M} UTC — give it an end")
    yield from (one for one in taken if one.end > one.start and one.end > start and one.start < end)


def _backwards(event: _Component, zone: ZoneInfo) -> str | None:
    """The library would turn it round without a word."""
    if event.get("DTEND") is None:
        return None
    begins, ends = (_utc(event[name].dt, zone) for name in ("DTSTART", "DTEND"))
    if ends >= begins:
        return None
    return f"it ends {ends:%Y-%m-%d %H:%M} UTC, before its beginning {begins:%Y-%m-%d %H:%M} UTC — the end comes later"


def _occurrences(
    uid: str, events: Sequence[_Component], start: datetime, end: datetime, zone: ZoneInfo
) -> Iterator[Entry]:
    alone = icalendar.Calendar()
    for event in events:
        alone.add_component(event)
    repeats = len(events) > 1 or any(
        event.get(name) for event in events for name in ("RRULE", "RDATE", "RECURRENCE-ID")
    )
    # A day more at either side: a time without a zone, or a whole day, may lie outside by the library's own reckoning.
    for one in recurring_ical_events.of(alone).between(start - _ONE_DAY, end + _ONE_DAY):
        if _is_free(one):
            continue
        begins, ends = _span(one, zone)
        key = f"{uid}/{_day_of(one, events, zone):%Y%m%dT%H%M%SZ}" if repeats else uid
        yield Entry(key, begins, ends, _title(one))


def _span(one: _Component, zone: ZoneInfo) -> tuple[datetime, datetime]:
    begins, ends = one["DTSTART"].dt, one["DTEND"].dt
    if begins == ends and not isinstance(begins, datetime):
        # Of a whole day some write the same day twice.
        ends = begins + _ONE_DAY
    return _utc(begins, zone), _utc(ends, zone, last=True)


def _day_of(one: _Component, events: Sequence[_Component], zone: ZoneInfo) -> datetime:
    """Which of its repeats this is: when it would have been, wherever it was moved to."""
    which = one["RECURRENCE-ID"]
    if which.params.get("RANGE") == "THISANDFUTURE":
        # All after the first that was moved carry its mark; they are moved by as much.
        for event in events:
            moved = event.get("RECURRENCE-ID")
            if moved is not None and moved.dt == which.dt:
                by = _utc(event["DTSTART"].dt, zone) - _utc(_at_hour_of(moved.dt, events), zone)
                return _utc(one["DTSTART"].dt, zone) - by
    return _utc(_at_hour_of(which.dt, events), zone)


def _at_hour_of(which: date | datetime, events: Sequence[_Component]) -> date | datetime:
    """Some name the day alone of an event that has an hour."""
    if isinstance(which, datetime):
        return which
    for event in events:
        begins = event["DTSTART"].dt
        if event.get("RECURRENCE-ID") is None and isinstance(begins, datetime):
            return datetime.combine(which, begins.timetz())
    return which


def _is_free(event: _Component) -> bool:
    says = {
        name: str(event.get(name, "")).strip().upper() for name in ("STATUS", "TRANSP", "X-MICROSOFT-CDO-BUSYSTATUS")
    }
    return (
        says["STATUS"] == "CANCELLED" or "TRANSPARENT" in says["TRANSP"] or says["X-MICROSOFT-CDO-BUSYSTATUS"] == "FREE"
    )


def _utc(at: date | datetime, zone: ZoneInfo, *, last: bool = False) -> datetime:
    """A whole day begins at its midnight; a time that the clocks skip becomes the first that exists."""
    if not isinstance(at, datetime):
        return instant(at, 0, zone)
    if at.tzinfo is not None:
        return at.astimezone(UTC)
    minutes = at.hour * 60 + at.minute
    return instant(at.date(), minutes, zone, last=last) + timedelta(seconds=at.second)


def _title(event: _Component) -> str:
    written = parts_of(event, "SUMMARY")
    said = "".join(letter if letter.isprintable() else " " for letter in str(written[0] if written else ""))
    return " ".join(said.split())[:LONGEST_TITLE]


def _short(exc: Exception) -> str:
    return " ".join(str(exc).split())[:160] or type(exc).__name__
