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
# What is offered instead of a step that is too short, the nearest first.
_OFFERED = (
    (_SECOND, "1 s"),
    (timedelta(seconds=10), "10 s"),
    (timedelta(seconds=30), "30 s"),
    (timedelta(minutes=1), "1 min"),
    (timedelta(minutes=5), "5 min"),
    (timedelta(minutes=15), "15 min"),
    (timedelta(hours=1), "1 h"),
    (timedelta(hours=3), "3 h"),
    (timedelta(hours=6), "6 h"),
    (timedelta(hours=12), "12 h"),
    (_DAY, "1 day"),
    (timedelta(weeks=1), "1 week"),
)


def edges_of(span: Span, step: timedelta, zone: ZoneInfo) -> list[int]:
    """The edges in epoch milliseconds, ascending: step i is from edge i until before edge i + 1; all are the span.

    The first and the last step are cut off by the span. InputError where there is no such step, or are too many.
    """
    start, end = _ms(span.start), _ms(span.end)
    if end <= start:
        raise InputError(f"the span ends at {_said(span.end, zone)}, not after it begins at {_said(span.start, zone)}")
    if step < _SECOND:
        raise InputError(f"a step of {_length(step)} is too short: 1 s is the least")
    _refuse_too_many(span, step, zone)
    inner = _whole_days(span, step, zone) if step % _DAY == timedelta() else _within_days(span, step, zone)
    return [start, *(edge for edge in inner if start < edge < end), end]


def fitting_step(span: Span) -> timedelta:
    """The shortest step that is offered for this span."""
    return next((step for step, _ in _OFFERED if _most(span, step) <= MOST_STEPS), _OFFERED[-1][0])


def _refuse_too_many(span: Span, step: timedelta, zone: ZoneInfo) -> None:
    steps = _most(span, step)
    if steps <= MOST_STEPS:
        return
    fitting = dict(_OFFERED)[fitting_step(span)]
    raise InputError(
        f"steps of {_length(step)} from {_said(span.start, zone)} to {_said(span.end, zone)} are {steps:,}, and "
        f"{MOST_STEPS:,} are the most: a step of {fitting} fits, or a shorter span"
    )


def _most(span: Span, step: timedelta) -> int:
    """How many steps there can be: each local day has a last one that may be cut off."""
    length = span.end - span.start
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
    return f"{step.total_seconds():g} s"
