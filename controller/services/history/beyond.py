"""History that goes on where this house has forgotten it: what is older than is kept here comes from the database.

Which series there are, and the last values, this house knows by itself. How parts are put together is `merging`'s.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Protocol, TypeVar

from controller.domain.history.values import Selection, Series, Span
from controller.errors import StoreError
from controller.services.history.merging import KeptHere, folded_steps, hour_after, joined_points, parts_of
from controller.services.history.ports import History, Last, Points, Steps

T = TypeVar("T")

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Archive(Protocol):
    """The database readings are sent to, read back. StoreError, in words for a person, when it does not answer."""

    def holds(self, series: Series) -> bool: ...  # what it cannot keep at all is not looked for
    # Why it could not be read when it was last asked for, though others of the same question could; "" where it was.
    def unread(self, series: Series) -> str: ...
    async def raw(self, series: Sequence[Series], span: Span) -> list[Points]: ...
    async def by_step(self, series: Sequence[Series], edges_ms: Sequence[int]) -> list[Steps]: ...
    async def counts_by_hour(self, series: Sequence[Series], span: Span) -> Mapping[Series, Mapping[int, int]]: ...


class ArchiveAwayError(StoreError):
    """What is older than `kept_from` cannot be had now; a span since then can."""

    def __init__(self, why: str, kept_from: datetime) -> None:
        super().__init__(f"{why}; what was measured since {kept_from:%Y-%m-%dT%H:%MZ} is kept here (keep_telemetry)")
        self.kept_from = kept_from


class LongHistory:
    """The `History` port over this house's own and an archive."""

    def __init__(self, here: History, archive: Archive, kept: Callable[[], KeptHere]) -> None:
        """`kept`: how far back this house goes at this moment."""
        self._here = here
        self._archive = archive
        self._kept = kept

    def series(self, selection: Selection) -> list[Series]:
        return self._here.series(selection)

    def last(self, selection: Selection) -> list[Last]:
        return self._here.last(selection)

    async def raw(self, selection: Selection, span: Span) -> list[Points]:
        before, after = self._split(span)
        earlier = await self._asked(self._archive.raw(self._there(selection), before)) if before is not None else []
        later = await self._here.raw(selection, after) if after is not None else []
        return joined_points(earlier, later)

    async def by_step(self, selection: Selection, edges_ms: Sequence[int]) -> list[Steps]:
        parts = parts_of(edges_ms, self._kept())
        if not any(part.elsewhere for part in parts):
            return await self._here.by_step(selection, edges_ms)
        there = self._there(selection)
        answers: list[Steps] = []
        for part in parts:
            if part.elsewhere:
                answers += await self._asked(self._archive.by_step(there, part.edges_ms))
            else:
                answers += await self._here.by_step(selection, part.edges_ms)
        return folded_steps(edges_ms, answers)

    async def counts_by_hour(self, selection: Selection, span: Span) -> Mapping[Series, Mapping[int, int]]:
        before, after = self._split(span)
        found: dict[Series, dict[int, int]] = {}
        answers = []
        if before is not None:
            answers.append(await self._asked(self._archive.counts_by_hour(self._there(selection), before)))
        if after is not None:
            answers.append(await self._here.counts_by_hour(selection, after))
        for answer in answers:
            for series, hours in answer.items():
                found.setdefault(series, {}).update(hours)
        return found

    async def _asked(self, answer: Awaitable[T]) -> T:
        try:
            return await answer
        except StoreError as error:
            raise ArchiveAwayError(str(error), _at(hour_after(self._kept().points_from))) from error

    def _there(self, selection: Selection) -> list[Series]:
        return [series for series in self._here.series(selection) if self._archive.holds(series)]

    def _split(self, span: Span) -> tuple[Span | None, Span | None]:
        """What is asked there, and what here, point by point. They meet at a whole hour, so no hour is in both."""
        meet = _at(hour_after(self._kept().points_from))
        before = Span(span.start, min(meet, span.end)) if span.start < meet else None
        after = Span(max(meet, span.start), span.end) if span.end > meet else None
        return before, after


def _at(ms: int) -> datetime:
    return _EPOCH + timedelta(milliseconds=ms)
