"""Bookings as time goes by: who came is checked in, what nobody came for is given back, unanswered requests are declined.

What is due is `domain.booking.no_show`'s, judged again in the store's own transaction: somebody may have checked in
meanwhile. All that lasts is in the store and the event log, so a start finds what a stop left undone.
"""

import logging
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Protocol

from controller.domain.alarm import AlarmKind
from controller.domain.booking.clock_words import minute_of
from controller.domain.booking.no_show import Due, Presence, asks_to_end, comes_for, due, misses_in_a_row, released
from controller.domain.facts import Fact, FactKind, Plain
from controller.domain.holdings import Booking, BookingState
from controller.domain.ids import AreaId, BookingId, PersonId
from controller.domain.rooms.occupancy import Sensed
from controller.services.booking.counter import How
from controller.services.booking.stores import BookingStore
from controller.services.doors.alarms import Alarms
from controller.services.doors.house_writes import HouseWrites
from controller.services.entry.access_index import AccessIndex
from controller.services.ports import Clock, LoggedFact

logger = logging.getLogger(__name__)

_TOLD_ONCE = frozenset({FactKind.BOOKING_IN_USE, FactKind.BOOKING_RELEASED, FactKind.BOOKING_DECLINED})
_ONE_DAY = timedelta(days=1)


class FeelsPeople(Protocol):
    """Of the rooms, what must be known before one is given to somebody else."""

    def sensed(self, area: AreaId) -> Sensed: ...


class BookingKeeper:
    """All live bookings, looked at once a second. Facts come in by `took`."""

    def __init__(
        self,
        *,
        index: AccessIndex,
        store: BookingStore,
        rooms: FeelsPeople,
        writes: HouseWrites,
        note: Callable[[Fact], None],
        alarms: Alarms,
        clock: Clock,
    ) -> None:
        self._index = index
        self._store = store
        self._rooms = rooms
        self._writes = writes
        self._note = note
        self._alarms = alarms
        self._clock = clock
        self._asked: set[BookingId] = set()  # on its way to the store
        self._told: set[tuple[FactKind, BookingId]] = set()
        self._told_since: datetime | None = None  # the oldest fact recalled; what was released later must have one

    # --- what happens -----------------------------------------------------------------------------

    def recall(self, facts: Iterable[LoggedFact]) -> None:
        """After a restart: what was told already."""
        for logged in facts:
            fact = logged.fact
            self._told_since = min(fact.at, self._told_since or fact.at)
            if fact.kind in _TOLD_ONCE:
                self._told.add((fact.kind, BookingId(str(fact.detail.get("booking")))))

    def took(self, logged: LoggedFact) -> None:
        """One fact, as it happens or told late: whoever went into a room has come for their booking there."""
        fact = logged.fact
        if fact.kind is not FactKind.ENTRY_TAKEN or fact.person is None or fact.door is None:
            return
        door = self._index.space.doors.get(fact.door)
        if door is None or fact.detail.get("direction") == "out":
            return
        theirs = self._index.holdings.rooms.get(door.inner, ())
        for booking in comes_for(theirs, fact.person, door.inner, fact.at):
            self._writes.put(
                f"the check-in to booking {booking.id!r}",
                partial(self._store.change_booking, booking.id, partial(_come, person=fact.person, at=fact.at)),
                partial(self._checked_in, fact),
            )

    def look(self) -> None:
        """Once a second."""
        now = self._clock.now()
        for bookings in self._index.holdings.rooms.values():
            for booking in bookings:
                if booking.start > now:
                    break  # they come by their start
                if booking.state is BookingState.RELEASED:
                    self._tell_if_unsaid(booking, now)
                elif booking.id not in self._asked and due(booking, now) is not Due.NOTHING:
                    self._see_to(booking, now)

    # --- small steps ------------------------------------------------------------------------------

    def _see_to(self, booking: Booking, now: datetime) -> None:
        what = due(booking, now, self._felt(booking.area))
        if what is Due.IN_USE:
            self._flag(booking)
        elif what is not Due.NOTHING:
            self._asked.add(booking.id)
            self._writes.put(f"{what} of booking {booking.id!r}", partial(self._settle, booking.id), self._settled)

    async def _settle(self, id: BookingId) -> tuple[Booking, Booking]:
        """What is due of it now, as it stands in the store: the booking before and after."""
        before = await self._store.booking(id)
        now = self._clock.now()
        # Asked here, on the loop: the store judges in a thread of its own.
        felt = self._felt(before.area) if before is not None else Presence()
        found: list[Booking] = []

        def settled(standing: Booking) -> Booking:
            found.append(standing)
            return _settled(standing, now, felt)

        _, after = await self._store.change_booking(id, settled)
        return found[-1], after

    def _settled(self, done: tuple[Booking, Booking]) -> None:
        before, after = done
        self._asked.discard(after.id)
        if before.state is after.state:
            return
        if after.state is BookingState.DECLINED:
            self._tell(FactKind.BOOKING_DECLINED, after, reason="nobody answered in time")
            return
        self._tell_released(after, self._clock.now())

    def _tell_released(self, booking: Booking, at: datetime) -> None:
        logger.info("booking %s of %s is released: nobody came", booking.id, booking.area)
        self._tell(FactKind.BOOKING_RELEASED, booking, at=at)
        if booking.series is not None:
            ask = partial(self._store.bookings_of_series, booking.series)
            self._writes.put(f"the misses of series {booking.series!r}", ask, partial(self._see_misses, booking))

    def _tell_if_unsaid(self, booking: Booking, now: datetime) -> None:
        """A release whose fact a kill has swallowed is told after the start, with its true time."""
        if (FactKind.BOOKING_RELEASED, booking.id) in self._told:
            return
        since = self._told_since
        if since is not None and max(since, now - _ONE_DAY) <= booking.end:
            self._tell_released(booking, booking.end)

    def _see_misses(self, booking: Booking, series: list[Booking]) -> None:
        now = self._clock.now()
        if not asks_to_end(series, now):
            return
        times = misses_in_a_row(series, now)
        self._tell(FactKind.SERIES_MISSED, booking, times=times)
        self._alarms.raise_(
            AlarmKind.SERIES_MISSED, area=booking.area, person=booking.owner, detail={"series": booking.series}
        )

    def _flag(self, booking: Booking) -> None:
        if (FactKind.BOOKING_IN_USE, booking.id) not in self._told:
            self._tell(FactKind.BOOKING_IN_USE, booking)

    def _checked_in(self, fact: Fact, done: tuple[int, Booking]) -> None:
        booking = done[1]
        # Checked in by this very entry, and not before by another way.
        if booking.checked_in_at == fact.at:
            self._tell(FactKind.BOOKING_CHECKED_IN, booking, how=How.DOOR, by=fact.person, at=fact.at)

    def _felt(self, area: AreaId) -> Presence:
        sensed = self._rooms.sensed(area)
        return Presence(occupied=sensed.occupied, last_felt=sensed.last_motion_at)

    def _tell(
        self,
        kind: FactKind,
        booking: Booking,
        *,
        how: How = How.HOUSE,
        by: PersonId | None = None,
        at: datetime | None = None,
        **more: Plain,
    ) -> None:
        if kind in _TOLD_ONCE:
            self._told.add((kind, booking.id))
        detail: dict[str, Plain] = {
            "booking": booking.id,
            "start": booking.start.isoformat(),
            "end": booking.end.isoformat(),
            "how": str(how),
        }
        detail |= {"by": by} if by is not None else {}
        detail |= {"series": booking.series} if booking.series is not None else {}
        self._note(
            Fact(kind, at or self._clock.now(), area=booking.area, person=booking.owner, detail={**detail, **more})
        )


def _settled(standing: Booking, at: datetime, felt: Presence) -> Booking:
    """What is due of it, done; nothing is, where somebody was quicker."""
    what = due(standing, at, felt)
    if what is Due.RELEASE:
        return released(standing, minute_of(at))  # whoever books the rest begins with this minute
    return replace(standing, state=BookingState.DECLINED) if what is Due.DECLINE else standing


def _come(standing: Booking, *, person: PersonId, at: datetime) -> Booking:
    """Checked in, if it still stands and is theirs."""
    if comes_for([standing], person, standing.area, at):
        return replace(standing, checked_in_at=at)
    return standing
