"""A guess at whom a door would admit, from the space and people files alone.

It chooses who bothers to come and who is inside before the start. The controller decides, and may differ.
"""

from collections.abc import Callable
from datetime import date, datetime
from functools import lru_cache
from typing import TypeAlias

from simulator.building import Building, Door
from simulator.people import SimPerson

Guess: TypeAlias = Callable[[SimPerson, Door | None, datetime], bool]
"""Would this door (None: any at all) admit this person at this moment?"""


def is_welcome(person: SimPerson, building: Building, day: date) -> bool:
    """Whether nothing is wrong with badge or membership, nor with the bill on that day."""
    return person.is_in_good_standing_on(day, building.zone) and not owes_too_much(person, building, day)


def owes_too_much(person: SimPerson, building: Building, day: date | None = None) -> bool:
    """Whether a bill is beyond grace: by its amount on every day, by its age on that one."""
    if not (person.due and person.due_since):
        return False
    is_late = day is not None and (day - date.fromisoformat(person.due_since)).days >= building.grace_days
    return is_late or float(person.due) > building.grace_amount


def what_of(person: SimPerson, building: Building, today: date) -> str:
    """In a few words what doors see in this person: what is wrong with badge or membership, else who they are."""
    if person.badge_state not in ("", "active"):
        return f"badge {person.badge_state}"
    if person.is_too_late_on(today, building.zone):
        return "badge no longer valid"
    if person.is_too_early_on(today, building.zone):
        return "badge not valid yet"
    if person.standing not in ("", "active"):
        return f"membership {person.standing}"
    if person.due:
        return f"membership {'overdue' if owes_too_much(person, building, today) else 'grace'}"
    return "staff" if person.kind == "staff" else f"plan {person.plan}"


def guess(building: Building) -> Guess:
    """From plans, hours, leases, standing and bills."""

    @lru_cache(maxsize=64)
    def open_plans(hour: datetime) -> frozenset[str]:
        return frozenset(plan.id for plan in building.plans.values() if plan.hours.is_open(hour, building.holidays))

    def admits(person: SimPerson, door: Door | None, at: datetime) -> bool:
        if not is_welcome(person, building, at.astimezone(building.zone).date()):
            return False
        if person.kind == "staff":
            return True
        if door is not None and (door.staff_only or not door.usable):
            return False
        if person.office and (door is None or door.inner == person.office):
            return True
        plan = building.plans.get(person.plan)
        # To the quarter of an hour: nobody's hours are finer, and the answers can be remembered.
        local = at.astimezone(building.zone)
        quarter = local.replace(minute=local.minute // 15 * 15, second=0, microsecond=0)
        return plan is not None and plan.id in open_plans(quarter) and (door is None or door.inner in plan.areas)

    return admits
