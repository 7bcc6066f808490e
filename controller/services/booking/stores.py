"""Where bookings, series and waiting lists are kept: ports, each one transaction, as `services.stores` says of its own.

Reads answer for any time; decisions at doors do not pass here but read the access index, which follows within a second.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol, TypeVar

from controller.domain.booking.values import Series, SkipReason, Waiting
from controller.domain.holdings import Booking
from controller.domain.ids import AreaId, BookingId, PersonId, SeriesId, WaitingId
from controller.errors import InputError

T = TypeVar("T")


class Overlap(InputError):
    """The time is taken, by the store's own word: `there` is who was first."""

    def __init__(self, message: str, wanted: Booking, there: Booking | None) -> None:
        super().__init__(message)
        self.wanted = wanted
        self.there = there


@dataclass(frozen=True, slots=True)
class Tried:
    """What became of bookings that were tried one by one."""

    version: int
    made: tuple[Booking, ...]
    conflicts: tuple[tuple[Booking, Booking], ...]  # what was wanted, and what stands there


class OpenBook(Protocol):
    """The book of rooms within one transaction that holds the write lock: what it reads stays so until all is written."""

    def bookings_between(self, start: datetime, end: datetime, area: AreaId) -> list[Booking]: ...
    def bookings_of(self, owner: PersonId, start: datetime, end: datetime) -> list[Booking]: ...
    def bookings_of_series(self, series: SeriesId) -> list[Booking]: ...
    # Of one that meets another nothing is written: Overlap, and the others may go on.
    def put(self, booking: Booking) -> Booking: ...  # as it is kept
    def change(self, id: BookingId, change: Callable[[Booking], Booking]) -> Booking: ...
    def put_series(self, series: Series) -> None: ...
    def skip_days(self, id: SeriesId, days: dict[date, SkipReason]) -> None: ...


class BookingStore(Protocol):
    """Bookings. No two that hold their time (`HOLDS_ITS_TIME`) overlap in one room, buffer included: Overlap."""

    async def put_booking(self, booking: Booking) -> int: ...  # made, or replaced
    async def put_bookings(self, bookings: Sequence[Booking]) -> int: ...  # all or none
    async def try_bookings(self, bookings: Sequence[Booking]) -> Tried: ...  # those that fit; in their order
    # The same of what `decide` makes of everything from this origin that ends after a moment, in one transaction: what
    # it read is still so when it is written.
    async def try_from(
        self, origin: str, after: datetime, decide: Callable[[Sequence[Booking]], Sequence[Booking]]
    ) -> Tried: ...
    # Reads what stands, asks `change` for what shall stand, and writes it, in one transaction: nobody comes between.
    # What `change` raises leaves everything as it was; an equal answer is no new version.
    async def change_booking(self, id: BookingId, change: Callable[[Booking], Booking]) -> tuple[int, Booking]: ...
    # Whatever `work` reads and writes is one transaction; what it raises leaves everything as it was. It awaits nothing.
    async def together(self, work: Callable[[OpenBook], T]) -> T: ...
    async def booking(self, id: BookingId) -> Booking | None: ...
    # Everything that has its room for some of [start, end), its buffer included, by area and start; of all rooms where
    # `area` is None.
    async def bookings_between(self, start: datetime, end: datetime, area: AreaId | None = None) -> list[Booking]: ...
    # All of somebody's own that overlap [start, end), history too, by start: what maximums and statements count.
    async def bookings_of(self, owner: PersonId, start: datetime, end: datetime) -> list[Booking]: ...
    async def bookings_of_series(self, series: SeriesId) -> list[Booking]: ...  # all, by their day
    async def bookings_from(self, origin: str) -> list[Booking]: ...  # whose `origin` begins so, by start
    # Those that ended in [start, end), whatever their state: for what is billed.
    async def bookings_ended(self, start: datetime, end: datetime) -> list[Booking]: ...
    async def cancel_booking(self, id: BookingId) -> int: ...
    async def release_booking(self, id: BookingId, at: datetime) -> int: ...  # truncated there, and kept as history


class SeriesStore(Protocol):
    """Series and the days on which they have no booking."""

    async def put_series(self, series: Series) -> None: ...  # made, or replaced, its skipped days too
    async def series(self, id: SeriesId) -> Series | None: ...
    async def series_of(self, owner: PersonId) -> list[Series]: ...  # those that have not ended, by their making
    async def skip_days(self, id: SeriesId, days: dict[date, SkipReason]) -> None: ...  # beside those it has


class WaitingStore(Protocol):
    """Who waits. `version` rises with every change, by any process."""

    async def version(self) -> int: ...
    async def put_waiting(self, waiting: Waiting) -> int: ...  # made, or replaced
    async def change_waiting(self, id: WaitingId, change: Callable[[Waiting], Waiting]) -> tuple[int, Waiting]: ...
    async def waiting(self, id: WaitingId) -> Waiting | None: ...
    # Who waits for, or is offered, a time of this room that has not ended by `at`; of all rooms where `area` is None.
    async def waiting_list(
        self, at: datetime, area: AreaId | None = None
    ) -> list[Waiting]: ...  # the first to ask first
    async def waiting_of(self, person: PersonId, at: datetime) -> list[Waiting]: ...
