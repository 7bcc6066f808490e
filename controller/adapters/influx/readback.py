"""What was sent to a database, read back: the `Archive` port over InfluxQL, or over what VictoriaMetrics offers instead.

Which of the two is found out by asking. Each question is one thread's, series by series, so that neither the loop nor
the server has much of it in memory at once.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import TypeAlias, TypeVar

from controller.adapters.influx.asking import Asking, ReadSettings, UnreadableError
from controller.adapters.influx.export import Export
from controller.adapters.influx.influxql import PAGE, InfluxQl, NoInfluxQlError
from controller.domain.history.values import Kind, Series, Span
from controller.services.history.ports import Points, Steps

logger = logging.getLogger(__name__)

T = TypeVar("T")

Dialect: TypeAlias = InfluxQl | Export


class ReadBack:
    """The `Archive` port; it holds nothing open between two questions."""

    def __init__(self, settings: ReadSettings, *, page: int = PAGE) -> None:
        self._settings = settings
        self._page = page
        # Whether it is VictoriaMetrics, as far as we know; a vmselect of its cluster is known by its address.
        self._exports = "/select/" in settings.url
        self._unread: dict[Series, str] = {}

    @property
    def address(self) -> str:
        return self._settings.url

    def holds(self, series: Series) -> bool:
        """VictoriaMetrics keeps no texts; that it is one is known once it was asked."""
        return not (self._exports and series.kind is Kind.TEXT)

    def unread(self, series: Series) -> str:
        """Why the last question of it could not be read there, while others could; "" where it was."""
        return self._unread.get(series, "")

    async def raw(self, series: Sequence[Series], span: Span) -> list[Points]:
        """The points of each series that has some in the span."""
        start, end = _ms(span.start), _ms(span.end)
        found = await self._each(series, lambda dialect, one: dialect.raw(one, start, end))
        return [points for points in found.values() if points is not None]

    async def by_step(self, series: Sequence[Series], edges_ms: Sequence[int]) -> list[Steps]:
        """Steps of numbers and switches, cut at these edges or finer: whoever asks puts them together."""
        found = await self._each(series, lambda dialect, one: dialect.by_step(one, edges_ms))
        return [steps for steps in found.values() if steps is not None]

    async def counts_by_hour(self, series: Sequence[Series], span: Span) -> Mapping[Series, Mapping[int, int]]:
        """How many points each epoch hour of the span has, of each series that has any."""
        start, end = _ms(span.start), _ms(span.end)
        found = await self._each(series, lambda dialect, one: dialect.counts_by_hour(one, start, end))
        return {one: hours for one, hours in found.items() if hours}

    async def _each(self, series: Sequence[Series], ask: Callable[[Dialect, Series], T]) -> dict[Series, T]:
        return await asyncio.to_thread(self._ask_each, series, ask)

    def _ask_each(self, series: Sequence[Series], ask: Callable[[Dialect, Series], T]) -> dict[Series, T]:
        with Asking(self._settings) as asking:
            found: dict[Series, T] = {}
            unread: dict[Series, UnreadableError] = {}
            for one in series:
                try:
                    found[one] = self._ask(asking, ask, one)
                except UnreadableError as error:
                    unread[one] = error
                else:
                    self._unread.pop(one, None)
            if unread and not found:
                raise next(iter(unread.values()))
            for one, why in unread.items():
                # One odd name must not take a whole house's history along.
                logger.warning("%s, channel %r is left out: %s", one.device, one.channel, why)
                self._unread[one] = str(why)
            return found

    def _ask(self, asking: Asking, ask: Callable[[Dialect, Series], T], one: Series) -> T:
        try:
            return ask(self._dialect(asking), one)
        except NoInfluxQlError:
            self._exports = True
            return ask(self._dialect(asking), one)

    def _dialect(self, asking: Asking) -> Dialect:
        return Export(asking) if self._exports else InfluxQl(asking, self._settings.database, page=self._page)


def _ms(at: datetime) -> int:
    return round(at.timestamp() * 1000)
