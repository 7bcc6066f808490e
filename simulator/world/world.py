"""A building and its people, from a moment on: days begin, people set out, rooms breathe.

`advance` lives up to a moment and returns what hands did on the way (`Act`); the answer to a tap comes back through
`answered`. Moments are epoch seconds on the world's own calendar, which need not be today's.
"""

import random
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime, time, timedelta

from simulator.acts import Act, Judge, Tap
from simulator.building import OUTSIDE, Building
from simulator.entitled import Guess
from simulator.instruments import RoomTruth
from simulator.people import SimPerson
from simulator.people.habits import Habits, Stop
from simulator.people.meetings import Meetings
from simulator.rooms import Rooms
from simulator.routes import Routes
from simulator.wifi import Wifi
from simulator.world.agenda import Agenda
from simulator.world.crowd import Body, Crowd, Seen
from simulator.world.doorways import Doorways
from simulator.world.walking import Walkers

# The day begins when the last night owl has left: the business day's usual cut-off.
DAY_STARTS = time(4, 0)
_HOUR_S = 3600.0
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


class World:
    """`pace`: how much faster than hands the world's clock runs. Doors and hands keep real time at any pace,
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
        self._dice = random.Random(f"world/{seed}")
        self._crowd = Crowd(people)
        self._start = start.timestamp()
        self._agenda = Agenda(self._morning(start), self._dice)
        routes = Routes(building)
        self._walkers = Walkers(self._agenda, self._crowd, routes, lambda: self._doorways)
        self._doorways = Doorways(
            self._agenda, self._crowd, self._habits.characters, self._walkers.passed, self._walkers.stayed
        )
        self._rooms = Rooms(building, seed, self._agenda.now)
        self._wifi = Wifi(building, routes)
        # The morning before the start is a rehearsal: nobody taps on real devices, the guess answers.
        self._is_rehearsal = True
        self._agenda.soon(self._begin_day)
        self.live(self._start, lambda tap: tap.direction == "out" or admits(tap.person, tap.door, self._local()))
        self._is_rehearsal = False
        self._agenda.pace = pace
        self._agenda.after(_ERRAND_EVERY_S, self._somebody_has_an_errand)

    # --- what the world is asked ------------------------------------------------------------------

    @property
    def now(self) -> float:
        return self._agenda.now

    @property
    def next_due(self) -> float:
        """When something happens next if nobody interferes."""
        due = self._agenda.next_due
        return due if due is not None else self._agenda.now + _HOUR_S

    @property
    def meetings(self) -> Meetings:
        """What stands in the calendar of the rooms, for whoever books it."""
        return self._habits.meetings

    def advance(self, to: float) -> list[Act]:
        """Live on until then and tell what hands did; a moment already past changes nothing."""
        return [act for _, act in self._live(to, None)]

    def live(self, to: float, judge: Judge) -> list[tuple[float, Act]]:
        """The same without a broker: `judge` answers each tap at once. Acts come with their moments."""
        return self._live(to, judge)

    def answered(self, person_id: str, granted: bool) -> None:
        """What the reader showed this person, or (not granted) that the door she pushed did not give."""
        body = self._crowd.bodies.get(person_id)
        if body is not None:
            self._doorways.answered(body, granted)

    def whereabouts(self) -> Counter[str]:
        """How many are in each area; outside is not counted."""
        return +Counter(self._crowd.heads)

    def everyone(self) -> Iterator[Seen]:
        """Where each person is, in the order they were given, for who looks on; those at home are not seen."""
        return self._crowd.everyone(self._doorways.queues)

    def room(self, area: str) -> RoomTruth:
        """What is true of an area now."""
        clients = self._wifi.clients(area, self._crowd.heads)
        return self._rooms.truth(area, self._crowd.deeds(area), clients)

    # --- time -------------------------------------------------------------------------------------

    def _live(self, to: float, judge: Judge | None) -> list[tuple[float, Act]]:
        acts: list[tuple[float, Act]] = []
        while (due := self._agenda.next_due) is not None and due <= to:
            # Before anybody moves: as many as now were in each room until then.
            self._rooms.live_to(due, self._crowd.heads)
            happens = self._agenda.due(to)
            assert happens is not None
            for act in happens():
                acts.append((self.now, act))
                if judge is not None and isinstance(act, Tap):
                    self.answered(act.person.id, judge(act))
        self._rooms.live_to(to, self._crowd.heads)
        self._agenda.now = max(self.now, to)
        return acts

    def _local(self) -> datetime:
        return datetime.fromtimestamp(self.now, self._zone)

    def _morning(self, at: datetime) -> float:
        local = at.astimezone(self._zone)
        day = local.date() if local.time() >= DAY_STARTS else local.date() - timedelta(days=1)
        return datetime.combine(day, DAY_STARTS, self._zone).timestamp()

    # --- days and errands -------------------------------------------------------------------------

    def _begin_day(self) -> Iterator[Act]:
        today = datetime.fromtimestamp(self.now + 60, self._zone).date()
        tomorrow = datetime.combine(today + timedelta(days=1), DAY_STARTS, self._zone)
        self._agenda.at(tomorrow.timestamp(), self._begin_day)
        midnight = datetime.combine(today, time(0, 0), self._zone)
        days: list[tuple[float, Body, Stop]] = []
        for body in self._crowd.bodies.values():
            body.turned_away = False
            body.has_badge = not self._habits.forgets_badge(body.person, today)
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
                self._agenda.at(moment, self._walkers.setting_out(body, stop))
        days.sort(key=lambda arrival: arrival[0], reverse=True)
        for place, (moment, body, stop) in enumerate(days):
            delayed = self._start + 1 + (place + self._dice.random() / 2) * _LATECOMERS_WITHIN_S / _LATECOMERS
            self._agenda.at(delayed if place < _LATECOMERS else moment, self._walkers.setting_out(body, stop))
        yield from ()

    def _somebody_has_an_errand(self) -> Iterator[Act]:
        self._agenda.after(_ERRAND_EVERY_S, self._somebody_has_an_errand)
        if not _ERRANDS_FROM <= self._local().time() <= _ERRANDS_TO:
            return
        free = [body for body in self._crowd.bodies.values() if body.doing == "desk" and body.area != OUTSIDE]
        if not free:
            return
        body = self._dice.choice(free)
        there = self._habits.errand(body.person, self._dice)
        desk = Stop(0.0, body.area)
        yield from self._walkers.sets_out(body, Stop(0.0, there, "break"))
        self._agenda.after(_ERRAND_S, lambda: self._comes_back(body, there, desk))

    def _comes_back(self, body: Body, there: str, desk: Stop) -> Iterator[Act]:
        # Unless the day had other plans meanwhile.
        if body.area == there and body.doing == "break" and body.goal is None:
            yield from self._walkers.sets_out(body, desk)
