"""A house with the simulator beside it, which comes with the house and goes before it."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from controller.adapters.broker import EmbeddedBroker
from controller.app.compose import Running, run
from controller.app.demo_simulator import Simulator
from controller.config import Settings
from controller.domain.building import Space


async def lived_in(
    settings: Settings,
    space: Space,
    start: Callable[[Running], Awaitable[Simulator]],
    told: asyncio.Event,
    *,
    hint: str | None = None,
) -> None:
    """Serve until `told`, whatever becomes of the simulator meanwhile; it starts once the house is ready."""
    beside: list[Simulator] = []

    async def ready(running: Running) -> None:
        beside.append(await start(running))

    async with _leaving(beside, told) as stop:
        await run(settings, space, stop=stop, on_ready=ready, hint=hint)


async def played_in(
    settings: Settings,
    space: Space,
    start: Callable[[EmbeddedBroker], Awaitable[Simulator]],
    told: asyncio.Event,
    *,
    on_ready: Callable[[Running], Awaitable[None]],
    detour: int | None = None,
) -> int | None:
    """Serve until the simulator has played to its end, and answer its exit code; None where we were `told` before.

    It starts beside the house, and finds out by itself when that is ready. `detour` is a port that it opens at once,
    and through which both reach the broker.
    """
    beside: list[Simulator] = []
    is_over = asyncio.Event()  # it has ended, or we were told

    async def broker_is_up(broker: EmbeddedBroker) -> int:
        simulator = await start(broker)
        beside.append(simulator)
        simulator.at_end(is_over.set)
        if detour is None:
            return broker.endpoint.port
        await simulator.listens(detour)
        return detour

    async def until_told() -> None:
        await told.wait()
        is_over.set()

    waiting = asyncio.get_running_loop().create_task(until_told(), name="told to stop")
    try:
        async with _leaving(beside, is_over) as stop:
            await run(settings, space, stop=stop, on_ready=on_ready, detour=broker_is_up)
    finally:
        waiting.cancel()
    return None if told.is_set() or not beside else beside[0].code


@asynccontextmanager
async def _leaving(beside: list[Simulator], told: asyncio.Event) -> AsyncIterator[asyncio.Event]:
    """What ends the house: set when `told`, after the simulator has said goodbye to a broker that is still there."""
    stop = asyncio.Event()

    async def leave() -> None:
        await told.wait()
        for simulator in beside:
            await simulator.stop()
        stop.set()

    leaving = asyncio.get_running_loop().create_task(leave(), name="leaving the house")
    try:
        yield stop
    finally:
        leaving.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await leaving
        for simulator in beside:
            await simulator.stop()
