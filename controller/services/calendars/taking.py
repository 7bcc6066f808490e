"""One reading of an outside calendar made bookings: judged, written in one transaction, told."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from controller.domain.booking.clock_words import moment
from controller.domain.booking.outside import Conflict, Entry, Outside, Reading
from controller.domain.booking.reconcile import WITHDRAWN, Reconciled, reconcile
from controller.domain.booking.rules import Refused, RefuseReason, cancel
from controller.domain.facts import Fact, FactKind, Plain
from controller.domain.holdings import HOLDS_ITS_TIME, Booking
from controller.domain.ids import BookingId
from controller.domain.schedule import local_date
from controller.services.booking.changing import Changing
from controller.services.booking.counter import How, new_booking_id
from controller.services.booking.stores import Tried
from controller.services.calendars.stores import Report

# So far ahead outside calendars are booked: a school year and its holidays.
AHEAD = timedelta(days=400)
# Somebody's ending or cancelling of an entry is remembered as long as the longest event could go on.
_REMEMBERED = timedelta(days=31)
# Of a first import of a year nobody wants each booking told; the count is told always.
TOLD_EACH = 50
SHOWN = 100


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of one reading."""

    made: tuple[Booking, ...] = ()
    changed: tuple[Booking, ...] = ()
    gone: tuple[Booking, ...] = ()
    conflicts: tuple[Conflict, ...] = ()
    held_back: tuple[Booking, ...] = ()
    report: Report = field(default_factory=Report)

    @property
    def is_settled(self) -> bool:
        """The same reading, judged again later, would say the same."""
        return not self.conflicts and not self.held_back


class Taking:
    """Over the booking desk, as which it writes and tells; it asks for nobody but the calendar itself."""

    def __init__(self, desk: Changing) -> None:
        self._desk = desk

    async def take(self, calendar: Outside, reading: Reading, window_end: datetime, *, sure: bool = False) -> Taken:
        """Book what is new, move what moved, take back what is gone; an entry that meets another booking is left out."""
        desk = self._desk
        now = desk.now()
        known = await desk.known(calendar.area, now, window_end, calendar.owner, None, How.CALENDAR)
        judged: list[Reconciled] = []

        def decide(standing: Sequence[Booking]) -> Sequence[Booking]:
            judged.append(reconcile(calendar, reading, window_end, standing, known, new_booking_id, sure=sure))
            return judged[-1].writes

        tried = await desk.stores.bookings.try_from(calendar.prefix, now - _REMEMBERED, decide)
        standing = await desk.stores.bookings.bookings_from(calendar.prefix)
        booked = sum(one.state in HOLDS_ITS_TIME and one.end > now for one in standing)
        taken = self._taken(judged[-1], tried, reading, booked)
        self._tell(calendar, judged[-1], taken)
        return taken

    async def let_go(self, calendar: Outside) -> int:
        """Take back all that has not begun; the calendar is not to be read any more."""
        desk = self._desk
        now = desk.now()
        known = await desk.known(calendar.area, now, now, calendar.owner, None, How.CALENDAR)

        def decide(standing: Sequence[Booking]) -> Sequence[Booking]:
            ahead = [one for one in standing if one.start > now and one.state in HOLDS_ITS_TIME]
            # None that is ahead is refused.
            return [after for one in ahead if not isinstance(after := cancel(one, known), Refused)]

        tried = await desk.stores.bookings.try_from(calendar.prefix, now, decide)
        self._tell_counts(calendar, gone=len(tried.made))
        self._tell_each(gone=tried.made)
        return len(tried.made)

    def _taken(self, judged: Reconciled, tried: Tried, reading: Reading, booked: int) -> Taken:
        written = {one.id for one in tried.made}
        area = self._desk.space().areas
        # Somebody else was quicker than the judgement.
        quicker = [
            Conflict(
                Entry(wanted.origin.partition("/")[2], wanted.start, wanted.end, wanted.title),
                Refused(RefuseReason.OVERLAP, f"{area[wanted.area].name} was just booked by somebody else", "see then"),
            )
            for wanted, _ in tried.conflicts
        ]
        conflicts = (*judged.conflicts, *quicker)
        return Taken(
            _of(judged.made, written),
            _of((after for _, after in judged.changed), written),
            _of(judged.gone, written),
            conflicts,
            judged.held_back,
            Report(
                booked,
                self._lines((one.entry, one.refused.sentence) for one in conflicts),
                tuple(f"{one.title or one.uid}: {one.what}" for one in reading.problems[:SHOWN]),
                self._lines((_entry(one), "") for one in judged.held_back),
            ),
        )

    def _lines(self, said: Iterable[tuple[Entry, str]]) -> tuple[str, ...]:
        zone, now = self._desk.space().zone, self._desk.now()
        today = local_date(now, zone)
        lines = []
        for entry, words in list(said)[:SHOWN]:
            day = local_date(entry.start, zone)
            span = f"{moment(entry.start, zone, today)} to {moment(entry.end, zone, day)}"
            lines.append(": ".join(part for part in (f"{span} {entry.title}".rstrip(), words) if part))
        return tuple(lines)

    # --- what is told -----------------------------------------------------------------------------

    def _tell(self, calendar: Outside, judged: Reconciled, taken: Taken) -> None:
        if not (taken.made or taken.changed or taken.gone):
            return
        self._tell_counts(calendar, len(taken.made), len(taken.changed), len(taken.gone), len(taken.conflicts))
        before = {after.id: was for was, after in judged.changed}
        self._tell_each(taken.made, [(before[one.id], one) for one in taken.changed], taken.gone)

    def _tell_counts(
        self, calendar: Outside, made: int = 0, changed: int = 0, gone: int = 0, conflicts: int = 0
    ) -> None:
        if not (made or changed or gone):
            return
        detail: dict[str, Plain] = {
            "calendar": calendar.id,
            "name": calendar.name,
            "made": made,
            "changed": changed,
            "gone": gone,
            "conflicts": conflicts,
        }
        self._desk.note(
            Fact(FactKind.CALENDAR_READ, self._desk.now(), area=calendar.area, person=calendar.owner, detail=detail)
        )

    def _tell_each(
        self,
        made: Sequence[Booking] = (),
        changed: Sequence[tuple[Booking, Booking]] = (),
        gone: Sequence[Booking] = (),
    ) -> None:
        """What somebody may have counted on first."""
        tells: list[Callable[[], None]] = [
            *(lambda one=one: self._desk.tell(FactKind.BOOKING_CANCELLED, one, None, How.CALENDAR) for one in gone),
            *(lambda was=was, is_=is_: self._desk.tell_changed(was, is_, None, How.CALENDAR) for was, is_ in changed),
            *(lambda one=one: self._desk.tell_made(one, None, How.CALENDAR) for one in made),
        ]
        for tell in tells[:TOLD_EACH]:
            tell()


def window_end(now: datetime) -> datetime:
    """Until when a calendar read now is booked; the same all day long."""
    return now.replace(hour=0, minute=0, second=0, microsecond=0) + AHEAD


def _of(bookings: Iterable[Booking], written: set[BookingId]) -> tuple[Booking, ...]:
    return tuple(one for one in bookings if one.id in written)


def _entry(one: Booking) -> Entry:
    return Entry(one.origin.removeprefix(WITHDRAWN), one.start, one.end, one.title)
