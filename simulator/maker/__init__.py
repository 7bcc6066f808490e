"""Spaces made up by numbers: how many floors, rooms and doors, from one door to a tower."""

from simulator.maker.plan import LIMITS, Wanted, plan
from simulator.maker.write import written

__all__ = ["LIMITS", "Wanted", "plan", "written"]
