"""Who is known for what: who records the podcast, forgets the badge, props the door, slips in behind others.

Chosen by seed from those whom doors let in, so that what they do is their doing and not a refusal's. The people file
does not tell: it is a side of them that no registry knows.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass

from simulator.building import Area, Building
from simulator.entitled import owes_too_much
from simulator.people.making import style_of
from simulator.people.person import Outsider, SimPerson

# A host and a guest, at two of the booth's microphones.
_PODCASTERS = 2
# Who has been in the house long enough to have bad habits, the likeliest first.
_AT_HOME_HERE = ("full", "team", "part", "cohort", "day")


@dataclass(frozen=True, slots=True)
class Characters:
    """Ids of people; None where the house is too small for one."""

    podcasters: frozenset[str] = frozenset()
    forgetful: str | None = None
    propper: str | None = None
    tailgater: str | None = None


def lifestyle(person: SimPerson, building: Building) -> str:
    """How this person lives, in a word: staff and outsiders apart, by what they hold."""
    if isinstance(person, Outsider):
        return "outsider"
    plan = building.plans.get(person.plan)
    return "staff" if person.kind == "staff" else style_of(plan) if plan else "full"


def covers(person: SimPerson, area: Area, building: Building) -> bool:
    """Whether what they hold says anything against this area."""
    plan = building.plans.get(person.plan)
    return plan is None or area.id in plan.areas


def characters_of(building: Building, people: Sequence[SimPerson], seed: int) -> Characters:
    """The same building, people and seed: the same roles."""
    trusted = [one for one in people if one.is_in_good_standing and not owes_too_much(one, building)]
    booth = next(iter(building.rooms("booth")), None)
    may = [one for one in trusted if booth and lifestyle(one, building) == "full" and covers(one, booth, building)]
    podcasters = [one.id for one in may[:_PODCASTERS]]
    free = [one for one in trusted if one.kind == "member" and one.id not in podcasters]
    at_home = [one.id for style in _AT_HOME_HERE for one in free if lifestyle(one, building) == style]
    # From the likeliest third, but never fewer than a handful.
    chosen = at_home[: max(6, len(at_home) // 3)]
    random.Random(f"characters/{building.id}/{seed}").shuffle(chosen)
    forgetful, propper, tailgater = (*chosen, None, None, None)[:3]
    return Characters(frozenset(podcasters), forgetful, propper, tailgater)
