"""The history pages: every room with what is measured in it, and one channel's chart, rendered on the server.

They need no script, and show no more than the house's page does, so they answer this machine alone. Where a line goes
is `chart`; which points there are, the desk's.
"""

import asyncio
import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path
from urllib.parse import quote

from aiohttp import hdrs, web
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from controller.domain.building import Space
from controller.domain.device import silence_limit
from controller.domain.history.means import mean_of
from controller.domain.history.values import Kind, Series, Value
from controller.domain.ids import AreaId
from controller.errors import StoreError
from controller.services.history.asked import AskedError, Question, length_of
from controller.services.history.beyond import ArchiveAwayError
from controller.services.history.desk import HistoryDesk, Stepped
from controller.services.history.ports import Last, Points, Steps
from controller.services.history.walk import moment
from controller.web.assets import Assets
from controller.web.chart import Chart, draw, times_along
from controller.web.history_words import ENGLISH, STEPS, age_said, class_said, number_said, unit_said

logger = logging.getLogger(__name__)

TEMPLATES = Path(__file__).parent / "templates"

SPANS = {
    "hour": ("1h", "1m"),
    "day": ("1d", "5m"),
    "week": ("7d", "1h"),
    "month": ("31d", "3h"),
    "year": ("365d", "1d"),
}
"""How far back, and in steps of what: 60 to 370 of them, as a chart on a phone can show."""

_USUAL = "day"
_TEXTS_SHOWN = 200
_TRY_AGAIN_S = "30"
_CADENCE_S = 60.0  # of a device that the space file does not know


@dataclass(frozen=True, slots=True)
class _Newest:
    value: str
    iso: str
    at: str
    age: str


@dataclass(frozen=True, slots=True)
class _Line:
    """One channel in the list of its room."""

    name: str
    address: str
    device: str
    newest: _Newest


@dataclass(frozen=True, slots=True)
class _Place:
    id: str
    name: str
    lines: tuple[_Line, ...]


@dataclass(frozen=True, slots=True)
class _Row:
    at: str
    mean: str
    low: str
    high: str
    count: str


@dataclass(frozen=True, slots=True)
class _Plot:
    """One chart with its words and its table."""

    heading: str
    title: str
    said: str
    legend: str
    chart: Chart
    rows: tuple[_Row, ...]


@dataclass(frozen=True, slots=True)
class _Texts:
    heading: str
    said: str
    rows: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class _SpanLink:
    name: str
    address: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class _Channel:
    name: str
    place: str
    device: str
    channel: str
    newest: _Newest | None
    spans: tuple[_SpanLink, ...]
    earlier: str
    later: str | None
    plots: tuple[_Plot, ...]
    texts: tuple[_Texts, ...]


class HistoryPages:
    """`desk` answers; `space` says in whose words and times."""

    def __init__(self, desk: HistoryDesk, space: Callable[[], Space], assets: Assets) -> None:
        self._desk = desk
        self._space = space
        environment = Environment(
            loader=FileSystemLoader(TEMPLATES),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        environment.globals.update(asset=assets.url)
        self._rooms = environment.get_template("history/rooms.html")
        self._channel = environment.get_template("history/channel.html")
        self._trouble = environment.get_template("history/trouble.html")

    def mount(self, app: web.Application) -> None:
        app.router.add_get("/history", self.rooms)
        app.router.add_get("/history/", _without_the_stroke)
        app.router.add_get("/history/{device:[^/]+}/{channel:.+}", self.channel)

    async def rooms(self, request: web.Request) -> web.Response:
        """Every channel of every room, with its newest value."""
        return _page(await asyncio.to_thread(self._rooms_page))

    async def channel(self, request: web.Request) -> web.Response:
        """One channel over the last hour, day, week, month or year, or over one that ended before."""
        device, channel = request.match_info["device"], request.match_info["channel"]
        name = request.query.get("span", _USUAL)
        if name not in SPANS:
            said = f"span: {name[:40]!r} is not one of {', '.join(SPANS)}."
            return self._told(HTTPStatus.BAD_REQUEST, "not_asked", said, _spans(device, channel))
        last, step = SPANS[name]
        asked = Question(device=device, channel=channel, last=last, until=request.query.get("to"), step=step)
        try:
            stepped = await self._desk.steps(asked)
            known = self._desk.last(Question(device=device, channel=channel))
            has_texts = any(one.series.kind is Kind.TEXT for one in known)
            words = await self._desk.newest_texts(asked, _TEXTS_SHOWN) if has_texts else []
        except AskedError as error:
            if error.field in ("device", "channel"):
                return self._told(HTTPStatus.NOT_FOUND, "not_there", f"{error}.")
            return self._told(HTTPStatus.BAD_REQUEST, "not_asked", f"{error}.", _spans(device, channel))
        except StoreError as error:
            logger.warning("history of %s / %s cannot be read: %s", device, channel, error)
            return self._not_now(error, device, channel)
        return _page(await asyncio.to_thread(self._channel_page, asked, name, stepped, known, words))

    def _not_now(self, error: StoreError, device: str, channel: str) -> web.Response:
        """The error itself names places that are nobody's who looks at a page."""
        spans, said = _spans(device, channel), ENGLISH["unreadable"]
        if isinstance(error, ArchiveAwayError):
            said = ENGLISH["older_away"].format(since=_moment_said(error.kept_from, self._space()))
            kept = self._desk.now() - error.kept_from
            spans = [span for span in spans if length_of("span", SPANS[span.name][0]) <= kept]
        response = self._told(HTTPStatus.SERVICE_UNAVAILABLE, "not_now", said, spans)
        response.headers[hdrs.RETRY_AFTER] = _TRY_AGAIN_S
        return response

    def _told(self, status: HTTPStatus, heading: str, said: str, spans: Sequence[_SpanLink] = ()) -> web.Response:
        """Why there is nothing to show, and where there is something."""
        space = self._space()
        return _page(
            self._trouble.render(t=ENGLISH, space=space, heading=ENGLISH[heading], said=said, spans=spans), status
        )

    # --- what is on them: on a thread, since it takes milliseconds and the loop has doors to see to ----

    def _rooms_page(self) -> str:
        space = self._space()
        return self._rooms.render(t=ENGLISH, space=space, places=self._places(space))

    def _channel_page(
        self, asked: Question, name: str, stepped: Stepped, known: Sequence[Last], words: Sequence[Points]
    ) -> str:
        space = self._space()
        shown = self._shown(asked, name, stepped, known, words, space)
        return self._channel.render(t=ENGLISH, space=space, page=shown)

    def _places(self, space: Space) -> list[_Place]:
        newest: dict[tuple[str, str], Last] = {}
        for last in self._desk.last(Question()):
            key = last.series.device, last.series.channel
            if key not in newest or last.at_ms > newest[key].at_ms:
                newest[key] = last
        by_room: dict[AreaId | None, list[Last]] = {}
        for last in newest.values():
            by_room.setdefault(_room_of(last.series, space), []).append(last)
        for lines in by_room.values():
            lines.sort(key=lambda last: (last.series.device, last.series.channel))
        known = [area.id for area in space.areas.values() if area.id in by_room]
        gone = sorted(room for room in by_room if room is not None and room not in space.areas)
        places = [
            _Place(f"room-{room}", _room_said(space, room), tuple(map(self._line, by_room[room])))
            for room in (*known, *gone)
        ]
        if None in by_room:
            places.append(_Place("elsewhere", ENGLISH["elsewhere"], tuple(map(self._line, by_room[None]))))
        return places

    def _line(self, last: Last) -> _Line:
        series = last.series
        name = class_said(series.device_class, series.channel)
        address = _address(series.device, series.channel)
        return _Line(name, address, f"{series.device} / {series.channel}", self._newest(last))

    def _newest(self, last: Last) -> _Newest:
        at = moment(last.at_ms)
        said = _moment_said(at, self._space())
        age = (self._desk.now() - at).total_seconds()
        return _Newest(value_said(last.series, last.value), at.isoformat(), said, age_said(age))

    def _shown(
        self,
        asked: Question,
        name: str,
        stepped: Stepped,
        known: Sequence[Last],
        words: Sequence[Points],
        space: Space,
    ) -> _Channel:
        newest = max(known, key=lambda last: last.at_ms, default=None)
        series = newest.series if newest is not None else None
        room = _room_of(series, space) if series is not None else None
        device, channel = (series.device, series.channel) if series is not None else (asked.device, asked.channel)
        ended = _until(stepped.span.end) if asked.until is not None else None
        length = stepped.span.end - stepped.span.start
        return _Channel(
            name=class_said(series.device_class if series is not None else "", channel or ""),
            place=_room_said(space, room) if room is not None else "",
            device=device or "",
            channel=channel or "",
            newest=self._newest(newest) if newest is not None else None,
            spans=tuple(_SpanLink(one, _address(device, channel, one, ended), one == name) for one in SPANS),
            earlier=_address(device, channel, name, _until(stepped.span.start)),
            later=_address(device, channel, name, self._later(stepped.span.end + length))
            if asked.until is not None
            else None,
            plots=tuple(self._plots(stepped, name, space)),
            texts=tuple(_texts(points, space) for points in words),
        )

    def _later(self, end: datetime) -> str | None:
        return _until(end) if end < self._desk.now() else None

    def _plots(self, stepped: Stepped, name: str, space: Space) -> Iterator[_Plot]:
        by_measure: dict[tuple[Kind, str, str], list[Steps]] = {}
        for steps in stepped.lines:
            series = steps.series
            by_measure.setdefault((series.kind, series.device_class, series.unit), []).append(steps)
        along = times_along(stepped.span, name, space.zone)
        for lines in by_measure.values():
            series = lines[0].series
            device = space.devices.get(series.device)
            silence = silence_limit(device.every_s if device is not None else _CADENCE_S)
            said = class_said(series.device_class, series.channel)
            unit = unit_said(series.unit)
            words = ENGLISH["switch_band" if series.kind is Kind.SWITCH else "band"]
            yield _Plot(
                heading=f"{said},{unit}" if unit else said,
                title=f"{said}, {_span_said(stepped, space)}",
                said=_summary(lines),
                legend=words.format(step=STEPS[name]),
                chart=draw(lines, stepped.span, stepped.edges_ms, silence, along),
                rows=tuple(_rows(lines, space)),
            )


def value_said(series: Series, value: Value) -> str:
    """A value with its unit, as the pages write it."""
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, str):
        return value if len(value) <= 60 else f"{value[:59]}…"
    return f"{number_said(value)}{unit_said(series.unit)}"


def _summary(lines: Sequence[Steps]) -> str:
    series = lines[0].series
    count = sum(sum(one.count) for one in lines)
    mean = mean_of([mean for one in lines for mean in one.mean], [of for one in lines for of in one.count])
    if series.kind is Kind.SWITCH:
        return f"On {mean:.0%} of {count:,} readings."
    low, high = min(min(one.low) for one in lines), max(max(one.high) for one in lines)
    unit = unit_said(series.unit)
    return (
        f"Mean {number_said(mean)}{unit}, lowest {number_said(low)}{unit}, highest {number_said(high)}{unit}, "
        f"of {count:,} readings."
    )


def _rows(lines: Sequence[Steps], space: Space) -> Iterator[_Row]:
    """The newest first: it is what people look for."""
    every = [(at, steps, place) for steps in lines for place, at in enumerate(steps.start_ms)]
    every.sort(key=lambda one: one[0], reverse=True)
    for at_ms, steps, place in every:
        yield _Row(
            _moment_said(moment(at_ms), space),
            number_said(steps.mean[place]),
            number_said(steps.low[place]),
            number_said(steps.high[place]),
            f"{steps.count[place]:,}",
        )


def _texts(points: Points, space: Space) -> _Texts:
    rows = [(_moment_said(moment(at), space), str(text)) for at, text in zip(points.at_ms, points.values, strict=True)]
    heading = class_said(points.series.device_class, points.series.channel)
    return _Texts(heading, ENGLISH["newest_texts"].format(count=len(rows)), tuple(reversed(rows)))


def _room_of(series: Series, space: Space) -> AreaId | None:
    """Where it was measured; of readings whose place nobody had said, where the device is now."""
    device = space.devices.get(series.device)
    return series.room or (device.area if device is not None else None)


def _room_said(space: Space, room: AreaId) -> str:
    area = space.areas.get(room)
    return area.name if area is not None else room


def _span_said(stepped: Stepped, space: Space) -> str:
    return f"{_moment_said(stepped.span.start, space)} to {_moment_said(stepped.span.end, space)}"


def _moment_said(at: datetime, space: Space) -> str:
    local = at.astimezone(space.zone)
    return f"{local:%a} {local.day} {local:%b %Y %H:%M}"


def _until(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def _address(device: str | None, channel: str | None, span: str | None = None, until: str | None = None) -> str:
    path = f"/history/{quote(device or '', safe='')}/{quote(channel or '', safe='')}"
    asked = [f"{name}={value}" for name, value in (("span", span), ("to", until)) if value is not None]
    return f"{path}?{'&'.join(asked)}" if asked else path


def _spans(device: str, channel: str) -> list[_SpanLink]:
    return [_SpanLink(name, _address(device, channel, name), chosen=False) for name in SPANS]


async def _without_the_stroke(_: web.Request) -> web.StreamResponse:
    raise web.HTTPMovedPermanently("/history")


def _page(text: str, status: HTTPStatus = HTTPStatus.OK) -> web.Response:
    response = web.Response(text=text, status=status, content_type="text/html", charset="utf-8")
    response.enable_compression()
    return response
