"""F17: what somebody left at the broker for whoever comes. State is judged, actions are refused, by both ends."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import pytest

from devices.messages import Command, Do
from simulator.building_file import load
from simulator.clock import now
from simulator.device import Surroundings
from simulator.endpoint import DataDir
from simulator.fleet import Fleet, no_readings
from tests.e2e.faults.conftest import JUNK, SteadyHouse
from tests.support.broker import MosquittoBroker
from tests.support.controller import eventually
from tests.support.plain_mqtt import PlainClient, plain_client

pytestmark = [pytest.mark.broker, pytest.mark.xdist_group("steady-house")]

ONE_DOOR = Path(__file__).parents[3] / "simulator" / "spaces" / "one-door.yaml"
UP, DOWN = "natoma/1/door-front/up", "natoma/1/door-front/down/command"


async def test_what_was_left_at_the_broker_is_refused_with_its_reason_and_does_nothing(steady: SteadyHouse):
    await asyncio.to_thread(
        eventually, lambda: sum(steady.refused("sensor-junk").values()) >= len(JUNK), "all of it refused"
    )

    assert steady.refused("sensor-junk") == {"schema": 2, "bad_json": 1, "stale": 1, "retained_event": 1}
    assert steady.readings("sensor-junk") == []
    assert steady.controller.decisions("junk-1") == []
    assert steady.controller.live()["devices"]["sensor-junk"]["state"] == "never_seen"


async def test_an_unlock_left_at_the_broker_moves_no_bolt(tmp_path: Path):
    unlock = Command(id="left-behind", ts=datetime.now(UTC), ttl_ms=3_600_000, do=Do.UNLOCK, hold_s=5)
    with MosquittoBroker(tmp_path / "broker") as broker, plain_client(broker.port, None, None) as somebody:
        somebody.subscribe(f"{UP}/#")
        await asyncio.to_thread(somebody.publish, DOWN, unlock.model_dump_json(exclude_none=True).encode(), retain=True)
        where = DataDir(Path("nowhere")).endpoint(f"mqtt://127.0.0.1:{broker.port}", None, None, None)
        async with Fleet(load(ONE_DOOR), where, Surroundings(now, no_readings), seed=1):
            answer = await asyncio.to_thread(somebody.wait_until_heard, f"{UP}/ack")

    assert b'"refused"' in answer
    assert b'"retained"' in answer
    assert not any(b"unlocked" in payload for payload in _said(somebody, "state"))


def _said(somebody: PlainClient, kind: str) -> list[bytes]:
    return [payload for topic, payload in somebody.heard if topic == f"{UP}/{kind}"]
