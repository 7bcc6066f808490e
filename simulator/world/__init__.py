"""The world behind the devices: people who come, tap, sit, meet and leave, and rooms that answer to them.

Pure and seeded: it has no clock, sends nothing and waits for nobody. Who the people are and how they mean to spend a
day is in `simulator.people`; the air of the rooms in `simulator.rooms`.
"""

from simulator.world.crowd import Seen
from simulator.world.world import DAY_STARTS, World

__all__ = ["DAY_STARTS", "Seen", "World"]
