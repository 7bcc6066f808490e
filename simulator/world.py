"""The world behind the devices: people who come, tap, sit, meet and leave, and rooms that answer to them.

Pure and seeded: it has no clock, sends nothing and waits for nobody. `advance` lives up to a moment and
returns what hands did on the way (`Act`); the answer to a tap comes back through `answered`. Moments are
epoch seconds on the world's own calendar, which need not be today's.
"""

import heapq
import random
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from itertools import count

from simulator.acts import Act, Judge, MoveLeaf, PressButton, PressExit, Tap
from simulator.building import OUTSIDE, Building, Door
from simulator.entitled import Guess
from simulator.habits import Habits, Stop
from simulator.instruments import RoomTruth
from simulator.people import SimPerson
from simulator.rooms import Rooms
from simulator.routes import Passage, Routes

# The day begins when the last night owl has left: the business day's usual cut-off.
DAY_STARTS = time(4, 0)
_HOUR_S = 3600.0

# Seconds of real hands and feet.
_WALK_S = (6.0, 22.0)
_REACH_S = (0.5, 1.1)  # from the green light to pushing the door
_PASS_S = 1.3
_CLOSER_S = (1.2, 2.6)  # the door closer
_BOLT_S = 0.8  # the bolt needs its moment before the next badge
_PATIENCE_S = 3.0  # at a reader that does not answer
_PROPPED_S = (38.0, 85.0)
_PROPS = 0.003  # of all passages
_CHANGES_MIND = 0.01  # of all grants: the door is not opened
_TRIES_AGAIN = 0.35  # of those refused
_TRIES = 3
_TAPS_OUT = 0.85  # where a reader counts people out; the others use the handle
# The last to have come before the start arrive during its first minutes instead, so that the street door is
# busy when somebody begins to watch.
_LATECOMERS = 14
_LATECOMERS_WITHIN_S = 100.0
# Parcels, telephones, a forgotten laptop: what keeps doors moving between the stops of a day.
_ERRAND_EVERY_S = (15.0, 45.0)
_ERRAND_S = (60.0, 240.0)
_ERRANDS_FROM, _ERRANDS_TO = time(7, 30), time(21, 0)
# Those whom no door would let in now mostly stay at home; some try, and learn why not.
_TRIES_ANYWAY = 0.12


@dataclass(frozen=True, slots=True)
class Seen:
    """Somebody as an onlooker sees them: where, doing what, and how far back in the queue of which door."""

    number: int
    area: str
    doing: str
    at_door: Door | None = None
    place: int = 0


@dataclass(slots=True)
class _Body:
    """One person's whereabouts. The numbers tell a plan still meant from one overtaken by another."""

    person: SimPerson
    area: str = OUTSIDE
    doing: str = "away"
    goal: Stop | None = None
    ahead: deque[Passage] = field(default_factory=deque)
    walk: int = 0
    question: int = 0  # at a reader, not answered yet
    push: int = 0  # the door is being opened
    at_door: Door | None = None
    tries: int = 0
    turned_away: bool = False  # at the street: gone home for today


class World:
    """A building and its people, from a moment on.

    `pace`: how much faster than hands the world's clock runs. Doors and hands keep real time at any pace,
    because real locks stand behind them. `admits` guesses whom doors let in at a moment of this world, to
    choose who comes.
    """

    def __init__(
        self,
        building: Building,
        people: Sequence[SimPerson],
        seed: int,
        start: datetime,
        *,
        pace: float = 1.0,
        admits: Guess = lambda _person, _door, _at: True,
    ) -> None:
        self._zone = building.zone
        self._admits = admits
        self._habits = Habits(building, people, seed)
        self._routes = Routes(building)
        self._dice = random.Random(f"world/{seed}")
        self._bodies = {person.id: _Body(person) for person in people}
        self._counted: dict[str, list[str]] | None = None
        self._agenda: list[tuple[float, int, Callable[[], Iterator[Act]]]] = []
        self._numbers = count(1)
        self._queues: dict[str, deque[_Body]] = {}
        self._start = start.timestamp()
        self._now = self._morning(start)
        self._rooms = Rooms(building, seed, self._now)
        # The morning before the start is a rehearsal: nobody taps on real devices, the guess answers.
        self._pace = 1.0
        self._is_rehearsal = True
        self._at(self._now, self._begin_day)
        self.live(self._start, lambda tap: tap.direction == "out" or admits(tap.person, tap.door, self._local()))
        self._is_rehearsal = False
        self._pace = pace
        self._after(_ERRAND_EVERY_S, self._somebody_has_an_errand)

    # --- what the world is asked ------------------------------------------------------------------

    @property
    def now(self) -> float:
        return self._now

    @property
    def next_due(self) -> float:
        """When something happens next if nobody interferes."""
        return self._agenda[0][0] if self._agenda else self._now + _HOUR_S

    def advance(self, to: float) -> list[Act]:
        """Live on until then and tell what hands did; a moment already past changes nothing."""
        return [act for _, act in self._live(to, None)]

    def live(self, to: float, judge: Judge) -> list[tuple[float, Act]]:
        """The same without a broker: `judge` answers each tap at once. Acts come with their moments."""
        return self._live(to, judge)

    def answered(self, person_id: str, granted: bool) -> None:
        """What the reader showed this person, or (not granted) that the door she pushed did not give."""
        body = self._bodies.get(person_id)
        if body is None or body.at_door is None:
            return
        if body.push:
            if not granted:
                body.push = 0
                self._at(self._now, lambda: self._stands_before(body))
        elif body.question:
            body.question = 0
            if not granted:
                self._at(self._now, lambda: self._refused(body))
            elif self._dice.random() < _CHANGES_MIND:
                self._at(self._now, lambda: self._gives_up(body))
            else:
                self._push_soon(body)

    def whereabouts(self) -> Counter[str]:
        """How many are in each area; outside is not counted."""
        return Counter({area: len(doing) for area, doing in self._inside().items()})

    def everyone(self) -> Iterator[Seen]:
        """Where each person is, in the order they were given, for who looks on; those at home are not seen."""
        for number, body in enumerate(self._bodies.values()):
            if body.area != OUTSIDE or body.at_door is not None:
                queue = self._queues.get(body.at_door.id, ()) if body.at_door is not None else ()
                yield Seen(number, body.area, body.doing, body.at_door, _place(queue, body))

    def room(self, area: str) -> RoomTruth:
        """What is true of an area now."""
        return self._rooms.truth(area, self._inside().get(area, ()))

    def _inside(self) -> dict[str, list[str]]:
        """What people do in each area. Counted anew only after something happened: sensors ask far more often."""
        if self._counted is None:
            self._counted = {}
            for body in self._bodies.values():
                if body.area != OUTSIDE:
                    self._counted.setdefault(body.area, []).append(body.doing)
        return self._counted

    # --- time -------------------------------------------------------------------------------------

    def _live(self, to: float, judge: Judge | None) -> list[tuple[float, Act]]:
        acts: list[tuple[float, Act]] = []
        while self._agenda and self._agenda[0][0] <= to:
            at, _, happens = heapq.heappop(self._agenda)
            self._rooms.live_to(at, self.whereabouts())
            self._now = max(self._now, at)
            self._counted = None
            for act in happens():
                acts.append((self._now, act))
                if judge is not None and isinstance(act, Tap):
                    self.answered(act.person.id, judge(act))
        self._rooms.live_to(to, self.whereabouts())
        self._now = max(self._now, to)
        return acts

    def _at(self, moment: float, happens: Callable[[], Iterator[Act]]) -> None:
        heapq.heappush(self._agenda, (moment, next(self._numbers), happens))

    def _after(self, hands_s: tuple[float, float] | float, happens: Callable[[], Iterator[Act]]) -> None:
        seconds = self._dice.uniform(*hands_s) if isinstance(hands_s, tuple) else hands_s
        self._at(self._now + seconds * self._pace, happens)

    def _local(self) -> datetime:
        return datetime.fromtimestamp(self._now, self._zone)

    def _morning(self, at: datetime) -> float:
        local = at.astimezone(self._zone)
        day = local.date() if local.time() >= DAY_STARTS else local.date() - timedelta(days=1)
        return datetime.combine(day, DAY_STARTS, self._zone).timestamp()

    # --- days and stops ---------------------------------------------------------------------------

    def _begin_day(self) -> Iterator[Act]:
        today = datetime.fromtimestamp(self._now + 60, self._zone).date()
        tomorrow = datetime.combine(today + timedelta(days=1), DAY_STARTS, self._zone)
        self._at(tomorrow.timestamp(), self._begin_day)
        midnight = datetime.combine(today, time(0, 0), self._zone)
        days: list[tuple[float, _Body, Stop]] = []
        for body in self._bodies.values():
            body.turned_away = False
            stops = self._habits.day(body.person, today)
            # Wall-clock minutes of the local day, on the two odd days of the year as well.
            times = [midnight + timedelta(minutes=stop.minute) for stop in stops]
            moments = [at.timestamp() for at in times]
            if stops and not self._admits(body.person, None, times[0]) and self._dice.random() > _TRIES_ANYWAY:
                continue
            if self._is_rehearsal and stops and stops[-1].minute > stops[0].minute and moments[0] <= self._start:
                days.append((moments[0], body, stops[0]))
                moments, stops = moments[1:], stops[1:]
            for moment, stop in zip(moments, stops, strict=True):
                self._at(moment, self._setting_out(body, stop))
        days.sort(key=lambda arrival: arrival[0], reverse=True)
        for place, (moment, body, stop) in enumerate(days):
            delayed = self._start + 1 + (place + self._dice.random() / 2) * _LATECOMERS_WITHIN_S / _LATECOMERS
            self._at(delayed if place < _LATECOMERS else moment, self._setting_out(body, stop))
        yield from ()

    def _somebody_has_an_errand(self) -> Iterator[Act]:
        self._after(_ERRAND_EVERY_S, self._somebody_has_an_errand)
        if not _ERRANDS_FROM <= self._local().time() <= _ERRANDS_TO:
            return
        free = [body for body in self._bodies.values() if body.doing == "desk" and body.area != OUTSIDE]
        if not free:
            return
        body = self._dice.choice(free)
        there = self._habits.errand(body.person, self._dice)
        desk = Stop(0.0, body.area)
        yield from self._sets_out(body, Stop(0.0, there, "break"))
        self._after(_ERRAND_S, lambda: self._comes_back(body, there, desk))

    def _comes_back(self, body: _Body, there: str, desk: Stop) -> Iterator[Act]:
        # Unless the day had other plans meanwhile.
        if body.area == there and body.doing == "break" and body.goal is None:
            yield from self._sets_out(body, desk)

    def _setting_out(self, body: _Body, stop: Stop) -> Callable[[], Iterator[Act]]:
        return lambda: self._sets_out(body, stop)

    def _sets_out(self, body: _Body, stop: Stop) -> Iterator[Act]:
        if body.turned_away:
            return
        body.goal = stop
        if body.at_door is None and self._finds_way(body):
            self._walks(body, (1.0, 4.0))
        yield from ()

    def _finds_way(self, body: _Body) -> bool:
        """Plan the doors to the goal; False when there is nowhere to go."""
        assert body.goal is not None
        way = self._routes.find(body.area, body.goal.area, is_staff=body.person.kind == "staff")
        body.ahead = deque(way or ())
        if way:
            body.doing = "walking"
            return True
        if body.area == body.goal.area:
            body.doing = body.goal.doing
        body.goal = None
        return False

    def _walks(self, body: _Body, hands_s: tuple[float, float]) -> None:
        body.walk = walk = next(self._numbers)
        self._after(hands_s, lambda: self._moves_on(body, walk))

    def _moves_on(self, body: _Body, walk: int) -> Iterator[Act]:
        if body.walk != walk:
            return
        while body.ahead and body.ahead[0].door is None:
            body.area = body.ahead.popleft().into
        if body.ahead:
            yield from self._queues_up(body, body.ahead[0])
        elif body.goal is not None:
            body.doing = body.goal.doing
            body.goal = None
            yield from self._begins(body)

    @staticmethod
    def _begins(body: _Body) -> Iterator[Act]:
        if body.doing == "podcast":
            yield PressButton(body.area)

    # --- at a door --------------------------------------------------------------------------------

    def _queues_up(self, body: _Body, passage: Passage) -> Iterator[Act]:
        assert passage.door is not None
        body.at_door = passage.door
        body.tries = 0
        queue = self._queues.setdefault(passage.door.id, deque())
        queue.append(body)
        if len(queue) == 1:
            yield from self._stands_before(body)

    def _stands_before(self, body: _Body) -> Iterator[Act]:
        """It is this person's turn at the door."""
        door = body.at_door
        if door is None:
            return
        body.tries += 1
        if body.tries > _TRIES:
            yield from self._gives_up(body)
        elif body.ahead[0].inward:
            yield from self._taps(body, door, door.badge_reader, "in")
        elif door.reader_out is not None and body.tries == 1 and self._dice.random() < _TAPS_OUT:
            yield from self._taps(body, door, door.reader_out, "out")
        else:
            yield PressExit(door)
            self._push_soon(body)

    def _taps(self, body: _Body, door: Door, device: str, direction: str) -> Iterator[Act]:
        body.question = question = next(self._numbers)
        self._after(_PATIENCE_S, lambda: self._loses_patience(body, question))
        yield Tap(body.person, door, device, direction)

    def _loses_patience(self, body: _Body, question: int) -> Iterator[Act]:
        if body.question == question:
            body.question = 0
            yield from self._refused(body)

    def _refused(self, body: _Body) -> Iterator[Act]:
        if body.ahead and not body.ahead[0].inward:
            # There is always the handle.
            yield from self._stands_before(body)
        elif body.tries < 2 and self._dice.random() < _TRIES_AGAIN:
            self._after((3.0, 6.0), lambda: self._stands_before(body))
        else:
            yield from self._gives_up(body)

    def _gives_up(self, body: _Body) -> Iterator[Act]:
        """Stay on this side; at the street that means going home, inside only that this stop is off."""
        door = body.at_door
        body.at_door = None
        body.ahead.clear()
        body.goal = None
        body.turned_away = body.area == OUTSIDE
        body.doing = "away" if body.turned_away else "desk"
        if door is not None:
            yield from self._next_please(door, body)

    def _push_soon(self, body: _Body) -> None:
        body.push = push = next(self._numbers)
        self._after(_REACH_S, lambda: self._pushes(body, push))

    def _pushes(self, body: _Body, push: int) -> Iterator[Act]:
        door = body.at_door
        if body.push != push or door is None:
            return
        self._after(_PASS_S, lambda: self._is_through(body, push))
        yield MoveLeaf(door, True, body.person, inward=body.ahead[0].inward)

    def _is_through(self, body: _Body, push: int) -> Iterator[Act]:
        door = body.at_door
        if body.push != push or door is None:
            return
        body.push = 0
        body.at_door = None
        body.area = body.ahead.popleft().into
        body.doing = "walking"
        propped = self._dice.random() < _PROPS
        self._after(_PROPPED_S if propped else _CLOSER_S, lambda: self._falls_shut(door, body))
        if body.goal is not None and self._finds_way(body):
            self._walks(body, _WALK_S)
        yield from self._begins(body)

    def _falls_shut(self, door: Door, body: _Body) -> Iterator[Act]:
        self._after(_BOLT_S, lambda: self._next_please(door, body))
        yield MoveLeaf(door, False)

    def _next_please(self, door: Door, body: _Body) -> Iterator[Act]:
        queue = self._queues.get(door.id)
        if not queue or queue[0] is not body:
            return
        queue.popleft()
        if queue:
            yield from self._stands_before(queue[0])


def _place(queue: Iterable[_Body], body: _Body) -> int:
    return next((place for place, other in enumerate(queue) if other is body), 0)
