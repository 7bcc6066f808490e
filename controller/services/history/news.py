"""What a store of readings has to tell of itself, and the fact that is made of it for the event log."""

from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from controller.domain.facts import Fact, FactKind, Plain
from controller.domain.history.budget import BOUNDS, Bound
from controller.domain.history.values import Series


@dataclass(frozen=True, slots=True)
class MeaningChanged:
    """A channel means something else than it did: another series took over."""

    was: Series
    now: Series


@dataclass(frozen=True, slots=True)
class SeriesTurnedAway:
    """Readings of channels that are too many; counted since this was told last."""

    count: int
    bound: Bound


@dataclass(frozen=True, slots=True)
class ReadingsShed:
    """Readings dropped before every consumer had them."""

    count: int
    why: str


StoreNews: TypeAlias = MeaningChanged | SeriesTurnedAway | ReadingsShed


def fact_of(news: StoreNews, at: datetime) -> Fact:
    """The same for the event log."""
    if isinstance(news, MeaningChanged):
        was, now = news.was, news.now
        detail: dict[str, Plain] = {"channel": now.channel, "was": _meaning(was, now), "now": _meaning(now, was)}
        return Fact(FactKind.SERIES_CHANGED, at, device=now.device, area=now.room, detail=detail)
    if isinstance(news, SeriesTurnedAway):
        refused: dict[str, Plain] = {"count": news.count, "bound": str(news.bound)}
        if news.bound is Bound.MINUTE:
            refused["limit"] = BOUNDS[news.bound]
        return Fact(FactKind.SERIES_REFUSED, at, detail=refused)
    return Fact(FactKind.READINGS_SHED, at, detail={"count": news.count, "why": news.why})


def _meaning(series: Series, other: Series) -> str:
    """What differs, in a few words: `temperature in °C`, `text`, `in room booth`."""
    words = []
    if series.device_class != other.device_class or series.unit != other.unit:
        of_class = series.device_class or "something nobody has named"
        words.append(f"{of_class} in {series.unit}" if series.unit else of_class)
    if series.kind is not other.kind:
        words.append(str(series.kind))
    if series.room != other.room:
        words.append("in no room" if series.room is None else f"in {series.room}")
    return ", ".join(words)
