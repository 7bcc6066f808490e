"""A guess at whom a door would admit, from the space and people files alone.

It chooses who bothers to come and who is inside before the start. The controller decides, and may differ.
"""

from collections.abc import Callable
from datetime import datetime
from typing import TypeAlias

from simulator.building import Building, Door
from simulator.people import SimPerson

Guess: TypeAlias = Callable[[SimPerson, Door | None], bool]
"""Would this door (None: any at all) admit this person?"""


def guess_at(building: Building, at: datetime) -> Guess:
    """As things stand at `at`, a real moment: doors judge by the real clock."""
    local = at.astimezone(building.zone)
    open_plans = {plan.id for plan in building.plans.values() if plan.hours.is_open(local, building.holidays)}

    def admits(person: SimPerson, door: Door | None) -> bool:
        if not person.is_in_good_standing:
            return False
        if person.kind == "staff":
            return True
        if door is not None and (door.staff_only or not door.usable):
            return False
        if person.office and (door is None or door.inner == person.office):
            return True
        plan = building.plans.get(person.plan)
        return plan is not None and plan.id in open_plans and (door is None or door.inner in plan.areas)

    return admits
