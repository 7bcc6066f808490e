"""Who is on which access point: people's devices take the one that is nearest on their floor.

An access point hangs where a probe listens. What that does to the air is in `instruments`.
"""

from collections.abc import Mapping

from simulator.building import Building
from simulator.routes import Routes

# A laptop and a phone each, some with a tablet or a watch, some phones asleep: between the two that planners count on
# in offices, and the one that is talking at a time.
DEVICES_PER_PERSON = 1.6


class Wifi:
    """`clients` of an area without an access point are 0: they are on somebody else's."""

    def __init__(self, building: Building, routes: Routes) -> None:
        points = [device.area for device in building.devices.values() if device.kind == "probe" and device.area]
        self._served: dict[str, list[str]] = {point: [] for point in points}
        for area in building.areas.values():
            same_floor = [point for point in points if building.areas[point].floor == area.floor]
            ways = {point: routes.find(area.id, point, is_staff=True) for point in same_floor or points}
            reached = {point: len(way) for point, way in ways.items() if way is not None}
            if reached:
                # Of two as near, the one the file names first.
                self._served[min(reached, key=reached.__getitem__)].append(area.id)

    def clients(self, area: str, heads: Mapping[str, int]) -> int:
        """How many devices are on the access point of this area."""
        return round(DEVICES_PER_PERSON * sum(heads.get(one, 0) for one in self._served.get(area, ())))
