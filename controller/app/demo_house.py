"""A house with the simulator beside it, which comes with the house and goes before it."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from controller.adapters.broker import EmbeddedBroker
from controller.app.compose import Running, run
from controller.app.demo_simulator import Simulator
from controller.config import Settings
from controller.domain.building import Space
from controller.errors import StartupError

logger = logging.getLogger(__name__)


async def lived_in(
    settings: Settings,
    space: Space,
    start: Callable[[EmbeddedBroker], Awaitable[Simulator]],
    told: asyncio.Event,
    *,
    on_ready: Callable[[Running], Awaitable[None]],
    log: Path,
    detour: int | None = None,
    hint: str | None = None,
) -> None:
    """Serve until `told`, whatever becomes of the simulator meanwhile: an end of its own is logged, with its `log`.

    It starts once the house is ready; or before, where there is a `detour`: a port that it opens at once, and through
    which both reach the broker.
    """
    beside: list[Simulator] = []

    async def broker_is_up(broker: EmbeddedBroker) -> int:
        assert detour is not None  # who has none does not wait for the broker
        beside.append(await start(broker))
        await beside[0].listens(detour)
        if (code := beside[0].code) is not None:
            raise StartupError(f"the simulator ended with exit code {code} before port {detour} was open; see {log}")
        return detour

    async def ready(running: Running) -> None:
        assert running.embedded is not None  # the demo names no broker
        if not beside:
            beside.append(await start(running.embedded))
        beside[0].at_end(ended)
        await on_ready(running)

    def ended() -> None:
        # Whoever tells all of us to stop may reach it before us.
        if beside[0].ended_by_itself and not told.is_set():
            _tell_end(beside[0], log, detour)

    async with _leaving(beside, told) as stop:
        by = broker_is_up if detour is not None else None
        await run(settings, space, stop=stop, on_ready=ready, hint=hint, detour=by)


def _tell_end(simulator: Simulator, log: Path, detour: int | None) -> None:
    alone = "the house goes on without its devices and people"
    if detour is not None:
        alone = f"the house cannot reach the broker any more, for port {detour} was the simulator's"
    logger.error(
        "the simulator has ended by itself, with exit code %s; %s. What it said last is in %s; stop the demo and start "
        "it again to have it back",
        simulator.code, alone, log,
    )  # fmt: skip


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
