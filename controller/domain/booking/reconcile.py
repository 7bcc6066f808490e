"""What becomes of a reading of an outside calendar: which bookings are made, changed and taken back because of it.

The calendar is right about its own entries, and about nobody else's: an entry that meets another booking is left out
and told, never moved. A reading that says the same as the last one changes nothing, and the order of a file says nothing.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from controller.domain.booking import rules
from controller.domain.booking.clock_words import minute_of
from controller.domain.booking.conflicts import held_until
from controller.domain.booking.outside import Conflict, Entry, Outside, Problem, Reading
from controller.domain.booking.rules import Circumstances, Edit, Refused, RefuseReason, Wish
from controller.domain.holdings import HOLDS_ITS_TIME, Booking
from controller.domain.ids import BookingId

# A server that answers with half a calendar, or an empty one, must not cost a month of bookings.
MANY = 3
"""From so many on, bookings that are gone from the calendar, all at once and more than half of them, are held back."""

WITHDRAWN = "withdrawn:"
"""Before the origin of a booking that its calendar took back: should the entry come again, it is booked again."""

# So far around an entry it is looked for what stands in its way, and from when on the room would be free instead.
_BEFORE, _AFTER = timedelta(days=1), timedelta(days=2)
_ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Reconciled:
    """What is to be written, and what is not."""

    gone: tuple[Booking, ...] = ()  # as they are now: cancelled
    changed: tuple[tuple[Booking, Booking], ...] = ()  # before, after
    made: tuple[Booking, ...] = ()
    conflicts: tuple[Conflict, ...] = ()
    held_back: tuple[Booking, ...] = ()  # gone from the calendar, and standing all the same

    @property
    def writes(self) -> tuple[Booking, ...]:
        """In the order in which each finds its time free: what goes, what changes, what comes."""
        return (*self.gone, *(after for _, after in self.changed), *self.made)


def reconcile(
    calendar: Outside,
    reading: Reading,
    window_end: datetime,
    standing: Iterable[Booking],
    known: Circumstances,
    new_id: Callable[[], BookingId],
    *,
    sure: bool = False,
) -> Reconciled:
    """Judge one reading.

    `standing` is all that came from this calendar, history too; `known` is asked for staff, over the whole window.
    `sure` takes many bookings back at once.
    """
    return _Reconciling(calendar, reading, window_end, standing, known, new_id).done(sure=sure)


class _Reconciling:
    """One reading, step by step; each step takes its times from those after it."""

    def __init__(
        self,
        calendar: Outside,
        reading: Reading,
        window_end: datetime,
        standing: Iterable[Booking],
        known: Circumstances,
        new_id: Callable[[], BookingId],
    ) -> None:
        self._calendar = calendar
        self._window_end = window_end
        self._known = known
        self._now = known.now
        self._new_id = new_id
        self._problems = reading.problems
        self._entries = sorted((e for e in reading.entries if e.end > self._now), key=lambda e: (e.start, e.key))
        self._live: dict[str, Booking] = {}
        self._over: defaultdict[str, list[Booking]] = defaultdict(list)
        for one in standing:
            key = one.origin.removeprefix(calendar.prefix)
            if one.state in HOLDS_ITS_TIME and one.end > self._now:
                self._live[key] = one
            else:
                self._over[key].append(one)
        self._taken = _Taken(one for one in known.others if not one.origin.startswith(calendar.prefix))
        self._conflicts: list[Conflict] = []
        self._gone: list[Booking] = []
        self._changed: list[tuple[Booking, Booking]] = []
        self._made: list[Booking] = []

    def done(self, *, sure: bool) -> Reconciled:
        held_back = self._take_back(sure=sure)
        known = [entry for entry in self._entries if entry.key in self._live]
        moving = [entry for entry in known if not self._stays(entry)]
        # What only ends sooner keeps time that was its own all along: nobody may be given that before.
        for entry in sorted(moving, key=lambda one: not self._only_ends_sooner(one)):
            self._move(self._live[entry.key], entry)
        for entry in self._entries:
            if entry.key not in self._live and not self._was_given_up(entry):
                self._book(entry)
        return Reconciled(
            tuple(self._gone), tuple(self._changed), tuple(self._made), tuple(self._conflicts), tuple(held_back)
        )

    def _take_back(self, *, sure: bool) -> Sequence[Booking]:
        """What the calendar has no longer; what has begun runs on, and what cannot be read is not gone."""
        there = {entry.key for entry in self._entries}
        unread = _Unread(self._problems)
        ahead = {key: one for key, one in self._live.items() if one.start > self._now and one.start < self._window_end}
        gone = [one for key, one in ahead.items() if key not in there and not unread.has(key)]
        # Counted beside what is new in this reading: booked, it must not tip the same reading the next time.
        all_ahead = ahead.keys() | {entry.key for entry in self._entries if entry.start > self._now}
        held_back = gone if not sure and len(gone) >= MANY and 2 * len(gone) > len(all_ahead) else []
        if not held_back:
            for one in gone:
                self._withdraw(one)
        going = {one.id for one in self._gone}
        for key, one in self._live.items():
            if key not in there and one.id not in going:
                self._taken.add(one)
        return held_back

    def _stays(self, entry: Entry) -> bool:
        """Where it is, at least; its title may be another, and what runs is only ever lengthened."""
        one = self._live[entry.key]
        if one.start <= self._now:
            if entry.start > self._now:
                begun = Refused(RefuseReason.BEGUN, "its booking has begun", "it is booked anew once that is over")
                self._conflicts.append(Conflict(entry, begun))
            elif entry.end > one.end:
                return False
        elif (one.start, one.end) != (self._start(entry), entry.end):
            return False
        if one.title != entry.title:
            after = replace(one, title=entry.title)
            self._changed.append((one, after))
            one = after
        self._taken.add(one)
        return True

    def _only_ends_sooner(self, entry: Entry) -> bool:
        one = self._live[entry.key]
        return self._start(entry) == one.start and entry.end < one.end

    def _move(self, before: Booking, entry: Entry) -> None:
        runs = before.start <= self._now
        start = None if runs else self._start(entry)
        edit = Edit(start=start, end=entry.end, title=entry.title)
        after = rules.judge_edit(before, edit, self._around(entry))
        if not isinstance(after, Refused):
            self._changed.append((before, after))
            self._taken.add(after)
            return
        self._conflicts.append(Conflict(entry, after))
        if runs:
            self._taken.add(before)
        else:
            # The calendar does not have it there any more, so the room is free then.
            self._withdraw(before)

    def _book(self, entry: Entry) -> None:
        calendar = self._calendar
        wish = Wish(
            calendar.area,
            self._start(entry),
            entry.end,
            calendar.owner,
            title=entry.title,
            origin=calendar.prefix + entry.key,
        )
        judged = rules.judge(wish, self._around(entry), self._new_id())
        if isinstance(judged, Refused):
            self._conflicts.append(Conflict(entry, judged))
            return
        self._made.append(judged)
        self._taken.add(judged)

    def _withdraw(self, one: Booking) -> None:
        cancelled = rules.cancel(one, self._known)
        assert not isinstance(cancelled, Refused)  # it has not begun, and staff's calendar asks
        self._gone.append(replace(cancelled, origin=WITHDRAWN + one.origin))

    def _was_given_up(self, entry: Entry) -> bool:
        """Somebody cancelled or ended it here, or nobody came: the calendar does not bring it back as it was."""
        begun = entry.start <= self._now
        return any(
            (one.booked_end or one.end) == entry.end and (begun or one.start == entry.start)
            for one in self._over.get(entry.key, ())
        )

    def _around(self, entry: Entry) -> Circumstances:
        return replace(self._known, others=self._taken.between(self._start(entry) - _BEFORE, entry.end + _AFTER))

    def _start(self, entry: Entry) -> datetime:
        """What has begun elsewhere begins here with this minute."""
        return max(entry.start, minute_of(self._now))


class _Unread:
    """Entries of events that could not be read: nobody knows whether they are gone."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self._uids = {one.uid for one in problems}

    def has(self, key: str) -> bool:
        return key in self._uids or key.rpartition("/")[0] in self._uids


class _Taken:
    """What has its time in the room, by day: a year of it is not looked through for each entry."""

    def __init__(self, bookings: Iterable[Booking]) -> None:
        self._by_day: defaultdict[date, list[Booking]] = defaultdict(list)
        for one in bookings:
            self.add(one)

    def add(self, one: Booking) -> None:
        for day in _days(one.start, held_until(one)):
            self._by_day[day].append(one)

    def between(self, start: datetime, end: datetime) -> list[Booking]:
        found = {one.id: one for day in _days(start, end) for one in self._by_day.get(day, ())}
        return list(found.values())


def _days(start: datetime, end: datetime) -> Iterator[date]:
    day = start.date()
    while day <= end.date():
        yield day
        day += _ONE_DAY
