"""In memory what is in the registry's database about rooms: bookings that never overlap, series, waiting lists."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import TypeVar

from controller.domain.booking.values import Series, SkipReason, Waiting, WaitingState
from controller.domain.holdings import Booking, BookingState
from controller.domain.ids import AreaId, BookingId, PersonId, SeriesId, WaitingId
from controller.services.booking import store_checks
from controller.services.booking.stores import OpenBook, Overlap, Tried
from controller.services.people import registry_checks as checks
from tests.support.memory_registry import MemoryRegistry

T = TypeVar("T")

_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
_ASKING = (WaitingState.WAITING, WaitingState.OFFERED)


class MemoryBookings:
    """The BookingStore port over a MemoryRegistry."""

    def __init__(self, registry: MemoryRegistry, series: "MemorySeries | None" = None) -> None:
        self._registry = registry
        self._series = series or MemorySeries(registry)

    async def put_booking(self, booking: Booking) -> int:
        return await self.put_bookings([booking])

    async def put_bookings(self, bookings: Sequence[Booking]) -> int:
        self._check(bookings)
        given = {one.id for one in bookings}
        after = {id_: one for id_, one in self._bookings.items() if id_ not in given}
        for one in bookings:
            there = store_checks.met(one, after.values())
            if there is not None:
                raise store_checks.overlap(one, there)
            after[one.id] = store_checks.as_kept(one)
        return self._become(after, *given)

    async def try_bookings(self, bookings: Sequence[Booking]) -> Tried:
        self._check(bookings)
        after, made = dict(self._bookings), list[Booking]()
        conflicts: list[tuple[Booking, Booking]] = []
        for one in bookings:
            there = store_checks.met(one, after.values())
            if there is not None:
                conflicts.append((one, there))
            else:
                after[one.id] = store_checks.as_kept(one)
                made.append(after[one.id])
        return Tried(self._become(after, *(one.id for one in made)), tuple(made), tuple(conflicts))

    async def try_from(
        self, origin: str, after: datetime, decide: Callable[[Sequence[Booking]], Sequence[Booking]]
    ) -> Tried:
        bookings = decide([one for one in await self.bookings_from(origin) if one.end > after])
        try:
            return Tried(await self.put_bookings(bookings), tuple(map(store_checks.as_kept, bookings)), ())
        except Overlap:
            return await self.try_bookings(bookings)

    async def change_booking(self, id: BookingId, change: Callable[[Booking], Booking]) -> tuple[int, Booking]:
        if id not in self._bookings:
            raise checks.unknown("booking", id, self._bookings)
        book = _OpenBook(self._registry, self._bookings, self._series.kept)
        after = book.change(id, change)
        return self._become(book.bookings, id), after

    async def together(self, work: Callable[[OpenBook], T]) -> T:
        book = _OpenBook(self._registry, self._bookings, self._series.kept)
        done = work(book)
        self._series.kept = book.series
        self._become(book.bookings, *book.touched)
        return done

    async def cancel_booking(self, id: BookingId) -> int:
        return (await self.change_booking(id, lambda one: store_checks.ended(one, BookingState.CANCELLED)))[0]

    async def release_booking(self, id: BookingId, at: datetime) -> int:
        return (await self.change_booking(id, lambda one: store_checks.ended(one, BookingState.RELEASED, at)))[0]

    async def booking(self, id: BookingId) -> Booking | None:
        return self._bookings.get(id)

    async def bookings_between(self, start: datetime, end: datetime, area: AreaId | None = None) -> list[Booking]:
        return _between(self._bookings, start, end, area)

    async def bookings_of(self, owner: PersonId, start: datetime, end: datetime) -> list[Booking]:
        return _of(self._bookings, owner, start, end)

    async def bookings_of_series(self, series: SeriesId) -> list[Booking]:
        return _of_series(self._bookings, series)

    async def bookings_from(self, origin: str) -> list[Booking]:
        return _by_start([one for one in self._bookings.values() if one.origin.startswith(origin)])

    async def bookings_ended(self, start: datetime, end: datetime) -> list[Booking]:
        found = [one for one in self._bookings.values() if start <= one.end < end]
        return sorted(found, key=lambda one: (one.end, one.id))

    @property
    def _bookings(self) -> Mapping[BookingId, Booking]:
        return self._registry.now.bookings

    def _check(self, bookings: Sequence[Booking]) -> None:
        store_checks.check_bookings(bookings)
        for one in bookings:
            self._know(one)

    def _know(self, one: Booking) -> None:
        _know(self._registry, one)

    def _become(self, after: Mapping[BookingId, Booking], *touched: BookingId) -> int:
        areas = [all_[id_].area for all_ in (self._bookings, after) for id_ in touched if id_ in all_]
        return self._registry.become(replace(self._registry.now, bookings=after), areas=areas)


Bookings = Mapping[BookingId, Booking]


class _OpenBook:
    """A copy that is thrown away, or becomes what is kept."""

    def __init__(self, registry: MemoryRegistry, bookings: Bookings, series: Mapping[SeriesId, Series]) -> None:
        self._registry = registry
        self.bookings = dict(bookings)
        self.series = dict(series)
        self.touched: list[BookingId] = []

    def bookings_between(self, start: datetime, end: datetime, area: AreaId) -> list[Booking]:
        return _between(self.bookings, start, end, area)

    def bookings_of(self, owner: PersonId, start: datetime, end: datetime) -> list[Booking]:
        return _of(self.bookings, owner, start, end)

    def bookings_of_series(self, series: SeriesId) -> list[Booking]:
        return _of_series(self.bookings, series)

    def put(self, booking: Booking) -> Booking:
        store_checks.check_booking(booking)
        return self._take(booking)

    def change(self, id: BookingId, change: Callable[[Booking], Booking]) -> Booking:
        if id not in self.bookings:
            raise checks.unknown("booking", id, self.bookings)
        before = self.bookings[id]
        after = store_checks.as_kept(change(before))
        if after == before:
            return before
        store_checks.check_changed(before, after)
        return self._take(after)

    def put_series(self, series: Series) -> None:
        _put_series(self._registry, self.series, series)

    def skip_days(self, id: SeriesId, days: dict[date, SkipReason]) -> None:
        _skip_days(self.series, id, days)

    def _take(self, booking: Booking) -> Booking:
        _know(self._registry, booking)
        there = store_checks.met(booking, self.bookings.values())
        if there is not None:
            raise store_checks.overlap(booking, there)
        self.bookings[booking.id] = store_checks.as_kept(booking)
        self.touched.append(booking.id)
        return self.bookings[booking.id]


def _know(registry: MemoryRegistry, one: Booking) -> None:
    for who in (one.owner, *one.participants):
        registry.person(who)


def _between(all_: Bookings, start: datetime, end: datetime, area: AreaId | None) -> list[Booking]:
    found = [one for one in all_.values() if store_checks.holds(one, start, end)]
    return sorted((one for one in found if area in (None, one.area)), key=lambda one: (one.area, one.start, one.id))


def _of(all_: Bookings, owner: PersonId, start: datetime, end: datetime) -> list[Booking]:
    theirs = [one for one in all_.values() if one.owner == owner]
    return _by_start([one for one in theirs if one.start < end and start < one.end])


def _of_series(all_: Bookings, series: SeriesId) -> list[Booking]:
    found = [one for one in all_.values() if one.series == series]
    return sorted(found, key=lambda one: (one.series_day or date.min, one.id))


def _put_series(registry: MemoryRegistry, kept: dict[SeriesId, Series], series: Series) -> None:
    store_checks.check_series(series)
    registry.person(series.owner)
    kept[series.id] = series


def _skip_days(kept: dict[SeriesId, Series], id: SeriesId, days: dict[date, SkipReason]) -> None:
    if id not in kept:
        raise checks.unknown("series", id, kept)
    kept[id] = replace(kept[id], skipped={**kept[id].skipped, **days})


def _by_start(bookings: Sequence[Booking]) -> list[Booking]:
    return sorted(bookings, key=lambda one: (one.start, one.id))


class MemorySeries:
    """The SeriesStore port over a MemoryRegistry's people."""

    def __init__(self, registry: MemoryRegistry) -> None:
        self._registry = registry
        self.kept: dict[SeriesId, Series] = {}

    async def put_series(self, series: Series) -> None:
        _put_series(self._registry, self.kept, series)

    async def series(self, id: SeriesId) -> Series | None:
        return self.kept.get(id)

    async def series_of(self, owner: PersonId) -> list[Series]:
        theirs = [one for one in self.kept.values() if one.owner == owner and one.ended_at is None]
        return sorted(theirs, key=lambda one: (one.made_at or _LONG_AGO, one.id))

    async def skip_days(self, id: SeriesId, days: dict[date, SkipReason]) -> None:
        _skip_days(self.kept, id, days)


class MemoryWaiting:
    """The WaitingStore port over a MemoryRegistry's people."""

    def __init__(self, registry: MemoryRegistry) -> None:
        self._registry = registry
        self._waiting: dict[WaitingId, Waiting] = {}
        self._version = 0

    async def version(self) -> int:
        return self._version

    async def put_waiting(self, waiting: Waiting) -> int:
        kept = store_checks.waiting_as_kept(waiting)
        store_checks.check_waiting(kept)
        self._registry.person(kept.person)
        return self._keep(kept)

    async def change_waiting(self, id: WaitingId, change: Callable[[Waiting], Waiting]) -> tuple[int, Waiting]:
        if id not in self._waiting:
            raise checks.unknown("place in a waiting list", id, self._waiting)
        after = store_checks.waiting_as_kept(change(self._waiting[id]))
        store_checks.check_waiting(after)
        return self._keep(after), after

    async def waiting(self, id: WaitingId) -> Waiting | None:
        return self._waiting.get(id)

    async def waiting_list(self, at: datetime, area: AreaId | None = None) -> list[Waiting]:
        return self._asking(at, lambda one: area in (None, one.area))

    async def waiting_of(self, person: PersonId, at: datetime) -> list[Waiting]:
        return self._asking(at, lambda one: one.person == person)

    def _asking(self, at: datetime, wanted: Callable[[Waiting], bool]) -> list[Waiting]:
        found = [one for one in self._waiting.values() if one.state in _ASKING and one.end > at and wanted(one)]
        return sorted(found, key=lambda one: (one.made_at, one.id))

    def _keep(self, waiting: Waiting) -> int:
        if self._waiting.get(waiting.id) != waiting:
            self._waiting[waiting.id] = waiting
            self._version += 1
        return self._version
