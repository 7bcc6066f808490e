"""The faults of one running simulation, put together: its devices, the port before its broker, its transcript."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from simulator.building import Building
from simulator.clock import now
from simulator.faults.desk import Desk
from simulator.faults.holder import FolderHolder
from simulator.faults.injector import Broker, Injector, Victim
from simulator.faults.transcript import Transcript

TRANSCRIPT = "faults.jsonl"


@asynccontextmanager
async def opened(
    building: Building, devices: Mapping[str, Victim], broker: Broker | None, tasks: asyncio.TaskGroup, folder: Path
) -> AsyncIterator[Desk]:
    """Where faults are asked for. All are over when the block ends; what they did is in the folder."""
    loop = asyncio.get_running_loop()
    transcript = Transcript(folder / TRANSCRIPT, now)
    try:
        injector = Injector(
            devices,
            broker,
            clock=loop.time,
            put_off=loop.call_later,
            tasks=tasks,
            tell=transcript.tell,
            controller=FolderHolder(folder),
        )
        async with injector:
            yield Desk(injector, building, loop.time)
    finally:
        transcript.close()
