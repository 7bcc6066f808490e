"""How people spend a day, by what they hold: when they come, where they sit, when they meet, eat and leave.

A day is a list of stops, decided by seed, person and date alone; walking there and being refused on the
way is the world's affair. Minutes are of the building's local day.
"""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from simulator.building import OUTSIDE, Area, Building
from simulator.entitled import owes_too_much
from simulator.people import SimPerson, style_of

MON, TUE, WED, THU, FRI, SAT, SUN = range(7)
# How likely somebody of this style comes on a weekday, a Saturday, a Sunday.
_COMES = {
    "staff": (0.9, 0.25, 0.05), "day": (0.45, 0.2, 0.0), "part": (0.9, 0.1, 0.05), "full": (0.82, 0.15, 0.08),
    "team": (0.92, 0.3, 0.2), "cohort": (0.95, 0.25, 0.1), "visiting": (0.35, 0.05, 0.0),
}  # fmt: skip
# When they come and go: mean and spread in minutes. Freelancers are late, hosts open the house.
_HOURS = {
    "staff": ((8 * 60 + 10, 15), (18 * 60, 25)), "day": ((10 * 60 + 20, 40), (16 * 60 + 50, 50)),
    "part": ((9 * 60 + 45, 35), (17 * 60 + 30, 50)), "full": ((9 * 60 + 10, 35), (18 * 60 + 10, 50)),
    "team": ((9 * 60, 40), (18 * 60 + 50, 70)), "cohort": ((8 * 60 + 50, 20), (18 * 60 + 30, 60)),
    "visiting": ((10 * 60, 30), (16 * 60, 60)),
}  # fmt: skip
_MEETING_SLOTS = (10 * 60, 11 * 60, 14 * 60, 15 * 60, 16 * 60)
_CIRCLE = 5  # people who meet each other
_WANDERS = 0.02  # tries a door that is not in the plan


@dataclass(frozen=True, slots=True)
class Stop:
    """From this minute on the person wants to be there."""

    minute: float
    area: str
    doing: str = "desk"  # desk, meeting, break, talk, podcast


class Habits:
    """The days of one building's people."""

    def __init__(self, building: Building, people: Sequence[SimPerson], seed: int) -> None:
        self._building = building
        self._seed = seed
        self._places = {person.id: place for place, person in enumerate(people)}
        self._meeting_rooms = [area.id for area in building.rooms("meeting")]
        self._focus_rooms = [area.id for area in building.rooms("focus")]
        booth = next(iter(building.rooms("booth")), None)
        self._booth = booth.id if booth else None
        # A host and a guest at two microphones, every Thursday at three.
        may = [person for person in people if booth and self.style(person) == "full" and self._covers(person, booth)]
        self._podcasters = set(
            [person.id for person in may if person.is_in_good_standing and not owes_too_much(person, building)][:2]
        )
        self._hosts_rooms = [
            door.inner
            for door in building.doors.values()
            if door.staff_only and building.areas[door.inner].kind == "office"
        ]

    def style(self, person: SimPerson) -> str:
        plan = self._building.plans.get(person.plan)
        return "staff" if person.kind == "staff" else style_of(plan) if plan else "full"

    def day(self, person: SimPerson, day: date) -> tuple[Stop, ...]:
        """Where this person wants to be on this date, in order; empty when she stays away."""
        dice = random.Random(f"{self._seed}/{person.id}/{day}")
        style = self.style(person)
        weekday = MON if day in self._building.holidays else day.weekday()
        if style in ("alumni", "event", "hosted"):
            return tuple(self._outing(person, style, weekday, dice))
        if dice.random() > self._chance(person, style, weekday):
            return ()
        return tuple(sorted(self._working_day(person, style, day, weekday, dice), key=lambda stop: stop.minute))

    def errand(self, person: SimPerson, dice: random.Random) -> str:
        """Where a small errand leads: into the street, to the kitchen, or to have a word in a meeting room."""
        near = [room for room in self._building.rooms("kitchen", "meeting", "focus") if self._covers(person, room)]
        if dice.random() < 0.45 or not near:
            return OUTSIDE
        return dice.choice(near).id

    def _chance(self, person: SimPerson, style: str, weekday: int) -> float:
        if weekday == THU and person.id in self._podcasters:
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
        yield Stop(arrives, desk)
        taken: list[tuple[float, float]] = []
        for stop, minutes in self._interruptions(person, style, day, weekday, dice):
            ends = stop.minute + minutes
            free = all(ends + 5 <= start or stop.minute >= end + 5 for start, end in taken)
            if free and stop.minute > arrives + 15 and ends < leaves - 15:
                taken.append((stop.minute, ends))
                yield stop
                yield Stop(ends, desk)
        yield Stop(leaves, OUTSIDE, "leaving")

    def _interruptions(
        self, person: SimPerson, style: str, day: date, weekday: int, dice: random.Random
    ) -> Iterator[tuple[Stop, float]]:
        """What may take somebody from the desk, the weightiest first, with how long it takes."""
        if weekday == THU and self._booth and person.id in self._podcasters:
            yield Stop(15 * 60 - 4, self._booth, "podcast"), 64.0
        meeting = self._meeting(person, style, day, weekday)
        if meeting is not None:
            yield meeting
        kitchen = self._near(person, "kitchen", dice)
        lunch = kitchen if kitchen is not None and dice.random() < 0.55 else OUTSIDE
        yield Stop(dice.gauss(12 * 60 + 30, 22), lunch, "break"), dice.uniform(25, 50)
        for around in (10 * 60 + 40, 15 * 60 + 40, 9 * 60 + 50, 17 * 60):
            if kitchen is not None and dice.random() < 0.5:
                yield Stop(dice.gauss(around, 25), kitchen, "break"), dice.uniform(4, 12)
        if self._focus_rooms and dice.random() < 0.3:
            yield Stop(dice.uniform(9 * 60, 17 * 60), dice.choice(self._focus_rooms), "desk"), dice.uniform(20, 50)
        if dice.random() < _WANDERS * 4:
            yield Stop(dice.uniform(10 * 60, 17 * 60), dice.choice(list(self._building.areas)), "desk"), 10.0
        if dice.random() < 0.25:
            # A call in the street, a parcel, some sun.
            yield Stop(dice.uniform(10 * 60, 17 * 60), OUTSIDE, "break"), dice.uniform(6, 20)

    def _meeting(self, person: SimPerson, style: str, day: date, weekday: int) -> tuple[Stop, float] | None:
        """One meeting a day at most, with those one belongs to: the team, else the neighbours in the list."""
        if style not in ("team", "full", "part", "cohort") or weekday >= SAT or not self._meeting_rooms:
            return None
        circle = person.team or str(self._places[person.id] // _CIRCLE)
        dice = random.Random(f"{self._seed}/{circle}/{day}")
        # Teams start the week together.
        if dice.random() > (1.0 if person.team and weekday == MON else 0.55):
            return None
        slot = 10 * 60 if person.team and weekday == MON else dice.choice(_MEETING_SLOTS)
        room = dice.choice(self._meeting_rooms)
        own = random.Random(f"{self._seed}/{person.id}/{day}/meeting")
        return Stop(slot + own.gauss(-1, 2.5), room, "meeting"), dice.choice((28.0, 45.0, 55.0))

    def _outing(self, person: SimPerson, style: str, weekday: int, dice: random.Random) -> Iterator[Stop]:
        """Runners before breakfast, alumni and guests of an evening talk."""
        if style == "hosted":
            meet = self._near(person, None, dice)
            if weekday in (MON, WED, FRI) and meet is not None and dice.random() < 0.65:
                yield Stop(dice.gauss(6 * 60 + 4, 2), meet, "break")
                yield Stop(6 * 60 + 12, OUTSIDE, "leaving")
                yield Stop(dice.gauss(6 * 60 + 56, 4), meet, "break")
                yield Stop(dice.gauss(7 * 60 + 20, 6), OUTSIDE, "leaving")
            return
        talks = (THU,) if style == "alumni" else (TUE, WED, THU)
        hall = next((area.id for area in self._building.rooms("classroom")), self._near(person, None, dice))
        if weekday in talks and hall is not None and dice.random() < 0.5:
            yield Stop(dice.gauss(18 * 60 + 20, 9), hall, "talk")
            yield Stop(dice.gauss(20 * 60 + 25, 8), OUTSIDE, "leaving")

    def _desk(self, person: SimPerson, style: str, dice: random.Random) -> str | None:
        if person.office in self._building.areas:
            return person.office
        if style == "staff" and self._hosts_rooms and dice.random() < 0.6:
            return dice.choice(self._hosts_rooms)
        if style == "staff":
            return self._near(person, None, dice)
        rooms = [room for room in self._building.rooms("open_space") if self._covers(person, room)]
        if not rooms:
            return self._near(person, None, dice)
        return dice.choices([room.id for room in rooms], [max(1, room.seats) for room in rooms])[0]

    def _near(self, person: SimPerson, kind: str | None, dice: random.Random) -> str | None:
        rooms = [room.id for room in self._building.rooms(*([kind] if kind else [])) if self._covers(person, room)]
        lobby = [room for room in rooms if self._building.areas[room].kind == "other"]
        choice = (lobby or rooms) if kind is None else rooms
        return dice.choice(choice) if choice else None

    def _covers(self, person: SimPerson, area: Area) -> bool:
        plan = self._building.plans.get(person.plan)
        return plan is None or area.id in plan.areas
