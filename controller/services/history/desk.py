"""What people and programs ask of history: one place that answers the command line, the API and the pages alike.

Reading the words of a question is `asked` and `names`, where steps begin is the domain's, the points are the store's.
"""

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from controller.domain.building import Space
from controller.domain.history.steps import edges_of
from controller.domain.history.values import Kind, Selection, Series, Span
from controller.domain.ids import AreaId
from controller.errors import InputError
from controller.services.history.asked import AskedError, Question, length_of, span_of
from controller.services.history.names import selection_of
from controller.services.history.ports import History, Last, Points, Steps
from controller.services.history.walk import Page, first_page, newest_texts, walk

# As many as a chart has room for; whoever wants more says so.
PICTURED = 400
_PICKED = tuple(
    length_of("step", said)
    for said in ("1s", "5s", "10s", "30s", "1m", "2m", "5m", "15m", "30m", "1h", "2h", "3h", "6h", "12h", "1d", "7d")
)


@dataclass(frozen=True, slots=True)
class Stepped:
    """Lines of a chart: `edges_ms` are those that were asked for, and each line leaves out steps without a point."""

    span: Span
    step: timedelta
    edges_ms: Sequence[int]
    lines: tuple[Steps, ...]


class HistoryDesk:
    """Questions in people's words; `within` is the only room of whoever asks. AskedError says why there is no answer."""

    def __init__(
        self, history: History, space: Callable[[], Space], now: Callable[[], datetime], *, pictured: int = PICTURED
    ) -> None:
        """`pictured`: how many steps are picked at most where nobody says how long they are."""
        self._history = history
        self._space = space
        self.now = now
        self._pictured = pictured

    def series(self, asked: Question, within: AreaId | None = None) -> list[Series]:
        """Which lines there are, by room, device and channel."""
        return sorted(self._history.series(self.selection(asked, within)), key=_order)

    def last(self, asked: Question, within: AreaId | None = None) -> list[Last]:
        """The newest value of each."""
        return sorted(self._history.last(self.selection(asked, within)), key=lambda last: _order(last.series))

    async def points(self, asked: Question, limit: int, within: AreaId | None = None) -> tuple[Span, Page]:
        """The first points of the span, and from when to ask on."""
        span = self.span(asked)
        page = await first_page(self._history, self.selection(asked, within), span, limit)
        lines = sorted(page.points, key=lambda points: _order(points.series))
        return span, Page(tuple(lines), page.more_from)

    async def steps(self, asked: Question, within: AreaId | None = None, *, most: int | None = None) -> Stepped:
        """Mean, lowest, highest and count by step; refused where it would be more than `most` steps of all series."""
        span, selection = self.span(asked), self.selection(asked, within)
        step = self._step(asked, span)
        edges = self.edges(span, step)
        if most is not None:
            lines = sum(1 for series in self._history.series(selection) if series.kind is not Kind.TEXT)
            _refuse_more(lines, len(edges) - 1, most)
        found = await self._history.by_step(selection, edges)
        return Stepped(span, step, edges, tuple(sorted(found, key=lambda steps: _order(steps.series))))

    async def newest_texts(self, asked: Question, limit: int) -> list[Points]:
        """The last texts of each series in the span, `limit` at most: they have no steps, and there may be many."""
        span, selection = self.span(asked), self.selection(asked)
        return await newest_texts(self._history, selection, span, limit)

    def edges(self, span: Span, step: timedelta) -> list[int]:
        """Where steps begin, in the space's own zone."""
        try:
            return edges_of(span, step, self._space().zone)
        except InputError as error:
            raise AskedError("step", str(error)) from error

    async def every_point(self, asked: Question) -> AsyncIterator[Points]:
        """All points of the span, channel by channel and each by time, piece by piece."""
        span = self.span(asked)
        for line in self._lines(asked):
            async for piece in walk(self._history, line, span):
                for points in piece:
                    yield points

    async def every_step(self, asked: Question) -> AsyncIterator[Steps]:
        """All steps of the span, one channel after the other."""
        edges = self.edges(span := self.span(asked), self._step(asked, span))
        for line in self._lines(asked):
            for steps in await self._history.by_step(line, edges):
                yield steps

    def _lines(self, asked: Question) -> list[Selection]:
        """One for each channel of each device, within what is asked."""
        chosen = self.selection(asked)
        lines = {(one.device, one.channel): None for one in self.series(asked)}
        return [Selection(device, channel, chosen.room, chosen.device_class) for device, channel in lines]

    def _step(self, asked: Question, span: Span) -> timedelta:
        return length_of("step", asked.step) if asked.step is not None else picked(span, self._pictured)

    def selection(self, asked: Question, within: AreaId | None = None) -> Selection:
        """The series that are meant."""
        reached = self._history.series(Selection(room=within))
        chosen = selection_of(asked, self._space(), reached, within)
        if within is None:
            return chosen
        return Selection(chosen.device, chosen.channel, within, chosen.device_class)

    def span(self, asked: Question) -> Span:
        """The time that is meant."""
        return span_of(asked, self._space().zone, self.now())


def picked(span: Span, most: int = PICTURED) -> timedelta:
    """The shortest step of those people think in that makes a chart, and not a carpet, of this span."""
    length = span.end - span.start
    return next((step for step in _PICKED if length / step <= most), _PICKED[-1])


def _refuse_more(lines: int, steps: int, most: int) -> None:
    if lines * steps > most:
        raise AskedError(
            "step",
            f"{steps:,} steps of {lines} series are {lines * steps:,}, and {most:,} are the most at once — "
            "name one device or channel, or ask for longer steps or a shorter span",
        )


def _order(series: Series) -> tuple[str, str, str, int]:
    return series.room or "", series.device, series.channel, series.id
