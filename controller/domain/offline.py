"""What a door may know for when nobody answers: each person's rights at it, from when to when, without the people.

The same functions answer as for a live read, asked ahead of time: who may use their grants at all, day by day; what
each thing held opens; how many days are left. What only the moment knows (interlocks, places left, where somebody is)
is left out. How it travels to the door is not here.
"""

from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from itertools import pairwise

from controller.domain.access_steps import lockdown_step, person_step
from controller.domain.booking_rights import begins, ends, is_closed, opens_sometime
from controller.domain.building import Door, PinMode, Plan, Space
from controller.domain.door import release_seconds
from controller.domain.event_rights import HOST_BEFORE, is_used_at
from controller.domain.house import HouseState
from controller.domain.ids import DeviceId, PersonId
from controller.domain.lease_rights import leads_to
from controller.domain.membership import CredentialKind, CredentialState, Lease, Membership, PersonKind, Right
from controller.domain.plan_rights import DAY_PASS, closed_days, days_used, plan_covers
from controller.domain.quota import is_counted, next_monday, next_month, week_of
from controller.domain.rights import DenyReason, HostedGuest, Read, Rights
from controller.domain.schedule import DAY_MINUTES, EVERY_DAY, WeeklySchedule, instant
from controller.domain.standing import LocalDay, day_begins, entering_on, is_current, local_day, problem_of
from controller.domain.visit_rights import visit_days_left

ALWAYS = ((0, 7 * DAY_MINUTES),)
_ONE_DAY = timedelta(days=1)


class OfflineKind(StrEnum):
    BLOCKED = "blocked"
    EMERGENCY = "emergency"
    STAFF = "staff"
    MEMBER = "member"


@dataclass(frozen=True, slots=True)
class Span:
    """A list's own time: nothing outside of it need be known."""

    start: datetime  # inclusive
    end: datetime  # exclusive


@dataclass(frozen=True, slots=True)
class OfflineRight:
    """One of somebody's rights at one door; any one suffices, and a blocked one beats all others.

    `weekly` are [from, to) minutes after Monday 00:00, each belonging to the day it starts; `once` are moments. `since`
    and `until` are None where they lie outside the list's time. `days`: business days left, None without a quota.
    """

    kind: OfflineKind
    weekly: tuple[tuple[int, int], ...] = ()
    once: tuple[tuple[datetime, datetime], ...] = ()
    since: datetime | None = None
    until: datetime | None = None
    days: int | None = None
    holidays: bool = False
    hold_s: float | None = None
    of: date | None = None  # the first day of the week or month that `days` are of


BLOCKED = (OfflineRight(OfflineKind.BLOCKED),)


def offline_rights(rights: Rights, door: Door, span: Span) -> tuple[OfflineRight, ...]:
    """Everything this credential may do at this door while the list lasts; empty where it may do nothing."""
    credential, person = rights.credential, rights.person
    if credential is None or person is None:
        return ()
    if credential.state is not CredentialState.ACTIVE or person.banned:
        return BLOCKED
    if credential.kind is CredentialKind.PIN:
        return ()  # six digits are guessed from any hash, so no list holds one, and a door alone takes none
    if not door.enabled or door.in_maintenance or _is_locked_down(rights, span.start):
        return ()
    found = _joined(_of_person(rights, door, span))
    hold_s = release_seconds(door.timings, slow=True) if person.needs_time else None
    valid = (_within(one, credential.valid_from, credential.valid_until, span) for one in found)
    return tuple(replace(one, hold_s=hold_s) for one in valid if one is not None)


def closed_within(door: Door, space: Space, house: HouseState, span: Span) -> tuple[date, ...]:
    """The holidays of the area behind the door, from the day before the list begins: its night may last into it."""
    holidays = closed_days(door.inner, space, house)
    first = span.start.astimezone(space.zone).date() - _ONE_DAY
    last = span.end.astimezone(space.zone).date()
    return tuple(day for n in range((last - first).days + 1) if (day := first + n * _ONE_DAY) in holidays)


def weekly_minutes(schedule: WeeklySchedule) -> tuple[tuple[int, int], ...]:
    """A schedule's windows as minutes after Monday 00:00; one over midnight runs on past its day."""
    if schedule.always:
        return tuple((day * DAY_MINUTES, (day + 1) * DAY_MINUTES) for day in sorted(EVERY_DAY))
    found = []
    for window in schedule.windows:
        length = window.end - window.start + (DAY_MINUTES if window.end <= window.start else 0)
        found += [(day * DAY_MINUTES + window.start, day * DAY_MINUTES + window.start + length) for day in window.days]
    return tuple(sorted(found))


def _of_person(rights: Rights, door: Door, span: Span) -> Iterator[OfflineRight]:
    assert rights.person is not None  # asked for by the caller
    if Right.EMERGENCY_ENTRY in rights.person.rights:
        yield OfflineRight(OfflineKind.EMERGENCY)
    if rights.person.kind is PersonKind.STAFF:
        yield OfflineRight(OfflineKind.STAFF)
    elif door.pin is not PinMode.REQUIRED and not door.two_person:
        # No PIN and no second person can be asked for without us.
        for part in _parts(rights, span):
            for one in _of_part(rights, door, part):
                within = _within(one, part.since, part.until, span)
                if within is not None:
                    yield within


def _joined(found: Iterable[OfflineRight]) -> list[OfflineRight]:
    """Without pieces of what is one: the same right, good until the very moment from which it is good again."""
    joined: list[OfflineRight] = []
    for one in found:
        for place, other in enumerate(joined):
            if replace(one, since=other.since, until=other.until) == other and one.since in (other.since, other.until):
                if one.since == other.since and one.until == other.until:
                    break
                if one.since is not None and one.since == other.until:
                    joined[place] = replace(other, until=one.until)
                    break
        else:
            joined.append(one)
    return joined


def _is_locked_down(rights: Rights, at: datetime) -> bool:
    return lockdown_step(_NOBODY, rights, at) is not None


# The steps of a decision are asked ahead of time; none of those asked here looks at the read.
_EPOCH = datetime.fromtimestamp(0).astimezone()
_NOBODY = Read(DeviceId(""), "", _EPOCH, _EPOCH, 0.0)


# --- day by day -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Part:
    """A piece of the list's time in which nothing that goes by days begins or ends, and the day at its beginning."""

    since: datetime
    until: datetime
    day: LocalDay


def _parts(rights: Rights, span: Span) -> Iterator[_Part]:
    """The pieces in which the person may use what they hold."""
    space = rights.space
    turns = [span.start, *sorted(_turns(rights, span)), span.end]
    for since, until in pairwise(turns):
        if person_step(_NOBODY, rights, since) is None:
            yield _Part(since, until, local_day(since, space.zone, space.cut_off_minutes))


def _turns(rights: Rights, span: Span) -> set[datetime]:
    """When, within the list's time, anything that goes by days may change: what is held, or what it excuses."""
    dated: list[Membership | Lease] = [*rights.memberships, *rights.leases]
    for hosted in rights.guest_passes:
        dated += [*hosted.host_memberships, *hosted.host_leases]
    has_bill = any(isinstance(held, Membership) and held.due_since is not None for held in dated)
    space = rights.space
    first = span.start.astimezone(space.zone).date() - _ONE_DAY
    last = span.end.astimezone(space.zone).date()
    # Whether something is excused is asked by the day as well; who holds a membership in force needs no excuse.
    by_the_day = has_bill or bool(rights.guest_passes or rights.bookings or rights.tickets or rights.visits)
    by_the_day = by_the_day or bool(rights.hosting) or rights.usage.day_passes_left > 0
    by_the_day = by_the_day or bool(rights.usage.day_pass_days)
    days = {held.starts for held in dated if first <= held.starts <= last}
    days |= {held.ends + _ONE_DAY for held in dated if held.ends is not None and first <= held.ends <= last}
    if by_the_day:
        days |= {first + n * _ONE_DAY for n in range((last - first).days + 1)}
    moments = {instant(day, 0, space.zone) for day in days} | {day_begins(day, space) for day in days}
    return {moment for moment in moments if span.start < moment < span.end}


def _of_part(rights: Rights, door: Door, part: _Part) -> Iterator[OfflineRight]:
    for lease in rights.leases:
        if is_current(lease, part.day) and leads_to(door, lease.area, rights.space):
            yield OfflineRight(OfflineKind.MEMBER, ALWAYS, holidays=True)
            break
    yield from _bookings(rights, door)
    yield from _events(rights, door)
    yield from _memberships(rights, door, part)
    for hosted in rights.guest_passes:
        yield from _guest(hosted, rights, door, part)
    yield from _visits(rights, door, part)
    yield from _day_passes(rights, door, part)


def _within(one: OfflineRight, since: datetime | None, until: datetime | None, span: Span) -> OfflineRight | None:
    """The right cut to these bounds too; None where nothing of it is left in the list's time."""
    start = max((moment for moment in (one.since, since) if moment is not None), default=None)
    end = min((moment for moment in (one.until, until) if moment is not None), default=None)
    if (start is not None and start >= span.end) or (end is not None and end <= span.start):
        return None
    if start is not None and end is not None and start >= end:
        return None
    start = None if start is None or start <= span.start else start
    # What outlives the list need not say when it ends; the list's own end is said once.
    end = None if end is None or end >= span.end else end
    return replace(one, since=start, until=end)


# --- what each thing held opens ---------------------------------------------------------------------------------------


def _on(plan: Plan, space: Space, *, days: int | None = None) -> OfflineRight:
    schedule = space.schedules[plan.schedule]
    return OfflineRight(OfflineKind.MEMBER, weekly_minutes(schedule), days=days, holidays=schedule.on_holidays)


def _memberships(rights: Rights, door: Door, part: _Part) -> Iterator[OfflineRight]:
    space, person = rights.space, rights.person
    for held in entering_on(rights.memberships, part.day, space.grace):
        plan = space.plans.get(held.plan)
        if not plan_covers(plan, door):
            continue
        pays = person is not None and person.pays_as_you_go
        if plan.days_per_week is None or plan.kind == DAY_PASS or pays or not is_counted(door, space):
            # Paying for a day beyond is settled when the door tells of it.
            yield _on(plan, space)
            continue
        used = rights.usage.quota_days
        yield from _by_weeks(plan, days_used(rights), plan.days_per_week, rights, part)
        yield from _paid_today(plan, used | rights.usage.pay_as_you_go_days, rights, part)


def _by_weeks(
    plan: Plan, used: frozenset[date], days_per_week: int, rights: Rights, part: _Part, most: int | None = None
) -> Iterator[OfflineRight]:
    """What is left of the days of each week that the part touches."""
    space = rights.space
    monday = min(week_of(part.day.business))
    while day_begins(monday, space) < part.until:
        after = next_monday(monday)
        left = max(0, days_per_week - len(week_of(monday) & used))
        one = _on(plan, space, days=left if most is None else min(left, most))
        yield replace(one, since=day_begins(monday, space), until=day_begins(after, space), of=monday)
        monday = after


def _paid_today(plan: Plan, used: frozenset[date], rights: Rights, part: _Part) -> Iterator[OfflineRight]:
    """Coming back on a day that is used already is free."""
    space = rights.space
    for day in used:
        begun, over = day_begins(day, space), day_begins(day + _ONE_DAY, space)
        if part.since < over and begun < part.until:
            yield replace(_on(plan, space), since=begun, until=over)


def _day_passes(rights: Rights, door: Door, part: _Part) -> Iterator[OfflineRight]:
    usage, space = rights.usage, rights.space
    if usage.day_passes_left <= 0 and not usage.day_pass_days:
        return
    for plan in space.plans.values():
        if plan.kind != DAY_PASS or not plan_covers(plan, door):
            continue
        if usage.day_passes_left > 0:
            yield _on(plan, space, days=usage.day_passes_left if is_counted(door, space) else None)
        yield from _paid_today(plan, usage.day_pass_days, rights, part)


def _bookings(rights: Rights, door: Door) -> Iterator[OfflineRight]:
    for booking in rights.bookings:
        if opens_sometime(booking, rights, door) and not is_closed(booking, rights):
            yield from _once(begins(booking, door), ends(booking, door))


def _events(rights: Rights, door: Door) -> Iterator[OfflineRight]:
    """A ticket counts from when the host has come; until then no clock says when that will be."""
    for event in rights.hosting:
        if door.id in event.path and not door.staff_only:
            yield from _once(event.start - HOST_BEFORE, _sooner(event.end, event.ended_at))
    for held in rights.tickets:
        event = held.event
        if held.ticket.is_void or event.host_entered_at is None or door.id not in event.path or door.staff_only:
            continue
        if not held.is_inside and held.heads >= event.capacity:
            continue
        if held.is_inside and is_used_at(held, door.id):
            continue
        yield from _once(max(event.start, event.host_entered_at), _sooner(event.end, event.ended_at))


def _once(start: datetime, end: datetime) -> Iterator[OfflineRight]:
    if start < end:
        yield OfflineRight(OfflineKind.MEMBER, once=((start, end),), since=start, until=end)


def _sooner(one: datetime, other: datetime | None) -> datetime:
    return one if other is None else min(one, other)


def _guest(hosted: HostedGuest, rights: Rights, door: Door, part: _Part) -> Iterator[OfflineRight]:
    window, space = hosted.guest_pass, rights.space
    if window.is_revoked or hosted.host.banned or window.end <= window.start:
        return
    if problem_of(hosted.host_memberships, part.day, space.grace) in _BAD_STANDING:
        return
    entering = entering_on(hosted.host_memberships, part.day, space.grace)
    plans = [space.plans[held.plan] for held in entering if held.plan in space.plans]
    by_lease = any(is_current(one, part.day) and leads_to(door, one.area, space) for one in hosted.host_leases)
    # In a plan's hours its own guest days count; who comes by the office's lease is counted on any of the plans.
    found = [(_on(plan, space), [plan]) for plan in plans if plan_covers(plan, door)]
    if by_lease:
        found.append((OfflineRight(OfflineKind.MEMBER, ALWAYS, holidays=True), plans))
    for one, counting in found:
        bounded = replace(one, since=window.start, until=window.end)
        yield from _guest_days(bounded, hosted, rights, door, part, counting)


def _guest_days(
    one: OfflineRight, hosted: HostedGuest, rights: Rights, door: Door, part: _Part, counting: list[Plan]
) -> Iterator[OfflineRight]:
    """Days that the host has left for guests; a day on which this guest is counted already is free."""
    space, guest_days = rights.space, hosted.host_usage.guest_days
    if not is_counted(door, space) or not counting:
        yield one
        return
    this, after = part.day.business.replace(day=1), next_month(part.day.business)
    for first, last in ((this, after), (after, next_month(after))):
        left = [_guests_left(plan, guest_days, first) for plan in counting]
        days = None if None in left else max(days for days in left if days is not None)
        month = replace(one, days=days, of=None if days is None else first)
        yield from _cut(month, day_begins(first, space), day_begins(last, space))
    for day, guests in guest_days.items():
        if hosted.guest_pass.guest in guests:
            yield from _cut(one, day_begins(day, space), day_begins(day + _ONE_DAY, space))


_BAD_STANDING = frozenset({DenyReason.MEMBERSHIP_OVERDUE, DenyReason.MEMBERSHIP_PAUSED})


def _guests_left(plan: Plan, guest_days: Mapping[date, Set[PersonId]], month: date) -> int | None:
    """None: as many as the host likes."""
    if plan.guest_days_per_month is None:
        return None
    used = sum(len(who) for day, who in guest_days.items() if (day.year, day.month) == (month.year, month.month))
    return max(0, plan.guest_days_per_month - used)


def _cut(one: OfflineRight, since: datetime | None, until: datetime | None) -> Iterator[OfflineRight]:
    start = max((moment for moment in (one.since, since) if moment is not None), default=None)
    end = min((moment for moment in (one.until, until) if moment is not None), default=None)
    if start is None or end is None or start < end:
        yield replace(one, since=start, until=end)


def _visits(rights: Rights, door: Door, part: _Part) -> Iterator[OfflineRight]:
    space, used = rights.space, rights.usage.visit_days
    for visit in rights.visits:
        plan = space.plans.get(visit.plan)
        if visit.is_revoked or not plan_covers(plan, door):
            continue
        left = visit_days_left(visit, rights)
        whole = replace(_on(plan, space, days=left), since=visit.start, until=visit.end)
        if not is_counted(door, space):
            yield replace(whole, days=None)
            continue
        if plan.days_per_week is None:
            yield whole
        else:
            for week in _by_weeks(plan, used, plan.days_per_week, rights, part, left):
                yield from _cut(week, visit.start, visit.end)
        for free in _paid_today(plan, used, rights, part):
            yield from _cut(free, visit.start, visit.end)
