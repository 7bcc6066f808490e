"""What a plan allows of booking: whether at all, how far ahead, how long, how many hours a month.

Somebody with several plans books by the one that allows most; each is held against all that they have booked, whatever
plan it was booked on.
"""

from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta

from controller.domain.booking.clock_words import by_the_wall, length
from controller.domain.booking.wishes import Circumstances, Refused, RefuseReason
from controller.domain.building import Plan, Space
from controller.domain.holdings import Booking, BookingState
from controller.domain.membership import Membership, Person, Standing
from controller.domain.plan_rights import DAY_PASS
from controller.domain.schedule import local_date
from controller.domain.standing import ENTERS, LocalDay, is_current, local_day, standing_on

COUNTED = frozenset({BookingState.REQUESTED, BookingState.BOOKED, BookingState.RELEASED})
"""What counts towards the hours of a month, as long as it held its room: a cancelled or declined one gave all back."""

_BY_STAFF = "ask staff to book it"


def plan_refusal(owner: Person, start: datetime, end: datetime, known: Circumstances) -> Refused | None:
    """Why none of the owner's plans allows this time; None where one does. `known.own` is without the booking itself."""
    plans = list(_plans(start, known))
    if not plans:
        return _without_plan(owner, start, known)
    refusals: list[tuple[int, Refused]] = []
    for plan in plans:
        refused = _first_refusal(plan, owner, start, end, known)
        if refused is None:
            return None
        refusals.append(refused)
    # The one that came furthest: who may book elsewhere by another plan is not told that a day pass may not.
    return max(refusals, key=lambda each: each[0])[1]


def hours_booked(own: Iterable[Booking], month: date, space: Space) -> timedelta:
    """How long somebody's bookings that begin in a local month hold their rooms, or held them: each as it stands.

    One that was ended early or released counts to that moment, for the rest was given back to the house.
    """
    zone = space.zone
    return sum(
        (
            by_the_wall(one.start, one.end, zone)
            for one in own
            if one.state in COUNTED and local_date(one.start, zone).replace(day=1) == month.replace(day=1)
        ),
        timedelta(),
    )


def _plans(start: datetime, known: Circumstances) -> Iterator[Plan]:
    """The plans that count on the day of the booking, and are in order today."""
    space = known.space
    then, today = _day(start, space), _day(known.now, space)
    for held in known.memberships:
        plan = space.plans.get(held.plan)
        if plan is not None and is_current(held, then) and _standing(held, today, space) in ENTERS:
            yield plan
    if known.has_day_pass:
        yield from (plan for plan in space.plans.values() if plan.kind == DAY_PASS)


def _may_book(plan: Plan, owner: Person, start: datetime, end: datetime, known: Circumstances) -> Refused | None:
    if plan.may_book:
        return None
    return Refused(RefuseReason.PLAN_MAY_NOT, f"the plan {plan.name!r} of {owner.name} books no rooms", _BY_STAFF)


def _is_near(plan: Plan, owner: Person, start: datetime, end: datetime, known: Circumstances) -> Refused | None:
    zone = known.space.zone
    last = local_date(known.now, zone) + timedelta(days=plan.booking_days_ahead)
    if local_date(start, zone) <= last:
        return None
    return Refused(
        RefuseReason.TOO_FAR_AHEAD,
        f"{local_date(start, zone).isoformat()} is too far ahead for the plan {plan.name!r}",
        f"at most {plan.booking_days_ahead} days ahead: the last day is {last.isoformat()}",
    )


def _is_short(plan: Plan, owner: Person, start: datetime, end: datetime, known: Circumstances) -> Refused | None:
    wished = by_the_wall(start, end, known.space.zone)
    if plan.longest_booking_hours is None or wished <= timedelta(hours=plan.longest_booking_hours):
        return None
    return Refused(
        RefuseReason.TOO_LONG,
        f"{length(wished)} is too long for the plan {plan.name!r}",
        f"at most {length(timedelta(hours=plan.longest_booking_hours))}",
    )


def _has_hours(plan: Plan, owner: Person, start: datetime, end: datetime, known: Circumstances) -> Refused | None:
    if plan.booking_hours_per_month is None:
        return None
    zone = known.space.zone
    month = local_date(start, zone)
    whole = timedelta(hours=plan.booking_hours_per_month)
    wished, booked = by_the_wall(start, end, zone), hours_booked(known.own, month, known.space)
    if booked + wished <= whole:
        return None
    left = max(whole - booked, timedelta())
    return Refused(
        RefuseReason.HOURS_USED_UP,
        f"{owner.name} has booked {length(booked)} of {length(whole)} in {month:%B %Y}, and this is {length(wished)}",
        f"at most {length(left)}, or another month" if left else f"another month, or {_BY_STAFF}",
    )


_STEPS = (_may_book, _is_near, _is_short, _has_hours)


def _first_refusal(
    plan: Plan, owner: Person, start: datetime, end: datetime, known: Circumstances
) -> tuple[int, Refused] | None:
    for step, ask in enumerate(_STEPS):
        refused = ask(plan, owner, start, end, known)
        if refused is not None:
            return step, refused
    return None


def _without_plan(owner: Person, start: datetime, known: Circumstances) -> Refused:
    """Why nothing held counts; of several the one that came furthest, as at a door."""
    space = known.space
    then, today = _day(start, space), _day(known.now, space)
    current = [held for held in known.memberships if is_current(held, then) and held.plan in space.plans]
    found = {_standing(held, today, space) for held in current}
    if Standing.OVERDUE in found:
        return Refused(
            RefuseReason.PLAN_OVERDUE, f"the plan of {owner.name} is unpaid for too long", "pay the bill, then book"
        )
    if Standing.PAUSED in found:
        return Refused(RefuseReason.PLAN_PAUSED, f"the plan of {owner.name} is paused", "resume it, then book")
    last = max((held.ends for held in known.memberships if held.ends is not None), default=None)
    day = then.business.isoformat()
    if Standing.ENDED in found or (last is not None and last < then.business):
        ended = f"ends on {last.isoformat()}, and this is on {day}" if last is not None else "has ended"
        return Refused(
            RefuseReason.PLAN_ENDED, f"the plan of {owner.name} {ended}", f"a day within the plan, or {_BY_STAFF}"
        )
    return Refused(RefuseReason.NO_PLAN, f"{owner.name} has no plan on {day}", f"a plan that books, or {_BY_STAFF}")


def _standing(held: Membership, today: LocalDay, space: Space) -> Standing:
    """Where it stands today: a bill not yet due is none, and what starts later counts as the books say."""
    return standing_on(held, today, space.grace) or held.standing


def _day(at: datetime, space: Space) -> LocalDay:
    return local_day(at, space.zone, space.cut_off_minutes)
