"""At the booking desk: series, booked and changed date by date. What each date comes to is `domain.booking.series`'s."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import date

from controller.domain.booking.recurrence import occurrences, rule_refusal
from controller.domain.booking.rules import Circumstances, Edit, Refused, RefuseReason, Wish, cancel
from controller.domain.booking.series import cancel_part, day_of, edit_part, expand, skip_reason
from controller.domain.booking.values import Part, Recurrence, Series
from controller.domain.facts import FactKind
from controller.domain.holdings import Booking, BookingState
from controller.domain.ids import PersonId
from controller.errors import InputError
from controller.services.booking.answers import Changed, SeriesMade, Skipped
from controller.services.booking.changing import Changing
from controller.services.booking.counter import (
    BookingRefused,
    How,
    accepted,
    as_it_stands,
    new_booking_id,
    new_series_id,
)
from controller.services.booking.stores import OpenBook


class SeriesDesk(Changing):
    """Conflicts are listed and skipped, never moved; what has begun is left as it is."""

    async def book_series(
        self, wish: Wish, rule: Recurrence, by: PersonId | None, how: How = How.COMMAND
    ) -> SeriesMade:
        """Book each date that is free. `wish` has the room and the people; `rule` has the hours.

        BookingRefused where the rule makes no sense, or not one of its dates can be had.
        """
        refused = rule_refusal(rule)
        if refused is None and wish.walk_up:
            refused = Refused(
                RefuseReason.RULE, "a series is not asked for in front of its room", "book one, or leave walk_up away"
            )
        if refused is not None:
            raise BookingRefused(refused)
        zone = self.space().zone
        series = Series(
            new_series_id(),
            wish.area,
            wish.owner,
            rule,
            zone.key,
            wish.participants - {wish.owner},
            wish.title,
            wish.is_live,
            made_at=self.now(),
            holiday_confirmed=wish.holiday_confirmed and self.is_staff(by, how),
        )
        dates = occurrences(rule, zone)
        start, end = dates[0].start, dates[-1].end
        known = await self.known(wish.area, start, end, wish.owner, by, how, participants=wish.participants)

        def made(book: OpenBook) -> SeriesMade:
            current = as_it_stands(known, book, wish.area, start, end, wish.owner)
            expanded = accepted(expand(series, current, new_booking_id))
            whole = replace(series, skipped=expanded.skipped)
            book.put_series(whole)
            skipped = tuple(_skipped(day, why) for day, why in expanded.refused.items())
            return SeriesMade(whole, tuple(book.put(one) for one in expanded.made), skipped)

        answer = await self.together(made)
        self.tell_many(FactKind.BOOKING_REQUESTED, _asked_for(answer.made), by, how)
        self.tell_many(FactKind.BOOKING_MADE, (one for one in answer.made if not _is_asked_for(one)), by, how)
        return answer

    async def change_many(self, pivot: Booking, edit: Edit, by: PersonId | None, part: Part, how: How) -> Changed:
        """Those of its series that have not begun, each on its own date; all of it at one moment."""
        series = await self._series_of(pivot, by, how)
        there = await self.stores.bookings.bookings_of_series(series.id)
        everybody = frozenset[PersonId]().union(edit.participants or (), *(one.participants for one in there))
        known = await self.known_for_edit(replace(pivot, participants=everybody), edit, by, how)

        def changed(book: OpenBook) -> Changed:
            there = book.bookings_of_series(series.id)
            plan = accepted(edit_part(series, there, pivot, edit, part, known.now, new_series_id()))
            for one in plan.series:
                book.put_series(one)
            return self._change_each(book, plan.edits, known)

        answer = await self.together(changed)
        self.tell_many(FactKind.BOOKING_CHANGED, answer.bookings, by, how)
        waited = {one.id for one in _asked_for(there)}
        self.tell_many(
            FactKind.BOOKING_REQUESTED, (one for one in _asked_for(answer.bookings) if one.id not in waited), by, how
        )
        return answer

    async def cancel_many(self, pivot: Booking, by: PersonId | None, part: Part, how: How) -> Changed:
        """Those of its series that have not begun, all at one moment; its days are listed as cancelled."""
        series = await self._series_of(pivot, by, how)
        known = await self.known_of(pivot, by, how)

        def cancelled(book: OpenBook) -> Changed:
            plan = cancel_part(series, book.bookings_of_series(series.id), pivot, part, known.now)
            if not plan.bookings:
                raise BookingRefused(
                    Refused(RefuseReason.OVER_ALREADY, "nothing of this series is still to come", "nothing to do")
                )
            answer = _each(
                plan.bookings, lambda one: self.rewrite_in(book, one.id, lambda standing: cancel(standing, known))[1]
            )
            stays = {left.day for left in answer.skipped}
            gone = {day: why for day, why in plan.series.skipped.items() if day not in stays}
            book.put_series(replace(plan.series, skipped=gone))
            return answer

        answer = await self.together(cancelled)
        self.tell_many(FactKind.BOOKING_CANCELLED, answer.bookings, by, how)
        return answer

    def tell_many(self, kind: FactKind, bookings: Iterable[Booking], by: PersonId | None, how: How) -> None:
        """One fact for all, if there are any: of the first, with the ids of the others beside it."""
        all_ = list(bookings)
        if all_:
            self.tell(kind, all_[0], by, how, others=tuple(one.id for one in all_[1:]))

    def _change_each(self, book: OpenBook, edits: Sequence[tuple[Booking, Edit]], known: Circumstances) -> Changed:
        # What moves to later days makes room for what comes before it, and the other way round.
        is_later = bool(edits) and _moves_later(edits[0])
        wished = {wanted.id: edit for wanted, edit in edits}
        answer = _each(
            sorted((wanted for wanted, _ in edits), key=day_of, reverse=is_later),
            lambda wanted: self.edit_in(book, wanted.id, wished[wanted.id], known, _belonging(wanted))[1],
        )
        left = {one.day for one in answer.skipped}
        for wanted, _ in edits:
            if day_of(wanted) in left:
                # What could not be moved stays where it is, and is of the series that the others are of now.
                book.change(wanted.id, _belonging(wanted))
        return answer

    async def _series_of(self, booking: Booking, by: PersonId | None, how: How) -> Series:
        series = await self.stores.series.series(booking.series) if booking.series is not None else None
        if series is None:
            raise InputError(f"booking {booking.id!r} is of no series — change or cancel it alone")
        if by != series.owner and not self.is_staff(by, how):
            raise BookingRefused(
                Refused(RefuseReason.NOT_YOURS, "it is somebody else's series", "ask its owner or staff")
            )
        return series


def _each(bookings: Iterable[Booking], do: Callable[[Booking], Booking]) -> Changed:
    """What can be done of many, and what cannot; where nothing can, the first reason why."""
    done: list[Booking] = []
    skipped: list[Skipped] = []
    refusals: list[BookingRefused] = []
    for one in bookings:
        try:
            done.append(do(one))
        except BookingRefused as error:
            refusals.append(error)
            skipped.append(_skipped(day_of(one), error.refused))
    if refusals and not done:
        raise refusals[0]
    return Changed(tuple(sorted(done, key=day_of)), tuple(sorted(skipped, key=lambda one: one.day)))


def _skipped(day: date, refused: Refused) -> Skipped:
    return Skipped(day, skip_reason(refused), refused.sentence)


def _belonging(wanted: Booking) -> Callable[[Booking], Booking]:
    """To the series and the day of `wanted`, and otherwise as it stands."""
    return lambda standing: replace(standing, series=wanted.series, series_day=wanted.series_day)


def _is_asked_for(booking: Booking) -> bool:
    return booking.state is BookingState.REQUESTED


def _asked_for(bookings: Iterable[Booking]) -> list[Booking]:
    return [one for one in bookings if _is_asked_for(one)]


def _moves_later(one: tuple[Booking, Edit]) -> bool:
    booking, edit = one
    return edit.start is not None and edit.start > booking.start
