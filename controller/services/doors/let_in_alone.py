"""Whom doors let in alone, and whether they went in: told by the times of the leaf's edges, in whatever order they come.

A replay after a cut brings a grant and its opening within moments of each other, from one device or from two; live, the
opening follows within the release time. Who it was and what it costs is `services.offline.local_decisions`'s.
"""

from asyncio import Future, get_running_loop
from collections import deque
from dataclasses import dataclass
from datetime import datetime, timedelta

from controller.domain.building import Door
from controller.domain.door import REPORT_SLACK, release_seconds
from controller.domain.ids import DoorId
from controller.services.ports import Clock

# What the clocks of a reader and the lock beside it may differ by.
CLOCKS_DIFFER = timedelta(seconds=2)
# So long a replay may take from a grant to its opening.
TOLD_WITHIN = 5.0
# Edges of one door: what a reader that comes back later than its lock may still be about.
EDGES_KEPT = 256


@dataclass(slots=True, eq=False)
class Edge:
    """The leaf moved; an opening is explained by whoever was let in before it."""

    contact: str
    at: datetime
    is_explained: bool = False


@dataclass(slots=True, eq=False)
class _Waiting:
    """Somebody was let in and no opening is known yet."""

    since: datetime
    until: datetime
    gives_up: float  # monotonic
    entered: Future[datetime | None]

    def fits(self, edge: Edge) -> bool:
        return edge.contact == "open" and self.since <= edge.at <= self.until


class LetInAlone:
    """By door. What was granted explains one opening."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._waiting: dict[DoorId, list[_Waiting]] = {}
        self._edges: dict[DoorId, deque[Edge]] = {}

    def granted(self, door: Door, at: datetime, *, apart: bool) -> Future[datetime | None]:
        """When they went in, or None if they did not, as soon as it is known. `apart`: by a reader beside the lock."""
        entered: Future[datetime | None] = get_running_loop().create_future()
        # For whoever needs the time: which of them it was is not known yet.
        until = at + timedelta(seconds=release_seconds(door.timings, slow=True) + REPORT_SLACK)
        since, until = (at - CLOCKS_DIFFER, until + CLOCKS_DIFFER) if apart else (at, until)
        lasting = (until - self._clock.now()).total_seconds() + 1.0
        waiting = _Waiting(since, until, self._clock.monotonic() + max(TOLD_WITHIN, lasting), entered)
        edges = self._edges.get(door.id, ())
        opening = next((edge for edge in edges if waiting.fits(edge)), None)
        if not door.has_contact:
            entered.set_result(at)
        elif opening is not None:
            opening.is_explained = True
            entered.set_result(opening.at)
        elif _stood_open(edges, at):
            # No edge will confirm it.
            entered.set_result(at)
        else:
            self._waiting.setdefault(door.id, []).append(waiting)
        return entered

    def moved(self, door: DoorId, contact: str, at: datetime) -> Edge:
        """The leaf's edge; everybody who waited has gone in by an opening."""
        edge = Edge(contact, at)
        self._edges.setdefault(door, deque(maxlen=EDGES_KEPT)).append(edge)
        still = []
        for waiting in self._waiting.pop(door, ()):
            if waiting.fits(edge):
                edge.is_explained = True
                if not waiting.entered.done():
                    waiting.entered.set_result(at)
            else:
                still.append(waiting)
        if still:
            self._waiting[door] = still
        return edge

    def look(self) -> None:
        """Once a second: whose opening nobody has told of has not gone in."""
        now = self._clock.monotonic()
        for door, waiting in list(self._waiting.items()):
            for over in (one for one in waiting if one.gives_up <= now and not one.entered.done()):
                over.entered.set_result(None)
            self._waiting[door] = [one for one in waiting if one.gives_up > now]
            if not self._waiting[door]:
                del self._waiting[door]


def _stood_open(edges: "deque[Edge] | tuple[()]", at: datetime) -> bool:
    before = [edge for edge in edges if edge.at <= at]
    return bool(before) and max(before, key=lambda edge: edge.at).contact == "open"
