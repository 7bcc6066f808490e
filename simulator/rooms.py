"""The rooms of a building over time: air, warmth, windows, talk.

How many people are where is the world's affair and handed in; the formulae are in `physics`.
"""

import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from simulator.building import Building
from simulator.instruments import RoomTruth
from simulator.physics import Climate, Shape, background_db, breathe, light_lx, sound_db

# Air moves on in whole steps, so that the same day is the same however it is cut.
_STEP_S = 60.0
# Share of the time somebody talks, by what they do there; somebody always in a meeting or podcast. Guesses, made so
# that an open office has the 50 to 60 dB(A) that ISO 22955 reports of them.
_TALKS = {"meeting": 0.2, "podcast": 0.5, "break": 0.3, "talk": 0.02, "desk": 0.05}
_TALKS_OTHERWISE = 0.05
_SOMEBODY_SPEAKS = ("meeting", "podcast", "talk")
# They are on their feet, or lift a cup: what a sensor of motion sees for sure.
_MOVES = ("break", "walking")
# Somebody opens a window when the air is thick or hot, and closes it when it is fresh or cold.
_THICK_PPM, _FRESH_PPM = 1250.0, 650.0
_HOT_C, _COLD_C = 25.5, 20.0


@dataclass(slots=True)
class _Room:
    shape: Shape
    climate: Climate = field(default_factory=Climate)
    window_open: bool = False


class Rooms:
    def __init__(self, building: Building, seed: int, at: float) -> None:
        self._zone: ZoneInfo = building.zone
        self._seed = seed
        self._at = at
        self._rooms = {
            area.id: _Room(Shape(area.floor_m2, area.seats, windows=1.0 if area.kind else 0.0, kind=area.kind))
            for area in building.areas.values()
        }

    def live_to(self, to: float, inside: Mapping[str, int]) -> None:
        """As many people as now were in each room all along."""
        while self._at + _STEP_S <= to:
            self._at += _STEP_S
            hour = _hour(self._at, self._zone)
            for area, room in self._rooms.items():
                people = inside.get(area, 0)
                air = breathe(room.climate, room.shape, people, _STEP_S, hour, window_open=room.window_open)
                room.climate = air
                if room.window_open:
                    # The last one out closes it.
                    room.window_open = people > 0 and air.temperature_c > _COLD_C and air.co2_ppm > _FRESH_PPM
                else:
                    room.window_open = people > 0 and (air.co2_ppm > _THICK_PPM or air.temperature_c > _HOT_C)

    def truth(self, area: str, deeds: Mapping[str, int], clients: int = 0) -> RoomTruth:
        """What is true of an area now; `deeds`: how many in it do what, `clients`: devices on its access point."""
        room = self._rooms[area]
        people = sum(deeds.values())
        hour = _hour(self._at, self._zone)
        return RoomTruth(
            climate=room.climate,
            people=people,
            sound_db=sound_db(
                room.shape, self._talking(area, deeds, people), people=people, background=background_db(hour)
            ),
            light_lx=light_lx(room.shape, people, hour),
            window_open=room.window_open,
            moving=sum(deeds.get(deed, 0) for deed in _MOVES),
            clients=clients,
        )

    def _talking(self, area: str, deeds: Mapping[str, int], people: int) -> float:
        """How many talk at once in this minute, on average; the same minute gives the same number."""
        if not people:
            return 0.0
        talkers = sum(many * _TALKS.get(deed, _TALKS_OTHERWISE) for deed, many in deeds.items())
        if any(deeds.get(deed) for deed in _SOMEBODY_SPEAKS):
            talkers = max(1.0, talkers)
        # Talk comes and goes: a few people fall silent together, of many somebody always talks.
        steady = max(0.5, 2 * talkers)
        mood = random.Random(f"{self._seed}/{area}/{int(self._at // 60)}").gammavariate(steady, 1 / steady)
        return min(float(people), talkers * mood)


def _hour(at: float, zone: ZoneInfo) -> float:
    local = datetime.fromtimestamp(at, zone)
    return local.hour + local.minute / 60
