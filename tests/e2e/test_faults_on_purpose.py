"""A running simulation is broken over its socket, as the command does it, and a real broker carries the pieces."""

import asyncio
import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from devices import codec
from devices.link import Delivery, Link, LinkSettings
from devices.messages import Command, Do
from simulator.building_file import load
from simulator.control import ask, is_running
from simulator.endpoint import DataDir
from simulator.errors import InputError
from simulator.run import Simulation, run
from tests.support.broker import MosquittoBroker

pytestmark = pytest.mark.broker

ONE_DOOR = Path(__file__).parents[2] / "simulator" / "spaces" / "one-door.yaml"


class Ear:
    """What the door said, live, by the last level of its topics."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, bytes]] = []
        self._more = asyncio.Event()

    def __call__(self, delivery: Delivery) -> None:
        self.heard.append((delivery.topic.rpartition("/")[2], delivery.payload))
        self._more.set()

    def states(self) -> list[tuple[str, str]]:
        bodies = [json.loads(body) for body in self.of("status")]
        return [(body["state"], body["boot"]) for body in bodies]

    def of(self, wanted: str) -> list[bytes]:
        return [body for kind, body in self.heard if kind == wanted]

    async def until(self, seen: Callable[[], object]) -> None:
        async with asyncio.timeout(20):
            while not seen():
                self._more.clear()
                await self._more.wait()


async def test_what_is_broken_is_heard_at_the_broker_and_mends(tmp_path: Path):
    building, socket, ear, stop = load(ONE_DOOR), tmp_path / "s.sock", Ear(), asyncio.Event()
    night = datetime(2026, 11, 17, 3, 0, tzinfo=building.zone)

    async def fault(kind: str, target: str, **settings: object) -> int:
        added = await ask(socket, {"do": "fault-add", "kind": kind, "target": target, "with": settings})
        return int(str(added["number"]))

    async def mend(number: int) -> None:
        await ask(socket, {"do": "fault-clear", "number": number})

    async def leave() -> None:
        await ask(socket, {"do": "press-exit", "door": "front", "for_s": 0.05})

    with MosquittoBroker(tmp_path / "broker") as broker:
        where = DataDir(tmp_path).endpoint(f"mqtt://127.0.0.1:{broker.port}", None, None, None)
        listens = LinkSettings("127.0.0.1", "ear", broker.port, clean_start=True, session_expiry_s=0, subscriptions=(("natoma/1/+/up/#", 1),))  # fmt: skip
        async with Link(listens, ear) as link, asyncio.TaskGroup() as tasks:
            await link.connected(5)
            simulation = Simulation(building, [], where, 1, night, socket=socket, proxy_port=0)
            tasks.create_task(run(simulation, stop), name="simulation")
            await ear.until(lambda: ear.states())
            while not await is_running(socket):
                await asyncio.sleep(0.01)

            dark = await fault("power-cut", "front")
            await ear.until(lambda: ear.states()[-1][0] == "lost")
            await mend(dark)
            await ear.until(lambda: ear.states()[-1][0] == "ready")
            boots = [boot for _, boot in ear.states()]

            ear.heard.clear()
            echo = await fault("duplicate", "front", message="event")
            await leave()
            await ear.until(lambda: len(ear.of("event")) == 2)
            await mend(echo)
            said_twice = ear.of("event")

            ear.heard.clear()
            heard_twice = await fault("duplicate", "front", message="command")
            command = Command(id="c-1", ts=datetime.now(UTC), ttl_ms=3000, do=Do.IDENTIFY)
            await link.publish("natoma/1/door-front/down/command", codec.encode(command), qos=1)
            await ear.until(lambda: len(ear.of("ack")) == 2)
            await mend(heard_twice)
            acks = [json.loads(body)["re"] for body in ear.of("ack")]

            ear.heard.clear()
            junk = await fault("corrupt", "front", message="event", how="cut")
            await leave()
            await ear.until(lambda: ear.of("event"))
            await mend(junk)
            cut_off = ear.of("event")

            ear.heard.clear()
            double = await fault("identity-clash", "front", every_s=0.5)
            await ear.until(lambda: ear.states()[-1:] and ear.states()[-1][0] == "lost")
            await mend(double)
            await ear.until(lambda: ear.states()[-1][0] == "ready")

            ear.heard.clear()
            away = await fault("kill", "broker")
            await ear.until(lambda: ear.states())
            await mend(away)
            await ear.until(lambda: len(ear.states()) == 2)
            mended = [state for state, _ in ear.states()]

            with pytest.raises(InputError, match="did you mean 'front'"):
                await fault("drop", "frunt")
            stop.set()

    assert boots[0] == boots[1] != boots[2]
    assert said_twice[0] == said_twice[1]
    assert acks == ["c-1", "c-1"]
    assert not cut_off[0].endswith(b"}")
    assert mended == ["lost", "ready"]
    written = [json.loads(line) for line in (tmp_path / "faults.jsonl").read_text().splitlines()]
    assert [(line["fault"], line["device"], line["what"]) for line in written if line["fault"] in ("duplicate", "kill")] == [
        ("duplicate", "door-front", "begins"),
        ("duplicate", "door-front", "event up said 2 times"),
        ("duplicate", "door-front", "is over"),
        ("duplicate", "door-front", "begins"),
        ("duplicate", "door-front", "command down said 2 times"),
        ("duplicate", "door-front", "is over"),
        ("kill", "broker", "begins"),
        ("kill", "broker", "is over"),
    ]  # fmt: skip
