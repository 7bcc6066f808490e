"""What people ask of the ledger by command: show somebody's days, give one back, waive one, sell day passes.

Each is another row, with who and why; nothing is ever edited. What rows mean is `domain.reservations`'s.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date, datetime

from controller.domain.building import Space
from controller.domain.ids import PersonId
from controller.domain.membership import Person, PersonKind
from controller.domain.quota import week_of
from controller.domain.reservations import LOOKED_BACK, Use, usage_of, use_of
from controller.domain.schedule import business_day
from controller.domain.usage import Charge, ChargeKind, LedgerEntry, LedgerRow
from controller.errors import InputError
from controller.services.desk.house_desk import person_of
from controller.services.entry.whereabouts import who_forgives
from controller.services.screens.wording import moment
from controller.services.stores import Ledger

PASSES_AT_MOST = 100

KINDS = {
    ChargeKind.QUOTA_DAY: "a day of the plan",
    ChargeKind.DAY_PASS: "a day pass",
    ChargeKind.GUEST_DAY: "a guest's day",
    ChargeKind.VISIT_DAY: "a day of a visit",
    ChargeKind.PAY_AS_YOU_GO: "a day paid by itself",
    ChargeKind.ROOM_MINUTES: "room time",
}
_ENTRIES = {
    LedgerEntry.USED: "used",
    LedgerEntry.REFUNDED: "given back",
    LedgerEntry.WAIVED: "waived",
    LedgerEntry.BOUGHT: "bought",
    LedgerEntry.CORRECTED: "corrected",
}


class LedgerDesk:
    """One command's view of the ledger; each answer is a sentence that says what was done."""

    def __init__(self, ledger: Ledger, space: Space, people: Mapping[PersonId, Person], now: datetime) -> None:
        self._ledger = ledger
        self._space = space
        self._people = people
        self._now = now
        self._today = business_day(now, space.zone, space.cut_off_minutes)

    async def show(self, who: str) -> list[str]:
        """Somebody's rows of the last five weeks, and all day passes, oldest first; then what they come to."""
        person = person_of(who, self._people, "PERSON")
        rows = await self._rows(person)
        usage = usage_of(rows, (), self._today)
        # A visitor uses the days that their space agreed on, and no plan's of ours.
        visited = {row.charge.day for row in rows if row.charge.kind is ChargeKind.VISIT_DAY} & usage.visit_days
        visited -= {row.charge.day for row in rows if row.entry is LedgerEntry.WAIVED}
        this_week = sorted(week_of(self._today) & (usage.quota_days - usage.free_days | visited))
        lines = [self._line(row) for row in rows]
        lines.append(f"{person.name} this week: {', '.join(f'{day:%a}' for day in this_week) or 'no day used'}.")
        if usage.day_passes_left or any(row.charge.kind is ChargeKind.DAY_PASS for row in rows):
            lines.append(f"Day passes left: {usage.day_passes_left}.")
        return lines

    async def export(self, since: date, until: date) -> list[LedgerRow]:
        """Everybody's rows of these business days, both included, by their day: for whoever writes bills."""
        if until < since:
            raise InputError(f"--until: {until} is before --from, {since}")
        rows = [row for row in await self._ledger.load(since) if since <= row.charge.day <= until]
        return sorted(rows, key=lambda row: (row.charge.day, row.at))

    async def refund_booking(self, who: str, booking: str, by: str, reason: str) -> str:
        """Give back all the minutes that a booking was billed as."""
        person, staff = person_of(who, self._people, "PERSON"), who_forgives(self._people, by)
        billed = [row for row in await self._rows(person) if row.charge.subject == booking and row.entry in _BILLS]
        minutes = sum(row.amount for row in billed)
        if not billed or minutes <= 0:
            has = "given back already" if billed else "never billed to them, or more than five weeks ago"
            raise InputError(f"--booking: {booking} of {person.name} has nothing to give back — {has}")
        await self._write(LedgerEntry.REFUNDED, billed[0].charge, -minutes, staff, reason)
        return f"{person.name} has {minutes} min of booking {booking} back."

    async def refund(self, who: str, day: date, kind: ChargeKind, guest: str | None, by: str, reason: str) -> str:
        """Give one use back."""
        _not_of_rooms(kind)
        person, staff = person_of(who, self._people, "PERSON"), who_forgives(self._people, by)
        rows = await self._rows(person)
        charge = self._charge(person, day, kind, guest)
        left = sum(row.amount for row in rows if use_of(row.charge) == use_of(charge) and row.entry in _USES)
        if left <= 0:
            self._refuse_if_back(rows, charge, person)
            used = _days_used(rows, kind)
            has = f"used are {', '.join(map(str, used))}" if used else "none was used"
            raise InputError(f"--day: {person.name} has no use of {KINDS[kind]} on {day} to give back — {has}")
        plan = next((row.charge.plan for row in rows if use_of(row.charge) == use_of(charge)), None)
        await self._write(LedgerEntry.REFUNDED, replace(charge, plan=plan), -1, staff, reason)
        return f"{person.name} has {KINDS[kind]} back, of {day}."

    async def waive(self, who: str, day: date | None, kind: ChargeKind, guest: str | None, by: str, reason: str) -> str:
        """Make a day free: it is not counted, whether it was used or will be."""
        _not_of_rooms(kind)
        person, staff = person_of(who, self._people, "PERSON"), who_forgives(self._people, by)
        day = day or self._today
        charge = self._charge(person, day, kind, guest)
        if kind is not ChargeKind.DAY_PASS and any(
            row.entry is LedgerEntry.WAIVED and use_of(row.charge) == use_of(charge) for row in await self._rows(person)
        ):
            raise InputError(f"{KINDS[kind]} of {person.name} on {day} is waived already")
        await self._write(LedgerEntry.WAIVED, charge, 1, staff, reason)
        if kind is ChargeKind.DAY_PASS:
            return f"{person.name} is given a day pass."
        return f"{day} costs {person.name} nothing: {KINDS[kind]} is waived."

    async def buy(self, who: str, count: int, by: str, reason: str) -> str:
        """Day passes that somebody paid for."""
        person, seller = person_of(who, self._people, "PERSON"), person_of(by, self._people)
        if seller.kind is not PersonKind.STAFF:
            who_forgives(self._people, by)
        if not 1 <= count <= PASSES_AT_MOST:
            raise InputError(f"--count: {count} — from 1 to {PASSES_AT_MOST}")
        charge = Charge(ChargeKind.DAY_PASS, person.id, self._today)
        await self._write(LedgerEntry.BOUGHT, charge, count, seller, reason or "bought")
        left = usage_of(await self._rows(person), (), self._today).day_passes_left
        return f"{person.name} has {left} day pass{'es' if left != 1 else ''} now."

    def _refuse_if_back(self, rows: Iterable[LedgerRow], charge: Charge, person: Person) -> None:
        """A use that was given back is told as that: to name its day among those used would send people round in circles."""
        for row in rows:
            if row.entry is LedgerEntry.REFUNDED and use_of(row.charge) == use_of(charge):
                when = moment(row.at.isoformat(), self._space.zone, self._now)
                raise InputError(
                    f"--day: {KINDS[charge.kind]} of {person.name} on {charge.day} was given back already, "
                    f"{when} by {self._name(row.by)}: {row.reason}"
                )

    def _charge(self, person: Person, day: date, kind: ChargeKind, guest: str | None) -> Charge:
        if (kind is ChargeKind.GUEST_DAY) != (guest is not None):
            raise InputError("--guest: names whose day it was, for --kind guest_day and for no other")
        if day > self._today or day < self._today - LOOKED_BACK:
            raise InputError(f"--day: {day} — a day of the last five weeks, up to {self._today}")
        subject = person_of(guest, self._people, "--guest").id if guest is not None else None
        return Charge(kind, person.id, day, subject)

    async def _rows(self, person: Person) -> list[LedgerRow]:
        rows = await self._ledger.load(self._today - LOOKED_BACK)
        return sorted((row for row in rows if row.charge.holder == person.id), key=lambda row: row.at)

    async def _write(self, entry: LedgerEntry, charge: Charge, amount: int, by: Person, reason: str) -> None:
        if not reason.strip():
            raise InputError("--reason: is empty — say why, it is kept with the row")
        await self._ledger.append([LedgerRow(entry, charge, self._now, amount, by.id, reason.strip())])

    def _line(self, row: LedgerRow) -> str:
        said = [f"{row.charge.day:%a %d %b}  {_ENTRIES[row.entry]:<10}  {KINDS[row.charge.kind]}"]
        if row.charge.kind is ChargeKind.ROOM_MINUTES:
            less = "-" if row.entry is LedgerEntry.CORRECTED and row.amount < 0 else ""
            said.append(f"{less}{abs(row.amount)} min of booking {row.charge.subject}")
        elif abs(row.amount) != 1:
            said.append(f"× {abs(row.amount)}")
        if row.charge.subject is not None and row.charge.kind is not ChargeKind.ROOM_MINUTES:
            said.append(f"({self._name(row.charge.subject)})")
        if row.by:
            said.append(f"— {self._name(row.by)}: {row.reason}")
        return " ".join(said)

    def _name(self, id: str) -> str:
        known = self._people.get(PersonId(id))
        return known.name if known is not None else id


_BILLS = frozenset({LedgerEntry.USED, LedgerEntry.CORRECTED, LedgerEntry.REFUNDED})


def _not_of_rooms(kind: ChargeKind) -> None:
    if kind is ChargeKind.ROOM_MINUTES:
        raise InputError("--kind: room_minutes are of one booking — say which with refund --booking, without --day")


_USES = frozenset({LedgerEntry.USED, LedgerEntry.REFUNDED})


def _days_used(rows: Iterable[LedgerRow], kind: ChargeKind) -> list[date]:
    """The days that could be given back."""
    left: defaultdict[Use, int] = defaultdict(int)
    for row in rows:
        if row.charge.kind is kind and row.entry in _USES:
            left[use_of(row.charge)] += row.amount
    return sorted({day for (_, _, day, _), times in left.items() if times > 0})
