"""What the air says: whether it is good, and whether somebody breathes it, by its level and by its slope.

People give off CO2 at a known rate, so how fast it gathers in a room of known size tells how many they are, long
before the level does; and a level that falls is what those have left behind who are gone.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from controller.domain.building import Point, Room
from controller.domain.rooms.readings import Reading, over


class Air(StrEnum):
    GOOD = "good"
    STUFFY = "stuffy"
    BAD = "bad"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Breath:
    """Whether the air says that somebody is in, and how many; None: it cannot tell."""

    breathing: bool | None
    people: int | None
    words: str
    is_clear: bool = False  # by its slope; a level alone is slow, and one person in a hall does not raise it


# How far CO2 must fall back below a limit before the level changes again.
MARGIN_PPM = 75.0
BAD_FACTOR = 1.5
OUTSIDE_PPM = 420.0
# Below this the difference may be the street's traffic or the sensor's drift.
OCCUPIED_PPM = 200.0

TRAIL_S = 600.0
"""How far back the slope looks: less, and it is the sensor's noise; more, and people have come and gone meanwhile."""

# A line through fewer points, or a shorter time, is a guess about two numbers.
TRAIL_POINTS = 4
TRAIL_SPAN_S = 180.0
# ppm a minute. An ordinary sensor trembles by some 10 ppm: over ten minutes that is a slope of about one.
CLEAR_SLOPE = 2.0
# One person at a desk gives off 18 litres of CO2 an hour: so many ppm in one cubic metre, a minute.
PPM_M3_PER_MINUTE = 18_000.0 / 60
CEILING_M = 2.7


def air_of(room: Room, co2: float | None, before: Air) -> Air:
    """How good it is, by the room's own limit."""
    if co2 is None:
        return Air.UNKNOWN
    if over(co2, room.co2_limit_ppm * BAD_FACTOR, MARGIN_PPM, was=before is Air.BAD):
        return Air.BAD
    was_stuffy = before in (Air.STUFFY, Air.BAD)
    return Air.STUFFY if over(co2, room.co2_limit_ppm, MARGIN_PPM, was=was_stuffy) else Air.GOOD


def breath(
    room: Room, co2: float, slope: float | None, volume: float | None, *, window_open: bool, was: bool
) -> Breath:
    """What the air says of people. `slope` in ppm a minute, `volume` in m³; `was`: it said so before."""
    excess = co2 - OUTSIDE_PPM
    level = f"CO₂ is {excess:.0f} ppm above the air outside"
    if slope is not None and slope >= CLEAR_SLOPE:
        words = f"CO₂ rises by {slope:.0f} ppm a minute"
        return Breath(True, _people(room, excess, slope, volume), words, is_clear=True)
    if window_open:
        # What is blown away says nothing of who is left.
        return Breath(None, None, f"{level}, with a window open")
    if slope is not None and slope <= -CLEAR_SLOPE:
        words = f"CO₂ falls by {-slope:.0f} ppm a minute"
        rest = _gathering(room, excess, slope, volume)
        # It falls while people sit there too, where fewer are left than came: only then more goes in than nothing.
        if rest is None or rest < 1:
            return Breath(False, 0, words, is_clear=True)
        return Breath(True, round(rest), f"{level}, though it falls")
    breathing = over(excess, OCCUPIED_PPM, MARGIN_PPM, was=was)
    return Breath(breathing, _people(room, excess, None, volume) if breathing else 0, level)


def slope_of(readings: Iterable[Reading]) -> float | None:
    """The steepest clear line through the last minutes of any of these sensors, in ppm a minute; None: too little."""
    slopes = [slope for reading in readings if (slope := _line(reading.trail)) is not None]
    return max(slopes, key=abs, default=None)


def volume_of(outline: Sequence[Point]) -> float | None:
    """The air of an area drawn so, under an ordinary ceiling; None where nothing is drawn."""
    twice = sum(x * next_y - next_x * y for (x, y), (next_x, next_y) in zip(outline, _turned(outline), strict=True))
    return abs(twice) / 2 * CEILING_M or None


def _turned(outline: Sequence[Point]) -> list[Point]:
    return [*outline[1:], *outline[:1]]


def _line(trail: Sequence[tuple[float, float]]) -> float | None:
    """Least squares."""
    points = [(-age / 60, ppm) for age, ppm in trail if age <= TRAIL_S]
    if len(points) < TRAIL_POINTS or (points[-1][0] - points[0][0]) * 60 < TRAIL_SPAN_S:
        return None
    middle = sum(at for at, _ in points) / len(points)
    level = sum(ppm for _, ppm in points) / len(points)
    return sum((at - middle) * (ppm - level) for at, ppm in points) / sum((at - middle) ** 2 for at, _ in points)


def _people(room: Room, excess: float, slope: float | None, volume: float | None) -> int | None:
    gathering = _gathering(room, excess, slope, volume)
    return max(1, round(gathering)) if gathering is not None else None


def _gathering(room: Room, excess: float, slope: float | None, volume: float | None) -> float | None:
    """How many people make up for what the ventilation takes away, and for what gathers beside that.

    A room at its own CO2 limit, and neither rising nor falling, is taken to be full: so good is its ventilation.
    """
    if room.seats <= 0:
        return None
    steady = excess * room.seats / max(room.co2_limit_ppm - OUTSIDE_PPM, 1.0)
    if slope is None or volume is None:
        return steady
    return steady + slope * volume / PPM_M3_PER_MINUTE
