"""One day of some rooms, minute by minute, without devices: what is true of them, not what a sensor reads."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from simulator.building import Area, Building
from simulator.entitled import guess
from simulator.people import SimPerson, make_outsiders
from simulator.world import World

_KINDS = ("open_space", "office", "meeting", "kitchen", "classroom")
# Sound is drawn as acousticians do: the energy mean of so many minutes.
SOUND_OVER_MINUTES = 15


@dataclass(slots=True)
class Curve:
    """One room; a value for each minute."""

    room: Area
    co2_ppm: list[float] = field(default_factory=list)
    people: list[int] = field(default_factory=list)
    sound_db: list[float] = field(default_factory=list)

    @property
    def mean_sound_db(self) -> list[float]:
        """The energy mean of a quarter of an hour around each minute."""
        energy = [10 ** (level / 10) for level in self.sound_db]
        half = SOUND_OVER_MINUTES // 2
        spans = (energy[max(0, minute - half) : minute + half + 1] for minute in range(len(energy)))
        return [10 * math.log10(sum(span) / len(span)) for span in spans]


@dataclass(slots=True)
class Curves:
    """A day of a building; `at` are local moments, one a minute."""

    building: Building
    at: list[datetime] = field(default_factory=list)
    inside: list[int] = field(default_factory=list)
    rooms: list[Curve] = field(default_factory=list)


def rooms_to_show(building: Building) -> list[Area]:
    """One of each kind that has people in it all day, or in waves; the largest of its kind, and of offices any."""
    found = [sorted(building.rooms(kind), key=lambda room: -room.seats)[:1] for kind in _KINDS]
    return [room for rooms in found for room in rooms] or building.rooms()[:4]


def curves(
    building: Building, people: Sequence[SimPerson], seed: int, start: datetime, rooms: Sequence[Area]
) -> Curves:
    """Live the day that begins at `start`, until the same hour of the next date."""
    admits = guess(building)
    world = World(building, [*people, *make_outsiders(building, seed)], seed, start, admits=admits)
    drawn = Curves(building, rooms=[Curve(room) for room in rooms])
    for at in _minutes(start):
        world.live(at.timestamp(), lambda tap, at=at: tap.direction == "out" or admits(tap.person, tap.door, at))  # type: ignore[misc]  # this minute's
        drawn.at.append(at)
        drawn.inside.append(sum(world.whereabouts().values()))
        for curve in drawn.rooms:
            truth = world.room(curve.room.id)
            curve.co2_ppm.append(truth.climate.co2_ppm)
            curve.people.append(truth.people)
            curve.sound_db.append(truth.sound_db)
    return drawn


def _minutes(start: datetime) -> Iterator[datetime]:
    """Real minutes: two days of the year have an hour of them less or more."""
    end = datetime.combine(start.date() + timedelta(days=1), start.time(), start.tzinfo).timestamp()
    for minute in range(int((end - start.timestamp()) // 60)):
        yield datetime.fromtimestamp(start.timestamp() + 60 * minute, start.tzinfo)
