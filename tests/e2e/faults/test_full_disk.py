"""F7: the disk is full, and later is not.

The judges are the broker's confirmations to the sensor and what the door was told. Until there is space, readings wait at
the broker, doors open as they are told to, and everybody is told; then everything is there, once, in whole files.
"""

import asyncio
import shutil
import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.support.broker import MosquittoBroker
from tests.support.controller import ControllerProcess, copy_of, eventually, natoma
from tests.support.field import FieldDevice
from tests.support.household import Household
from tests.support.live_house import QUEUES
from tests.support.numbered_load import NumberedLoad
from tests.support.tmpfs import small_disk

pytestmark = [pytest.mark.broker, pytest.mark.slow, pytest.mark.soak, pytest.mark.usefixtures("again")]

DISK_MIB = 64
# Left free before the start: for the logs' first blocks, and little more.
ROOM_BYTES = 4 << 20
BATCH = 4_000
MOST = 150_000


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[MosquittoBroker]:
    with MosquittoBroker(tmp_path / "broker", extra=QUEUES) as running:
        yield running


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    with small_disk(tmp_path / "disk", DISK_MIB) as folder:
        yield folder


async def test_on_a_full_disk_doors_open_readings_wait_and_with_space_all_of_it_is_there_once(
    household: Household, broker: MosquittoBroker, disk: Path, tmp_path: Path
):
    data = copy_of(household.data, disk / "data")
    where = f"mqtt://127.0.0.1:{broker.port}"
    words = ("run", "--space", household.space, "--data", data, "--mqtt", where)
    sent: list[int] = []

    def load() -> None:
        with NumberedLoad(broker.port) as sensor:
            try:
                while not _is_full(controller):
                    assert len(sensor.confirmed) < MOST, "the disk does not fill"
                    first = len(sensor.confirmed)
                    sensor.send(range(first, first + BATCH))
                    # The log fills the disk, not the broker its queue: a sensor does not outrun it for long.
                    eventually(lambda: _is_full(controller) or _last(controller) > first - BATCH, "the log", 30.0)  # noqa: B023
            finally:
                sent.extend(sensor.confirmed)

    with ControllerProcess(tmp_path / "controller", *words, data=data) as controller:
        controller.stop()
        filler = disk / "filler"
        filler.write_bytes(bytes(shutil.disk_usage(disk).free - ROOM_BYTES))
        controller.start()
        async with FieldDevice(broker.port, "door-front") as front, FieldDevice(broker.port, "door-vault") as vault:
            for device in ("door-front", "door-vault"):
                await asyncio.to_thread(controller.wait_for_device, device)
            await asyncio.to_thread(load)
            status, told = controller.health()
            # Whatever little the log could still take is taken too.
            stop = disk / "rest"
            with stop.open("wb", buffering=0) as rest:
                while _written(rest):
                    pass
            tapped = [await front.tap(household.badges["alice"]) for _ in range(5)]
            for read in tapped:
                await front.answer(read)
            examined = await asyncio.to_thread(natoma, "doctor", "--data", data, "--space", household.space)
            filler.unlink()
            stop.unlink()
            await asyncio.to_thread(controller.wait_until_well, 60.0)
            await asyncio.to_thread(eventually, lambda: _stored(controller) >= len(sent), "every reading", 60.0)
            await asyncio.to_thread(
                eventually, lambda: len(controller.decisions()) >= len(tapped), "the decisions in the log", 30.0
            )
        unlocked = Counter(command["re"] for command in front.commands("unlock"))
        kept = Counter(int(values["count"]) for device, values in controller.readings() if device == "sensor-hall")
        decided = Counter(decision["message_id"] for decision in controller.decisions())
        assert controller.stop() == 0

    assert status == 503
    assert "the disk is full" in told["text"]
    assert examined.code == 1
    assert "disk: it is full" in examined.out
    assert kept == Counter(sent)
    assert unlocked == Counter(tapped)
    assert decided == Counter(tapped)
    assert vault.commands("unlock") == []
    for name in ("natoma", "events", "telemetry"):
        with closing(sqlite3.connect(data / f"{name}.db")) as database:
            assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def _is_full(controller: ControllerProcess) -> bool:
    return "the disk is full" in str(controller.health()[1]["text"])


def _last(controller: ControllerProcess) -> int:
    ((last,),) = controller.query("telemetry", "SELECT coalesce(max(n), 0) FROM log")
    return int(last)


def _written(rest: "object") -> bool:
    try:
        return bool(rest.write(bytes(4096)))  # type: ignore[attr-defined]
    except OSError:
        return False


def _stored(controller: ControllerProcess) -> int:
    ((stored,),) = controller.query(
        "telemetry", "SELECT count(*) FROM log JOIN device ON device.id = device_id WHERE device.name = 'sensor-hall'"
    )
    return int(stored)


def test_a_first_start_on_a_full_disk_says_so_and_leaves_nothing_half_made(household: Household, disk: Path):
    data = copy_of(household.data, disk / "data")
    filler = disk / "filler"
    filler.write_bytes(bytes(shutil.disk_usage(disk).free - 4096))

    said = natoma("run", "--data", data, "--space", household.space, "--mqtt", "mqtt://127.0.0.1:9", "--web-port", "0")

    assert said.code == 1
    assert "disk is full" in said.err or "No space left on device" in said.err
    assert "Traceback" not in said.err
    assert not (data / "events.db").exists()
