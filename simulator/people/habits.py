"""How people spend a day, by what they hold: when they come, where they sit, when they meet, eat and leave.

A day is a list of stops, decided by seed, person and date alone; walking there and being refused on the
way is the world's affair. Minutes are of the building's local day.
"""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from simulator.building import OUTSIDE, Building
from simulator.people.characters import characters_of, covers, lifestyle
from simulator.people.meetings import FRI, MON, SAT, SUN, THU, TUE, WED, Meetings
from simulator.people.person import SimPerson

# How likely somebody of this style comes on a weekday, a Saturday, a Sunday or holiday.
_COMES = {
    "staff": (0.9, 0.25, 0.05), "day": (0.45, 0.2, 0.0), "part": (0.9, 0.1, 0.05), "full": (0.82, 0.15, 0.08),
    "team": (0.92, 0.3, 0.2), "cohort": (0.95, 0.25, 0.1), "visiting": (0.35, 0.05, 0.0),
}  # fmt: skip
# When they come and go: mean and spread in minutes. Hosts open the house, freelancers come late in the morning.
_HOURS = {
    "staff": ((8 * 60 + 10, 15), (18 * 60, 25)), "day": ((10 * 60 + 25, 35), (16 * 60 + 50, 50)),
    "part": ((10 * 60 + 10, 35), (17 * 60 + 30, 50)), "full": ((9 * 60 + 30, 40), (18 * 60 + 10, 50)),
    "team": ((8 * 60 + 55, 25), (18 * 60 + 50, 70)), "cohort": ((8 * 60 + 50, 20), (18 * 60 + 30, 60)),
    "visiting": ((10 * 60, 30), (16 * 60, 60)),
}  # fmt: skip
_WANDERS = 0.08  # tries a door that is not in the plan
# The forgetful one, on every other day; of the others, one in two hundred days.
_FORGETS_OFTEN, _FORGETS = 0.5, 0.005
# At lunch some eat in the kitchen, some walk out, some stay where they sit.
_EATS_IN, _EATS_OUT = 0.32, 0.52
_PODCAST_AT = 15 * 60
# Outings before and after the working day: who goes on which days, and how likely.
_RUNS_ON = (MON, WED, FRI)
_TALK_ON = {"alumni": (THU,), "outsider": (THU,), "event": (TUE, WED, THU)}
_TALK = (18 * 60 + 30, 20 * 60 + 30)
_GOES_TO_TALK = {"alumni": 0.6, "outsider": 0.9, "event": 0.5}
_OUTING = frozenset({"hosted", *_TALK_ON})


@dataclass(frozen=True, slots=True)
class Stop:
    """From this minute on the person wants to be there."""

    minute: float
    area: str
    doing: str = "desk"  # desk, meeting, break, talk, podcast, smoke, leaving


class Habits:
    """The days of one building's people."""

    def __init__(self, building: Building, people: Sequence[SimPerson], seed: int) -> None:
        self._building = building
        self._seed = seed
        booth = next(iter(building.rooms("booth")), None)
        self._booth = booth.id if booth else None
        self._focus_rooms = [area.id for area in building.rooms("focus")]
        self._hosts_rooms = [
            door.inner
            for door in building.doors.values()
            if door.staff_only and building.areas[door.inner].kind == "office"
        ]
        self.characters = characters_of(building, people, seed)
        self.meetings = Meetings(building, people, seed)

    def day(self, person: SimPerson, day: date) -> tuple[Stop, ...]:
        """Where this person wants to be on this date, in order; empty when she stays away."""
        dice = random.Random(f"{self._seed}/{person.id}/{day}")
        style = lifestyle(person, self._building)
        is_holiday = day in self._building.holidays
        if style in _OUTING:
            return tuple(self._outing(person, style, day.weekday(), dice, is_holiday=is_holiday))
        # Nobody has a day off from their own weekdays; a holiday is like a Sunday.
        weekday = SUN if is_holiday else day.weekday()
        if dice.random() > self._chance(person, style, weekday):
            return ()
        return tuple(sorted(self._working_day(person, style, day, weekday, dice), key=lambda stop: stop.minute))

    def forgets_badge(self, person: SimPerson, day: date) -> bool:
        """Whether the badge lies at home on that day."""
        share = _FORGETS_OFTEN if person.id == self.characters.forgetful else _FORGETS
        is_member = lifestyle(person, self._building) not in _OUTING
        return is_member and random.Random(f"{self._seed}/{person.id}/{day}/badge").random() < share

    def errand(self, person: SimPerson, dice: random.Random) -> str:
        """Where a small errand leads: into the street, to the kitchen, or to have a word in a meeting room."""
        rooms = self._building.rooms("kitchen", "meeting", "focus")
        near = [room for room in rooms if covers(person, room, self._building)]
        if dice.random() < 0.45 or not near:
            return OUTSIDE
        return dice.choice(near).id

    def _chance(self, person: SimPerson, style: str, weekday: int) -> float:
        if weekday == THU and person.id in self.characters.podcasters:
            return 1.0
        on_weekday, saturday, sunday = _COMES[style]
        if style == "part" and weekday < SAT:
            plan = self._building.plans[person.plan]
            own = random.Random(f"{self._seed}/{person.id}/days").sample(range(5), min(5, plan.days_per_week or 2))
            return on_weekday if weekday in own else 0.03
        return saturday if weekday == SAT else sunday if weekday == SUN else on_weekday

    def _working_day(
        self, person: SimPerson, style: str, day: date, weekday: int, dice: random.Random
    ) -> Iterator[Stop]:
        (come, come_spread), (go, go_spread) = _HOURS[style]
        arrives = max(5 * 60.0, dice.gauss(come, come_spread))
        leaves = min(23 * 60.0, max(arrives + 120, dice.gauss(go, go_spread)))
        desk = self._desk(person, style, dice)
        if desk is None:
            return
        appointments = list(self._appointments(person, day, weekday))
        if appointments:
            # Nobody comes late to what stands in the calendar; at least not by much.
            arrives = min(arrives, min(stop.minute for stop, _ in appointments) - dice.uniform(16, 25))
        yield Stop(arrives, desk)
        taken: list[tuple[float, float]] = []
        for stop, minutes in (*appointments, *self._interruptions(person, dice)):
            ends = stop.minute + minutes
            free = all(ends + 5 <= start or stop.minute >= end + 5 for start, end in taken)
            if free and stop.minute > arrives + 15 and ends < leaves - 15:
                taken.append((stop.minute, ends))
                yield stop
                yield Stop(ends, desk)
        yield Stop(leaves, OUTSIDE, "leaving")

    def _appointments(self, person: SimPerson, day: date, weekday: int) -> Iterator[tuple[Stop, float]]:
        """What stands in the calendar, with how long it takes; the weightiest first."""
        if weekday == THU and self._booth and person.id in self.characters.podcasters:
            yield Stop(_PODCAST_AT - 4, self._booth, "podcast"), 64.0
        own = random.Random(f"{self._seed}/{person.id}/{day}/meeting")
        for meeting in self.meetings.of(person, day):
            come = meeting.begins + own.gauss(-1, 2.5)
            yield Stop(come, meeting.room, "meeting"), meeting.ends - come

    def _interruptions(self, person: SimPerson, dice: random.Random) -> Iterator[tuple[Stop, float]]:
        """What else may take somebody from the desk, with how long it takes."""
        kitchen = self._near(person, "kitchen", dice)
        eats = dice.random()
        lunch_at, lunch = dice.gauss(12 * 60 + 35, 20), dice.uniform(28, 55)
        if kitchen is not None and eats < _EATS_IN:
            yield Stop(lunch_at, kitchen, "break"), lunch
        elif eats < _EATS_IN + _EATS_OUT:
            yield Stop(lunch_at, OUTSIDE, "break"), lunch
        if person.id == self.characters.propper:
            for around in (11 * 60 + 20, 14 * 60 + 40, 16 * 60 + 40):
                yield Stop(dice.gauss(around, 10), OUTSIDE, "smoke"), dice.uniform(6, 9)
        for around in (10 * 60 + 40, 15 * 60 + 40, 9 * 60 + 50, 17 * 60):
            if kitchen is not None and dice.random() < 0.5:
                yield Stop(dice.gauss(around, 25), kitchen, "break"), dice.uniform(4, 12)
        if self._focus_rooms and dice.random() < 0.3:
            yield Stop(dice.uniform(9 * 60, 17 * 60), dice.choice(self._focus_rooms), "desk"), dice.uniform(20, 50)
        if dice.random() < _WANDERS:
            yield Stop(dice.uniform(10 * 60, 17 * 60), dice.choice(list(self._building.areas)), "desk"), 10.0
        if dice.random() < 0.25:
            # A call in the street, a parcel, some sun.
            yield Stop(dice.uniform(10 * 60, 17 * 60), OUTSIDE, "break"), dice.uniform(6, 20)

    def _outing(
        self, person: SimPerson, style: str, weekday: int, dice: random.Random, *, is_holiday: bool
    ) -> Iterator[Stop]:
        """Runners before breakfast, on holidays as well; alumni and guests of an evening talk, not then."""
        if style == "hosted":
            meet = self._near(person, None, dice)
            if weekday in _RUNS_ON and meet is not None and dice.random() < 0.65:
                yield Stop(dice.gauss(6 * 60 + 4, 2), meet, "break")
                yield Stop(6 * 60 + 12, OUTSIDE, "leaving")
                yield Stop(dice.gauss(6 * 60 + 56, 4), meet, "break")
                yield Stop(dice.gauss(7 * 60 + 20, 6), OUTSIDE, "leaving")
            return
        hall = next((area.id for area in self._building.rooms("classroom")), self._near(person, None, dice))
        is_on = weekday in _TALK_ON[style] and not is_holiday
        if is_on and hall is not None and dice.random() < _GOES_TO_TALK[style]:
            begins, ends = _TALK
            yield Stop(dice.gauss(begins - 10, 8), hall, "talk")
            yield Stop(dice.gauss(ends - 5, 8), OUTSIDE, "leaving")

    def _desk(self, person: SimPerson, style: str, dice: random.Random) -> str | None:
        if person.office in self._building.areas:
            return person.office
        if style == "staff" and self._hosts_rooms and dice.random() < 0.6:
            return dice.choice(self._hosts_rooms)
        if style == "staff":
            return self._near(person, None, dice)
        rooms = [room for room in self._building.rooms("open_space") if covers(person, room, self._building)]
        if not rooms:
            return self._near(person, None, dice)
        return dice.choices([room.id for room in rooms], [max(1, room.seats) for room in rooms])[0]

    def _near(self, person: SimPerson, kind: str | None, dice: random.Random) -> str | None:
        kinds = [kind] if kind else []
        rooms = [room.id for room in self._building.rooms(*kinds) if covers(person, room, self._building)]
        lobby = [room for room in rooms if self._building.areas[room].kind == "other"]
        choice = (lobby or rooms) if kind is None else rooms
        return dice.choice(choice) if choice else None
