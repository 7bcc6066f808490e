"""Days that are counted: a plan's days of a week, a host's guest days of a month, a visitor's free days.

All days are business days. A week is Monday to Monday and never split by a month. The counting here is exact; that two
doors at once use one day is the work of the reservation in `services.usage`.
"""

from collections.abc import Mapping, Set
from datetime import date, timedelta
from functools import lru_cache

from controller.domain.building import Door, Plan, Space
from controller.domain.ids import PersonId

_WEEK = 7


@lru_cache(maxsize=64)
def week_of(day: date) -> frozenset[date]:
    """The seven days, Monday first, of the week this day is in."""
    monday = day - timedelta(days=day.weekday())
    return frozenset(monday + timedelta(days=n) for n in range(_WEEK))


def next_monday(day: date) -> date:
    """The first day of the week after this day's."""
    return day + timedelta(days=_WEEK - day.weekday())


def next_month(day: date) -> date:
    """The first day of the month after this day's."""
    return (day.replace(day=1) + timedelta(days=32)).replace(day=1)


def has_day_left(plan: Plan, used: Set[date], day: date) -> bool:
    """Whether `day` may be one more of the plan's days this week; whatever plan the used ones were on, they count."""
    return plan.days_per_week is None or len(week_of(day) & used) < plan.days_per_week


def has_guest_left(plan: Plan, guest_days: Mapping[date, Set[PersonId]], day: date) -> bool:
    """Whether the plan lets its holder have one more guest this month; each guest counts once a day."""
    if plan.guest_days_per_month is None:
        return True
    used = sum(len(guests) for each, guests in guest_days.items() if _is_same_month(each, day))
    return used < plan.guest_days_per_month


def is_counted(door: Door, space: Space) -> bool:
    """Whether going in here uses a day at all."""
    area = space.areas.get(door.inner)
    return area is None or area.counted


def _is_same_month(one: date, other: date) -> bool:
    return one.month == other.month and one.year == other.year
