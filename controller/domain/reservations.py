"""What somebody has used, and what is spoken for: rows of the ledger and open reservations, folded into `Usage`.

A grant reserves what it would use; going in makes the use a row of the ledger, not going in frees it. Which charge a
grant makes is decided in `quota`; when rows are written, by the services.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date, timedelta
from typing import TypeAlias

from controller.domain.facts import Plain
from controller.domain.ids import BookingId, PersonId, PlanId
from controller.domain.usage import Charge, ChargeKind, LedgerEntry, LedgerRow, Usage

# A month of guests and of visits, and the week around any day of it.
LOOKED_BACK = timedelta(weeks=5)
# What partners agree on: so many free days within thirty, of which this one is the last.
VISITS_WITHIN = timedelta(days=30)

Use: TypeAlias = tuple[ChargeKind, PersonId, date, PersonId | BookingId | None]
"""What makes two charges one: the plan does not, so a change of plan in mid-week keeps the days used."""


def use_of(charge: Charge) -> Use:
    """The use that a charge is; it counts once, however often it is charged."""
    return charge.kind, charge.holder, charge.day, charge.subject


def usage_of(rows: Iterable[LedgerRow], reserved: Iterable[Charge], today: date) -> Usage:
    """What one holder has used on this business day: their rows, in any order, and what is reserved for them.

    A refund takes one use back. A waiver makes a day free: it is not counted, and on the day itself whoever has it
    comes in as somebody who was in already; so does who was given that day back, since its use is in the ledger and
    counts once. A guest's day that was given back is the host's again, for whichever guest comes next. Day passes come
    in by being bought or given.

    What a holder reserved for this very day is left out: a second read then makes the same charge again, which is one
    use however many doors tell of it, and counts too should the first read's door never be opened. Guests are counted
    from the reservation on, since each of them is a use of its own; those reserved and not come yet are told apart, so
    that a second read of the same guest makes the charge again as well.
    """
    uses: defaultdict[Use, int] = defaultdict(int)
    waived: set[Use] = set()
    passes = 0
    for row in rows:
        if row.charge.kind is ChargeKind.DAY_PASS and row.entry in _GIVES_PASSES:
            passes += row.amount
        elif row.entry is LedgerEntry.WAIVED:
            waived.add(use_of(row.charge))
        elif row.entry is not LedgerEntry.BOUGHT:
            uses[use_of(row.charge)] += row.amount
    used = {use for use, times in uses.items() if times > 0}
    passes -= sum(1 for kind, *_ in used if kind is ChargeKind.DAY_PASS)
    spoken_for = {use_of(one) for one in reserved if one.day != today or one.kind is ChargeKind.GUEST_DAY} - used
    passes -= sum(1 for kind, *_ in spoken_for if kind is ChargeKind.DAY_PASS)
    given_back = {use for use, times in uses.items() if times <= 0 and use[0] is not ChargeKind.GUEST_DAY}
    free_today = {use for use in waived | given_back if use[2] == today}
    on_their_way = frozenset(
        PersonId(guest)
        for kind, _, day, guest in spoken_for - free_today
        if kind is ChargeKind.GUEST_DAY and day == today and guest is not None
    )
    counted = {use for use in (used - waived) | free_today | spoken_for if not _is_long_ago(use, today)}
    usage = _usage(counted, max(passes, 0), on_their_way)
    free_days = frozenset(day for kind, _, day, _ in free_today if kind is ChargeKind.QUOTA_DAY)
    return replace(usage, free_days=free_days) if free_days else usage


_GIVES_PASSES = frozenset({LedgerEntry.BOUGHT, LedgerEntry.WAIVED})


def _is_long_ago(use: Use, today: date) -> bool:
    kind, _, day, _ = use
    if kind is ChargeKind.VISIT_DAY:
        return today - day >= VISITS_WITHIN
    return day < today - LOOKED_BACK


def _usage(uses: Iterable[Use], passes: int, on_their_way: frozenset[PersonId]) -> Usage:
    days: dict[ChargeKind, set[date]] = {kind: set() for kind in ChargeKind}
    guests: dict[date, frozenset[PersonId]] = {}
    for kind, _, day, subject in uses:
        days[kind].add(day)
        if kind is ChargeKind.GUEST_DAY and subject is not None:
            guests[day] = guests.get(day, frozenset()) | {PersonId(subject)}
    return Usage(
        quota_days=frozenset(days[ChargeKind.QUOTA_DAY]),
        day_pass_days=frozenset(days[ChargeKind.DAY_PASS]),
        day_passes_left=passes,
        pay_as_you_go_days=frozenset(days[ChargeKind.PAY_AS_YOU_GO]),
        visit_days=frozenset(days[ChargeKind.VISIT_DAY]),
        guest_days=guests,
        guests_on_their_way=on_their_way,
    )


def charge_as_plain(charge: Charge) -> Mapping[str, Plain]:
    """A charge as the detail `charge` of a fact holds it."""
    plain: dict[str, Plain] = {"kind": charge.kind.value, "holder": charge.holder, "day": charge.day.isoformat()}
    if charge.subject is not None:
        plain["subject"] = charge.subject
    if charge.plan is not None:
        plain["plan"] = charge.plan
    return plain


def charge_from_plain(plain: Plain) -> Charge | None:
    """The same back; None for what is no charge, as in facts of another version."""
    if not isinstance(plain, Mapping):
        return None
    try:
        kind, holder, day = ChargeKind(str(plain["kind"])), str(plain["holder"]), date.fromisoformat(str(plain["day"]))
    except (KeyError, ValueError):
        return None
    subject, plan = plain.get("subject"), plain.get("plan")
    return Charge(
        kind,
        PersonId(holder),
        day,
        PersonId(subject) if isinstance(subject, str) else None,
        PlanId(plan) if isinstance(plan, str) else None,
    )
