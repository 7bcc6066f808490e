"""Whether a membership or a lease counts today, and where a membership stands.

Dates are local. What begins on a date begins with it, at midnight; what ends on a date lasts until the
cut-off of the night after, so nobody is put out of the building at twelve.
"""

from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from controller.domain.membership import Lease, Membership, Standing
from controller.domain.schedule import business_day

ENTERS = frozenset({Standing.ACTIVE, Standing.GRACE})
"""The standings that open doors; in grace the member is told, and enters."""


@dataclass(frozen=True, slots=True)
class LocalDay:
    """One moment as two dates: the calendar's, and the one people still call today."""

    calendar: date
    business: date


def local_day(at: datetime, zone: ZoneInfo, cut_off_minutes: int) -> LocalDay:
    """The dates of an instant in the space's zone."""
    return LocalDay(at.astimezone(zone).date(), business_day(at, zone, cut_off_minutes))


def has_started(held: Membership | Lease, day: LocalDay) -> bool:
    """Whether its first day has come."""
    return held.starts <= day.calendar


def has_ended(held: Membership | Lease, day: LocalDay) -> bool:
    """Whether its last day is over, cut-off included."""
    return held.ends is not None and day.business > held.ends


def is_current(held: Membership | Lease, day: LocalDay) -> bool:
    """Whether this day lies within its dates."""
    return has_started(held, day) and not has_ended(held, day)


def standing_on(membership: Membership, day: LocalDay) -> Standing | None:
    """Where the membership stands on this day; None before it starts, so a future plan disables nothing."""
    if has_ended(membership, day):
        return Standing.ENDED
    return membership.standing if has_started(membership, day) else None
