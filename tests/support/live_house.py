"""The house of rules while it runs: a broker, a controller over a copy of its data, doors in the test's own hands."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from tests.support.broker import MosquittoBroker
from tests.support.controller import ControllerProcess, Said, copy_of, eventually, natoma
from tests.support.field import FieldDevice
from tests.support.rules_house import RulesHouse, command

PARIS = ZoneInfo("Europe/Paris")
# What is promised is a second; a machine that builds other things meanwhile may need longer now and then.
PROMISED_S, SLOWEST_S = 1.0, 3.0
# As we ship it: the default of 1000 would drop what waits for a controller that is away.
QUEUES = ("max_queued_messages 200000", "max_inflight_messages 200")


@dataclass
class Live:
    """A house of rules that runs on a broker of its own, from the moment somebody needs its doors."""

    controller: ControllerProcess
    port: int
    data: Path
    space: Path
    badges: dict[str, str]

    def command(self, *words: object) -> Said:
        """A command of `natoma` beside the running service."""
        return command(self.data, self.space, *words)

    def command_at_data(self, *words: object) -> Said:
        """One that asks for no space file: which one counts is kept beside the data."""
        return natoma(*words, "--data", self.data)

    @asynccontextmanager
    async def doors(self, *names: str) -> AsyncIterator[dict[str, FieldDevice]]:
        """The controller, started if it is not yet, and the units of these doors in the test's own hands."""
        if not self.controller.url:
            await asyncio.to_thread(self.controller.start)
        async with AsyncExitStack() as stack:
            devices = {}
            for name in names:
                devices[name] = await stack.enter_async_context(FieldDevice(self.port, f"door-{name}"))
                await shut(devices[name])
            for name in names:
                await asyncio.to_thread(self.controller.wait_for_device, f"door-{name}")
            yield devices

    async def answer(self, door: FieldDevice, person: str, **changes: Any) -> str:
        """What this person's badge gets here: "unlock", or the reason of the signal."""
        return await told(door, await door.tap(self.badges[person], **changes))


@contextmanager
def house_at(folder: Path, made: RulesHouse) -> Iterator[Live]:
    """A copy of the house in this folder, with a broker."""
    data, space = copy_of(made.data, folder / "house" / "data"), folder / "space.yaml"
    space.write_text(made.space.read_text())
    with MosquittoBroker(folder / "broker", extra=QUEUES) as broker:
        where = f"mqtt://127.0.0.1:{broker.port}"
        controller = ControllerProcess(folder / "house", "run", "--space", space, "--mqtt", where)
        try:
            yield Live(controller, broker.port, data, space, made.badges)
        finally:
            controller.end()


async def told(door: FieldDevice, read: str) -> str:
    await door.until(lambda: bool(door.commands(to=read)), f"an answer to {read}")
    first = door.commands(to=read)[0]
    return "unlock" if first["do"] == "unlock" else str(first.get("reason"))


async def shut(door: FieldDevice, **more: object) -> None:
    await door.say("state", {"ts": now().isoformat(), "v": {"door.contact": "closed", "door.lock": "locked", **more}})


async def happens(door: FieldDevice, what: str, **more: object) -> str:
    """An event of the door's own, as its unit would tell it."""
    body = {**door.read("00"), "type": what, "data": more or None}
    await door.say("event", {name: value for name, value in body.items() if value is not None})
    return str(body["id"])


async def seen(holds: Callable[[], Any], what: str, within: float = 10.0) -> float:
    """`eventually`, without holding up the devices of this test."""
    return await asyncio.to_thread(eventually, holds, what, within)


def now() -> datetime:
    return datetime.now(UTC)


def today() -> date:
    """The business day: from four in the morning."""
    return (datetime.now(PARIS) - timedelta(hours=4)).date()
