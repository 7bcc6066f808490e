"""The books: what everybody has used, counted at once in memory, and in the ledger for good a moment later.

The ledger follows the event log: whoever went in is a fact there, and `run` turns facts into rows together with the
place it has read to, so a process killed at any moment finds nothing missing and nothing twice. What a row means is
`domain.reservations`'s.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from controller.domain.access import Denied, Granted
from controller.domain.building import Space
from controller.domain.facts import Fact, FactKind
from controller.domain.ids import PersonId
from controller.domain.reservations import (
    LOOKED_BACK,
    Use,
    charge_as_plain,
    charge_from_plain,
    usage_of,
    use_of,
)
from controller.domain.rights import DenyReason, Rights
from controller.domain.schedule import business_day
from controller.domain.usage import Charge, ChargeKind, LedgerEntry, LedgerRow, Usage
from controller.errors import StoreError
from controller.services.ports import Clock, EventLog, LoggedFact
from controller.services.stores import Ledger

logger = logging.getLogger(__name__)

# A refund typed at the desk counts before the member is back at the door.
LOOK_EVERY = 0.25
# Facts read from the log at once.
BATCH = 500
# So far the ledger's place may stay behind the log when nothing was charged: what a start would have to read again.
BEHIND_AT_MOST = 5_000
# A door that never says what came of an unlock must not hold a day for ever; the longest release is far shorter.
RESERVED_FOR = 120.0
# Rows taken into the books between two turns of the loop, so that no tap waits for a long ledger.
ROWS_A_TURN = 1_000

_NOT_ENTERED = frozenset({FactKind.ENTRY_NOT_TAKEN, FactKind.UNLOCK_NOT_SENT, FactKind.LOCAL_DENIED})
_NOTHING = Usage()


@dataclass(slots=True)
class _Account:
    """What one holder's usage is made from."""

    rows: list[LedgerRow] = field(default_factory=list)
    used: set[Use] = field(default_factory=set)
    reserved: list[Charge] = field(default_factory=list)

    def take(self, row: LedgerRow) -> bool:
        """Whether the row was news: the same use is one, however many doors told of it."""
        if row.entry is LedgerEntry.USED:
            use = use_of(row.charge)
            if use in self.used:
                return False
            self.used.add(use)
        self.rows.append(row)
        return True


@dataclass(slots=True)
class _Reservation:
    """What one tap would use."""

    charges: list[Charge]
    until: float  # the loop's clock


class UsageBook:
    """Usage by person. One event loop's: between `of` and `reserve` nothing else happens, so check and count are one."""

    def __init__(self, ledger: Ledger, log: EventLog, space: Callable[[], Space], clock: Clock) -> None:
        self._ledger = ledger
        self._log = log
        self._space = space
        self._clock = clock
        self._accounts: dict[PersonId, _Account] = {}
        self._known: dict[PersonId, Usage] = {}
        self._reservations: dict[str, _Reservation] = {}
        self._unwritten: dict[Use, LedgerRow] = {}
        self._version = -1
        self._cursor = 0  # of the log: all before is in the ledger
        self._kept_cursor = 0  # as the ledger has it
        self._newest = 0
        self._today = self._business_day()
        self._failing = False

    # --- at the door ------------------------------------------------------------------------------

    def of(self, person: PersonId) -> Usage:
        """What this person has used, reservations included."""
        return self._known.get(person) or self._count(person)

    def reserve(self, charge: Charge, correlation: str) -> None:
        """A grant would use this; call it before anything is awaited after the decision."""
        until = self._clock.monotonic() + RESERVED_FOR
        reservation = self._reservations.setdefault(correlation, _Reservation([], until))
        reservation.until = until
        reservation.charges.append(charge)
        self._account(charge.holder).reserved.append(charge)
        self._known.pop(charge.holder, None)

    def released(self, charge: Charge, correlation: str) -> None:
        """The grant came to nothing before its door was told: a repeat, or a log that could not be written."""
        reservation = self._reservations.get(correlation)
        if reservation is None or charge not in reservation.charges:
            return
        reservation.charges.remove(charge)
        if not reservation.charges:
            del self._reservations[correlation]
        self._free(charge)

    def took(self, logged: LoggedFact) -> None:
        """One fact, as it happens: an entry uses what it was granted by, and one that was not taken frees it."""
        fact = logged.fact
        self._newest = max(self._newest, logged.position)
        if fact.kind is FactKind.ENTRY_TAKEN:
            row = _row(fact)
            if row is not None and self._take(row):
                self._unwritten[use_of(row.charge)] = row
            self._free_all(fact.correlation)
        elif fact.kind in _NOT_ENTERED:
            self._free_all(fact.correlation)

    def look(self) -> None:
        """Once a second: a new day counts anew, and what no door answered for is free again."""
        today = self._business_day()
        if today != self._today:
            self._today = today
            self._known.clear()
        now = self._clock.monotonic()
        for correlation in [key for key, held in self._reservations.items() if held.until <= now]:
            self._free_all(correlation)

    # --- behind it --------------------------------------------------------------------------------

    async def load(self) -> None:
        """At the start: write what the log has and the ledger has not, then open the books."""
        begun = await self._ledger.cursor()
        self._cursor = self._kept_cursor = begun if begun is not None else await self._begin()
        await self._catch_up()
        if self._cursor != self._kept_cursor:
            await self._append([], self._cursor)
        await self._open_books()

    async def _begin(self) -> int:
        """The ledger's first start: from the end of the log on.

        A log that is older than the ledger was written by a Natoma that charged nothing, so reading all of it would
        find no row and cost an upgraded house minutes. Written down at once, an empty log's end as well: after a kill
        there is a place to go on from, and the first entry is not taken for an old one.
        """
        newest = await self._log.latest(1)
        place = newest[-1].position if newest else 0
        await self._append([], place)
        return place

    async def read(self) -> None:
        """Open the books as they are, and write nothing: for a question asked beside the service."""
        await self._open_books()

    async def run(self) -> None:
        """Keep the ledger behind the log, and the books with what others write into the ledger, until cancelled."""
        while True:
            await asyncio.sleep(LOOK_EVERY)
            try:
                if self._unwritten or self._newest - self._kept_cursor > BEHIND_AT_MOST:
                    await self._catch_up()
                if await self._ledger.version() != self._version:
                    await self._open_books()
            except StoreError as error:
                logger.log(logging.DEBUG if self._failing else logging.WARNING, "the ledger waits: %s", error)
                self._failing = True
            else:
                self._failing = False

    async def _catch_up(self) -> None:
        while True:
            batch = await self._log.after(self._cursor, BATCH)
            rows = [row for logged in batch if (row := _row(logged.fact)) is not None]
            cursor = batch[-1].position if batch else self._cursor
            if rows or cursor - self._kept_cursor > BEHIND_AT_MOST:
                await self._append(rows, cursor)
            self._cursor = cursor
            for row in rows:
                self._unwritten.pop(use_of(row.charge), None)
            if len(batch) < BATCH:
                return

    async def _append(self, rows: Sequence[LedgerRow], cursor: int) -> None:
        before = await self._ledger.version()
        new = sum(await self._ledger.append(rows, cursor))
        self._kept_cursor = cursor
        # What we wrote ourselves is in the books already; whatever else the version tells of is read again.
        if before == self._version and await self._ledger.version() == before + new:
            self._version += new

    async def _open_books(self) -> None:
        version = await self._ledger.version()
        accounts: dict[PersonId, _Account] = {}
        for number, row in enumerate(await self._ledger.load(self._today - LOOKED_BACK)):
            if number % ROWS_A_TURN == 0:
                await asyncio.sleep(0)
            accounts.setdefault(row.charge.holder, _Account()).take(row)
        # Nothing is awaited from here on: what happened meanwhile is in `_unwritten` and `_reservations`.
        self._accounts, self._version = accounts, version
        for row in self._unwritten.values():
            self._account(row.charge.holder).take(row)
        for charge in (charge for held in self._reservations.values() for charge in held.charges):
            self._account(charge.holder).reserved.append(charge)
        self._known.clear()

    # --- small steps ------------------------------------------------------------------------------

    def _count(self, person: PersonId) -> Usage:
        account = self._accounts.get(person)
        if account is None:
            return _NOTHING
        usage = self._known[person] = usage_of(account.rows, account.reserved, self._today)
        return usage

    def _take(self, row: LedgerRow) -> bool:
        self._known.pop(row.charge.holder, None)
        return self._account(row.charge.holder).take(row)

    def _account(self, holder: PersonId) -> _Account:
        return self._accounts.setdefault(holder, _Account())

    def _free_all(self, correlation: str | None) -> None:
        reservation = self._reservations.pop(correlation, None) if correlation is not None else None
        for charge in reservation.charges if reservation is not None else ():
            self._free(charge)

    def _free(self, charge: Charge) -> None:
        self._account(charge.holder).reserved.remove(charge)
        self._known.pop(charge.holder, None)

    def _business_day(self) -> date:
        space = self._space()
        return business_day(self._clock.now(), space.zone, space.cut_off_minutes)


def _row(fact: Fact) -> LedgerRow | None:
    """The row that an entry makes, if it uses anything."""
    if fact.kind is not FactKind.ENTRY_TAKEN:
        return None
    charge = charge_from_plain(fact.detail.get("charge"))
    if charge is None:
        return None
    return LedgerRow(LedgerEntry.USED, charge, fact.at, correlation=fact.correlation)


def settled(fact: Fact, rights: Rights, decision: Granted | Denied) -> tuple[Fact, ...]:
    """The entry of whom a door let in alone, with what that costs, as decided for the moment it happened.

    It uses what was left. What goes beyond is a second fact for staff and charged to nobody: not to a day pass that
    the member keeps for another day, and not to a bill.
    """
    charge = decision.grant.charge if isinstance(decision, Granted) else None
    if isinstance(decision, Denied):
        return (fact, _overshot(fact, rights)) if decision.reason is DenyReason.QUOTA_USED_UP else (fact,)
    if charge is None:
        return (fact,)
    has_quota = any(
        (plan := rights.space.plans.get(held.plan)) is not None and plan.days_per_week is not None
        for held in rights.memberships
    )
    if charge.kind is ChargeKind.PAY_AS_YOU_GO or (charge.kind is ChargeKind.DAY_PASS and has_quota):
        paid = rights.usage.pay_as_you_go_days | rights.usage.day_pass_days
        return (fact,) if charge.day in paid else (fact, _overshot(fact, rights))
    return (replace(fact, detail={**fact.detail, "charge": charge_as_plain(charge)}),)


def _overshot(fact: Fact, rights: Rights) -> Fact:
    day = business_day(fact.at, rights.space.zone, rights.space.cut_off_minutes)
    return replace(fact, kind=FactKind.QUOTA_OVERSHOT, message_id=None, detail={"day": day.isoformat()})
