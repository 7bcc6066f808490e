"""Where the steps of a chart begin: the edges of a span cut by a length of time, in the zone of the house.

Nothing is counted here. A step shorter than a day begins anew at each local midnight, a step of whole days lasts from
midnight to midnight: over a clock change such a day has 23 or 25 hours, and no midnight is ever missed.
"""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from controller.domain.history.values import Span
from controller.domain.schedule import instant, local_date
from controller.errors import InputError

# Ten times what a screen has pixels; beyond it somebody has typed the wrong unit.
MOST_STEPS = 20_000

_SECOND = timedelta(seconds=1)
_DAY = timedelta(days=1)
# What is offered instead of a step that is too short, the shortest first; each divides a day.
_OFFERED = (
    _SECOND,
    timedelta(seconds=10),
    timedelta(seconds=30),
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=15),
    timedelta(hours=1),
    timedelta(hours=3),
    timedelta(hours=6),
    timedelta(hours=12),
    _DAY,
    timedelta(weeks=1),
)
_NAMED = ((timedelta(weeks=1), "w"), (_DAY, "d"), (timedelta(hours=1), "h"), (timedelta(minutes=1), "m"))


def edges_of(span: Span, step: timedelta, zone: ZoneInfo) -> list[int]:
    """The edges in epoch milliseconds, ascending: step i is from edge i until before edge i + 1; all are the span.

    The first and the last step are cut off by the span. InputError where there is no such step, or are too many.
    """
    start, end = _ms(span.start), _ms(span.end)
    if end <= start:
        raise InputError(f"the span ends at {_said(span.end, zone)}, not after it begins at {_said(span.start, zone)}")
    if step < _SECOND:
        raise InputError(f"a step of {_length(step)} is too short: 1s is the least")
    if step > _DAY and step % _DAY:
        raise InputError(
            f"a step of {_length(step)} begins in the middle of a day: whole days are right, like 1d or 1w"
        )
    _refuse_too_many(span, step, zone)
    inner = _whole_days(span, step, zone) if step >= _DAY else _within_days(span, step, zone)
    return [start, *(edge for edge in inner if start < edge < end), end]


def fitting_step(span: Span) -> timedelta:
    """The shortest step that is offered for this span."""
    return next((step for step in _OFFERED if _most(span, step) <= MOST_STEPS), _OFFERED[-1])


def _refuse_too_many(span: Span, step: timedelta, zone: ZoneInfo) -> None:
    steps = _most(span, step)
    if steps <= MOST_STEPS:
        return
    raise InputError(
        f"steps of {_length(step)} from {_said(span.start, zone)} to {_said(span.end, zone)} are {steps:,}, and "
        f"{MOST_STEPS:,} are the most: a step of {_length(fitting_step(span))} fits, or a shorter span"
    )


def _most(span: Span, step: timedelta) -> int:
    """How many steps it makes, counted in days of 24 hours: each of them has a last step that may be cut off."""
    # Of moments: two of one zone are subtracted by the clock on the wall.
    length = timedelta(milliseconds=_ms(span.end) - _ms(span.start))
    if step >= _DAY:
        return length // step + 2
    days = length // _DAY
    return days * -(-_DAY // step) + -(-(length - days * _DAY) // step)


def _whole_days(span: Span, step: timedelta, zone: ZoneInfo) -> list[int]:
    # By the calendar's own count of days, in which every seventh begins with a Monday: two spans meet at the same edges.
    days = step // _DAY
    first, last = _days(span, zone)
    return [_midnight(ordinal, zone) for ordinal in range(first, last + 1) if (ordinal - _A_MONDAY) % days == 0]


def _within_days(span: Span, step: timedelta, zone: ZoneInfo) -> list[int]:
    length = step // timedelta(milliseconds=1)
    edges: list[int] = []
    first, last = _days(span, zone)
    for ordinal in range(first, last + 1):
        edges.extend(range(_midnight(ordinal, zone), _midnight(ordinal + 1, zone), length))
    return edges


_A_MONDAY = date(1970, 1, 5).toordinal()


def _days(span: Span, zone: ZoneInfo) -> tuple[int, int]:
    return local_date(span.start, zone).toordinal(), local_date(span.end, zone).toordinal()


def _midnight(ordinal: int, zone: ZoneInfo) -> int:
    return _ms(instant(date.fromordinal(ordinal), 0, zone))


def _ms(at: datetime) -> int:
    return round(at.timestamp() * 1000)


def _said(at: datetime, zone: ZoneInfo) -> str:
    return f"{at.astimezone(zone):%Y-%m-%d %H:%M}"


def _length(step: timedelta) -> str:
    """As it is typed: the largest unit that says it whole."""
    for unit, name in _NAMED:
        if step and not step % unit:
            return f"{step // unit}{name}"
    return f"{step.total_seconds():g}s"
