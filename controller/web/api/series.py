"""Series: one wish for many bookings; each of its dates is a booking of its own."""

from collections.abc import Iterator
from datetime import timedelta
from http import HTTPStatus
from typing import Any

from controller.domain.booking.values import Recurrence, Series
from controller.domain.holdings import Booking
from controller.domain.ids import SeriesId
from controller.domain.schedule import local_date
from controller.domain.tokens import TokenScope
from controller.services.booking.answers import Skipped
from controller.web.api.acting import acting, told
from controller.web.api.bookings import REFUSALS, WRITE, skipped_out, wish_of
from controller.web.api.house import ApiHouse
from controller.web.api.models import Nothing
from controller.web.api.models_bookings import RepeatsOut, SeriesOut, SeriesWish, weekday_number, weekday_word
from controller.web.api.problems import Problem, invalid, not_found
from controller.web.api.routes import PREFIX, Answer, Call, Route, route

_MINUTE = timedelta(minutes=1)


class SeriesResource:
    def __init__(self, house: ApiHouse) -> None:
        self._house = house

    def routes(self) -> Iterator[Route]:
        yield route(
            "POST", "/series", "createSeries", "Book each date that is free; the others are listed and skipped",
            self.create, WRITE, takes=SeriesWish, gives=SeriesOut, status=HTTPStatus.CREATED, creates=True,
            problems=(*REFUSALS, Problem.RULE),
        )  # fmt: skip
        yield route(
            "GET", "/series/{series}", "getSeries", "A series with its bookings and its skipped days",
            self.get, TokenScope.BOOKINGS_READ, gives=SeriesOut, problems=(Problem.NOT_YOURS,),
        )  # fmt: skip

    async def create(self, call: Call[Nothing, SeriesWish]) -> Answer:
        wish = wish_of(call, call.body, self._house)
        rule = self._rule(call.body)
        by, how = acting(call, WRITE)
        made = await self._house.bookings.book_series(wish, rule, by, how)
        body = self._out(made.series, made.made, made.skipped, call)
        return Answer(body, HTTPStatus.CREATED, location=f"{PREFIX}/series/{made.series.id}")

    async def get(self, call: Call[Nothing, None]) -> Answer:
        id = SeriesId(call.path["series"])
        stores = self._house.bookings.stores
        series = await stores.series.series(id)
        if series is None:
            raise not_found("series", id)
        call.check_room(series.area)
        skipped = tuple(Skipped(day, why, str(why)) for day, why in sorted(series.skipped.items()))
        return Answer(self._out(series, tuple(await stores.bookings.bookings_of_series(id)), skipped, call))

    def _rule(self, wish: SeriesWish) -> Recurrence:
        """Its hours as the wall clock of the space shows them on the first date."""
        zone = self._house.space().zone
        start, end = (at.astimezone(zone).replace(tzinfo=None) for at in (wish.start, wish.end))
        if start.second or start.microsecond or (end - start) % _MINUTE:
            raise invalid("start", "has seconds: a series begins and ends on a minute")
        repeats = wish.repeats
        return Recurrence(
            repeats.frequency,
            local_date(wish.start, zone),
            start.hour * 60 + start.minute,
            (end - start) // _MINUTE,
            repeats.interval,
            frozenset(weekday_number(word) for word in repeats.weekdays),
            repeats.nth,
            repeats.until,
            repeats.count,
        )

    def _out(
        self, series: Series, bookings: tuple[Booking, ...], skipped: tuple[Skipped, ...], call: Call[Any, Any]
    ) -> SeriesOut:
        rule = series.rule
        is_known = call.by is not None and (
            call.by == series.owner or call.by in series.participants or self._house.is_staff(call.by)
        )
        return SeriesOut(
            id=series.id,
            room=series.area,
            owner=series.owner if is_known else None,
            title=series.title if is_known else None,
            zone=series.zone,
            repeats=RepeatsOut(
                frequency=rule.frequency,
                first=rule.first,
                interval=rule.interval,
                weekdays=[weekday_word(number) for number in sorted(rule.weekdays)],
                nth=rule.nth,
                until=rule.until,
                count=rule.count,
            ),
            ended_at=series.ended_at,
            items=[told(one, call, self._house) for one in bookings],
            skipped=skipped_out(skipped),
        )
