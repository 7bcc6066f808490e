"""Whether what somebody wants written makes sense, by itself and beside what is there already.

Every store asks here before it writes, whatever database it writes to. InputError names the thing, its value and what
would be right. Whether that person may want it at all is the caller's affair.
"""

import difflib
from collections.abc import Collection, Iterable
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import TypeVar

from controller.domain.holdings import Booking, GuestPass, PublicEvent, VisitingPass
from controller.domain.house import ExtraHoliday, Fire, HouseState, Lockdown, OneOff, Override, Scope, ScopeKind, Wanted
from controller.domain.membership import Cohort, CredentialKind, Lease, Membership, Team
from controller.domain.usage import ChargeKind, LedgerEntry, LedgerRow
from controller.errors import InputError

T = TypeVar("T", Lockdown, Override)

# A door that stands open for longer is no exception any more: it belongs into the unlock schedule.
LONGEST_OVERRIDE = timedelta(days=7)
# An exception is planned, and may be a month of open house.
LONGEST_EXCEPTION = timedelta(days=31)


def unknown(what: str, id: str, known: Iterable[str], remedy: str = "") -> InputError:
    """Nothing of this name is there; told with the nearest name that is."""
    close = difflib.get_close_matches(id, known, n=1)
    hint = f"did you mean {close[0]!r}?" if close else remedy
    return InputError(f"no {what} {id!r}" + (f": {hint}" if hint else ""))


# The house.


def said_of(scope: Scope) -> str:
    """A scope in words: "the whole space", "floor ground", "door street"."""
    return "the whole space" if scope.kind is ScopeKind.SPACE else f"{scope.kind} {scope.id}"


def check_scope(scope: Scope) -> None:
    if (scope.kind is ScopeKind.SPACE) != (not scope.id):
        remedy = "the whole space has no id" if scope.id else f"which {scope.kind}?"
        raise InputError(f"{scope.kind} {scope.id!r}: {remedy}")


def check_lockdown(state: HouseState, scope: Scope, reason: str) -> None:
    check_scope(scope)
    _reason("a lockdown", reason)
    for one in state.lockdowns:
        if one.scope == scope:
            raise InputError(
                f"{said_of(scope)} is locked down already, since {one.since.isoformat()} by {one.by!r}: {one.reason}"
            )


def lockdown_of(state: HouseState, which: Scope | str, reason: str) -> Lockdown:
    """The lockdown that somebody wants lifted."""
    _reason("lifting a lockdown", reason)
    return _which("lockdown", state.lockdowns, which)


def check_fire_cleared(fire: Fire | None) -> None:
    if fire is None:
        raise InputError("there is no fire to clear")


def check_fire_confirmed(fire: Fire | None, reason: str) -> None:
    if fire is None:
        raise InputError("there is no fire to confirm the end of")
    _reason("confirming that a fire is over", reason)
    if fire.cleared_at is None:
        raise InputError("the fire panel has not cleared: doors lock again when it has, and then somebody confirms it")


def check_override(scope: Scope, until: datetime, reason: str, at: datetime) -> None:
    check_scope(scope)
    _aware("an override's end", until)
    _reason("an override", reason)
    if until <= at:
        raise InputError(f"an override of {said_of(scope)} until {until.isoformat()} is over already: name a later end")
    if until - at > LONGEST_OVERRIDE:
        raise InputError(
            f"an override of {said_of(scope)} until {until.isoformat()} is longer than {LONGEST_OVERRIDE.days} days: "
            "end it sooner, or put it into the unlock schedule of the space file"
        )


def override_of(state: HouseState, which: Scope | str) -> Override:
    """The override that somebody wants ended."""
    return _which("override", state.overrides, which)


def check_one_off(
    known: Iterable[OneOff], scope: Scope, wanted: Wanted, start: datetime, end: datetime, reason: str
) -> None:
    check_scope(scope)
    _window(f"an exception for {said_of(scope)}", start, end)
    _reason("an exception", reason)
    if wanted is not Wanted.LOCKED and end - start > LONGEST_EXCEPTION:
        raise InputError(
            f"an exception for {said_of(scope)}, {wanted} for longer than {LONGEST_EXCEPTION.days} days: end it sooner, "
            "or put it into the unlock schedule of the space file"
        )
    for one in known:
        if (one.scope, one.wanted, one.start, one.end) == (scope, wanted, start, end):
            raise InputError(f"{one.id} says the same of {said_of(scope)} already: {one.reason}")


def check_holiday(one: ExtraHoliday) -> None:
    if not one.name.strip():
        raise InputError(f"the holiday on {one.day} has no name: say what people call the day")


def _which(what: str, there: Iterable[T], which: Scope | str) -> T:
    by_id = {one.id: one for one in there}
    if isinstance(which, str):
        if which not in by_id:
            raise unknown(what, which, by_id, f"there is {', '.join(by_id) or 'none'} now")
        return by_id[which]
    for one in by_id.values():
        if one.scope == which:
            return one
    there_is = ", ".join(f"{one.id} ({said_of(one.scope)})" for one in by_id.values())
    raise InputError(f"no {what} of {said_of(which)}: there is {there_is or 'none'} now")


# What lets people in.


def check_booking(one: Booking) -> None:
    _window(f"booking {one.id!r}", one.start, one.end)


def check_event(one: PublicEvent) -> None:
    _window(f"event {one.id!r}", one.start, one.end)
    if not one.path:
        raise InputError(f"event {one.id!r} has no doors: name its path, the street door first")
    if len(set(one.path)) < len(one.path):
        raise InputError(f"event {one.id!r} names a door twice on its path {', '.join(one.path)}: once is enough")
    if one.capacity < 1:
        raise InputError(f"event {one.id!r} has room for {one.capacity}: one visitor at least")


def check_guest_pass(one: GuestPass) -> None:
    _window(f"guest pass {one.id!r}", one.start, one.end)
    if one.guest == one.host:
        raise InputError(f"guest pass {one.id!r}: {one.host!r} cannot be their own guest; whose guest is it?")


def check_visit(one: VisitingPass) -> None:
    _window(f"visiting pass {one.id!r}", one.start, one.end)
    if one.days is not None and one.days < 0:
        raise InputError(f"visiting pass {one.id!r} gives {one.days} days: none or more")


# What people hold.


def check_membership(one: Membership, known: Collection[str]) -> None:
    if one.plan not in known:
        raise unknown("plan", one.plan, known, f"the space has {', '.join(sorted(known)) or 'none'}")
    if one.ends is not None and one.ends < one.starts:
        raise InputError(f"plan {one.plan!r}: its last day {one.ends} is before its first, {one.starts}")


def check_team(one: Team) -> None:
    _named("team", one.id, one.name)


def check_cohort(one: Cohort, known: Collection[str]) -> None:
    _named("cohort", one.id, one.name)
    if one.plan not in known:
        raise unknown("plan", one.plan, known, f"the space has {', '.join(sorted(known)) or 'none'}")
    if one.ends < one.starts:
        raise InputError(f"cohort {one.id!r}: its last day {one.ends} is before its first, {one.starts}")


def check_bill(due_since: date | None, cents: int) -> None:
    if cents < 0:
        raise InputError(f"a bill of {cents} cents: what is owed is 0 or more")
    if (due_since is None) != (cents == 0):
        raise InputError("a bill has both a day since it is due and an amount; without either there is none")


def check_leases(leases: Iterable[Lease]) -> None:
    """One office, one team at a time."""
    overlap = overlapping(leases)
    if overlap is not None:
        first, second = overlap
        raise InputError(
            f"office {second.area!r}: {_said(second)} and {_said(first)} overlap; end one before the other begins"
        )


def overlapping(leases: Iterable[Lease]) -> tuple[Lease, Lease] | None:
    """Two leases of one office on one day, the earlier first, or None; last days are days of the lease."""
    ordered = sorted(leases, key=lambda one: (one.area, one.starts, one.ends or date.max))
    for first, second in pairwise(ordered):
        if first.area == second.area and second.starts <= (first.ends or date.max):
            return first, second
    return None


def _said(lease: Lease) -> str:
    since = "always" if lease.starts == date.min else f"from {lease.starts}"
    return f"{lease.team!r} ({since}{f' to {lease.ends}' if lease.ends else ''})"


def check_lease(one: Lease) -> None:
    if one.ends is not None and one.ends < one.starts:
        raise InputError(f"office {one.area!r}: the lease's last day {one.ends} is before its first, {one.starts}")


def taken(kind: CredentialKind, holder: str) -> InputError:
    """This badge, PIN or token is somebody's already. Whose PIN, nobody is told: it would be theirs to try."""
    if kind is CredentialKind.PIN:
        return InputError("this PIN is taken: choose another")
    return InputError(f"this {kind} is held by {holder!r}: take it from them first")


def check_ledger_row(row: LedgerRow) -> None:
    what = f"{row.entry} {row.charge.kind} of {row.charge.holder!r}"
    unit = "minutes" if row.charge.kind is ChargeKind.ROOM_MINUTES else "days"
    if row.entry is LedgerEntry.REFUNDED:
        if row.amount >= 0:
            raise InputError(f"{what}: {row.amount} {unit}; what a refund takes back is negative")
    elif row.entry is LedgerEntry.CORRECTED:
        if row.amount == 0:
            raise InputError(f"{what}: 0 {unit}; a correction is the difference")
    elif row.amount < 1:
        raise InputError(f"{what}: {row.amount} {unit}; one or more")
    if row.entry in (LedgerEntry.REFUNDED, LedgerEntry.WAIVED, LedgerEntry.CORRECTED):
        _reason(f"a day {row.entry}", row.reason)


def _window(what: str, start: datetime, end: datetime) -> None:
    _aware(f"the start of {what}", start)
    _aware(f"the end of {what}", end)
    if end <= start:
        raise InputError(f"{what} ends {end.isoformat()}, before it starts, {start.isoformat()}: the end comes later")


def _aware(what: str, at: datetime) -> None:
    if at.tzinfo is None:
        raise InputError(f"{what}, {at.isoformat()}, has no zone: say which, like Z or +01:00")


def _named(what: str, id: str, name: str) -> None:
    if not id.strip():
        raise InputError(f"{what} {name!r} has no id: give it one, of letters and digits")
    if not name.strip():
        raise InputError(f"{what} {id!r} has no name: give it one that people know")


def _reason(what: str, reason: str) -> None:
    if not reason.strip():
        raise InputError(f"{what} needs a reason: whoever reads of it later will ask")
