"""Who seems to be in a room: an estimate with its quality and its reason, from all that can tell.

Four can: a sensor that counts heads, one that feels people, the doors, the air. They may disagree; then the reason says
so in words, and the page with it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from controller.domain.rooms.air import Breath
from controller.domain.rooms.readings import Reading, in_words, numbers


class Quality(StrEnum):
    """How an occupancy is known."""

    COUNTED = "counted"  # heads, by a sensor or at the doors
    SENSED = "sensed"  # a sensor that feels somebody; how many is a guess
    ESTIMATED = "estimated"  # from the air alone, from doors that anybody may use, or against a sensor
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Occupancy:
    """An estimate, never negative. `occupied` may be known where the number of people is not."""

    occupied: bool | None = None
    people: int | None = None
    quality: Quality = Quality.UNKNOWN
    reason: str = "no sensor here feels people"
    disagrees: bool = False  # what can tell does not say the same


@dataclass(frozen=True, slots=True)
class AtDoors:
    """How many have come in by the room's doors and not left by them."""

    people: int
    quality: Quality = Quality.COUNTED


@dataclass(frozen=True, slots=True)
class Sensed:
    """Whether somebody is in a room now, for whoever must not act over people's heads."""

    occupied: bool | None = None  # None: nobody can say
    since: datetime | None = None  # when it became so, aware UTC
    last_motion_at: datetime | None = None  # when a sensor last felt somebody, aware UTC; None: none has
    quality: Quality = Quality.UNKNOWN


STILL_S = 600.0
"""So long nobody moves and somebody may sit there all the same: a sensor of motion alone is not believed before."""

_FEELS = frozenset({"occupancy", "presence"})
_MOTION = "motion"
FEELS_PEOPLE = _FEELS | {_MOTION}


@dataclass(frozen=True, slots=True)
class _Voice:
    """What one of the four says."""

    somebody: bool
    people: int | None
    quality: Quality
    words: str
    is_direct: bool = False  # it feels or sees people itself
    contradicts: bool = True  # it is worth telling where another says the opposite


def occupancy_of(
    live: Sequence[Reading], doors: AtDoors | None, air: Breath | None, silent_for: float | None = None
) -> Occupancy:
    """What all of them come to. `silent_for`: seconds since the last of the room's sensors spoke, where none does."""
    voices = [voice for voice in (_heads(live), _felt(live), _at_doors(doors), _breathed(air)) if voice is not None]
    silence = f"no sensor has spoken for {in_words(silent_for)}" if silent_for is not None else None
    if not voices:
        unsure = air.words if air is not None else Occupancy().reason
        return Occupancy(reason=silence or unsure)
    # Whoever feels people is believed before anybody who does not; of the others the best placed leads.
    lead = next((voice for voice in voices if voice.is_direct and voice.somebody), voices[0])
    others = [voice for voice in voices if voice.somebody is not lead.somebody and _contradicts(voice, lead)]
    quality = lead.quality
    if len(others) > 1 and not lead.somebody:
        # One sensor against two: it may be covered, or look the wrong way.
        lead, others = others[0], [lead]
        quality = Quality.ESTIMATED
    people = _how_many([voice for voice in voices if voice.somebody]) if lead.somebody else 0
    reason = lead.words
    if others:
        reason += ", though " + " and ".join(voice.words for voice in others)
    if silence is not None:
        reason += f"; {silence}"
    return Occupancy(lead.somebody, people, quality, reason, disagrees=bool(others))


def _how_many(voices: Sequence[_Voice]) -> int | None:
    """Heads where they are counted; else the most that anybody knows of: a badge may let in two, a sensor feels one."""
    if voices[0].quality is Quality.COUNTED and voices[0].is_direct:
        return voices[0].people
    return max((voice.people for voice in voices if voice.people is not None), default=None)


def _heads(live: Sequence[Reading]) -> _Voice | None:
    counts = numbers(live, "count")
    if not counts:
        return None
    people = max(0, round(sum(counts)))
    words = "people counted" if people else "nobody is counted"
    return _Voice(people > 0, people, Quality.COUNTED, words, is_direct=True)


def _felt(live: Sequence[Reading]) -> _Voice | None:
    feeling = [reading for reading in live if reading.device_class in _FEELS]
    moving = [reading for reading in live if reading.device_class == _MOTION]
    if any(reading.value for reading in (*feeling, *moving)):
        return _Voice(True, 1, Quality.SENSED, "somebody is sensed", is_direct=True)
    if feeling:
        return _Voice(False, 0, Quality.SENSED, "nobody is sensed", is_direct=True)
    if not moving:
        return None
    ages = [reading.yes_age_s for reading in moving if reading.yes_age_s is not None]
    if ages and min(ages) < STILL_S:
        return _Voice(True, 1, Quality.SENSED, f"somebody moved here {in_words(min(ages))} ago", is_direct=True)
    return _Voice(False, 0, Quality.SENSED, "nothing moves here", is_direct=True)


def _at_doors(doors: AtDoors | None) -> _Voice | None:
    if doors is None:
        return None
    if doors.people > 0:
        words = f"{doors.people} came in by its doors and have not left" if doors.people > 1 else _ONE_IN
        return _Voice(True, doors.people, doors.quality, words)
    # A count that may have missed somebody does not say that nobody is there.
    return _Voice(False, 0, doors.quality, _ALL_OUT) if doors.quality is Quality.COUNTED else None


_ONE_IN = "somebody came in by its doors and has not left"
_ALL_OUT = "by its doors nobody is in"


def _breathed(air: Breath | None) -> _Voice | None:
    if air is None or air.breathing is None:
        return None
    return _Voice(air.breathing, air.people, Quality.ESTIMATED, air.words, contradicts=air.is_clear or air.breathing)


def _contradicts(voice: _Voice, lead: _Voice) -> bool:
    """Air in which nobody seems to breathe is no argument against somebody who is felt, nor a level against a door."""
    return voice.contradicts and not (lead.is_direct and voice.quality is Quality.ESTIMATED and not voice.somebody)
