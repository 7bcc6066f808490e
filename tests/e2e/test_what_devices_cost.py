"""What virtual devices cost, in small: two thousand of them at a reading each ten seconds must leave most of a core.

The whole figure, and how to take it again, is in docs/simulator.md.
"""

import asyncio
import gc
import time
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from devices.link import Delivery, Link, LinkSettings
from simulator.building_file import load
from simulator.endpoint import DataDir
from simulator.maker import Wanted, plan, written
from simulator.people import make_people
from simulator.run import Simulation, run
from tests.support.broker import MosquittoBroker

pytestmark = pytest.mark.broker

# Ten times as often as it is promised for, so that a second shows it.
DEVICES_ABOUT, EVERY_S = 150, 1.0
READINGS = 200
# A core has 5 ms for each of 200 readings a second, and 1 GiB half a megabyte for each of 2,000 devices. It takes
# 0.5 ms and some 60 KB; the limits are for a machine that does other things as well.
CPU_OF_A_READING_S, MEMORY_OF_A_DEVICE = 0.002, 200_000


async def test_a_reading_takes_less_than_half_of_its_share_of_a_core(
    tmp_path: Path, record_property: Callable[[str, object], None]
):
    (tmp_path / "space.yaml").write_text(
        written(plan(Wanted(5, rooms=DEVICES_ABOUT - 15), 1), name="A", zone="UTC", seed=1, every_s=EVERY_S)
    )
    building = load(tmp_path / "space.yaml")
    start = datetime(2026, 11, 17, 10, tzinfo=UTC)
    people = make_people(building, 1, date(2026, 11, 17), 30)
    # Each speaks once when it wakes: after so many, nearly all are awake.
    awake = sum(device.kind in ("sensor", "probe") for device in building.devices.values())
    heard = 0
    come = {awake: asyncio.Event(), awake + READINGS: asyncio.Event()}

    def counts(delivery: Delivery) -> None:
        nonlocal heard
        heard += 1
        if heard in come:
            come[heard].set()

    with MosquittoBroker(tmp_path / "broker") as broker:
        url = f"mqtt://127.0.0.1:{broker.port}"
        simulation = Simulation(
            building, people, DataDir(tmp_path).endpoint(url, None, None, None), seed=1, start=start
        )
        ear = LinkSettings(
            "127.0.0.1", "ear", broker.port, clean_start=True, session_expiry_s=0,
            subscriptions=(("natoma/1/+/up/telemetry", 0),),
        )  # fmt: skip
        async with Link(ear, counts) as link, asyncio.timeout(60):
            await link.connected(5)
            gc.collect()
            memory, stop = _resident(), asyncio.Event()
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(run(simulation, stop))
                await come[awake].wait()
                cpu = time.process_time()
                await come[awake + READINGS].wait()
                cpu = (time.process_time() - cpu) / READINGS
                memory = (_resident() - memory) / len(building.devices)
                stop.set()

    record_property("CPU of a reading, memory of a device", (cpu, memory))
    assert cpu < CPU_OF_A_READING_S
    assert memory < MEMORY_OF_A_DEVICE


def _resident() -> int:
    """Bytes of memory this process takes now."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096
