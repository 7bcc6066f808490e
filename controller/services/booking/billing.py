"""Bookings that are over, as rows of the ledger: one each, in minutes, and what was corrected since as rows of their own.

What a booking comes to is `domain.booking.billing`'s. There is no place to lose: a use is one row by the ledger's own
rule, so whatever is looked at twice is billed once, and each start looks back over everything that may be missing.
"""

import logging
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta

from controller.domain.booking.billing import billed
from controller.domain.building import Space
from controller.domain.holdings import Booking
from controller.domain.ids import BookingId
from controller.domain.usage import Charge, ChargeKind, LedgerEntry, LedgerRow
from controller.services.booking.stores import BookingStore
from controller.services.lookouts import look_again_and_again
from controller.services.ports import Clock
from controller.services.stores import Ledger

logger = logging.getLogger(__name__)

LOOK_EVERY = 60.0
# At the start and now and then all of these days, for a house that was off and for edits made long after.
LOOKED_BACK = timedelta(days=35)
ALL_EVERY = 60  # looks
# Between two of those, what ended lately.
LATELY = timedelta(hours=3)

_BY_US = frozenset({LedgerEntry.USED, LedgerEntry.CORRECTED})
_CORRECTION = "the booking was changed after it was billed"


class Billing:
    """Follows the bookings with the ledger."""

    def __init__(self, bookings: BookingStore, ledger: Ledger, space: Callable[[], Space], clock: Clock) -> None:
        self._bookings = bookings
        self._ledger = ledger
        self._space = space
        self._clock = clock

    async def run(self) -> None:
        """Bill what has ended, for ever."""
        looks = 0

        async def look() -> None:
            nonlocal looks
            await self.look(LATELY if looks % ALL_EVERY else LOOKED_BACK)
            looks += 1

        await look_again_and_again(look, every=LOOK_EVERY, failing="bookings are not billed", logger=logger)

    async def look(self, back: timedelta = LOOKED_BACK) -> None:
        """Bill what has ended within this time, and correct what came out otherwise."""
        now = self._clock.now()
        ended = [one for one in await self._bookings.bookings_ended(now - back, now) if one.made_at is not None]
        if not ended:
            return
        zone = self._space().zone
        first = min(billed(one, zone).day for one in ended)
        rows = list(_rows(ended, await self._ledger.load(first), self._space(), now))
        if rows:
            await self._ledger.append(rows)


def _rows(ended: Iterable[Booking], there: Iterable[LedgerRow], space: Space, now: datetime) -> Iterator[LedgerRow]:
    """What is missing in the ledger."""
    written: defaultdict[BookingId, list[LedgerRow]] = defaultdict(list)
    for row in there:
        if row.charge.kind is ChargeKind.ROOM_MINUTES and row.entry in _BY_US:
            written[BookingId(str(row.charge.subject))].append(row)
    for booking in ended:
        bill, known = billed(booking, space.zone), written[booking.id]
        missing = bill.minutes - sum(row.amount for row in known)
        if missing and known:
            # Against the charge it was billed as: a booking that moved to another day stays one line of the bill.
            yield LedgerRow(LedgerEntry.CORRECTED, known[0].charge, now, missing, reason=_CORRECTION)
        elif missing:
            charge = Charge(ChargeKind.ROOM_MINUTES, booking.owner, bill.day, booking.id)
            yield LedgerRow(LedgerEntry.USED, charge, booking.end, missing, reason=str(bill.how))
