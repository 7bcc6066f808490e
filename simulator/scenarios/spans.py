"""How long something was so, of the turns it took: pure, and the same for expectations and for laws."""

from collections.abc import Iterable, Sequence
from itertools import pairwise

from simulator.scenarios.sightings import Turned

Span = tuple[float, float]


def spans_of(turns: Sequence[Turned], value: str, end: float) -> list[Span]:
    """From when until when it was `value`; what it is last it is until `end`."""
    ends = [later.at for _, later in pairwise(turns)] + [max(end, turn.at) for turn in turns[-1:]]
    return [(turn.at, until) for turn, until in zip(turns, ends, strict=True) if turn.to == value]


def covers(spans: Iterable[Span], begins: float, ends: float) -> bool:
    """Whether these, one after the other, leave nothing out."""
    for start, until in spans:
        if start <= begins < until:
            begins = until
    return begins >= ends


def first_within(spans: Iterable[Span], begins: float, ends: float) -> float | None:
    """The first moment of theirs in the time from `begins` to `ends`."""
    moments = (max(begins, start) for start, until in spans if max(begins, start) < min(ends, until))
    return next(moments, None)
