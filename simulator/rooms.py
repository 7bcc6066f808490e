"""The rooms of a building over time: air, warmth, windows, talk.

How many people are where is the world's affair and handed in; the formulae are in `physics`.
"""

import random
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from simulator.building import Building
from simulator.instruments import RoomTruth
from simulator.physics import Climate, Shape, breathe, light_lx, sound_db

# Air moves on in whole steps, so that the same day is the same however it is cut.
_STEP_S = 30.0
# Share of those in a room who talk, by what they do there; at least one in any meeting or podcast.
_TALKS = {"meeting": 0.2, "podcast": 0.5, "break": 0.35, "talk": 0.02, "desk": 0.06}
_SOMEBODY_SPEAKS = frozenset({"meeting", "podcast", "talk"})
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
            area.id: _Room(Shape(area.floor_m2, area.seats, windows=1.0 if area.kind else 0.0))
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

    def truth(self, area: str, doing: Iterable[str]) -> RoomTruth:
        """What is true of an area now; `doing`: one word for each person in it."""
        room = self._rooms[area]
        deeds = list(doing)
        talkers = sum(_TALKS.get(deed, 0.05) for deed in deeds)
        if _SOMEBODY_SPEAKS.intersection(deeds):
            talkers = max(1.0, talkers)
        # Talk comes and goes; the same minute gives the same number.
        mood = random.Random(f"{self._seed}/{area}/{int(self._at // 60)}").uniform(0.4, 1.6)
        talking = min(len(deeds), round(talkers * mood + 0.2))
        return RoomTruth(
            climate=room.climate,
            people=len(deeds),
            sound_db=sound_db(room.shape, talking),
            light_lx=light_lx(room.shape, len(deeds), _hour(self._at, self._zone)),
            window_open=room.window_open,
        )


def _hour(at: float, zone: ZoneInfo) -> float:
    local = datetime.fromtimestamp(at, zone)
    return local.hour + local.minute / 60
