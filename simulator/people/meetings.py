"""The meetings of a day: who meets whom, when and in which room, and which of them nobody comes to.

No two have one room at a time, as in a calendar that refuses it. A day is decided by seed, people and date alone.
"""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from simulator.building import Area, Building
from simulator.people.characters import covers, lifestyle
from simulator.people.person import SimPerson

MON, TUE, WED, THU, FRI, SAT, SUN = range(7)
_MEET = frozenset({"team", "full", "part", "cohort"})
_CIRCLE = 5  # neighbours in the list who meet each other, where no team is said
_MEETS_TODAY = 0.55
# Teams start the week together, one after the other as rooms allow.
_MONDAY_SLOTS = (9 * 60 + 30, 10 * 60, 10 * 60 + 30, 11 * 60)
_SLOTS = (10 * 60, 11 * 60, 14 * 60, 15 * 60, 16 * 60)
_LENGTHS = (28, 45, 55)
# A workshop of the whole cohort, in the classroom.
_WORKSHOP_ON, _WORKSHOP = WED, (10 * 60, 12 * 60)
_LARGE = 12  # people; more than that is no team but a cohort
# Of bookings, so many see nobody. Room-booking vendors speak of a third; they sell the remedy.
NOBODY_COMES = 0.12


@dataclass(frozen=True, slots=True)
class Meeting:
    """One booking of a room, in minutes of the local day. `is_no_show`: it is booked, and nobody comes."""

    room: str
    begins: int
    ends: int
    circle: str
    people: tuple[str, ...]
    is_no_show: bool = False

    @property
    def host(self) -> str:
        return self.people[0]

    def overlaps(self, room: str, begins: int, ends: int) -> bool:
        # Five minutes to get out of each other's way.
        return self.room == room and begins < self.ends + 5 and self.begins < ends + 5


class Meetings:
    def __init__(self, building: Building, people: Sequence[SimPerson], seed: int) -> None:
        self._building = building
        self._seed = seed
        self._rooms = building.rooms("meeting")
        self._large = building.rooms("classroom")
        circles: dict[str, list[SimPerson]] = {}
        for place, person in enumerate(people):
            if lifestyle(person, building) in _MEET:
                circles.setdefault(person.team or f"circle {place // _CIRCLE}", []).append(person)
        # Teams choose first; one alone is no meeting.
        self._circles = {
            circle: members
            for circle, members in sorted(circles.items(), key=lambda one: not one[1][0].team)
            if len(members) > 1
        }
        self.on = lru_cache(maxsize=4)(self._on)

    def of(self, person: SimPerson, day: date) -> Iterator[Meeting]:
        """Those this person goes to: not the ones that nobody does."""
        return (meeting for meeting in self.on(day) if person.id in meeting.people and not meeting.is_no_show)

    def _on(self, day: date) -> tuple[Meeting, ...]:
        """All that are booked for this day; none on weekends and holidays."""
        if day.weekday() >= SAT or day in self._building.holidays:
            return ()
        booked: list[Meeting] = []
        for circle, members in self._circles.items():
            meeting = self._one(circle, members, day, booked)
            if meeting is not None:
                booked.append(meeting)
        return tuple(sorted(booked, key=lambda meeting: (meeting.begins, meeting.room)))

    def _one(self, circle: str, members: list[SimPerson], day: date, booked: list[Meeting]) -> Meeting | None:
        """One meeting a day at most."""
        dice = random.Random(f"{self._seed}/{circle}/{day}")
        is_team = bool(members[0].team)
        if len(members) > _LARGE and self._large:
            begins, ends = _WORKSHOP
            if day.weekday() != _WORKSHOP_ON:
                return None
            return self._booked(circle, members, self._large, [begins], ends - begins, booked, is_no_show=False)
        if dice.random() > (1.0 if is_team and day.weekday() == MON else _MEETS_TODAY):
            return None
        slots = _MONDAY_SLOTS if is_team and day.weekday() == MON else tuple(dice.sample(_SLOTS, len(_SLOTS)))
        rooms = dice.sample(self._rooms, len(self._rooms))
        length = dice.choice(_LENGTHS)
        return self._booked(circle, members, rooms, slots, length, booked, is_no_show=dice.random() < NOBODY_COMES)

    def _booked(
        self, circle: str, members: list[SimPerson], rooms: Sequence[Area], slots: Sequence[int], length: int,
        booked: list[Meeting], *, is_no_show: bool,
    ) -> Meeting | None:  # fmt: skip
        for begins in slots:
            for room in rooms:
                allowed = tuple(one.id for one in members if covers(one, room, self._building))
                is_free = not any(other.overlaps(room.id, begins, begins + length) for other in booked)
                if is_free and allowed and room.seats >= min(len(allowed), _LARGE):
                    return Meeting(room.id, begins, begins + length, circle, allowed, is_no_show)
        return None
