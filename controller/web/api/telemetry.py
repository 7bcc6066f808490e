"""Readings: which there are, the newest, every point of a time, and a time by steps."""

import logging
import re
from collections.abc import Iterator
from typing import TypeVar

from aiohttp import hdrs

from controller.domain.history.values import Kind, Series
from controller.domain.tokens import TokenScope
from controller.services.history import ports
from controller.services.history.asked import AskedError, Question
from controller.services.history.beyond import ArchiveAwayError
from controller.services.history.walk import moment
from controller.web.api.house import ApiHouse
from controller.web.api.models_telemetry import (
    MOST_STEPS,
    AllSeries,
    LastOut,
    Lasts,
    Points,
    PointsOut,
    PointsQuery,
    SeriesOut,
    SeriesQuery,
    Steps,
    StepsOut,
    StepsQuery,
    When,
    Which,
)
from controller.web.api.paging import page_of
from controller.web.api.problems import ApiProblem, Problem, invalid, other_room
from controller.web.api.routes import Answer, Call, Route, route

logger = logging.getLogger(__name__)

W = TypeVar("W", bound=Which)

_TRY_AGAIN_S = "30"
# A `+` of an address that nobody escaped arrives as a space.
_LOST_PLUS = re.compile(r" (?=\d\d:\d\d$)")


class TelemetryResource:
    def __init__(self, house: ApiHouse) -> None:
        self._house = house

    def routes(self) -> Iterator[Route]:
        read = TokenScope.TELEMETRY_READ
        yield route(
            "GET", "/telemetry/series", "listSeriesMeasured", "What is measured: each channel of each device", self.series,
            read, query=SeriesQuery, gives=AllSeries,
        )  # fmt: skip
        yield route(
            "GET", "/telemetry/last", "listLastReadings", "The newest value of each channel", self.last,
            read, query=SeriesQuery, gives=Lasts,
        )  # fmt: skip
        yield route(
            "GET", "/telemetry/points", "listReadings", "Every reading of a time, the oldest first", self.points,
            read, query=PointsQuery, gives=Points,
        )  # fmt: skip
        yield route(
            "GET", "/telemetry/steps", "listSteps", "Mean, lowest, highest and count of each step of a time", self.steps,
            read, query=StepsQuery, gives=Steps,
        )  # fmt: skip

    async def series(self, call: Call[SeriesQuery, None]) -> Answer:
        try:
            found = self._house.history.series(self._asked(call), call.token.area)
        except AskedError as error:
            raise _problem(error) from error
        shown, after = page_of(found, _key, call.query)
        return Answer(AllSeries(items=[_series(one) for one in shown], next=after))

    async def last(self, call: Call[SeriesQuery, None]) -> Answer:
        try:
            found = self._house.history.last(self._asked(call), call.token.area)
        except AskedError as error:
            raise _problem(error) from error
        shown, after = page_of(found, lambda last: _key(last.series), call.query)
        items = [LastOut(series=_series(one.series), at=moment(one.at_ms), value=one.value) for one in shown]
        return Answer(Lasts(items=items, next=after))

    async def points(self, call: Call[PointsQuery, None]) -> Answer:
        try:
            span, page = await self._house.history.points(self._asked(call), call.query.limit, call.token.area)
        except AskedError as error:
            raise _problem(error) from error
        except ArchiveAwayError as error:
            raise self._away(error) from error
        items = [_points(one) for one in page.points]
        return Answer(Points(start=span.start, end=page.more_from or span.end, items=items, more_from=page.more_from))

    async def steps(self, call: Call[StepsQuery, None]) -> Answer:
        try:
            found = await self._house.history.steps(self._asked(call), call.token.area, most=MOST_STEPS)
        except AskedError as error:
            raise _problem(error) from error
        except ArchiveAwayError as error:
            raise self._away(error) from error
        items = [
            StepsOut(
                series=_series(one.series),
                start_ms=one.start_ms.tolist(),
                mean=one.mean.tolist(),
                low=one.low.tolist(),
                high=one.high.tolist(),
                count=one.count.tolist(),
            )
            for one in found.lines
        ]
        step_s = found.step.total_seconds()
        return Answer(Steps(start=found.span.start, end=found.span.end, step_s=step_s, items=items))

    def _asked(self, call: Call[W, None]) -> Question:
        query = call.query
        self._check_room(call)
        when = query if isinstance(query, When) else When()
        return Question(
            device=query.device,
            channel=query.channel,
            room=query.room,
            device_class=query.device_class,
            last=when.last,
            since=_plus(when.since),
            until=_plus(when.until),
            step=query.step if isinstance(query, StepsQuery) else None,
        )

    def _away(self, error: ArchiveAwayError) -> ApiProblem:
        """Where that database is, is for our log alone."""
        logger.warning("%s", error)
        since = error.kept_from.astimezone(self._house.space().zone).isoformat()
        return ApiProblem(
            Problem.UNAVAILABLE,
            "The database with the older readings does not answer now. What was measured since "
            f"{since} is kept here (keep_telemetry): a span that begins then or later is answered.",
            headers={hdrs.RETRY_AFTER: _TRY_AGAIN_S},
        )

    def _check_room(self, call: Call[W, None]) -> None:
        """A token of one room asks for that room, by its id or name, or for none."""
        own, asked = call.token.area, call.query.room
        if own is None or asked is None:
            return
        area = self._house.space().areas.get(own)
        if asked.casefold() not in (own.casefold(), area.name.casefold() if area is not None else ""):
            raise other_room(own)


def _problem(error: AskedError) -> ApiProblem:
    return invalid(error.field, error.why)


def _plus(text: str | None) -> str | None:
    return _LOST_PLUS.sub("+", text) if text is not None else None


def _key(series: Series) -> tuple[int | str, ...]:
    return str(series.device), series.channel, int(series.id)


def _series(series: Series) -> SeriesOut:
    return SeriesOut(
        device=series.device,
        channel=series.channel,
        kind=series.kind,
        device_class=series.device_class or None,
        unit=series.unit or None,
        room=series.room,
    )


def _points(points: ports.Points) -> PointsOut:
    is_switch = points.series.kind is Kind.SWITCH
    values = [bool(value) for value in points.values] if is_switch else list(points.values)
    return PointsOut(series=_series(points.series), at_ms=points.at_ms.tolist(), values=values)
