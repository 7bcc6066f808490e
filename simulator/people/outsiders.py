"""Outsiders of an evening talk: people nobody here knows, each with a ticket."""

import hashlib
import random

from simulator.building import Building
from simulator.names import FIRST, LAST
from simulator.people.person import Outsider

# As many as fit into a classroom beside the alumni.
OUTSIDERS = 60


def make_outsiders(building: Building, seed: int, count: int = OUTSIDERS) -> list[Outsider]:
    """The same building and seed, the same outsiders with the same tickets; none where no plan is for events.

    The tickets are made up here: a controller knows them only if somebody tells it.
    """
    plan = next((plan for plan in building.plans.values() if plan.kind == "event"), None)
    if plan is None:
        return []
    dice = random.Random(f"outsiders/{building.id}/{seed}")
    return [
        Outsider(
            id=f"outsider-{number}",
            name=f"{dice.choice(FIRST)} {dice.choice(LAST)}",
            kind="guest",
            plan=plan.id,
            token=_token(building.id, seed, number),
        )
        for number in range(1, count + 1)
    ]


def _token(building: str, seed: int, number: int) -> str:
    # As long and as mixed as a real one: 128 bits, in a QR code.
    return hashlib.sha256(f"ticket/{building}/{seed}/{number}".encode()).hexdigest()[:32]
