"""The page of a running simulation, from its parts; what each does is its own affair."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from simulator.building import Building
from simulator.clock import now
from simulator.fleet import Fleet
from simulator.page.acts import Acts
from simulator.page.app import Page, serve
from simulator.page.floors import draw
from simulator.page.life import Life
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
    floors = await asyncio.to_thread(draw, building)
    today = now().astimezone(building.zone).date()
    acts = Acts(building, people, fleet, instruments, background, today)
    life = Life(building, world, fleet, instruments, floors)
    try:
        async with serve(Page(building, floors, life, acts, are_strangers=are_strangers), port) as address:
            yield address
    finally:
        acts.close()
