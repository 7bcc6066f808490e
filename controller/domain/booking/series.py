"""A series as a whole: what becomes of each of its dates, and what an edit or a cancellation of a part of it changes.

Pure: the desk writes what is answered here. Conflicts are listed and skipped, never moved; what has begun is never
changed by an edit of many. How a rule falls on the calendar is in `recurrence`.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from controller.domain.booking.recurrence import dates, occurrence, occurrences, rule_refusal
from controller.domain.booking.rules import judge
from controller.domain.booking.values import Frequency, Part, Recurrence, Series, SkipReason
from controller.domain.booking.wishes import Circumstances, Edit, Refused, RefuseReason, Wish
from controller.domain.holdings import HOLDS_ITS_TIME, Booking
from controller.domain.ids import BookingId, SeriesId

_WEEK = 7
_ONE_DAY = timedelta(days=1)

_SKIPPED = {
    RefuseReason.OVERLAP: SkipReason.CONFLICT,
    RefuseReason.BUFFER: SkipReason.CONFLICT,
    RefuseReason.EVENT: SkipReason.CONFLICT,
    RefuseReason.CLOSED: SkipReason.CLOSED,
    RefuseReason.HOLIDAY: SkipReason.CLOSED,
}
"""Any other refusal is one of the plan or the house: REFUSED."""


@dataclass(frozen=True, slots=True)
class Expanded:
    """What becomes of each date: a booking, or the reason why there is none."""

    made: tuple[Booking, ...]
    refused: dict[date, Refused] = field(default_factory=dict)

    @property
    def skipped(self) -> dict[date, SkipReason]:
        """The same reasons, as a series keeps them."""
        return {day: skip_reason(refused) for day, refused in self.refused.items()}


@dataclass(frozen=True, slots=True)
class SeriesChange:
    """What an edit of a part comes to: series to put, and each booking as it now belongs, with its edit to be judged."""

    series: tuple[Series, ...]
    edits: tuple[tuple[Booking, Edit], ...]


@dataclass(frozen=True, slots=True)
class SeriesEnd:
    """What a cancellation of a part comes to."""

    series: Series
    bookings: tuple[Booking, ...]  # to be cancelled


def skip_reason(refused: Refused) -> SkipReason:
    """Why a date has no booking, as a series lists it."""
    return _SKIPPED.get(refused.reason, SkipReason.REFUSED)


def expand(series: Series, known: Circumstances, new_id: Callable[[], BookingId]) -> Expanded | Refused:
    """Each date judged in its order, those before it counted: against the room, and against the hours of its month.

    `known.others` and `known.own` reach over the whole of the series. Refused where the rule itself is wrong, or where
    not one date can be booked: then the reason of the first.
    """
    refused = rule_refusal(series.rule)
    if refused is not None:
        return refused
    made: list[Booking] = []
    reasons: dict[date, Refused] = {}
    for each in occurrences(series.rule, ZoneInfo(series.zone)):
        so_far = replace(known, others=[*known.others, *made], own=[*known.own, *made])
        answer = judge(_wish(series, each.start, each.end, each.day), so_far, new_id())
        if isinstance(answer, Refused):
            reasons[each.day] = answer
        else:
            made.append(answer)
    return Expanded(tuple(made), reasons) if made else next(iter(reasons.values()))


def part_of(bookings: Iterable[Booking], pivot: Booking, part: Part, at: datetime) -> list[Booking]:
    """The bookings of a series that something is about, by their day; of many, those that have not begun."""
    if part is Part.ONE:
        return [pivot]
    return sorted(
        (
            one
            for one in bookings
            if one.state in HOLDS_ITS_TIME and one.start > at and (part is Part.ALL or day_of(one) >= day_of(pivot))
        ),
        key=lambda one: (day_of(one), one.start),
    )


def edit_part(
    series: Series,
    bookings: Sequence[Booking],
    pivot: Booking,
    edit: Edit,
    part: Part,
    at: datetime,
    new_id: SeriesId,
) -> SeriesChange | Refused:
    """What an edit of one, the following or all comes to. `bookings` are all of the series; times are those of `pivot`.

    Of many, each takes the new hours on its own date, or so many days later as the pivot moves; one that was moved by
    itself before comes back to its date. Where something of the series stays as it is, the rest becomes a series of its
    own, `new_id`.
    """
    if part is Part.ONE:
        return SeriesChange((), ((pivot, edit),))
    chosen = part_of(bookings, pivot, part, at)
    if not chosen:
        return Refused(RefuseReason.OVER_ALREADY, "nothing of this series is still to come", "make a new one")
    rule = _shifted(series, pivot, edit, day_of(chosen[0]))
    if isinstance(rule, Refused):
        return rule
    refused = rule_refusal(rule)
    if refused is not None:
        return refused
    first = day_of(chosen[0])
    days = _days_moved(series, pivot, edit)
    is_whole = not any(day_of(one) < first for one in bookings) and series.rule.first == first
    after = replace(
        series,
        id=series.id if is_whole else new_id,
        area=edit.area or series.area,
        rule=rule,
        participants=series.participants if edit.participants is None else edit.participants - {series.owner},
        title=series.title if edit.title is None else edit.title,
        is_live=series.is_live if edit.is_live is None else edit.is_live,
        made_at=series.made_at if is_whole else at,
        skipped={day + days: why for day, why in series.skipped.items() if day >= first},
    )
    zone = ZoneInfo(series.zone)
    edits = []
    for one in chosen:
        day = day_of(one) + days
        each = replace(edit, start=None, end=None)
        if edit.start is not None or edit.end is not None:
            when = occurrence(rule, day, zone)
            each = replace(edit, start=when.start, end=when.end)
        edits.append((replace(one, series=after.id, series_day=day), each))
    return SeriesChange((after,) if is_whole else (_cut(series, first), after), tuple(edits))


def cancel_part(series: Series, bookings: Sequence[Booking], pivot: Booking, part: Part, at: datetime) -> SeriesEnd:
    """What a cancellation of one, the following or all comes to. What is cancelled is listed as a skipped day."""
    chosen = part_of(bookings, pivot, part, at)
    skipped = {**series.skipped, **{day_of(one): SkipReason.CANCELLED for one in chosen}}
    if part is Part.ONE:
        return SeriesEnd(replace(series, skipped=skipped), tuple(chosen))
    return SeriesEnd(replace(series, skipped=skipped, ended_at=at), tuple(chosen))


def day_of(booking: Booking) -> date:
    """The date of its series that a booking stands for, wherever it was moved since."""
    return booking.series_day or booking.start.date()


def _wish(series: Series, start: datetime, end: datetime, day: date) -> Wish:
    return Wish(
        series.area,
        start,
        end,
        series.owner,
        series.participants,
        series.title,
        series.is_live,
        holiday_confirmed=series.holiday_confirmed,
        series=series.id,
        series_day=day,
    )


def _days_moved(series: Series, pivot: Booking, edit: Edit) -> timedelta:
    """How many days the pivot moves from the date it stands for."""
    if edit.start is None:
        return timedelta()
    return edit.start.astimezone(ZoneInfo(series.zone)).date() - day_of(pivot)


def _shifted(series: Series, pivot: Booking, edit: Edit, first: date) -> Recurrence | Refused:
    """The rule from `first` on, with the hours of the edit, and as many days later as it moves the pivot."""
    old, days = series.rule, _days_moved(series, pivot, edit)
    if days and old.frequency is Frequency.MONTHLY:
        return Refused(
            RefuseReason.RULE,
            "a monthly series keeps its day of the month",
            "move one of its bookings, or cancel the following and make another series",
        )
    left = None if old.count is None else old.count - _dates_before(series, first)
    rule = replace(
        old,
        first=first + days,
        weekdays=frozenset((day + days.days) % _WEEK for day in old.weekdays),
        until=None if old.until is None else old.until + days,
        count=left,
    )
    if edit.start is None and edit.end is None:
        return rule
    zone = ZoneInfo(series.zone)
    start = (edit.start or pivot.start).astimezone(zone).replace(tzinfo=None)
    end = (edit.end or pivot.end).astimezone(zone).replace(tzinfo=None)
    minutes = timedelta(minutes=1)
    return replace(rule, start_minutes=start.hour * 60 + start.minute, minutes=(end - start) // minutes)


def _cut(series: Series, first: date) -> Series:
    """The series up to the day before `first`, where the rest becomes another."""
    last = first - _ONE_DAY
    rule = replace(series.rule, until=last, count=None)
    return replace(series, rule=rule, skipped={day: why for day, why in series.skipped.items() if day < first})


def _dates_before(series: Series, first: date) -> int:
    return sum(1 for day in dates(series.rule) if day < first)
