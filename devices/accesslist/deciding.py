"""Deciding alone at a door: whom its opened list admits, now, by its own clock.

Pure. It follows the same rules as the controller with what the list says of them; leaving is never denied.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import TypeAlias

from devices.accesslist.hashing import canonical_of, entry_hash, list_digest
from devices.accesslist.opening import OpenedList
from devices.accesslist.times import business_day, instant, local_date
from devices.accesslist.visiting import Vouched, vouched
from devices.badges import ReaderProfile
from devices.errors import BadgeError
from devices.messages import MINUTES_A_DAY, MINUTES_A_WEEK, AccessEntry, AccessRight, BadgeReadData
from devices.passes import Pass, Refusal

UsedDays: TypeAlias = frozenset[tuple[str, date]]
"""Which badge (by its hash) came on which business day, since the list was issued."""

# A clock that says the list is not issued yet is wrong by more than two clocks ever differ.
_MOST_SKEW = timedelta(minutes=5)
_ONE_DAY = timedelta(days=1)
_ANYWAY = frozenset({AccessRight.STAFF, AccessRight.EMERGENCY})


class Reason(StrEnum):
    """Why, in the words of the controller's own decisions where it has one for it."""

    EXIT = "exit"
    STAFF = "staff"
    EMERGENCY = "emergency"
    MEMBER = "member"
    UNREADABLE = "unreadable_badge"
    UNKNOWN = "unknown_credential"
    BLOCKED = "credential_blocked"
    NOT_YET = "credential_not_yet_valid"
    EXPIRED = "credential_expired"
    LIST_EXPIRED = "list_expired"
    CLOCK_UNKNOWN = "clock_unknown"
    OUTSIDE_HOURS = "outside_hours"
    QUOTA_USED_UP = "quota_used_up"
    PASS_NOT_YET = Refusal.NOT_YET.value
    PASS_OVER = Refusal.EXPIRED.value
    PASS_REVOKED = Refusal.REVOKED.value


# Of several misses the one that came closest is told.
_NEAREST_FIRST = (
    Reason.OUTSIDE_HOURS, Reason.QUOTA_USED_UP, Reason.NOT_YET, Reason.EXPIRED, Reason.CLOCK_UNKNOWN
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class LocalDecision:
    """`used` is what to remember from now on; `uses_day` says that this one took a day of a quota.

    `visit` is the pass of a visitor whom the list does not know.
    """

    admitted: bool
    reason: Reason
    h: str | None = field(default=None, repr=False)
    right: AccessRight | None = None
    hold_s: float | None = None
    uses_day: bool = False
    used: UsedDays = field(default=frozenset(), repr=False)
    visit: Pass | None = None


@dataclass(frozen=True, slots=True)
class _Moment:
    """When it is decided, and what was used before."""

    opened: OpenedList
    at: datetime
    clock_known: bool
    used: UsedDays

    @property
    def today(self) -> date:
        return business_day(self.at, self.opened.zone, self.opened.cut_off)


def decide_offline(
    opened: OpenedList,
    list_key: bytes,
    shown: BadgeReadData,
    profile: ReaderProfile,
    at: datetime,
    *,
    clock_known: bool = True,
    used: UsedDays = frozenset(),
) -> LocalDecision:
    """Answer one read with nobody to ask."""
    if shown.direction == "out":
        # Whoever leaves is let out, and need not be known.
        return LocalDecision(True, Reason.EXIT, used=used)
    try:
        hashes = [entry_hash(opened.salt, list_digest(list_key, text)) for text in canonical_of(shown, profile)]
    except BadgeError:
        return LocalDecision(False, Reason.UNREADABLE, used=used)
    moment = _Moment(opened, at, clock_known and at >= opened.issued - _MOST_SKEW, used)
    known = [h for h in hashes if h in opened.entries]
    if not known and shown.token is not None and (visitor := vouched(opened, shown.token)) is not None:
        return replace(_of_visitor(visitor, moment), visit=visitor.found)
    if len(known) != 1:
        # Several meanings of one read open nothing unless exactly one is somebody's.
        return LocalDecision(False, Reason.UNKNOWN, hashes[0], used=used)
    return _of_known(known[0], opened.entries[known[0]], moment)


def _of_visitor(visitor: Vouched, now: _Moment) -> LocalDecision:
    """A genuine pass that nobody has seen yet: good for one business day, as nobody knows how many are left."""
    refused = visitor.refusal_at(now.at) if now.clock_known else None
    if refused is not None:
        return LocalDecision(False, Reason(refused.value), visitor.h, used=now.used)
    if not now.clock_known:
        # A pass is short-lived because nobody can call it back; without a clock it would live for ever.
        return LocalDecision(False, Reason.CLOCK_UNKNOWN, visitor.h, used=now.used)
    if not visitor.entries:
        return LocalDecision(False, Reason.UNKNOWN, visitor.h, used=now.used)
    is_counted = any(entry.days is not None for entry in visitor.entries)
    if is_counted and any(known == visitor.h and day != now.today for known, day in now.used):
        return LocalDecision(False, Reason.QUOTA_USED_UP, visitor.h, used=now.used)
    return _of_known(visitor.h, visitor.entries, now)


def _of_known(h: str, entries: tuple[AccessEntry, ...], now: _Moment) -> LocalDecision:
    if any(entry.right is AccessRight.BLOCKED for entry in entries):
        return LocalDecision(False, Reason.BLOCKED, h, AccessRight.BLOCKED, used=now.used)
    misses: set[Reason] = set()
    for entry in entries:
        if entry.right in _ANYWAY:
            miss = _outside_its_dates(entry, now) if now.clock_known else None
            if miss is None:
                return LocalDecision(True, Reason(entry.right.value), h, entry.right, entry.hold_s, used=now.used)
            misses.add(miss)
    members = [entry for entry in entries if entry.right is AccessRight.MEMBER]
    if members and now.clock_known and now.at >= now.opened.until:
        return LocalDecision(False, Reason.LIST_EXPIRED, h, used=now.used)
    # Without a quota first: a day is used only where nothing else lets the member in.
    for entry in sorted(members, key=lambda entry: entry.days is not None):
        answer = _by(entry, h, now)
        if isinstance(answer, LocalDecision):
            return answer
        misses.add(answer)
    return LocalDecision(False, next(reason for reason in _NEAREST_FIRST if reason in misses), h, used=now.used)


def _by(entry: AccessEntry, h: str, now: _Moment) -> LocalDecision | Reason:
    if not now.clock_known:
        return _granted(entry, h, now) if _is_always(entry, now.opened) else Reason.CLOCK_UNKNOWN
    miss = _outside_its_dates(entry, now)
    if miss is not None:
        return miss
    if not _is_open(entry, now):
        return Reason.OUTSIDE_HOURS
    if entry.days is None or (h, now.today) in now.used:
        # Coming back on the same business day is free.
        return _granted(entry, h, now)
    if len({day for known, day in now.used if known == h and _covers(entry, day, now.opened)}) >= entry.days:
        return Reason.QUOTA_USED_UP
    return _granted(entry, h, now, uses_day=True)


def _granted(entry: AccessEntry, h: str, now: _Moment, *, uses_day: bool = False) -> LocalDecision:
    used = now.used | {(h, now.today)} if uses_day else now.used
    return LocalDecision(True, Reason.MEMBER, h, entry.right, entry.hold_s, uses_day, used)


def _outside_its_dates(entry: AccessEntry, now: _Moment) -> Reason | None:
    if entry.since is not None and now.at < entry.since:
        return Reason.NOT_YET
    return Reason.EXPIRED if entry.until is not None and now.at >= entry.until else None


def _covers(entry: AccessEntry, day: date, opened: OpenedList) -> bool:
    """Whether that business day lies in the entry's own time: this week's days do not count against the next."""
    start = instant(day, opened.cut_off, opened.zone)
    end = instant(day + _ONE_DAY, opened.cut_off, opened.zone)
    return (entry.since is None or entry.since < end) and (entry.until is None or start < entry.until)


def _is_always(entry: AccessEntry, opened: OpenedList) -> bool:
    """Good at every hour of as long as the list is good: all that can be judged without a clock."""
    begins_later = entry.since is not None and entry.since > opened.issued
    ends_earlier = entry.until is not None and entry.until < opened.until
    closes = bool(opened.closed) and not entry.holidays
    if begins_later or ends_earlier or closes or entry.days is not None:
        return False
    reached = 0
    for start, end in sorted(entry.weekly):
        if start > reached:
            return False
        reached = max(reached, end)
    return reached >= MINUTES_A_WEEK


def _is_open(entry: AccessEntry, now: _Moment) -> bool:
    if any(start <= now.at < end for start, end in entry.once or ()):
        return True
    # A window belongs to the day it starts, however many midnights it lasts over.
    today = local_date(now.at, now.opened.zone)
    return any(_opens_on(entry, day, now) for day in _days_back(today, entry.weekly))


def _days_back(today: date, weekly: Iterable[tuple[int, int]]) -> Iterator[date]:
    longest = max((end - start for start, end in weekly), default=0)
    for back in range(2 + longest // MINUTES_A_DAY):
        yield today - back * _ONE_DAY


def _opens_on(entry: AccessEntry, day: date, now: _Moment) -> bool:
    if day in now.opened.closed and not entry.holidays:
        return False
    monday = day.weekday() * MINUTES_A_DAY
    zone = now.opened.zone
    for start, end in entry.weekly:
        if start // MINUTES_A_DAY != day.weekday():
            continue
        if instant(day, start - monday, zone) <= now.at < instant(day, end - monday, zone, last=True):
            return True
    return False
