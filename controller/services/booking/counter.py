"""What everything at the booking desk stands on: the stores, who asks, what a judge must be told, what is noted.

What may be booked is judged in `domain.booking.rules`; here is what it is judged by, and how a refusal reaches people.
"""

import secrets
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Protocol, TypeVar
from zoneinfo import ZoneInfo

from controller.domain.booking.conflicts import conflict_refusal, standing_in
from controller.domain.booking.rules import Circumstances, Edit, Refused, RefuseReason, Wish, judge, judge_edit
from controller.domain.booking.values import Waiting
from controller.domain.building import Space
from controller.domain.facts import Fact, FactKind, Plain
from controller.domain.holdings import Booking, BookingState
from controller.domain.ids import AreaId, BookingId, CredentialId, PersonId, SeriesId, WaitingId
from controller.domain.membership import Credential, Person, PersonKind
from controller.domain.plan_rights import DAY_PASS
from controller.domain.reservations import LOOKED_BACK, usage_of
from controller.domain.schedule import business_day, instant, local_date
from controller.errors import InputError
from controller.services.booking.stores import BookingStore, OpenBook, Overlap, SeriesStore, WaitingStore
from controller.services.entry.holdings_index import memberships_in
from controller.services.people.profiles import ProfileStore
from controller.services.ports import RegistrySnapshot
from controller.services.stores import Ledger

T = TypeVar("T")

# So far around a wish it is looked for what stands in its way, and from when on the room would be free instead.
_BEFORE, _AFTER = timedelta(days=1), timedelta(days=2)
# Eight of these name one booking among all there ever were; none is taken for another when read aloud.
_LETTERS = "23456789abcdefghjkmnpqrstvwxyz"


class How(StrEnum):
    """By which way somebody asks; told in each fact."""

    COMMAND = "command"
    PAGE = "page"
    API = "api"
    PANEL = "panel"  # the panel of a room acts for its room, for whoever stands before it
    CALENDAR = "calendar"  # an outside calendar acts for its owner
    DOOR = "door"
    HOUSE = "house"  # nobody asked: its time had come


_FOR_THE_HOUSE = frozenset({How.CALENDAR, How.HOUSE})


class BookingRefused(InputError):
    """The desk says no: `refused` has the reason as a word, the text is a sentence for a person."""

    def __init__(self, refused: Refused) -> None:
        super().__init__(refused.sentence)
        self.refused = refused


class GuestBook(Protocol):
    """Of the registry's writing side, what a guest of a booking needs."""

    async def put_person(self, person: Person) -> int: ...
    async def put_credential(self, credential: Credential, digest: bytes, list_digest: bytes | None = None) -> int: ...
    async def remove_credential(self, credential: CredentialId) -> int: ...


class TokenDigests(Protocol):
    """The keyed digest by which the registry knows a guest's token."""

    def of_token(self, token: str) -> bytes: ...


@dataclass(frozen=True, slots=True)
class BookingStores:
    """Where the desk reads and writes."""

    bookings: BookingStore
    series: SeriesStore
    waiting: WaitingStore
    ledger: Ledger
    guests: GuestBook
    digests: TokenDigests
    list_digest_of_token: Callable[[str], Awaitable[bytes]] = field(repr=False)  # as doors' own lists know it; slow
    profiles: ProfileStore | None = None  # None: nobody keeps addresses of guests here


class Counter:
    """One view of the house for everything the desk does. `people` and `space` are asked anew for each question."""

    def __init__(
        self,
        stores: BookingStores,
        *,
        space: Callable[[], Space],
        people: Callable[[], RegistrySnapshot],
        note: Callable[[Fact], None],
        now: Callable[[], datetime],
    ) -> None:
        self.stores = stores
        self.space = space
        self.people = people
        self.note = note
        self.now = now

    # --- what is known ----------------------------------------------------------------------------

    async def found(self, id: BookingId) -> Booking:
        booking = await self.stores.bookings.booking(id)
        if booking is None:
            raise InputError(f"no booking {id!r} — `natoma book list` shows those there are")
        return booking

    async def known(
        self,
        area: AreaId,
        start: datetime,
        end: datetime,
        owner: PersonId,
        by: PersonId | None,
        how: How,
        *,
        participants: Iterable[PersonId] = (),
        speaks_for_owner: bool = False,
    ) -> Circumstances:
        """All that counts when a wish or an edit for this time is judged."""
        space, people, now = self.space(), self.people(), self.now()
        asking = self._asking(by, how)
        holder = people.people.get(owner)
        return Circumstances(
            space=space,
            house=people.house,
            now=now,
            by=owner if by is None and speaks_for_owner else by,
            by_staff=(asking is not None and asking.kind is PersonKind.STAFF) or (by is None and how in _FOR_THE_HOUSE),
            people={id: people.people[id] for id in (owner, *participants) if id in people.people},
            memberships=memberships_in(holder, people) if holder is not None else (),
            has_day_pass=await self._has_day_pass(owner, now),
            events=tuple(people.events.values()),
            others=await self.stores.bookings.bookings_between(*_around(start, end), area),
            own=await self.stores.bookings.bookings_of(owner, *_months(start, end, space.zone)),
        )

    async def known_of(self, booking: Booking, by: PersonId | None, how: How) -> Circumstances:
        """The same for one that is there, and stays where it is."""
        return await self.known(
            booking.area, booking.start, booking.end, booking.owner, by, how, participants=booking.participants
        )

    def is_staff(self, by: PersonId | None, how: How) -> bool:
        """Whether staff ask, or the house itself does."""
        asking = self._asking(by, how)
        return how in _FOR_THE_HOUSE if asking is None else asking.kind is PersonKind.STAFF

    def _asking(self, by: PersonId | None, how: How) -> Person | None:
        if by is None:
            if how not in _FOR_THE_HOUSE and how is not How.PANEL:
                raise InputError("nobody is named who asks — say who you are")
            return None
        person = self.people().people.get(by)
        if person is None:
            raise BookingRefused(
                Refused(RefuseReason.UNKNOWN_PERSON, f"nobody here is called {by!r}", "the id of somebody of the house")
            )
        return person

    async def _has_day_pass(self, owner: PersonId, now: datetime) -> bool:
        space = self.space()
        if not any(plan.kind == DAY_PASS and plan.may_book for plan in space.plans.values()):
            return False
        today = business_day(now, space.zone, space.cut_off_minutes)
        rows = await self.stores.ledger.load(today - LOOKED_BACK)
        usage = usage_of([row for row in rows if row.charge.holder == owner], (), today)
        return usage.day_passes_left > 0 or today in usage.day_pass_days

    # --- what is written --------------------------------------------------------------------------

    # What is judged here is judged by the book as it stands in the very transaction that writes: of many who ask at
    # once each counts those before, against the room and against the hours of a month.

    async def together(self, work: Callable[[OpenBook], T]) -> T:
        """All of `work` in one transaction, or nothing of it; BookingRefused where somebody else was quicker."""
        try:
            return await self.stores.bookings.together(work)
        except Overlap as error:
            raise await self.taken(error.wanted) from error

    async def make(self, wish: Wish, known: Circumstances) -> Booking:
        """Judge a wish and write what it becomes."""
        id = new_booking_id()

        def made(book: OpenBook) -> Booking:
            current = as_it_stands(known, book, wish.area, wish.start, wish.end, wish.owner)
            return book.put(accepted(judge(wish, current, id)))

        return await self.together(made)

    async def edit(self, id: BookingId, edit: Edit, known: Circumstances) -> tuple[Booking, Booking]:
        """Judge an edit and write what comes of it: the booking before and after."""
        return await self.together(lambda book: self.edit_in(book, id, edit, known))

    async def rewrite(self, id: BookingId, change: Callable[[Booking], Booking | Refused]) -> tuple[Booking, Booking]:
        """Any other change of what stands: the booking before and after."""
        return await self.together(lambda book: self.rewrite_in(book, id, change))

    def edit_in(
        self,
        book: OpenBook,
        id: BookingId,
        edit: Edit,
        known: Circumstances,
        belonging: Callable[[Booking], Booking] = lambda standing: standing,
    ) -> tuple[Booking, Booking]:
        """The same as a part of more; `belonging` says of which series it is by then."""

        def judged(standing: Booking) -> Booking | Refused:
            start, end = edit.start or standing.start, edit.end or standing.end
            current = as_it_stands(known, book, edit.area or standing.area, start, end, standing.owner)
            return judge_edit(belonging(standing), edit, current)

        return self.rewrite_in(book, id, judged)

    def rewrite_in(
        self, book: OpenBook, id: BookingId, change: Callable[[Booking], Booking | Refused]
    ) -> tuple[Booking, Booking]:
        """Everything that changes a booking comes by here."""
        before: list[Booking] = []

        def judged(standing: Booking) -> Booking:
            before.append(standing)
            return accepted(change(standing))

        after = book.change(id, judged)
        return before[-1], after

    async def taken(self, wanted: Booking) -> BookingRefused:
        """The store's own refusal of an overlap, in words that name nobody."""
        space = self.space()
        others = await self.stores.bookings.bookings_between(*_around(wanted.start, wanted.end), wanted.area)
        area = space.areas[wanted.area]
        standing = standing_in(wanted.area, others, but=wanted.id)
        refused = conflict_refusal(area, wanted.start, wanted.end, standing, space)
        # It may be free again already: who was quicker has thought better of it.
        return BookingRefused(
            refused or Refused(RefuseReason.OVERLAP, f"{area.name} was being booked by somebody else", "try again")
        )

    # --- what is noted ----------------------------------------------------------------------------

    def tell(self, kind: FactKind, booking: Booking, by: PersonId | None, how: How | str, **more: Plain) -> None:
        """A fact about a booking: its owner is whom it concerns."""
        detail: dict[str, Plain] = {
            "booking": booking.id,
            "start": booking.start.isoformat(),
            "end": booking.end.isoformat(),
            "how": str(how),
        }
        if by is not None:
            detail["by"] = by
        if booking.series is not None:
            detail["series"] = booking.series
        self.note(Fact(kind, self.now(), area=booking.area, person=booking.owner, detail={**detail, **more}))

    def tell_made(self, booking: Booking, by: PersonId | None, how: How) -> None:
        """That it was booked, or asked for; and come to, where nobody is asked to check in."""
        is_asked = booking.state is BookingState.REQUESTED
        self.tell(FactKind.BOOKING_REQUESTED if is_asked else FactKind.BOOKING_MADE, booking, by, how)
        if not is_asked and booking.checked_in_at is not None:
            self.tell(FactKind.BOOKING_CHECKED_IN, booking, by, "booked_late")

    def tell_waiting(
        self, kind: FactKind, waiting: Waiting, by: PersonId | None, how: How | str, **more: Plain
    ) -> None:
        """A fact about somebody who waits."""
        detail: dict[str, Plain] = {
            "waiting": waiting.id,
            "start": waiting.start.isoformat(),
            "end": waiting.end.isoformat(),
            "how": str(how),
        }
        if by is not None:
            detail["by"] = by
        self.note(Fact(kind, self.now(), area=waiting.area, person=waiting.person, detail={**detail, **more}))


def accepted(judged: T | Refused) -> T:
    """What was judged, unless it was refused."""
    if isinstance(judged, Refused):
        raise BookingRefused(judged)
    return judged


def as_it_stands(
    known: Circumstances, book: OpenBook, area: AreaId, start: datetime, end: datetime, owner: PersonId
) -> Circumstances:
    """What is known, with the bookings as this transaction has them."""
    return replace(
        known,
        others=book.bookings_between(*_around(start, end), area),
        own=book.bookings_of(owner, *_months(start, end, known.space.zone)),
    )


def new_booking_id() -> BookingId:
    return BookingId(f"b-{random_id()}")


def new_series_id() -> SeriesId:
    return SeriesId(f"s-{random_id()}")


def new_waiting_id() -> WaitingId:
    return WaitingId(f"w-{random_id()}")


def random_id() -> str:
    """Letters that nobody mistakes for each other."""
    return "".join(secrets.choice(_LETTERS) for _ in range(8))


def _around(start: datetime, end: datetime) -> tuple[datetime, datetime]:
    return start - _BEFORE, max(start, end) + _AFTER


def _months(start: datetime, end: datetime, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """The whole of the local months that a time lies in."""
    first = local_date(start, zone).replace(day=1)
    return instant(first, 0, zone), instant(_month_after(local_date(max(start, end), zone)), 0, zone)


def _month_after(day: date) -> date:
    return (day.replace(day=1) + timedelta(days=32)).replace(day=1)
