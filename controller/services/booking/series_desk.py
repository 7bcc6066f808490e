"""At the booking desk: series, booked and changed date by date. What each date comes to is `domain.booking.series`'s."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import date

from controller.domain.booking.recurrence import occurrences, rule_refusal
from controller.domain.booking.rules import Edit, Refused, RefuseReason, Wish, cancel, judge_edit
from controller.domain.booking.series import cancel_part, day_of, edit_part, expand, skip_reason
from controller.domain.booking.values import Part, Recurrence, Series, SkipReason
from controller.domain.facts import FactKind
from controller.domain.holdings import Booking
from controller.domain.ids import PersonId
from controller.errors import InputError
from controller.services.booking.answers import Changed, SeriesMade, Skipped
from controller.services.booking.changing import Changing
from controller.services.booking.counter import BookingRefused, How, accepted, new_booking_id, new_series_id

_TAKEN = "the room was booked by somebody else a moment ago"


class SeriesDesk(Changing):
    """Conflicts are listed and skipped, never moved; what has begun is left as it is."""

    async def book_series(
        self, wish: Wish, rule: Recurrence, by: PersonId | None, how: How = How.COMMAND
    ) -> SeriesMade:
        """Book each date that is free. `wish` has the room and the people; `rule` has the hours.

        BookingRefused where the rule makes no sense, or not one of its dates can be had.
        """
        refused = rule_refusal(rule)
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
        )
        dates = occurrences(rule, zone)
        known = await self.known(
            wish.area, dates[0].start, dates[-1].end, wish.owner, by, how, participants=wish.participants
        )
        expanded = accepted(expand(series, known, new_booking_id))
        series = replace(series, skipped=expanded.skipped)
        await self.stores.series.put_series(series)
        tried = await self.stores.bookings.try_bookings(expanded.made)
        lost = {day_of(wanted): SkipReason.CONFLICT for wanted, _ in tried.conflicts}
        if lost:
            series = replace(series, skipped={**series.skipped, **lost})
            await self.stores.series.skip_days(series.id, lost)
        if not tried.made:
            await self.stores.series.put_series(replace(series, ended_at=self.now()))
            raise await self.taken(tried.conflicts[0][0])
        self.tell_many(FactKind.BOOKING_MADE, tried.made, by, how)
        skipped = [_skipped(day, why) for day, why in expanded.refused.items()]
        skipped += [Skipped(day, why, _TAKEN) for day, why in lost.items()]
        return SeriesMade(series, tried.made, tuple(sorted(skipped, key=lambda one: one.day)))

    async def change_many(self, pivot: Booking, edit: Edit, by: PersonId | None, part: Part, how: How) -> Changed:
        """Those of its series that have not begun, each on its own date."""
        series = await self._series_of(pivot, by, how)
        there = await self.stores.bookings.bookings_of_series(series.id)
        plan = accepted(edit_part(series, there, pivot, edit, part, self.now(), new_series_id()))
        for one in plan.series:
            await self.stores.series.put_series(one)
        # What moves to later days makes room for what comes before it, and the other way round.
        is_later = bool(plan.edits) and _moves_later(plan.edits[0])
        changed: list[Booking] = []
        skipped: list[Skipped] = []
        refused: BookingRefused | None = None
        for wanted, each in sorted(plan.edits, key=lambda one: day_of(one[0]), reverse=is_later):
            try:
                changed.append(await self._change_of_many(wanted, each, by, how))
            except BookingRefused as error:
                refused = refused or error
                skipped.append(_skipped(day_of(wanted), error.refused))
        if refused is not None and not changed:
            await self.stores.series.put_series(series)
            raise refused
        changed.sort(key=day_of)
        self.tell_many(FactKind.BOOKING_CHANGED, changed, by, how)
        for left in skipped:
            await self._stays(plan.edits, left)
        return Changed(tuple(changed), tuple(sorted(skipped, key=lambda one: one.day)))

    async def cancel_many(self, pivot: Booking, by: PersonId | None, part: Part, how: How) -> Changed:
        """Those of its series that have not begun; its days are listed as cancelled."""
        series = await self._series_of(pivot, by, how)
        there = await self.stores.bookings.bookings_of_series(series.id)
        plan = cancel_part(series, there, pivot, part, self.now())
        if not plan.bookings:
            raise BookingRefused(
                Refused(RefuseReason.OVER_ALREADY, "nothing of this series is still to come", "nothing to do")
            )
        gone: list[Booking] = []
        skipped: list[Skipped] = []
        for one in plan.bookings:
            known = await self.known_of(one, by, how)
            try:
                gone.append((await self.rewrite(one.id, lambda standing: cancel(standing, known)))[1])  # noqa: B023
            except BookingRefused as error:
                skipped.append(_skipped(day_of(one), error.refused))
        await self.stores.series.put_series(plan.series)
        self.tell_many(FactKind.BOOKING_CANCELLED, gone, by, how)
        return Changed(tuple(gone), tuple(skipped))

    def tell_many(self, kind: FactKind, bookings: Iterable[Booking], by: PersonId | None, how: How) -> None:
        """One fact for all: of the first, with the ids of the others beside it."""
        first, *others = bookings
        self.tell(kind, first, by, how, others=tuple(one.id for one in others))

    async def _change_of_many(self, wanted: Booking, edit: Edit, by: PersonId | None, how: How) -> Booking:
        known = await self.known_for_edit(wanted, edit, by, how)
        _, after = await self.rewrite(
            wanted.id,
            lambda standing: judge_edit(_belonging(wanted)(standing), edit, known),
        )
        return after

    async def _stays(self, edits: Iterable[tuple[Booking, Edit]], skipped: Skipped) -> None:
        """What could not be moved stays where it is, and is of the series that the others are of now."""
        for wanted, _ in edits:
            if day_of(wanted) == skipped.day:
                await self.stores.bookings.change_booking(wanted.id, _belonging(wanted))

    async def _series_of(self, booking: Booking, by: PersonId | None, how: How) -> Series:
        series = await self.stores.series.series(booking.series) if booking.series is not None else None
        if series is None:
            raise InputError(f"booking {booking.id!r} is of no series — change or cancel it alone")
        if by != series.owner and not self.is_staff(by, how):
            raise BookingRefused(
                Refused(RefuseReason.NOT_YOURS, "it is somebody else's series", "ask its owner or staff")
            )
        return series


def _skipped(day: date, refused: Refused) -> Skipped:
    return Skipped(day, skip_reason(refused), refused.sentence)


def _belonging(wanted: Booking) -> Callable[[Booking], Booking]:
    """To the series and the day of `wanted`, and otherwise as it stands."""
    return lambda standing: replace(standing, series=wanted.series, series_day=wanted.series_day)


def _moves_later(one: tuple[Booking, Edit]) -> bool:
    booking, edit = one
    return edit.start is not None and edit.start > booking.start
