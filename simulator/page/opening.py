"""The page of a running simulation, from its parts; what each does is its own affair."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from simulator.building import Building
from simulator.clock import now
from simulator.fleet import Fleet
from simulator.page.acts import Acts
from simulator.page.app import Page, serve
from simulator.page.drawing import told_once
from simulator.page.floors import draw
from simulator.page.life import Life
from simulator.page.places import Places
from simulator.people import SimPerson
from simulator.performing import Instruments
from simulator.world import World


@asynccontextmanager
async def opened(
    building: Building,
    people: Sequence[SimPerson],
    world: World,
    fleet: Fleet,
    instruments: Instruments,
    background: asyncio.TaskGroup,
    port: int,
    *,
    are_strangers: bool = False,
) -> AsyncIterator[str]:
    """Its address, for as long as the block runs; whoever held a door open lets go at the end."""
    # A tower of forty floors takes seconds to draw, and its doors are waiting for nobody.
    plan, places = await asyncio.to_thread(_drawn, building, are_strangers)
    today = now().astimezone(building.zone).date()
    acts = Acts(building, people, fleet, instruments, background, today)
    life = Life(building, world, fleet, instruments, places)
    try:
        async with serve(Page(plan, life, acts), port) as address:
            yield address
    finally:
        acts.close()


def _drawn(building: Building, are_strangers: bool) -> tuple[str, Places]:
    floors = draw(building)
    return told_once(building, floors, are_strangers=are_strangers), Places(floors)
